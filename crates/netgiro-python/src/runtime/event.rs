//! What a call reports before it is done.

use std::sync::Arc;

use netgiro::{CartState, CheckResult};
use pyo3::prelude::*;
use tokio::sync::mpsc::UnboundedSender;

use crate::runtime::call_state::{CallChannel, Message};
use crate::runtime::logging::LogRecord;
use crate::values::ToPython;

/// A report of a call under way.
pub(crate) enum Event {
    /// The cart has changed.
    State(CartState),
    /// So many carts of so many are done.
    Progress(usize, usize),
    /// One cart of many is done.
    Result(Box<CheckResult>),
    /// Something for the log, not for a callback.
    Log(Box<LogRecord>),
}

impl Event {
    /// Calls a callback with it.
    pub(crate) fn tell(self, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = callback.py();
        match self {
            Self::Log(told) => return told.log(py),
            Self::Progress(done, total) => callback.call1((done, total))?,
            other => callback.call1((other.to_python(py)?,))?,
        };
        Ok(())
    }
}

impl ToPython for Event {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::State(state) => state.to_python(py),
            Self::Progress(done, total) => Ok((done, total).into_pyobject(py)?.into_any().unbind()),
            Self::Result(result) => result.to_python(py),
            Self::Log(told) => told.log(py).map(|()| py.None()),
        }
    }
}

/// Where a call under way reports to.
pub(crate) struct Reporter(Option<Listener>);

/// Who listens to a call under way.
#[derive(Clone)]
pub(crate) enum Listener {
    /// The call's own thread.
    Channel(UnboundedSender<Event>),
    /// Another thread.
    CallChannel(Arc<CallChannel>),
}

impl Listener {
    pub(crate) fn hear(&self, event: Event) {
        match self {
            Self::Channel(sender) => {
                // Nobody listens any more when the call has been given up.
                let _ = sender.send(event);
            }
            Self::CallChannel(channel) => channel.put(Message::Event(event)),
        }
    }
}

impl Reporter {
    /// Reports to a listener, if there is one.
    pub(crate) fn to(listener: Option<Listener>) -> Self {
        Self(listener)
    }

    pub(crate) fn report(&self, event: Event) {
        if let Some(listener) = &self.0 {
            listener.hear(event);
        }
    }
}
