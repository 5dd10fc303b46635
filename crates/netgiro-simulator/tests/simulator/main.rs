//! The simulator as a shop meets it: over a socket, with requests written by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has said what is wrong"
)]

mod callbacks;
mod control;
mod faults;
mod flows;
mod life;
mod plugins;
mod requests;
mod sales;
mod shop;
mod time;
mod tls;
mod v2;
