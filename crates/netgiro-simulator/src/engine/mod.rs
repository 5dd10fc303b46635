//! What the server does: carts, the clock, settlements. No sockets.

mod actions;
mod callbacks;
mod cart;
pub(crate) mod clock;
pub(crate) mod exchange;
mod history;
mod requests;
mod responses;
mod settlement;
pub(crate) mod snapshot;
pub(crate) mod state;
mod timers;
mod v1;
mod v2;
