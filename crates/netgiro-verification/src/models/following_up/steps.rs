//! What the shop's processes do, and what comes of it.

use std::time::Duration;

use netgiro::internals::{self, Settling as Turns, SettlingAction};
use netgiro::webhook::{FollowUp, FollowUpAction, FollowUpOutcome};
use netgiro::{ApiVersion, CartPoll, CartState, CheckOutcome, Error, ErrorKind, WaitOptions};

use super::{FollowingUp, Kept, Stage, State, Worker};
use crate::answers::{Reply, order};
use crate::invariants::{Attention, Checkout, Millis, Report};
use crate::models::{instant, millis, one};
use crate::mutation::Mutation;
use crate::pace::Pace;

/// How long a claim lasts that its holder does not renew.
const LEASE: Millis = 60_000;
/// How long a queue's message is waited for.
const TIMEOUT: Duration = Duration::from_secs(4);

impl FollowingUp {
    pub(super) fn is(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    pub(super) fn begin(kept: Kept, now: Millis) -> Worker {
        let follow_up = match kept {
            Kept::Ledger => FollowUp::after_callback(order(), instant(now, 0)),
            Kept::Message => {
                let options = WaitOptions {
                    timeout: TIMEOUT,
                    policy: None,
                };
                let poll = CartPoll::new(order(), options, instant(now, 0));
                FollowUp::in_messages(poll, 0)
            }
        };
        Worker {
            follow_up,
            wakes_at: now,
            began_at: now,
            pace: Pace::new(match kept {
                Kept::Ledger => 1_000,
                Kept::Message => 3_000,
            }),
            errors: 0,
            has_told: false,
            needs_person: false,
            stage: Stage::Runs,
        }
    }

    /// What a check brings, in a step of the poll.
    fn check(state: &mut State, at: usize, reply: Option<Reply>) -> Option<FollowUpOutcome> {
        let now = instant(state.world.now, 0);
        let poll = state.workers.get(at)?.follow_up.poll().on_clock(now, None);
        let Some(reply) = reply else {
            state.workers.get_mut(at)?.errors = 0;
            return Some(FollowUpOutcome::Checked(Box::new(poll)));
        };
        if state.last_checked_by != Some(at) {
            one(&mut state.world).not_before = 0;
        }
        let sent_at = state.world.now;
        one(&mut state.world).sent_check(sent_at);
        state.last_checked_by = Some(at);
        state.server.was_read(reply);
        let worker = state.workers.get_mut(at)?;
        let left = poll.deadline().duration_since(now);
        let until_deadline = millis(left.try_into().unwrap_or_default());
        let gap = worker.pace.after(reply, false, false).min(until_deadline);
        let seen = CheckOutcome::from(reply.read(state.server.check_call(), None));
        let (gap, outcome) = match poll.answered(seen, now, now, 0.0) {
            Ok(poll) => {
                worker.errors = 0;
                (gap, FollowUpOutcome::Checked(Box::new(poll)))
            }
            // What follows is a cancel, or nothing.
            Err(error) if error.kind() == ErrorKind::WaitTimeout => (0, failed(&error)),
            // The poll is over, and whoever follows it tries again: after a second, then after twice as long each time.
            Err(error) => {
                worker.errors = (worker.errors + 1).min(5);
                (500 << worker.errors, failed(&error))
            }
        };
        one(&mut state.world).not_before = sent_at + gap;
        Some(outcome)
    }

    /// Cancels, with a server that answers.
    fn settle(&self, state: &mut State, poll: &CartPoll) -> Result<CartPoll, Error> {
        let sent_at = instant(state.world.now, 0);
        let mut poll = poll.clone();
        let deadline = Error::new(ErrorKind::WaitTimeout, "deadline").with_poll(poll.clone());
        let mut turns = Turns::after(deadline, &mut poll)?;
        let server = state.server.clone();
        for _ in 0..3 {
            let checkout = one(&mut state.world);
            let call = server.cancel_call();
            let reply = server
                .cancel_replies(checkout)
                .first()
                .map_or(Reply::Unknown, |it| it.0);
            let says = server.says(checkout);
            let answer = match server.api {
                ApiVersion::V1 => {
                    server.cancel(checkout);
                    reply
                        .read(call, None)
                        .map(|it| internals::believed(call, it))
                }
                ApiVersion::V2 => match says
                    .read(server.check_call(), None)
                    .and_then(internals::before_cancel)
                {
                    Ok(None) => {
                        server.cancel(checkout);
                        reply
                            .read(call, None)
                            .map(|it| internals::believed(call, it))
                    }
                    answer => answer,
                },
            };
            let answer = if self.is(Mutation::CancelIsNotRead) {
                Reply::AlreadyCanceled.read(call, None).map(Some)
            } else {
                answer
            };
            if turns.canceled(&mut poll, Some(answer), call, sent_at)? == SettlingAction::End {
                return Ok(poll);
            }
            let says = server.says(one(&mut state.world));
            let checked = says.read(server.check_call(), turns.called_paid_by());
            let left = Duration::from_secs(60);
            if turns.checked(&mut poll, Some(checked), sent_at, left, 0.0)? == SettlingAction::End {
                return Ok(poll);
            }
            turns.begin_turn();
        }
        Err(Error::new(ErrorKind::Unresolved, "unresolved").with_poll(poll))
    }

    /// What comes of a worker's action when it succeeds, or brings this answer.
    pub(super) fn outcome(
        &self,
        state: &mut State,
        at: usize,
        reply: Option<Reply>,
    ) -> Option<FollowUpOutcome> {
        let worker = state.workers.get(at)?.clone();
        let now = state.world.now;
        Some(match worker.follow_up.action() {
            FollowUpAction::Claim => {
                let is_anothers = |(holder, until): (usize, Millis)| holder != at && until > now;
                let is_free = !state.ledger.is_done && !state.ledger.claim.is_some_and(is_anothers);
                if is_free {
                    state.ledger.claim = Some((at, now + LEASE));
                }
                FollowUpOutcome::Claimed(is_free || self.is(Mutation::TellsWithoutClaim))
            }
            FollowUpAction::Check => Self::check(state, at, reply)?,
            FollowUpAction::Settle => match self.settle(state, worker.follow_up.poll()) {
                Ok(poll) => FollowUpOutcome::Checked(Box::new(poll)),
                Err(error) => failed(&error),
            },
            FollowUpAction::Call => {
                if !self.is(Mutation::TellsNobody) {
                    let is_paid = worker
                        .follow_up
                        .poll()
                        .state()
                        .is_some_and(CartState::is_paid);
                    one(&mut state.world).tell(if is_paid {
                        Report::Paid
                    } else {
                        Report::Unpaid
                    });
                }
                state.workers.get_mut(at)?.has_told = true;
                FollowUpOutcome::Done
            }
            FollowUpAction::Done => {
                state.ledger.is_done = true;
                FollowUpOutcome::Done
            }
            FollowUpAction::Release => {
                if state.ledger.claim.is_some_and(|(holder, _)| holder == at) {
                    state.ledger.claim = None;
                }
                FollowUpOutcome::Done
            }
            FollowUpAction::Wait(_) => FollowUpOutcome::Done,
            FollowUpAction::End => return None,
        })
    }

    pub(super) fn step(state: &mut State, at: usize, outcome: FollowUpOutcome) -> Option<()> {
        let now = state.world.now;
        let kept = state.kept;
        let is_stopped = matches!(outcome, FollowUpOutcome::Stopped);
        let worker = state.workers.get_mut(at)?;
        let elapsed = Duration::from_millis((now - worker.began_at).unsigned_abs());
        worker.needs_person |= match &outcome {
            FollowUpOutcome::Failed(Some(ErrorKind::Mismatch), _) => true,
            FollowUpOutcome::Failed(Some(ErrorKind::WaitTimeout), _) => kept == Kept::Ledger,
            _ => false,
        };
        let has_failed = matches!(outcome, FollowUpOutcome::Failed(..));
        let claim = state.ledger.claim.filter(|(holder, _)| *holder == at);
        let action = worker.follow_up.step(outcome, instant(now, 0), elapsed);
        match action {
            FollowUpAction::Wait(delay) => {
                worker.wakes_at = now + millis(delay);
                if kept == Kept::Message {
                    // The rest of the way is another job's, which has what the message says.
                    let poll = CartPoll::from_json(&worker.follow_up.poll().to_json()).ok()?;
                    worker.follow_up = FollowUp::in_messages(poll, worker.follow_up.failures());
                }
            }
            FollowUpAction::End => {
                // A claim that could not be given back ends by itself, and the cart is found again.
                worker.stage = if has_failed && kept == Kept::Ledger {
                    Stage::Down(claim.map_or(now, |(_, until)| until))
                } else {
                    Stage::Over(worker.needs_person)
                };
            }
            _ => {}
        }
        if action == FollowUpAction::End && worker.has_told && !state.ledger.is_done && has_failed {
            // It was told to stop, and the ledger failed it twice.
            one(&mut state.world).lost_notes += 1;
        }
        if is_stopped && kept == Kept::Message {
            // The queue delivers the message again.
            worker.stage = Stage::Down(now);
        }
        Some(())
    }

    /// What the shop is going to do about the cart.
    pub(super) fn settle_attention(state: &mut State) {
        let is_told = |it: &Checkout| !it.told.is_empty();
        let runs = |worker: &&Worker| worker.stage == Stage::Runs;
        let wakes_at = state
            .workers
            .iter()
            .filter(runs)
            .map(|it| it.wakes_at)
            .min();
        let needs_person = state.workers.iter().any(|it| it.stage == Stage::Over(true));
        let is_down = state
            .workers
            .iter()
            .any(|it| matches!(it.stage, Stage::Down(_)));
        let checkout = one(&mut state.world);
        checkout.attention = match wakes_at {
            Some(at) => Attention::Due(at),
            None if is_down => Attention::Stored,
            None => Attention::None,
        };
        if wakes_at.is_none() && !is_down && needs_person && !is_told(checkout) {
            checkout.tell(Report::Undecided);
        }
    }
}

fn failed(error: &Error) -> FollowUpOutcome {
    let poll = error.poll().cloned().map(Box::new);
    FollowUpOutcome::Failed(Some(error.kind()), poll)
}
