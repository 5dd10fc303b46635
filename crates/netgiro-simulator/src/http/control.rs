//! The control over HTTP, beside the API: the page, the state, and actions of people and programs.
//!
//! Its requests are not recorded or counted, and have no faults but refused connections.

use crate::engine::snapshot;
use crate::faults::fault::Fault;
use crate::faults::storm::Storm;
use crate::http::event_stream;
use crate::http::page;
use crate::http::response::HttpResponse;
use crate::http::shared::Shared;
use crate::model::error::SimulatorError;
use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Whether a request belongs to the control, and not to the API, to which forms are posted at the page's own path.
pub(crate) fn is_for(method: &Method, path: &str) -> bool {
    let path = without_query(path);
    (path == "/" && method != Method::POST)
        || path == "/simulator"
        || path.starts_with("/simulator/")
}

fn without_query(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// What a path names.
#[derive(Clone, Copy)]
enum Resource<'a> {
    Page,
    State,
    Events,
    Carts,
    Cart(&'a str),
    Requests,
    Callbacks,
    Decision(&'a str, Action),
    CheckoutPage(&'a str),
    Checkout(&'a str),
    CheckoutDecision(&'a str, CheckoutAction),
    Advance,
    Faults,
    Storm,
    Stop,
}

/// An action on a cart.
#[derive(Clone, Copy)]
enum Action {
    Confirm,
    Decline,
    Expire,
    Callback,
}

/// What the customer of a hosted checkout does.
#[derive(Clone, Copy)]
enum CheckoutAction {
    Accept,
    Reject,
    Leave,
}

impl<'a> Resource<'a> {
    fn of_path(path: &'a str) -> Option<Self> {
        let mut segments = path.trim_start_matches('/').split('/');
        let path = [(); 5].map(|()| segments.next());
        Some(match path {
            [Some(""), None, ..] => Self::Page,
            [Some("simulator"), Some(name), None, ..] => match name {
                "state" => Self::State,
                "events" => Self::Events,
                "carts" => Self::Carts,
                "requests" => Self::Requests,
                "callbacks" => Self::Callbacks,
                "advance" => Self::Advance,
                "faults" => Self::Faults,
                "storm" => Self::Storm,
                "stop" => Self::Stop,
                _ => return None,
            },
            [Some("simulator"), Some("carts"), Some(id), None, _] => Self::Cart(id),
            [Some("simulator"), Some("checkout"), Some(id), None, _] => Self::CheckoutPage(id),
            [
                Some("simulator"),
                Some("checkout"),
                Some(id),
                Some(action),
                None,
            ] => match action {
                "state" => Self::Checkout(id),
                "accept" => Self::CheckoutDecision(id, CheckoutAction::Accept),
                "reject" => Self::CheckoutDecision(id, CheckoutAction::Reject),
                "leave" => Self::CheckoutDecision(id, CheckoutAction::Leave),
                _ => return None,
            },
            [
                Some("simulator"),
                Some("carts"),
                Some(id),
                Some(action),
                None,
            ] => Self::Decision(
                id,
                match action {
                    "confirm" => Action::Confirm,
                    "decline" => Action::Decline,
                    "expire" => Action::Expire,
                    "callback" => Action::Callback,
                    _ => return None,
                },
            ),
            _ => return None,
        })
    }

    fn methods(self) -> &'static str {
        match self {
            Self::Decision(..)
            | Self::CheckoutDecision(..)
            | Self::Advance
            | Self::Storm
            | Self::Stop => "POST",
            Self::Faults => "GET, POST, DELETE",
            _ => "GET",
        }
    }
}

/// Why a request is refused: the HTTP status, and the `message`.
struct ControlError(StatusCode, String);

impl From<SimulatorError> for ControlError {
    fn from(error: SimulatorError) -> Self {
        let status = match error {
            SimulatorError::UnknownCart(_) => StatusCode::NOT_FOUND,
            SimulatorError::NotPossible { .. } => StatusCode::CONFLICT,
            SimulatorError::InvalidOption(_) => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

/// Responds to a request to the control.
pub(crate) fn answer(shared: &Arc<Shared>, head: &Parts, path: &str, body: &[u8]) -> HttpResponse {
    let mut answer = match respond(shared, head, without_query(path), body) {
        Ok(answer) => answer,
        Err(ControlError(status, message)) => {
            let mut answer = json(&Message { message: &message });
            *answer.status_mut() = status;
            answer
        }
    };
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(resource) = Resource::of_path(without_query(path))
    {
        let methods = HeaderValue::from_static(resource.methods());
        answer.headers_mut().insert(ALLOW, methods);
    }
    answer
}

/// Refuses a callback, which must not control a simulator.
pub(crate) fn refuse_callback() -> HttpResponse {
    let mut answer = json(&Message {
        message: "a callback cannot control a simulator",
    });
    *answer.status_mut() = StatusCode::FORBIDDEN;
    answer
}

fn respond(
    shared: &Arc<Shared>,
    head: &Parts,
    path: &str,
    body: &[u8],
) -> Result<HttpResponse, ControlError> {
    (shared.address.check_caller(&head.headers))
        .map_err(|message| ControlError(StatusCode::FORBIDDEN, message))?;
    let resource = Resource::of_path(path)
        .ok_or_else(|| ControlError(StatusCode::NOT_FOUND, format!("there is no {path}")))?;
    let method = match head.method {
        Method::HEAD => &Method::GET,
        ref method => method,
    };
    if !resource
        .methods()
        .split(", ")
        .any(|known| known == method.as_str())
    {
        return Err(ControlError(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("use {}", resource.methods()),
        ));
    }
    match resource {
        Resource::Page => return Ok(page::answer()),
        Resource::CheckoutPage(id) => {
            checkout(shared, id)?;
            return Ok(page::checkout());
        }
        Resource::Checkout(id) => return checkout(shared, id),
        Resource::CheckoutDecision(id, action) => {
            let id = cart(id)?;
            match action {
                CheckoutAction::Accept => {
                    let customer = read::<AcceptBody>(body)?.customer_id;
                    shared.now(|engine, now| engine.accept_as(id, &customer, now))
                }
                CheckoutAction::Reject => shared.now(|engine, now| engine.reject(id, now)),
                CheckoutAction::Leave => shared.now(|engine, now| engine.leave(id, now)),
            }?;
        }
        Resource::Events => return Ok(event_stream::answer(shared)),
        Resource::State => return Ok(shared.now(|engine, now| json(&engine.changes(0, now)))),
        Resource::Carts => return Ok(shared.now(|engine, _| json(&engine.carts()))),
        Resource::Cart(id) => {
            let id = cart(id)?;
            let cart = shared.now(|engine, _| engine.cart(id));
            return Ok(json(&cart.ok_or(SimulatorError::UnknownCart(id))?));
        }
        Resource::Requests => return Ok(json(&shared.now(|engine, _| engine.requests()))),
        Resource::Callbacks => return Ok(json(&shared.now(|engine, _| engine.callbacks()))),
        Resource::Faults if method == Method::GET => {
            return Ok(shared.now(|engine, _| json(&engine.faults().collect::<Vec<_>>())));
        }
        Resource::Decision(id, action) => {
            let id = cart(id)?;
            shared.now(|engine, now| match action {
                Action::Confirm => engine.confirm(id, now),
                Action::Decline => engine.decline(id, now),
                Action::Expire => engine.expire(id, now),
                Action::Callback => engine.send_callback(id, now),
            })?;
        }
        Resource::Advance => shared.advance_seconds(read::<AdvanceBody>(body)?.seconds)?,
        Resource::Faults if method == Method::DELETE => {
            shared.now(|engine, _| engine.clear_faults());
            shared.listener.will_listen();
        }
        Resource::Faults => add_fault(shared, body)?,
        Resource::Storm => {
            let storm: Storm = read(body)?;
            shared.now(|engine, _| engine.storm(storm))?;
        }
        Resource::Stop => {
            if !shared.request_stop() {
                return Err(ControlError(
                    StatusCode::CONFLICT,
                    "this simulator belongs to the program that started it: stop it there"
                        .to_owned(),
                ));
            }
        }
    }
    let mut done = HttpResponse::new(Either::Left(Full::default()));
    *done.status_mut() = StatusCode::NO_CONTENT;
    Ok(done)
}

/// Enough time to send the response before connections are cut.
const RESPONSE_DELAY: Duration = Duration::from_millis(50);

fn add_fault(shared: &Arc<Shared>, body: &[u8]) -> Result<(), ControlError> {
    let fault = Fault::from_json(&String::from_utf8_lossy(body))?;
    let refuse = fault.refuse;
    shared.now(|engine, _| engine.add_fault(fault))?;
    if let Some(period) = refuse {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            tokio::time::sleep(RESPONSE_DELAY).await;
            shared.listener.will_refuse(period);
        });
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptBody {
    customer_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceBody {
    seconds: f64,
}

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
}

fn unusable(message: &str) -> ControlError {
    ControlError(StatusCode::BAD_REQUEST, message.to_owned())
}

/// Parses an object; an empty body counts as an empty object.
fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ControlError> {
    let body = if body.is_empty() { b"{}" } else { body };
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(unusable("the body must be one JSON object"));
    }
    serde_json::from_slice(body)
        .map_err(|error| unusable(&format!("the body cannot be used: {error}")))
}

fn cart(id: &str) -> Result<Uuid, ControlError> {
    Uuid::parse_str(id).map_err(|_| {
        ControlError(
            StatusCode::NOT_FOUND,
            format!("{id:?} is not a transaction id"),
        )
    })
}

/// What the page of a hosted checkout shows.
fn checkout(shared: &Shared, id: &str) -> Result<HttpResponse, ControlError> {
    let id = cart(id)?;
    shared.now(|engine, _| {
        let checkout = engine.hosted_checkout(id);
        let checkout = checkout.ok_or(SimulatorError::UnknownCart(id))?;
        Ok(json(&checkout))
    })
}

fn json(value: &impl Serialize) -> HttpResponse {
    let body = snapshot::json(value);
    let mut answer = HttpResponse::new(Either::Left(Full::from(Bytes::from(body))));
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}
