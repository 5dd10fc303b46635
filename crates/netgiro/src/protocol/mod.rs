//! Bytes and what they mean: requests, responses, signatures.

pub(crate) mod consistency;
pub(crate) mod endpoint;
pub(crate) mod http_error;
pub(crate) mod insert_response;
pub(crate) mod json;
pub(crate) mod lookup;
pub(crate) mod nonce;
pub(crate) mod payment_info;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod signature;
pub(crate) mod v2;
