//! What the answer about a transaction means.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::error::{ErrorKind, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::transaction::{Transaction, TransactionStatus};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::json::{self, beginning};
use crate::protocol::response::{Response, refusal};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TransactionResponse<'a> {
    success: Option<bool>,
    message: Option<String>,
    transaction_id: Option<String>,
    status: Option<String>,
    #[serde(borrow)]
    total_amount: Option<&'a RawValue>,
    is_refundable: Option<bool>,
    created: Option<String>,
    settlement_date: Option<String>,
}

/// Reads the details of the transaction that was asked about; what names another one, or none, is not believed.
pub(crate) fn read(response: &Response, cart: &CartRef) -> Result<Transaction> {
    let wire: TransactionResponse<'_> = response.parse()?;
    if wire.success == Some(false) {
        return Err(response.error(
            ErrorKind::Api,
            refusal(Endpoint::Details, wire.message.as_deref()),
        ));
    }
    let wrong = |why: String| response.error(ErrorKind::Protocol, why);
    let Some(status) = wire.status else {
        return Err(response.error(
            ErrorKind::Server,
            format!("the body is not the API's: {}", beginning(&response.body)),
        ));
    };
    let asked = cart.transaction_id;
    match wire.transaction_id.as_deref().map(Uuid::parse_str) {
        Some(Ok(id)) if id == asked => {}
        Some(Ok(id)) => {
            return Err(wrong(format!(
                "Details' answer is about the transaction {id}, asked was {asked}"
            )));
        }
        Some(Err(_)) | None => {
            return Err(wrong(format!(
                "Details' answer does not name the transaction {asked}"
            )));
        }
    }
    let status = words(&status);
    let total_amount = json::decimal("TotalAmount", wire.total_amount).map_err(wrong)?;
    if let (Some(total), Some(known)) = (total_amount, cart.amount)
        && status == TransactionStatus::Paid
        && total != known
    {
        let why = format!(
            "Netgíró holds {total} kr. for cart {asked}, the order is {known} kr.: look into it"
        );
        return Err(response.error(ErrorKind::Mismatch, why));
    }
    let instant = |text: Option<String>| json::instant(&text?);
    Ok(Transaction {
        transaction_id: asked,
        status,
        total_amount,
        is_refundable: wire.is_refundable,
        created: instant(wire.created),
        settlement_date: instant(wire.settlement_date),
    })
}

/// The status in any case, and with one l or two.
fn words(status: &str) -> TransactionStatus {
    let plain = status.trim().to_ascii_lowercase().replace("ll", "l");
    plain.parse().unwrap_or(TransactionStatus::Unknown)
}
