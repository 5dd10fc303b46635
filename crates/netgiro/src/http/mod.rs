//! The network: TLS, and one request at a time.

pub(crate) mod insert_attempt;
pub(crate) mod sent_marker;
pub(crate) mod server_clock;
pub(crate) mod tls;
pub(crate) mod transport;
