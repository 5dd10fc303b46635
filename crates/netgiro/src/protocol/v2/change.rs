//! Changes of a transaction of V2: when one is sent, what its answer means, and when it is sent again.

use crate::model::cart::state::CartState;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::status::CartStatus;
use crate::model::values::amount::Amount;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::v2::may_have_taken_effect;

/// What is to be changed about a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    /// All of it, or an amount of it.
    Capture(Option<Amount>),
    /// Of one that is not paid.
    Cancel,
    /// A cancel of one that is paid.
    Void,
}

impl Change {
    pub(crate) const fn endpoint(self) -> Endpoint {
        match self {
            Self::Capture(_) => Endpoint::Capture,
            Self::Cancel | Self::Void => Endpoint::Cancel,
        }
    }

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Capture(_) => "transaction/capture",
            Self::Cancel | Self::Void => "transaction/cancel",
        }
    }

    pub(crate) const fn amount(self) -> Option<Amount> {
        match self {
            Self::Capture(amount) => amount,
            Self::Cancel | Self::Void => None,
        }
    }

    /// The status that the change leads to.
    const fn leads_to(self) -> CartStatus {
        match self {
            Self::Capture(_) => CartStatus::Confirmed,
            Self::Cancel | Self::Void => CartStatus::Canceled,
        }
    }

    /// Whether it may be sent, again too, to a transaction that stands there.
    pub(crate) const fn may_follow(self, status: CartStatus) -> bool {
        match self {
            Self::Capture(_) => matches!(status, CartStatus::Reserved),
            Self::Cancel => matches!(
                status,
                CartStatus::Pending | CartStatus::Reserved | CartStatus::NotFound
            ),
            Self::Void => matches!(status, CartStatus::Confirmed),
        }
    }

    /// Whether nothing is left to be changed about a transaction that stands there.
    const fn is_over_with(self, status: CartStatus) -> bool {
        match self {
            Self::Capture(_) => matches!(status, CartStatus::Confirmed),
            Self::Cancel => status.is_final(),
            Self::Void => matches!(status, CartStatus::Canceled),
        }
    }

    pub(crate) const fn failed_call(self) -> FailedCall {
        match self {
            Self::Capture(_) => FailedCall::Confirm,
            Self::Cancel | Self::Void => FailedCall::Follow,
        }
    }

    /// What the answer to the change means.
    pub(crate) fn after_sending(self, answer: Result<CartState>) -> AfterChange {
        match answer {
            Ok(state) if state.status == self.leads_to() => AfterChange::End(Ok(state)),
            // A cancel whose answer calls the cart paid is held against the status.
            Ok(state) => {
                let is_doubted = matches!(self, Self::Cancel) && state.is_paid();
                AfterChange::Confirm(is_doubted.then_some(Endpoint::Cancel))
            }
            Err(error) if is_refused(&error) || may_have_taken_effect(&error) => {
                AfterChange::Doubt(error)
            }
            Err(error) => AfterChange::End(Err(error)),
        }
    }

    /// What the status means that was asked for after a failure: the end, or that the change may be sent again.
    pub(crate) fn after_status(self, failure: Error, status: Result<CartState>) -> AfterStatus {
        let is_refused = is_refused(&failure);
        match status {
            // It was refused, and may have been made before: only a status can tell.
            Err(error) if is_refused => AfterStatus::End(Err(error)),
            Err(_) => AfterStatus::End(Err(failure)),
            Ok(state) if self.is_over_with(state.status) => AfterStatus::End(Ok(state)),
            Ok(state) if is_refused || !self.may_follow(state.status) => {
                AfterStatus::End(Err(failure))
            }
            Ok(_) => AfterStatus::MayRepeat(failure),
        }
    }
}

/// What follows a change that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AfterChange {
    /// Nothing.
    End(Result<CartState>),
    /// A status is asked for, and is the outcome; held against the call that has called the cart paid.
    Confirm(Option<Endpoint>),
    /// A status is asked for: it decides whether the change was made.
    Doubt(Error),
}

/// What follows the status after a failed change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AfterStatus {
    /// Nothing.
    End(Result<CartState>),
    /// The change was not made and may be sent again; otherwise it has failed with this.
    MayRepeat(Error),
}

fn is_refused(error: &Error) -> bool {
    error.kind() == ErrorKind::Api
}

/// Whether a status ends a settling before its cancel is sent. What Netgíró calls by a word that is not known here may be
/// paid, and is not canceled.
pub(crate) fn before_cancel(state: CartState) -> Result<Option<CartState>> {
    match state.status {
        CartStatus::Confirmed | CartStatus::Canceled => Ok(Some(state)),
        CartStatus::Unknown => Err(Error::new(
            ErrorKind::Protocol,
            "Status has a word that is not known here, so the cart may be paid and is not canceled",
        )
        .with_request_sent(RequestSent::Yes)
        .with_retryable(true)),
        _ => Ok(None),
    }
}

/// A status, held against the call that has just called the cart paid: a "canceled" is then not believed.
pub(crate) fn held_against(
    called_paid_by: Option<Endpoint>,
    state: CartState,
) -> Result<CartState> {
    match called_paid_by {
        Some(by) if state.is_final() && !state.is_paid() => Err(Error::new(
            ErrorKind::Protocol,
            format!(
                "Status says {} after {}'s answer that the cart is paid: the two contradict each other",
                state.status,
                by.name()
            ),
        )
        .with_request_sent(RequestSent::Yes)
        .with_retryable(true)
        .of_call(FailedCall::Follow)),
        _ => Ok(state),
    }
}
