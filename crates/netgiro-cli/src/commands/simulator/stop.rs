//! simulator --stop.

use std::env;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::sleep;

use crate::arguments::SimulatorArgs;
use crate::commands::session;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::simulators::control::{Control, ControlError};
use crate::simulators::registry;

/// How long a simulator may take to end; it takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(20);

#[derive(Serialize)]
struct Stopped<'a> {
    stopped: &'a str,
}

pub(super) fn stop(args: &SimulatorArgs, console: &mut Console) -> Result<Exit, Failure> {
    session::block_on(async {
        let controls = named(args).await?;
        if controls.is_empty() {
            return Err(Failure::Machine(match args.port {
                Some(port) => format!("no simulator runs on port {port}"),
                None => "no simulator runs that was started in this folder, or that NETGIRO_BASE_URL names; \
                         --port PORT names another one"
                    .to_owned(),
            }));
        }
        for control in controls {
            end(&control).await?;
            let page = control.page();
            let stopped = Stopped { stopped: page };
            console.result(
                &stopped,
                format_args!("The simulator at {page} has stopped."),
            );
        }
        Ok(Exit::Done)
    })?
}

/// The running simulators that the command names.
async fn named(args: &SimulatorArgs) -> Result<Vec<Control>, Failure> {
    if let Some(port) = args.port {
        let (url, ca_file) = match registry::on_port(port) {
            Some(known) => (known.local_url, known.ca_file),
            None => (format!("http://127.0.0.1:{port}/v1/"), None),
        };
        return running(Control::new(&url, ca_file)?).await;
    }
    if let Ok(url) = env::var("NETGIRO_BASE_URL")
        && let Some(control) = session::simulator_at(&url)?
    {
        let controls = running(control).await?;
        if !controls.is_empty() {
            return Ok(controls);
        }
    }
    let here = registry::running_here().await;
    Ok(here
        .iter()
        .filter_map(registry::Registered::control)
        .collect())
}

async fn running(control: Control) -> Result<Vec<Control>, Failure> {
    let is_running = control.identity().await.is_some();
    Ok(if is_running {
        vec![control]
    } else {
        Vec::new()
    })
}

/// Ends a simulator, and waits until it has ended.
async fn end(control: &Control) -> Result<(), Failure> {
    let identity = control.identity().await;
    match control.post("stop").await {
        Err(ControlError::Refused(message)) => {
            return Err(Failure::Machine(format!("{}: {message}", control.page())));
        }
        // It may end before its answer arrives.
        Ok(()) | Err(ControlError::Absent(_)) => {}
    }
    let started = Instant::now();
    while identity.is_some() && control.identity().await == identity {
        if started.elapsed() > PATIENCE {
            return Err(Failure::Machine(format!(
                "the simulator at {} does not end",
                control.page()
            )));
        }
        sleep(INTERVAL).await;
    }
    Ok(())
}
