//! The simulator's errors.

use netgiro::CartStatus;
use std::fmt;
use uuid::Uuid;

/// Why the simulator did not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimulatorError {
    /// No cart has this transaction id.
    UnknownCart(Uuid),
    /// The cart's state does not allow this.
    NotPossible {
        /// The cart.
        transaction_id: Uuid,
        /// Its status.
        status: CartStatus,
        /// What was tried, and why it is impossible.
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
