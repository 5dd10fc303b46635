//! What `watch_cart` and `wait_many` return: an iterator over what a call on the background thread
//! brings, so that checks keep to their schedule whatever the caller does between two items.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::runtime::call_state::{CallChannel, Message, RunningCall, Start};
use crate::runtime::coroutine::Call;
use crate::runtime::event::Event;
use crate::runtime::{SIGNAL_INTERVAL, handles_signals, lock, look_for_signals};
use crate::values::ToPython;

/// How long to wait where nothing but an item can end the wait.
const UNTIL_WOKEN: Duration = Duration::from_secs(3600);

/// A call that brings many items.
pub(crate) struct Stream {
    state: Mutex<State>,
}

enum State {
    New(Start),
    Open(RunningCall),
    Ended,
}

impl Stream {
    pub(crate) fn new(start: Start) -> Self {
        Self {
            state: Mutex::new(State::New(start)),
        }
    }

    /// The channel that items come into; starts the call if need be. One that has ended brings nothing.
    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<Arc<CallChannel>> {
        let mut state = lock(&self.state);
        if let State::New(_) = &*state
            && let State::New(start) = std::mem::replace(&mut *state, State::Ended)
        {
            *state = State::Open(start(py)?);
        }
        match &*state {
            State::Open(running) if running.ending.is_ours() => Ok(Arc::clone(&running.channel)),
            State::Open(_) => Err(PyRuntimeError::new_err(
                "this iterator belongs to the process that forked this one",
            )),
            _ => {
                let ended = CallChannel::default();
                ended.put(Message::Done(Box::new(|py| Ok(py.None()))));
                Ok(Arc::new(ended))
            }
        }
    }

    /// Ends the call: nothing more is asked.
    pub(crate) fn end(&self) {
        let state = std::mem::replace(&mut *lock(&self.state), State::Ended);
        drop(state);
    }
}

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
            let at_most = if handles_signals() {
                SIGNAL_INTERVAL
            } else {
                UNTIL_WOKEN
            };
            match py.detach(|| channel.wait(at_most)) {
                None => look_for_signals().inspect_err(|_| self.stream.end())?,
                Some(Message::Event(event @ Event::Progress(..))) => {
                    if let Some(callback) = &self.on_progress {
                        event
                            .tell(callback.bind(py))
                            .inspect_err(|_| self.stream.end())?;
                    }
                }
                Some(Message::Event(Event::Log(told))) => {
                    told.log(py).inspect_err(|_| self.stream.end())?;
                }
                Some(Message::Event(event)) => return event.to_python(py).map(Some),
                Some(Message::Done(deliver)) => {
                    self.stream.end();
                    deliver(py)?;
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
    pub(crate) stream: Stream,
    on_progress: Option<Py<PyAny>>,
}

impl AsyncStream {
    pub(crate) fn new(start: Start, on_progress: Option<Py<PyAny>>) -> Self {
        Self {
            stream: Stream::new(start),
            on_progress,
        }
    }
}

#[pymethods]
impl AsyncStream {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__(slf: Bound<'_, Self>) -> Call {
        let py = slf.py();
        let on_progress = slf.get().on_progress.as_ref().map(|f| f.clone_ref(py));
        Call::next_of(slf.unbind(), on_progress)
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
