//! Errors as data: JavaScript throws them, in the class that `node/internal/errors.ts` has for their code.

use std::borrow::Cow;

use netgiro::{CartPoll, CartState, Error, FailedCall};
use serde::{Serialize, Serializer};

use crate::views::poll::PollView;
use crate::views::scalars::milliseconds;
use crate::views::state::StateView;

/// Every fact of an error, under its JavaScript name.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorView<'a> {
    /// `None` for a bug of this library.
    code: Option<&'static str>,
    message: Cow<'a, str>,
    http_status: Option<u16>,
    result_code: Option<i64>,
    reference_id: Option<&'a str>,
    request_sent: &'static str,
    retryable: bool,
    reference: Option<&'a str>,
    idempotency_key: Option<&'a str>,
    retry_after: Option<f64>,
    state: Option<StateView<&'a CartState>>,
    poll: Option<PollView<&'a CartPoll>>,
    failed_call: Option<&'static str>,
    cause: Option<Box<ErrorView<'a>>>,
}

impl ErrorView<'_> {
    /// A bug of this library: nothing that a shop could have done.
    pub(crate) fn internal(message: String) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }
}

impl<'a> From<&'a Error> for ErrorView<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            code: Some(error.kind().code()),
            message: error.message().into(),
            http_status: error.http_status(),
            result_code: error.result_code(),
            reference_id: error.reference_id(),
            request_sent: error.request_sent().as_str(),
            retryable: error.retryable(),
            reference: error.reference(),
            idempotency_key: error.idempotency_key(),
            retry_after: error.retry_after().map(milliseconds),
            state: error.state().map(StateView),
            poll: error.poll().map(PollView),
            failed_call: error.failed_call().map(FailedCall::as_str),
            cause: error.cause().map(|cause| Box::new(Self::from(cause))),
        }
    }
}

/// An error of the core that is sent later.
pub(crate) struct OwnedErrorView(pub(crate) Error);

impl Serialize for OwnedErrorView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ErrorView::from(&self.0).serialize(serializer)
    }
}
