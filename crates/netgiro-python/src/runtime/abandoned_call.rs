//! What an exception that ends an `insert_cart` or a `refund_cart` early says: whether the call may have taken effect.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use netgiro::{CartRef, Error, ErrorKind, Event, InsertAttempt, NewRefund, Refund};
use pyo3::prelude::*;

use crate::errors;
use crate::runtime::event::LogRecord;

/// A call that may take effect although nobody waits for its answer any more. Clones are the same attempt.
#[derive(Clone)]
pub(crate) enum Attempt {
    Insert(InsertAttempt),
    Refund(RefundAttempt),
}

impl From<InsertAttempt> for Attempt {
    fn from(insert: InsertAttempt) -> Self {
        Self::Insert(insert)
    }
}

impl From<RefundAttempt> for Attempt {
    fn from(refund: RefundAttempt) -> Self {
        Self::Refund(refund)
    }
}

impl Attempt {
    /// What is known of it, and an event to log; `None` if it was never begun.
    fn give_up(&self) -> Option<(Error, Option<Event>)> {
        match self {
            Self::Insert(insert) => insert
                .abandon()
                .map(|abandoned| (abandoned.error, abandoned.event)),
            Self::Refund(refund) => refund.give_up().map(|error| (error, None)),
        }
    }
}

/// One call of `refund_cart`.
#[derive(Clone)]
pub(crate) struct RefundAttempt(Arc<RefundProgress>);

struct RefundProgress {
    cart: CartRef,
    refund: NewRefund,
    is_begun: AtomicBool,
    /// What the call failed with, while nobody has it yet.
    failure: OnceLock<Error>,
}

impl RefundAttempt {
    pub(crate) fn new(cart: CartRef, refund: NewRefund) -> Self {
        Self(Arc::new(RefundProgress {
            cart,
            refund,
            is_begun: AtomicBool::new(false),
            failure: OnceLock::new(),
        }))
    }

    pub(crate) async fn carry_out(&self, client: netgiro::Client) -> Result<Refund, Error> {
        let RefundProgress {
            cart,
            refund,
            is_begun,
            failure,
        } = &*self.0;
        is_begun.store(true, Ordering::Release);
        let outcome = client.refund_cart(cart.clone(), refund).await;
        outcome.inspect_err(|error| drop(failure.set(error.clone())))
    }

    fn give_up(&self) -> Option<Error> {
        let is_begun = self.0.is_begun.load(Ordering::Acquire);
        let failure = self.0.failure.get().cloned();
        is_begun.then(|| failure.unwrap_or_else(|| self.0.refund.abandon()))
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
