//! The command `netgiro`, behind the console script of the Python package and the bin of the npm package.
//!
//! [`run`] is its whole interface: arguments in, an exit code out. What a command takes is in `arguments`, what it does
//! in `commands`; `simulators` knows the simulators that were started.

mod arguments;
mod commands;
mod console;
mod exit;
mod failure;
mod input;
mod interrupt;
mod progress;
mod records;
mod resume;
mod simulators;
mod spelling;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};

pub use interrupt::Interrupt;

use crate::arguments::Parsed;
use crate::commands::Invocation;
use crate::console::Console;
use crate::exit::Exit;

/// Runs a command on this thread, from its arguments (without the program's name) to its exit code.
///
/// `program` are the words that start the same program again, before its arguments: a simulator in the background is a
/// process of its own.
///
/// Reads the process's environment, standard input and files; writes to standard output and standard error. The caller
/// handles Ctrl-C, and passes it on through `interrupt`.
#[must_use]
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers have no further use for the arguments"
)]
pub fn run(arguments: Vec<OsString>, program: Vec<OsString>, interrupt: &Interrupt) -> u8 {
    let work = || {
        let mut console = Console::standard();
        let invocation = Invocation {
            arguments: &arguments,
            program: &program,
        };
        let exit = execute(&invocation, &mut console, interrupt);
        console.finish(exit)
    };
    let exit = panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Console::standard().print_error(
            "netgiro has a bug: the command crashed, and it is unknown whether it did its work; \
             please report the lines above",
        );
        Exit::Error
    });
    exit.code()
}

fn execute(invocation: &Invocation<'_>, console: &mut Console, interrupt: &Interrupt) -> Exit {
    let arguments = invocation.arguments;
    let outcome = match arguments::parse(arguments) {
        Ok(Parsed::Text(text)) => {
            console.say(text.trim_end());
            Ok(Exit::Done)
        }
        Ok(Parsed::Command(command)) => {
            console.write_json(command.writes_json());
            commands::run(&command, invocation, console, interrupt)
        }
        Err(failure) => {
            console.write_json(arguments::asks_for_json(arguments));
            Err(failure)
        }
    };
    outcome.unwrap_or_else(|failure| {
        failure.report(console, arguments::command_name(arguments).as_deref())
    })
}
