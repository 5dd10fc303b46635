//! The results, as Python sees them: immutable, comparable, hashable, picklable.

pub(crate) mod callback;
pub(crate) mod cart_state;
pub(crate) mod new_cart;
pub(crate) mod poll;

pub(crate) use cart_state::*;
