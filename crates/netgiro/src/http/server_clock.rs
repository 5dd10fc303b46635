//! The server's clock, as its answers tell it.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use tokio::time::Instant;

/// What the server's clock says: the `Date` of its last answer, and the time since, which no correction of this
/// machine's clock moves.
///
/// One number: no lock is held, and none is left behind by a fork.
#[derive(Debug)]
pub(crate) struct ServerClock {
    since: Instant,
    /// What the server's clock said at `since`, in milliseconds since 1970.
    at_start: AtomicI64,
}

impl ServerClock {
    const UNKNOWN: i64 = i64::MIN;

    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            at_start: AtomicI64::new(Self::UNKNOWN),
        }
    }

    /// An answer that came just now has this date.
    pub(crate) fn set(&self, date: Timestamp) {
        let at_start = date.as_millisecond().saturating_sub(self.elapsed());
        self.at_start.store(at_start, Ordering::Relaxed);
    }

    /// What it says now; `None` before the first answer that has a date.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        match self.at_start.load(Ordering::Relaxed) {
            Self::UNKNOWN => None,
            at_start => Timestamp::from_millisecond(at_start.saturating_add(self.elapsed())).ok(),
        }
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{ServerClock, Timestamp};

    #[test]
    fn it_goes_on_from_the_last_date() {
        let clock = ServerClock::new();
        assert_eq!(clock.now(), None);
        for date in ["2026-01-01T00:00:00Z", "1999-01-01T00:00:00Z"] {
            let date: Timestamp = date.parse().unwrap();
            clock.set(date);
            assert!(clock.now().is_some_and(|now| now >= date));
        }
    }
}
