//! What an exception that ends an `insert_cart` early says: whether the customer may have been asked.

use netgiro::{ErrorKind, InsertAttempt};
use pyo3::prelude::*;

use crate::errors;
use crate::runtime::event::LogRecord;

/// Abandons an attempt. The exception gets what is known of it as its cause, and as a note where the customer may
/// have been asked.
pub(crate) fn abandon(py: Python<'_>, attempt: &InsertAttempt, raised: Option<&PyErr>) {
    let Some(abandoned) = attempt.abandon() else {
        return;
    };
    if let Some(event) = abandoned.event {
        LogRecord::now(event).log_or_report(py);
    }
    // The note is a courtesy: the exception matters more than a note that could not be added.
    if let Some(raised) = raised
        && let Err(error) = explain(raised.value(py).as_any(), &abandoned.error)
    {
        error.write_unraisable(py, None);
    }
}

fn explain(raised: &Bound<'_, PyAny>, known: &netgiro::Error) -> PyResult<()> {
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
