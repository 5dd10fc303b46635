//! The connections of a client, and calls that block the thread that makes them.
//!
//! Everything here belongs to one process. After a fork the child makes its own and leaks the
//! parent's: to drop it would be to talk on the parent's sockets.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, Sleep, sleep};

use crate::errors;
use crate::panics;
use crate::process::{Process, ProcessBound, lock};
use crate::runtime::background::current_thread;
use crate::runtime::event::{Event, Listener, Reporter};
use crate::runtime::logging::{EnabledLevels, with_log_sink};
use crate::runtime::signals::{SIGNAL_INTERVAL, check_signals, may_handle_signals};

/// A runtime for one blocking call at a time, with connections of its own.
struct CallerRuntime {
    client: netgiro::Client,
    runtime: Option<Runtime>,
    /// When to check for signals again. One for all calls: to set a timer for each would cost each two system calls.
    signal_timer: Pin<Box<Sleep>>,
}

impl CallerRuntime {
    fn new(client: netgiro::Client) -> PyResult<Self> {
        let runtime = current_thread()?;
        let signal_timer = {
            let _within = runtime.enter();
            Box::pin(sleep(SIGNAL_INTERVAL))
        };
        Ok(Self {
            client,
            runtime: Some(runtime),
            signal_timer,
        })
    }
}

impl Drop for CallerRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Without waiting for a name that may still be resolving.
            runtime.shutdown_background();
        }
    }
}

/// The connections of one client object, of each process that uses it.
pub(crate) struct Connections {
    core: netgiro::Client,
    idle: Mutex<Vec<ProcessBound<CallerRuntime>>>,
    background: Mutex<Option<ProcessBound<netgiro::Client>>>,
    closed: AtomicBool,
}

impl Connections {
    pub(crate) fn new(core: netgiro::Client) -> Self {
        Self {
            core,
            idle: Mutex::default(),
            background: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn core(&self) -> &netgiro::Client {
        &self.core
    }

    /// Closes what is idle; what is in flight ends by itself.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        drop(std::mem::take(&mut *lock(&self.idle)));
        drop(lock(&self.background).take());
    }

    fn refuse_if_closed(&self, py: Python<'_>) -> PyResult<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(errors::closed(py));
        }
        Ok(())
    }

    /// The core client for the background thread of this process.
    pub(crate) fn in_background(
        &self,
        py: Python<'_>,
        process: Process,
    ) -> PyResult<netgiro::Client> {
        self.refuse_if_closed(py)?;
        let mut background = lock(&self.background);
        if let Some(client) = background.as_ref().and_then(|bound| bound.get(process)) {
            return Ok(client.clone());
        }
        let client = self.core.with_own_connections();
        *background = Some(ProcessBound::new(process, client.clone()));
        Ok(client)
    }

    /// A runtime of this process.
    fn acquire(&self, py: Python<'_>, process: Process) -> PyResult<ProcessBound<CallerRuntime>> {
        self.refuse_if_closed(py)?;
        let mut idle = lock(&self.idle);
        while let Some(caller) = idle.pop() {
            if caller.get(process).is_some() {
                return Ok(caller);
            }
        }
        drop(idle);
        let caller = CallerRuntime::new(self.core.with_own_connections())?;
        Ok(ProcessBound::new(process, caller))
    }

    fn release(&self, caller: ProcessBound<CallerRuntime>) {
        if !self.closed.load(Ordering::Acquire) {
            lock(&self.idle).push(caller);
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
        let process = Process::current();
        let mut caller = self.acquire(py, process)?;
        let levels = EnabledLevels::now(py)?;
        let (caller, outcome) = py.detach(move || {
            let outcome = panics::caught(|| drive(caller.get_mut(process), on_event, levels, job));
            (caller, outcome)
        });
        if outcome.is_ok() {
            self.release(caller);
        }
        outcome
    }
}

enum Step<T> {
    Done(T),
    Event(Event),
    CheckSignals,
}

/// Python code runs between two `block_on`s, never within one: it may make calls of its own.
fn drive<T, F>(
    caller: Option<&mut CallerRuntime>,
    on_event: Option<&Py<PyAny>>,
    levels: Option<EnabledLevels>,
    job: impl FnOnce(netgiro::Client, Reporter) -> F,
) -> PyResult<Result<T, netgiro::Error>>
where
    F: Future<Output = Result<T, netgiro::Error>>,
{
    let Some(CallerRuntime {
        client,
        runtime: Some(runtime),
        signal_timer,
    }) = caller
    else {
        return Err(PyRuntimeError::new_err("the event loop is gone"));
    };
    let (listener, mut events) = if on_event.is_some() || levels.is_some() {
        let (sender, receiver) = mpsc::unbounded_channel();
        let listener: Listener = Arc::new(move |event| {
            // Nobody receives any more when the call has ended early.
            let _ = sender.send(event);
        });
        (Some(listener), Some(receiver))
    } else {
        (None, None)
    };
    let reporter = Reporter::to(on_event.and(listener.clone()));
    // Boxed, since each future around it would reserve its kilobytes twice, and move them.
    let call = Box::pin(job(client.clone(), reporter));
    // Boxed once more, so that `until_done` is compiled once, and not for each kind of call.
    let call = Box::pin(with_log_sink(levels, || listener, call));
    until_done(runtime, signal_timer, on_event, events.as_mut(), call).inspect_err(|_| {
        // What a call has logged on its way out, as an InsertCart does, is logged all the same.
        while let Some(event) = events.as_mut().and_then(|events| events.try_recv().ok()) {
            if let Event::Log(record) = event {
                Python::attach(|py| record.log_or_report(py));
            }
        }
    })
}

fn until_done<T>(
    runtime: &Runtime,
    signal_timer: &mut Pin<Box<Sleep>>,
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
                () = &mut *signal_timer, if may_handle_signals() => Step::CheckSignals,
            };
            if !matches!(step, Step::Done(_)) {
                // What gave way to others in this turn, as tokio has it do after much work, is woken at the
                // end of the turn, and would never be if there were none.
                tokio::task::yield_now().await;
            }
            step
        });
        match step {
            Step::Done(outcome) => {
                while let Some(event) = events.as_mut().and_then(|events| events.try_recv().ok()) {
                    deliver(on_event, event)?;
                }
                return Ok(outcome);
            }
            Step::Event(event) => deliver(on_event, event)?,
            Step::CheckSignals => {
                signal_timer
                    .as_mut()
                    .reset(Instant::now() + SIGNAL_INTERVAL);
                check_signals()?;
            }
        }
    }
}

async fn next(events: Option<&mut UnboundedReceiver<Event>>) -> Event {
    if let Some(events) = events
        && let Some(event) = events.recv().await
    {
        return event;
    }
    std::future::pending().await
}

fn deliver(on_event: Option<&Py<PyAny>>, event: Event) -> PyResult<()> {
    Python::attach(|py| match (event, on_event) {
        (Event::Log(record), _) => record.log(py),
        (Event::Report(report), Some(callback)) => report.call_blocking(callback.bind(py)),
        (Event::Report(_), None) => Ok(()),
    })
}
