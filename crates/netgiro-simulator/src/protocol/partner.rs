//! The bodies of the Partner API's responses.

use crate::model::transaction::TransactionDetails;
use crate::protocol::response::{date, decimal, write};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageBody<'a> {
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionBody<'a> {
    transaction_id: Uuid,
    status: &'a str,
    is_refundable: bool,
    created: String,
    total_amount: Box<RawValue>,
    settlement_date: Option<String>,
}

/// `{"Message":…}`: the HTTP status alone says whether a call has succeeded.
pub(crate) fn message(message: &str) -> Vec<u8> {
    write(&MessageBody { message })
}

pub(crate) fn transaction(details: &TransactionDetails, decimals: u8) -> Vec<u8> {
    write(&TransactionBody {
        transaction_id: details.transaction_id,
        status: details.status,
        is_refundable: details.is_refundable,
        created: date(details.created),
        total_amount: decimal(details.amount, decimals),
        settlement_date: details.settlement_date.map(date),
    })
}
