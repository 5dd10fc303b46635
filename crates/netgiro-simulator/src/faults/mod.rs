//! Faults: what goes wrong, and when.

pub(crate) mod corrupt;
pub(crate) mod fault;
pub(crate) mod storm;
