//! The command `netgiro`, behind the console script of the Python package and the bin of the npm package.
//!
//! [`run`] is all there is to it: arguments in, an exit code out. What a command does is in `commands`, what it may be
//! given in `grammar`; help, parsing and completions are all made from that one table.

mod arguments;
mod commands;
mod completions;
mod console;
mod exit;
mod failure;
mod grammar;
mod help;
mod input;
mod interrupt;
mod progress;
mod records;
mod resume;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};

pub use interrupt::Interrupt;

use crate::arguments::Wanted;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Carries out a command, on this thread, from its arguments (without the program's name) to its exit code.
///
/// Reads the process's environment, standard input and files; writes to standard output and standard error. Whoever calls
/// it hears of Ctrl-C, and passes it on by `interrupt`.
#[must_use]
pub fn run(arguments: Vec<OsString>, interrupt: &Interrupt) -> u8 {
    let work = || {
        let mut console = Console::standard();
        let exit = carry_out(arguments, &mut console, interrupt);
        console.finish(exit)
    };
    let exit = panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Console::standard().print_error(
            "netgiro has a bug: the command failed inside, and whether it was carried out is unknown; \
             what stands above is worth a report",
        );
        Exit::Error
    });
    exit.code()
}

fn carry_out(arguments: Vec<OsString>, console: &mut Console, interrupt: &Interrupt) -> Exit {
    let outcome = arguments::parse(arguments).and_then(|wanted| match wanted {
        Wanted::Help(about) => {
            console.say(help::text(about).trim_end());
            Ok(Exit::Done)
        }
        Wanted::Version => {
            console.say(concat!("netgiro ", env!("CARGO_PKG_VERSION")));
            Ok(Exit::Done)
        }
        Wanted::Command(given) => {
            console.write_json(given.flag("json"));
            commands::run(&given, console, interrupt)
        }
    });
    outcome.unwrap_or_else(|failure: Failure| failure.report(console))
}
