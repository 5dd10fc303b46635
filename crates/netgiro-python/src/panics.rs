//! Panics end here. PyO3 would raise them as an exception that `except Exception` does not catch, and a
//! web server or a job queue would end a worker over it.

use std::panic::{self, AssertUnwindSafe};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// What is raised for a panic. It does not repeat the panic's words, which may hold anything; they have
/// gone to stderr.
pub(crate) fn raised() -> PyErr {
    PyRuntimeError::new_err(
        "netgiro has a bug: this call failed inside, and whether its request was carried out is \
         unknown; what stands on stderr about it is worth a report",
    )
}

/// Carries out something of the core's, and raises what it panics with.
///
/// Nothing is left half done where another call could see it: what a call works on is its own, and a
/// runtime that a call has panicked on is not used again.
pub(crate) fn caught<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(raised()))
}

/// Panics where it stands, for the test that no panic crosses into Python.
#[cfg(feature = "panic-test")]
#[pyfunction]
pub(crate) fn panic_at_once() -> PyResult<()> {
    caught(|| deliberately())
}

#[cfg(feature = "panic-test")]
#[expect(clippy::panic, reason = "that is what it is for")]
pub(crate) fn deliberately() -> ! {
    panic!("deliberately")
}
