//! The background thread of the process, on which awaited and iterated calls run.
//!
//! It never attaches to the interpreter, so it neither waits for Python nor is in the way when the
//! interpreter ends.

use std::sync::Mutex;
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::process::{ProcessBound, lock};

/// Makes a task on the background thread, whose memory is that thread's: a task is kilobytes, what makes it is not.
type Job = Box<dyn FnOnce() + Send>;

static BACKGROUND: Mutex<Option<ProcessBound<UnboundedSender<Job>>>> = Mutex::new(None);

/// Has the background thread of this process run a task; starts the thread for the first one.
pub(crate) fn spawn<F>(_: Python<'_>, task: impl FnOnce() -> F + Send + 'static) -> PyResult<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let job: Job = Box::new(|| drop(tokio::spawn(task())));
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
        .spawn(move || runtime.block_on(run(receiver)))
        .map_err(|error| PyOSError::new_err(format!("no thread could be started: {error}")))?;
    let sent = sender.send(job);
    *channel = Some(ProcessBound::new(sender));
    sent.map_err(|_| PyRuntimeError::new_err("the background thread has ended"))
}

/// Starts the jobs as they come. One channel for all wakes the thread once for many of them.
async fn run(mut jobs: UnboundedReceiver<Job>) {
    let mut timer: Option<JoinHandle<()>> = None;
    while let Some(job) = jobs.recv().await {
        if timer.as_ref().is_none_or(JoinHandle::is_finished) {
            timer = Some(tokio::spawn(tokio::time::sleep(EARLY)));
        }
        job();
    }
}

/// How long a timer stands that is due before those of calls. Without one, each call's is the first that is due, and tokio
/// wakes the thread that sets it by a system call.
const EARLY: Duration = Duration::from_secs(1);

/// A runtime on the thread that blocks on it.
pub(crate) fn current_thread() -> PyResult<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .thread_name("netgiro-resolve")
        .build()
        .map_err(|error| PyOSError::new_err(format!("no event loop could be made: {error}")))
}
