//! What must hold of every schedule of a checkout: the invariants as code, and what tries to break them.
//!
//! [`invariants`] knows nothing of how a run comes about. [`models`] are explored exhaustively, up to their bounds; each
//! steps the product's own code, and none a copy of it.

pub mod answers;
pub mod bounds;
pub mod explore;
pub mod invariants;
pub mod models;
pub mod mutation;
pub mod pace;
pub mod server;
pub mod simulation;
