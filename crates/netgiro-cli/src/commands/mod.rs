//! What each command does.

mod callback;
mod cart;
mod demo;
mod follow;
mod session;
mod simulator;

use crate::arguments::{self, Command};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// Runs a command.
pub(crate) fn run(
    command: &Command,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    match command {
        Command::Insert(args) => cart::insert(args, console, interrupt),
        Command::Check(args) => cart::check(args, console, interrupt),
        Command::Cancel(args) => cart::cancel(args, console, interrupt),
        Command::Confirm(args) => cart::confirm(args, console, interrupt),
        Command::Wait(args) => follow::follow(args, console, interrupt, false),
        Command::Settle(args) => follow::follow(args, console, interrupt, true),
        Command::VerifyCallback(args) => callback::verify(args, console, interrupt),
        Command::Simulator(args) => simulator::serve(args, console, interrupt),
        Command::Demo(_) => demo::play(console, interrupt),
        Command::Completions { shell } => {
            console.say(arguments::completions(*shell).trim_end());
            Ok(Exit::Done)
        }
        Command::Reconcile { .. } => Err(Failure::usage(arguments::RECONCILE)),
    }
}
