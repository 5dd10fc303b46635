//! The loop of a thread that runs the calls of many threads: each language has one such thread.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

/// Makes a task on the background thread, whose memory is that thread's: a task is kilobytes, what makes it is not.
pub type Job = Box<dyn FnOnce() + Send>;

/// How long a timer stands that is due before those of calls. Without one, each call's is the first that is due, and tokio
/// wakes the thread that sets it by a system call.
const EARLY_TIMER: Duration = Duration::from_secs(1);

/// Starts the jobs as they come, until nobody can send any. One channel for all wakes the thread once for many of them.
pub async fn run(mut jobs: UnboundedReceiver<Job>) {
    let mut timer: Option<JoinHandle<()>> = None;
    while let Some(job) = jobs.recv().await {
        if timer.as_ref().is_none_or(JoinHandle::is_finished) {
            timer = Some(tokio::spawn(tokio::time::sleep(EARLY_TIMER)));
        }
        job();
    }
}
