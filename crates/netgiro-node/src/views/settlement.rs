//! Settlements, as JavaScript gets them.

use jiff::Timestamp;
use netgiro::{Settlement, SettlementItem};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::views::scalars::optional_instant;

/// `Settlement`.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct SettlementView(#[serde(with = "SettlementMembers")] pub(crate) Settlement);

#[derive(Serialize)]
#[serde(remote = "Settlement", rename_all = "camelCase")]
struct SettlementMembers {
    provider_name: Option<String>,
    number: Option<String>,
    #[serde(serialize_with = "optional_instant")]
    created: Option<Timestamp>,
    amount: Option<Decimal>,
    cost_amount: Option<Decimal>,
    #[serde(serialize_with = "optional_instant")]
    bank_transfer_transaction_date: Option<Timestamp>,
    number_of_sales: Option<i64>,
    total_amount: Option<Decimal>,
    status: Option<String>,
}

/// `SettlementItem`.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct SettlementItemView(
    #[serde(with = "SettlementItemMembers")] pub(crate) SettlementItem,
);

#[derive(Serialize)]
#[serde(remote = "SettlementItem", rename_all = "camelCase")]
struct SettlementItemMembers {
    total_amount: Option<Decimal>,
    cost_amount: Option<Decimal>,
    #[serde(serialize_with = "optional_instant")]
    created: Option<Timestamp>,
    loan_number: Option<String>,
}
