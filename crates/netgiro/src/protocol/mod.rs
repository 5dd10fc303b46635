//! Bytes and what they mean: requests, responses, signatures.

pub(crate) mod insert_response;
pub(crate) mod nonce;
pub(crate) mod response;
pub(crate) mod settlement;
pub(crate) mod signature;
