//! Texts that people and programs read: what may be repeated of them, and how.

pub(crate) mod csv;
pub(crate) mod kronur;
pub(crate) mod masking;
pub(crate) mod quote;
pub(crate) mod words;
