//! What `watch_cart` and `wait_many` return: an iterator over what a call on the background thread
//! brings, so that checks keep to their schedule whatever the caller does between two items.

use std::sync::Arc;
use std::time::Duration;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::runtime::call_state::{Message, Start};
use crate::runtime::coroutine::Call;
use crate::runtime::event::{Event, Report};
use crate::runtime::signals::{SIGNAL_INTERVAL, check_signals, may_handle_signals};
use crate::runtime::stream::Stream;
use crate::to_python::ToPython;

/// How long to wait where nothing but an item can end the wait.
const UNTIL_WOKEN: Duration = Duration::from_secs(3600);

/// What `watch_cart` and `wait_many` of Client return: a blocking iterator.
///
/// Checks keep to their schedule whatever is done between two items.
#[pyclass(frozen, weakref, module = "netgiro._netgiro", name = "ResultIterator")]
pub(crate) struct SyncStream {
    stream: Stream,
    on_progress: Option<Py<PyAny>>,
}

impl SyncStream {
    pub(crate) fn new(start: Start, on_progress: Option<Py<PyAny>>) -> Self {
        Self {
            stream: Stream::new(start),
            on_progress,
        }
    }
}

#[pymethods]
impl SyncStream {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let channel = self.stream.open(py)?;
        loop {
            let at_most = if may_handle_signals() {
                SIGNAL_INTERVAL
            } else {
                UNTIL_WOKEN
            };
            match py.detach(|| channel.wait(at_most)) {
                None => check_signals().inspect_err(|_| self.stream.end())?,
                Some(Message::Event(Event::Log(record))) => {
                    record.log(py).inspect_err(|_| self.stream.end())?;
                }
                Some(Message::Event(Event::Report(report @ Report::Progress(..)))) => {
                    if let Some(callback) = &self.on_progress {
                        report
                            .call_blocking(callback.bind(py))
                            .inspect_err(|_| self.stream.end())?;
                    }
                }
                Some(Message::Event(Event::Report(item))) => return item.to_python(py).map(Some),
                Some(Message::Done(completion)) => {
                    self.stream.end();
                    completion(py)?;
                    return Ok(None);
                }
            }
        }
    }

    /// Stop asking. The carts are left as they are.
    fn close(&self) {
        self.stream.end();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.on_progress)
    }
}

/// What `watch_cart` and `wait_many` of AsyncClient return: an asynchronous iterator.
///
/// Cancelling whoever waits for the next item ends it, as with an asynchronous generator.
#[pyclass(
    frozen,
    weakref,
    module = "netgiro._netgiro",
    name = "AsyncResultIterator"
)]
pub(crate) struct AsyncStream {
    stream: Arc<Stream>,
    on_progress: Option<Py<PyAny>>,
}

impl AsyncStream {
    pub(crate) fn new(start: Start, on_progress: Option<Py<PyAny>>) -> Self {
        Self {
            stream: Arc::new(Stream::new(start)),
            on_progress,
        }
    }
}

#[pymethods]
impl AsyncStream {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__(&self, py: Python<'_>) -> Call {
        let on_progress = self.on_progress.as_ref().map(|f| f.clone_ref(py));
        Call::next_of(Arc::clone(&self.stream), on_progress)
    }

    /// Stop asking. The carts are left as they are.
    fn aclose(&self, py: Python<'_>) -> Call {
        self.stream.end();
        Call::ready("aclose", Ok(py.None()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.on_progress)
    }
}
