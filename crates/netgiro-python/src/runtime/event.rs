//! What a call reports before it is done.

use std::sync::Arc;

use jiff::Timestamp;
use netgiro::{CartState, CheckResult};
use pyo3::prelude::*;

use crate::convert::function::refuse_awaitable;
use crate::to_python::ToPython;

/// Something that a call in flight brings.
pub(crate) enum Event {
    /// For the caller.
    Report(Report),
    /// For the log.
    Log(Box<LogRecord>),
}

/// A report of a call in flight to its caller.
pub(crate) enum Report {
    /// The cart has changed.
    State(CartState),
    /// So many carts of so many are done.
    Progress(usize, usize),
    /// One cart of many is done.
    Result(Box<CheckResult>),
}

impl Report {
    /// Calls a callback with it; returns what that returned.
    pub(crate) fn call<'py>(self, callback: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = callback.py();
        match self {
            Self::Progress(done, total) => callback.call1((done, total)),
            other => callback.call1((other.to_python(py)?,)),
        }
    }

    /// Calls a callback that nothing can await.
    pub(crate) fn call_blocking(self, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let argument = match self {
            Self::Progress(..) => "on_progress",
            Self::State(_) | Self::Result(_) => "on_update",
        };
        refuse_awaitable(argument, &self.call(callback)?)
    }
}

impl ToPython for Report {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::State(state) => state.to_python(py),
            Self::Progress(done, total) => Ok((done, total).into_pyobject(py)?.into_any().unbind()),
            Self::Result(result) => result.to_python(py),
        }
    }
}

/// Something a client did, and when, on its way to `logging`.
pub(crate) struct LogRecord {
    pub(crate) at: Timestamp,
    pub(crate) event: netgiro::Event,
}

impl LogRecord {
    pub(crate) fn now(event: netgiro::Event) -> Self {
        Self {
            at: Timestamp::now(),
            event,
        }
    }
}

/// What is called with each event of a call in flight, on the thread that runs the call.
pub(crate) type Listener = Arc<dyn Fn(Event) + Send + Sync>;

/// Where a call in flight reports to.
pub(crate) struct Reporter(Option<Listener>);

impl Reporter {
    /// Reports to a listener, if there is one.
    pub(crate) fn to(listener: Option<Listener>) -> Self {
        Self(listener)
    }

    pub(crate) fn report(&self, report: Report) {
        if let Some(listener) = &self.0 {
            listener(Event::Report(report));
        }
    }
}
