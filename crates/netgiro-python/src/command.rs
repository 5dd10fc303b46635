//! The command `netgiro`: `netgiro/__main__.py` calls it.

use std::ffi::OsString;
use std::sync::mpsc::{self, RecvTimeoutError};

use netgiro_cli::Interrupt;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use crate::runtime::signals::{SIGNAL_INTERVAL, check_signals};

/// The exit code of what was interrupted.
const INTERRUPTED: u8 = 130;

/// Carry out a command from its arguments, without the program's name; return its exit code.
///
/// `program` are the words that start the same program, for one in the background.
///
/// An exception of a signal's handler, such as KeyboardInterrupt, makes it stop; a second one does not wait
/// for it, unless it has yet to say what became of a call in flight.
#[pyfunction]
#[pyo3(signature = (arguments, program))]
pub(crate) fn command(
    py: Python<'_>,
    arguments: Vec<OsString>,
    program: Vec<OsString>,
) -> PyResult<u8> {
    let interrupt = Interrupt::default();
    let (sender, receiver) = mpsc::channel();
    let stop = interrupt.clone();
    // Handlers of signals run on this thread alone, so the command runs on another.
    std::thread::Builder::new()
        .name("netgiro-command".to_owned())
        .spawn(move || sender.send(netgiro_cli::run(arguments, program, &stop)))
        .map_err(|error| PyOSError::new_err(format!("no thread could be started: {error}")))?;
    Ok(py.detach(move || {
        loop {
            match receiver.recv_timeout(SIGNAL_INTERVAL) {
                Ok(exit) => return exit,
                Err(RecvTimeoutError::Disconnected) => return 1,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if check_signals().is_err() && !interrupt.interrupt() {
                return INTERRUPTED;
            }
        }
    }))
}
