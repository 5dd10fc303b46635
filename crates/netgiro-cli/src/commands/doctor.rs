//! doctor: what is wrong with a shop's set-up, and what mends it.

use netgiro::{ClientOptions, DoctorOptions};

use crate::arguments::DoctorArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::spelling::on_command_line;

use super::session;

pub(super) fn examine(
    args: &DoctorArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let defaults = DoctorOptions::default();
    let options = DoctorOptions {
        callback: args.callback.clone(),
        registered_url: args.registered_url.clone(),
        timeout: args.timeout.unwrap_or(defaults.timeout),
    };
    let client = ClientOptions::from_env().map(|mut client| {
        session::change(&mut client, &args.connection);
        client
    });
    let examined = async { Ok(netgiro::doctor(client, options).await?) };
    let mut report = session::run(interrupt, examined)?;
    for check in &mut report.checks {
        check.detail = on_command_line(&check.detail);
        check.remedy = check.remedy.as_deref().map(on_command_line);
    }
    console.result(&report, &report);
    if report.is_ok() {
        Ok(Exit::Done)
    } else {
        Ok(Exit::Error)
    }
}
