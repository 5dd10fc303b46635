//! Faults: what goes wrong, and when.

pub(crate) mod corrupt;
pub(crate) mod fault;
pub(crate) mod forms;
mod json;
pub(crate) mod queue;
pub(crate) mod storm;
