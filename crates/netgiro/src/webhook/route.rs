//! What a callback route answers: verify, match, ask the guard, record, and only then 200.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::callback::{self, names_order};
use crate::model::values::amount::Amount;

/// The largest body that a callback route reads, in bytes.
pub const MAX_BODY: usize = callback::LARGEST_BODY;

/// How many callbacks are remembered that a guard let through and that could not be recorded.
const MAX_UNRECORDED: usize = 10_000;

/// What a driver is to do next for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteAction {
    /// Read the body, no further than [`MAX_BODY`].
    ReadBody,
    /// Verify the callback.
    Verify,
    /// Ask the shop for the order that the callback is about.
    FindOrder,
    /// Ask the replay guard.
    AskGuard,
    /// Have the shop record the callback.
    Record,
    /// Have the guard forget the callback, if it can.
    Forget,
    /// Send the answer.
    Answer,
}

impl RouteAction {
    /// The action's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadBody => "read_body",
            Self::Verify => "verify",
            Self::FindOrder => "find_order",
            Self::AskGuard => "ask_guard",
            Self::Record => "record",
            Self::Forget => "forget",
            Self::Answer => "answer",
        }
    }
}

/// The outcome of an action.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteOutcome {
    /// The body has so many bytes, or is announced to have.
    Body(usize),
    /// The callback verifies.
    Verified(ReportedCallback),
    /// The callback does not verify; with the reason.
    Rejected(String),
    /// The shop's order; `None` where it has no such order.
    Order(Option<ExpectedOrder>),
    /// The order's amount is a number, and not whole krónur: that of another currency; with the reason.
    NotKronur(String),
    /// Whether the guard has not seen the callback before.
    First(bool),
    /// It is recorded, or forgotten.
    Done,
    /// Whoever was asked has failed, and may succeed later; with the reason.
    Failed(String),
    /// What was given cannot be used, and will not be usable later; with the reason.
    Unusable(String),
    /// The shop refuses the callback by itself, with this status and reason.
    Refused(u16, String),
    /// The request is canceled: nobody waits for an answer.
    Canceled,
}

/// What a verified callback says, and what tells it from others.
#[derive(Clone, Debug, Deserialize)]
pub struct ReportedCallback {
    /// The server's id of the cart.
    pub cart: Uuid,
    /// The amount in krónur.
    pub amount: Option<Decimal>,
    /// The shop's order id.
    pub reference: Option<String>,
    /// The callback's signature, in lowercase; `None` for one of V2, whose "yes" and "no" carry the same, so that no guard
    /// can tell a replay.
    #[serde(default)]
    pub signature: Option<String>,
}

/// An order, as a callback must name it.
#[derive(Clone, Debug, Deserialize)]
pub struct ExpectedOrder {
    /// The server's id of the order's cart, where the shop knows it.
    pub cart: Option<Uuid>,
    /// The amount.
    pub amount: Amount,
    /// The reference.
    pub reference: String,
}

/// What a request is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as plain text, which tells its sender nothing of the reason.
    pub text: &'static str,
    /// A header, by its name and value.
    pub header: Option<(&'static str, &'static str)>,
    /// Why, for the shop's log alone; empty with 200.
    pub reason: String,
}

impl RouteAnswer {
    /// The answer with this status, for this reason.
    #[must_use]
    pub fn new(status: u16, reason: impl Into<String>) -> Self {
        let text = match status {
            200 => "",
            405 => "POST only",
            409 => "not accepted",
            413 => "too large",
            500 => "this route fails: see the log of the shop",
            503 => "not recorded, send it again",
            _ => "refused",
        };
        let header = match status {
            405 => Some(("Allow", "POST")),
            // What is left of the body is not read, so the connection has no future.
            413 => Some(("Connection", "close")),
            _ => None,
        };
        Self {
            status,
            text,
            header,
            reason: reason.into(),
        }
    }

    /// The answer to a body that is larger than [`MAX_BODY`].
    #[must_use]
    pub fn too_large() -> Self {
        Self::new(413, format!("its body is larger than {MAX_BODY} bytes"))
    }

    /// The last resort: the answer where the driver itself fails.
    #[must_use]
    pub fn failed() -> Self {
        Self::new(500, "the route failed")
    }
}

/// A callback route: what its requests share.
#[derive(Debug)]
pub struct Route {
    has_guard: bool,
    /// The signatures of callbacks that the guard has let through, and that could not be recorded; the oldest first.
    unrecorded: Mutex<VecDeque<String>>,
}

impl Route {
    /// A route with or without a replay guard.
    #[must_use]
    pub fn new(has_guard: bool) -> Self {
        Self {
            has_guard,
            unrecorded: Mutex::default(),
        }
    }

    /// A request to the route, by its method.
    #[must_use]
    pub fn request(self: &Arc<Self>, method: &str) -> RouteRequest {
        let mut request = RouteRequest {
            route: Arc::clone(self),
            action: RouteAction::ReadBody,
            reported: None,
            answer: None,
        };
        if method != "POST" {
            let reason = format!("{method} on the callback route");
            request.action = request.answers(405, reason);
        }
        request
    }

    fn remember(&self, signature: String) {
        let mut unrecorded = self.lock();
        unrecorded.push_back(signature);
        if unrecorded.len() > MAX_UNRECORDED {
            unrecorded.pop_front();
        }
    }

    /// Whether a callback was let through by the guard before, and not recorded; it no longer counts as such then.
    fn take_unrecorded(&self, signature: &str) -> bool {
        let mut unrecorded = self.lock();
        let at = unrecorded.iter().position(|each| each == signature);
        at.and_then(|at| unrecorded.remove(at)).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<String>> {
        self.unrecorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request to a callback route, on its way to an answer.
#[derive(Debug)]
pub struct RouteRequest {
    route: Arc<Route>,
    action: RouteAction,
    reported: Option<ReportedCallback>,
    answer: Option<RouteAnswer>,
}

impl RouteRequest {
    /// What is to be done next.
    #[must_use]
    pub fn action(&self) -> RouteAction {
        self.action
    }

    /// The answer, once that is what is to be done.
    #[must_use]
    pub fn answer(&self) -> Option<&RouteAnswer> {
        let is_due = self.action == RouteAction::Answer;
        self.answer.as_ref().filter(|_| is_due)
    }

    /// Takes the outcome of the action, and gives the next one.
    pub fn step(&mut self, outcome: RouteOutcome) -> RouteAction {
        self.action = self.next(outcome);
        self.action
    }

    fn next(&mut self, outcome: RouteOutcome) -> RouteAction {
        use RouteAction as Action;
        use RouteOutcome as Outcome;

        match (self.action, outcome) {
            (Action::Answer, _) | (Action::Forget, Outcome::Done) => Action::Answer,
            (Action::ReadBody, Outcome::Body(size)) if size > MAX_BODY => {
                self.answer = Some(RouteAnswer::too_large());
                Action::Answer
            }
            (Action::ReadBody, Outcome::Body(_)) => Action::Verify,
            (Action::Verify, Outcome::Verified(reported)) => {
                self.reported = Some(reported);
                Action::FindOrder
            }
            (Action::Verify, Outcome::Rejected(why)) => self.answers(400, why),
            (Action::FindOrder, Outcome::Order(order)) => self.compare(order),
            (Action::FindOrder, Outcome::NotKronur(why)) => self.answers(
                409,
                format!("the order is about no amount in whole krónur: {why}"),
            ),
            (Action::FindOrder, Outcome::Failed(why)) => {
                self.answers(503, format!("looking up the order failed: {why}"))
            }
            (Action::AskGuard, Outcome::First(true)) => Action::Record,
            (Action::AskGuard, Outcome::First(false)) => {
                self.answers(409, "it is a replay: it verifies, and was accepted before")
            }
            (Action::AskGuard, Outcome::Failed(why)) => {
                self.answers(503, format!("asking the replay guard failed: {why}"))
            }
            (Action::Record, Outcome::Done) => self.answers(200, ""),
            (Action::Record, Outcome::Failed(why) | Outcome::Unusable(why)) => {
                self.take_back(503, format!("recording it failed: {why}"))
            }
            (Action::Record, Outcome::Refused(status, why)) => self.take_back(status, why),
            // Nobody waits for the guard to forget it.
            (Action::Record, Outcome::Canceled) => {
                self.let_through_again();
                self.answers(503, "the request was canceled")
            }
            (Action::Forget, _) => {
                self.let_through_again();
                Action::Answer
            }
            (_, Outcome::Refused(status, why)) => self.answers(status, why),
            (_, Outcome::Canceled) => self.answers(503, "the request was canceled"),
            (_, Outcome::Failed(why) | Outcome::Unusable(why)) => {
                self.answers(500, format!("the route failed: {why}"))
            }
            // Not what comes of this action: whatever the driver has done, nothing is accepted.
            (Action::Record, _) => self.take_back(500, "the route failed while recording".into()),
            (action, _) => self.answers(500, format!("the route failed at {}", action.as_str())),
        }
    }

    fn answers(&mut self, status: u16, reason: impl Into<String>) -> RouteAction {
        self.answer = Some(RouteAnswer::new(status, reason));
        RouteAction::Answer
    }

    /// Compares the order with the callback. The guard is asked after that, so that only callbacks that are accepted
    /// otherwise are ever recorded in it; and not about one that it let through and that could not be recorded.
    fn compare(&mut self, order: Option<ExpectedOrder>) -> RouteAction {
        let Some(reported) = &self.reported else {
            return self.answers(500, "the route failed: no callback was verified");
        };
        let Some(order) = order else {
            let reason = format!("the shop has no order for the cart {}", reported.cart);
            return self.answers(409, reason);
        };
        let said = reported.reference.as_deref();
        if !names_order(reported.amount, said, order.amount, &order.reference) {
            let amount = reported
                .amount
                .map_or("no amount".to_owned(), |it| it.to_string());
            let reference = said.unwrap_or("no reference");
            let reason = format!(
                "the callback says {reference:?} for {amount}, the order is {:?} for {}",
                order.reference, order.amount
            );
            return self.answers(409, reason);
        }
        if let Some(own) = order.cart.filter(|&own| own != reported.cart) {
            let reason = format!(
                "it is about the cart {}, the order's is {own}",
                reported.cart
            );
            return self.answers(409, reason);
        }
        match self.guarded() {
            Some(signature) if !self.route.take_unrecorded(signature) => RouteAction::AskGuard,
            _ => RouteAction::Record,
        }
    }

    /// Refuses a callback that could not be recorded, and lets it through once more, since it is going to be sent again.
    fn take_back(&mut self, status: u16, reason: String) -> RouteAction {
        self.answer = Some(RouteAnswer::new(status, reason));
        match self.guarded() {
            Some(_) => RouteAction::Forget,
            None => RouteAction::Answer,
        }
    }

    /// The signature that the guard knows the callback by; `None` where it is not asked.
    fn guarded(&self) -> Option<&str> {
        let reported = self.reported.as_ref().filter(|_| self.route.has_guard)?;
        reported.signature.as_deref()
    }

    /// Notes, for a guard that cannot forget, to let the callback through once more.
    fn let_through_again(&self) {
        if let Some(signature) = self.guarded() {
            self.route.remember(signature.to_owned());
        }
    }
}
