//! An answer is read soundly or not at all. The first byte is the call, the rest the body.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

use std::cell::OnceCell;

use laws::{Api, Call};

thread_local! {
    static API: OnceCell<Api> = const { OnceCell::new() };
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((call, body)) = input.split_first() else {
        return;
    };
    let call = match call {
        b'C' => Call::Cancel,
        b'F' => Call::Confirm,
        _ => Call::Check,
    };
    API.with(|api| {
        api.get_or_init(Api::start)
            .answer_is_read_soundly(call, body)
    });
});
