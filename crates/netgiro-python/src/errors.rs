//! The one place where the core's errors become exceptions, and back.

use netgiro::{Error, ErrorKind, RequestSent};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule};

use crate::convert;
use crate::values::poll::CartPoll;
use crate::values::{CartState, ToPython};

fn class(py: Python<'_>, kind: ErrorKind) -> PyResult<Bound<'_, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    MODULE
        .get_or_try_init(py, || py.import("netgiro.errors").map(Bound::unbind))?
        .bind(py)
        .getattr(kind.class())
}

/// The exception for an error of the core.
pub(crate) fn to_py(py: Python<'_>, error: &Error) -> PyErr {
    match exception(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(raised) => raised,
    }
}

/// The exception as an object, with the errors that led to it as causes.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let facts = PyDict::new(py);
    facts.set_item("text", error.to_string())?;
    facts.set_item("http_status", error.http_status())?;
    facts.set_item("result_code", error.result_code())?;
    facts.set_item("reference_id", error.reference_id())?;
    facts.set_item("request_sent", error.request_sent().as_str())?;
    facts.set_item("retryable", error.retryable())?;
    match error.kind() {
        ErrorKind::OutcomeUnknown => facts.set_item("reference", error.reference())?,
        ErrorKind::RateLimited => {
            facts.set_item("retry_after", error.retry_after().map(|d| d.as_secs_f64()))?;
        }
        ErrorKind::WaitTimeout | ErrorKind::Unresolved => {
            let state = error.state().cloned().map(|state| state.to_python(py));
            let poll = error.poll().cloned().map(|poll| poll.to_python(py));
            facts.set_item("state", state.transpose()?)?;
            facts.set_item("poll", poll.transpose()?)?;
        }
        _ => {}
    }
    let exception = class(py, error.kind())?.call((error.message(),), Some(&facts))?;
    if error.is_called_paid() {
        exception.setattr("_is_called_paid", true)?;
    }
    if let Some(cause) = error.cause() {
        exception.setattr("__cause__", self::exception(py, cause)?)?;
    }
    Ok(exception)
}

/// The core's error for an exception of this package; anything else is a `TypeError`.
pub(crate) fn from_py(value: &Bound<'_, PyAny>) -> PyResult<Error> {
    let py = value.py();
    let refused = || {
        pyo3::exceptions::PyTypeError::new_err(format!(
            "expected a netgiro.NetgiroError, got {}",
            convert::shown(value)
        ))
    };
    let base = py.import("netgiro.errors")?.getattr("NetgiroError")?;
    if !value.is_instance(&base)? {
        return Err(refused());
    }
    let code: String = value.getattr("code")?.extract()?;
    let kind = ErrorKind::ALL
        .iter()
        .copied()
        .find(|kind| kind.code() == code)
        .ok_or_else(refused)?;
    let mut error = Error::new(kind, value.getattr("message")?.extract::<String>()?);
    let cause = value.getattr("__cause__")?;
    if cause.is_instance(&base)? {
        error = error.caused_by(from_py(&cause)?);
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
        }
        ErrorKind::RateLimited => {
            let delay = value.getattr("retry_after")?.extract::<Option<f64>>()?;
            let delay = delay.map(|delay| convert::seconds(py, "retry_after", delay));
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

/// What a closed client answers.
pub(crate) fn closed(py: Python<'_>) -> PyErr {
    to_py(
        py,
        &Error::new(
            ErrorKind::Configuration,
            "the client is closed: make another one, or close it later",
        ),
    )
}

/// The exception for arguments that are refused here, in words of the binding's own.
pub(crate) fn invalid(py: Python<'_>, message: impl Into<String>) -> PyErr {
    to_py(py, &Error::new(ErrorKind::InvalidRequest, message))
}

/// Maps the error of a result.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for Result<T, Error> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| to_py(py, &error))
    }
}
