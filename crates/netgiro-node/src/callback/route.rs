//! The core's state machines of a callback route. The outcome of an action comes as JSON text, and the next action goes back
//! as such.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use napi_derive::napi;
use netgiro::webhook::{
    FollowUp, FollowUpAction, FollowUpOutcome, MAX_BODY, Route, RouteAnswer, RouteOutcome,
    RouteRequest, replayed,
};
use netgiro::{CartPoll, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::arguments::cart::{CartInput, cart_ref};
use crate::arguments::scalars::{instant, milliseconds};
use crate::reply::{Made, error_reply, made, reply};
use crate::views::poll::PollView;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RouteLimits {
    max_body: usize,
    too_large: RouteAnswer,
    failed: RouteAnswer,
}

/// The largest body that a callback route reads, and the answers that need no request: `{ maxBody, tooLarge, failed }`.
#[napi(catch_unwind)]
#[must_use]
pub fn route_limits() -> String {
    reply(&Ok(RouteLimits {
        max_body: MAX_BODY,
        too_large: RouteAnswer::too_large(),
        failed: RouteAnswer::failed(),
    }))
}

/// A callback route: what its requests share.
#[napi]
pub struct NativeRoute {
    route: Arc<Route>,
}

#[napi]
impl NativeRoute {
    /// A route with or without a replay guard.
    #[napi(constructor, catch_unwind)]
    pub fn new(has_guard: bool) -> Self {
        let route = Arc::new(Route::new(has_guard));
        Self { route }
    }

    /// A request to the route, by its method.
    #[napi(catch_unwind)]
    pub fn request(&self, method: String) -> NativeRequest {
        let request = self.route.request(&method);
        NativeRequest { request }
    }
}

/// A request to a callback route, on its way to an answer.
#[napi]
pub struct NativeRequest {
    request: RouteRequest,
}

#[derive(Serialize)]
struct RouteView<'a> {
    action: &'static str,
    answer: Option<&'a RouteAnswer>,
}

#[napi]
impl NativeRequest {
    /// What is to be done next, and the answer where that is it: `{ action, answer }`.
    #[napi(catch_unwind)]
    pub fn standing(&self) -> String {
        reply(&Ok(RouteView {
            action: self.request.action().as_str(),
            answer: self.request.answer(),
        }))
    }

    /// Takes the outcome of the action, and gives what is to be done next.
    #[napi(catch_unwind)]
    pub fn step(&mut self, outcome: String) -> String {
        match read::<RouteOutcome>(&outcome) {
            Ok(outcome) => {
                self.request.step(outcome);
                self.standing()
            }
            Err(error) => error_reply(&error),
        }
    }
}

/// A cart that is followed to its end.
#[napi]
pub struct NativeFollowUp {
    follow_up: FollowUp,
}

/// Follows a cart after its callback, from an instant in epoch milliseconds on, or from now; or gives JSON text when it cannot.
#[napi(catch_unwind)]
pub fn follow_up(cart: CartInput, now: Option<f64>) -> Made<NativeFollowUp> {
    let follow_up = || {
        let cart = cart_ref(&cart)?;
        let follow_up = FollowUp::after_callback(cart, instant("now", now)?);
        Ok(NativeFollowUp { follow_up })
    };
    made(follow_up())
}

/// Goes on with a cart whose poll is kept, as its token, in the messages of a queue that counts failures itself.
#[napi(catch_unwind)]
pub fn follow_up_in_messages(token: String) -> Made<NativeFollowUp> {
    made(CartPoll::from_json(&token).map(|poll| NativeFollowUp {
        follow_up: FollowUp::in_messages(poll, 0),
    }))
}

/// The outcome of an action of a follow-up; polls are their tokens.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FollowUpReport {
    Claimed(bool),
    Checked(String),
    Done,
    Failed {
        code: Option<String>,
        poll: Option<String>,
    },
    Stopped,
}

impl FollowUpReport {
    fn outcome(self) -> Result<FollowUpOutcome> {
        Ok(match self {
            Self::Claimed(is_claimed) => FollowUpOutcome::Claimed(is_claimed),
            Self::Checked(token) => {
                FollowUpOutcome::Checked(Box::new(CartPoll::from_json(&token)?))
            }
            Self::Done => FollowUpOutcome::Done,
            Self::Failed { code, poll } => {
                let kind = code.as_deref().and_then(ErrorKind::of_code);
                let poll = poll.as_deref().map(CartPoll::from_json).transpose()?;
                FollowUpOutcome::Failed(kind, poll.map(Box::new))
            }
            Self::Stopped => FollowUpOutcome::Stopped,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FollowUpView {
    action: &'static str,
    delay_ms: Option<u64>,
}

#[napi]
impl NativeFollowUp {
    /// What is to be done next, and how long to wait where that is it: `{ action, delayMs }`.
    #[napi(catch_unwind)]
    pub fn standing(&self) -> String {
        let action = self.follow_up.action();
        let delay_ms = match action {
            FollowUpAction::Wait(delay) => u64::try_from(delay.as_millis()).ok(),
            _ => None,
        };
        reply(&Ok(FollowUpView {
            action: action.as_str(),
            delay_ms,
        }))
    }

    /// The poll, and in it the cart's state.
    #[napi(catch_unwind)]
    pub fn poll(&self) -> String {
        reply(&Ok(PollView(self.follow_up.poll())))
    }

    /// Takes the outcome of the action, and gives what is to be done next. `elapsed_ms` is how long the cart has been followed;
    /// `now` is epoch milliseconds, by default now.
    #[napi(catch_unwind)]
    pub fn step(&mut self, outcome: String, elapsed_ms: f64, now: Option<f64>) -> String {
        let mut stepped = || -> Result<()> {
            let outcome = read::<FollowUpReport>(&outcome)?.outcome()?;
            let now: Timestamp = instant("now", now)?;
            let elapsed: Duration = milliseconds("elapsedMs", elapsed_ms)?;
            self.follow_up.step(outcome, now, elapsed);
            Ok(())
        };
        match stepped() {
            Ok(()) => self.standing(),
            Err(error) => error_reply(&error),
        }
    }
}

/// Why a callback that its guard has seen before is refused, as JSON text.
#[napi(catch_unwind)]
#[must_use]
pub fn callback_replayed(reference_id: Option<String>) -> String {
    error_reply(&replayed(reference_id))
}

fn read<'a, T: Deserialize<'a>>(outcome: &'a str) -> Result<T> {
    serde_json::from_str(outcome).map_err(|error| {
        Error::invalid_request(format!("this is no outcome of an action: {error}"))
    })
}
