//! When to stop asking: the keys are refused several times in a row, or an outage lasts.

use tokio::time::{Duration, Instant};

use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, ErrorKind, RequestSent};

/// How many refusals of the keys end the run, unless a check is let in between.
const REFUSALS_TO_STOP: u32 = 3;
/// How many failures in a row make an outage, if they also last long enough.
const FAILURES_TO_STOP: u32 = 10;

/// Ends a run in which it makes no sense to go on.
pub(crate) struct CircuitBreaker {
    /// When a check last succeeded.
    good_at: Instant,
    /// Failures since.
    failures: u32,
    /// Refusals of the keys since a check was let in.
    refusals: u32,
}

impl CircuitBreaker {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            good_at: now,
            failures: 0,
            refusals: 0,
        }
    }

    /// Takes an outcome in; gives the error of the remaining carts if the run is to end.
    pub(crate) fn trip(
        &mut self,
        failure: Option<&Error>,
        now: Instant,
        patience: Duration,
    ) -> Option<Error> {
        match failure {
            Some(error) if error.kind() == ErrorKind::Authentication => {
                self.refusals += 1;
                let why = format!("{REFUSALS_TO_STOP} checks in a row were not let in");
                (self.refusals >= REFUSALS_TO_STOP).then(|| not_attempted(error, &why))
            }
            // A server that limits the rate is up.
            Some(error) if error.retryable() && error.kind() != ErrorKind::RateLimited => {
                self.failures += 1;
                let waited = now.duration_since(self.good_at);
                let is_outage = self.failures >= FAILURES_TO_STOP && waited >= patience;
                let why = format!("no check succeeded for {} s", waited.as_secs());
                (is_outage && !patience.is_zero()).then(|| not_attempted(error, &why))
            }
            _ => {
                *self = Self::new(now);
                None
            }
        }
    }
}

/// The error of the carts that are no longer checked.
fn not_attempted(error: &Error, why: &str) -> Error {
    let message = format!(
        "not asked: {why}, the last of them because {}",
        error.message()
    );
    Error::new(error.kind(), message)
        .caused_by(error.clone())
        .with_request_sent(RequestSent::No)
        .with_retryable(error.retryable())
        .of_call(FailedCall::Follow)
}

#[cfg(test)]
pub(super) mod tests {
    use tokio::time::{Duration, Instant};

    use super::{CircuitBreaker, FAILURES_TO_STOP, not_attempted};
    use crate::model::error::{Error, ErrorKind, RequestSent};

    const PATIENCE: Duration = Duration::from_secs(20);

    pub(in crate::bulk) fn refused() -> Error {
        Error::new(ErrorKind::Authentication, "wrong keys")
    }

    pub(in crate::bulk) fn down() -> Error {
        Error::new(ErrorKind::Server, "busy").with_retryable(true)
    }

    pub(in crate::bulk) fn too_much() -> Error {
        Error::new(ErrorKind::RateLimited, "too much").with_retryable(true)
    }

    pub(in crate::bulk) fn no() -> Error {
        Error::new(ErrorKind::Api, "no").with_retryable(false)
    }

    #[test]
    fn the_third_refusal_of_the_keys_in_a_row_ends_it() {
        let now = Instant::now();
        let mut breaker = CircuitBreaker::new(now);
        let mut ends = |failure: Option<&Error>| breaker.trip(failure, now, PATIENCE);
        let refused = refused();
        assert!(ends(Some(&refused)).is_none());
        assert!(ends(Some(&refused)).is_none());
        assert!(ends(None).is_none());
        assert!(ends(Some(&refused)).is_none());
        // What does not come through says nothing about the keys.
        assert!(ends(Some(&down())).is_none());
        assert!(ends(Some(&refused)).is_none());
        let end = ends(Some(&refused)).unwrap();
        assert_eq!(end.kind(), ErrorKind::Authentication);
        assert!(
            end.message().contains("3 checks in a row"),
            "{}",
            end.message()
        );
    }

    #[test]
    fn an_outage_is_ten_failures_and_all_of_the_time_to_try_again() {
        let start = Instant::now();
        let over = start + PATIENCE;
        let after = |failures: u32, now: Instant, patience: Duration| {
            let mut breaker = CircuitBreaker::new(start);
            for _ in 1..failures {
                assert!(breaker.trip(Some(&down()), now, patience).is_none());
            }
            breaker.trip(Some(&down()), now, patience)
        };
        assert!(after(FAILURES_TO_STOP - 1, over, PATIENCE).is_none());
        let end = after(FAILURES_TO_STOP, over, PATIENCE).unwrap();
        assert_eq!(end.kind(), ErrorKind::Server);
        assert!(
            end.message().contains("no check succeeded for 20 s"),
            "{}",
            end.message()
        );
        let before = over.checked_sub(Duration::from_millis(1)).unwrap();
        assert!(after(FAILURES_TO_STOP, before, PATIENCE).is_none());
        // Without retries each cart has its own error.
        assert!(after(FAILURES_TO_STOP, over, Duration::ZERO).is_none());
    }

    #[test]
    fn who_answers_is_there() {
        let start = Instant::now();
        let over = start + PATIENCE;
        for answer in [None, Some(too_much()), Some(no())] {
            let mut breaker = CircuitBreaker::new(start);
            for _ in 1..FAILURES_TO_STOP {
                assert!(breaker.trip(Some(&down()), over, PATIENCE).is_none());
            }
            assert!(breaker.trip(answer.as_ref(), over, PATIENCE).is_none());
            assert!(breaker.trip(Some(&down()), over, PATIENCE).is_none());
        }
    }

    #[test]
    fn the_rest_is_told_that_it_was_not_asked_about() {
        let error = not_attempted(&down(), "no check succeeded for 20 s");
        assert_eq!(error.request_sent(), RequestSent::No);
        assert!(error.retryable());
        assert!(error.message().starts_with("not asked: "));
        assert!(error.message().contains("busy"));
        assert_eq!(error.cause().unwrap().kind(), ErrorKind::Server);
        assert!(!not_attempted(&refused().with_retryable(false), "").retryable());
    }
}
