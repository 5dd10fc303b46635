//! Bytes and what they mean: requests, answers, signatures.

pub(crate) mod insert_answer;
pub(crate) mod nonce;
pub(crate) mod settlement;
pub(crate) mod signature;
pub(crate) mod wire;
