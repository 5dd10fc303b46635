//! What is made of callbacks without a client, and two functions of text.

mod replay;
mod route;

use napi_derive::napi;
use netgiro::Callback;
use uuid::Uuid;

use crate::arguments::amount::{self, AmountInput};
use crate::reply::reply;

/// Whether a verified callback is about this order, as `Callback::matches` says.
#[napi(catch_unwind)]
pub fn callback_matches(
    amount: Option<String>,
    reference: Option<String>,
    order_amount: AmountInput,
    order_reference: String,
) -> String {
    let callback = Callback {
        transaction_id: Uuid::nil(),
        reference,
        amount: amount.and_then(|digits| digits.parse().ok()),
        state: None,
        reference_id: None,
    };
    reply(
        &amount::amount("amount", &order_amount)
            .map(|amount| callback.matches(amount, &order_reference)),
    )
}

/// `sign`.
#[napi(catch_unwind)]
pub fn sign(secret_key: String, nonce: String, url: String, body: &[u8]) -> String {
    netgiro::sign(&secret_key, &nonce, &url, body)
}

/// A text as a cell of a CSV file that no spreadsheet takes for a formula.
#[napi(catch_unwind)]
pub fn csv_cell(text: String) -> String {
    netgiro::csv_cell(&text)
}
