//! Changes as server-sent events.

use crate::engine::snapshot;
use crate::http::response::HttpResponse;
use crate::http::shared::Shared;
use http_body_util::Either;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The shortest time between two events: many changes fit into one.
const INTERVAL: Duration = Duration::from_millis(50);
/// The longest silence, so that both sides notice when the other is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A response that streams everything first, then each change. It ends with the connection.
pub(crate) fn answer(shared: &Arc<Shared>) -> HttpResponse {
    let (sender, body) = Channel::new(1);
    tokio::spawn(stream_changes(Arc::clone(shared), sender));
    let mut answer = HttpResponse::new(Either::Right(body));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would otherwise buffer events.
    let buffering = HeaderName::from_static("x-accel-buffering");
    headers.insert(buffering, HeaderValue::from_static("no"));
    answer
}

async fn stream_changes(shared: Arc<Shared>, mut sender: Sender<Bytes, io::Error>) {
    let mut revisions = shared.revisions();
    let mut sent = 0;
    let mut event = b"retry: 1000\n".to_vec();
    loop {
        revisions.mark_unchanged();
        shared.now(|engine, now| {
            event.extend_from_slice(b"data: ");
            event.extend(snapshot::json(&engine.changes(sent, now)));
            event.extend_from_slice(b"\n\n");
            sent = engine.revision();
        });
        if sender
            .send_data(std::mem::take(&mut event).into())
            .await
            .is_err()
        {
            return;
        }
        tokio::time::sleep(INTERVAL).await;
        while tokio::time::timeout(KEEP_ALIVE, revisions.changed())
            .await
            .is_err()
        {
            if sender
                .send_data(Bytes::from_static(b": keep-alive\n\n"))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}
