//! simulator: a local Netgíró, until Ctrl-C.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use netgiro_simulator::{Fault, Simulator, SimulatorOptions, Tls};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::arguments::SimulatorArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, quoted};
use crate::input;
use crate::interrupt::Interrupt;

use super::session;

/// What is reported about a running simulator.
#[derive(Serialize)]
struct Started<'a> {
    url: &'a str,
    page_url: &'a str,
    local_url: &'a str,
    app_key: &'a str,
    /// The authority to trust, if TLS made one.
    ca_file: Option<&'a Path>,
}

pub(super) fn serve(
    args: &SimulatorArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let faults = args
        .faults
        .as_deref()
        .map(|path| faults(path, interrupt))
        .transpose()?
        .unwrap_or_default();
    let simulator = Simulator::start(options(args, interrupt)?)
        .map_err(|error| not_started(&error, args.port))?;
    for fault in faults {
        simulator
            .add_fault(fault)
            .map_err(|error| Failure::usage(error.to_string()))?;
    }
    if let Some(path) = &args.write_env {
        write_variables(path, &simulator).map_err(|error| Failure::file("written", path, error))?;
    }
    let started = Started {
        url: simulator.url(),
        page_url: simulator.page_url(),
        local_url: simulator.local_url(),
        app_key: simulator.app_key(),
        ca_file: simulator.ca_file(),
    };
    console.result(&started, text(args, &simulator));
    session::block_on(interrupt.requested())?;
    simulator.close();
    console.print_error("netgiro: the simulator has stopped");
    Ok(Exit::Done)
}

fn options(args: &SimulatorArgs, interrupt: &Interrupt) -> Result<SimulatorOptions, Failure> {
    let mut options = SimulatorOptions {
        port: args.port,
        seed: args.seed,
        latency: args.latency,
        lifetime: args.lifetime,
        reaction: args.reaction,
        check_interval_ms: i64::try_from(args.check_interval.as_millis()).ok(),
        require_confirmation_type: args.require_confirmation_type,
        require_json_numbers: args.require_json_numbers,
        omit_payment_info: args.omit_payment_info,
        stale_reads: args.stale_reads,
        public_url: args.public_url.clone(),
        tls: tls(args, interrupt)?,
        callback_hosts: args.callback_hosts.clone(),
        ..SimulatorOptions::default()
    };
    if let Some(shop) = &args.shop {
        options.shop.clone_from(shop);
    }
    if args.own_keys {
        options.app_key = variable("NETGIRO_APP_KEY")?;
        options.secret_key = variable("NETGIRO_SECRET_KEY")?;
    }
    Ok(options)
}

fn tls(args: &SimulatorArgs, interrupt: &Interrupt) -> Result<Option<Tls>, Failure> {
    let (Some(certificate), Some(key)) = (&args.tls_certificate, &args.tls_key) else {
        return Ok(args.tls.then_some(Tls::SelfMade));
    };
    Ok(Some(Tls::Given {
        certificate: input::text(certificate, interrupt)?,
        key: input::text(key, interrupt)?,
    }))
}

fn variable(name: &str) -> Result<String, Failure> {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::usage(format!("--own-keys: {name} is not set")))
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
        io::ErrorKind::InvalidInput => Failure::usage(error.to_string()),
        _ => Failure::Machine(format!("the simulator could not be started: {error}")),
    }
}

/// The variables that a shop, or this command, needs for the simulator.
fn variables(simulator: &Simulator) -> [(&'static str, &str); 3] {
    [
        ("NETGIRO_BASE_URL", simulator.url()),
        ("NETGIRO_APP_KEY", simulator.app_key()),
        ("NETGIRO_SECRET_KEY", simulator.secret_key()),
    ]
}

/// Writes the variables to a file that only its owner can read.
fn write_variables(path: &Path, simulator: &Simulator) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    for (name, value) in variables(simulator) {
        writeln!(file, "{name}={}", quoted(value))?;
    }
    Ok(())
}

fn text(args: &SimulatorArgs, simulator: &Simulator) -> String {
    let keys = match &args.write_env {
        Some(path) => format!("in {}", path.display()),
        None if args.own_keys => "as NETGIRO_SECRET_KEY has it".to_owned(),
        None => "the published test account's; --write-env FILE writes it".to_owned(),
    };
    let authority = simulator
        .ca_file()
        .map(|file| format!("\n  Authority to trust  {}", file.display()))
        .unwrap_or_default();
    format!(
        "The simulator runs until Ctrl-C.\n\n  \
         Page                {}\n  \
         NETGIRO_BASE_URL    {}\n  \
         NETGIRO_APP_KEY     {}\n  \
         NETGIRO_SECRET_KEY  {keys}{authority}\n\n\
         Customers: 8223281 answers on the page; 8111111 accepts and 8222222 declines automatically.",
        simulator.page_url(),
        simulator.url(),
        simulator.app_key(),
    )
}
