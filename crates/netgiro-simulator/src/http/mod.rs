//! The sockets: the API, the control, the page, and the callbacks that are sent.

pub(crate) mod address;
mod api;
mod callback_sender;
mod control;
mod event_stream;
mod page;
mod response;
pub(crate) mod server;
pub(crate) mod shared;
mod stream;
pub(crate) mod tls;
