//! What can be asked of the simulator in vain.

use netgiro::CartStatus;
use std::fmt;
use uuid::Uuid;

/// Why the simulator did not do what it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimulatorError {
    /// No cart has this transaction id.
    UnknownCart(Uuid),
    /// The cart is in a state in which this cannot happen.
    NotPossible {
        /// The cart.
        transaction_id: Uuid,
        /// Where it stands.
        status: CartStatus,
        /// What was asked, and why it cannot be.
        message: String,
    },
    /// An option, or a part of a fault, has a value that cannot be used.
    InvalidOption(String),
}

impl fmt::Display for SimulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCart(id) => write!(f, "the simulator has no cart {id}"),
            Self::NotPossible {
                transaction_id,
                message,
                ..
            } => write!(f, "cart {transaction_id}: {message}"),
            Self::InvalidOption(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for SimulatorError {}
