//! How fast calls go out: evenly spaced, and more slowly once the server answers HTTP 429.
//!
//! Times are arguments, so that tests need not wait.

use tokio::time::{Duration, Instant};

use crate::model::error::{Error, ErrorKind, Result};

/// The lowest limit that a caller may set, in calls a second.
const SLOWEST: f64 = 0.001;
/// How late a call may be and still keep its place: the delay of a timer is made up for, and no more, so that no
/// burst follows a pause.
const GRAIN: Duration = Duration::from_millis(2);
/// For how long calls are counted to learn how fast they go where nobody set a rate.
const WINDOW: Duration = Duration::from_millis(250);
/// The least time that counted calls are spread over.
const SHORTEST_WINDOW: Duration = Duration::from_millis(50);
/// HTTP 429 never slows calls below one a second, unless the caller set a lower limit.
const FLOOR: f64 = 1.0;
const RECOVER_EVERY: Duration = Duration::from_secs(1);
const RECOVER_BY: f64 = 1.1;
/// The longest that a server's Retry-After is kept to.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// When the next call may go out.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    /// The caller's limit, in calls a second.
    limit: Option<f64>,
    /// The pace kept now; `None` while nothing limits it.
    rate: Option<f64>,
    not_before: Instant,
    counting_since: Instant,
    counted: u32,
    /// How fast calls went in the last full window.
    measured: f64,
    /// When the pace was last halved: what was sent before says nothing of the new one.
    halved_at: Option<Instant>,
    recovered_at: Instant,
}

impl RateLimiter {
    pub(crate) fn new(limit: Option<f64>, now: Instant) -> Self {
        Self {
            limit,
            rate: limit,
            not_before: now,
            counting_since: now,
            counted: 0,
            measured: 0.0,
            halved_at: None,
            recovered_at: now,
        }
    }

    /// Refuses a limit that is too low or not a number.
    pub(crate) fn check(limit: Option<f64>) -> Result<()> {
        match limit {
            Some(rate) if !(rate.is_finite() && rate >= SLOWEST) => Err(Error::invalid_request(
                format!("rate must be a number of calls a second, {SLOWEST} or more; got {rate}"),
            )),
            _ => Ok(()),
        }
    }

    /// From when on the next call may be sent.
    pub(crate) fn not_before(&self) -> Instant {
        self.not_before
    }

    /// A call is sent.
    pub(crate) fn on_send(&mut self, now: Instant) {
        if let Some(rate) = self.rate {
            let place = now
                .checked_sub(GRAIN)
                .map_or(self.not_before, |late| self.not_before.max(late));
            self.not_before = place + Duration::from_secs_f64(rate.recip());
        }
        if now.duration_since(self.counting_since) >= WINDOW {
            self.measured = self.counted_rate(now);
            self.counting_since = now;
            self.counted = 0;
        }
        self.counted += 1;
    }

    /// A call that was sent at `sent_at` has an outcome.
    pub(crate) fn on_response(&mut self, failure: Option<&Error>, sent_at: Instant, now: Instant) {
        let Some(error) = failure else {
            self.accepted(now);
            return;
        };
        if let Some(pause) = error.retry_after() {
            self.pause(pause, now);
        }
        if error.kind() == ErrorKind::RateLimited {
            self.back_off(sent_at, now);
        }
    }

    /// A call was accepted: the pace recovers.
    fn accepted(&mut self, now: Instant) {
        if let Some(rate) = self.rate
            && self.limit.is_none_or(|limit| rate < limit)
            && now.duration_since(self.recovered_at) >= RECOVER_EVERY
        {
            self.recovered_at = now;
            let faster = rate * RECOVER_BY;
            self.rate = Some(self.limit.map_or(faster, |limit| faster.min(limit)));
        }
    }

    /// The pace is halved, once for all the calls that were sent at it.
    fn back_off(&mut self, sent_at: Instant, now: Instant) {
        if self.halved_at.is_some_and(|halved| sent_at < halved) {
            return;
        }
        let rate = self
            .rate
            .unwrap_or_else(|| self.measured.max(self.counted_rate(now)));
        let floor = self.limit.map_or(FLOOR, |limit| limit.min(FLOOR));
        self.rate = Some((rate / 2.0).max(floor));
        self.halved_at = Some(now);
        self.recovered_at = now;
    }

    /// The server asks for a pause.
    fn pause(&mut self, pause: Duration, now: Instant) {
        self.not_before = self.not_before.max(now + pause.min(LONGEST_PAUSE));
    }

    fn counted_rate(&self, now: Instant) -> f64 {
        let elapsed = now.duration_since(self.counting_since);
        f64::from(self.counted) / elapsed.max(SHORTEST_WINDOW).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Sends whenever the pace allows, looking each `step`, for so long; gives when.
    fn run(
        limiter: &mut RateLimiter,
        from: Instant,
        length: Duration,
        step: Duration,
    ) -> Vec<Instant> {
        let mut sent = Vec::new();
        let mut now = from;
        while now < from + length {
            while limiter.not_before() <= now {
                limiter.on_send(now);
                limiter.accepted(now);
                sent.push(now);
            }
            now += step;
        }
        sent
    }

    #[test]
    fn calls_are_evenly_spaced_and_never_in_a_burst() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(Some(100.0), start);
        let sent = run(&mut limiter, start, 1000 * MS, MS);
        assert_eq!(sent.len(), 100);
        assert!(
            sent.windows(2)
                .all(|pair| pair[1].duration_since(pair[0]) >= 9 * MS)
        );
        // An hour without calls saves up nothing.
        let later = run(&mut limiter, start + 3600 * 1000 * MS, 50 * MS, MS);
        assert!((5..=6).contains(&later.len()), "{}", later.len());
    }

    #[test]
    fn timers_that_are_late_cost_no_pace() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(Some(2000.0), start);
        let sent = run(&mut limiter, start, 1000 * MS, MS);
        assert!((1998..=2002).contains(&sent.len()), "{}", sent.len());
    }

    #[test]
    fn too_many_calls_halve_the_pace_once_and_it_recovers_up_to_the_limit() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(Some(64.0), start);
        for _ in 0..32 {
            limiter.back_off(start, start + MS);
        }
        assert_eq!(limiter.rate, Some(32.0));
        limiter.back_off(start + 2 * MS, start + 3 * MS);
        assert_eq!(limiter.rate, Some(16.0));
        let first = run(&mut limiter, start, 1000 * MS, MS);
        assert!((15..=17).contains(&first.len()), "{}", first.len());
        run(&mut limiter, start + 1000 * MS, 3000 * MS, MS);
        assert!(
            limiter
                .rate
                .is_some_and(|rate| (19.0..=24.0).contains(&rate))
        );
        run(&mut limiter, start + 4000 * MS, 30_000 * MS, MS);
        assert_eq!(limiter.rate, Some(64.0));
    }

    #[test]
    fn a_pace_nobody_set_is_half_of_what_was_too_much() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(None, start);
        let mut now = start;
        for _ in 0..1000 {
            assert!(limiter.not_before() <= now);
            limiter.on_send(now);
            now += MS;
        }
        limiter.back_off(now, now);
        let rate = limiter.rate.unwrap_or_default();
        assert!((450.0..=550.0).contains(&rate), "{rate}");
        for _ in 0..100 {
            now += MS;
            limiter.back_off(now, now);
        }
        assert_eq!(limiter.rate, Some(FLOOR));
    }

    #[test]
    fn a_pause_holds_every_call_back_but_not_for_ever() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(None, start);
        limiter.pause(7000 * MS, start);
        assert_eq!(limiter.not_before(), start + 7000 * MS);
        limiter.pause(1000 * MS, start);
        assert_eq!(limiter.not_before(), start + 7000 * MS);
        limiter.pause(3_600_000 * MS, start);
        assert_eq!(limiter.not_before(), start + LONGEST_PAUSE);
    }

    #[test]
    fn a_rate_is_a_number_above_nothing() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
            assert!(RateLimiter::check(Some(rate)).is_err(), "{rate}");
        }
        assert!(RateLimiter::check(Some(0.5)).is_ok());
        assert!(RateLimiter::check(None).is_ok());
    }
}
