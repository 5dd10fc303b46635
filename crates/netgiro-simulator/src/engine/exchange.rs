//! What the server passes to the engine, and what it gets back.

use crate::engine::cart::Notification;
use crate::faults::forms::{DropAt, DropBy};
use crate::model::order::Api;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// A complete request.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// Path and query as received.
    pub(crate) path: String,
    /// The URLs that the sender may have signed: the one in the request, and the public one.
    pub(crate) urls: Vec<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The URL below which hosted checkouts have their pages.
    pub(crate) checkouts: String,
}

/// How the server responds to a request.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// The number of the request in the history.
    pub(crate) request: usize,
    pub(crate) delay: Option<Duration>,
    pub(crate) response: Response,
    /// Where and how the exchange is interrupted.
    pub(crate) interruption: Option<(DropAt, DropBy)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Headers that replace others.
    pub(crate) replaced_headers: BTreeMap<String, String>,
    /// How many bytes of headers to add.
    pub(crate) header_bytes: usize,
    pub(crate) body: Vec<u8>,
    /// How many spaces to send after the body.
    pub(crate) padding: u64,
    /// The time between two bytes.
    pub(crate) drip: Option<Duration>,
}

impl Response {
    pub(super) fn new(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            replaced_headers: BTreeMap::new(),
            header_bytes: 0,
            body,
            padding: 0,
            drip: None,
        }
    }
}

/// A callback to send.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) job: CallbackJob,
    /// The registered URL, with the content in its query if it is sent by GET.
    pub(crate) url: String,
    pub(crate) is_get: bool,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The attempt's number in the history.
    pub(super) record: usize,
}

/// A callback's cart and event; the same for both attempts.
#[derive(Clone, Debug)]
pub(crate) struct CallbackJob {
    pub(super) url: String,
    pub(super) cart: Uuid,
    pub(super) notification: Notification,
    pub(super) api: Api,
    pub(super) attempt: u32,
}
