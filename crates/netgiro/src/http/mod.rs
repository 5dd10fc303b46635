//! The network: TLS, and one request at a time.

pub(crate) mod background_jobs;
pub(crate) mod connections;
pub(crate) mod idle_check;
pub(crate) mod insert_attempt;
pub(crate) mod machine;
pub(crate) mod raw;
pub(crate) mod response_body;
pub(crate) mod response_replay_cache;
pub(crate) mod sent_marker;
pub(crate) mod server_clock;
pub(crate) mod settings;
pub(crate) mod tls;
pub(crate) mod transport;
