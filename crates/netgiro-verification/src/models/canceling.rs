//! A cart that the shop cancels at once, while its customer may still accept.

use netgiro::internals::{self, AfterCancel, Call};
use netgiro::{ApiVersion, CartState, CartStatus, Error};

use crate::answers::Reply;
use crate::explore::System;
use crate::invariants::{Attention, Report, Truth, World};
use crate::models::{is_over, one, open_checkout};
use crate::mutation::Mutation;
use crate::server::Server;

/// How often one call is sent.
const ATTEMPTS: u32 = 3;

/// The system.
#[derive(Debug)]
pub struct Canceling {
    /// Answers that may go wrong.
    pub faults: u8,
    /// What is done wrong, if anything.
    pub mutation: Option<Mutation>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    world: World,
    server: Server,
    stage: Stage,
    /// How often the call may yet be sent.
    attempts: u32,
    /// How often the cancel may yet be sent after a status.
    cancels: u32,
    reply: Option<Reply>,
}

/// What is being asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// V2's status, before anything.
    Before,
    Cancel,
    /// Whether the cart is paid, perhaps after a cancel that has said so.
    Confirm(Option<Call>),
    /// Whether a cancel of V2 that has failed was made.
    Doubt(Error),
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
    /// The request is going to be answered so, and a cancel is carried out or not.
    Reply(Reply, bool),
    /// The answer comes.
    Answer,
}

impl State {
    fn call(&self) -> Call {
        match self.stage {
            Stage::Cancel => self.server.cancel_call(),
            _ => self.server.check_call(),
        }
    }

    fn ask(&mut self, stage: Stage) {
        self.stage = stage;
        self.attempts = ATTEMPTS;
    }

    /// The call has ended: what the shop makes of it.
    fn end(&mut self, outcome: Result<CartState, Error>) {
        let report = match outcome.map(|state| state.status) {
            Ok(CartStatus::Confirmed) => Report::Paid,
            Ok(CartStatus::Canceled | CartStatus::Declined) => Report::Unpaid,
            _ => Report::Undecided,
        };
        let checkout = one(&mut self.world);
        checkout.tell(report);
        checkout.attention = Attention::None;
    }

    fn follow(&mut self, after: AfterCancel) {
        match after {
            AfterCancel::End(outcome) => self.end(outcome),
            AfterCancel::Confirm(is_doubted) => {
                self.ask(Stage::Confirm(is_doubted.then_some(Call::Cancel)));
            }
            AfterCancel::Doubt(failure) => self.ask(Stage::Doubt(failure)),
            AfterCancel::MayRepeat(failure) if self.cancels == 0 => self.end(Err(failure)),
            AfterCancel::MayRepeat(_) => {
                self.cancels -= 1;
                self.ask(Stage::Cancel);
            }
        }
    }
}

impl Canceling {
    fn answer(&self, state: &State) -> Option<State> {
        let mut next = state.clone();
        let call = next.call();
        let reply = next.reply.take()?;
        if next.stage != Stage::Cancel {
            next.server.was_read(reply);
        }
        let by = match next.stage {
            Stage::Confirm(by) => by,
            _ => None,
        };
        let mut read = reply.read(call, by);
        if next.stage == Stage::Cancel && self.mutation == Some(Mutation::CancelIsNotRead) {
            read = Reply::Canceled.read(call, None);
        }
        next.attempts -= 1;
        if let Err(error) = &read
            && next.attempts > 0
            && internals::may_be_sent_again(call, error)
        {
            return Some(next);
        }
        match (next.stage.clone(), next.server.api) {
            (Stage::Before, _) => match read {
                Ok(state)
                    if internals::may_cancel(&state)
                        || self.mutation == Some(Mutation::CancelsWhatIsPaid) =>
                {
                    next.ask(Stage::Cancel);
                }
                outcome => next.end(outcome),
            },
            (Stage::Cancel, ApiVersion::V1) => {
                match read.map(|state| internals::believed(call, state)) {
                    Ok(None) => next.ask(Stage::Confirm(Some(call))),
                    Ok(Some(state)) => next.end(Ok(state)),
                    Err(error) => next.end(Err(error)),
                }
            }
            (Stage::Cancel, _) => next.follow(internals::after_cancel(read)),
            (Stage::Confirm(_), _) => next.end(read),
            (Stage::Doubt(failure), _) => next.follow(internals::after_status(failure, read)),
        }
        Some(next)
    }
}

impl System for Canceling {
    type State = State;
    type Action = Action;

    const NAME: &'static str = "canceling";

    fn beginnings(&self) -> Vec<State> {
        let begin = |api| {
            let mut checkout = open_checkout();
            checkout.attention = Attention::Busy;
            State {
                world: World {
                    now: 0,
                    longest_delay: 0,
                    checkouts: vec![checkout],
                },
                server: Server {
                    api,
                    expires_at: 180_000,
                    appears_by: (0, 15_000),
                    was_declined: false,
                    was_seen: false,
                    was_seen_paid: false,
                    faults: self.faults,
                },
                stage: match api {
                    ApiVersion::V1 => Stage::Cancel,
                    ApiVersion::V2 => Stage::Before,
                },
                attempts: ATTEMPTS,
                cancels: ATTEMPTS - 1,
                reply: None,
            }
        };
        [ApiVersion::V1, ApiVersion::V2].map(begin).into()
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
        if state.reply.is_some() {
            actions.push(Action::Answer);
        } else if state.stage == Stage::Cancel {
            let replies = state.server.cancel_replies(checkout).into_iter();
            actions.extend(replies.map(|(reply, is_done)| Action::Reply(reply, is_done)));
        } else {
            let replies = state.server.check_replies(checkout, state.world.now);
            actions.extend(replies.into_iter().map(|reply| Action::Reply(reply, false)));
        }
    }

    fn next(&self, state: &State, action: &Action) -> Option<State> {
        let mut next = state.clone();
        let checkout = one(&mut next.world);
        match *action {
            Action::Accept => checkout.truth = Truth::Paid,
            Action::Expire => checkout.truth = Truth::Unpaid,
            Action::Decline => {
                checkout.truth = Truth::Unpaid;
                next.server.was_declined = true;
            }
            Action::Reply(reply, is_done) => {
                if state.stage == Stage::Cancel {
                    next.server.answers_cancel(checkout, reply, is_done);
                } else {
                    next.server.answers(checkout, reply);
                }
                next.reply = Some(reply);
            }
            Action::Answer => return self.answer(state),
        }
        Some(next)
    }

    fn world<'a>(&self, state: &'a State) -> &'a World {
        &state.world
    }
}
