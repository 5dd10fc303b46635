//! The bodies of V2's responses about transactions.

use crate::model::transaction::TransactionDetails;
use crate::protocol::response::{date, decimal, write};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OutcomeBody<'a> {
    success: bool,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DetailsBody<'a> {
    is_refundable: bool,
    status: &'a str,
    created: String,
    total_amount: Box<RawValue>,
    transaction_id: Uuid,
    settlement_date: Option<String>,
}

/// `{"Success":true,"Message":"Success"}`
pub(crate) fn done() -> Vec<u8> {
    write(&OutcomeBody {
        success: true,
        message: "Success",
    })
}

/// `{"Success":false,"Message":…}`
pub(crate) fn refused(message: &str) -> Vec<u8> {
    write(&OutcomeBody {
        success: false,
        message,
    })
}

pub(crate) fn details(details: &TransactionDetails, decimals: u8) -> Vec<u8> {
    write(&DetailsBody {
        is_refundable: details.is_refundable,
        status: details.status,
        created: date(details.created),
        total_amount: decimal(details.amount, decimals),
        transaction_id: details.transaction_id,
        settlement_date: details.settlement_date.map(date),
    })
}
