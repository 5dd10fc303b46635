//! Replay guards: the one in memory, and those that are Python's.

use std::sync::Mutex;

use netgiro::{Error, ErrorKind, ReplayGuard};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::convert;
use crate::errors::OrRaise;
use crate::process::lock;

/// A guard in this process's memory: bounded, the oldest callbacks are forgotten first.
///
/// For a shop that is one process; where it is several, they need one that they share.
#[pyclass(frozen, weakref, module = "netgiro")]
pub(crate) struct MemoryReplayGuard {
    guard: netgiro::MemoryReplayGuard,
    capacity: usize,
}

#[pymethods]
impl MemoryReplayGuard {
    #[new]
    #[pyo3(signature = (*, capacity=None))]
    #[pyo3(text_signature = "(*, capacity=100000)")]
    fn new(capacity: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let capacity =
            capacity.map_or(Ok(100_000), |value| convert::positive("capacity", value))?;
        Ok(Self {
            guard: netgiro::MemoryReplayGuard::new(capacity),
            capacity,
        })
    }

    /// Record a callback; returns False if it has been recorded before.
    #[pyo3(signature = (nonce, signature))]
    fn is_first(&self, py: Python<'_>, nonce: &str, signature: &str) -> PyResult<bool> {
        self.guard.is_first(nonce, signature).or_raise(py)
    }

    fn __repr__(&self) -> String {
        format!("<netgiro.MemoryReplayGuard capacity={}>", self.capacity)
    }
}

/// A guard of Python's. The core has no error for what it may raise, so the exception is kept here.
struct PythonGuard {
    guard: Py<PyAny>,
    raised: Mutex<Option<PyErr>>,
}

impl ReplayGuard for PythonGuard {
    fn is_first(&self, nonce: &str, signature: &str) -> netgiro::Result<bool> {
        let answer = Python::attach(|py| {
            let answer = self
                .guard
                .bind(py)
                .call_method1(intern!(py, "is_first"), (nonce, signature))?;
            // A coroutine is truthy: it would be read as a yes.
            if answer.hasattr(intern!(py, "__await__"))? {
                if answer.hasattr(intern!(py, "close"))? {
                    answer.call_method0(intern!(py, "close"))?;
                }
                return Err(PyTypeError::new_err(
                    "replay_guard.is_first has to be awaited: use verify_callback_once of AsyncClient",
                ));
            }
            answer.is_truthy()
        });
        answer.map_err(|raised| {
            *lock(&self.raised) = Some(raised);
            Error::new(ErrorKind::Protocol, "the replay guard raised")
        })
    }
}

/// Verifies a callback with a guard of Python's; what that raises is raised.
pub(crate) fn with_guard(
    guard: &Bound<'_, PyAny>,
    verify: impl FnOnce(&dyn ReplayGuard) -> netgiro::Result<netgiro::Callback>,
) -> PyResult<netgiro::Callback> {
    let python_guard = PythonGuard {
        guard: guard.clone().unbind(),
        raised: Mutex::new(None),
    };
    let outcome = verify(&python_guard);
    match lock(&python_guard.raised).take() {
        Some(raised) => Err(raised),
        None => outcome.or_raise(guard.py()),
    }
}
