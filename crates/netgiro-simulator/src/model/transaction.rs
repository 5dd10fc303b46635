//! V2's view of a sale: what is asked of it, what is said of it, and why a call is refused.

use crate::model::codes;
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

/// What a capture asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaptureRequest {
    /// As sent: V2's ids are any text.
    pub(crate) transaction_id: String,
    /// All of it, if there is none.
    pub(crate) amount: Option<i64>,
}

/// The status of a sale, in V2's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaleStatus {
    Pending,
    Authorized,
    Confirmed,
    Cancelled,
}

impl SaleStatus {
    /// The status of a cart for which V1 answers this result code.
    pub(crate) fn of_code(code: i64) -> Self {
        match code {
            codes::WAITING | codes::NEEDS_CODE | codes::AWAITING_CALLBACK => Self::Pending,
            codes::RESERVED => Self::Authorized,
            codes::CONFIRMED | codes::ALREADY_CONFIRMED => Self::Confirmed,
            _ => Self::Cancelled,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Authorized => "Authorized",
            Self::Confirmed => "Confirmed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// What a callback of V2 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaleNotice {
    pub(crate) is_accepted: bool,
    pub(crate) transaction_id: Uuid,
    pub(crate) reference: String,
    pub(crate) amount: i64,
}

/// What is known of a transaction; the status is in V2's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionDetails {
    pub(crate) transaction_id: Uuid,
    pub(crate) is_refundable: bool,
    pub(crate) status: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) invoice_number: i64,
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
