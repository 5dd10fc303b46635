//! A refund that is made again with its key until it is known to be made, and with a new key once it was refused.

use netgiro::internals::{self, Call, Received, RefundKeys};
use netgiro::{Amount, Error, ErrorKind, NewRefund, Refund, RequestSent};

use crate::answers::CART;
use crate::explore::System;
use crate::invariants::{Attention, Checkout, Report, Truth, World};
use crate::models::{one, open_checkout};
use crate::mutation::Mutation;

/// How often one call is sent.
const ATTEMPTS: u8 = 3;
/// The refund that the shop means, whatever its key.
const INTENT: u32 = 1;

/// The system.
#[derive(Debug)]
pub struct Refunding {
    /// How often the shop makes the call again, with its key or another.
    pub calls: u8,
    /// What is done wrong, if anything.
    pub mutation: Option<Mutation>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    world: World,
    /// The key in use, and those that the server has processed.
    key: u8,
    processed: Vec<u8>,
    attempts: u8,
    calls: u8,
    in_doubt: bool,
    /// Whether an earlier call with this key has ended unknown, or with a crash.
    was_unknown: bool,
    reply: Option<RefundReply>,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundReply {
    /// It is made.
    Done,
    /// The key was processed before.
    Repeated,
    /// A "no" that does not speak of the key.
    Refused,
    /// A page that is not the API's.
    Foreign,
    /// 429.
    TooMany,
    /// 503.
    Busy,
    /// The request did not leave.
    NotSent,
    /// The connection broke.
    Broken,
    /// Nothing.
    Silence,
}

impl RefundReply {
    fn read(self, refund: &NewRefund) -> Result<Refund, Error> {
        let failure = |kind, sent| Err(internals::failed(kind, sent));
        let (http_status, body) = match self {
            Self::NotSent => return failure(ErrorKind::Connect, RequestSent::No),
            Self::Broken => return failure(ErrorKind::Server, RequestSent::Maybe),
            Self::Silence => return failure(ErrorKind::Timeout, RequestSent::Maybe),
            Self::Done => (200, r#"{"Success":true,"Message":"Success"}"#),
            Self::Repeated => (
                400,
                r#"{"Success":false,"Message":"IdempotencyKey has been processed already"}"#,
            ),
            Self::Refused => (
                400,
                r#"{"Success":false,"Message":"RefundAmount is more than what is left"}"#,
            ),
            Self::Foreign => (200, "<html>"),
            Self::TooMany => (429, ""),
            Self::Busy => (503, ""),
        };
        internals::read_refund(CART, refund, Received { http_status, body })
    }
}

/// One thing that may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The request is going to be answered so, and comes to the server or not.
    Reply(RefundReply, bool),
    /// The answer comes.
    Answer,
    /// The process crashes, and makes the call again that it had stored.
    Crash,
    /// The shop refunds something else under the same key.
    ReuseKey,
}

impl Refunding {
    fn refund(key: u8, amount: i64) -> Option<NewRefund> {
        let amount = Amount::new(amount).ok()?;
        Some(NewRefund::new(amount, format!("order-1-line-{key}")))
    }

    fn answer(&self, state: &State) -> Option<State> {
        let mut next = state.clone();
        let reply = next.reply.take()?;
        let refund = Self::refund(next.key, 1000)?;
        next.attempts -= 1;
        let Err(failure) = reply.read(&refund) else {
            next.end(Report::Paid);
            return Some(next);
        };
        next.in_doubt |= internals::may_have_taken_effect(&failure);
        if next.attempts > 0 && internals::may_be_sent_again(Call::Refund, &failure) {
            return Some(next);
        }
        let in_doubt = next.in_doubt && self.mutation != Some(Mutation::LostRefundIsRefused);
        let outcome = internals::refund_failure(failure, in_doubt, &refund).kind();
        let is_refused = matches!(outcome, ErrorKind::Api | ErrorKind::Mismatch);
        // A refusal after a call that ended unknown does not say that nothing was refunded: a person looks.
        if next.calls == 0 || (is_refused && next.was_unknown) {
            next.end(Report::Undecided);
            return Some(next);
        }
        next.begin_call();
        next.was_unknown |= outcome == ErrorKind::OutcomeUnknown;
        // It was refused, so the shop does what it was told to do: it tries with another key.
        if is_refused {
            next.key += 1;
        }
        Some(next)
    }
}

impl State {
    fn begin_call(&mut self) {
        self.calls -= 1;
        self.attempts = ATTEMPTS;
        self.in_doubt = false;
    }

    fn end(&mut self, report: Report) {
        let checkout = one(&mut self.world);
        checkout.tell(report);
        checkout.attention = Attention::None;
    }
}

impl System for Refunding {
    type State = State;
    type Action = Action;

    const NAME: &'static str = "refunding";

    fn beginnings(&self) -> Vec<State> {
        let mut checkout = open_checkout();
        checkout.truth = Truth::Paid;
        checkout.attention = Attention::Busy;
        vec![State {
            world: World {
                now: 0,
                longest_delay: 0,
                checkouts: vec![checkout],
            },
            key: 1,
            processed: Vec::new(),
            attempts: ATTEMPTS,
            calls: self.calls,
            in_doubt: false,
            was_unknown: false,
            reply: None,
        }]
    }

    fn is_over(&self, state: &State) -> bool {
        let is_told = |it: &Checkout| !it.told.is_empty();
        state.world.checkouts.first().is_none_or(is_told)
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.calls > 0 {
            actions.push(Action::Crash);
        }
        if state.reply.is_some() {
            actions.push(Action::Answer);
            return;
        }
        actions.push(Action::ReuseKey);
        let was_processed = state.processed.contains(&state.key);
        actions.push(Action::Reply(RefundReply::Done, true));
        if was_processed {
            // A server may say so, or that nothing is left to be refunded.
            actions.push(Action::Reply(RefundReply::Repeated, true));
            actions.push(Action::Reply(RefundReply::Refused, true));
        } else {
            actions.push(Action::Reply(RefundReply::Refused, false));
        }
        for lost in [
            RefundReply::Foreign,
            RefundReply::Busy,
            RefundReply::Broken,
            RefundReply::Silence,
        ] {
            actions.extend([Action::Reply(lost, true), Action::Reply(lost, false)]);
        }
        for unsent in [RefundReply::TooMany, RefundReply::NotSent] {
            actions.push(Action::Reply(unsent, false));
        }
    }

    fn next(&self, state: &State, action: &Action) -> Option<State> {
        let mut next = state.clone();
        match *action {
            Action::Reply(reply, comes) => {
                if comes && !next.processed.contains(&next.key) {
                    next.processed.push(next.key);
                    one(&mut next.world).refunded(INTENT);
                }
                next.reply = Some(reply);
            }
            Action::Answer => return self.answer(state),
            Action::Crash => {
                next.reply = None;
                next.was_unknown = true;
                next.begin_call();
            }
            Action::ReuseKey => {
                let keys = RefundKeys::default();
                keys.claim(CART, &Self::refund(next.key, 1000)?).ok()?;
                if keys.claim(CART, &Self::refund(next.key, 1000)?).is_err() {
                    // The same refund again is no other refund.
                    one(&mut next.world).attention = Attention::None;
                } else if keys.claim(CART, &Self::refund(next.key, 2000)?).is_ok() {
                    one(&mut next.world).refunds.insert(0, 2);
                } else {
                    return None;
                }
            }
        }
        Some(next)
    }

    fn world<'a>(&self, state: &'a State) -> &'a World {
        &state.world
    }
}
