//! The background thread of the process, on which awaited and iterated calls run.
//!
//! It never attaches to the interpreter, so it neither waits for Python nor is in the way when the
//! interpreter ends.

use std::sync::Mutex;

use netgiro::background::{Job, run};
use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{self, UnboundedSender};

use crate::process::{Process, ProcessBound, lock};

static BACKGROUND: Mutex<Option<ProcessBound<UnboundedSender<Job>>>> = Mutex::new(None);

/// Has the background thread of this process run a task; starts the thread for the first one.
pub(crate) fn spawn<F>(
    _: Python<'_>,
    process: Process,
    task: impl FnOnce() -> F + Send + 'static,
) -> PyResult<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let job: Job = Box::new(|| drop(tokio::spawn(task())));
    let mut channel = lock(&BACKGROUND);
    let job = match channel.as_ref().and_then(|bound| bound.get(process)) {
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
    *channel = Some(ProcessBound::new(process, sender));
    sent.map_err(|_| PyRuntimeError::new_err("the background thread has ended"))
}

/// A runtime on the thread that blocks on it.
pub(crate) fn current_thread() -> PyResult<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .thread_name("netgiro-resolve")
        .build()
        .map_err(|error| PyOSError::new_err(format!("no event loop could be made: {error}")))
}
