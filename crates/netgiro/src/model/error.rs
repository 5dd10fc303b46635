//! The one error type and the one error table.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::cart::state::CartState;
use crate::model::customer_message::FailedCall;
use crate::model::poll::CartPoll;
use crate::model::status::ResultCode;

/// The result of every fallible call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_table {
    ($( $(#[doc = $doc:literal])+ $kind:ident $code:literal $class:literal ; )+) => {
        /// What went wrong, in the words of the error table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $( $(#[doc = $doc])+ #[serde(rename = $code)] $kind, )+
        }

        impl ErrorKind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The stable code, the same in Rust, Python and Node.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),+ }
            }

            /// The kind with this code.
            #[doc(hidden)]
            #[must_use]
            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.code() == code)
            }

            /// The name of the error class in Python and Node.
            #[must_use]
            pub const fn class(self) -> &'static str {
                match self { $(Self::$kind => $class),+ }
            }
        }
    };
}

error_table! {
    /// Bad keys, http outside loopback, a bad URL.
    Configuration "configuration" "ConfigurationError";
    /// Refused here, before anything is sent.
    InvalidRequest "invalid_request" "InvalidRequestError";
    /// Never sent: safe to try again.
    Connect "connect" "ConnectError";
    /// A read-only or repeatable call ran out of time.
    Timeout "timeout" "TimeoutError";
    /// InsertCart, or a refund, may have reached the server: the customer may have been asked, or refunded.
    OutcomeUnknown "outcome_unknown" "OutcomeUnknownError";
    /// The server said no.
    Api "api" "ApiError";
    /// The server did not accept the keys or the signature (HTTP 401, 403).
    Authentication "authentication" "AuthenticationError";
    /// Too many calls (HTTP 429).
    RateLimited "rate_limited" "RateLimitedError";
    /// HTTP 5xx, a broken answer, or a body that is not the API's.
    Server "server" "ServerError";
    /// A response or callback that does not verify.
    Signature "signature" "SignatureError";
    /// Contradictory or malformed data.
    Protocol "protocol" "ProtocolError";
    /// An answer about another amount or reference than the cart's.
    Mismatch "mismatch" "MismatchError";
    /// The deadline of a wait was reached.
    WaitTimeout "wait_timeout" "WaitTimeoutError";
    /// Settling could not learn the truth.
    Unresolved "unresolved" "UnresolvedError";
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether the request left this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestSent {
    /// Not one byte of it did.
    #[default]
    No,
    /// Some of it did; no answer came.
    Maybe,
    /// It did, and was answered.
    Yes,
}

impl RequestSent {
    /// `no`, `maybe` or `yes`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
        }
    }
}

impl fmt::Display for RequestSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What every call of this crate fails with: a kind, a sentence that says what to do, and the facts.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Error(Box<Facts>);

/// As JSON, within the results of bulk checks that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Facts {
    kind: ErrorKind,
    message: String,
    http_status: Option<u16>,
    result_code: Option<i64>,
    reference_id: Option<String>,
    request_sent: RequestSent,
    retryable: bool,
    /// Whether the failure may be over at once, so that sending again helps.
    #[serde(skip)]
    is_transient: bool,
    /// Whether another call's answer said before it that the cart is paid.
    #[serde(skip)]
    is_called_paid: bool,
    /// Which call failed, where it decides what the customer is told.
    #[serde(skip)]
    failed_call: Option<FailedCall>,
    /// The option that is refused, where something else mends it than what mends the keys.
    #[serde(skip)]
    option: Option<&'static str>,
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    retry_after: Option<Duration>,
    state: Option<CartState>,
    poll: Option<CartPoll>,
    source: Option<Error>,
}

impl Error {
    /// An error of this kind; `retryable` is what the kind usually is.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let retryable = matches!(
            kind,
            ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::RateLimited
                | ErrorKind::Server
                | ErrorKind::WaitTimeout
                | ErrorKind::Unresolved
        );
        Self(Box::new(Facts {
            kind,
            message: message.into(),
            http_status: None,
            result_code: None,
            reference_id: None,
            request_sent: RequestSent::No,
            retryable,
            is_transient: false,
            is_called_paid: false,
            failed_call: None,
            option: None,
            reference: None,
            idempotency_key: None,
            retry_after: None,
            state: None,
            poll: None,
            source: None,
        }))
    }

    /// What no client can be made with; `message` names the option, what came and what is wanted.
    #[doc(hidden)]
    #[must_use]
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// The same about an option that is no key, by its name.
    pub(crate) fn bad_option(option: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::configuration(message);
        error.0.option = Some(option);
        error
    }

    /// The option that is refused, where something else mends it than what mends the keys.
    pub(crate) fn option(&self) -> Option<&'static str> {
        self.0.option
    }

    /// What is refused before anything is sent; `message` names the argument, what came and what is wanted.
    #[must_use]
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence alone, without the facts that `Display` adds.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status, when there was an answer.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// Netgíró's result code, when the answer held one.
    #[must_use]
    pub fn result_code(&self) -> Option<i64> {
        self.0.result_code
    }

    /// What identifies the call to Netgíró's support (`netgiro_referenceId`).
    #[must_use]
    pub fn reference_id(&self) -> Option<&str> {
        self.0.reference_id.as_deref()
    }

    /// Whether the request left this machine.
    #[must_use]
    pub fn request_sent(&self) -> RequestSent {
        self.0.request_sent
    }

    /// Whether making the same call again is safe and may succeed.
    #[must_use]
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    pub(crate) fn is_transient(&self) -> bool {
        self.0.is_transient
    }

    pub(crate) fn transient(mut self) -> Self {
        self.0.is_transient = true;
        self
    }

    /// Whether another call's answer said that the cart is paid, and the call that failed was to confirm it: the cart
    /// must then not be taken for unpaid until both agree.
    #[doc(hidden)]
    #[must_use]
    pub fn is_called_paid(&self) -> bool {
        self.0.is_called_paid
    }

    pub(crate) fn called_paid(mut self) -> Self {
        self.0.is_called_paid = true;
        self
    }

    /// Which call failed, where it decides what the customer is told.
    #[doc(hidden)]
    #[must_use]
    pub fn failed_call(&self) -> Option<FailedCall> {
        self.0.failed_call
    }

    pub(crate) fn of_call(mut self, call: FailedCall) -> Self {
        self.0.failed_call = Some(call);
        self
    }

    /// The order's reference, on `outcome_unknown`.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// The key to refund again with, on `outcome_unknown` of a refund.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.0.idempotency_key.as_deref()
    }

    /// How long the server asks to be left alone, on `rate_limited` and some `server` errors.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The last state seen, on `wait_timeout` and `unresolved`.
    #[must_use]
    pub fn state(&self) -> Option<&CartState> {
        self.0.state.as_ref()
    }

    /// The poll to resume from, on `wait_timeout` and `unresolved`.
    #[must_use]
    pub fn poll(&self) -> Option<&CartPoll> {
        self.0.poll.as_ref()
    }

    /// The error that led to this one.
    #[must_use]
    pub fn cause(&self) -> Option<&Error> {
        self.0.source.as_ref()
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// Sets Netgíró's result code.
    #[must_use]
    pub fn with_result_code(mut self, code: i64) -> Self {
        self.0.result_code = Some(code);
        self
    }

    /// Sets how long the server asks to be left alone.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.0.retry_after = delay;
        self
    }

    /// Sets what identifies the call to Netgíró's support.
    #[must_use]
    pub fn with_reference_id(mut self, id: Option<String>) -> Self {
        self.0.reference_id = id;
        self
    }

    /// Sets whether the request left this machine.
    #[must_use]
    pub fn with_request_sent(mut self, sent: RequestSent) -> Self {
        self.0.request_sent = sent;
        self
    }

    /// Sets whether making the same call again is safe and may succeed.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Sets the order's reference.
    #[must_use]
    pub fn with_reference(mut self, reference: &str) -> Self {
        self.0.reference = Some(reference.to_owned());
        self
    }

    /// Sets the key to refund again with.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: &str) -> Self {
        self.0.idempotency_key = Some(key.to_owned());
        self
    }

    /// Sets the last state seen.
    #[must_use]
    pub fn with_state(mut self, state: Option<CartState>) -> Self {
        self.0.state = state;
        self
    }

    /// Sets the poll to resume from.
    #[must_use]
    pub fn with_poll(mut self, poll: CartPoll) -> Self {
        self.0.poll = Some(poll);
        self
    }

    /// Takes over the facts of the error that led to this one, and names it as the source.
    #[must_use]
    pub fn caused_by(mut self, source: Error) -> Self {
        self.0.http_status = source.0.http_status;
        self.0.result_code = source.0.result_code;
        self.0.reference_id.clone_from(&source.0.reference_id);
        self.0.request_sent = source.0.request_sent;
        self.0.retry_after = source.0.retry_after;
        self.0.source = Some(source);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        let mut facts = Vec::new();
        if let Some(status) = self.0.http_status {
            facts.push(format!("HTTP {status}"));
        }
        if let Some(code) = self.0.result_code {
            let meaning = ResultCode::find(code).map(|known| format!(": {}", known.meaning));
            facts.push(format!("result code {code}{}", meaning.unwrap_or_default()));
        }
        if let Some(id) = &self.0.reference_id {
            facts.push(format!("Netgíró's reference id {id}"));
        }
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("http_status", &self.0.http_status)
            .field("result_code", &self.0.result_code)
            .field("reference_id", &self.0.reference_id)
            .field("request_sent", &self.0.request_sent)
            .field("retryable", &self.0.retryable)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
