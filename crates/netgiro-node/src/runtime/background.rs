//! The background thread of the process, on which calls run.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::{io, thread};

use netgiro::background::{Job, run};
use tokio::sync::mpsc::{self, UnboundedSender};

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
    let (jobs, queue) = mpsc::unbounded_channel::<Job>();
    thread::Builder::new()
        .name("netgiro".to_owned())
        .spawn(move || {
            runtime.block_on(run(queue));
        })?;
    Ok(JOBS.get_or_init(|| jobs))
}
