//! Where the background thread puts what a call brings, for the thread that waits for it.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, Abortable};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::errors;
use crate::panics;
use crate::process::{Process, ProcessBound, lock};
use crate::runtime::background::spawn;
use crate::runtime::blocking::Connections;
use crate::runtime::event::{Event, Listener, Reporter};
use crate::runtime::logging::{EnabledLevels, with_log_sink};
use crate::runtime::loop_waker::LoopWaker;
use crate::to_python::ToPython;

/// Turns what a call brought into Python's terms, on a thread of Python's.
pub(crate) type Completion = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// One thing that a call brought.
pub(crate) enum Message {
    /// Something before the outcome; more will follow.
    Event(Event),
    /// The outcome; nothing follows.
    Done(Completion),
}

/// What a call has brought so far, and who is to be woken when there is more.
#[derive(Default)]
pub(crate) struct CallChannel {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    messages: VecDeque<Message>,
    waiters: Vec<(Arc<LoopWaker>, u64)>,
    /// Threads that are blocked here. To notify nobody would be a system call for each call of an event loop.
    blocked: usize,
}

impl CallChannel {
    /// Adds a message and wakes who waits. Called on the background thread: touches nothing of
    /// Python's.
    pub(crate) fn put(&self, message: Message) {
        let mut inner = lock(&self.inner);
        inner.messages.push_back(message);
        let waiters = std::mem::take(&mut inner.waiters);
        let is_awaited = inner.blocked > 0;
        drop(inner);
        if is_awaited {
            self.changed.notify_all();
        }
        for (waker, waiter_id) in waiters {
            waker.wake(waiter_id);
        }
    }

    /// Takes a message, if there is one.
    pub(crate) fn take(&self) -> Option<Message> {
        lock(&self.inner).messages.pop_front()
    }

    /// Takes a message, or else has the waiter woken when there is one.
    pub(crate) fn take_or_wake(&self, waker: &Arc<LoopWaker>, waiter_id: u64) -> Option<Message> {
        let mut inner = lock(&self.inner);
        let message = inner.messages.pop_front();
        if message.is_none() {
            inner.waiters.push((Arc::clone(waker), waiter_id));
        }
        message
    }

    /// Takes a message, and waits for one at most so long. Not to be called while attached.
    pub(crate) fn wait(&self, at_most: Duration) -> Option<Message> {
        let mut inner = lock(&self.inner);
        if inner.messages.is_empty() {
            inner.blocked += 1;
            inner = self
                .changed
                .wait_timeout(inner, at_most)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            inner.blocked -= 1;
        }
        inner.messages.pop_front()
    }
}

/// Ends a task of the background thread when dropped.
pub(crate) struct AbortOnDrop(Option<ProcessBound<AbortHandle>>);

impl AbortOnDrop {
    pub(crate) fn new(process: Process, handle: AbortHandle) -> Self {
        Self(Some(ProcessBound::new(process, handle)))
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.0.as_ref().is_some_and(ProcessBound::is_ours)
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take().and_then(ProcessBound::into_inner) {
            handle.abort();
        }
    }
}

/// A call on the background thread.
pub(crate) struct RunningCall {
    pub(crate) channel: Arc<CallChannel>,
    /// Ends the call when dropped.
    pub(crate) task: AbortOnDrop,
}

/// Starts a call, once it is awaited or iterated.
pub(crate) type Start = Box<dyn FnOnce(Python<'_>) -> PyResult<RunningCall> + Send>;

/// Prepares a call on the background thread.
pub(crate) fn prepare<T, F>(
    connections: &Arc<Connections>,
    job: impl FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
) -> Start
where
    F: Future<Output = Result<T, netgiro::Error>> + Send + 'static,
    T: ToPython + Send + 'static,
{
    let connections = Arc::clone(connections);
    Box::new(move |py| {
        let process = Process::current();
        let client = connections.in_background(py, process)?;
        let levels = EnabledLevels::now(py)?;
        let channel = Arc::new(CallChannel::default());
        let events = Arc::clone(&channel);
        let listener: Listener = Arc::new(move |event| events.put(Message::Event(event)));
        let mut outcome = Outcome(Some(Arc::clone(&channel)));
        let (handle, registration) = AbortHandle::new_pair();
        spawn(py, process, move || {
            let call = async move {
                // Boxed, since each future around it would reserve its kilobytes twice, and move them.
                let call = Box::pin(job(client, Reporter::to(Some(listener.clone()))));
                with_log_sink(levels, || Some(listener), call).await
            };
            let task = async move {
                let result = AssertUnwindSafe(call).catch_unwind().await;
                outcome.put(Box::new(move |py| match result {
                    Ok(Ok(value)) => value.to_python(py),
                    Ok(Err(error)) => Err(errors::to_py(py, &error)),
                    Err(_) => Err(panics::raised()),
                }));
            };
            // Aborted: nobody waits for it any more.
            Abortable::new(task, registration).map(drop)
        })?;
        Ok(RunningCall {
            channel,
            task: AbortOnDrop::new(process, handle),
        })
    })
}

/// Makes sure that a call ends with an outcome, even if the task it is in goes away.
struct Outcome(Option<Arc<CallChannel>>);

impl Outcome {
    fn put(&mut self, completion: Completion) {
        if let Some(channel) = self.0.take() {
            channel.put(Message::Done(completion));
        }
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        self.put(Box::new(|_| {
            Err(PyRuntimeError::new_err("the call ended without an outcome"))
        }));
    }
}
