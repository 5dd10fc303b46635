//! Signals that come while a call waits, such as Ctrl-C.

use std::cell::Cell;
use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::process::Process;

/// How often a blocked call checks whether a signal has come.
pub(crate) const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

thread_local! {
    /// The process in which this thread was found not to be the one that handles signals.
    static NOT_MAIN_IN: Cell<Option<Process>> = const { Cell::new(None) };
}

/// Whether the calling thread may have to handle signals while it waits.
pub(crate) fn may_handle_signals() -> bool {
    NOT_MAIN_IN
        .get()
        .is_none_or(|process| process != Process::current())
}

/// Runs the handlers of signals that have come; only Python's main thread does. Another thread finds
/// out the first time, and then leaves the interpreter alone for as long as it waits.
pub(crate) fn check_signals() -> PyResult<()> {
    Python::try_attach(|py| {
        if handles_signals(py)? {
            return py.check_signals();
        }
        NOT_MAIN_IN.set(Some(Process::current()));
        Ok(())
    })
    .unwrap_or(Ok(()))
}

/// Whether the interpreter runs handlers of signals on this thread.
///
/// `threading` knows greenlets for threads where gevent or eventlet have patched it, so the interpreter itself is
/// asked: to set what is not a handler is a `TypeError` where handlers may be set, and a `ValueError` on other threads.
fn handles_signals(py: Python<'_>) -> PyResult<bool> {
    let signal = py.import(intern!(py, "_signal"))?;
    let interrupt = signal.getattr(intern!(py, "SIGINT"))?;
    let refused = signal.call_method1(intern!(py, "signal"), (interrupt, py.None()));
    Ok(refused.is_err_and(|error| error.is_instance_of::<PyTypeError>(py)))
}
