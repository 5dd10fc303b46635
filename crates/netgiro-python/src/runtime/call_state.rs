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
use crate::runtime::event::{Event, Listener, Reporter};
use crate::runtime::logging::{Wanted, heard};
use crate::runtime::loop_waker::Bell;
use crate::runtime::panics;
use crate::runtime::{Connections, Ending, lock, spawn};
use crate::values::Present;

/// Turns what a call brought into Python's terms, on a thread of Python's.
pub(crate) type Deliver = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// One thing that a call brought.
pub(crate) enum Item {
    /// A report; more will follow.
    Event(Event),
    /// The outcome; nothing follows.
    Done(Deliver),
}

/// What a call has brought so far, and who is to be woken when there is more.
#[derive(Default)]
pub(crate) struct Slot {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    waiters: Vec<(Arc<Bell>, u64)>,
    /// Threads that are blocked here. To notify nobody would be a system call for each call of an event loop.
    blocked: usize,
}

impl Slot {
    /// Puts an item in and wakes who waits. Called on the background thread: touches nothing of
    /// Python's.
    pub(crate) fn put(&self, item: Item) {
        let mut inner = lock(&self.inner);
        inner.items.push_back(item);
        let waiters = std::mem::take(&mut inner.waiters);
        let is_awaited = inner.blocked > 0;
        drop(inner);
        if is_awaited {
            self.changed.notify_all();
        }
        for (bell, ticket) in waiters {
            bell.ring(ticket);
        }
    }

    /// Takes an item, if there is one.
    pub(crate) fn take(&self) -> Option<Item> {
        lock(&self.inner).items.pop_front()
    }

    /// Takes an item, or else has the bell rung for the ticket when there is one.
    pub(crate) fn take_or_ring(&self, bell: &Arc<Bell>, ticket: u64) -> Option<Item> {
        let mut inner = lock(&self.inner);
        let item = inner.items.pop_front();
        if item.is_none() {
            inner.waiters.push((Arc::clone(bell), ticket));
        }
        item
    }

    /// Takes an item, waiting for one at most so long. Not to be called while attached.
    pub(crate) fn wait(&self, at_most: Duration) -> Option<Item> {
        let mut inner = lock(&self.inner);
        if inner.items.is_empty() {
            inner.blocked += 1;
            inner = self
                .changed
                .wait_timeout(inner, at_most)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            inner.blocked -= 1;
        }
        inner.items.pop_front()
    }
}

/// A call on the background thread.
pub(crate) struct Running {
    pub(crate) slot: Arc<Slot>,
    /// Ends the call when dropped.
    pub(crate) ending: Ending,
}

/// Starts a call, once it is awaited or iterated.
pub(crate) type Start = Box<dyn FnOnce(Python<'_>) -> PyResult<Running> + Send>;

/// Prepares a call on the background thread.
pub(crate) fn prepare<T, F>(
    connections: &Arc<Connections>,
    job: impl FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
) -> Start
where
    F: Future<Output = Result<T, netgiro::Error>> + Send + 'static,
    T: Present + Send + 'static,
{
    let connections = Arc::clone(connections);
    Box::new(move |py| {
        let client = connections.in_background(py)?;
        let wanted = Wanted::now(py)?;
        let slot = Arc::new(Slot::default());
        let listener = Listener::Slot(Arc::clone(&slot));
        let call = job(client, Reporter::to(Some(listener.clone())));
        let mut outcome = Outcome(Some(Arc::clone(&slot)));
        let (handle, registration) = AbortHandle::new_pair();
        let task = Abortable::new(
            async move {
                let call = heard(wanted, || Some(listener), call);
                let result = AssertUnwindSafe(call).catch_unwind().await;
                outcome.put(Box::new(move |py| match result {
                    Ok(Ok(value)) => value.present(py),
                    Ok(Err(error)) => Err(errors::to_py(py, &error)),
                    Err(_) => Err(panics::raised()),
                }));
            },
            registration,
        );
        spawn(
            py,
            Box::pin(async move {
                // Aborted: nobody waits for it any more.
                let _ = task.await;
            }),
        )?;
        Ok(Running {
            slot,
            ending: Ending::new(handle),
        })
    })
}

/// Makes sure that a call ends with an outcome, even if the task it is in goes away.
struct Outcome(Option<Arc<Slot>>);

impl Outcome {
    fn put(&mut self, deliver: Deliver) {
        if let Some(slot) = self.0.take() {
            slot.put(Item::Done(deliver));
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
