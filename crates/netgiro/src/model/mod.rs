//! Values, errors and the polling state machine: no I/O, no clock, no randomness.

pub(crate) mod amount;
pub(crate) mod backoff;
pub(crate) mod cart;
pub(crate) mod csv;
pub(crate) mod customer;
pub(crate) mod decimal;
pub(crate) mod duration;
pub(crate) mod error;
pub(crate) mod masking;
pub(crate) mod poll;
pub(crate) mod proxy;
pub(crate) mod quote;
pub(crate) mod secret;
pub(crate) mod status;
