//! What a client does, told to the JavaScript environment whose call it is, and only while that listens.

use netgiro::{Event, Observer, PollEvent, RequestEvent};
use serde::Serialize;
use uuid::Uuid;

use crate::runtime::{Events, Topic};
use crate::views::milliseconds;

/// Tells the call's own environment.
pub(crate) fn observer() -> Observer {
    Observer::new(|event| match event {
        Event::Request(event) => {
            Events::of_this_call(Topic::Requests, || RequestView::from(event));
        }
        Event::Poll(event) => Events::of_this_call(Topic::Polls, || PollView::from(event)),
        _ => {}
    })
}

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
            error: event.error.map(netgiro::ErrorKind::code),
        }
    }
}

/// The message of `netgiro:poll`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PollView {
    transaction_id: Uuid,
    status: Option<&'static str>,
    error: Option<&'static str>,
    next_check_at: Option<i64>,
    is_done: bool,
}

impl From<&PollEvent> for PollView {
    fn from(event: &PollEvent) -> Self {
        Self {
            transaction_id: event.transaction_id,
            status: event.status.map(netgiro::CartStatus::as_str),
            error: event.error.map(netgiro::ErrorKind::code),
            next_check_at: event.next_check_at.map(jiff::Timestamp::as_millisecond),
            is_done: event.is_done,
        }
    }
}
