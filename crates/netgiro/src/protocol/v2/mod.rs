//! The API's V2: its requests, and what its answers mean. None is signed, so each is bound to what was asked.

pub(crate) mod cart;
pub(crate) mod checkout;
pub(crate) mod refund;
pub(crate) mod settlement;
pub(crate) mod transaction;
