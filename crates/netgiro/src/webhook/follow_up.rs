//! What follows a callback's 200: CheckCart decides, and the shop's function is called once for each cart.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::backoff::backoff;
use crate::model::cart::state::CartState;
use crate::model::error::ErrorKind;
use crate::model::poll::CartPoll;
use crate::model::poll::cart_ref::CartRef;
use crate::model::poll::policy::{PollPolicy, WaitOptions};

/// How long the server may fail to say how a cart ended. Its carts live for three minutes.
const PATIENCE: Duration = Duration::from_secs(3600);
/// The payment is created by the 200, so it is there in a moment.
const INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// The delay after the first failure.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// What a driver is to do next for a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FollowUpAction {
    /// Claim the cart in the ledger of the shop's processes, or renew the claim.
    Claim,
    /// Take the poll one check further.
    Check,
    /// Cancel the cart at its deadline, and read the answer.
    Settle,
    /// Call the shop's function with the poll's state.
    Call,
    /// Note in the ledger that the function has succeeded.
    Done,
    /// Give the claim back.
    Release,
    /// Wait this long.
    Wait(Duration),
    /// Nothing more.
    End,
}

impl FollowUpAction {
    /// The action's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Check => "check",
            Self::Settle => "settle",
            Self::Call => "call",
            Self::Done => "done",
            Self::Release => "release",
            Self::Wait(_) => "wait",
            Self::End => "end",
        }
    }
}

/// The outcome of an action.
#[derive(Clone, Debug)]
pub enum FollowUpOutcome {
    /// Whether the cart is claimed; else it is done, or another holder's.
    Claimed(bool),
    /// The poll after a check.
    Checked(Box<CartPoll>),
    /// What was to be done is done.
    Done,
    /// It failed: with the kind of an error of this library, and the poll to resume from that it carried.
    Failed(Option<ErrorKind>, Option<Box<CartPoll>>),
    /// The driver is being closed: others are to go on with the cart.
    Stopped,
}

/// How a cart is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Plan {
    /// Whether the shop's processes agree by a ledger which of them calls the function.
    has_ledger: bool,
    /// Whether the cart is canceled at the poll's deadline, rather than left to a person.
    settles: bool,
    /// Whether the function is told when it is the shop's move, too.
    tells_shops_move: bool,
    /// How long a check may fail; `None` for ever.
    patience: Option<Duration>,
    longest_delay: Duration,
}

const AFTER_CALLBACK: Plan = Plan {
    has_ledger: true,
    settles: false,
    tells_shops_move: false,
    patience: Some(PATIENCE),
    longest_delay: Duration::from_secs(60),
};

const IN_MESSAGES: Plan = Plan {
    has_ledger: false,
    settles: true,
    tells_shops_move: true,
    patience: None,
    // Below any sensible visibility timeout of a queue.
    longest_delay: Duration::from_secs(30),
};

/// One cart that is followed to its end, and the shop's function to its success.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FollowUp {
    plan: Plan,
    poll: CartPoll,
    was_called: bool,
    failures: u32,
    is_stopping: bool,
    action: FollowUpAction,
}

impl FollowUp {
    /// Follows a cart from `now` on, after a callback about it was answered by 200.
    pub fn after_callback(cart: impl Into<CartRef>, now: Timestamp) -> Self {
        let options = WaitOptions {
            timeout: PATIENCE,
            policy: PollPolicy::new(INTERVAL, INTERVAL, LONGEST_INTERVAL).ok(),
        };
        Self::new(AFTER_CALLBACK, CartPoll::new(cart, options, now), 0)
    }

    /// Goes on with a cart whose poll is kept in the messages of a queue, with its failures in a row.
    #[must_use]
    pub fn in_messages(poll: CartPoll, failures: u32) -> Self {
        Self::new(IN_MESSAGES, poll, failures)
    }

    fn new(plan: Plan, poll: CartPoll, failures: u32) -> Self {
        let mut follow_up = Self {
            plan,
            poll,
            was_called: false,
            failures,
            is_stopping: false,
            action: FollowUpAction::End,
        };
        follow_up.action = follow_up.attempt();
        follow_up
    }

    /// What is to be done next.
    #[must_use]
    pub fn action(&self) -> FollowUpAction {
        self.action
    }

    /// The poll, and in it the cart's state.
    #[must_use]
    pub fn poll(&self) -> &CartPoll {
        &self.poll
    }

    /// How many failures in a row there were.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes the outcome of the action, and gives the next one. `now` is the clock's, by which a poll's next check is due;
    /// `elapsed` is how long the cart has been followed, by a clock that nobody sets.
    pub fn step(
        &mut self,
        outcome: FollowUpOutcome,
        now: Timestamp,
        elapsed: Duration,
    ) -> FollowUpAction {
        self.action = self.next(outcome, now, elapsed);
        self.action
    }

    fn next(
        &mut self,
        outcome: FollowUpOutcome,
        now: Timestamp,
        elapsed: Duration,
    ) -> FollowUpAction {
        use FollowUpAction as Action;
        use FollowUpOutcome as Outcome;

        match (self.action, outcome) {
            (Action::End, _)
            | (Action::Claim, Outcome::Claimed(false))
            | (Action::Done | Action::Release, Outcome::Done) => Action::End,
            (Action::Claim, Outcome::Claimed(true)) => self.go_on(),
            (Action::Check | Action::Settle, Outcome::Checked(poll)) if self.is_its(&poll) => {
                self.poll = *poll;
                if self.poll.is_done() {
                    return self.go_on();
                }
                self.failures = 0;
                Action::Wait(self.poll.delay(now))
            }
            (Action::Check, Outcome::Failed(Some(ErrorKind::WaitTimeout), poll))
                if self.plan.settles =>
            {
                self.resume(poll);
                Action::Settle
            }
            (Action::Check | Action::Settle, Outcome::Failed(kind, _))
                if self.is_over(kind, elapsed) =>
            {
                self.release()
            }
            (Action::Call, Outcome::Done) => {
                self.was_called = true;
                self.go_on()
            }
            (Action::Wait(_), Outcome::Done) => self.attempt(),
            (_, Outcome::Stopped) => {
                self.is_stopping = true;
                self.leave()
            }
            (_, Outcome::Failed(..)) if self.is_stopping => Action::End,
            (Action::Check | Action::Settle, Outcome::Failed(_, poll)) => {
                self.resume(poll);
                self.back_off()
            }
            // It has failed, or this is not what comes of this action.
            _ => self.back_off(),
        }
    }

    /// The first action of an attempt. Not until the function has succeeded is the cart done with.
    fn attempt(&self) -> FollowUpAction {
        if self.plan.has_ledger {
            FollowUpAction::Claim
        } else {
            self.go_on()
        }
    }

    /// What the poll's standing asks for.
    fn go_on(&self) -> FollowUpAction {
        if !self.poll.is_done() {
            return FollowUpAction::Check;
        }
        let is_final = self.poll.state().is_some_and(CartState::is_final);
        if !is_final && !self.plan.tells_shops_move {
            // A later callback may tell more.
            return self.release();
        }
        match (self.was_called, self.plan.has_ledger) {
            (false, _) => FollowUpAction::Call,
            (true, true) => FollowUpAction::Done,
            (true, false) => FollowUpAction::End,
        }
    }

    /// The last action of a driver that is being closed. A success of the function that could not be noted is noted once
    /// more: whoever claims the cart next would call the function again.
    fn leave(&self) -> FollowUpAction {
        if self.was_called && self.plan.has_ledger {
            FollowUpAction::Done
        } else {
            self.release()
        }
    }

    fn release(&self) -> FollowUpAction {
        if self.plan.has_ledger {
            FollowUpAction::Release
        } else {
            FollowUpAction::End
        }
    }

    /// Whether a check has failed for good: a person should look at the cart.
    fn is_over(&self, kind: Option<ErrorKind>, elapsed: Duration) -> bool {
        let ends = match kind {
            Some(ErrorKind::Mismatch) => true,
            Some(ErrorKind::WaitTimeout) => !self.plan.settles,
            _ => false,
        };
        ends || self.plan.patience.is_some_and(|most| elapsed >= most)
    }

    fn resume(&mut self, poll: Option<Box<CartPoll>>) {
        if let Some(poll) = poll.filter(|poll| self.is_its(poll)) {
            self.poll = *poll;
        }
    }

    fn is_its(&self, poll: &CartPoll) -> bool {
        poll.transaction_id() == self.poll.transaction_id()
    }

    fn back_off(&mut self) -> FollowUpAction {
        self.failures = self.failures.saturating_add(1);
        FollowUpAction::Wait(backoff(FIRST_DELAY, self.failures, self.plan.longest_delay))
    }
}
