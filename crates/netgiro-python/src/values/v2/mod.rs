//! What V2 of the API and the hosted checkout give.

pub(crate) mod checkout;
pub(crate) mod refund;
pub(crate) mod transaction;
