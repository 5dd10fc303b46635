//! Simulators that commands have started: which there are, and their control over HTTP.

pub(crate) mod control;
pub(crate) mod registry;
