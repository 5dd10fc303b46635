//! What follows a callback, in two processes with one ledger; or in the messages of a queue, which settles.

mod steps;

use netgiro::webhook::{FollowUp, FollowUpAction, FollowUpOutcome};
use netgiro::{ApiVersion, CartPoll, ErrorKind};

use crate::answers::Reply;
use crate::explore::System;
use crate::invariants::{Millis, Truth, World};
use crate::models::{instant, is_over, one, open_checkout};
use crate::mutation::Mutation;
use crate::pace::Pace;
use crate::server::Server;

const LONGEST_DELAY: Millis = 61_000;

/// What keeps two of the shop from following one cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kept {
    /// A ledger that the shop's processes share.
    Ledger,
    /// The cart's only message in a queue.
    Message,
}

/// One way to follow, and how much may go wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Which API.
    pub api: ApiVersion,
    /// What keeps two from following one cart.
    pub kept: Kept,
    /// Answers that may go wrong.
    pub faults: u8,
    /// Crashes, stops and failures of the shop's own.
    pub accidents: u8,
}

/// The system.
#[derive(Debug)]
pub struct FollowingUp {
    /// The ways to follow.
    pub settings: Vec<Setting>,
    /// What is done wrong, if anything.
    pub mutation: Option<Mutation>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    world: World,
    server: Server,
    kept: Kept,
    ledger: Ledger,
    workers: Vec<Worker>,
    last_checked_by: Option<usize>,
    accidents: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Ledger {
    is_done: bool,
    /// Who has claimed the cart, and until when.
    claim: Option<(usize, Millis)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Worker {
    follow_up: FollowUp,
    /// When it acts next.
    wakes_at: Millis,
    began_at: Millis,
    pace: Pace,
    /// Checks in a row that have ended the poll.
    errors: u32,
    /// Whether it has called the shop's function, which has succeeded.
    has_told: bool,
    /// Whether it has met what only a person can clear up.
    needs_person: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Runs,
    /// It is down, and starts again then.
    Down(Millis),
    /// It has nothing more to do; a person has to look.
    Over(bool),
}

/// One thing that may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The customer accepts.
    Accept,
    /// The shop was told, and the cart expires.
    Expire,
    /// A process does what it is to do, and it succeeds.
    Do(usize),
    /// It asks the server, and is answered so.
    Check(usize, Reply),
    /// What it does fails: the ledger, the shop's function, or a cancel that the server has carried out or not.
    Fail(usize, bool),
    /// It is told to stop.
    Stop(usize),
    /// It crashes.
    Crash(usize),
    /// It starts again.
    Restart(usize),
}

impl State {
    /// The time at which the next of them acts.
    fn soonest(&self) -> Option<Millis> {
        let wakes_at = |worker: &Worker| match worker.stage {
            Stage::Runs => Some(worker.wakes_at),
            Stage::Down(until) => Some(until),
            Stage::Over(_) => None,
        };
        self.workers.iter().filter_map(wakes_at).min()
    }

    fn pass(&mut self, until: Millis) {
        self.world.now = self.world.now.max(until);
        let now = self.world.now;
        for checkout in &mut self.world.checkouts {
            self.server.pass(checkout, now);
        }
    }
}

impl System for FollowingUp {
    type State = State;
    type Action = Action;

    const NAME: &'static str = "following up";

    fn beginnings(&self) -> Vec<State> {
        let begin = |setting: &Setting| State {
            world: World {
                now: 0,
                longest_delay: LONGEST_DELAY,
                checkouts: vec![open_checkout()],
            },
            server: Server {
                api: setting.api,
                expires_at: 8_000,
                appears_by: (1_000, 15_000),
                was_declined: false,
                was_seen: false,
                was_seen_paid: false,
                faults: setting.faults,
            },
            kept: setting.kept,
            ledger: Ledger::default(),
            workers: match setting.kept {
                Kept::Ledger => vec![Self::begin(setting.kept, 0), Self::begin(setting.kept, 0)],
                Kept::Message => vec![Self::begin(setting.kept, 0)],
            },
            last_checked_by: None,
            accidents: setting.accidents,
        };
        self.settings.iter().map(begin).collect()
    }

    fn is_over(&self, state: &State) -> bool {
        let has_stopped = |it: &Worker| matches!(it.stage, Stage::Over(_));
        state.workers.iter().all(has_stopped) && state.world.checkouts.first().is_none_or(is_over)
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(checkout) = state.world.checkouts.first() else {
            return;
        };
        if checkout.truth == Truth::Open {
            actions.push(Action::Accept);
        }
        let has_stopped = |it: &Worker| matches!(it.stage, Stage::Over(_));
        if state.workers.iter().all(has_stopped) {
            actions.push(Action::Expire);
            return;
        }
        let soonest = state.soonest();
        for (at, worker) in state.workers.iter().enumerate() {
            match worker.stage {
                Stage::Over(_) => continue,
                Stage::Down(until) => {
                    if Some(until) == soonest {
                        actions.push(Action::Restart(at));
                    }
                    continue;
                }
                Stage::Runs => {}
            }
            let has_accident = state.accidents > 0;
            if has_accident {
                actions.push(Action::Crash(at));
            }
            // A driver is told to stop while it waits or asks.
            let may_stop = matches!(
                worker.follow_up.action(),
                FollowUpAction::Wait(_) | FollowUpAction::Check
            );
            if has_accident && may_stop {
                actions.push(Action::Stop(at));
            }
            if Some(worker.wakes_at) != soonest {
                continue;
            }
            let now = instant(state.world.now.max(worker.wakes_at), 0);
            let action = worker.follow_up.action();
            let poll = worker.follow_up.poll().on_clock(now, None);
            if action == FollowUpAction::Check && poll.is_due(now) {
                let now = state.world.now.max(worker.wakes_at);
                let replies = state.server.check_replies(checkout, now);
                actions.extend(replies.into_iter().map(|reply| Action::Check(at, reply)));
                continue;
            }
            actions.push(Action::Do(at));
            match action {
                FollowUpAction::Settle if state.server.faults > 0 => {
                    actions.extend([Action::Fail(at, false), Action::Fail(at, true)]);
                }
                FollowUpAction::Claim
                | FollowUpAction::Call
                | FollowUpAction::Done
                | FollowUpAction::Release
                    if has_accident =>
                {
                    actions.push(Action::Fail(at, false));
                }
                _ => {}
            }
        }
    }

    fn next(&self, state: &State, action: &Action) -> Option<State> {
        let mut next = state.clone();
        let at = match *action {
            Action::Accept => {
                one(&mut next.world).truth = Truth::Paid;
                return Some(next);
            }
            Action::Expire => {
                one(&mut next.world).truth = Truth::Unpaid;
                return Some(next);
            }
            Action::Do(at)
            | Action::Check(at, _)
            | Action::Fail(at, _)
            | Action::Stop(at)
            | Action::Crash(at)
            | Action::Restart(at) => at,
        };
        let worker = next.workers.get(at)?.clone();
        if matches!(action, Action::Do(_) | Action::Check(..) | Action::Fail(..)) {
            next.pass(worker.wakes_at);
            next.workers.get_mut(at)?.wakes_at = next.world.now;
        }
        match *action {
            Action::Accept | Action::Expire => {}
            Action::Do(_) => {
                let outcome = self.outcome(&mut next, at, None)?;
                Self::step(&mut next, at, outcome)?;
            }
            Action::Check(_, reply) => {
                next.server.answers(state.world.checkouts.first()?, reply);
                let outcome = self.outcome(&mut next, at, Some(reply))?;
                Self::step(&mut next, at, outcome)?;
            }
            Action::Fail(_, is_canceled) => {
                let outcome = if worker.follow_up.action() == FollowUpAction::Settle {
                    next.server.faults -= 1;
                    if is_canceled && state.server.says(one(&mut next.world)) == Reply::Pending {
                        state.server.cancel(one(&mut next.world));
                    }
                    let poll = Some(Box::new(worker.follow_up.poll().clone()));
                    FollowUpOutcome::Failed(Some(ErrorKind::Unresolved), poll)
                } else {
                    next.accidents -= 1;
                    FollowUpOutcome::Failed(None, None)
                };
                Self::step(&mut next, at, outcome)?;
            }
            Action::Stop(_) => {
                next.accidents -= 1;
                next.workers.get_mut(at)?.wakes_at = next.world.now;
                Self::step(&mut next, at, FollowUpOutcome::Stopped)?;
            }
            Action::Crash(_) => {
                next.accidents -= 1;
                if worker.has_told && !next.ledger.is_done {
                    one(&mut next.world).lost_notes += 1;
                }
                let until = match next.ledger.claim {
                    Some((holder, until)) if holder == at => until,
                    _ => next.world.now,
                };
                next.workers.get_mut(at)?.stage = if self.is(Mutation::ForgetsAfterCrash) {
                    Stage::Over(false)
                } else {
                    Stage::Down(until)
                };
            }
            Action::Restart(_) => {
                let Stage::Down(until) = worker.stage else {
                    return None;
                };
                next.pass(until);
                one(&mut next.world).not_before = 0;
                let mut again = Self::begin(next.kept, next.world.now);
                if next.kept == Kept::Message {
                    let poll = CartPoll::from_json(&worker.follow_up.poll().to_json()).ok()?;
                    again.follow_up = FollowUp::in_messages(poll, worker.follow_up.failures());
                }
                *next.workers.get_mut(at)? = again;
            }
        }
        // Whoever has stopped has given the cart back: another process goes on with it, at once.
        let gave_back = next
            .workers
            .iter()
            .all(|it| matches!(it.stage, Stage::Over(_)))
            && matches!(action, Action::Do(_) | Action::Stop(_))
            && next.world.checkouts.first()?.told.is_empty()
            && next.kept == Kept::Ledger
            && next.workers.get(at)?.stage == Stage::Over(false)
            && worker.follow_up.action() == FollowUpAction::Release;
        if gave_back {
            let other = 1 - at.min(1);
            one(&mut next.world).not_before = 0;
            *next.workers.get_mut(other)? = Self::begin(next.kept, next.world.now);
        }
        Self::settle_attention(&mut next);
        Some(next)
    }

    fn world<'a>(&self, state: &'a State) -> &'a World {
        &state.world
    }
}
