//! The one place where the core's errors become exceptions.

use netgiro::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule};

use crate::to_python::ToPython;

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
        ErrorKind::OutcomeUnknown => {
            facts.set_item("reference", error.reference())?;
            facts.set_item("idempotency_key", error.idempotency_key())?;
        }
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
    if let Some(call) = error.failed_call() {
        exception.setattr("_failed_call", call.as_str())?;
    }
    if let Some(cause) = error.cause() {
        exception.setattr("__cause__", self::exception(py, cause)?)?;
    }
    Ok(exception)
}

/// An error as a member of a value: the exception for it, which is not raised.
pub(crate) struct Exception<'a>(pub(crate) &'a Error);

impl<'py> IntoPyObject<'py> for Exception<'_> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        exception(py, self.0)
    }
}

/// What a call of a closed client raises.
pub(crate) fn closed(py: Python<'_>) -> PyErr {
    let message = "the client is closed: make another one, or close it later";
    to_py(py, &Error::configuration(message))
}

/// The exception for arguments that are refused here, in words of the binding's own.
pub(crate) fn invalid(py: Python<'_>, message: impl Into<String>) -> PyErr {
    to_py(py, &Error::invalid_request(message))
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
