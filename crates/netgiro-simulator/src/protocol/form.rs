//! What the form of the hosted checkout is answered: pages, redirects and callbacks.

use crate::model::order::Payment;
use crate::protocol::response::decimal;
use crate::protocol::signature::Keys;
use url::Url;
use url::form_urlencoded::Serializer;

const PREFIX: &str = "ng_";
const CANCELED: i64 = 5;

/// What a shop is told, with names in the case in which the published plugins read them. The older signature covers
/// less, and is not the same in a redirect and in a callback.
fn members(
    payment: &Payment,
    keys: &Keys<'_>,
    decimals: u8,
    older_signature: String,
) -> Vec<(&'static str, String)> {
    let id = payment.transaction_id.to_string();
    let invoice = payment.invoice_number.to_string();
    let amount = decimal(payment.amount, decimals).get().to_owned();
    let status = payment.status_id.to_string();
    let signature = keys.sign_texts(&[&payment.reference, &id, &invoice, &amount, &status]);
    let mut members = vec![
        ("referenceNumber", payment.reference.clone()),
        ("orderid", payment.reference.clone()),
        ("transactionid", id.clone()),
        ("confirmationCode", id),
        ("invoiceNumber", invoice),
        ("totalAmount", amount),
        ("status", status),
        ("signature", older_signature),
        ("netgiroSignature", signature),
    ];
    if payment.status_id != CANCELED {
        members.push(("success", "true".to_owned()));
    }
    members
}

fn named<'a>(
    members: &'a [(&'static str, String)],
    is_prefixed: bool,
) -> impl Iterator<Item = (String, &'a str)> {
    let prefix = if is_prefixed { PREFIX } else { "" };
    (members.iter()).map(move |(name, value)| (format!("{prefix}{name}"), value.as_str()))
}

/// The shop's URL to which the customer returns.
pub(crate) fn redirect(
    url: &Url,
    payment: &Payment,
    keys: &Keys<'_>,
    decimals: u8,
    is_prefixed: bool,
) -> Url {
    let older_signature = keys.sign_texts(&[&payment.reference]);
    let members = members(payment, keys, decimals, older_signature);
    let mut url = url.clone();
    (url.query_pairs_mut()).extend_pairs(named(&members, is_prefixed));
    url
}

/// The body of a callback, or its query.
pub(crate) fn callback(
    payment: &Payment,
    keys: &Keys<'_>,
    decimals: u8,
    is_prefixed: bool,
) -> String {
    let id = payment.transaction_id.to_string();
    let invoice = payment.invoice_number.to_string();
    let older_signature = keys.sign_texts(&[&payment.reference, &id, &invoice]);
    let members = members(payment, keys, decimals, older_signature);
    let mut form = Serializer::new(String::new());
    form.extend_pairs(named(&members, is_prefixed));
    form.finish()
}

/// A page with the reason of a refusal.
pub(crate) fn refused(message: &str) -> Vec<u8> {
    let text = (message.replace('&', "&amp;"))
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<!doctype html><title>Netgíró-hermir</title><h1>{text}</h1>").into_bytes()
}
