//! `Transaction`.

use jiff::Timestamp;
use netgiro::{Transaction, TransactionStatus};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::views::scalars::optional_instant;

/// What Netgíró holds about a transaction.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct TransactionView(#[serde(with = "Members")] pub(crate) Transaction);

#[derive(Serialize)]
#[serde(remote = "Transaction", rename_all = "camelCase")]
struct Members {
    transaction_id: Uuid,
    #[serde(serialize_with = "word")]
    status: TransactionStatus,
    total_amount: Option<Decimal>,
    is_refundable: Option<bool>,
    #[serde(serialize_with = "optional_instant")]
    created: Option<Timestamp>,
    #[serde(serialize_with = "optional_instant")]
    settlement_date: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn word<S: Serializer>(status: &TransactionStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}
