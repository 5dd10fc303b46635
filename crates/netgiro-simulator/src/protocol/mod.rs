//! The API's messages and signatures.

pub(crate) mod form;
pub(crate) mod hosted;
pub(crate) mod partner;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod signature;
pub(crate) mod v1;
pub(crate) mod v2;
