//! A poll that is taken one step at a time by the jobs of a queue, on two machines whose clocks disagree.

use std::time::Duration;

use netgiro::internals::dated_by_answer;
use netgiro::{
    ApiVersion, CartPoll, CartState, CheckOutcome, Error, ErrorKind, PollPolicy, WaitOptions,
};

use crate::answers::{CART, Reply, order};
use crate::explore::System;
use crate::invariants::{Attention, Checkout, Millis, Report, Truth, World};
use crate::models::{instant, is_over, millis, one, open_checkout};
use crate::mutation::Mutation;
use crate::pace::Pace;
use crate::server::Server;

/// How far ahead of the true clock each machine's is.
const CLOCKS: [Millis; 2] = [0, 600_000];
/// How late a job may come.
const LATE: Millis = 4_000;
/// How long a slow answer takes, and one that never comes.
const SLOW: Millis = 2_000;
const SILENCE: Millis = 5_000;
const LONGEST_DELAY: Millis = 31_000;
/// From when on the interval grows.
const SLOW_AFTER: Millis = 120_000;

/// One way to poll, and how much may go wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Which API.
    pub api: ApiVersion,
    /// The interval that the server wants, in milliseconds.
    pub interval: u32,
    /// How long the shop waits.
    pub timeout: Millis,
    /// When the cart expires.
    pub expires_at: Millis,
    /// Whether delays are as long as jitter makes them.
    pub has_jitter: bool,
    /// Whether there is a second machine.
    pub moves: bool,
    /// Answers that may go wrong.
    pub faults: u8,
    /// Crashes, jobs that come late and jobs that come early or twice.
    pub accidents: u8,
}

/// The system.
#[derive(Debug)]
pub struct Polling {
    /// The ways to poll.
    pub settings: Vec<Setting>,
    /// What is done wrong, if anything.
    pub mutation: Option<Mutation>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    world: World,
    server: Server,
    /// The poll as it is stored.
    poll: CartPoll,
    setting: usize,
    /// The machine that has stored it, unless it has crashed.
    holder: Option<usize>,
    pace: Pace,
    deadline: Millis,
    /// By how much checks came before their time, for a machine that cannot know it.
    early: Millis,
    /// Which machines know what the server's clock says.
    knows_date: [bool; 2],
    flight: Option<Flight>,
    accidents: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Flight {
    sent_at: Millis,
    machine: usize,
    /// The answer, once the request has come to the server.
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
    /// The queue delivers the job to a machine: when it is due, late, or early.
    Deliver(usize, Delivery),
    /// The check that was sent is going to be answered so.
    Reply(Reply),
    /// The answer comes, at once or slowly.
    Answer(Millis),
    /// The machine crashes while it waits for an answer.
    Crash,
}

/// When a job comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// When it is due.
    Due,
    /// Later.
    Late,
    /// At once: the queue delivers it a second time.
    Again,
}

impl Setting {
    /// Whether every clock says what time it is, and every job comes when it is due.
    fn is_exact(&self) -> bool {
        self.accidents == 0 && !self.moves
    }
}

impl Polling {
    fn setting(&self, state: &State) -> Option<&Setting> {
        self.settings.get(state.setting)
    }

    fn is(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    fn poll(setting: &Setting, now: Millis) -> CartPoll {
        let interval = Duration::from_millis(setting.interval.into());
        let options = WaitOptions {
            timeout: Duration::from_millis(setting.timeout.unsigned_abs()),
            policy: PollPolicy::new(
                Duration::from_secs(1),
                Duration::from_secs(3),
                Duration::from_secs(60),
            )
            .ok(),
        };
        CartPoll::new(
            order().with_check_interval(interval),
            options,
            instant(now, 0),
        )
    }

    /// The poll as another process reads it that the one before has stored.
    fn restored(&self, state: &State) -> CartPoll {
        let read = CartPoll::from_json(&state.poll.to_json());
        match (read, self.setting(state)) {
            (Ok(poll), _) if !self.is(Mutation::PollWithoutToken) => poll,
            // A token that cannot be read is a poll that is lost.
            (_, Some(setting)) => Self::poll(setting, state.world.now),
            (_, None) => state.poll.clone(),
        }
    }

    fn enqueue(&self, state: &mut State, delay: Duration) {
        let delay = match millis(delay) {
            delay if self.is(Mutation::HalfTheDelay) => delay / 2,
            delay => delay,
        };
        // The last check is sent at the deadline, and not after it.
        if self.setting(state).is_some_and(Setting::is_exact) {
            let left = (state.deadline - state.world.now).max(0);
            state.world.longest_delay = LONGEST_DELAY.min(left);
        }
        let due = state.world.now + delay;
        state.checkout().attention = Attention::Due(due);
    }

    /// The queue delivers the job: a check is sent, if one is due.
    fn deliver(&self, state: &State, machine: usize, delivery: Delivery) -> State {
        let mut next = state.clone();
        let due = next.due().unwrap_or(next.world.now);
        let ahead = CLOCKS.get(machine).copied().unwrap_or_default();
        let knows_date = next.knows_date.get(machine).copied().unwrap_or_default();
        let at = match delivery {
            Delivery::Due => due,
            Delivery::Late => due + LATE,
            Delivery::Again => next.world.now,
        };
        next.pass(at);
        if delivery != Delivery::Due {
            next.accidents = next.accidents.saturating_sub(1);
        }
        if next.holder != Some(machine) {
            next.poll = self.restored(&next);
            next.holder = Some(machine);
        }
        let clock = instant(next.world.now, ahead);
        let server_now = knows_date.then(|| instant(next.world.now, 0));
        let ours = next.poll.on_clock(clock, server_now);
        if !ours.is_due(clock) {
            self.enqueue(&mut next, ours.delay(clock));
            next.poll = ours;
            return next;
        }
        if delivery == Delivery::Again && !knows_date {
            // No clock of this machine can say that it is too early.
            next.early += due - next.world.now;
            next.checkout().not_before = 0;
        }
        let now = next.world.now;
        next.checkout().sent_check(now);
        next.checkout().attention = Attention::Busy;
        next.flight = Some(Flight {
            sent_at: now,
            machine,
            reply: None,
        });
        next
    }

    fn answer(&self, state: &State, took: Millis) -> Option<State> {
        let mut next = state.clone();
        let flight = next.flight.take()?;
        let reply = flight.reply?;
        next.pass(flight.sent_at + took);
        let setting = *self.setting(&next)?;
        let ahead = CLOCKS.get(flight.machine).copied().unwrap_or_default();
        let (sent_at, now) = (
            instant(flight.sent_at, ahead),
            instant(next.world.now, ahead),
        );
        if reply.is_dated()
            && let Some(knows) = next.knows_date.get_mut(flight.machine)
        {
            *knows = true;
        }
        let knows_date = next.knows_date.get(flight.machine).copied()?;
        let server_now = knows_date.then(|| instant(next.world.now, 0));
        let ours = dated_by_answer(&next.poll, sent_at, now, server_now);
        let jitter = if setting.has_jitter { 1.0 } else { 0.0 };
        let read = reply.read(next.server.check_call(), None);
        let read = self.mutated(read);
        let is_late = setting.is_exact() && next.world.now >= SLOW_AFTER;
        let gap = next.pace.after(reply, setting.has_jitter, is_late);
        let not_before = (next.world.now + gap).min(next.deadline - next.early);
        next.checkout().not_before = not_before;
        let mut outcome = ours.answered(CheckOutcome::from(read.clone()), sent_at, now, jitter);
        if self.is(Mutation::EndsEarly) && flight.sent_at + 3_000 >= next.deadline {
            outcome = outcome.and_then(|_| Err(Error::new(ErrorKind::WaitTimeout, "early")));
        }
        if let Ok(poll) = outcome {
            next.poll = poll.clone();
            let is_final = read.is_ok_and(|state| state.is_final());
            if poll.is_done() || (is_final && self.is(Mutation::BelievesMissing)) {
                self.tell(&mut next, &poll);
            } else {
                self.enqueue(&mut next, poll.delay(now));
            }
        } else {
            // Nothing else ends a wait before its deadline.
            if !reply.is_final_failure() {
                let deadline = next.deadline - next.early;
                next.checkout().gave_up = Some((deadline, flight.sent_at));
            }
            next.end(Report::Undecided);
        }
        Some(next)
    }

    fn mutated(&self, read: Result<CartState, Error>) -> Result<CartState, Error> {
        let paid = || Reply::Paid.read(netgiro::internals::Call::CheckCart, None);
        match read {
            Ok(state) if !state.is_final() && self.is(Mutation::SuccessIsPaid) => paid(),
            read => read,
        }
    }

    fn tell(&self, next: &mut State, poll: &CartPoll) {
        let Some(state) = poll.state() else {
            return next.end(Report::Undecided);
        };
        if self.is(Mutation::TellsNobody) {
            next.checkout().attention = Attention::None;
            return;
        }
        next.end(if state.transaction_id == CART && state.is_paid() {
            Report::Paid
        } else {
            Report::Unpaid
        });
    }
}

impl State {
    fn checkout(&mut self) -> &mut Checkout {
        one(&mut self.world)
    }

    fn known(&self) -> Option<&Checkout> {
        self.world.checkouts.first()
    }

    fn due(&self) -> Option<Millis> {
        match self.known()?.attention {
            Attention::Due(at) => Some(at),
            _ => None,
        }
    }

    fn pass(&mut self, until: Millis) {
        self.world.now = self.world.now.max(until);
        let now = self.world.now;
        for checkout in &mut self.world.checkouts {
            self.server.pass(checkout, now);
        }
    }

    fn end(&mut self, report: Report) {
        self.checkout().tell(report);
        self.checkout().attention = Attention::None;
    }
}

impl System for Polling {
    type State = State;
    type Action = Action;

    const NAME: &'static str = "polling";

    fn beginnings(&self) -> Vec<State> {
        let begin = |(index, setting): (usize, &Setting)| {
            let interval = Millis::from(setting.interval);
            State {
                world: World {
                    now: 0,
                    longest_delay: LONGEST_DELAY,
                    checkouts: vec![open_checkout()],
                },
                server: Server {
                    api: setting.api,
                    expires_at: setting.expires_at,
                    appears_by: (interval, 15_000),
                    was_declined: false,
                    was_seen: false,
                    was_seen_paid: false,
                    faults: setting.faults,
                },
                poll: Self::poll(setting, 0),
                setting: index,
                holder: None,
                pace: Pace::new(interval),
                deadline: setting.timeout,
                early: 0,
                knows_date: [false; 2],
                flight: None,
                accidents: setting.accidents,
            }
        };
        self.settings.iter().enumerate().map(begin).collect()
    }

    fn is_over(&self, state: &State) -> bool {
        state.known().is_none_or(is_over)
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let (Some(checkout), Some(setting)) = (state.known(), self.setting(state)) else {
            return;
        };
        if checkout.truth == Truth::Open && setting.faults + setting.accidents > 0 {
            actions.extend([Action::Accept, Action::Decline]);
        }
        if !checkout.told.is_empty() {
            actions.push(Action::Expire);
            return;
        }
        if let Some(flight) = state.flight {
            match flight.reply {
                None => {
                    let replies = state.server.check_replies(checkout, state.world.now);
                    actions.extend(replies.into_iter().map(Action::Reply));
                }
                Some(Reply::Silence) => actions.push(Action::Answer(SILENCE)),
                Some(_) if setting.faults > 0 => {
                    actions.extend([Action::Answer(0), Action::Answer(SLOW)]);
                }
                Some(_) => actions.push(Action::Answer(0)),
            }
            if state.accidents > 0 {
                actions.push(Action::Crash);
            }
            return;
        }
        let deliveries = if state.accidents > 0 {
            vec![Delivery::Due, Delivery::Late, Delivery::Again]
        } else {
            vec![Delivery::Due]
        };
        for machine in 0..if setting.moves { 2 } else { 1 } {
            actions.extend(deliveries.iter().map(|&it| Action::Deliver(machine, it)));
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
            Action::Deliver(machine, delivery) => {
                return Some(self.deliver(state, machine, delivery));
            }
            Action::Reply(reply) => {
                next.server.answers(state.known()?, reply);
                next.flight.as_mut()?.reply = Some(reply);
            }
            Action::Answer(took) => return self.answer(state, took),
            Action::Crash => {
                let flight = next.flight.take()?;
                next.holder = None;
                next.accidents = next.accidents.saturating_sub(1);
                if let Some(knows) = next.knows_date.get_mut(flight.machine) {
                    *knows = false;
                }
                let now = next.world.now;
                let checkout = next.checkout();
                // What the lost answer said about the pace is lost with it.
                checkout.not_before = 0;
                checkout.attention = if self.is(Mutation::ForgetsAfterCrash) {
                    Attention::None
                } else {
                    Attention::Due(now)
                };
            }
        }
        Some(next)
    }

    fn world<'a>(&self, state: &'a State) -> &'a World {
        &state.world
    }
}
