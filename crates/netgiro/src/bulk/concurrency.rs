//! How many checks `wait_many` has in flight at a time, where the caller leaves it to choose.

use std::time::Duration;

use crate::bulk::BulkOptions;

const MOST: usize = 256;
/// Each new measurement counts for so much of the mean.
const WEIGHT: f64 = 1.0 / 16.0;

/// The limit, and what it is chosen by: how long an answer takes, and how long a cart waits between two checks.
#[derive(Debug)]
pub(crate) struct Concurrency {
    limit: usize,
    is_chosen: bool,
    round_trip: Option<f64>,
    interval: Option<f64>,
}

impl Concurrency {
    pub(crate) fn new(given: Option<usize>) -> Self {
        Self {
            limit: given.unwrap_or(BulkOptions::CONCURRENCY),
            is_chosen: given.is_none(),
            round_trip: None,
            interval: None,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// A check of one of `carts` was answered after a round trip; the cart is due again after an interval.
    pub(crate) fn on_answer(&mut self, carts: usize, round_trip: Duration, interval: Duration) {
        if self.is_chosen {
            let round_trip = mean(&mut self.round_trip, round_trip);
            let interval = mean(&mut self.interval, interval);
            self.limit = concurrency(carts, interval, round_trip);
        }
    }
}

fn mean(mean: &mut Option<f64>, measured: Duration) -> Duration {
    let measured = measured.as_secs_f64();
    let before = mean.unwrap_or(measured);
    let now = before + (measured - before) * WEIGHT;
    *mean = Some(now);
    Duration::try_from_secs_f64(now).unwrap_or_default()
}

/// How many checks may be in flight so that each of so many carts is checked once an interval.
///
/// By Little's law `carts / interval * round_trip` are in flight on average. Twice as many may be, since not every
/// answer is as quick as the mean, within bounds that no server minds.
#[must_use]
pub fn concurrency(carts: usize, interval: Duration, round_trip: Duration) -> usize {
    let carts = u128::try_from(carts).unwrap_or(u128::MAX);
    let wanted = carts
        .saturating_mul(2)
        .saturating_mul(round_trip.as_micros())
        .div_ceil(interval.as_micros().max(1));
    usize::try_from(wanted)
        .unwrap_or(MOST)
        .clamp(BulkOptions::CONCURRENCY, MOST)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Concurrency, MOST};
    use crate::bulk::BulkOptions;

    const SECOND: Duration = Duration::from_secs(1);
    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn what_the_caller_gives_stays() {
        let mut given = Concurrency::new(Some(4));
        given.on_answer(100_000, TENTH, SECOND);
        assert_eq!(given.limit(), 4);
    }

    #[test]
    fn one_slow_answer_moves_the_limit_by_little() {
        let mut chosen = Concurrency::new(None);
        assert_eq!(chosen.limit(), BulkOptions::CONCURRENCY);
        for _ in 0..3 {
            chosen.on_answer(500, TENTH, SECOND);
            assert_eq!(chosen.limit(), 100);
        }
        chosen.on_answer(500, TENTH * 3, SECOND);
        assert_eq!(chosen.limit(), 113);
        for _ in 0..100 {
            chosen.on_answer(500, TENTH * 3, SECOND);
        }
        assert_eq!(chosen.limit(), MOST);
    }
}
