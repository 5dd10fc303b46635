//! An answer of V2 is read soundly or not at all. The first byte is the call and the HTTP status, the rest the body.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

use std::cell::OnceCell;

use laws::v2::{Api, Call, STATUSES};

thread_local! {
    static API: OnceCell<Api> = const { OnceCell::new() };
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((how, body)) = input.split_first() else {
        return;
    };
    let how = usize::from(*how);
    let call = Call::ALL[how % Call::ALL.len()];
    let status = STATUSES[how / Call::ALL.len() % STATUSES.len()];
    API.with(|api| {
        api.get_or_init(Api::start)
            .answer_is_read_soundly(call, status, body)
    });
});
