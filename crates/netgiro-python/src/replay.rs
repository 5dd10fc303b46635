//! Replay guards: the one in memory, and those that are Python's.

use netgiro::ReplayGuard;
use netgiro::webhook::ReplayKey;
use pyo3::intern;
use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::{read_arguments, refused};
use crate::errors::{self, OrRaise};

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
    fn is_first(&self, nonce: &Bound<'_, PyAny>, signature: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = nonce.py();
        read_arguments!(nonce, signature);
        let (nonce, signature): (String, String) = (nonce, signature);
        self.guard.is_first(&nonce, &signature).or_raise(py)
    }

    fn __repr__(&self) -> String {
        format!("<netgiro.MemoryReplayGuard capacity={}>", self.capacity)
    }
}

/// Refuses what is not a guard before anything is verified.
pub(crate) fn check_guard(guard: &Bound<'_, PyAny>) -> PyResult<()> {
    if guard.hasattr(intern!(guard.py(), "is_first"))? {
        return Ok(());
    }
    let expected = "an object with is_first(nonce, signature)";
    Err(refused("replay_guard", expected, guard))
}

/// Asks a guard of Python's; what it raises is raised.
pub(crate) fn is_first(guard: &Bound<'_, PyAny>, key: &ReplayKey) -> PyResult<bool> {
    let py = guard.py();
    let asked = (&*key.nonce, &*key.signature);
    let answer = guard.call_method1(intern!(py, "is_first"), asked)?;
    // It would be taken for a yes.
    if answer.hasattr(intern!(py, "__await__"))? {
        if answer.hasattr(intern!(py, "close"))? {
            answer.call_method0(intern!(py, "close"))?;
        }
        return Err(errors::invalid(
            py,
            "replay_guard.is_first has to be awaited: use verify_callback_once of AsyncClient",
        ));
    }
    answer.is_truthy()
}
