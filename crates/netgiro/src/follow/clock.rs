//! The wall clock of a wait.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The wall clock of a wait, which no correction of the system's clock can move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    wall: Timestamp,
    started: Instant,
}

impl Clock {
    /// A clock that starts with what the machine's says.
    pub(crate) fn start(wall: Timestamp) -> Self {
        Self {
            wall,
            started: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        SignedDuration::try_from(self.started.elapsed())
            .ok()
            .and_then(|elapsed| self.wall.checked_add(elapsed).ok())
            .unwrap_or(Timestamp::MAX)
    }
}
