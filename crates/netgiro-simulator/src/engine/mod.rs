//! What the server holds and does: carts, the clock, settlements. No sockets.

pub(crate) mod cart;
pub(crate) mod clock;
pub(crate) mod history;
pub(crate) mod settlement;
pub(crate) mod snapshot;
pub(crate) mod state;
