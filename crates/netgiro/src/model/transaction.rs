//! What the API's V2 says about a payment.

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::model::error::Error;
use crate::model::text::quote;
use crate::model::text::words::words;

words! {
    /// Where a transaction stands, in V2's words. A refund does not change it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum TransactionStatus {
        /// Paid.
        Paid = "paid",
        /// The customer has not answered.
        Unpaid = "unpaid",
        /// Canceled, declined or expired.
        Canceled = "canceled",
        /// The money is held, and not taken.
        Reservation = "reservation",
        /// A word that this version does not know.
        Unknown = "unknown",
    }

    /// Every status, in the order of the documentation.
    const ALL;
    argument "status", quote::text, Error::invalid_request;
}

/// What Netgíró holds about a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transaction {
    /// The server's id of the cart.
    pub transaction_id: Uuid,
    /// Where it stands.
    pub status: TransactionStatus,
    /// The total in krónur. Refunds are not subtracted: nothing says how much was refunded.
    pub total_amount: Option<Decimal>,
    /// Whether it can be refunded.
    pub is_refundable: Option<bool>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When the money goes to the shop; `None` before that is known.
    pub settlement_date: Option<Timestamp>,
}
