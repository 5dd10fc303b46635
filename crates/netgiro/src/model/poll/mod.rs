//! The polling state machine: when to ask again, and when to stop. No I/O, no clock, no randomness.
//!
//! ```text
//! base   = hint, or the policy's default; within the policy's bounds
//! normal = interval · (1 + 0.1·jitter)    interval = base for 120 s, then base·1.5^k up to max(10 s, base)
//! error  = base + jitter·(max(base, min(30 s, base·2^e)) − base)          e = failures in a row
//! 429 and 503: base doubles, up to ×8, and halves again after 5 good checks; Retry-After is kept to
//! last   : a delay that would leave no room for another check before the deadline ends at the deadline
//! ```

pub(crate) mod cart_ref;
pub(crate) mod outcome;
pub(crate) mod policy;
pub(crate) mod schedule;
mod token;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::poll::outcome::CheckOutcome;
use crate::model::poll::policy::WaitOptions;
use crate::model::poll::schedule::Schedule;
use crate::model::status::CartStatus;
use crate::model::values::amount::Amount;

/// A poll of one cart, as a value: what was seen, and when to ask next.
///
/// [`Client::poll_step`](crate::Client::poll_step) takes it one check further. Between two steps it
/// can be kept as JSON, which holds neither the secret key nor a phone number.
///
/// A cart that is not found, or canceled by result code 10201 without PaymentInfo, may not be there yet: for the first
/// 15 seconds it is checked again, in the latter case until it was seen so twice, an interval apart, or after a cancel
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

impl CartPoll {
    /// A poll that starts `now`; a [`CartPoll`] given as the cart goes on with a new deadline.
    pub fn new(cart: impl Into<CartRef>, options: WaitOptions, now: Timestamp) -> Self {
        let mut cart = cart.into();
        let now_ms = now.as_millisecond();
        if let Some(mut poll) = cart.poll.take().and_then(|poll| poll.for_cart(&cart)) {
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

    /// The same poll, for a cart whose order may be known by now; `None` where it saw what that cart cannot be.
    fn for_cart(mut self, cart: &CartRef) -> Option<Self> {
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
        let now_ms = next.schedule.advance(now.as_millisecond());
        let sent_ms = sent_at.as_millisecond();
        let is_after_cancel = matches!(seen, CheckOutcome::AfterCancel(_));
        let (delay, failure) = match seen {
            CheckOutcome::Error(error) => {
                let delay = next.schedule.after_failure(&error, jitter);
                if let Some(stop) = next.schedule.final_error(&error) {
                    return Err(stop);
                }
                (delay, Some(error))
            }
            CheckOutcome::Status(status) => {
                let state = CartState::as_checked(self.transaction_id, status, now);
                next.is_done = next.take_in(state, sent_ms, false);
                (next.schedule.after_good_check(jitter), None)
            }
            CheckOutcome::State(state) | CheckOutcome::AfterCancel(state) => {
                if let Some(why) = self.cart().contradiction(&state) {
                    return Err(Error::invalid_request(format!(
                        "seen is no state of cart {}: {why}",
                        self.transaction_id
                    )));
                }
                next.is_done = next.take_in(state, sent_ms, is_after_cancel);
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

    /// Takes in the state of a check; says whether it ends the poll.
    fn take_in(&mut self, state: CartState, sent_ms: i64, is_after_cancel: bool) -> bool {
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

    /// Takes in a state that came while settling; says whether the cart can no longer change.
    ///
    /// `sent_at` is when its check was sent.
    pub(crate) fn take_in_settling(
        &mut self,
        state: CartState,
        sent_at: Timestamp,
        is_after_cancel: bool,
    ) -> bool {
        let is_final = state.is_final();
        let ends = self.take_in(state, sent_at.as_millisecond(), is_after_cancel);
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

fn instant(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::{CartPoll, CheckOutcome, WaitOptions};
    use crate::model::error::{Error, ErrorKind};
    use crate::model::poll::cart_ref::CartRef;
    use crate::model::poll::policy::PollPolicy;
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
    fn nobody_waits_for_longer_than_ten_years() {
        const TEN_YEARS: u64 = 10 * 366 * 86_400;
        for (seconds, waits) in [(TEN_YEARS / 2, TEN_YEARS / 2), (u64::MAX, TEN_YEARS)] {
            let poll = CartPoll::new(CartRef::from(Uuid::nil()), within(seconds), at(0));
            let waits = i64::try_from(waits).unwrap() * 1_000;
            assert_eq!(poll.deadline(), at(waits));
        }
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
