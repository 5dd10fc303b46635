//! `Refund`.

use netgiro::{Amount, Refund};
use serde::Serialize;
use uuid::Uuid;

/// A refund that Netgíró has processed.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct RefundView(#[serde(with = "Members")] pub(crate) Refund);

#[derive(Serialize)]
#[serde(remote = "Refund", rename_all = "camelCase")]
struct Members {
    transaction_id: Uuid,
    amount: Amount,
    idempotency_key: String,
    message: Option<String>,
}
