//! The bodies of V2's responses about transactions, and of its callbacks.

use crate::model::transaction::{SaleNotice, SaleStatus, TransactionDetails};
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

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SaleBody<'a> {
    success: bool,
    message: Option<&'a str>,
    status: Option<&'static str>,
    transaction_id: Option<Uuid>,
    poll_interval_ms: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NoticeBody<'a> {
    success: bool,
    message: &'static str,
    transaction_id: Uuid,
    reference_number: &'a str,
    total_amount: Box<RawValue>,
}

/// The status of a sale; the interval is for a pending one.
pub(crate) fn sale(id: Uuid, status: SaleStatus, poll_interval_ms: Option<i64>) -> Vec<u8> {
    write(&SaleBody {
        success: true,
        message: None,
        status: Some(status.as_str()),
        transaction_id: Some(id),
        poll_interval_ms: poll_interval_ms.filter(|_| status == SaleStatus::Pending),
    })
}

/// The refusal of a call that is answered with a sale, in the same form.
pub(crate) fn no_sale(message: &str) -> Vec<u8> {
    write(&SaleBody {
        success: false,
        message: Some(message),
        status: None,
        transaction_id: None,
        poll_interval_ms: None,
    })
}

/// The body of a callback.
pub(crate) fn notice(notice: &SaleNotice, decimals: u8) -> Vec<u8> {
    write(&NoticeBody {
        success: notice.is_accepted,
        message: if notice.is_accepted {
            "Success"
        } else {
            "Canceled"
        },
        transaction_id: notice.transaction_id,
        reference_number: &notice.reference,
        total_amount: decimal(notice.amount, decimals),
    })
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
