//! The API's messages and signatures.

pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod signature;
pub(crate) mod v2;
