//! The sockets: the API, the controls, the page, and the callbacks that are sent.

pub(crate) mod address;
pub(crate) mod callback_sender;
pub(crate) mod certificate;
pub(crate) mod control;
pub(crate) mod event_stream;
pub(crate) mod page;
pub(crate) mod server;
pub(crate) mod stream;
pub(crate) mod tls;
