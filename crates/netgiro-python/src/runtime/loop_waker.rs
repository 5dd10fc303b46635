//! How the background thread wakes an event loop when calls have brought something.
//!
//! Each event loop has one inbox. The background thread notes which waiters are due and, if the
//! loop does not know yet, writes one byte into a pipe that the loop watches, once it has run all that
//! is ready; the loop's thread then wakes all that are due at once. Where a loop cannot watch a pipe
//! (Windows' proactor), a thread of its own calls the loop instead.

use std::collections::HashMap;
#[cfg(unix)]
use std::io::{PipeReader, PipeWriter, Read, Write};
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::{PyNotImplementedError, PyOSError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};
use tokio::runtime::Handle;

use crate::process::{Process, ProcessBound, lock};

/// The background thread's side of an inbox.
pub(crate) struct LoopWaker {
    queue: Mutex<Queue>,
    wake: Wake,
}

#[derive(Default)]
struct Queue {
    due: Vec<u64>,
    /// The loop has been woken or is about to be, and has not emptied the queue yet.
    is_woken: bool,
}

enum Wake {
    #[cfg(unix)]
    Pipe(PipeWriter),
    Thread(Sender<Arc<LoopWaker>>, LoopRef),
}

/// What the calling thread needs to find the loop by.
struct LoopRef {
    event_loop: Py<PyWeakrefReference>,
    inbox: PyOnceLock<Py<PyWeakrefReference>>,
}

impl LoopWaker {
    fn new(wake: Wake) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            wake,
        })
    }

    /// Notes that a waiter is due, and wakes the loop.
    pub(crate) fn wake(self: &Arc<Self>, waiter_id: u64) {
        let mut queue = lock(&self.queue);
        queue.due.push(waiter_id);
        let is_woken = std::mem::replace(&mut queue.is_woken, true);
        drop(queue);
        if is_woken {
            return;
        }
        match Handle::try_current() {
            // A task takes its turn after all those that are ready now: the waiters of those are due as well when the
            // loop empties the queue.
            Ok(background) => {
                let waker = Arc::clone(self);
                background.spawn(async move { waker.signal() });
            }
            Err(_) => self.signal(),
        }
    }

    fn signal(self: &Arc<Self>) {
        match &self.wake {
            #[cfg(unix)]
            Wake::Pipe(pipe) => {
                // At most one byte is in flight. It fails only when the loop is gone, and with it
                // those who wait.
                let mut pipe = pipe;
                let _ = pipe.write(&[1]);
            }
            Wake::Thread(thread, _) => {
                let _ = thread.send(Arc::clone(self));
            }
        }
    }
}

/// The event loop's side: called by the loop when waiters are due.
#[pyclass(frozen, weakref, module = "netgiro._netgiro")]
pub(crate) struct LoopInbox {
    waker: Arc<LoopWaker>,
    #[cfg(unix)]
    pipe: Option<PipeReader>,
    waiting: Mutex<HashMap<u64, Py<PyAny>>>,
    last: AtomicU64,
}

#[pymethods]
impl LoopInbox {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        #[cfg(unix)]
        if let Some(mut pipe) = self.pipe.as_ref() {
            let mut byte = [0];
            let _ = pipe.read(&mut byte);
        }
        let due = {
            let mut queue = lock(&self.waker.queue);
            queue.is_woken = false;
            std::mem::take(&mut queue.due)
        };
        for waiter_id in due {
            if let Some(future) = self.forget(waiter_id) {
                let future = future.bind(py);
                // Done already: it has been cancelled, and whoever awaited it gets the CancelledError.
                if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
                    future.call_method1(intern!(py, "set_result"), (py.None(),))?;
                }
            }
        }
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(waiting) = self.waiting.try_lock() {
            for future in waiting.values() {
                visit.call(future)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        drop(waiting);
    }
}

impl LoopInbox {
    pub(crate) fn waker(&self) -> &Arc<LoopWaker> {
        &self.waker
    }

    /// Keeps a future until its waiter is due.
    pub(crate) fn register(&self, future: Py<PyAny>) -> u64 {
        let waiter_id = self.last.fetch_add(1, Ordering::Relaxed);
        lock(&self.waiting).insert(waiter_id, future);
        waiter_id
    }

    pub(crate) fn forget(&self, waiter_id: u64) -> Option<Py<PyAny>> {
        lock(&self.waiting).remove(&waiter_id)
    }
}

/// An inbox that has been made, by the address of its loop. Neither is kept alive by it: the loop
/// holds its inbox, and calls in flight do.
struct KnownInbox {
    address: usize,
    process: Process,
    event_loop: Py<PyWeakrefReference>,
    inbox: Py<PyWeakrefReference>,
}

static KNOWN: Mutex<Vec<KnownInbox>> = Mutex::new(Vec::new());

/// The running event loop and its inbox.
pub(crate) fn current(py: Python<'_>) -> PyResult<(Bound<'_, PyAny>, Bound<'_, LoopInbox>)> {
    static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let event_loop = RUNNING_LOOP
        .import(py, "asyncio", "get_running_loop")?
        .call0()?;
    let address = event_loop.as_ptr().addr();
    let process = Process::current();
    // Nothing of Python's is dropped under the lock: that could run code which comes here again.
    let known = lock(&KNOWN)
        .iter()
        .find(|known| known.address == address && known.process == process)
        .map(|known| (known.event_loop.clone_ref(py), known.inbox.clone_ref(py)));
    if let Some((same_loop, inbox)) = known
        && same_loop
            .bind(py)
            .upgrade()
            .is_some_and(|same| same.is(&event_loop))
        && let Some(inbox) = inbox.bind(py).upgrade()
    {
        return Ok((event_loop, inbox.cast_into()?));
    }
    let inbox = watched(&event_loop)?;
    let new = KnownInbox {
        address,
        process,
        event_loop: PyWeakrefReference::new(&event_loop)?.unbind(),
        inbox: PyWeakrefReference::new(&inbox)?.unbind(),
    };
    let all = std::mem::take(&mut *lock(&KNOWN));
    let (alive, gone): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|known| known.address != address && known.inbox.bind(py).upgrade().is_some());
    {
        let mut known = lock(&KNOWN);
        known.extend(alive);
        known.push(new);
    }
    drop(gone);
    Ok((event_loop, inbox))
}

/// A new inbox that the loop watches.
fn watched<'py>(event_loop: &Bound<'py, PyAny>) -> PyResult<Bound<'py, LoopInbox>> {
    let py = event_loop.py();
    #[cfg(unix)]
    {
        let (reader, writer) = std::io::pipe()
            .map_err(|error| PyOSError::new_err(format!("no pipe could be made: {error}")))?;
        let descriptor = reader.as_raw_fd();
        let inbox = Bound::new(
            py,
            LoopInbox {
                waker: LoopWaker::new(Wake::Pipe(writer)),
                pipe: Some(reader),
                waiting: Mutex::default(),
                last: AtomicU64::new(0),
            },
        )?;
        match event_loop.call_method1(intern!(py, "add_reader"), (descriptor, &inbox)) {
            Ok(_) => return Ok(inbox),
            Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {}
            Err(error) => return Err(error),
        }
    }
    let loop_ref = LoopRef {
        event_loop: PyWeakrefReference::new(event_loop)?.unbind(),
        inbox: PyOnceLock::new(),
    };
    let waker = LoopWaker::new(Wake::Thread(caller()?, loop_ref));
    let inbox = Bound::new(
        py,
        LoopInbox {
            waker: Arc::clone(&waker),
            #[cfg(unix)]
            pipe: None,
            waiting: Mutex::default(),
            last: AtomicU64::new(0),
        },
    )?;
    if let Wake::Thread(_, loop_ref) = &waker.wake {
        let _ = loop_ref
            .inbox
            .set(py, PyWeakrefReference::new(&inbox)?.unbind());
    }
    Ok(inbox)
}

static CALLER: Mutex<Option<ProcessBound<Sender<Arc<LoopWaker>>>>> = Mutex::new(None);

/// The thread that calls loops which cannot watch a pipe; started when there is such a loop.
fn caller() -> PyResult<Sender<Arc<LoopWaker>>> {
    let process = Process::current();
    let mut channel = lock(&CALLER);
    if let Some(sender) = channel.as_ref().and_then(|bound| bound.get(process)) {
        return Ok(sender.clone());
    }
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("netgiro-caller".to_owned())
        .spawn(move || call_loops(&receiver))
        .map_err(|error| PyOSError::new_err(format!("no thread could be started: {error}")))?;
    *channel = Some(ProcessBound::new(process, sender.clone()));
    Ok(sender)
}

fn call_loops(wakers: &Receiver<Arc<LoopWaker>>) {
    while let Ok(waker) = wakers.recv() {
        // Detached only when the interpreter is going away: then nobody waits any more.
        let _ = Python::try_attach(|py| {
            let Wake::Thread(_, loop_ref) = &waker.wake else {
                return;
            };
            let event_loop = loop_ref.event_loop.bind(py).upgrade();
            let inbox = loop_ref
                .inbox
                .get(py)
                .and_then(|inbox| inbox.bind(py).upgrade());
            if let (Some(event_loop), Some(inbox)) = (event_loop, inbox) {
                // Fails when the loop has been closed.
                let _ = event_loop.call_method1(intern!(py, "call_soon_threadsafe"), (inbox,));
            }
        });
    }
}
