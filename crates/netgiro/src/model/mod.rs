//! Values, errors and the polling state machine: no I/O, no clock, no randomness.

pub(crate) mod api_version;
pub(crate) mod backoff;
pub(crate) mod cart;
pub(crate) mod checkout;
pub(crate) mod customer_message;
pub(crate) mod error;
pub(crate) mod poll;
pub(crate) mod refund;
pub(crate) mod settlement;
pub(crate) mod status;
pub(crate) mod text;
pub(crate) mod transaction;
pub(crate) mod values;
