//! What the methods of `AsyncClient` return: a coroutine without a Python frame.

use std::ffi::CString;
use std::sync::{Arc, Mutex};

use netgiro::InsertAttempt;
use pyo3::exceptions::{
    PyBaseException, PyRuntimeError, PyRuntimeWarning, PyStopAsyncIteration, PyStopIteration,
};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::process::lock;
use crate::runtime::abandoned_insert;
use crate::runtime::call_state::{Message, RunningCall, Start};
use crate::runtime::event::{Event, Report};
use crate::runtime::loop_waker::{self, LoopInbox};
use crate::runtime::stream::Stream;
use crate::to_python::ToPython;

/// A call of `AsyncClient`: starts when it is awaited, ends when whoever awaits it is cancelled.
#[pyclass(frozen, weakref, module = "netgiro._netgiro")]
pub(crate) struct Call {
    name: &'static str,
    on_event: Option<Py<PyAny>>,
    /// Of an InsertCart, until its outcome is handed over.
    attempt: Mutex<Option<InsertAttempt>>,
    state: Mutex<State>,
}

enum State {
    /// Not awaited yet.
    New(Work),
    /// Awaited, under its waiter id.
    Waiting(Source, Option<(Py<LoopInbox>, u64)>),
    /// Being stepped, done, or closed.
    Gone,
}

enum Work {
    Start(Start),
    Next(Arc<Stream>),
    Ready(PyResult<Py<PyAny>>),
}

enum Source {
    Call(RunningCall),
    Stream(Arc<Stream>),
}

impl Call {
    /// A call of its own.
    pub(crate) fn new(name: &'static str, on_event: Option<Py<PyAny>>, start: Start) -> Self {
        Self::of(name, on_event, Work::Start(start))
    }

    /// Waits for what a stream brings next.
    pub(crate) fn next_of(stream: Arc<Stream>, on_event: Option<Py<PyAny>>) -> Self {
        Self::of("__anext__", on_event, Work::Next(stream))
    }

    /// Has an outcome already.
    pub(crate) fn ready(name: &'static str, outcome: PyResult<Py<PyAny>>) -> Self {
        Self::of(name, None, Work::Ready(outcome))
    }

    fn of(name: &'static str, on_event: Option<Py<PyAny>>, work: Work) -> Self {
        Self {
            name,
            on_event,
            attempt: Mutex::default(),
            state: Mutex::new(State::New(work)),
        }
    }

    /// Has an exception that ends the call early say what becomes of this attempt.
    pub(crate) fn of_insert(mut self, attempt: InsertAttempt) -> Self {
        self.attempt = Mutex::new(Some(attempt));
        self
    }

    /// Goes on as far as possible: the future to wait for, or `StopIteration` with the outcome.
    ///
    /// Whatever is raised ends the call: the source is dropped.
    fn step(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let state = std::mem::replace(&mut *lock(&self.state), State::Gone);
        let (source, waited) = match state {
            State::New(Work::Ready(outcome)) => return Err(returned(outcome?)),
            State::New(Work::Start(start)) => (Source::Call(start(py)?), false),
            State::New(Work::Next(stream)) => (Source::Stream(stream), true),
            State::Waiting(source, _) => (source, true),
            State::Gone => return Err(reused()),
        };
        let channel = match &source {
            Source::Call(running) => &running.channel,
            Source::Stream(stream) => &stream.open(py)?,
        };
        if waited {
            while let Some(message) = channel.take() {
                self.handle(py, &source, message)?;
            }
        }
        loop {
            let (event_loop, inbox) = loop_waker::current(py)?;
            let future = event_loop.call_method0(intern!(py, "create_future"))?;
            let waiter_id = inbox.get().register(future.clone().unbind());
            if let Some(message) = channel.take_or_wake(inbox.get().waker(), waiter_id) {
                inbox.get().forget(waiter_id);
                self.handle(py, &source, message)?;
                continue;
            }
            // This is how asyncio knows that the future is awaited, not yielded by mistake.
            future.setattr(intern!(py, "_asyncio_future_blocking"), true)?;
            *lock(&self.state) = State::Waiting(source, Some((inbox.unbind(), waiter_id)));
            return Ok(future.unbind());
        }
    }

    fn handle(&self, py: Python<'_>, source: &Source, message: Message) -> PyResult<()> {
        match (message, source) {
            (Message::Event(Event::Log(record)), _) => record.log(py),
            (Message::Event(Event::Report(report)), Source::Call(_)) => self.report(py, report),
            (Message::Event(Event::Report(report)), Source::Stream(stream)) => match report {
                Report::Progress(..) => self.report(py, report).inspect_err(|_| stream.end()),
                item => Err(returned(item.to_python(py)?)),
            },
            (Message::Done(completion), Source::Call(_)) => {
                drop(lock(&self.attempt).take());
                Err(returned(completion(py)?))
            }
            (Message::Done(completion), Source::Stream(stream)) => {
                stream.end();
                completion(py)?;
                Err(PyStopAsyncIteration::new_err(()))
            }
        }
    }

    fn report(&self, py: Python<'_>, report: Report) -> PyResult<()> {
        match &self.on_event {
            Some(callback) => report.call(callback.bind(py)),
            None => Ok(()),
        }
    }

    /// Ends the call without an outcome, for what was raised. What it has done so far is logged all the same.
    fn end(&self, py: Python<'_>, raised: Option<&PyErr>) {
        let state = std::mem::replace(&mut *lock(&self.state), State::Gone);
        if let State::Waiting(source, waiting) = state {
            if let Source::Call(running) = &source {
                while let Some(message) = running.channel.take() {
                    if let Message::Event(Event::Log(record)) = message {
                        record.log_or_report(py);
                    }
                }
                if running.task.is_ours() {
                    self.abandon(py, raised);
                }
            }
            if let Some((inbox, waiter_id)) = waiting {
                drop(inbox.get().forget(waiter_id));
            }
            if let Source::Stream(stream) = source {
                stream.end();
            }
        }
    }

    fn abandon(&self, py: Python<'_>, raised: Option<&PyErr>) {
        let attempt = lock(&self.attempt).take();
        if let Some(attempt) = attempt {
            abandoned_insert::abandon(py, &attempt, raised);
        }
    }
}

fn reused() -> PyErr {
    PyRuntimeError::new_err("cannot reuse already awaited coroutine")
}

/// How a coroutine returns.
fn returned(value: Py<PyAny>) -> PyErr {
    PyStopIteration::new_err((value,))
}

#[pymethods]
impl Call {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if matches!(*lock(&self.state), State::Gone) {
            return Err(reused());
        }
        // Whatever is raised and is not the outcome ends the call early.
        self.step(py)
            .inspect_err(|raised| self.abandon(py, Some(raised)))
    }

    fn send(&self, py: Python<'_>, _value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.__next__(py)
    }

    #[pyo3(signature = (kind, value=None, _traceback=None, /))]
    fn throw(
        &self,
        kind: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let raised = match value {
            Some(value) if value.is_instance_of::<PyBaseException>() => value.clone(),
            Some(value) => kind.call1((value,))?,
            None if kind.is_instance_of::<PyBaseException>() => kind.clone(),
            None => kind.call0()?,
        };
        let raised = PyErr::from_value(raised);
        self.end(kind.py(), Some(&raised));
        Err(raised)
    }

    fn close(&self, py: Python<'_>) {
        self.end(py, None);
    }

    fn __repr__(&self) -> String {
        format!("<netgiro.AsyncClient call {}>", self.name)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.on_event)?;
        if let Ok(state) = self.state.try_lock() {
            match &*state {
                State::New(Work::Ready(Ok(value))) => visit.call(value)?,
                State::Waiting(_, Some((inbox, _))) => visit.call(inbox)?,
                State::Waiting(_, None) | State::New(_) | State::Gone => {}
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let mut state = lock(&self.state);
        if let State::Waiting(Source::Call(_), waiting) = &mut *state {
            // The call itself holds nothing of Python's, and logs its end when it is dropped.
            let waiting = waiting.take();
            drop(state);
            drop(waiting);
        } else {
            let gone = std::mem::replace(&mut *state, State::Gone);
            drop(state);
            drop(gone);
        }
    }
}

impl Drop for Call {
    /// Warns of a forgotten `await`, which does nothing at all, and says what becomes of an InsertCart that is
    /// dropped in flight: both matter with a payment.
    fn drop(&mut self) {
        if self.attempt.get_mut().is_ok_and(|it| it.is_some()) {
            let _ = Python::try_attach(|py| {
                let raised = PyErr::take(py);
                self.end(py, None);
                if let Some(raised) = raised {
                    raised.restore(py);
                }
            });
        }
        let state = self
            .state
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if !matches!(state, State::New(Work::Start(_) | Work::Next(_))) {
            return;
        }
        let Ok(message) = CString::new(format!("AsyncClient.{} was never awaited", self.name))
        else {
            return;
        };
        let _ = Python::try_attach(|py| {
            let raised = PyErr::take(py);
            let category = py.get_type::<PyRuntimeWarning>();
            if let Err(error) = PyErr::warn(py, &category, &message, 1) {
                error.write_unraisable(py, None);
            }
            if let Some(raised) = raised {
                raised.restore(py);
            }
        });
    }
}
