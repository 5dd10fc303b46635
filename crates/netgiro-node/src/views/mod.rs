//! From what the core gives to what JavaScript gets.

pub(crate) mod error;
pub(crate) mod settlement;
pub(crate) mod state;

pub(crate) use state::*;
