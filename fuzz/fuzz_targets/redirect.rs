//! A redirect, or a callback as a form, is accepted for what its signature covers alone.
//!
//! The input is the members by lines: reference, id, invoice, amount, status; and what follows them in the query. A
//! signature over the members is added, unless the first byte is an exclamation mark.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

use laws::SECRET;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    if let Some(query) = text.strip_prefix('!') {
        return laws::v2::redirect_is_read_soundly(query);
    }
    let mut lines = text.splitn(6, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (reference, id, invoice, amount, status, rest) =
        (next(), next(), next(), next(), next(), next());
    let signed = format!("{invoice}{amount}{status}");
    let signature = netgiro::sign(SECRET, reference, id, signed.as_bytes());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("ReferenceNumber", reference)
        .append_pair("TransactionId", id)
        .append_pair("InvoiceNumber", invoice)
        .append_pair("TotalAmount", amount)
        .append_pair("Status", status)
        .append_pair("NetgiroSignature", &signature);
    laws::v2::redirect_is_read_soundly(&format!("{}{rest}", query.finish()));
});
