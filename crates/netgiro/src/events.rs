//! What a client does, reported as it happens: each request and each step of a poll.
//!
//! Events go to `tracing` (targets `netgiro::request` and `netgiro::poll`; failures at level WARN, the
//! rest at DEBUG) and to the [`Observer`] of the client's options. None holds a secret key, a customer's
//! id or a body. Where nobody listens, an event costs a branch.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::Level;
use uuid::Uuid;

use crate::model::cart::Cart;
use crate::model::cart::state::CartState;
use crate::model::checkout::Checkout;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::CartPoll;
use crate::model::refund::Refund;
use crate::model::status::CartStatus;
use crate::model::transaction::Transaction;

/// Something a client did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request was answered, or failed.
    Request(RequestEvent),
    /// A poll went a step further.
    Poll(PollEvent),
}

/// One attempt to send a request, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestEvent {
    /// `InsertCart`, `CheckCart`, `ConfirmCart` or `CancelCart` of V1; `Payment`, `Status`, `Capture`, `Cancel`, `Refund`,
    /// `Details`, `SettlementList` or `SettlementItems` of V2; or `HostedPayment`.
    pub endpoint: &'static str,
    /// The order's reference, of an InsertCart or a Payment that failed.
    pub reference: Option<String>,
    /// The cart it was about; for InsertCart and Payment the one it made.
    pub transaction_id: Option<Uuid>,
    /// 1 for the first sending, 2 for its first repetition.
    pub attempt: u32,
    /// The HTTP status, when there was an answer.
    pub http_status: Option<u16>,
    /// Netgíró's result code, when the answer held one.
    pub result_code: Option<i64>,
    /// What identifies the call to Netgíró's support.
    pub reference_id: Option<String>,
    /// From before the connection to after the answer was read.
    pub duration: Duration,
    /// What went wrong with it. InsertCart's caller may see `outcome_unknown` for it; it is `outcome_unknown`
    /// here when the caller stopped waiting although the customer may have been asked.
    pub error: Option<ErrorKind>,
}

/// One check of a cart that is being polled, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollEvent {
    /// The cart.
    pub transaction_id: Uuid,
    /// What the check saw; `None` when it failed.
    pub status: Option<CartStatus>,
    /// What the check failed with, or what ended the poll.
    pub error: Option<ErrorKind>,
    /// When it is checked again; `None` at the end.
    pub next_check_at: Option<Timestamp>,
    /// Whether polling has nothing more to learn.
    pub is_done: bool,
}

/// Called with each event, on the thread and in the task of the call it is about: keep it short.
///
/// As OpenTelemetry spans, each within the span that is current where the call is made:
///
/// ```
/// use std::time::SystemTime;
///
/// use netgiro::{ClientOptions, Event, Observer};
/// use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, Tracer};
/// use opentelemetry::{KeyValue, global};
///
/// let mut options = ClientOptions::new("881E674F-7891-4C20-AFD8-56FE2624C4B5", "the-secret-key");
/// options.observer = Some(Observer::new(|event| {
///     let Event::Request(request) = event else { return };
///     let tracer = global::tracer("netgiro");
///     let now = SystemTime::now();
///     let mut span = SpanBuilder::from_name(format!("netgiro {}", request.endpoint))
///         .with_kind(SpanKind::Client)
///         .with_start_time(now - request.duration)
///         .start(&tracer);
///     span.set_attribute(KeyValue::new("netgiro.attempt", i64::from(request.attempt)));
///     if let Some(status) = request.http_status {
///         span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
///     }
///     if let Some(code) = request.result_code {
///         span.set_attribute(KeyValue::new("netgiro.result_code", code));
///     }
///     if let Some(error) = request.error {
///         span.set_attribute(KeyValue::new("error.type", error.code()));
///         span.set_status(Status::error(error.code()));
///     }
///     span.end_with_timestamp(now);
/// }));
/// # netgiro::Client::new(options)?;
/// # Ok::<(), netgiro::Error>(())
/// ```
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Event) + Send + Sync>);

impl Observer {
    /// An observer that calls this function.
    pub fn new(observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    /// Reports a request to `tracing` and to the observer; `event` is called if either listens.
    pub(crate) fn request(observer: Option<&Self>, event: impl FnOnce() -> RequestEvent) {
        if observer.is_none() && !tracing::enabled!(target: "netgiro::request", Level::WARN) {
            return;
        }
        let event = event();
        event.trace();
        if let Some(Self(observe)) = observer {
            observe(&Event::Request(event));
        }
    }

    /// The same for a step of a poll.
    pub(crate) fn poll(observer: Option<&Self>, event: impl FnOnce() -> PollEvent) {
        if observer.is_none() && !tracing::enabled!(target: "netgiro::poll", Level::WARN) {
            return;
        }
        let event = event();
        event.trace();
        if let Some(Self(observe)) = observer {
            observe(&Event::Poll(event));
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer(..)")
    }
}

/// An outcome, perhaps with facts for an event. Most results of V2 have none.
pub(crate) trait RecordOutcome {
    fn record_into(&self, _: &mut RequestEvent) {}
}

impl RecordOutcome for CartState {
    fn record_into(&self, event: &mut RequestEvent) {
        event.transaction_id = Some(self.transaction_id);
        event.result_code = self.result_code;
        event.reference_id.clone_from(&self.reference_id);
    }
}

/// A cart, and the result code that came with it, which V2 does not have.
impl RecordOutcome for (Cart, Option<i64>) {
    fn record_into(&self, event: &mut RequestEvent) {
        event.transaction_id = Some(self.0.transaction_id);
        event.result_code = self.1;
        event.reference_id.clone_from(&self.0.reference_id);
    }
}

/// What a look-up found.
impl RecordOutcome for Option<Cart> {
    fn record_into(&self, event: &mut RequestEvent) {
        if let Some(cart) = self {
            event.transaction_id = Some(cart.transaction_id);
            event.reference_id.clone_from(&cart.reference_id);
        }
    }
}

impl<T> RecordOutcome for Vec<T> {}

impl RecordOutcome for Refund {}

impl RecordOutcome for Checkout {}

impl RecordOutcome for Transaction {}

impl RecordOutcome for Error {
    fn record_into(&self, event: &mut RequestEvent) {
        event.http_status = self.http_status();
        event.result_code = self.result_code();
        event.reference_id = self.reference_id().map(str::to_owned);
        event.error = Some(self.kind());
    }
}

impl RequestEvent {
    /// The event with the facts of the outcome.
    pub(crate) fn with(mut self, outcome: &Result<impl RecordOutcome>) -> Self {
        match outcome {
            Ok(value) => value.record_into(&mut self),
            Err(error) => error.record_into(&mut self),
        }
        self
    }

    fn trace(&self) {
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    target: "netgiro::request",
                    Level::$level,
                    endpoint = self.endpoint,
                    reference = self.reference,
                    transaction_id = self.transaction_id.map(display),
                    attempt = self.attempt,
                    http_status = self.http_status,
                    result_code = self.result_code,
                    reference_id = self.reference_id,
                    duration_ms = self.duration.as_secs_f64() * 1000.0,
                    error = self.error.map(ErrorKind::code),
                    "request"
                )
            };
        }
        if self.error.is_none() {
            event!(DEBUG);
        } else {
            event!(WARN);
        }
    }
}

impl PollEvent {
    /// One check of a poll, and what follows from it.
    pub(crate) fn of(poll: &CartPoll, failure: Option<ErrorKind>, step: &Result<CartPoll>) -> Self {
        let next = match step {
            Ok(next) => Some(next),
            Err(error) => error.poll(),
        };
        let status = next
            .and_then(CartPoll::state)
            .map(|state| state.status)
            .filter(|_| failure.is_none());
        Self {
            transaction_id: poll.transaction_id(),
            status,
            error: step.as_ref().err().map_or(failure, |end| Some(end.kind())),
            next_check_at: step
                .as_ref()
                .ok()
                .filter(|next| !next.is_done())
                .map(CartPoll::next_check_at),
            is_done: step.as_ref().is_ok_and(CartPoll::is_done),
        }
    }

    /// How settling ended, after the last check of its poll.
    pub(crate) fn settled(transaction_id: Uuid, outcome: Result<CartStatus, ErrorKind>) -> Self {
        Self {
            transaction_id,
            status: outcome.ok(),
            error: outcome.err(),
            next_check_at: None,
            is_done: outcome.is_ok(),
        }
    }

    fn trace(&self) {
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    target: "netgiro::poll",
                    Level::$level,
                    transaction_id = %self.transaction_id,
                    status = self.status.map(CartStatus::as_str),
                    error = self.error.map(ErrorKind::code),
                    next_check_at = self.next_check_at.map(display),
                    is_done = self.is_done,
                    "poll"
                )
            };
        }
        if self.error.is_none() {
            event!(DEBUG);
        } else {
            event!(WARN);
        }
    }
}
