//! The polling state machine: when to ask again, and when to stop. No I/O, no clock, no randomness.
//!
//! ```text
//! base   = hint, or the policy's default; within the policy's bounds
//! normal = interval · (1 + 0.1·jitter)    interval = base for 120 s, then base·1.5^k up to max(10 s, base)
//! error  = base + jitter·(max(base, min(30 s, base·2^e)) − base)          e = failures in a row
//! 429 and 503: base doubles, up to ×8, and halves again after 5 good checks; Retry-After is kept to
//! last   : a delay that would leave no room for another check before the deadline ends at the deadline
//! ```

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::model::backoff::backoff;
use crate::model::cart::{CartRef, CartState, check_reference};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::status::CartStatus;
use crate::model::text::quote;
use crate::model::values::amount::Amount;

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

/// How often to ask about a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the unit belongs to each of them"
)]
pub struct PollPolicy {
    min_interval_ms: u32,
    default_interval_ms: u32,
    max_interval_ms: u32,
}

impl PollPolicy {
    /// A policy: at least `min_interval` between two checks, `default_interval` when the server gave
    /// no hint, at most `max_interval`.
    pub fn new(
        min_interval: Duration,
        default_interval: Duration,
        max_interval: Duration,
    ) -> Result<Self> {
        let whole = |name: &str, interval: Duration| {
            u32::try_from(interval.as_millis())
                .ok()
                .filter(|&milliseconds| milliseconds > 0)
                .ok_or_else(|| {
                    Error::invalid_request(format!(
                        "{name} must be at least a millisecond and at most 49 days; got {interval:?}"
                    ))
                })
        };
        let policy = Self {
            min_interval_ms: whole("min_interval", min_interval)?,
            default_interval_ms: whole("default_interval", default_interval)?,
            max_interval_ms: whole("max_interval", max_interval)?,
        };
        if policy.max_interval_ms < policy.min_interval_ms {
            return Err(Error::invalid_request(format!(
                "max_interval must not be below min_interval; got {max_interval:?} and {min_interval:?}"
            )));
        }
        Ok(policy)
    }

    /// The least time between two checks.
    #[must_use]
    pub fn min_interval(&self) -> Duration {
        Duration::from_millis(self.min_interval_ms.into())
    }

    /// The time between two checks when the server gave no hint.
    #[must_use]
    pub fn default_interval(&self) -> Duration {
        Duration::from_millis(self.default_interval_ms.into())
    }

    /// The most time between two checks, failures apart.
    #[must_use]
    pub fn max_interval(&self) -> Duration {
        Duration::from_millis(self.max_interval_ms.into())
    }
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self {
            min_interval_ms: 1_000,
            default_interval_ms: 3_000,
            max_interval_ms: 60_000,
        }
    }
}

/// How long to wait for a cart, and how often to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitOptions {
    /// When to give up, from now.
    pub timeout: Duration,
    /// How often to ask; `None` for the default, or what a [`CartPoll`] was made with.
    pub policy: Option<PollPolicy>,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(180),
            policy: None,
        }
    }
}

/// What a check brought.
#[derive(Clone, Debug)]
pub enum CheckOutcome {
    /// Where the cart stands.
    State(CartState),
    /// Where the cart stands after a cancel of ours, as `cancel_cart` and `settle_cart` give it: that it is
    /// canceled is then believed at once.
    AfterCancel(CartState),
    /// A status, which stands for what CheckCart says with it.
    Status(CartStatus),
    /// Why that could not be learnt.
    Error(Error),
}

impl From<Result<CartState>> for CheckOutcome {
    fn from(outcome: Result<CartState>) -> Self {
        match outcome {
            Ok(state) => Self::State(state),
            Err(error) => Self::Error(error),
        }
    }
}

/// A poll of one cart, as a value: what was seen, and when to ask next.
///
/// [`Client::poll_step`](crate::Client::poll_step) takes it one check further. Between two steps it
/// can be kept as JSON, which holds neither the secret key nor a phone number.
///
/// A cart that is not found, or canceled by result code 10201 without PaymentInfo, may not be there yet: for the first
/// 15 seconds it is asked about again, in the latter case until it was seen so twice, an interval apart, or after a cancel
/// of the shop's. A cart that was seen open does not end as `not_found`. Until then `is_done` is false, whatever `state` is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct CartPoll {
    transaction_id: Uuid,
    amount: Option<Amount>,
    reference: Option<String>,
    schedule: Schedule,
    is_done: bool,
    state: Option<Box<CartState>>,
    /// Whether the cart was seen to be there, and open.
    #[serde(default)]
    was_open: bool,
}

impl Serialize for CartPoll {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// What is read back gets the checks that an answer gets, wherever it was kept.
impl<'de> Deserialize<'de> for CartPoll {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut poll = Self::deserialize(deserializer)?;
        // Earlier versions did not write it down.
        poll.was_open |= poll.state().is_some_and(|state| state.status.is_open());
        match poll.contradiction() {
            None => Ok(poll),
            Some(why) => Err(D::Error::custom(format!(
                "its members contradict each other: {why}"
            ))),
        }
    }
}

impl CartPoll {
    const VERSION: u8 = 1;

    /// A poll that starts `now`; a [`CartPoll`] given as the cart goes on with a new deadline.
    pub fn new(cart: impl Into<CartRef>, options: WaitOptions, now: Timestamp) -> Self {
        let mut cart = cart.into();
        let now_ms = now.as_millisecond();
        if let Some(mut poll) = cart.poll.take().and_then(|poll| poll.of(&cart)) {
            poll.schedule.move_to_clock(now_ms, None);
            poll.schedule.extend(options, now_ms);
            return poll;
        }
        let mut schedule = Schedule::new(cart.check_interval, options, now_ms);
        schedule.doubted_since = cart.doubted_at.map(Timestamp::as_millisecond);
        Self {
            transaction_id: cart.transaction_id,
            amount: cart.amount,
            reference: cart.reference,
            schedule,
            is_done: false,
            state: None,
            was_open: false,
        }
    }

    /// The poll as one of this cart, whose order may be known by now; `None` where it has seen what that cart cannot be.
    fn of(mut self, cart: &CartRef) -> Option<Self> {
        self.amount = cart.amount.or(self.amount);
        self.reference = cart.reference.clone().or(self.reference);
        let is_its = self.transaction_id == cart.transaction_id && self.contradiction().is_none();
        is_its.then_some(self)
    }

    /// The server's id of the cart.
    #[must_use]
    pub fn transaction_id(&self) -> Uuid {
        self.transaction_id
    }

    /// When to ask next; a step before that sends nothing.
    #[must_use]
    pub fn next_check_at(&self) -> Timestamp {
        instant(self.schedule.next_check_at)
    }

    /// When the poll gives up, after one last check.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        instant(self.schedule.deadline)
    }

    /// The last state seen; failures do not change it.
    #[must_use]
    pub fn state(&self) -> Option<&CartState> {
        self.state.as_deref()
    }

    /// Whether polling has nothing more to learn: `state` is final and believed, or it is the merchant's move.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether a check is due.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        !self.is_done && self.schedule.next_check_at <= now.as_millisecond()
    }

    /// The poll on the clock of whoever takes its next step, which may not be the clock it was kept by.
    ///
    /// `now` is that clock, `server_now` the server's where it is known. Time is believed to have passed as the
    /// server's clock says; where that is not known, no less than none, and no more than the poll itself has
    /// scheduled until its next check. All the poll's instants are moved by what `now` differs from that.
    #[doc(hidden)]
    #[must_use]
    pub fn on_clock(&self, now: Timestamp, server_now: Option<Timestamp>) -> Self {
        let mut poll = self.clone();
        poll.schedule.move_to_clock(
            now.as_millisecond(),
            server_now.map(Timestamp::as_millisecond),
        );
        poll
    }

    /// The same poll, which knows what the server's clock said at `now`; what it knows already stays.
    #[doc(hidden)]
    #[must_use]
    pub fn dated(mut self, now: Timestamp, server_now: Option<Timestamp>) -> Self {
        let schedule = &mut self.schedule;
        let since_start = now.as_millisecond() - schedule.started_at;
        schedule.started_at_server = schedule
            .started_at_server
            .or_else(|| Some(instant(server_now?.as_millisecond() - since_start)));
        self
    }

    /// How long to wait before the next step; never longer than the poll scheduled, whatever `now` is.
    #[doc(hidden)]
    #[must_use]
    pub fn delay(&self, now: Timestamp) -> Duration {
        let schedule = &self.schedule;
        let left = schedule.next_check_at - now.as_millisecond().max(schedule.latest);
        Duration::from_millis(u64::try_from(left).unwrap_or_default())
    }

    /// The poll as versioned JSON, to be kept between two steps.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Token {
            version: Self::VERSION,
            poll: self,
        })
        .unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote. Refuses, with `invalid_request`, what no answer about this
    /// cart can have said.
    pub fn from_json(text: &str) -> Result<Self> {
        let refused = |why: String| {
            Error::invalid_request(format!("this is no poll that to_json wrote: {why}"))
        };
        let Token { version, poll } = serde_json::from_str::<Token<Self>>(text)
            .map_err(|error| refused(quote::json(&error)))?;
        if version != Self::VERSION {
            return Err(refused(format!(
                "its version is {version}, this one reads {}",
                Self::VERSION
            )));
        }
        Ok(poll)
    }

    /// Why this cannot be a poll that has seen what it says.
    fn contradiction(&self) -> Option<String> {
        if !self.schedule.is_sound() {
            return Some("its schedule is none".to_owned());
        }
        if let Some(Err(error)) = self.reference.as_deref().map(check_reference) {
            return Some(error.message().to_owned());
        }
        let Some(state) = &self.state else {
            return self
                .is_done
                .then(|| "it is done without a state".to_owned());
        };
        let status = state.status;
        let cannot_be = if self.is_done {
            status.is_waiting() || (status == CartStatus::NotFound && self.was_open)
        } else {
            matches!(status, CartStatus::Confirmed | CartStatus::Declined)
        };
        if cannot_be {
            let done = if self.is_done { "done" } else { "not done" };
            return Some(format!("it is {done} with the status {status}"));
        }
        state.contradiction(&self.cart())
    }

    /// The cart that is polled, with what is known of it.
    #[must_use]
    pub(crate) fn cart(&self) -> CartRef {
        CartRef {
            amount: self.amount,
            reference: self.reference.clone(),
            ..CartRef::from(self.transaction_id)
        }
    }

    /// The poll after a check that was sent at `sent_at` and answered at `now`; `jitter` is in `0..=1`.
    ///
    /// Fails with the error that ends the poll: the one seen, where it cannot pass by itself, or
    /// `wait_timeout`, which carries the poll to resume from.
    pub fn answered(
        &self,
        seen: CheckOutcome,
        sent_at: Timestamp,
        now: Timestamp,
        jitter: f64,
    ) -> Result<Self> {
        if self.is_done {
            return Ok(self.clone());
        }
        let mut next = self.clone();
        let now_ms = next.schedule.moves_on(now.as_millisecond());
        let sent_ms = sent_at.as_millisecond();
        let is_after_cancel = matches!(seen, CheckOutcome::AfterCancel(_));
        let (delay, failure) = match seen {
            CheckOutcome::Error(error) => {
                let delay = next.schedule.after_failure(&error, jitter);
                if let Some(stop) = next.schedule.stops_at(&error) {
                    return Err(stop);
                }
                (delay, Some(error))
            }
            CheckOutcome::Status(status) => {
                let state = CartState::as_checked(self.transaction_id, status, now);
                next.is_done = next.takes(state, sent_ms, false);
                (next.schedule.after_good_check(jitter), None)
            }
            CheckOutcome::State(state) | CheckOutcome::AfterCancel(state) => {
                if let Some(why) = state.contradiction(&self.cart()) {
                    return Err(Error::invalid_request(format!(
                        "seen is no state of cart {}: {why}",
                        self.transaction_id
                    )));
                }
                next.is_done = next.takes(state, sent_ms, is_after_cancel);
                (next.schedule.after_good_check(jitter), None)
            }
        };
        if next.is_done {
            next.schedule.next_check_at = now_ms;
            return Ok(next);
        }
        if sent_ms >= next.schedule.deadline {
            next.schedule.next_check_at = now_ms + delay;
            return Err(next.timed_out(failure));
        }
        next.schedule.next_check_at = now_ms + next.schedule.before_deadline(delay, now_ms);
        Ok(next)
    }

    /// Takes in a state that the answer to a check brought; says whether it ends the poll.
    fn takes(&mut self, state: CartState, sent_ms: i64, is_after_cancel: bool) -> bool {
        let status = state.status;
        let has_appeared = is_after_cancel || self.schedule.has_appeared(sent_ms);
        let ends = match status {
            CartStatus::NotFound => !self.was_open && has_appeared,
            CartStatus::Canceled if state.may_be_missing() => {
                self.schedule.is_seen_again(sent_ms) || has_appeared
            }
            status => !status.is_waiting(),
        };
        if status != CartStatus::Canceled {
            self.schedule.doubted_since = None;
        }
        self.was_open |= status.is_open();
        self.state = Some(Box::new(state));
        ends
    }

    fn timed_out(self, failure: Option<Error>) -> Error {
        let seen = match self.state() {
            Some(state) if state.is_final() => format!(
                "it was last seen {}, which may mean that it is not there yet: it may still be open at Netgíró",
                state.status
            ),
            Some(state) => format!(
                "it was last seen {}: it is still open at Netgíró",
                state.status
            ),
            None => "nothing could be learnt of it: it is still open at Netgíró".to_owned(),
        };
        let error = Error::new(
            ErrorKind::WaitTimeout,
            format!(
                "cart {} was not decided in time, {seen}, so go on waiting or settle it",
                self.transaction_id
            ),
        );
        let error = match failure {
            Some(failure) => error.caused_by(failure),
            None => error,
        };
        error.with_state(self.state().cloned()).with_poll(self)
    }

    /// The delay after the next failure while settling, on the same schedule.
    pub(crate) fn failure_delay(&mut self, error: &Error, jitter: f64) -> Duration {
        Duration::from_millis(self.schedule.after_failure(error, jitter).unsigned_abs())
    }

    /// The least time between two checks as the server and the policy want it.
    pub(crate) fn base(&self) -> Duration {
        Duration::from_millis(self.schedule.base().unsigned_abs())
    }

    /// Takes in a state that was learnt while settling; says whether it is the end of the cart.
    ///
    /// `sent_at` is when the check was sent that brought it.
    pub(crate) fn learnt(
        &mut self,
        state: CartState,
        sent_at: Timestamp,
        is_after_cancel: bool,
    ) -> bool {
        let is_final = state.is_final();
        let ends = self.takes(state, sent_at.as_millisecond(), is_after_cancel);
        // The merchant's move does not end what is being canceled.
        self.is_done = ends && is_final;
        self.is_done
    }

    /// Whether the cart was seen to be there, and open.
    pub(crate) fn was_open(&self) -> bool {
        self.was_open
    }

    /// The state, unless it is a final one that is not believed yet.
    pub(crate) fn believed(&self) -> Option<&CartState> {
        self.state()
            .filter(|state| self.is_done || !state.is_final())
    }
}

#[derive(Serialize, Deserialize)]
struct Token<P> {
    version: u8,
    #[serde(flatten)]
    poll: P,
}

fn instant(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}

/// The times of a poll, in wall-clock milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Schedule {
    policy: PollPolicy,
    hint_ms: Option<u32>,
    started_at: i64,
    deadline: i64,
    next_check_at: i64,
    /// The latest time seen, which the clock may not go behind.
    latest: i64,
    /// When the check was sent since which the cart is canceled, or not there yet.
    #[serde(default)]
    doubted_since: Option<i64>,
    /// What the server's clock said when the poll started. Not in milliseconds, since no clock of ours moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at_server: Option<Timestamp>,
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
    fn new(hint: Option<Duration>, options: WaitOptions, now: i64) -> Self {
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

    fn extend(&mut self, options: WaitOptions, now: i64) {
        self.policy = options.policy.unwrap_or(self.policy);
        self.deadline = deadline(options.timeout, now);
        self.next_check_at = self.next_check_at.min(self.deadline);
        self.signature_failures = 0;
        // The new deadline is on the caller's clock, which the start may not have been.
        self.started_at_server = None;
    }

    /// Moves all instants onto the clock that now says `now`; see [`CartPoll::on_clock`].
    fn move_to_clock(&mut self, now: i64, server_now: Option<i64>) {
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

    fn is_sound(&self) -> bool {
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

    /// The time it now is, which never goes back.
    fn moves_on(&mut self, now: i64) -> i64 {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Whether a cart must be there when a check is sent at this time, if it will ever be.
    fn has_appeared(&self, sent_at: i64) -> bool {
        sent_at - self.started_at >= APPEARS_WITHIN_MS
    }

    /// Whether a check brought the same doubt an interval before; two copies of one step count once.
    fn is_seen_again(&mut self, sent_at: i64) -> bool {
        // What was sent before it by another clock, or answered after it, begins anew.
        let first = self.doubted_since.map_or(sent_at, |at| at.min(sent_at));
        self.doubted_since = Some(first);
        sent_at - first >= self.base()
    }

    fn base(&self) -> i64 {
        let policy = self.policy;
        let base = self
            .hint_ms
            .unwrap_or(policy.default_interval_ms)
            .clamp(policy.min_interval_ms, policy.max_interval_ms);
        let multiplied = i64::from(base) * i64::from(self.multiplier);
        multiplied.min(policy.max_interval_ms.into())
    }

    #[expect(clippy::cast_precision_loss, reason = "bases are at most 2^32 ms")]
    fn after_good_check(&mut self, jitter: f64) -> i64 {
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
        whole(interval * (1.0 + 0.1 * unit(jitter)))
    }

    #[expect(clippy::cast_precision_loss, reason = "bases are at most 2^32 ms")]
    fn after_failure(&mut self, error: &Error, jitter: f64) -> i64 {
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
        let delay = whole(base + unit(jitter) * (cap.max(base) - base));
        let asked = error.retry_after().map_or(0, |delay| {
            i64::try_from(delay.as_millis())
                .unwrap_or(i64::MAX)
                .min(RETRY_AFTER_CAP_MS)
        });
        delay.max(asked)
    }

    /// The error that ends the poll, when waiting cannot mend it.
    fn stops_at(&self, error: &Error) -> Option<Error> {
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
    fn before_deadline(&self, delay: i64, now: i64) -> i64 {
        let remaining = self.deadline - now;
        if remaining - delay <= self.base() {
            remaining.max(0)
        } else {
            delay
        }
    }
}

fn deadline(timeout: Duration, now: i64) -> i64 {
    // Beyond ten years there is no deadline that anyone waits for.
    let timeout = timeout.min(Duration::from_secs(10 * 366 * 86_400));
    now.saturating_add(i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX))
}

/// A jitter within its bounds, whatever was given.
fn unit(jitter: f64) -> f64 {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::{CartPoll, CheckOutcome, PollPolicy, WaitOptions};
    use crate::model::cart::CartRef;
    use crate::model::error::{Error, ErrorKind};
    use crate::model::status::CartStatus;

    const START: i64 = 1_767_225_600_000;
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(START + milliseconds).unwrap()
    }

    fn within(seconds: u64) -> WaitOptions {
        WaitOptions {
            timeout: Duration::from_secs(seconds),
            policy: None,
        }
    }

    fn poll() -> CartPoll {
        CartPoll::new(Uuid::from_u128(1), within(180), at(0))
    }

    fn seen(poll: &CartPoll, status: CartStatus, sent_at: i64) -> CartPoll {
        let now = at(sent_at);
        poll.answered(CheckOutcome::Status(status), now, now, 0.0)
            .unwrap()
    }

    #[test]
    fn a_policy_gives_back_what_it_was_made_of() {
        let intervals = |policy: PollPolicy| {
            [
                policy.min_interval(),
                policy.default_interval(),
                policy.max_interval(),
            ]
        };
        let seconds = [2, 4, 8].map(Duration::from_secs);
        let [min, default, max] = seconds;
        assert_eq!(
            intervals(PollPolicy::new(min, default, max).unwrap()),
            seconds
        );
        assert_eq!(
            intervals(PollPolicy::default()),
            [1, 3, 60].map(Duration::from_secs)
        );
    }

    #[test]
    fn a_check_is_due_from_its_instant_on_until_the_poll_is_done() {
        let open = seen(&poll(), CartStatus::Pending, 0);
        assert!(poll().is_due(at(0)));
        assert!(!open.is_due(at(2_999)));
        assert!(open.is_due(at(3_000)));
        assert!(open.is_due(at(HOUR)));
        let paid = seen(&open, CartStatus::Confirmed, 3_000);
        assert!(!paid.is_due(at(HOUR)));
    }

    #[test]
    fn a_final_state_is_believed_when_the_poll_is_done() {
        assert_eq!(poll().believed(), None);
        let open = seen(&poll(), CartStatus::Pending, 0);
        let status = |poll: &CartPoll| poll.believed().map(|state| state.status);
        assert_eq!(status(&open), Some(CartStatus::Pending));
        let missing = seen(&poll(), CartStatus::NotFound, 0);
        assert_eq!(status(&missing), None);
        assert_eq!(
            status(&seen(&missing, CartStatus::NotFound, 15_000)),
            Some(CartStatus::NotFound)
        );
        assert_eq!(
            status(&seen(&open, CartStatus::Declined, 3_000)),
            Some(CartStatus::Declined)
        );
    }

    #[test]
    fn what_the_servers_clock_said_first_is_kept_as_of_the_start() {
        // The server is an hour ahead, and says so five seconds after the start.
        let dated = poll().dated(at(5_000), Some(at(HOUR + 5_000)));
        // A minute after the start, by another clock of ours that is ten minutes ahead.
        let moved = dated.on_clock(at(11 * MINUTE), Some(at(HOUR + MINUTE)));
        assert_eq!(moved.deadline(), at(10 * MINUTE + 180_000));
        let again = dated.dated(at(0), Some(at(0)));
        assert_eq!(
            again.on_clock(at(11 * MINUTE), Some(at(HOUR + MINUTE))),
            moved
        );
        assert_eq!(poll().dated(at(5_000), None), poll());
    }

    #[test]
    fn a_poll_that_is_waited_for_again_gets_a_new_deadline() {
        let wrong = Error::new(ErrorKind::Signature, "wrong");
        let failed = |poll: &CartPoll, sent_at| {
            poll.answered(
                CheckOutcome::Error(wrong.clone()),
                at(sent_at),
                at(sent_at),
                0.0,
            )
        };
        let mut failing = seen(&poll(), CartStatus::Pending, 0).dated(at(0), Some(at(HOUR)));
        for sent_at in [3_000, 6_000] {
            failing = failed(&failing, sent_at).unwrap();
        }
        assert_eq!(
            failed(&failing, 9_000).unwrap_err().kind(),
            ErrorKind::Signature
        );
        let resumed = |options| CartPoll::new(CartRef::from(&failing), options, at(8_000));
        let again = resumed(within(60));
        assert_eq!(again.deadline(), at(68_000));
        assert_eq!(again.next_check_at(), at(9_000));
        assert_eq!(again.state(), failing.state());
        assert_eq!(resumed(within(0)).next_check_at(), at(8_000));
        // The count of answers that did not verify begins anew.
        assert!(failed(&again, 9_000).is_ok());
        // Without the start by the server's clock, what has passed is what the poll itself had scheduled.
        let moved = again.on_clock(at(HOUR), Some(at(3 * HOUR)));
        assert_eq!(moved.next_check_at(), at(HOUR));
        assert_eq!(moved.deadline(), at(HOUR + 59_000));

        let second = Duration::from_secs(1);
        let quick = WaitOptions {
            policy: Some(PollPolicy::new(second, second, second).unwrap()),
            ..within(60)
        };
        let quick = seen(&resumed(quick), CartStatus::Pending, 9_000);
        assert_eq!(quick.next_check_at(), at(10_000));
        let kept = seen(&again, CartStatus::Pending, 9_000);
        assert_eq!(kept.next_check_at(), at(12_000));
    }
}
