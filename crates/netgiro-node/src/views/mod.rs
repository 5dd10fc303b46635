//! From what the core gives to what JavaScript gets: plain data under camel case names, null for what is absent,
//! instants in ISO 8601, received amounts as text with the digits they came with.
//!
//! A view borrows what it shows, or owns it: it is generic over that.

pub(crate) mod callback;
pub(crate) mod cart;
pub(crate) mod check;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod poll;
pub(crate) mod scalars;
pub(crate) mod settlement;
pub(crate) mod state;
pub(crate) mod v2;
