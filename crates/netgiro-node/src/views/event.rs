//! What a client does, as the messages of its diagnostics channels.

use netgiro::{CartStatus, ErrorKind, PollEvent, RequestEvent};
use serde::Serialize;
use uuid::Uuid;

use crate::views::scalars::milliseconds;

/// The message of `netgiro:request`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestView<'a> {
    endpoint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    transaction_id: Option<Uuid>,
    attempt: u32,
    http_status: Option<u16>,
    result_code: Option<i64>,
    reference_id: Option<&'a str>,
    duration_ms: f64,
    error: Option<&'static str>,
}

impl<'a> From<&'a RequestEvent> for RequestView<'a> {
    fn from(event: &'a RequestEvent) -> Self {
        Self {
            endpoint: event.endpoint,
            reference: event.reference.as_deref(),
            transaction_id: event.transaction_id,
            attempt: event.attempt,
            http_status: event.http_status,
            result_code: event.result_code,
            reference_id: event.reference_id.as_deref(),
            duration_ms: milliseconds(event.duration),
            error: event.error.map(ErrorKind::code),
        }
    }
}

/// The message of `netgiro:poll`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PollEventView {
    transaction_id: Uuid,
    status: Option<&'static str>,
    error: Option<&'static str>,
    next_check_at: Option<i64>,
    is_done: bool,
}

impl From<&PollEvent> for PollEventView {
    fn from(event: &PollEvent) -> Self {
        Self {
            transaction_id: event.transaction_id,
            status: event.status.map(CartStatus::as_str),
            error: event.error.map(ErrorKind::code),
            next_check_at: event.next_check_at.map(jiff::Timestamp::as_millisecond),
            is_done: event.is_done,
        }
    }
}
