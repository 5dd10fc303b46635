//! One InsertCart whose caller may stop waiting for it, and what is known of it then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::time::Instant;
use uuid::Uuid;

use crate::events::{Event, RequestEvent};
use crate::http::sent_marker::SentMarker;
use crate::model::cart::Cart;
use crate::model::cart::new_cart::NewCart;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::protocol::endpoint::Endpoint;

/// An InsertCart that can be taken back while nothing of it was sent. Clones are the same attempt.
///
/// [`Client::insert`](crate::Client::insert) carries it out, once. Whoever stops waiting for that, by a cancelled task
/// or Ctrl-C, learns from [`abandon`](Self::abandon) whether the customer may have been asked to pay.
///
/// ```
/// # async fn shop(client: netgiro::Client, order: netgiro::NewCart, shutdown: impl Future<Output = ()>) {
/// use netgiro::InsertAttempt;
///
/// let attempt = InsertAttempt::new(order);
/// tokio::select! {
///     outcome = client.insert(&attempt) => println!("{outcome:?}"),
///     () = shutdown => {
///         if let Some(abandoned) = attempt.abandon() {
///             println!("{}", abandoned.error);
///         }
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct InsertAttempt(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cart: NewCart,
    sent: SentMarker,
    sending: Mutex<Option<Sending>>,
    outcome: OnceLock<Result<Uuid>>,
    is_reported: AtomicBool,
}

/// What is being sent.
#[derive(Clone, Copy, Debug)]
struct Sending {
    endpoint: Endpoint,
    since: Instant,
    /// 1 for the first sending.
    attempt: u32,
}

/// What is known of an InsertCart for which nobody waits any more.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Abandoned {
    /// `outcome_unknown` when the customer may have been asked; another kind when nobody was.
    pub error: Error,
    /// The event of an unknown outcome, to be passed on to the observer; the first caller alone gets it.
    pub event: Option<Event>,
}

impl InsertAttempt {
    /// An attempt at this cart; nothing is sent yet.
    #[must_use]
    pub fn new(cart: NewCart) -> Self {
        Self(Arc::new(Inner {
            cart,
            sent: SentMarker::default(),
            sending: Mutex::default(),
            outcome: OnceLock::new(),
            is_reported: AtomicBool::new(false),
        }))
    }

    /// The cart.
    #[must_use]
    pub fn cart(&self) -> &NewCart {
        &self.0.cart
    }

    /// Gives the attempt up, and returns what is known of it; `None` if it was never begun.
    ///
    /// When this gives another kind of error than `outcome_unknown`, nothing of the request leaves this machine
    /// afterwards.
    #[must_use]
    pub fn abandon(&self) -> Option<Abandoned> {
        let sending = (*self.lock())?;
        let reference = self.0.cart.reference.as_str();
        let error = match self.0.outcome.get() {
            Some(Err(error)) => error.clone(),
            Some(Ok(id)) => unknown(format!(
                "the cart {id} for reference {reference:?} was inserted, and the call was given up before its answer \
                 was handed over. The customer was asked to pay, so do not insert it again: ask where {id} stands"
            ))
            .with_request_sent(RequestSent::Yes)
            .with_reference(reference),
            None if self.0.sent.withdraw() => Error::new(
                ErrorKind::Connect,
                format!(
                    "the call was given up before anything was sent: nobody was asked to pay for reference {reference:?}"
                ),
            )
            .of_call(FailedCall::Insert),
            None => outcome_unknown(reference, "the call was given up before its answer came")
                .with_request_sent(RequestSent::Maybe),
        };
        let is_news = error.kind() == ErrorKind::OutcomeUnknown
            && !self.0.is_reported.swap(true, Ordering::AcqRel);
        let event = is_news.then(|| {
            Event::Request(RequestEvent {
                endpoint: sending.endpoint.name(),
                reference: Some(reference.to_owned()),
                transaction_id: self
                    .0
                    .outcome
                    .get()
                    .and_then(|it| it.as_ref().ok().copied()),
                attempt: sending.attempt,
                http_status: error.http_status(),
                result_code: error.result_code(),
                reference_id: error.reference_id().map(str::to_owned),
                duration: sending.since.elapsed(),
                error: Some(error.kind()),
            })
        });
        Some(Abandoned { error, event })
    }

    pub(crate) fn sent_marker(&self) -> SentMarker {
        self.0.sent.clone()
    }

    /// Notes that it begins; it does so once.
    pub(crate) fn begin(&self, endpoint: Endpoint) -> Result<()> {
        let mut sending = self.lock();
        if sending.is_some() {
            return Err(Error::invalid_request(
                "an InsertAttempt is carried out once: make another one if nobody was asked",
            ));
        }
        *sending = Some(Sending {
            endpoint,
            since: Instant::now(),
            attempt: 1,
        });
        Ok(())
    }

    /// Notes that it is sent now, for the `attempt`-th time.
    pub(crate) fn on_send(&self, attempt: u32) {
        if let Some(sending) = &mut *self.lock() {
            sending.since = Instant::now();
            sending.attempt = attempt;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Sending>> {
        let sending = self.0.sending.lock();
        sending.unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how it ended.
    pub(crate) fn end(&self, outcome: &Result<Cart>) {
        let outcome = outcome
            .as_ref()
            .map(|cart| cart.transaction_id)
            .map_err(Clone::clone);
        // It is carried out once, so this is the only outcome.
        let _ = self.0.outcome.set(outcome);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.outcome.get().is_some()
    }
}

/// What InsertCart fails with when the server may have the cart.
pub(crate) fn outcome_unknown(reference: &str, why: &str) -> Error {
    unknown(format!(
        "it is not known whether the cart for reference {reference:?} was inserted: {why}. The customer may \
         have been asked to pay, so do not insert it again before Netgíró has been asked"
    ))
    .with_reference(reference)
}

fn unknown(message: String) -> Error {
    Error::new(ErrorKind::OutcomeUnknown, message)
}
