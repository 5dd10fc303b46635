//! What benchmarks measure alone, and the decisions that models step. No part of the interface: it changes without notice.

mod answers;
mod refunds;
mod settling;

pub use answers::{
    Call, Received, before_cancel, believed, failed, insert_outcome, may_be_sent_again, may_cancel,
    may_have_taken_effect, read_insert, read_state,
};
pub use refunds::{RefundKeys, read_refund, refund_failure};
pub use settling::{
    AfterCancel, Settling, SettlingAction, after_cancel, after_status, dated_by_answer,
};

use jiff::Timestamp;

use crate::model::cart::payment_info::PaymentInfoPolicy;
use crate::model::cart::state::CartState;
use crate::model::error::Result;
use crate::model::poll::cart_ref::CartRef;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::{Expected, Response};

/// Reads the body of CheckCart's answer.
pub fn read_check(cart: &CartRef, body: Vec<u8>) -> Result<CartState> {
    let response = Response {
        http_status: 200,
        body,
        reference_id: None,
        signature: None,
        received_at: Timestamp::UNIX_EPOCH,
    };
    let expected = Expected {
        cart,
        payment_info: PaymentInfoPolicy::default(),
        called_paid_by: None,
    };
    response.into_state(Endpoint::CheckCart, &expected)
}
