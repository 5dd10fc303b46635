//! simulator --export: a simulator in the background, and the variables that a shop needs for it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::arguments::{ExportFormat, SimulatorArgs};
use crate::commands::{Invocation, session};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::simulators::registry::{self, Registered};

use super::options::{PORT, deciding_words, options, without_export};
use super::variables::Variables;

/// How long a simulator may take to start; it takes as long as Python or Node does.
const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(50);

pub(super) fn export(
    args: &SimulatorArgs,
    format: ExportFormat,
    invocation: &Invocation<'_>,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    if cfg!(not(unix)) {
        return Err(Failure::Machine(
            "--export starts a simulator in the background, which it cannot do on Windows: run netgiro simulator \
             --write-env .env in a window of its own"
                .to_owned(),
        ));
    }
    let app_key = options(args, interrupt)?.app_key;
    let options = deciding_words(invocation.arguments);
    let here = session::block_on(registry::running_here())?;
    let known = here.into_iter().find(|known| {
        let port = args.port.filter(|port| *port != 0);
        known.app_key == app_key
            && (options.is_empty() || known.options == options)
            && port.is_none_or(|port| registry::port(&known.local_url) == Some(port))
    });
    let is_new = known.is_none();
    let simulator = match known {
        Some(known) => known,
        None => start(
            &invocation.background(&without_export(invocation.arguments)),
            interrupt,
        )?,
    };
    let variables = Variables::new(args, &app_key, &simulator.url);
    for line in variables.lines(format) {
        console.say(line);
    }
    // Last: where newlines become blanks, as in eval without quotes, a comment hides what follows.
    let notes = notes(args, &simulator, is_new);
    for note in &notes {
        console.say(format_args!("# {note}"));
    }
    if !io::stdout().is_terminal() {
        for note in notes {
            console.print_error(format_args!("netgiro: {note}"));
        }
    }
    Ok(Exit::Done)
}

/// What a person reads about the simulator.
fn notes(args: &SimulatorArgs, simulator: &Registered, is_new: bool) -> Vec<String> {
    let port = registry::port(&simulator.local_url).unwrap_or_default();
    let runs = if !is_new {
        "the simulator that already runs for this folder is used again".to_owned()
    } else if args.port.is_none() && port != PORT {
        format!("a simulator runs in the background, since port {PORT} is taken on port {port}")
    } else {
        "a simulator runs in the background".to_owned()
    };
    let mut notes = vec![
        format!("{runs}: {} (seed {})", simulator.page_url, simulator.seed),
        format!("stop it: netgiro simulator --stop (in another folder: --stop --port {port})"),
    ];
    if args.own_keys {
        notes.push("its secret key is the one in NETGIRO_SECRET_KEY".to_owned());
    }
    if let Some(file) = &simulator.ca_file {
        notes.push(format!("the authority to trust: {}", file.display()));
    }
    notes
}

/// Starts a process in the background, and waits until its simulator listens.
fn start(command: &[OsString], interrupt: &Interrupt) -> Result<Registered, Failure> {
    let failed =
        |error: &io::Error| Failure::Machine(format!("the simulator cannot be started: {error}"));
    let (errors, log) = Errors::new().map_err(|error| failed(&error))?;
    let mut child = spawn(command, log).map_err(|error| failed(&error))?;
    let outcome = match first_line(&mut child, interrupt) {
        Ok(line) => match serde_json::from_str(&line) {
            Ok(Reported::Running(simulator)) => return Ok(*simulator),
            Ok(Reported::Failed { error }) if error.code == "usage" => {
                Failure::Usage(error.message)
            }
            Ok(Reported::Failed { error }) => Failure::Machine(error.message),
            Err(_) => {
                let _ = child.wait();
                Failure::Machine(format!(
                    "the simulator cannot be started: its process has ended: {}",
                    errors.text().trim()
                ))
            }
        },
        Err(failure) => failure,
    };
    let _ = child.kill();
    let _ = child.wait();
    Err(outcome)
}

/// The line that the process writes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reported {
    Running(Box<Registered>),
    Failed { error: Reason },
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    message: String,
}

/// Starts the process with streams of its own: whoever reads this command's output, as `$(…)` does, would otherwise wait
/// until the simulator ends. Neither does Ctrl-C in this terminal reach it.
fn spawn(command: &[OsString], log: File) -> io::Result<Child> {
    let mut words = command.iter();
    let program = words.next().ok_or(io::ErrorKind::NotFound)?;
    let mut command = Command::new(program);
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    command.spawn()
}

/// The first line that a process writes; an empty one if it ends before.
fn first_line(child: &mut Child, interrupt: &Interrupt) -> Result<String, Failure> {
    let stdout = child.stdout.take();
    let (sender, receiver) = mpsc::channel();
    // A read cannot be interrupted; its thread ends with the line, or with the process.
    thread::spawn(move || {
        let mut line = String::new();
        let _ = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let _ = sender.send(line);
    });
    let started = Instant::now();
    loop {
        match receiver.recv_timeout(INTERVAL) {
            Ok(line) => return Ok(line),
            Err(_) if interrupt.is_requested() => {
                return Err(Failure::Interrupted(Box::default()));
            }
            Err(RecvTimeoutError::Timeout) if started.elapsed() < PATIENCE => {}
            Err(_) => {
                return Err(Failure::Machine(
                    "the simulator cannot be started: it does not listen after a minute".to_owned(),
                ));
            }
        }
    }
}

/// What the process writes to its standard error, in a file that is gone once it has started.
struct Errors(PathBuf);

impl Errors {
    fn new() -> io::Result<(Self, File)> {
        let name = format!("netgiro-simulator-{:032x}.log", fastrand::u128(..));
        let path = std::env::temp_dir().join(name);
        let file = File::create_new(&path)?;
        Ok((Self(path), file))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap_or_default()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
