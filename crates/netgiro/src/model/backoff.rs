//! Backoff: how long to wait after failures in a row. The whole project uses this formula.

use std::time::Duration;

/// The delay after `failures` failures in a row: `first` after one, doubled by each further one, `longest` at most.
///
/// Saturates: no count of failures overflows it. Without a failure there is no delay.
#[must_use]
pub fn backoff(first: Duration, failures: u32, longest: Duration) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else {
        return Duration::ZERO;
    };
    2_u32
        .checked_pow(doublings)
        .map_or(longest, |factor| first.saturating_mul(factor))
        .min(longest)
}

/// Between half of the delay and all of it, so that clients that failed together do not all come back together;
/// `jitter` is in `0..=1`.
pub(crate) fn jittered(delay: Duration, jitter: f64) -> Duration {
    delay.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::{Duration, backoff, jittered};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_delay_doubles_up_to_the_longest() {
        let delays = [0, 1, 2, 3, 6, 7].map(|failures| backoff(SECOND, failures, SECOND * 60));
        assert_eq!(delays, [0, 1, 2, 4, 32, 60].map(Duration::from_secs));
    }

    #[test]
    fn no_count_of_failures_overflows() {
        for failures in [31, 32, 33, 34, 64, 1_025, 1_026, u32::MAX] {
            assert_eq!(backoff(SECOND, failures, SECOND * 60), SECOND * 60);
            assert_eq!(
                backoff(Duration::MAX, failures, Duration::MAX),
                Duration::MAX
            );
            assert_eq!(
                backoff(Duration::ZERO, failures, SECOND).min(SECOND),
                backoff(Duration::ZERO, failures, SECOND)
            );
        }
    }

    #[test]
    fn jitter_takes_half_at_most() {
        assert_eq!(jittered(SECOND, 0.0), SECOND / 2);
        assert_eq!(jittered(SECOND, 1.0), SECOND);
        assert_eq!(jittered(SECOND, 7.0), SECOND);
    }
}
