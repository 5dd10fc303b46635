//! The native half of the `netgiro` package for Node.js.
//!
//! It converts what JavaScript gives, calls the core, and hands back plain data; it decides nothing. Promises, classes
//! and errors are made in JavaScript (`node/`): an error class of one's own cannot be thrown from native code
//! that finishes later. So every answer crosses as JSON text, `{"value": …}` or `{"error": …}`, which is also the
//! fastest way: one string instead of some twenty property writes.

#![allow(
    unsafe_code,
    reason = "what `#[napi]` expands to is unsafe; nothing written here is"
)]
#![allow(
    unreachable_pub,
    clippy::needless_pass_by_value,
    reason = "the shape of an exported function is JavaScript's, not Rust's"
)]

mod arguments;
mod callback;
mod client;
mod command;
mod customer_message;
mod doctor;
mod events;
#[cfg(feature = "panic-test")]
mod panics;
mod poll;
mod reply;
mod runtime;
mod simulator;
mod views;
mod watch;
