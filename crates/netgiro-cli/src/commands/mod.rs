//! What each command does.

mod callback;
mod cart;
mod checkout;
mod demo;
mod doctor;
mod follow;
mod refund;
mod relay;
mod session;
mod simulator;
mod trigger;

use std::ffi::OsString;

use crate::arguments::{self, Command};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// How the command was started.
pub(crate) struct Invocation<'a> {
    /// The command line, without the program's name.
    pub(crate) arguments: &'a [OsString],
    /// The words that start this program.
    pub(crate) program: &'a [OsString],
}

impl Invocation<'_> {
    /// The command line of a simulator in the background, with these arguments.
    pub(crate) fn background(&self, arguments: &[OsString]) -> Vec<OsString> {
        let flags = ["--json", "--background"].map(OsString::from);
        [self.program, arguments, &flags].concat()
    }
}

/// Runs a command.
pub(crate) fn run(
    command: &Command,
    invocation: &Invocation<'_>,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let outcome = match command {
        Command::Insert(args) => cart::insert(args, console, interrupt),
        Command::Check(args) => cart::check(args, console, interrupt),
        Command::Cancel(args) => cart::cancel(args, console, interrupt),
        Command::Confirm(args) => cart::confirm(args, console, interrupt),
        Command::Capture(args) => cart::capture(args, console, interrupt),
        Command::Void(args) => cart::void(args, console, interrupt),
        Command::Refund(args) => refund::refund(args, console, interrupt),
        Command::Transaction(args) => refund::transaction(args, console, interrupt),
        Command::Checkout(args) => checkout::create(args, console, interrupt),
        Command::Wait(args) => follow::follow(args, console, interrupt, false),
        Command::Settle(args) => follow::follow(args, console, interrupt, true),
        Command::VerifyCallback(args) => callback::verify(args, console, interrupt),
        Command::Simulator(args) => simulator::run(args, invocation, console, interrupt),
        Command::Doctor(args) => doctor::examine(args, console, interrupt),
        Command::Relay(args) => relay::relay(args, console, interrupt),
        Command::Trigger(args) => trigger::trigger(args, console),
        Command::Demo(_) => demo::play(console, interrupt),
        Command::Completions { shell } => {
            console.say(arguments::completions(*shell).trim_end());
            Ok(Exit::Done)
        }
        Command::Reconcile { .. } => Err(Failure::usage(arguments::RECONCILE)),
    };
    outcome.map_err(|failure| match command.connection() {
        Some(connection) => failure.of_connection(connection.given()),
        None => failure,
    })
}
