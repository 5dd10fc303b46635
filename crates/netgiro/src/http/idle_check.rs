//! Whether the server has closed an idle connection.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// Finds out, before a call, whether the server has closed the idle connection.
///
/// A runtime that runs only during calls has not noticed that yet: its sockets are driven first, so that no call fails
/// on such a connection. A runtime that has just read an answer has driven them.
#[derive(Debug)]
pub(crate) struct IdleConnectionCheck {
    since: Instant,
    /// Microseconds from `since` to the last answer; none yet: 0.
    answered_at: AtomicU64,
}

impl IdleConnectionCheck {
    /// Servers close what has been idle for seconds.
    const RECENT: u64 = 1000;

    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            answered_at: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub(crate) fn answered(&self) {
        self.answered_at.store(self.now(), Ordering::Relaxed);
    }

    pub(crate) async fn drive_io(&self) {
        let answered_at = self.answered_at.load(Ordering::Relaxed);
        if self.now().saturating_sub(answered_at) < Self::RECENT {
            return;
        }
        // The first lets the runtime drive its sockets, the second lets the connection's task see what came.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::Instant;

    use super::IdleConnectionCheck;

    #[test]
    fn sockets_are_driven_unless_an_answer_came_just_now() {
        let idle_check = IdleConnectionCheck {
            since: Instant::now().checked_sub(Duration::from_secs(1)).unwrap(),
            answered_at: AtomicU64::new(0),
        };
        assert!(idle_check.drive_io().now_or_never().is_none());
        idle_check.answered();
        let at_once = idle_check.drive_io().now_or_never();
        // Unless this thread was kept waiting for longer than that.
        let is_late =
            idle_check.now() - idle_check.answered_at.into_inner() >= IdleConnectionCheck::RECENT;
        assert!(at_once.is_some() || is_late);
    }
}
