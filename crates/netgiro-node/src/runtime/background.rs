//! The background thread of the process, on which calls run.

use std::pin::Pin;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{io, thread};

use tokio::sync::mpsc::{self, UnboundedSender};

/// What the background thread runs.
type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The queue of the background thread, which is started by whoever comes first.
pub(crate) fn background() -> io::Result<&'static UnboundedSender<Job>> {
    static JOBS: OnceLock<UnboundedSender<Job>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(jobs) = JOBS.get() {
        return Ok(jobs);
    }
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(jobs) = JOBS.get() {
        return Ok(jobs);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (jobs, mut queue) = mpsc::unbounded_channel::<Job>();
    thread::Builder::new()
        .name("netgiro".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                while let Some(job) = queue.recv().await {
                    tokio::spawn(job);
                }
            });
        })?;
    Ok(JOBS.get_or_init(|| jobs))
}
