//! The API's V2: its requests, and what its answers mean. None is signed, so each is bound to what was asked.

pub(crate) mod cart;
pub(crate) mod change;
pub(crate) mod checkout;
pub(crate) mod refund;
pub(crate) mod settlement;
pub(crate) mod transaction;

use crate::model::error::{Error, ErrorKind, RequestSent};

/// Whether a call of V2 may have taken effect although it failed. V2's answers are not signed, so no signature can be wrong.
pub(crate) fn may_have_taken_effect(error: &Error) -> bool {
    error.request_sent() != RequestSent::No
        && matches!(
            error.kind(),
            ErrorKind::Timeout | ErrorKind::Server | ErrorKind::Protocol
        )
}
