//! What an exception says that breaks an `insert_cart` off: whether the customer may have been asked.

use netgiro::{ErrorKind, InsertAttempt};
use pyo3::prelude::*;

use crate::errors;
use crate::runtime::logging::LogRecord;

/// Gives an attempt up; what was raised gets what is known of it as its cause, and as a note where the customer may
/// have been asked.
pub(crate) fn give_up(py: Python<'_>, attempt: &InsertAttempt, raised: Option<&PyErr>) {
    let Some(abandoned) = attempt.abandon() else {
        return;
    };
    if let Some(event) = abandoned.event {
        LogRecord::now(event).log_or_report(py);
    }
    // To say it is a courtesy: what was raised matters more than that this failed.
    if let Some(raised) = raised
        && let Err(error) = say(raised.value(py).as_any(), &abandoned.error)
    {
        error.write_unraisable(py, None);
    }
}

fn say(raised: &Bound<'_, PyAny>, known: &netgiro::Error) -> PyResult<()> {
    let py = raised.py();
    if raised.getattr("__cause__")?.is_none() {
        raised.setattr("__cause__", errors::exception(py, known)?)?;
    }
    // Python 3.10 has no notes.
    if known.kind() == ErrorKind::OutcomeUnknown && raised.hasattr("add_note")? {
        raised.call_method1("add_note", (known.message(),))?;
    }
    Ok(())
}
