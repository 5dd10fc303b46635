//! The bodies of V1's responses beside its checkout.

use crate::model::codes;
use crate::model::transaction::TransactionDetails;
use crate::protocol::response::{date, decimal, write};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OutcomeBody<'a> {
    success: bool,
    message: Option<&'a str>,
    result_code: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangedBody {
    success: bool,
    message: Option<&'static str>,
    result_code: i64,
    result: Changed,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Changed {
    transaction_id: Uuid,
    total_amount: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SaleBody<'a> {
    success: bool,
    result_code: i64,
    message: Option<&'a str>,
    is_refundable: bool,
    status: &'a str,
    created: String,
    invoice_number: i64,
    total_amount: Box<RawValue>,
    transaction_id: Uuid,
    settlement_date: Option<String>,
}

/// `{"Success":true,"Message":…,"ResultCode":…}`
pub(crate) fn done(code: i64, message: Option<&str>) -> Vec<u8> {
    write(&OutcomeBody {
        success: true,
        message,
        result_code: code,
    })
}

/// The response to a `PaymentChange`.
pub(crate) fn changed(transaction_id: Uuid, total: i64, decimals: u8) -> Vec<u8> {
    write(&ChangedBody {
        success: true,
        message: None,
        result_code: codes::OK,
        result: Changed {
            transaction_id,
            total_amount: decimal(total, decimals),
        },
    })
}

/// The response to a `Transactions`, whose status has words of its own.
pub(crate) fn sale(details: &TransactionDetails, status: &str, decimals: u8) -> Vec<u8> {
    write(&SaleBody {
        success: true,
        result_code: codes::OK,
        message: None,
        is_refundable: details.is_refundable,
        status,
        created: date(details.created),
        invoice_number: details.invoice_number,
        total_amount: decimal(details.amount, decimals),
        transaction_id: details.transaction_id,
        settlement_date: details.settlement_date.map(date),
    })
}
