//! The background thread of the process, on which calls run.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

/// Makes a task on the background thread, whose memory is that thread's: a task is kilobytes, what makes it is not.
type Job = Box<dyn FnOnce() + Send>;

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

/// Starts the jobs as they come.
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
