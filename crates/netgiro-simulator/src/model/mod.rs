//! Values: customers, options, endpoints, records.

pub(crate) mod access_code;
pub(crate) mod codes;
pub(crate) mod customer;
pub(crate) mod endpoint;
pub(crate) mod error;
pub(crate) mod options;
pub(crate) mod order;
pub(crate) mod records;
pub(crate) mod serialize;
pub(crate) mod transaction;
pub(crate) mod words;
