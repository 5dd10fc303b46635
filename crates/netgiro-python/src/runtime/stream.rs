//! A call that brings many items, whoever iterates over them.

use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::process::lock;
use crate::runtime::call_state::{CallChannel, Message, RunningCall, Start};

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
            State::Open(running) if running.task.is_ours() => Ok(Arc::clone(&running.channel)),
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
