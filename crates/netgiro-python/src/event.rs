//! What a call reports before it is done.

use std::sync::Arc;

use netgiro::{CartState, CheckResult};
use pyo3::prelude::*;
use tokio::sync::mpsc::UnboundedSender;

use crate::slot::{Item, Slot};
use crate::values::Present;

/// A report of a call under way.
pub(crate) enum Event {
    /// The cart has changed.
    State(CartState),
    /// So many carts of so many are done.
    Progress(usize, usize),
    /// One cart of many is done.
    Result(Box<CheckResult>),
}

impl Event {
    /// Calls a callback with it.
    pub(crate) fn tell(self, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = callback.py();
        match self {
            Self::Progress(done, total) => callback.call1((done, total))?,
            other => callback.call1((other.present(py)?,))?,
        };
        Ok(())
    }
}

impl Present for Event {
    fn present(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Self::State(state) => state.present(py),
            Self::Progress(done, total) => Ok((done, total).into_pyobject(py)?.into_any().unbind()),
            Self::Result(result) => result.present(py),
        }
    }
}

/// Where a call under way reports to.
pub(crate) struct Reporter(Option<Listener>);

enum Listener {
    Channel(UnboundedSender<Event>),
    Slot(Arc<Slot>),
}

impl Reporter {
    /// Nobody listens.
    pub(crate) fn nobody() -> Self {
        Self(None)
    }

    /// The call's own thread listens.
    pub(crate) fn channel(sender: UnboundedSender<Event>) -> Self {
        Self(Some(Listener::Channel(sender)))
    }

    /// Another thread listens.
    pub(crate) fn slot(slot: Arc<Slot>) -> Self {
        Self(Some(Listener::Slot(slot)))
    }

    pub(crate) fn report(&self, event: Event) {
        match &self.0 {
            Some(Listener::Channel(sender)) => {
                // Nobody listens any more when the call has been given up.
                let _ = sender.send(event);
            }
            Some(Listener::Slot(slot)) => slot.put(Item::Event(event)),
            None => {}
        }
    }
}
