//! Values, options and errors.

pub(crate) mod codes;
pub(crate) mod customer;
pub(crate) mod error;
pub(crate) mod options;
