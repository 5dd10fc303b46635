//! The simulator's time: real time, plus what it was told to skip.

use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Goes forward only, whatever happens to the machine's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    epoch: Timestamp,
    started: Instant,
    advanced: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            epoch: Timestamp::now(),
            started: Instant::now(),
            advanced: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let passed = self.started.elapsed().saturating_add(self.advanced);
        later(self.epoch, passed)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }
}

/// The instant `by` after another; the end of time when there is none.
pub(crate) fn later(instant: Timestamp, by: Duration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_adds_to_real_time() {
        let mut clock = Clock::start();
        let before = clock.now();
        clock.advance(Duration::from_secs(60));
        let passed = clock.now().duration_since(before).as_secs();
        assert!((60..70).contains(&passed), "{passed} s passed");
    }

    #[test]
    fn there_is_an_end_of_time() {
        let mut clock = Clock::start();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
