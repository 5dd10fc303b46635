//! Deliberate panics, one for each way in: compiled in only with the feature `panic-test`.
#![allow(clippy::panic, reason = "that is what it is for")]

use napi_derive::napi;

use crate::runtime::port::Port;

/// Panics while JavaScript waits for it.
#[napi(catch_unwind)]
pub fn panic_now() -> String {
    panic!("deliberately, now")
}

/// Panics on the background thread.
#[napi(catch_unwind)]
pub fn panic_later(port: &Port, call: u32) -> Option<String> {
    port.start(call, move || async move {
        tokio::task::yield_now().await;
        assert!(call == 0, "deliberately, later");
        Ok(())
    })
}
