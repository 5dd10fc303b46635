//! A simulator that this process runs, until Ctrl-C or until somebody stops it.

use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use netgiro_simulator::{Fault, Simulator, SimulatorOptions};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::arguments::{ExportFormat, SimulatorArgs};
use crate::commands::{Invocation, session};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::interrupt::Interrupt;
use crate::simulators::registry::{self, Registered};
use crate::spelling::on_command_line;

use super::options::{deciding_words, options};
use super::variables::Variables;

/// Enough time for the response to whoever stops it.
const RESPONSE_DELAY: Duration = Duration::from_millis(50);

/// What is reported about a running simulator.
#[derive(Serialize)]
struct Started<'a> {
    url: &'a str,
    page_url: &'a str,
    local_url: &'a str,
    app_key: &'a str,
    /// The authority to trust, if TLS made one.
    ca_file: Option<&'a Path>,
    seed: u64,
}

pub(super) fn serve(
    args: &SimulatorArgs,
    invocation: &Invocation<'_>,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let faults = args
        .faults
        .as_deref()
        .map(|path| faults(path, interrupt))
        .transpose()?
        .unwrap_or_default();
    let options = options(args, interrupt)?;
    let (seed, secret_key) = (options.seed, options.secret_key.clone());
    let simulator = start(args, options)?;
    for fault in faults {
        simulator
            .add_fault(fault)
            .map_err(|error| Failure::usage(on_command_line(&error.to_string())))?;
    }
    let variables = Variables::new(args, simulator.app_key(), simulator.url());
    if let Some(path) = &args.write_env {
        variables
            .write(path, &secret_key)
            .map_err(|error| Failure::file("written", path, error))?;
    }
    let registered = Registered {
        url: simulator.url().to_owned(),
        local_url: simulator.local_url().to_owned(),
        page_url: simulator.page_url().to_owned(),
        app_key: simulator.app_key().to_owned(),
        ca_file: simulator.ca_file().map(Path::to_owned),
        seed,
        folder: registry::here().unwrap_or_default(),
        options: deciding_words(invocation.arguments),
        started_at: Timestamp::now().as_millisecond(),
    };
    // Commands find a simulator by its URL, too, so it runs without an entry.
    let entry = registry::register(&registered);
    if args.background {
        console.record(&registered);
    } else {
        let started = Started {
            url: simulator.url(),
            page_url: simulator.page_url(),
            local_url: simulator.local_url(),
            app_key: simulator.app_key(),
            ca_file: simulator.ca_file(),
            seed,
        };
        console.result(&started, text(args, &simulator, &variables, seed));
    }
    session::block_on(async {
        tokio::select! {
            () = interrupt.requested() => {}
            () = simulator.stop_requested() => tokio::time::sleep(RESPONSE_DELAY).await,
        }
    })?;
    drop(entry);
    simulator.close();
    console.print_error("netgiro: the simulator has stopped");
    Ok(Exit::Done)
}

fn start(args: &SimulatorArgs, options: SimulatorOptions) -> Result<Simulator, Failure> {
    let port = options.port;
    let is_free_to_choose = args.background && args.port.is_none();
    let simulator = match Simulator::start(options.clone()) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_free_to_choose => {
            Simulator::start(SimulatorOptions { port: 0, ..options })
        }
        started => started,
    };
    simulator.map_err(|error| not_started(&error, port))
}

/// The faults in a file: an array, or a single one.
fn faults(path: &Path, interrupt: &Interrupt) -> Result<Vec<Fault>, Failure> {
    let text = input::text(path, interrupt)?;
    let refused = |why: String| Failure::file("read", path, why);
    if text.trim_start().starts_with('{') {
        let fault = Fault::from_json(&text).map_err(|error| refused(error.to_string()))?;
        return Ok(vec![fault]);
    }
    let faults: Vec<&RawValue> = serde_json::from_str(&text)
        .map_err(|error| refused(format!("it is not a JSON array of faults: {error}")))?;
    faults
        .into_iter()
        .zip(1..)
        .map(|(fault, at)| {
            Fault::from_json(fault.get()).map_err(|error| refused(format!("fault {at}: {error}")))
        })
        .collect()
}

fn not_started(error: &io::Error, port: u16) -> Failure {
    match error.kind() {
        io::ErrorKind::AddrInUse => Failure::Machine(format!(
            "port {port} is taken: give another one by --port, or --port 0 for a free one"
        )),
        io::ErrorKind::InvalidInput => Failure::usage(on_command_line(&error.to_string())),
        _ => Failure::Machine(format!("the simulator could not be started: {error}")),
    }
}

fn text(args: &SimulatorArgs, simulator: &Simulator, variables: &Variables, seed: u64) -> String {
    let keys = match &args.write_env {
        Some(path) => format!("\n# They are in {} as well.", path.display()),
        None if args.own_keys => "\n# NETGIRO_SECRET_KEY is the one that is set here.".to_owned(),
        None => String::new(),
    };
    let authority = simulator
        .ca_file()
        .map(|file| format!("\n# The authority to trust: {}", file.display()))
        .unwrap_or_default();
    format!(
        "The simulator runs until Ctrl-C, with seed {seed}. Its page: {}\n\n\
         Paste this where your shop starts:\n\n{}{keys}{authority}\n\n\
         Customers: 8223281 answers on the page; 8111111 accepts and 8222222 declines automatically.",
        simulator.page_url(),
        variables.lines(ExportFormat::Sh).join("\n"),
    )
}
