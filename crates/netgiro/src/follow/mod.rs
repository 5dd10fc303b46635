//! Following one cart: polling driven by a clock, and settling at the end of it.

pub(crate) mod clock;
pub(crate) mod step;

use futures_util::Stream;
use futures_util::stream;
use jiff::Timestamp;
use tokio::time::{Duration, Instant, sleep, timeout_at};

use crate::api::{ATTEMPTS, Api};
use crate::events::PollEvent;
use crate::follow::clock::Clock;
use crate::follow::step::{outcome_of, take_in};
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::CartPoll;
use crate::model::poll::cart_ref::CartRef;
use crate::model::poll::outcome::CheckOutcome;
use crate::model::poll::policy::WaitOptions;
use crate::model::poll::schedule::until;
use crate::model::status::CartStatus;
use crate::protocol::endpoint::Endpoint;

/// How long settling may go on after the deadline.
const RESOLVE_AT_MOST: Duration = Duration::from_secs(60);
/// The same, in checks at the server's own pace.
const RESOLVE_CHECKS: u32 = 20;

/// A cart being followed: gives a state for each change, then ends.
#[derive(Debug)]
pub struct Watch {
    api: Api,
    poll: CartPoll,
    clock: Clock,
    settling: bool,
    /// While settling: the latest failure, from when polling has reached its deadline.
    failure: Option<Error>,
    /// While settling: the cancel, once it has called the cart paid.
    called_paid_by: Option<Endpoint>,
    reported: Option<(CartStatus, Option<i64>)>,
    outcome: Option<CartState>,
    has_ended: bool,
}

impl Watch {
    pub(crate) fn new(api: Api, cart: CartRef, options: WaitOptions, settling: bool) -> Self {
        let clock = Clock::start();
        let poll = CartPoll::new(cart, options, clock.now());
        Self {
            api,
            poll,
            clock,
            settling,
            failure: None,
            called_paid_by: None,
            reported: None,
            outcome: None,
            has_ended: false,
        }
    }

    /// The next change of the cart; `None` after the last. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Result<CartState>> {
        while !self.has_ended {
            let step = if self.failure.is_some() {
                self.resolve().await
            } else {
                self.step().await
            };
            if let Err(error) = step {
                self.has_ended = true;
                return Some(Err(error));
            }
            let state = self.outcome.as_ref().or(self.poll.believed());
            let shown = state.map(|state| (state.status, state.result_code));
            self.has_ended = self.outcome.is_some();
            if shown.is_some() && shown != self.reported {
                self.reported = shown;
                return state.cloned().map(Ok);
            }
        }
        None
    }

    /// The state the watch ended with.
    #[must_use]
    pub fn state(&self) -> Option<&CartState> {
        self.outcome.as_ref()
    }

    /// How far the polling has come: what to resume from when the watch is left before its end.
    #[must_use]
    pub fn poll(&self) -> &CartPoll {
        &self.poll
    }

    /// Follows the cart to the end, and gives its last state.
    pub async fn finish(mut self) -> Result<CartState> {
        while let Some(change) = self.next().await {
            change?;
        }
        self.outcome.ok_or_else(|| {
            Error::invalid_request("this watch has already ended, with the error it gave")
        })
    }

    /// The watch as a stream of changes.
    pub fn into_stream(self) -> impl Stream<Item = Result<CartState>> + Send {
        stream::unfold(self, |mut watch| async move {
            watch.next().await.map(|change| (change, watch))
        })
    }

    /// One check, when it is due.
    async fn step(&mut self) -> Result<()> {
        if !self.poll.is_done() {
            sleep(until(self.poll.next_check_at(), self.clock.now())).await;
            let sent_at = self.clock.now().max(self.poll.next_check_at());
            let seen = CheckOutcome::from(self.api.check(&self.poll.cart(), 1).await);
            match take_in(&self.api, &self.poll, seen, sent_at, self.clock.now()) {
                Ok(poll) => self.poll = poll,
                Err(error) if self.settling && error.kind() == ErrorKind::WaitTimeout => {
                    if let Some(poll) = error.poll() {
                        self.poll = poll.clone();
                    }
                    self.failure = Some(error);
                }
                Err(error) if self.settling && leaves_cart_open(&error) => {
                    self.failure = Some(error);
                    return Err(self.unresolved());
                }
                Err(error) => return Err(error),
            }
        }
        self.outcome = outcome_of(&self.api, &self.poll)?;
        Ok(())
    }

    /// Cancels, and asks until the server clearly says how the cart ended.
    async fn resolve(&mut self) -> Result<()> {
        let patience = RESOLVE_AT_MOST.min(self.poll.base() * RESOLVE_CHECKS);
        let give_up_at = Instant::now() + patience;
        let cart = self.poll.cart();
        loop {
            let sent_at = self.clock.now();
            let canceled = timeout_at(give_up_at, self.api.cancel(&cart)).await;
            // A cancel without an answer may not have come to a cart that is not there yet.
            let was_canceled = matches!(canceled, Ok(Ok(_))) || self.poll.was_open();
            match canceled {
                // Believed of CheckCart alone; but until CancelCart says otherwise, nothing else is.
                Ok(Ok(None)) => self.called_paid_by = Some(self.api.cancel_endpoint()),
                // Where it says otherwise, CheckCart must agree, so that no paid order is dropped.
                Ok(Ok(Some(_))) if self.called_paid_by.take().is_some() => {}
                canceled => {
                    let canceled = canceled.ok().and_then(Result::transpose);
                    if self.concludes(canceled, sent_at, true)? {
                        return Ok(());
                    }
                }
            }
            // A check that must confirm an answer is sent again at once, in case the connection went with that answer.
            let attempts = self.called_paid_by.map_or(1, |_| ATTEMPTS);
            let sent_at = self.clock.now();
            let checked = self.api.check_after(self.called_paid_by, &cart, attempts);
            let checked = timeout_at(give_up_at, checked).await.ok();
            if self.concludes(checked, sent_at, was_canceled)? {
                return Ok(());
            }
            let delay = self.resolve_delay();
            if Instant::now() + delay >= give_up_at {
                self.report(Err(ErrorKind::Unresolved));
                return Err(self.unresolved());
            }
            sleep(delay).await;
        }
    }

    /// Whether an answer settles the cart; otherwise it is kept as the latest failure or state.
    fn concludes(
        &mut self,
        answer: Option<Result<CartState>>,
        sent_at: Timestamp,
        is_after_cancel: bool,
    ) -> Result<bool> {
        match answer {
            // CancelCart's "the call succeeded" must not hide what CheckCart saw.
            Some(Ok(state)) if state.status == CartStatus::Unknown => Ok(false),
            Some(Ok(state)) => {
                let status = state.status;
                if !self.poll.take_in_settling(state, sent_at, is_after_cancel) {
                    return Ok(false);
                }
                self.report(Ok(status));
                self.outcome = self.poll.state().cloned();
                Ok(true)
            }
            Some(Err(error)) if error.kind() == ErrorKind::Mismatch => {
                self.report(Err(error.kind()));
                Err(error)
            }
            Some(Err(error)) => {
                self.failure = Some(error);
                Ok(false)
            }
            None => Ok(false),
        }
    }

    fn report(&self, outcome: Result<CartStatus, ErrorKind>) {
        let cart = self.poll.transaction_id();
        self.api.observe_poll(|| PollEvent::settled(cart, outcome));
    }

    fn resolve_delay(&mut self) -> Duration {
        match &self.failure {
            Some(error) => self.poll.failure_delay(error, fastrand::f64()),
            None => self.poll.base(),
        }
    }

    fn unresolved(&self) -> Error {
        let error = Error::new(
            ErrorKind::Unresolved,
            format!(
                "cart {} could not be settled, and whether it is paid, canceled or still open could not \
                 be learnt: ask again before the order is shipped or dropped",
                self.poll.transaction_id()
            ),
        );
        let error = match &self.failure {
            Some(failure) => error.caused_by(failure.clone()),
            None => error,
        };
        error
            .with_state(self.poll.state().cloned())
            .with_poll(self.poll.clone())
    }
}

/// Whether an error that ends the polling leaves open where the cart stands: it may yet be paid.
fn leaves_cart_open(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Signature | ErrorKind::Authentication
    )
}
