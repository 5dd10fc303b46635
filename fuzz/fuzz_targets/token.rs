//! A token is refused, or is a poll that behaves like one.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|text: &str| laws::token_is_sound(text));
