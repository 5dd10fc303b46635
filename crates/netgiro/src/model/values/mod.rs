//! One value each: checked when made, masked when printed.

pub(crate) mod amount;
pub(crate) mod customer;
pub(crate) mod decimal;
pub(crate) mod duration;
pub(crate) mod placeholder;
pub(crate) mod proxy;
pub(crate) mod secret;
