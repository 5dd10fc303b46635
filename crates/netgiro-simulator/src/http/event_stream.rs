//! What changes, as it changes: a stream of server-sent events.

use crate::engine::snapshot;
use crate::http::server::{Answer, Shared};
use http_body_util::Either;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The least time between two events: faster than people see, slow enough for a storm to fit into one.
const PACE: Duration = Duration::from_millis(50);
/// How long a stream may be quiet, so that both sides notice when the other is gone.
const QUIET: Duration = Duration::from_secs(15);

/// The answer that goes on: everything first, then each change. It ends with the connection.
pub(crate) fn answer(shared: &Arc<Shared>) -> Answer {
    let (sender, body) = Channel::new(1);
    tokio::spawn(tell(Arc::clone(shared), sender));
    let mut answer = Answer::new(Either::Right(body));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would hold events back until its buffer is full.
    let buffering = HeaderName::from_static("x-accel-buffering");
    headers.insert(buffering, HeaderValue::from_static("no"));
    answer
}

async fn tell(shared: Arc<Shared>, mut sender: Sender<Bytes, io::Error>) {
    let mut revisions = shared.revisions();
    let mut told = 0;
    let mut event = b"retry: 1000\n".to_vec();
    loop {
        revisions.mark_unchanged();
        shared.now(|ledger, now| {
            event.extend_from_slice(b"data: ");
            event.extend(snapshot::json(&ledger.changes(told, now)));
            event.extend_from_slice(b"\n\n");
            told = ledger.revision();
        });
        if sender
            .send_data(std::mem::take(&mut event).into())
            .await
            .is_err()
        {
            return;
        }
        tokio::time::sleep(PACE).await;
        while tokio::time::timeout(QUIET, revisions.changed())
            .await
            .is_err()
        {
            if sender
                .send_data(Bytes::from_static(b": still here\n\n"))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}
