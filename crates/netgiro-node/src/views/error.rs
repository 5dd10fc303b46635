//! Errors as data: JavaScript throws them, in the class that `node/internal/errors.ts` has for their code.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::views::poll::PollView;
use crate::views::{StateView, milliseconds};

/// Every fact of an error, under its JavaScript name.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure<'a> {
    /// `None` for a fault of this library's own.
    code: Option<&'static str>,
    message: Cow<'a, str>,
    http_status: Option<u16>,
    result_code: Option<i64>,
    reference_id: Option<&'a str>,
    request_sent: &'static str,
    retryable: bool,
    reference: Option<&'a str>,
    retry_after: Option<f64>,
    state: Option<StateView<'a>>,
    poll: Option<PollView<'a>>,
    cause: Option<Box<Failure<'a>>>,
}

impl Failure<'_> {
    /// A fault of this library's own: nothing a shop could have done.
    pub(crate) fn internal(message: String) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }
}

impl<'a> From<&'a netgiro::Error> for Failure<'a> {
    fn from(error: &'a netgiro::Error) -> Self {
        Self {
            code: Some(error.kind().code()),
            message: error.message().into(),
            http_status: error.http_status(),
            result_code: error.result_code(),
            reference_id: error.reference_id(),
            request_sent: error.request_sent().as_str(),
            retryable: error.retryable(),
            reference: error.reference(),
            retry_after: error.retry_after().map(milliseconds),
            state: error.state().map(StateView::from),
            poll: error.poll().map(PollView::from),
            cause: error.cause().map(|cause| Box::new(Self::from(cause))),
        }
    }
}

/// An error of the core on its way to JavaScript.
pub(crate) struct Failed(pub(crate) netgiro::Error);

impl Serialize for Failed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Failure::from(&self.0).serialize(serializer)
    }
}

/// The answer of a synchronous function, as JSON text.
pub(crate) fn reply<T: Serialize>(outcome: &netgiro::Result<T>) -> String {
    match outcome {
        Ok(value) => json(&Reply::Value(value)),
        Err(error) => refusal_of(error),
    }
}

/// The answer of a function that failed with an error of the core, as JSON text.
pub(crate) fn refusal_of(error: &netgiro::Error) -> String {
    refusal(&Failure::from(error))
}

/// The answer of a function that failed, as JSON text.
pub(crate) fn refusal(failure: &Failure<'_>) -> String {
    json(&Reply::<()>::Error(failure))
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Reply<'a, T> {
    Value(&'a T),
    Error(&'a Failure<'a>),
}

/// Serialising the types of this crate cannot fail; were it to, the caller would get null.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    // Enough for a state with its payment.
    let mut text = Vec::with_capacity(512);
    serde_json::to_writer(&mut text, value)
        .ok()
        .and_then(|()| String::from_utf8(text).ok())
        .unwrap_or_else(|| "null".to_owned())
}
