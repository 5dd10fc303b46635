//! From what JavaScript gives to what the core takes.

pub(crate) mod amount;
pub(crate) mod bulk;
pub(crate) mod cart;
pub(crate) mod checkout;
pub(crate) mod client_options;
pub(crate) mod new_cart;
pub(crate) mod poll;
pub(crate) mod refund;
pub(crate) mod scalars;
pub(crate) mod state;
pub(crate) mod wait;
