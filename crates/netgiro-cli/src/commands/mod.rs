//! What each command does.

mod callback;
mod cart;
mod demo;
mod follow;
mod simulator;

use crate::arguments::Given;
use crate::completions;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::grammar::shells;
use crate::interrupt::Interrupt;

/// Carries out a command.
pub(crate) fn run(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    match given.command.name {
        "insert" => cart::insert(given, console, interrupt),
        "check" => cart::check(given, console, interrupt),
        "cancel" => cart::cancel(given, console, interrupt),
        "confirm" => cart::confirm(given, console, interrupt),
        "wait" => follow::follow(given, console, interrupt, false),
        "settle" => follow::follow(given, console, interrupt, true),
        "verify-callback" => callback::verify(given, console, interrupt),
        "simulator" => simulator::serve(given, console, interrupt),
        "demo" => demo::play(console, interrupt),
        "completions" => {
            let shell = given.required_argument()?;
            let text = completions::text(shell).ok_or_else(|| {
                given.usage(format!(
                    "there are completions for {}; got {shell:?}",
                    shells().join(", ")
                ))
            })?;
            console.say(text.trim_end());
            Ok(Exit::Done)
        }
        _ => Err(given.usage(given.command.about)),
    }
}
