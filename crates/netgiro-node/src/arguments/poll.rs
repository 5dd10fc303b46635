//! What a check brought, for a poll that is stepped by its caller.

use napi_derive::napi;
use netgiro::{CheckOutcome, Error, ErrorKind, Result};

use crate::arguments::scalars::milliseconds;
use crate::arguments::state::StateInput;

/// What a check brought: a state, a status, or an error.
#[napi(object, object_to_js = false)]
pub struct CheckOutcomeInput {
    /// A `CartState`, as JSON.
    pub state: Option<String>,
    /// Whether it answers a cancel.
    pub after_cancel: Option<bool>,
    /// A status word.
    pub status: Option<String>,
    /// An error.
    pub error: Option<ErrorInput>,
}

/// What the schedule looks at in an error.
#[napi(object, object_to_js = false)]
pub struct ErrorInput {
    /// Its code.
    pub code: String,
    /// Its message.
    pub message: String,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// Netgíró's result code.
    pub result_code: Option<i64>,
    /// How long the server asks to be left alone, in milliseconds.
    pub retry_after: Option<f64>,
}

pub(crate) fn check_outcome(input: CheckOutcomeInput) -> Result<CheckOutcome> {
    if let Some(state) = input.state {
        let StateInput(state) = serde_json::from_str(&state)
            .map_err(|error| Error::invalid_request(format!("seen is not a CartState: {error}")))?;
        return Ok(if input.after_cancel == Some(true) {
            CheckOutcome::AfterCancel(state)
        } else {
            CheckOutcome::State(state)
        });
    }
    if let Some(error) = input.error {
        return core_error(error).map(CheckOutcome::Error);
    }
    input
        .status
        .unwrap_or_default()
        .parse()
        .map(CheckOutcome::Status)
}

fn core_error(input: ErrorInput) -> Result<Error> {
    let kind = ErrorKind::of_code(&input.code).ok_or_else(|| {
        let code = &input.code;
        Error::invalid_request(format!(
            "seen has the code {code:?}, which no error of netgiro has"
        ))
    })?;
    let mut error = Error::new(kind, input.message);
    if let Some(status) = input.http_status {
        error = error.with_http_status(status);
    }
    if let Some(code) = input.result_code {
        error = error.with_result_code(code);
    }
    if let Some(delay) = input.retry_after {
        error = error.with_retry_after(Some(milliseconds("retryAfter", delay)?));
    }
    Ok(error)
}
