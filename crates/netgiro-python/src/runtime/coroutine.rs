//! What the methods of `AsyncClient` return: a coroutine without a Python frame.

use std::ffi::CString;
use std::sync::Mutex;

use netgiro::InsertAttempt;
use pyo3::exceptions::{
    PyBaseException, PyRuntimeError, PyRuntimeWarning, PyStopAsyncIteration, PyStopIteration,
};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::runtime::abandoned_insert;
use crate::runtime::call_state::{Message, RunningCall, Start};
use crate::runtime::event::Event;
use crate::runtime::iterators::AsyncStream;
use crate::runtime::lock;
use crate::runtime::loop_waker::{self, LoopInbox};
use crate::values::ToPython;

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
    Next(Py<AsyncStream>),
    Ready(PyResult<Py<PyAny>>),
}

enum Source {
    Call(RunningCall),
    Stream(Py<AsyncStream>),
}

impl Call {
    /// A call of its own.
    pub(crate) fn new(name: &'static str, on_event: Option<Py<PyAny>>, start: Start) -> Self {
        Self::of(name, on_event, Work::Start(start))
    }

    /// Waits for what a stream brings next.
    pub(crate) fn next_of(stream: Py<AsyncStream>, on_event: Option<Py<PyAny>>) -> Self {
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

    /// Has what breaks the call off say what becomes of this attempt.
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
            Source::Stream(stream) => &stream.get().stream.open(py)?,
        };
        if waited {
            while let Some(item) = channel.take() {
                self.handle(py, &source, item)?;
            }
        }
        loop {
            let (event_loop, inbox) = loop_waker::current(py)?;
            let future = event_loop.call_method0(intern!(py, "create_future"))?;
            let waiter_id = inbox.get().keep(future.clone().unbind());
            if let Some(item) = channel.take_or_wake(inbox.get().waker(), waiter_id) {
                inbox.get().forget(waiter_id);
                self.handle(py, &source, item)?;
                continue;
            }
            // This is how asyncio knows that the future is awaited, not yielded by mistake.
            future.setattr(intern!(py, "_asyncio_future_blocking"), true)?;
            *lock(&self.state) = State::Waiting(source, Some((inbox.unbind(), waiter_id)));
            return Ok(future.unbind());
        }
    }

    fn handle(&self, py: Python<'_>, source: &Source, item: Message) -> PyResult<()> {
        match (item, source) {
            (Message::Event(Event::Log(told)), _) => told.log(py),
            (Message::Event(event), Source::Call(_)) => self.tell(py, event),
            (Message::Event(event @ Event::Progress(..)), Source::Stream(stream)) => self
                .tell(py, event)
                .inspect_err(|_| stream.get().stream.end()),
            (Message::Event(event), Source::Stream(_)) => Err(returned(event.to_python(py)?)),
            (Message::Done(deliver), Source::Call(_)) => {
                drop(lock(&self.attempt).take());
                Err(returned(deliver(py)?))
            }
            (Message::Done(deliver), Source::Stream(stream)) => {
                stream.get().stream.end();
                deliver(py)?;
                Err(PyStopAsyncIteration::new_err(()))
            }
        }
    }

    fn tell(&self, py: Python<'_>, event: Event) -> PyResult<()> {
        match &self.on_event {
            Some(callback) => event.tell(callback.bind(py)),
            None => Ok(()),
        }
    }

    /// Ends the call without an outcome, for what was raised. What it has done so far is told all the same.
    fn end(&self, py: Python<'_>, raised: Option<&PyErr>) {
        let state = std::mem::replace(&mut *lock(&self.state), State::Gone);
        if let State::Waiting(source, waiting) = state {
            if let Source::Call(running) = &source {
                while let Some(item) = running.channel.take() {
                    if let Message::Event(Event::Log(told)) = item {
                        told.log_or_report(py);
                    }
                }
                if running.ending.is_ours() {
                    self.give_up(py, raised);
                }
            }
            if let Some((inbox, waiter_id)) = waiting {
                drop(inbox.get().forget(waiter_id));
            }
            if let Source::Stream(stream) = source {
                stream.get().stream.end();
            }
        }
    }
}

impl Call {
    fn give_up(&self, py: Python<'_>, raised: Option<&PyErr>) {
        let attempt = lock(&self.attempt).take();
        if let Some(attempt) = attempt {
            abandoned_insert::give_up(py, &attempt, raised);
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
        // Whatever is raised otherwise than as the outcome breaks the call off.
        self.step(py)
            .inspect_err(|raised| self.give_up(py, Some(raised)))
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
                State::New(Work::Next(stream)) => visit.call(stream)?,
                State::New(Work::Ready(Ok(value))) => visit.call(value)?,
                State::Waiting(source, waiting) => {
                    if let Source::Stream(stream) = source {
                        visit.call(stream)?;
                    }
                    if let Some((inbox, _)) = waiting {
                        visit.call(inbox)?;
                    }
                }
                State::New(_) | State::Gone => {}
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let mut state = lock(&self.state);
        if let State::Waiting(Source::Call(_), waiting) = &mut *state {
            // The call itself holds nothing of Python's, and tells of its end when it is dropped.
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
    /// A forgotten `await` does nothing at all, and with a payment somebody should be told. So they should of a call
    /// that is forgotten while it is under way.
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
