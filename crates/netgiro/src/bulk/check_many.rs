//! Checking many carts: a bounded number of checks in flight, evenly paced, failed ones tried again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec;

use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Duration, Instant, sleep_until};

use crate::api::Api;
use crate::bulk::circuit_breaker::CircuitBreaker;
use crate::bulk::rate_limiter::{LONGEST_PAUSE, RateLimiter};
use crate::bulk::results::CheckResults;
use crate::bulk::{BulkOptions, InFlight, Resumed};
use crate::model::backoff::{backoff, jittered};
use crate::model::cart::CheckResult;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::cart_ref::CartRef;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// Many carts being checked; gives the result of each, and its place, as it comes.
///
/// Nothing is lost when it is dropped on the way: what it gave is the caller's, and can be gone on from
/// with [`BulkOptions::resume`].
///
/// ```
/// # async fn month(client: netgiro::Client, ids: Vec<uuid::Uuid>) -> Result<(), netgiro::Error> {
/// use netgiro::{BulkOptions, CheckResults};
///
/// let options = BulkOptions { rate: Some(50.0), ..BulkOptions::default() };
/// let carts = ids.into_iter().map(Into::into).collect();
/// let mut checking = client.check_many(carts, options)?;
/// let mut results = CheckResults::of(checking.total());
/// while let Some((at, result)) = checking.next().await {
///     results.set(at, &result);
/// }
/// assert!(results.is_complete());
/// # Ok(())
/// # }
/// ```
pub struct CheckMany {
    api: Api,
    known: Resumed,
    fresh: vec::IntoIter<(usize, CartRef)>,
    /// Failed checks that are to be made again. Together with those in flight there are never more than may be
    /// in flight at a time.
    retries: BinaryHeap<Reverse<Retry>>,
    in_flight: InFlight<Checked>,
    limiter: RateLimiter,
    breaker: CircuitBreaker,
    concurrency: usize,
    retry_for: Duration,
    /// Why nothing more is asked.
    stopped: Option<Error>,
    total: usize,
    done: usize,
}

/// A cart that is being checked.
struct Attempt {
    at: usize,
    cart: CartRef,
    first_sent: Instant,
    failures: u32,
}

struct Checked {
    attempt: Attempt,
    sent_at: Instant,
    outcome: Result<CartState>,
}

impl CheckMany {
    pub(crate) fn new(api: Api, carts: Vec<CartRef>, mut options: BulkOptions) -> Result<Self> {
        options.check()?;
        let now = Instant::now();
        let total = carts.len();
        let (known, fresh) = options.split(&api, carts, |_| true)?;
        Ok(Self {
            api,
            known,
            fresh: fresh.into_iter(),
            retries: BinaryHeap::new(),
            in_flight: InFlight::new(),
            limiter: RateLimiter::new(options.rate, now),
            breaker: CircuitBreaker::new(now),
            concurrency: options.concurrency.unwrap_or(BulkOptions::CONCURRENCY),
            retry_for: options.retry_for,
            stopped: None,
            total,
            done: 0,
        })
    }

    /// How many carts there are in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many of them have been given.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// The next cart that was checked, those first that were known; `None` after the last.
    ///
    /// May be dropped and called again.
    pub async fn next(&mut self) -> Option<(usize, CheckResult)> {
        let next = self.advance().await;
        self.done += usize::from(next.is_some());
        next
    }

    /// All the results, in order.
    pub async fn finish(mut self) -> CheckResults {
        let mut results = CheckResults::of(self.total);
        while let Some((at, result)) = self.next().await {
            results.set(at, &result);
        }
        results
    }

    /// The results as a stream.
    pub fn into_stream(self) -> impl Stream<Item = (usize, CheckResult)> + Send {
        stream::unfold(self, |mut checking| async move {
            checking.next().await.map(|next| (next, checking))
        })
    }

    async fn advance(&mut self) -> Option<(usize, CheckResult)> {
        if let Some(known) = self.known.next() {
            return Some(known);
        }
        loop {
            let more_at = self.start();
            let checked = match (more_at, self.in_flight.is_empty()) {
                (None, true) => return self.not_asked(),
                (None, false) => self.in_flight.next().await,
                (Some(at), true) => {
                    sleep_until(at).await;
                    None
                }
                (Some(at), false) => {
                    tokio::select! {
                        checked = self.in_flight.next() => checked,
                        () = sleep_until(at) => None,
                    }
                }
            };
            if let Some(given) = checked.and_then(|checked| self.take_in(checked)) {
                return Some(given);
            }
        }
    }

    /// Starts the checks that may start; gives when the next may, unless an answer has to come first.
    fn start(&mut self) -> Option<Instant> {
        while self.stopped.is_none() && self.in_flight.len() < self.concurrency {
            let now = Instant::now();
            let again_at = self.retries.peek().map(|Reverse(again)| again.due);
            let has_room = self.in_flight.len() + self.retries.len() < self.concurrency;
            let due = if has_room && self.fresh.len() > 0 {
                now
            } else {
                again_at?
            };
            let due = due.max(self.limiter.not_before());
            if due > now {
                return Some(due);
            }
            let attempt = match again_at {
                Some(due) if due <= now => self.retries.pop().map(|Reverse(again)| again.attempt),
                _ => self.fresh.next().map(|(at, cart)| Attempt {
                    at,
                    cart,
                    first_sent: now,
                    failures: 0,
                }),
            };
            self.send(attempt?, now);
        }
        None
    }

    fn send(&mut self, attempt: Attempt, sent_at: Instant) {
        self.limiter.on_send(sent_at);
        let api = self.api.clone();
        self.in_flight.push(Box::pin(async move {
            let outcome = api.check(&attempt.cart, 1).await;
            Checked {
                attempt,
                sent_at,
                outcome,
            }
        }));
    }

    /// Takes an answer in; gives the cart unless it is to be checked again.
    fn take_in(&mut self, checked: Checked) -> Option<(usize, CheckResult)> {
        let Checked {
            mut attempt,
            sent_at,
            outcome,
        } = checked;
        let now = Instant::now();
        let failure = outcome.as_ref().err();
        self.limiter.on_response(failure, sent_at, now);
        let pause = failure
            .filter(|error| may_pass(error))
            .map(|error| attempt.pause_after(error));
        if self.stopped.is_none() {
            self.stopped = self.breaker.trip(failure, now, self.retry_for);
        }
        if let Some(due) = pause.and_then(|pause| now.checked_add(pause))
            && self.stopped.is_none()
            && due.duration_since(attempt.first_sent) < self.retry_for
        {
            self.retries.push(Reverse(Retry { due, attempt }));
            return None;
        }
        let result = CheckResult {
            transaction_id: attempt.cart.transaction_id,
            outcome,
        };
        Some((attempt.at, result))
    }

    /// The next cart that is not checked, since the run has ended.
    fn not_asked(&mut self) -> Option<(usize, CheckResult)> {
        let error = self.stopped.clone()?;
        let (at, cart) = match self.retries.pop() {
            Some(Reverse(Retry { attempt, .. })) => (attempt.at, attempt.cart),
            None => self.fresh.next()?,
        };
        let result = CheckResult {
            transaction_id: cart.transaction_id,
            outcome: Err(error),
        };
        Some((at, result))
    }
}

impl Attempt {
    /// How long to wait after a failure before the check is made again.
    fn pause_after(&mut self, error: &Error) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let delay = backoff(FIRST_BACKOFF, self.failures, LONGEST_BACKOFF);
        let asked_for = error.retry_after().unwrap_or_default().min(LONGEST_PAUSE);
        jittered(delay, fastrand::f64()).max(asked_for)
    }
}

/// Whether a check with this failure may succeed later. An answer that does not verify means an attack or a
/// wrong key, unless it is one that came before.
fn may_pass(error: &Error) -> bool {
    error.retryable() && (error.kind() != ErrorKind::Signature || error.is_transient())
}

/// A check to be made again, ordered by when.
struct Retry {
    due: Instant,
    attempt: Attempt,
}

impl Ord for Retry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.attempt.at).cmp(&(other.due, other.attempt.at))
    }
}

impl PartialOrd for Retry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Retry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Retry {}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use tokio::time::{Duration, Instant};
    use uuid::Uuid;

    use super::{Attempt, FIRST_BACKOFF, LONGEST_PAUSE, Retry, may_pass};
    use crate::bulk::circuit_breaker::tests::{down, no, refused, too_much};
    use crate::model::error::{Error, ErrorKind};
    use crate::model::poll::cart_ref::CartRef;

    fn attempt(at: usize) -> Attempt {
        Attempt {
            at,
            cart: CartRef::from(Uuid::from_u128(1)),
            first_sent: Instant::now(),
            failures: 0,
        }
    }

    #[test]
    fn what_may_pass_is_asked_again_and_a_wrong_signature_is_not() {
        let wrong = || Error::new(ErrorKind::Signature, "wrong").with_retryable(true);
        assert!(may_pass(&down()));
        assert!(may_pass(&too_much()));
        assert!(!may_pass(&no()));
        assert!(!may_pass(&refused()));
        assert!(!may_pass(&wrong()));
        assert!(may_pass(&wrong().transient()));
        assert!(!may_pass(&wrong().transient().with_retryable(false)));
    }

    #[test]
    fn a_pause_is_half_the_backoff_to_all_of_it_and_no_shorter_than_asked_for() {
        let mut longest = Duration::ZERO;
        for _ in 0..200 {
            let pause = attempt(0).pause_after(&down());
            assert!(
                FIRST_BACKOFF / 2 <= pause && pause <= FIRST_BACKOFF,
                "{pause:?}"
            );
            longest = longest.max(pause);
        }
        assert!(longest > FIRST_BACKOFF.mul_f64(0.6), "{longest:?}");
        let wait = |seconds| too_much().with_retry_after(Some(Duration::from_secs(seconds)));
        assert_eq!(attempt(0).pause_after(&wait(2)), Duration::from_secs(2));
        assert_eq!(attempt(0).pause_after(&wait(86_400)), LONGEST_PAUSE);
    }

    #[test]
    fn what_is_due_first_is_asked_again_first() {
        let now = Instant::now();
        let again = |seconds, at| Retry {
            due: now + Duration::from_secs(seconds),
            attempt: attempt(at),
        };
        let mut heap = BinaryHeap::new();
        for (seconds, at) in [(3, 0), (1, 5), (2, 1), (1, 4)] {
            heap.push(Reverse(again(seconds, at)));
        }
        let mut order = Vec::new();
        while let Some(Reverse(next)) = heap.pop() {
            order.push(next.attempt.at);
        }
        assert_eq!(order, [4, 5, 1, 0]);
        assert!(again(1, 1) == again(1, 1));
        assert!(again(1, 1) != again(1, 2));
    }
}
