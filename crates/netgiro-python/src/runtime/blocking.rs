//! Where calls run: on the caller's thread, or on the one background thread of the process.
//!
//! Everything here belongs to one process. After a fork the child makes its own and leaks the
//! parent's: to drop it would be to talk on the parent's sockets.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::AbortHandle;
use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, Sleep, sleep};

use crate::bulk::{PartialResults, Unfinished};
use crate::errors;
use crate::panics;
use crate::runtime::event::{Event, Listener, Reporter};
use crate::runtime::logging::{EnabledLevels, with_log_sink};

/// How often a blocked call looks whether a signal has come, such as Ctrl-C.
pub(crate) const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// Locks; what a panic left behind is still sound, since no guard here spans a call that can panic.
///
/// Only threads that are attached to the interpreter lock what is shared between threads of Python,
/// so that no lock is held while the process forks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that only the process that made it may use or drop.
pub(crate) struct ProcessBound<T> {
    process: u32,
    value: Option<T>,
}

impl<T> ProcessBound<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            process: std::process::id(),
            value: Some(value),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// The value, in the process that made it.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_ours())
    }

    pub(crate) fn into_inner(mut self) -> Option<T> {
        if self.is_ours() {
            self.value.take()
        } else {
            None
        }
    }
}

impl<T> Drop for ProcessBound<T> {
    fn drop(&mut self) {
        if !self.is_ours() {
            std::mem::forget(self.value.take());
        }
    }
}

/// Ends a task of the background thread when dropped.
pub(crate) struct AbortOnDrop(ProcessBound<AbortHandle>);

impl AbortOnDrop {
    pub(crate) fn new(handle: AbortHandle) -> Self {
        Self(ProcessBound::new(handle))
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.0.is_ours()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = self.0.get() {
            handle.abort();
        }
    }
}

/// A runtime for one blocking call at a time, with connections of its own.
struct CallerRuntime {
    client: netgiro::Client,
    runtime: Option<Runtime>,
    /// When to look for signals again. One for all calls: to set a timer for each would cost each two system calls.
    look: Pin<Box<Sleep>>,
}

impl CallerRuntime {
    fn new(client: netgiro::Client) -> PyResult<Self> {
        let runtime = current_thread()?;
        let look = {
            let _within = runtime.enter();
            Box::pin(sleep(SIGNAL_INTERVAL))
        };
        Ok(Self {
            client,
            runtime: Some(runtime),
            look,
        })
    }
}

impl Drop for CallerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Without waiting for a look-up of a name that may still be under way.
            runtime.shutdown_background();
        }
    }
}

fn current_thread() -> PyResult<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .thread_name("netgiro-resolve")
        .build()
        .map_err(|error| PyOSError::new_err(format!("no event loop could be made: {error}")))
}

/// The connections of one client object, of each process that uses it.
pub(crate) struct Connections {
    core: netgiro::Client,
    lanes: Mutex<Vec<ProcessBound<CallerRuntime>>>,
    background: Mutex<Option<ProcessBound<netgiro::Client>>>,
    /// What is kept of the last bulk check.
    pub(crate) unfinished: Unfinished,
    closed: AtomicBool,
}

impl Connections {
    pub(crate) fn new(core: netgiro::Client) -> Self {
        Self {
            core,
            lanes: Mutex::default(),
            background: Mutex::default(),
            unfinished: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn core(&self) -> &netgiro::Client {
        &self.core
    }

    /// Keeps the results of a bulk check that begins, in the place of those of the last.
    pub(crate) fn store_partial(&self, results: &Arc<PartialResults>) {
        let last = lock(&self.unfinished).replace(ProcessBound::new(Arc::clone(results)));
        drop(last);
    }

    /// Closes what is idle; what is under way ends by itself.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        drop(std::mem::take(&mut *lock(&self.lanes)));
        drop(lock(&self.background).take());
    }

    fn refuse_if_closed(&self, py: Python<'_>) -> PyResult<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(errors::closed(py));
        }
        Ok(())
    }

    /// The core client for the background thread.
    pub(crate) fn in_background(&self, py: Python<'_>) -> PyResult<netgiro::Client> {
        self.refuse_if_closed(py)?;
        let mut channel = lock(&self.background);
        if let Some(client) = channel.as_ref().and_then(ProcessBound::get) {
            return Ok(client.clone());
        }
        let client = self.core.with_own_connections();
        *channel = Some(ProcessBound::new(client.clone()));
        Ok(client)
    }

    fn lane(&self, py: Python<'_>) -> PyResult<CallerRuntime> {
        self.refuse_if_closed(py)?;
        let mut lanes = lock(&self.lanes);
        while let Some(lane) = lanes.pop() {
            if let Some(lane) = lane.into_inner() {
                return Ok(lane);
            }
        }
        drop(lanes);
        CallerRuntime::new(self.core.with_own_connections())
    }

    fn release(&self, lane: CallerRuntime) {
        if !self.closed.load(Ordering::Acquire) {
            lock(&self.lanes).push(ProcessBound::new(lane));
        }
    }

    /// Runs a call on this thread until it is done, a signal handler raises, or `on_event` does.
    pub(crate) fn block_on<T, F>(
        &self,
        py: Python<'_>,
        on_event: Option<&Py<PyAny>>,
        job: impl FnOnce(netgiro::Client, Reporter) -> F + Send,
    ) -> PyResult<Result<T, netgiro::Error>>
    where
        F: Future<Output = Result<T, netgiro::Error>> + Send,
        T: Send,
    {
        let mut lane = self.lane(py)?;
        let wanted = EnabledLevels::now(py)?;
        let (lane, outcome) = py.detach(move || {
            let outcome = panics::caught(|| drive(&mut lane, on_event, wanted, job));
            (lane, outcome)
        });
        if outcome.is_ok() {
            self.release(lane);
        }
        outcome
    }
}

enum Step<T> {
    Done(T),
    Event(Event),
    LookForSignals,
}

/// Python code runs between two `block_on`s, never within one: it may make calls of its own.
fn drive<T, F>(
    lane: &mut CallerRuntime,
    on_event: Option<&Py<PyAny>>,
    wanted: Option<EnabledLevels>,
    job: impl FnOnce(netgiro::Client, Reporter) -> F,
) -> PyResult<Result<T, netgiro::Error>>
where
    F: Future<Output = Result<T, netgiro::Error>>,
{
    let Some(runtime) = &lane.runtime else {
        return Err(PyRuntimeError::new_err("the event loop is gone"));
    };
    let (listener, mut events) = if on_event.is_some() || wanted.is_some() {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Some(Listener::Channel(sender)), Some(receiver))
    } else {
        (None, None)
    };
    let reporter = Reporter::to(on_event.and(listener.clone()));
    let call = job(lane.client.clone(), reporter);
    // In a box from here on: a call is some kilobytes, which would be moved about, and this would be compiled for each.
    let call = Box::pin(with_log_sink(wanted, || listener, call));
    until_done(runtime, &mut lane.look, on_event, events.as_mut(), call).inspect_err(|_| {
        // What a call has told on its way out, as an InsertCart does, is told all the same.
        while let Some(event) = events.as_mut().and_then(|events| events.try_recv().ok()) {
            if let Event::Log(told) = event {
                Python::attach(|py| told.log_or_report(py));
            }
        }
    })
}

fn until_done<T>(
    runtime: &Runtime,
    look: &mut Pin<Box<Sleep>>,
    on_event: Option<&Py<PyAny>>,
    mut events: Option<&mut UnboundedReceiver<Event>>,
    mut call: Pin<Box<dyn Future<Output = Result<T, netgiro::Error>> + '_>>,
) -> PyResult<Result<T, netgiro::Error>> {
    loop {
        let step = runtime.block_on(async {
            let step = tokio::select! {
                biased;
                event = next(events.as_deref_mut()) => Step::Event(event),
                outcome = &mut call => Step::Done(outcome),
                () = &mut *look, if handles_signals() => Step::LookForSignals,
            };
            // What gave way to others in this turn, as tokio has it do after much work, is woken at the
            // end of the turn, and would never be if there were none.
            tokio::task::yield_now().await;
            step
        });
        match step {
            Step::Done(outcome) => {
                while let Some(event) = events.as_mut().and_then(|events| events.try_recv().ok()) {
                    tell(on_event, event)?;
                }
                return Ok(outcome);
            }
            Step::Event(event) => tell(on_event, event)?,
            Step::LookForSignals => {
                look.as_mut().reset(Instant::now() + SIGNAL_INTERVAL);
                look_for_signals()?;
            }
        }
    }
}

thread_local! {
    /// Whether this is a thread of this process on which Python handles no signals.
    static ELSEWHERE: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Whether the calling thread may have to handle signals while it waits.
pub(crate) fn handles_signals() -> bool {
    ELSEWHERE.get() != Some(std::process::id())
}

/// Runs the handlers of signals that have come; only Python's main thread does. Another thread finds
/// out the first time, and then leaves the interpreter alone for as long as it waits.
pub(crate) fn look_for_signals() -> PyResult<()> {
    Python::try_attach(|py| {
        let threading = py.import("threading")?;
        let main = threading.call_method0("main_thread")?;
        if main.is(&threading.call_method0("current_thread")?) {
            return py.check_signals();
        }
        ELSEWHERE.set(Some(std::process::id()));
        Ok(())
    })
    .unwrap_or(Ok(()))
}

async fn next(events: Option<&mut UnboundedReceiver<Event>>) -> Event {
    if let Some(events) = events
        && let Some(event) = events.recv().await
    {
        return event;
    }
    std::future::pending().await
}

fn tell(on_event: Option<&Py<PyAny>>, event: Event) -> PyResult<()> {
    Python::attach(|py| match (event, on_event) {
        (Event::Log(told), _) => told.log(py),
        (event, Some(callback)) => event.tell(callback.bind(py)),
        (_, None) => Ok(()),
    })
}

/// What the background thread is given to do.
type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

static BACKGROUND: Mutex<Option<ProcessBound<UnboundedSender<Job>>>> = Mutex::new(None);

/// Has the background thread of this process do a job; starts the thread at the first one.
///
/// That thread never attaches to the interpreter, so it neither waits for Python nor is in the way
/// when the interpreter ends.
pub(crate) fn spawn(_: Python<'_>, job: Job) -> PyResult<()> {
    let mut channel = lock(&BACKGROUND);
    let job = match channel.as_ref().and_then(ProcessBound::get) {
        Some(jobs) => match jobs.send(job) {
            Ok(()) => return Ok(()),
            Err(refused) => refused.0,
        },
        None => job,
    };
    let (sender, receiver) = mpsc::unbounded_channel();
    let runtime = current_thread()?;
    std::thread::Builder::new()
        .name("netgiro".to_owned())
        .spawn(move || runtime.block_on(work(receiver)))
        .map_err(|error| PyOSError::new_err(format!("no thread could be started: {error}")))?;
    let sent = sender.send(job);
    *channel = Some(ProcessBound::new(sender));
    sent.map_err(|_| PyRuntimeError::new_err("the background thread has ended"))
}

/// Starts the jobs as they come. One channel for all wakes the thread once for many of them.
async fn work(mut jobs: UnboundedReceiver<Job>) {
    while let Some(job) = jobs.recv().await {
        tokio::spawn(job);
    }
}
