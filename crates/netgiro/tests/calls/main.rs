//! Calls of a client, one and many: what is sent, what answers are taken for, and what callers, observers and logs learn.

#[path = "../server/mod.rs"]
mod server;

mod abandoned;
mod answers;
mod bulk;
mod events;
mod lookups;
mod paid;
mod sending;
mod settlements;
mod tls;
