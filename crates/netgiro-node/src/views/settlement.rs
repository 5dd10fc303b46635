//! Settlements, as JavaScript gets them.

use netgiro::{Settlement, SettlementItem};
use serde::Serialize;

use crate::views::{digits, instant};

/// `Settlement`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettlementView {
    provider_name: Option<String>,
    number: Option<String>,
    created: Option<String>,
    amount: Option<String>,
    cost_amount: Option<String>,
    bank_transfer_transaction_date: Option<String>,
    number_of_sales: Option<i64>,
    total_amount: Option<String>,
    status: Option<String>,
}

impl From<Settlement> for SettlementView {
    fn from(settlement: Settlement) -> Self {
        Self {
            provider_name: settlement.provider_name,
            number: settlement.number,
            created: settlement.created.map(instant),
            amount: digits(settlement.amount),
            cost_amount: digits(settlement.cost_amount),
            bank_transfer_transaction_date: settlement.bank_transfer_transaction_date.map(instant),
            number_of_sales: settlement.number_of_sales,
            total_amount: digits(settlement.total_amount),
            status: settlement.status,
        }
    }
}

/// `SettlementItem`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemView {
    total_amount: Option<String>,
    cost_amount: Option<String>,
    created: Option<String>,
    loan_number: Option<String>,
}

impl From<SettlementItem> for ItemView {
    fn from(item: SettlementItem) -> Self {
        Self {
            total_amount: digits(item.total_amount),
            cost_amount: digits(item.cost_amount),
            created: item.created.map(instant),
            loan_number: item.loan_number,
        }
    }
}
