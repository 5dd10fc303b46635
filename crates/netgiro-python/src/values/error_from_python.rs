//! Back from an exception of this package to the core's error.

use netgiro::{Error, ErrorKind, RequestSent};
use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::refused;
use crate::values::cart_state::CartState;
use crate::values::poll::CartPoll;

/// The core's error for an exception of this package.
pub(crate) fn error_from_python(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Error> {
    let py = value.py();
    let refused = || refused(argument, "a netgiro.NetgiroError", value);
    let base = py.import("netgiro.errors")?.getattr("NetgiroError")?;
    if !value.is_instance(&base)? {
        return Err(refused());
    }
    let code: String = value.getattr("code")?.extract()?;
    let kind = ErrorKind::of_code(&code).ok_or_else(refused)?;
    let mut error = Error::new(kind, value.getattr("message")?.extract::<String>()?);
    let cause = value.getattr("__cause__")?;
    if cause.is_instance(&base)? {
        error = error.caused_by(error_from_python(argument, &cause)?);
    }
    if let Some(status) = value.getattr("http_status")?.extract()? {
        error = error.with_http_status(status);
    }
    if let Some(code) = value.getattr("result_code")?.extract()? {
        error = error.with_result_code(code);
    }
    let sent: String = value.getattr("request_sent")?.extract()?;
    let sent = [RequestSent::No, RequestSent::Maybe, RequestSent::Yes]
        .into_iter()
        .find(|known| known.as_str() == sent)
        .ok_or_else(refused)?;
    error = error
        .with_reference_id(value.getattr("reference_id")?.extract()?)
        .with_request_sent(sent)
        .with_retryable(value.getattr("retryable")?.is_truthy()?);
    match kind {
        ErrorKind::OutcomeUnknown => {
            if let Some(reference) = value.getattr("reference")?.extract::<Option<String>>()? {
                error = error.with_reference(&reference);
            }
            if let Some(key) = value
                .getattr("idempotency_key")?
                .extract::<Option<String>>()?
            {
                error = error.with_idempotency_key(&key);
            }
        }
        ErrorKind::RateLimited => {
            let delay = value.getattr("retry_after")?;
            let delay = (!delay.is_none()).then(|| convert::seconds("retry_after", &delay));
            error = error.with_retry_after(delay.transpose()?);
        }
        ErrorKind::WaitTimeout | ErrorKind::Unresolved => {
            if let Ok(state) = value.getattr("state")?.cast::<CartState>() {
                error = error.with_state(Some(state.get().0.clone()));
            }
            if let Ok(poll) = value.getattr("poll")?.cast::<CartPoll>() {
                error = error.with_poll(poll.get().0.clone());
            }
        }
        _ => {}
    }
    Ok(error)
}
