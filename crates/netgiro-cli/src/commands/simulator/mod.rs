//! simulator: a local Netgíró in this process, or in the background.

mod background;
mod options;
mod serve;
mod stop;
mod variables;

use crate::arguments::SimulatorArgs;
use crate::commands::Invocation;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

pub(super) fn run(
    args: &SimulatorArgs,
    invocation: &Invocation<'_>,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    if args.stop {
        stop::stop(args, console)
    } else if let Some(format) = args.export {
        background::export(args, format, invocation, console, interrupt)
    } else {
        serve::serve(args, invocation, console, interrupt)
    }
}
