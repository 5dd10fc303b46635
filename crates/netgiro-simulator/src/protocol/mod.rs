//! The API's JSON and signatures.

pub(crate) mod signature;
pub(crate) mod wire;
