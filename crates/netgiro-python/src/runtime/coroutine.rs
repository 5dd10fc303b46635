//! What the methods of `AsyncClient` await: a coroutine without a Python frame.

use std::ffi::CString;
use std::sync::{Arc, Mutex};

use pyo3::exceptions::{
    PyBaseException, PyRuntimeError, PyRuntimeWarning, PyStopAsyncIteration, PyStopIteration,
};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;

use crate::convert::function::awaitable;
use crate::process::lock;
use crate::runtime::abandoned_call::{self, Attempt};
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
    /// Of a call that may take effect, until its outcome is handed over.
    attempt: Mutex<Option<Attempt>>,
    state: Mutex<State>,
}

enum State {
    /// Not awaited yet.
    New(Work),
    /// Awaited, under its waiter id.
    Waiting(Source, Option<(Py<LoopInbox>, u64)>),
    /// Awaits what the caller's function has returned, by its iterator.
    Delegating(Source, Py<PyAny>),
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

/// What becomes of an iterator that is awaited.
enum Delegated {
    /// It waits for this.
    Yielded(Py<PyAny>),
    Returned,
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
    pub(crate) fn of_attempt(mut self, attempt: Attempt) -> Self {
        self.attempt = Mutex::new(Some(attempt));
        self
    }

    /// Goes on as far as possible: the future to wait for, or `StopIteration` with the outcome.
    ///
    /// Whatever is raised ends the call: the source is dropped.
    fn step(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let state = std::mem::replace(&mut *lock(&self.state), State::Gone);
        match state {
            State::New(Work::Ready(outcome)) => Err(returned(outcome?)),
            State::New(Work::Start(start)) => self.go_on(py, Source::Call(start(py)?)),
            State::New(Work::Next(stream)) => self.go_on(py, Source::Stream(stream)),
            State::Waiting(source, _) => self.go_on(py, source),
            State::Delegating(source, awaited) => {
                let delegated =
                    delegated(py, awaited.bind(py).call_method0(intern!(py, "__next__")));
                self.after(py, source, awaited, delegated)
            }
            State::Gone => Err(reused()),
        }
    }

    fn go_on(&self, py: Python<'_>, source: Source) -> PyResult<Py<PyAny>> {
        let channel = match &source {
            Source::Call(running) => Arc::clone(&running.channel),
            Source::Stream(stream) => stream.open(py)?,
        };
        loop {
            let mut message = channel.take();
            if message.is_none() {
                let (event_loop, inbox) = loop_waker::current(py)?;
                let future = event_loop.call_method0(intern!(py, "create_future"))?;
                let waiter_id = inbox.get().register(future.clone().unbind());
                message = channel.take_or_wake(inbox.get().waker(), waiter_id);
                if message.is_none() {
                    // This is how asyncio knows that the future is awaited, not yielded by mistake.
                    future.setattr(intern!(py, "_asyncio_future_blocking"), true)?;
                    *lock(&self.state) = State::Waiting(source, Some((inbox.unbind(), waiter_id)));
                    return Ok(future.unbind());
                }
                inbox.get().forget(waiter_id);
            }
            if let Some(message) = message
                && let Some(awaited) = self.handle(py, &source, message)?
            {
                let delegated =
                    delegated(py, awaited.bind(py).call_method0(intern!(py, "__next__")));
                return self.after(py, source, awaited, delegated);
            }
        }
    }

    /// Goes on after a step of what the caller's function has returned; what that raises ends the call.
    fn after(
        &self,
        py: Python<'_>,
        source: Source,
        awaited: Py<PyAny>,
        delegated: PyResult<Delegated>,
    ) -> PyResult<Py<PyAny>> {
        match delegated {
            Ok(Delegated::Yielded(future)) => {
                *lock(&self.state) = State::Delegating(source, awaited);
                Ok(future)
            }
            Ok(Delegated::Returned) => self.go_on(py, source),
            Err(raised) => {
                if let Source::Stream(stream) = &source {
                    stream.end();
                }
                Err(raised)
            }
        }
    }

    /// Hands a message on; gives the iterator of what the caller's function returned, where that is to be awaited.
    fn handle(
        &self,
        py: Python<'_>,
        source: &Source,
        message: Message,
    ) -> PyResult<Option<Py<PyAny>>> {
        match (message, source) {
            (Message::Event(Event::Log(record)), _) => record.log(py).map(|()| None),
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

    fn report(&self, py: Python<'_>, report: Report) -> PyResult<Option<Py<PyAny>>> {
        match &self.on_event {
            Some(callback) => {
                let returned = report.call(callback.bind(py))?;
                Ok(awaitable(&returned)?.map(Bound::unbind))
            }
            None => Ok(None),
        }
    }

    /// Ends the call without an outcome, for what was raised. What it has done so far is logged all the same.
    fn end(&self, py: Python<'_>, raised: Option<&PyErr>) {
        let state = std::mem::replace(&mut *lock(&self.state), State::Gone);
        let waited = match state {
            State::Waiting(source, waiting) => Some((source, waiting)),
            State::Delegating(source, _) => Some((source, None)),
            State::New(_) | State::Gone => None,
        };
        if let Some((source, waiting)) = waited {
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
            abandoned_call::abandon(py, &attempt, raised);
        }
    }
}

/// What a step of an iterator brought.
fn delegated(py: Python<'_>, stepped: PyResult<Bound<'_, PyAny>>) -> PyResult<Delegated> {
    match stepped {
        Ok(future) => Ok(Delegated::Yielded(future.unbind())),
        Err(raised) if raised.is_instance_of::<PyStopIteration>(py) => Ok(Delegated::Returned),
        Err(raised) => Err(raised),
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
        let py = kind.py();
        let state = std::mem::replace(&mut *lock(&self.state), State::Gone);
        if let State::Delegating(source, awaited) = state {
            // What awaits is told first, as in a coroutine; it may go on all the same.
            let thrown = awaited.bind(py).getattr_opt(intern!(py, "throw"))?;
            let delegated = match thrown {
                Some(throw) => delegated(py, throw.call1((raised,))),
                None => Err(PyErr::from_value(raised)),
            };
            return self.after(py, source, awaited, delegated);
        }
        *lock(&self.state) = state;
        let raised = PyErr::from_value(raised);
        self.end(py, Some(&raised));
        Err(raised)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let awaited = match &*lock(&self.state) {
            State::Delegating(_, awaited) => Some(awaited.clone_ref(py)),
            _ => None,
        };
        self.end(py, None);
        if let Some(awaited) = awaited
            && let Some(close) = awaited.bind(py).getattr_opt(intern!(py, "close"))?
        {
            close.call0()?;
        }
        Ok(())
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
                State::Delegating(_, awaited) => visit.call(awaited)?,
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
