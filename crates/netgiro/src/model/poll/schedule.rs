//! The times of a poll: when the next check is due, and whose clock says so.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::backoff::backoff;
use crate::model::error::{Error, ErrorKind};
use crate::model::poll::policy::{PollPolicy, WaitOptions};

/// How long a cart that was just inserted may be unknown to the server.
const APPEARS_WITHIN_MS: i64 = 15_000;
/// From when on the interval grows.
const SLOW_AFTER_MS: i64 = 120_000;
const SLOW_INTERVAL_MS: f64 = 10_000.0;
const ERROR_CAP: Duration = Duration::from_secs(30);
const RETRY_AFTER_CAP_MS: i64 = 120_000;
const MAX_MULTIPLIER: u8 = 8;
const GOOD_CHECKS_TO_RECOVER: u8 = 5;
const SIGNATURE_FAILURES_TO_STOP: u8 = 3;
/// Clocks that differ by no more than this are taken for one: the server's `Date` has whole seconds.
const CLOCKS_AGREE_MS: i64 = 2_000;
/// The beginning of the year 1, before which not every language has dates.
const EARLIEST_MS: i64 = -62_135_596_800_000;

/// The times of a poll, in wall-clock milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Schedule {
    policy: PollPolicy,
    hint_ms: Option<u32>,
    pub(super) started_at: i64,
    pub(super) deadline: i64,
    pub(super) next_check_at: i64,
    /// The latest time seen, which the clock may not go behind.
    pub(super) latest: i64,
    /// When the first check was sent that found the cart canceled or missing, which it has been since.
    #[serde(default)]
    pub(super) doubted_since: Option<i64>,
    /// What the server's clock said when the poll started. Not in milliseconds, since no clock of ours moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) started_at_server: Option<Timestamp>,
    /// Failures in a row.
    failures: u32,
    /// Answers in a row that did not verify.
    signature_failures: u8,
    /// Good checks in a row, counted while the base is multiplied.
    good_checks: u8,
    multiplier: u8,
    /// Checks since the interval began to grow.
    slow_checks: u16,
}

impl Schedule {
    pub(super) fn new(hint: Option<Duration>, options: WaitOptions, now: i64) -> Self {
        Self {
            policy: options.policy.unwrap_or_default(),
            hint_ms: hint
                .map(|hint| u32::try_from(hint.as_millis()).unwrap_or(u32::MAX))
                .filter(|&hint| hint > 0),
            started_at: now,
            deadline: deadline(options.timeout, now),
            next_check_at: now,
            latest: now,
            doubted_since: None,
            started_at_server: None,
            failures: 0,
            signature_failures: 0,
            good_checks: 0,
            multiplier: 1,
            slow_checks: 0,
        }
    }

    pub(super) fn extend(&mut self, options: WaitOptions, now: i64) {
        self.policy = options.policy.unwrap_or(self.policy);
        self.deadline = deadline(options.timeout, now);
        self.next_check_at = self.next_check_at.min(self.deadline);
        self.signature_failures = 0;
        // The new deadline is on the caller's clock, which the start may not have been.
        self.started_at_server = None;
    }

    /// Moves all instants onto the clock that now says `now`; see [`CartPoll::on_clock`](crate::CartPoll::on_clock).
    pub(super) fn move_to_clock(&mut self, now: i64, server_now: Option<i64>) {
        let by = now - self.believed(now, server_now);
        for at in [
            &mut self.started_at,
            &mut self.deadline,
            &mut self.next_check_at,
            &mut self.latest,
        ]
        .into_iter()
        .chain(&mut self.doubted_since)
        {
            *at = at
                .saturating_add(by)
                .clamp(EARLIEST_MS, Timestamp::MAX.as_millisecond());
        }
    }

    /// What the clock that the poll was kept by would say now.
    fn believed(&self, now: i64, server_now: Option<i64>) -> i64 {
        let (least, most) = match (server_now, self.started_at_server) {
            (Some(server_now), Some(start)) => {
                let passed = server_now - start.as_millisecond();
                let at = self.started_at.saturating_add(passed).max(self.latest);
                (at, at)
            }
            _ => (self.latest, self.latest.max(self.next_check_at)),
        };
        if (least - CLOCKS_AGREE_MS..=most + CLOCKS_AGREE_MS).contains(&now) {
            now
        } else {
            now.clamp(least, most)
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let policy = self.policy;
        policy.min_interval_ms > 0
            && policy.default_interval_ms > 0
            && policy.max_interval_ms >= policy.min_interval_ms
            && (1..=MAX_MULTIPLIER).contains(&self.multiplier)
            && [
                self.started_at,
                self.deadline,
                self.next_check_at,
                self.latest,
                self.doubted_since.unwrap_or(self.latest),
            ]
            .iter()
            .all(|&at| at >= EARLIEST_MS && Timestamp::from_millisecond(at).is_ok())
    }

    /// Takes the time in, which never goes back, and gives it.
    pub(super) fn advance(&mut self, now: i64) -> i64 {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Whether a check sent at this time must find the cart, if it will ever be there.
    pub(super) fn has_appeared(&self, sent_at: i64) -> bool {
        sent_at - self.started_at >= APPEARS_WITHIN_MS
    }

    /// Whether a check an interval before found it canceled or missing as well; two copies of one step count once.
    pub(super) fn is_seen_again(&mut self, sent_at: i64) -> bool {
        // A check that another clock sent before it, or that was answered after it, begins anew.
        let first = self.doubted_since.map_or(sent_at, |at| at.min(sent_at));
        self.doubted_since = Some(first);
        sent_at - first >= self.base()
    }

    pub(super) fn base(&self) -> i64 {
        let policy = self.policy;
        let base = self
            .hint_ms
            .unwrap_or(policy.default_interval_ms)
            .clamp(policy.min_interval_ms, policy.max_interval_ms);
        let multiplied = i64::from(base) * i64::from(self.multiplier);
        multiplied.min(policy.max_interval_ms.into())
    }

    #[expect(clippy::cast_precision_loss, reason = "bases are at most 2^32 ms")]
    pub(super) fn after_good_check(&mut self, jitter: f64) -> i64 {
        self.failures = 0;
        self.signature_failures = 0;
        self.good_checks = self.good_checks.saturating_add(1);
        if self.multiplier > 1 && self.good_checks >= GOOD_CHECKS_TO_RECOVER {
            self.multiplier /= 2;
            self.good_checks = 0;
        }
        let base = self.base() as f64;
        let interval = if self.latest - self.started_at < SLOW_AFTER_MS {
            base
        } else {
            self.slow_checks = self.slow_checks.saturating_add(1);
            (base * 1.5_f64.powi(self.slow_checks.into())).min(SLOW_INTERVAL_MS.max(base))
        };
        whole(interval * (1.0 + 0.1 * clamped(jitter)))
    }

    #[expect(clippy::cast_precision_loss, reason = "bases are at most 2^32 ms")]
    pub(super) fn after_failure(&mut self, error: &Error, jitter: f64) -> i64 {
        self.failures = self.failures.saturating_add(1);
        self.good_checks = 0;
        self.signature_failures = match error.kind() {
            ErrorKind::Signature => self.signature_failures.saturating_add(1),
            _ => 0,
        };
        if error.kind() == ErrorKind::RateLimited || error.http_status() == Some(503) {
            self.multiplier = (self.multiplier * 2).min(MAX_MULTIPLIER);
        }
        let base = self.base();
        let twice = Duration::from_millis(base.unsigned_abs() * 2);
        let cap = backoff(twice, self.failures, ERROR_CAP).as_millis() as f64;
        let base = base as f64;
        let delay = whole(base + clamped(jitter) * (cap.max(base) - base));
        let asked = error.retry_after().map_or(0, |delay| {
            i64::try_from(delay.as_millis())
                .unwrap_or(i64::MAX)
                .min(RETRY_AFTER_CAP_MS)
        });
        delay.max(asked)
    }

    /// The error that ends the poll, when waiting cannot mend it.
    pub(super) fn final_error(&self, error: &Error) -> Option<Error> {
        let stops = match error.kind() {
            ErrorKind::Authentication
            | ErrorKind::Configuration
            | ErrorKind::InvalidRequest
            | ErrorKind::Mismatch => true,
            ErrorKind::Signature => self.signature_failures >= SIGNATURE_FAILURES_TO_STOP,
            _ => false,
        };
        stops.then(|| error.clone())
    }

    /// The last check happens at the deadline, not shortly before it.
    pub(super) fn before_deadline(&self, delay: i64, now: i64) -> i64 {
        let remaining = self.deadline - now;
        if remaining - delay <= self.base() {
            remaining.max(0)
        } else {
            delay
        }
    }
}

fn deadline(timeout: Duration, now: i64) -> i64 {
    // Nobody waits for longer than ten years.
    let timeout = timeout.min(Duration::from_secs(10 * 366 * 86_400));
    now.saturating_add(i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX))
}

/// A jitter within its bounds, whatever the caller passed.
fn clamped(jitter: f64) -> f64 {
    if jitter.is_finite() {
        jitter.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "delays are far below 2^53 ms, and `as` saturates"
)]
fn whole(milliseconds: f64) -> i64 {
    milliseconds.floor() as i64
}

/// How long it is from `now` until `then`; zero when that is past.
pub(crate) fn until(then: Timestamp, now: Timestamp) -> Duration {
    let left: SignedDuration = then.duration_since(now);
    Duration::try_from(left).unwrap_or_default()
}
