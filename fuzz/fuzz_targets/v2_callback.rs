//! A callback of V2 is accepted for what its signature covers alone: the id in the first line and the amount in the
//! second; the rest is the body.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (id, amount) = (text(), text());
    let body = parts.next().unwrap_or_default();
    laws::v2::callback_is_read_soundly(body, &id, &amount);
});
