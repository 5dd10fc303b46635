//! From what JavaScript gives to what the core takes.

pub(crate) mod cart;

pub(crate) use cart::*;
