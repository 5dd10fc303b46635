//! The API's JSON and signatures.

pub(crate) mod response;
pub(crate) mod signature;
