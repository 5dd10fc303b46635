//! A callback route with a replay guard: callbacks that come twice, recording that fails, processes that crash.

use std::sync::Arc;

use netgiro::Amount;
use netgiro::webhook::{
    ExpectedOrder, ReportedCallback, Route, RouteAction, RouteOutcome, RouteRequest,
};

use crate::answers::{AMOUNT, CART, REFERENCE};
use crate::explore::System;
use crate::invariants::{Attention, Checkout, Report, Truth, World};
use crate::models::{one, open_checkout};
use crate::mutation::Mutation;

/// The system.
#[derive(Debug)]
pub struct Callbacks {
    /// How many requests come.
    pub requests: u8,
    /// What is done wrong, if anything.
    pub mutation: Option<Mutation>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    world: World,
    /// The requests since the process began, from which its route is made again.
    since_start: Vec<Request>,
    /// The signatures that the guard has seen, and had seen when the process began.
    guard: Vec<u32>,
    guard_at_start: Vec<u32>,
    /// Signatures that a guard could not forget, whose route is gone.
    stuck: Vec<u32>,
    requests: u8,
    is_refused: bool,
}

/// A request, and what comes of what is done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    signature: u32,
    /// Whose order the shop finds.
    order: Found,
    record: Recording,
    /// Whether the guard can forget.
    forgets: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Found {
    Own,
    Other,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Recording {
    Done,
    Failed,
    Canceled,
}

/// One thing that may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A request comes.
    Come(Request),
    /// One comes that does not verify.
    ComeForged,
    /// The process starts anew.
    Restart,
    /// No more come.
    End,
}

/// What has come of a request.
struct Ran {
    status: u16,
    is_recorded: bool,
}

impl Callbacks {
    fn run(
        &self,
        route: &Arc<Route>,
        guard: &mut Vec<u32>,
        request: Option<Request>,
    ) -> Option<Ran> {
        let mut one = route.request("POST");
        let mut is_recorded = false;
        while one.action() != RouteAction::Answer {
            let outcome = match (one.action(), request) {
                (RouteAction::ReadBody, _) => RouteOutcome::Body(300),
                (RouteAction::Verify, None) => RouteOutcome::Rejected("forged".to_owned()),
                (RouteAction::Verify, Some(request)) => RouteOutcome::Verified(ReportedCallback {
                    cart: CART,
                    amount: Some(AMOUNT.into()),
                    reference: Some(REFERENCE.to_owned()),
                    signature: Some(request.signature.to_string()),
                }),
                (RouteAction::FindOrder, Some(request)) => {
                    RouteOutcome::Order(order(request.order))
                }
                (RouteAction::AskGuard, Some(request)) => {
                    let is_first = !guard.contains(&request.signature);
                    if is_first {
                        guard.push(request.signature);
                    }
                    RouteOutcome::First(is_first || self.mutation == Some(Mutation::AsksNoGuard))
                }
                (RouteAction::Record, Some(request)) => match request.record {
                    Recording::Done => {
                        is_recorded = true;
                        RouteOutcome::Done
                    }
                    Recording::Failed => RouteOutcome::Failed("locked".to_owned()),
                    Recording::Canceled => RouteOutcome::Canceled,
                },
                (RouteAction::Forget, Some(request)) if request.forgets => {
                    guard.retain(|seen| *seen != request.signature);
                    RouteOutcome::Done
                }
                _ => RouteOutcome::Failed("cannot".to_owned()),
            };
            one.step(outcome);
        }
        let mut status = answered(&one)?;
        if status == 503 && self.mutation == Some(Mutation::AcknowledgesFirst) {
            status = 200;
        }
        Some(Ran {
            status,
            is_recorded,
        })
    }

    fn come(&self, state: &State, request: Option<Request>) -> Option<State> {
        let mut next = state.clone();
        next.requests -= 1;
        let route = Arc::new(Route::new(true));
        let mut guard = next.guard_at_start.clone();
        for &before in &next.since_start {
            self.run(&route, &mut guard, Some(before))?;
        }
        let ran = self.run(&route, &mut guard, request)?;
        next.guard = guard;
        let checkout = one(&mut next.world);
        let Some(request) = request else {
            // Nothing is accepted that does not verify.
            if ran.status == 200 || ran.is_recorded {
                checkout.callbacks.entry(0).or_default().acknowledged += 1;
            }
            return Some(next);
        };
        let is_own = request.order == Found::Own;
        let callback = checkout.callbacks.entry(request.signature).or_default();
        let was_recorded = callback.recorded > 0;
        callback.recorded += u8::from(ran.is_recorded && is_own);
        callback.acknowledged += u8::from(ran.status == 200);
        if ran.status == 200 {
            checkout.truth = Truth::Paid;
        }
        let can_be_recorded = is_own && request.record == Recording::Done;
        if can_be_recorded
            && !was_recorded
            && ran.status != 200
            && !next.stuck.contains(&request.signature)
        {
            next.is_refused = true;
            checkout.attention = Attention::None;
        }
        next.since_start.push(request);
        Some(next)
    }
}

fn answered(request: &RouteRequest) -> Option<u16> {
    Some(request.answer()?.status)
}

fn order(found: Found) -> Option<ExpectedOrder> {
    let reference = match found {
        Found::Own => REFERENCE,
        Found::Other => "order-2",
        Found::None => return None,
    };
    Some(ExpectedOrder {
        cart: Some(CART),
        amount: Amount::new(AMOUNT).ok()?,
        reference: reference.to_owned(),
    })
}

impl System for Callbacks {
    type State = State;
    type Action = Action;

    const NAME: &'static str = "callbacks";

    fn beginnings(&self) -> Vec<State> {
        let mut checkout = open_checkout();
        checkout.attention = Attention::Busy;
        vec![State {
            world: World {
                now: 0,
                longest_delay: 0,
                checkouts: vec![checkout],
            },
            since_start: Vec::new(),
            guard: Vec::new(),
            guard_at_start: Vec::new(),
            stuck: Vec::new(),
            requests: self.requests,
            is_refused: false,
        }]
    }

    fn is_over(&self, state: &State) -> bool {
        let is_told = |it: &Checkout| !it.told.is_empty();
        state.is_refused || state.world.checkouts.first().is_none_or(is_told)
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.push(Action::End);
        if state.requests == 0 {
            return;
        }
        actions.extend([Action::ComeForged, Action::Restart]);
        for signature in [1, 2] {
            for order in [Found::Own, Found::Other, Found::None] {
                for record in [Recording::Done, Recording::Failed, Recording::Canceled] {
                    for forgets in [true, false] {
                        let is_asked = order == Found::Own || record == Recording::Done;
                        if is_asked && (forgets || record != Recording::Done) {
                            actions.push(Action::Come(Request {
                                signature,
                                order,
                                record,
                                forgets,
                            }));
                        }
                    }
                }
            }
        }
    }

    fn next(&self, state: &State, action: &Action) -> Option<State> {
        let mut next = state.clone();
        match *action {
            Action::Come(request) => return self.come(state, Some(request)),
            Action::ComeForged => return self.come(state, None),
            Action::Restart => {
                next.requests -= 1;
                next.since_start.clear();
                next.guard_at_start.clone_from(&next.guard);
                let callbacks = &one(&mut next.world).callbacks;
                let is_recorded = |it: &u32| callbacks.get(it).is_some_and(|it| it.recorded > 0);
                next.stuck = next
                    .guard
                    .iter()
                    .copied()
                    .filter(|it| !is_recorded(it))
                    .collect();
            }
            Action::End => {
                let checkout = one(&mut next.world);
                let is_paid = checkout.truth == Truth::Paid;
                if is_paid {
                    checkout.tell(Report::Paid);
                } else {
                    // Nothing was acknowledged: the server cancels the sale.
                    checkout.truth = Truth::Unpaid;
                    checkout.tell(Report::Unpaid);
                }
                checkout.attention = Attention::None;
            }
        }
        Some(next)
    }

    fn world<'a>(&self, state: &'a State) -> &'a World {
        &state.world
    }
}
