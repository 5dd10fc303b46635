//! What benchmarks measure alone. No part of the interface: it changes without notice.

use jiff::Timestamp;

use crate::cart::{CartRef, CartState};
use crate::error::Result;
use crate::wire::{Answer, Endpoint};

/// Reads the body of CheckCart's answer.
pub fn read_check(cart: &CartRef, body: Vec<u8>) -> Result<CartState> {
    let answer = Answer {
        http_status: 200,
        body,
        reference_id: None,
        signature: None,
        received_at: Timestamp::UNIX_EPOCH,
    };
    answer.into_state(Endpoint::CheckCart, cart)
}
