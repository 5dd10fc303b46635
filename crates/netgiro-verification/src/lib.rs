//! What must hold of every schedule of a checkout: the invariants as code, and what tries to break them.

pub mod invariants;
