//! How a client carries out its calls: on the thread that waits, or on the background thread.

use std::sync::Arc;

use netgiro::Error;
use pyo3::prelude::*;

use crate::convert::function::Listeners;
use crate::errors::OrRaise;
use crate::runtime::abandoned_call::{self, Attempt};
use crate::runtime::blocking::Connections;
use crate::runtime::call_state;
use crate::runtime::coroutine::Call;
use crate::runtime::event::Reporter;
use crate::runtime::iterators::{AsyncStream, SyncStream};
use crate::to_python::ToPython;

/// What a method of a client returns.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// The outcome.
    Blocking,
    /// A coroutine.
    Awaited,
}

impl Mode {
    /// What may be called while a call is waited for.
    pub(crate) fn listeners(self) -> Listeners {
        match self {
            Self::Blocking => Listeners::Called,
            Self::Awaited => Listeners::Awaited,
        }
    }
}

/// How a client makes its calls.
pub(crate) struct Execution {
    pub(crate) connections: Arc<Connections>,
    pub(crate) mode: Mode,
}

impl Execution {
    /// Runs a call that brings one outcome; what was wrong with its arguments is raised where the
    /// outcome would be.
    pub(crate) fn run<T, F, J>(
        &self,
        py: Python<'_>,
        name: &'static str,
        on_event: Option<Py<PyAny>>,
        job: PyResult<J>,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: ToPython + Send + 'static,
    {
        match self.mode {
            Mode::Blocking => self
                .connections
                .block_on(py, on_event.as_ref(), job?)?
                .or_raise(py)?
                .to_python(py),
            Mode::Awaited => {
                let call = match job {
                    Ok(job) => {
                        Call::new(name, on_event, call_state::prepare(&self.connections, job))
                    }
                    Err(refused) => Call::ready(name, Err(refused)),
                };
                Ok(Py::new(py, call)?.into_any())
            }
        }
    }

    /// Runs a call that may take effect although nobody waits for its answer any more; an exception that ends it early
    /// says whether it may have.
    pub(crate) fn attempt<A, T, F>(
        &self,
        py: Python<'_>,
        name: &'static str,
        attempt: PyResult<A>,
        carry_out: fn(A, netgiro::Client) -> F,
    ) -> PyResult<Py<PyAny>>
    where
        A: Clone + Into<Attempt> + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: ToPython + Send + 'static,
    {
        let job = |attempt| move |client, _: Reporter| carry_out(attempt, client);
        match self.mode {
            Mode::Blocking => {
                let attempt = attempt?;
                let outcome = self
                    .connections
                    .block_on(py, None, job(attempt.clone()))
                    // A signal that came last would be handled on the way back to the caller, who would not get the
                    // outcome.
                    .and_then(|outcome| py.check_signals().map(|()| outcome))
                    .inspect_err(|raised| {
                        abandoned_call::abandon(py, &attempt.into(), Some(raised));
                    })?;
                outcome.or_raise(py)?.to_python(py)
            }
            Mode::Awaited => {
                let call = match attempt {
                    Ok(attempt) => {
                        let start = call_state::prepare(&self.connections, job(attempt.clone()));
                        Call::new(name, None, start).of_attempt(attempt.into())
                    }
                    Err(refused) => Call::ready(name, Err(refused)),
                };
                Ok(Py::new(py, call)?.into_any())
            }
        }
    }

    /// None, where nothing has to be waited for.
    pub(crate) fn ready(&self, py: Python<'_>, name: &'static str) -> PyResult<Py<PyAny>> {
        match self.mode {
            Mode::Blocking => Ok(py.None()),
            Mode::Awaited => Ok(Py::new(py, Call::ready(name, Ok(py.None())))?.into_any()),
        }
    }

    /// An iterator over what a call brings.
    pub(crate) fn stream<F, J>(
        &self,
        py: Python<'_>,
        on_progress: Option<Py<PyAny>>,
        job: J,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let start = call_state::prepare(&self.connections, job);
        Ok(match self.mode {
            Mode::Blocking => Py::new(py, SyncStream::new(start, on_progress))?.into_any(),
            Mode::Awaited => Py::new(py, AsyncStream::new(start, on_progress))?.into_any(),
        })
    }
}
