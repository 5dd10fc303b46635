//! V2's view of a sale: what is asked of it, what is said of it, and why a call is refused.

use jiff::Timestamp;
use uuid::Uuid;

/// What a refund asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefundRequest {
    /// As sent: V2's ids are any text.
    pub(crate) transaction_id: String,
    pub(crate) amount: i64,
    pub(crate) idempotency_key: String,
    pub(crate) description: Option<String>,
}

/// What V2 says of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionDetails {
    pub(crate) transaction_id: Uuid,
    pub(crate) is_refundable: bool,
    pub(crate) status: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) settlement_date: Option<Timestamp>,
}

/// Why V2 refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request is incomplete or malformed.
    Invalid(String),
    UnknownTransaction,
    /// The transaction does not allow it.
    NotAllowed(String),
}

impl Refusal {
    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self::NotAllowed(message.into())
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Invalid(message) | Self::NotAllowed(message) => message,
            Self::UnknownTransaction => "Transaction not found",
        }
    }
}
