//! A cart that is settled: waited for, canceled at the deadline, and asked about until its end is clear.

use std::time::Duration;

use netgiro::internals::{self, Call, Settling as Turns, SettlingAction};
use netgiro::{ApiVersion, CartPoll, CartRef, CartState, CheckOutcome, Error, WaitOptions};

use crate::answers::{Reply, order};
use crate::explore::System;
use crate::invariants::{Attention, Checkout, Millis, Report, Truth, World};
use crate::models::{instant, is_over, millis, one, open_checkout};
use crate::mutation::Mutation;
use crate::server::Server;

/// The interval that the server wants.
const INTERVAL: Millis = 3_000;
const SILENCE: Millis = 5_000;
const LONGEST_DELAY: Millis = 31_000;

/// One way to settle, and how much may go wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Which API.
    pub api: ApiVersion,
    /// How long the shop waits before it cancels.
    pub timeout: Millis,
    /// When the cart expires.
    pub expires_at: Millis,
    /// Answers that may go wrong.
    pub faults: u8,
    /// Crashes.
    pub crashes: u8,
}

/// The system.
#[derive(Debug)]
pub struct Settling {
    /// The ways to settle.
    pub settings: Vec<Setting>,
    /// What is done wrong, if anything.
    pub mutation: Option<Mutation>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    world: World,
    server: Server,
    timeout: Millis,
    /// Of the wait that goes on.
    deadline: Millis,
    poll: CartPoll,
    /// The poll as the shop has stored it.
    stored: CartPoll,
    /// From the deadline on, with the time to give up.
    turns: Option<(Turns, Millis)>,
    flight: Option<Flight>,
    crashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Flight {
    call: Call,
    /// Whether it is V2's status before a cancel.
    precedes_cancel: bool,
    /// How often it may yet be sent.
    attempts: u32,
    sent_at: Millis,
    reply: Option<Reply>,
}

/// One thing that may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The customer accepts.
    Accept,
    /// The customer declines.
    Decline,
    /// The shop was told, and the cart expires.
    Expire,
    /// The shop goes on: it waits for what is due and sends it.
    GoOn,
    /// The request is going to be answered so, and a cancel is carried out or not.
    Reply(Reply, bool),
    /// The answer comes.
    Answer,
    /// The shop crashes.
    Crash,
    /// It starts again, from what it had stored.
    Restart,
}

impl Settling {
    fn is(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    fn wait(cart: CartRef, timeout: Millis, now: Millis) -> CartPoll {
        let options = WaitOptions {
            timeout: Duration::from_millis(timeout.unsigned_abs()),
            policy: None,
        };
        let interval = Duration::from_millis(INTERVAL.unsigned_abs());
        CartPoll::new(cart.with_check_interval(interval), options, instant(now, 0))
    }

    fn go_on(state: &State) -> Option<State> {
        let mut next = state.clone();
        let Some((turns, _)) = &mut next.turns else {
            let due = millis(next.poll.delay(instant(next.world.now, 0)));
            next.pass(next.world.now + due);
            next.send(next.server.check_call(), false, 1);
            return Some(next);
        };
        match turns.action() {
            SettlingAction::Cancel if next.server.api == ApiVersion::V2 => {
                next.send(Call::Status, true, 1);
            }
            SettlingAction::Cancel => next.send(Call::CancelCart, false, 1),
            SettlingAction::Check(attempts) => {
                next.send(next.server.check_call(), false, attempts);
            }
            SettlingAction::Wait(delay) => {
                turns.begin_turn();
                next.pass(next.world.now + millis(delay));
                let now = next.world.now;
                next.checkout().sent_check(now);
            }
            SettlingAction::End => return None,
        }
        Some(next)
    }

    fn answer(&self, state: &State) -> Option<State> {
        let mut next = state.clone();
        let flight = next.flight.take()?;
        let reply = flight.reply?;
        let silent = if reply == Reply::Silence { SILENCE } else { 0 };
        next.pass(flight.sent_at + silent);
        let called_paid_by = next.turns.as_ref().and_then(|it| it.0.called_paid_by());
        let is_cancel = matches!(flight.call, Call::CancelCart | Call::Cancel);
        if !is_cancel {
            next.server.was_read(reply);
        }
        let held_against = called_paid_by.filter(|_| !is_cancel && !flight.precedes_cancel);
        let read = reply.read(flight.call, held_against);
        let Some((mut turns, give_up_at)) = next.turns.clone() else {
            self.polled(&mut next, read, flight.sent_at, reply);
            return Some(next);
        };
        if let Err(error) = &read
            && flight.attempts > 1
            && internals::may_be_sent_again(flight.call, error)
        {
            next.send(flight.call, flight.precedes_cancel, flight.attempts - 1);
            return Some(next);
        }
        let is_late = next.world.now > give_up_at;
        if is_late {
            next.world.now = give_up_at.max(state.world.now);
        }
        let sent_at = instant(flight.sent_at, 0);
        let outcome = if is_cancel || flight.precedes_cancel {
            let answer = if flight.precedes_cancel {
                let read = read.and_then(internals::before_cancel);
                let read = match read {
                    Ok(_) if self.is(Mutation::CancelsWhatIsPaid) => Ok(None),
                    read => read,
                };
                match read {
                    Ok(None) if !is_late => {
                        next.send(Call::Cancel, false, 1);
                        return Some(next);
                    }
                    answer => answer,
                }
            } else {
                read.map(|state| internals::believed(flight.call, state))
            };
            let answer = self.mutated(answer, flight.call);
            let call = next.server.cancel_call();
            turns.canceled(&mut next.poll, (!is_late).then_some(answer), call, sent_at)
        } else {
            let left = give_up_at - next.world.now;
            let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
            turns.checked(
                &mut next.poll,
                (!is_late).then_some(read),
                sent_at,
                left,
                0.0,
            )
        };
        match outcome {
            Ok(SettlingAction::End) => {
                let status = next.poll.state().map(CartState::is_paid);
                self.tell(
                    &mut next,
                    match status {
                        Some(true) => Report::Paid,
                        Some(false) => Report::Unpaid,
                        None => Report::Undecided,
                    },
                );
            }
            Ok(action) => {
                if let SettlingAction::Wait(delay) = action {
                    let now = next.world.now;
                    next.checkout().not_before = now + INTERVAL;
                    next.checkout().attention = Attention::Due(now + millis(delay));
                }
                next.turns = Some((turns, give_up_at));
            }
            Err(_) => {
                // It goes on for a minute, or for as long as there is room for another turn.
                if !reply.is_final_failure() {
                    let now = next.world.now;
                    next.checkout().gave_up = Some((give_up_at - LONGEST_DELAY, now));
                }
                self.tell(&mut next, Report::Undecided);
            }
        }
        Some(next)
    }

    /// Takes the answer to a check before the deadline.
    fn polled(
        &self,
        next: &mut State,
        read: Result<CartState, Error>,
        sent_at: Millis,
        reply: Reply,
    ) {
        let now = instant(next.world.now, 0);
        let seen = CheckOutcome::from(read);
        match next.poll.answered(seen, instant(sent_at, 0), now, 0.0) {
            Ok(poll) => {
                next.poll = poll.clone();
                next.stored = poll;
                let is_paid = next.poll.state().is_some_and(CartState::is_paid);
                if next.poll.is_done() {
                    let report = if is_paid {
                        Report::Paid
                    } else {
                        Report::Unpaid
                    };
                    self.tell(next, report);
                } else {
                    let due = next.world.now + millis(next.poll.delay(now));
                    next.checkout().attention = Attention::Due(due);
                }
            }
            Err(error) => {
                let ended = (next.deadline, sent_at);
                if let Ok(turns) = Turns::after(error, &mut next.poll) {
                    next.checkout().gave_up = Some(ended);
                    let patience = millis(Turns::patience(&next.poll));
                    next.turns = Some((turns, next.world.now + patience));
                } else {
                    if !reply.is_final_failure() {
                        next.checkout().gave_up = Some(ended);
                    }
                    self.tell(next, Report::Undecided);
                }
            }
        }
    }

    fn mutated(
        &self,
        answer: Result<Option<CartState>, Error>,
        call: Call,
    ) -> Result<Option<CartState>, Error> {
        if self.is(Mutation::CancelIsNotRead) {
            return Reply::AlreadyCanceled.read(call, None).map(Some);
        }
        answer
    }

    fn tell(&self, next: &mut State, report: Report) {
        if report != Report::Undecided && self.is(Mutation::TellsNobody) {
            next.checkout().attention = Attention::None;
            return;
        }
        next.checkout().tell(report);
        next.checkout().attention = Attention::None;
    }
}

impl State {
    fn checkout(&mut self) -> &mut Checkout {
        one(&mut self.world)
    }

    fn pass(&mut self, until: Millis) {
        self.world.now = self.world.now.max(until);
        let now = self.world.now;
        for checkout in &mut self.world.checkouts {
            self.server.pass(checkout, now);
        }
    }

    fn send(&mut self, call: Call, precedes_cancel: bool, attempts: u32) {
        self.checkout().attention = Attention::Busy;
        self.flight = Some(Flight {
            call,
            precedes_cancel,
            attempts,
            sent_at: self.world.now,
            reply: None,
        });
    }
}

impl System for Settling {
    type State = State;
    type Action = Action;

    const NAME: &'static str = "settling";

    fn beginnings(&self) -> Vec<State> {
        let begin = |setting: &Setting| {
            let poll = Self::wait(order(), setting.timeout, 0);
            State {
                world: World {
                    now: 0,
                    longest_delay: LONGEST_DELAY,
                    checkouts: vec![open_checkout()],
                },
                server: Server {
                    api: setting.api,
                    expires_at: setting.expires_at,
                    appears_by: (INTERVAL, 15_000),
                    was_declined: false,
                    was_seen: false,
                    was_seen_paid: false,
                    faults: setting.faults,
                },
                timeout: setting.timeout,
                deadline: setting.timeout,
                stored: poll.clone(),
                poll,
                turns: None,
                flight: None,
                crashes: setting.crashes,
            }
        };
        self.settings.iter().map(begin).collect()
    }

    fn is_over(&self, state: &State) -> bool {
        state.world.checkouts.first().is_none_or(is_over)
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(checkout) = state.world.checkouts.first() else {
            return;
        };
        if checkout.truth == Truth::Open {
            actions.extend([Action::Accept, Action::Decline]);
        }
        if !checkout.told.is_empty() {
            actions.push(Action::Expire);
            return;
        }
        if checkout.attention == Attention::Stored {
            actions.push(Action::Restart);
            return;
        }
        if state.crashes > 0 {
            actions.push(Action::Crash);
        }
        match state.flight {
            None => actions.push(Action::GoOn),
            Some(flight) if flight.reply.is_some() => actions.push(Action::Answer),
            Some(flight) if matches!(flight.call, Call::CancelCart | Call::Cancel) => {
                let replies = state.server.cancel_replies(checkout).into_iter();
                actions.extend(replies.map(|(reply, is_done)| Action::Reply(reply, is_done)));
            }
            Some(_) => {
                let replies = state.server.check_replies(checkout, state.world.now);
                actions.extend(replies.into_iter().map(|reply| Action::Reply(reply, false)));
            }
        }
    }

    fn next(&self, state: &State, action: &Action) -> Option<State> {
        let mut next = state.clone();
        match *action {
            Action::Accept => next.checkout().truth = Truth::Paid,
            Action::Expire => next.checkout().truth = Truth::Unpaid,
            Action::Decline => {
                next.checkout().truth = Truth::Unpaid;
                next.server.was_declined = true;
            }
            Action::GoOn => return Self::go_on(state),
            Action::Reply(reply, is_done) => {
                let mut flight = next.flight?;
                flight.reply = Some(reply);
                next.flight = Some(flight);
                let checkout = one(&mut next.world);
                match flight.call {
                    Call::CancelCart | Call::Cancel => {
                        next.server.answers_cancel(checkout, reply, is_done);
                    }
                    _ => next.server.answers(checkout, reply),
                }
            }
            Action::Answer => return self.answer(state),
            Action::Crash => {
                next.crashes -= 1;
                next.flight = None;
                next.turns = None;
                next.checkout().attention = if self.is(Mutation::ForgetsAfterCrash) {
                    Attention::None
                } else {
                    Attention::Stored
                };
            }
            Action::Restart => {
                let stored = CartPoll::from_json(&next.stored.to_json()).ok()?;
                next.poll = Self::wait(CartRef::from(&stored), next.timeout, next.world.now);
                next.stored = next.poll.clone();
                next.deadline = next.world.now + next.timeout;
                next.checkout().gave_up = None;
                let due = next.world.now + millis(next.poll.delay(instant(next.world.now, 0)));
                next.checkout().attention = Attention::Due(due);
                next.checkout().not_before = 0;
            }
        }
        Some(next)
    }

    fn world<'a>(&self, state: &'a State) -> &'a World {
        &state.world
    }
}
