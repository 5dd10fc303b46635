//! What a check of a polled cart brought.

use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::status::CartStatus;

/// What a check brought.
#[derive(Clone, Debug)]
pub enum CheckOutcome {
    /// Where the cart stands.
    State(CartState),
    /// Where the cart stands after the shop's cancel, as `cancel_cart` and `settle_cart` give it: "canceled" is then
    /// believed at once.
    AfterCancel(CartState),
    /// A status, which stands for what CheckCart says with it.
    Status(CartStatus),
    /// Why that could not be learnt.
    Error(Error),
}

impl From<Result<CartState>> for CheckOutcome {
    fn from(outcome: Result<CartState>) -> Self {
        match outcome {
            Ok(state) => Self::State(state),
            Err(error) => Self::Error(error),
        }
    }
}

impl CheckOutcome {
    /// What a check failed with.
    pub(crate) fn failure(&self) -> Option<ErrorKind> {
        match self {
            Self::Error(error) => Some(error.kind()),
            Self::State(_) | Self::AfterCancel(_) | Self::Status(_) => None,
        }
    }
}
