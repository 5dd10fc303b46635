//! Settling a cart whose poll has reached its deadline: what each answer means, and what to do next. No I/O, no clock.

use std::time::Duration;

use jiff::Timestamp;

use crate::api::ATTEMPTS;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::CartPoll;
use crate::model::status::CartStatus;
use crate::protocol::endpoint::Endpoint;

/// How long settling may go on after the deadline.
const AT_MOST: Duration = Duration::from_secs(60);
/// The same, in checks at the server's own pace.
const CHECKS: u32 = 20;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SettlingAction {
    /// Send a cancel, once.
    Cancel,
    /// Send a check, up to so many times.
    Check(u32),
    /// Wait this long.
    Wait(Duration),
    /// Nothing: the poll's state is the end of the cart.
    End,
}

/// A cart that is canceled and checked in turn, until the server clearly says how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Settling {
    /// The latest failure, from when polling has reached its deadline.
    failure: Error,
    /// The cancel, once it has called the cart paid.
    called_paid_by: Option<Endpoint>,
    /// Whether the latest cancel must have come to the cart.
    was_canceled: bool,
    action: SettlingAction,
}

impl Settling {
    /// Begins where polling ended with this error; fails with what it means where nothing is to be canceled.
    pub(crate) fn after(error: Error, poll: &mut CartPoll) -> Result<Self> {
        let settling = |failure| Self {
            failure,
            called_paid_by: None,
            was_canceled: false,
            action: SettlingAction::Cancel,
        };
        match error.kind() {
            ErrorKind::WaitTimeout => {
                if let Some(kept) = error.poll() {
                    *poll = kept.clone();
                }
                Ok(settling(error))
            }
            // They leave open where the cart stands: it may yet be paid.
            ErrorKind::Signature | ErrorKind::Authentication => {
                Err(settling(error).unresolved(poll))
            }
            _ => Err(error),
        }
    }

    /// How long it goes on before it gives up.
    #[must_use]
    pub(crate) fn patience(poll: &CartPoll) -> Duration {
        AT_MOST.min(poll.base() * CHECKS)
    }

    /// What is to be done next.
    #[must_use]
    pub(crate) fn action(&self) -> SettlingAction {
        self.action
    }

    /// Begins a new turn: after the wait, or where the last one was broken off.
    pub(crate) fn begin_turn(&mut self) {
        self.action = SettlingAction::Cancel;
    }

    /// The cancel that has called the cart paid; a check that follows is held against it.
    pub(crate) fn called_paid_by(&self) -> Option<Endpoint> {
        self.called_paid_by
    }

    /// Takes the answer to the cancel, a call of `endpoint` that was sent at `sent_at`: `None` in it says that the cart is
    /// paid. There may be no answer.
    pub(crate) fn canceled(
        &mut self,
        poll: &mut CartPoll,
        answer: Option<Result<Option<CartState>>>,
        endpoint: Endpoint,
        sent_at: Timestamp,
    ) -> Result<SettlingAction> {
        // A cancel without an answer, or with one that is not understood, may not have come to a cart that is not there yet.
        self.was_canceled = poll.was_open()
            || match &answer {
                Some(Ok(Some(state))) => state.status != CartStatus::Unknown,
                Some(Ok(None)) => true,
                Some(Err(_)) | None => false,
            };
        let has_ended = match answer {
            // Believed of CheckCart alone; but until CancelCart says otherwise, nothing else is.
            Some(Ok(None)) => {
                self.called_paid_by = Some(endpoint);
                false
            }
            // Where it says otherwise, CheckCart must agree, so that no paid order is dropped.
            Some(Ok(Some(_))) if self.called_paid_by.take().is_some() => false,
            answer => {
                let state = answer.and_then(Result::transpose);
                self.concludes(poll, state, sent_at, true)?
            }
        };
        // A check that must confirm an answer is sent again at once, in case the connection went with that answer.
        let attempts = self.called_paid_by.map_or(1, |_| ATTEMPTS);
        self.action = if has_ended {
            SettlingAction::End
        } else {
            SettlingAction::Check(attempts)
        };
        Ok(self.action)
    }

    /// Takes the answer to the check that was sent at `sent_at`, if there is one; `left` is how long there is to go on.
    pub(crate) fn checked(
        &mut self,
        poll: &mut CartPoll,
        answer: Option<Result<CartState>>,
        sent_at: Timestamp,
        left: Duration,
        jitter: f64,
    ) -> Result<SettlingAction> {
        self.action = if self.concludes(poll, answer, sent_at, self.was_canceled)? {
            SettlingAction::End
        } else {
            let delay = poll.failure_delay(&self.failure, jitter);
            if delay >= left {
                return Err(self.unresolved(poll));
            }
            SettlingAction::Wait(delay)
        };
        Ok(self.action)
    }

    /// Whether an answer settles the cart; otherwise it is kept as the latest failure or state.
    fn concludes(
        &mut self,
        poll: &mut CartPoll,
        answer: Option<Result<CartState>>,
        sent_at: Timestamp,
        is_after_cancel: bool,
    ) -> Result<bool> {
        match answer {
            // CancelCart's "the call succeeded" must not hide what CheckCart saw.
            Some(Ok(state)) if state.status == CartStatus::Unknown => Ok(false),
            Some(Ok(state)) => Ok(poll.take_in_settling(state, sent_at, is_after_cancel)),
            Some(Err(error)) if error.kind() == ErrorKind::Mismatch => Err(error),
            Some(Err(error)) => {
                self.failure = error;
                Ok(false)
            }
            None => Ok(false),
        }
    }

    fn unresolved(&self, poll: &CartPoll) -> Error {
        Error::new(
            ErrorKind::Unresolved,
            format!(
                "cart {} could not be settled, and whether it is paid, canceled or still open could not \
                 be learnt: ask again before the order is shipped or dropped",
                poll.transaction_id()
            ),
        )
        .caused_by(self.failure.clone())
        .with_state(poll.state().cloned())
        .with_poll(poll.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::{CartPoll, CartState, CartStatus, Error, ErrorKind, Settling, SettlingAction};
    use crate::model::poll::policy::WaitOptions;
    use crate::protocol::endpoint::Endpoint;

    const CART: Uuid = Uuid::from_u128(1);

    #[test]
    fn a_cancel_whose_answer_is_not_understood_ends_no_cart_that_is_not_there_yet() {
        let now = Timestamp::UNIX_EPOCH;
        let options = WaitOptions {
            timeout: Duration::ZERO,
            policy: None,
        };
        let mut poll = CartPoll::new(CART, options, now);
        let deadline = Error::new(ErrorKind::WaitTimeout, "the deadline");
        let mut settling = Settling::after(deadline, &mut poll).unwrap();
        let canceled = Some(Ok(Some(CartState::of(CART, CartStatus::Unknown, now))));
        settling
            .canceled(&mut poll, canceled, Endpoint::CancelCart, now)
            .unwrap();
        let missing = CartState::as_checked(CART, CartStatus::NotFound, now);
        let left = Duration::from_secs(60);
        let action = settling
            .checked(&mut poll, Some(Ok(missing)), now, left, 0.0)
            .unwrap();
        assert!(matches!(action, SettlingAction::Wait(_)));
    }
}
