//! The simulator's time: real time, plus what was skipped.

use crate::model::error::SimulatorError;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// How far it can be advanced in total: ten years, which all date types can represent.
const FARTHEST: Duration = Duration::from_secs(3_652 * 86_400);

/// A monotonic clock, independent of changes to the machine's clock.
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

    /// Fails, and changes nothing, for more than [`FARTHEST`] in total.
    pub(crate) fn advance(&mut self, by: Duration) -> Result<(), SimulatorError> {
        match self.advanced.checked_add(by) {
            Some(advanced) if advanced <= FARTHEST => {
                self.advanced = advanced;
                Ok(())
            }
            _ => Err(self.too_far(by.as_secs_f64())),
        }
    }

    /// A duration in seconds, for [`advance`](Self::advance).
    pub(crate) fn duration(&self, seconds: f64) -> Result<Duration, SimulatorError> {
        Duration::try_from_secs_f64(seconds).map_err(|_| self.too_far(seconds))
    }

    fn too_far(&self, seconds: f64) -> SimulatorError {
        SimulatorError::InvalidOption(format!(
            "the clock can be advanced by 0 to {} seconds in total, ten years; got {seconds:?} after {}",
            FARTHEST.as_secs(),
            self.advanced.as_secs()
        ))
    }
}

/// The instant `by` after another; the latest possible instant when there is none.
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
        clock.advance(Duration::from_secs(60)).unwrap();
        let passed = clock.now().duration_since(before).as_secs();
        assert!((60..70).contains(&passed), "{passed} s passed");
    }

    #[test]
    fn it_goes_ten_years_and_no_farther() {
        let mut clock = Clock::start();
        let second = Duration::from_secs(1);
        for too_far in [Duration::MAX, FARTHEST + Duration::from_nanos(1)] {
            let refused = clock.advance(too_far).unwrap_err().to_string();
            assert!(refused.contains("315532800 seconds"), "{refused}");
        }
        clock
            .advance(FARTHEST.checked_sub(second).unwrap())
            .unwrap();
        clock.advance(second).unwrap();
        let then = clock.now();
        assert!(clock.advance(second).is_err());
        clock.advance(Duration::ZERO).unwrap();
        assert!(clock.now().duration_since(then).as_secs() < 60);
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_bound() {
        let clock = Clock::start();
        assert_eq!(clock.duration(1.5), Ok(Duration::from_millis(1_500)));
        for seconds in [-1.0, -1e-300, 1e300, f64::INFINITY, f64::NAN] {
            let refused = clock.duration(seconds).unwrap_err().to_string();
            assert!(
                refused.contains("315532800") && refused.contains(&format!("{seconds:?}")),
                "{refused}"
            );
        }
    }

    #[test]
    fn there_is_an_end_of_time() {
        assert_eq!(later(Timestamp::now(), Duration::MAX), Timestamp::MAX);
    }
}
