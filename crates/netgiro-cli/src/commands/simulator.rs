//! simulator: a local Netgíró, until Ctrl-C.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use netgiro_simulator::{Fault, Simulator, SimulatorOptions, Tls};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::arguments::Given;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, quoted};
use crate::input;
use crate::interrupt::Interrupt;

use super::cart;

const PORT: u16 = 8765;

/// What is told of a simulator once it runs.
#[derive(Serialize)]
struct Started<'a> {
    url: &'a str,
    page_url: &'a str,
    local_url: &'a str,
    app_key: &'a str,
    /// The authority to trust, where TLS made one up.
    ca_file: Option<&'a Path>,
}

pub(super) fn serve(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let options = options(given, interrupt)?;
    let port = options.port;
    let faults = given
        .path("faults")
        .map(|path| faults(path, interrupt))
        .transpose()?
        .unwrap_or_default();
    let simulator = Simulator::start(options).map_err(|error| not_started(&error, port))?;
    for fault in faults {
        simulator
            .add_fault(fault)
            .map_err(|error| Failure::usage(error.to_string()))?;
    }
    if let Some(path) = given.path("write-env") {
        write_variables(path, &simulator).map_err(|error| Failure::file("written", path, error))?;
    }
    let started = Started {
        url: simulator.url(),
        page_url: simulator.page_url(),
        local_url: simulator.local_url(),
        app_key: simulator.app_key(),
        ca_file: simulator.ca_file(),
    };
    console.result(&started, text(given, &simulator));
    cart::run(interrupt.come())?;
    simulator.close();
    console.print_error("netgiro: the simulator has stopped");
    Ok(Exit::Done)
}

fn options(given: &Given, interrupt: &Interrupt) -> Result<SimulatorOptions, Failure> {
    let mut options = SimulatorOptions {
        port: given
            .read("port", "a port, from 0 to 65535")?
            .unwrap_or(PORT),
        seed: given
            .read("seed", "a whole number, 0 or more")?
            .unwrap_or(0),
        require_confirmation_type: given.flag("require-confirmation-type"),
        require_json_numbers: given.flag("require-json-numbers"),
        omit_payment_info: given.flag("omit-payment-info"),
        stale_reads: given
            .read("stale-reads", "a whole number, 0 or more")?
            .unwrap_or(0),
        public_url: given.owned("public-url")?,
        tls: tls(given, interrupt)?,
        callback_hosts: given
            .texts("callback-host")?
            .into_iter()
            .map(Into::into)
            .collect(),
        ..SimulatorOptions::default()
    };
    let seconds = |name| given.seconds(name);
    options.latency = seconds("latency")?.unwrap_or(options.latency);
    options.lifetime = seconds("lifetime")?.unwrap_or(options.lifetime);
    options.reaction = seconds("reaction")?.unwrap_or(options.reaction);
    if let Some(interval) = seconds("check-interval")? {
        options.check_interval_ms = i64::try_from(interval.as_millis()).ok();
    }
    if let Some(shop) = given.owned("shop")? {
        options.shop = shop;
    }
    if given.flag("own-keys") {
        options.app_key = variable("NETGIRO_APP_KEY")?;
        options.secret_key = variable("NETGIRO_SECRET_KEY")?;
    }
    Ok(options)
}

fn tls(given: &Given, interrupt: &Interrupt) -> Result<Option<Tls>, Failure> {
    match (given.path("tls-certificate"), given.path("tls-key")) {
        (None, None) => Ok(given.flag("tls").then_some(Tls::SelfMade)),
        (Some(certificate), Some(key)) => Ok(Some(Tls::Given {
            certificate: input::text(certificate, interrupt)?,
            key: input::text(key, interrupt)?,
        })),
        _ => Err(given.usage("--tls-certificate and --tls-key go together")),
    }
}

fn variable(name: &str) -> Result<String, Failure> {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::usage(format!("--own-keys: {name} is not set")))
}

/// The faults in a file: an array of them, or one alone.
fn faults(path: &Path, interrupt: &Interrupt) -> Result<Vec<Fault>, Failure> {
    let text = input::text(path, interrupt)?;
    let refused = |why: String| Failure::file("read", path, why);
    if text.trim_start().starts_with('{') {
        let fault = Fault::from_json(&text).map_err(|error| refused(error.to_string()))?;
        return Ok(vec![fault]);
    }
    let faults: Vec<&RawValue> = serde_json::from_str(&text)
        .map_err(|error| refused(format!("it is no JSON array of faults: {error}")))?;
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

/// What a shop, or this command, needs for the simulator.
fn variables(simulator: &Simulator) -> [(&'static str, &str); 3] {
    [
        ("NETGIRO_BASE_URL", simulator.url()),
        ("NETGIRO_APP_KEY", simulator.app_key()),
        ("NETGIRO_SECRET_KEY", simulator.secret_key()),
    ]
}

/// Writes the variables for a shell to source, or a shop to load; nobody else may read them.
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

fn text(given: &Given, simulator: &Simulator) -> String {
    let keys = match given.path("write-env") {
        Some(path) => format!("in {}", path.display()),
        None if given.flag("own-keys") => "as NETGIRO_SECRET_KEY has it".to_owned(),
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
         Customers: 8223281 answers on the page; 8111111 accepts and 8222222 declines by itself.",
        simulator.page_url(),
        simulator.url(),
        simulator.app_key(),
    )
}
