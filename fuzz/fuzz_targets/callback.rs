//! A callback that was signed is read soundly; one that was not is refused.
//!
//! The first byte says what is changed on the way: 0 nothing, odd the body from that byte on, even the URL
//! and the nonce, which then end where the first two line feeds are.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

use laws::{NONCE, SECRET, URL};

const SIGNED: &[u8] = br#"{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"0f0e0d0c-0b0a-4908-8706-050403020100","ReferenceNumber":"order-1","StatusId":2,"TotalAmount":1000.00},"Success":true,"Message":null,"ResultCode":10200}"#;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((how, rest)) = input.split_first() else {
        return;
    };
    let signed = (NONCE, URL, SIGNED);
    let signature = netgiro::sign(SECRET, NONCE, URL, SIGNED);
    match how {
        b'0' => laws::signed_callback_is_read_soundly(rest),
        how if how % 2 == 1 => {
            let kept = usize::from(*how).min(SIGNED.len());
            let body = [&SIGNED[..kept], rest].concat();
            laws::changed_callback_is_refused(signed, (NONCE, URL, &body), &signature);
        }
        _ => {
            let mut parts = rest.splitn(3, |byte| *byte == b'\n');
            let mut text =
                || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
            let (nonce, url) = (text(), text());
            let body = parts.next().unwrap_or(SIGNED);
            laws::changed_callback_is_refused(signed, (&nonce, &url, body), &signature);
        }
    }
});
