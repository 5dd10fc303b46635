//! What an exception that ends a call early says, where the call may have taken effect: `insert_cart`, `refund_cart` and
//! `create_checkout`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use netgiro::{Error, ErrorKind, Event, InsertAttempt};
use pyo3::prelude::*;

use crate::errors;
use crate::runtime::event::LogRecord;

/// A call that may take effect although nobody waits for its answer any more. Clones are the same attempt.
#[derive(Clone)]
pub(crate) enum Attempt {
    Insert(InsertAttempt),
    Other(Progress),
}

impl From<InsertAttempt> for Attempt {
    fn from(insert: InsertAttempt) -> Self {
        Self::Insert(insert)
    }
}

impl<I> From<OneCall<I>> for Attempt {
    fn from(call: OneCall<I>) -> Self {
        Self::Other(call.progress)
    }
}

impl Attempt {
    /// What is known of it, and an event to log; `None` if it was never begun.
    fn give_up(&self) -> Option<(Error, Option<Event>)> {
        match self {
            Self::Insert(insert) => insert
                .abandon()
                .map(|abandoned| (abandoned.error, abandoned.event)),
            Self::Other(progress) => progress.give_up().map(|error| (error, None)),
        }
    }
}

/// One call, and its input.
#[derive(Clone)]
pub(crate) struct OneCall<I> {
    pub(crate) input: I,
    progress: Progress,
}

impl<I> OneCall<I> {
    /// A call that is to be made; `unknown` is what is known of it from its beginning to its end.
    pub(crate) fn new(input: I, unknown: Error) -> Self {
        let progress = Progress(Arc::new(Inner {
            unknown,
            is_begun: AtomicBool::new(false),
            failure: OnceLock::new(),
        }));
        Self { input, progress }
    }

    /// Makes the call.
    pub(crate) async fn carry_out<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Inner {
            is_begun, failure, ..
        } = &*self.progress.0;
        is_begun.store(true, Ordering::Release);
        let outcome = call.await;
        outcome.inspect_err(|error| drop(failure.set(error.clone())))
    }
}

/// How far a call has got.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Inner>);

struct Inner {
    unknown: Error,
    is_begun: AtomicBool,
    /// What the call failed with, while nobody has it yet.
    failure: OnceLock<Error>,
}

impl Progress {
    fn give_up(&self) -> Option<Error> {
        let is_begun = self.0.is_begun.load(Ordering::Acquire);
        let known = self.0.failure.get().unwrap_or(&self.0.unknown);
        is_begun.then(|| known.clone())
    }
}

/// Abandons an attempt. The exception gets what is known of it as its cause, and as a note where the call may have
/// taken effect.
pub(crate) fn abandon(py: Python<'_>, attempt: &Attempt, raised: Option<&PyErr>) {
    let Some((known, event)) = attempt.give_up() else {
        return;
    };
    if let Some(event) = event {
        LogRecord::now(event).log_or_report(py);
    }
    // The note is a courtesy: the exception matters more than a note that could not be added.
    if let Some(raised) = raised
        && let Err(error) = explain(raised.value(py).as_any(), &known)
    {
        error.write_unraisable(py, None);
    }
}

fn explain(raised: &Bound<'_, PyAny>, known: &Error) -> PyResult<()> {
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
