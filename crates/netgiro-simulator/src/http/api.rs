//! The API over HTTP: reads requests, and writes or interrupts responses.

use crate::engine::exchange::{Incoming, Response};
use crate::faults::forms::{DropAt, DropBy};
use crate::http::callback_sender;
use crate::http::control;
use crate::http::response::HttpResponse;
use crate::http::shared::Shared;
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Much larger than any request of the API.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// How a connection ends.
#[derive(Debug, Default)]
pub(super) struct ConnectionEnd {
    /// It ends now.
    pub(super) now: Notify,
    /// It ends with a reset.
    pub(super) is_reset: AtomicBool,
}

impl ConnectionEnd {
    fn set(&self, by: DropBy) {
        self.is_reset.store(by == DropBy::Reset, Ordering::Relaxed);
    }
}

/// Responds to a request; an error ends the connection without a response.
pub(super) async fn answer<B>(
    request: hyper::Request<B>,
    shared: Arc<Shared>,
    end: Arc<ConnectionEnd>,
) -> io::Result<HttpResponse>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let target = head
        .uri
        .path_and_query()
        .map_or_else(|| head.uri.path(), |target| target.as_str());
    let path = shared.address.within(target);
    if callback_sender::is_callback(&head.headers) {
        return Ok(control::refuse_callback());
    }
    let is_control = control::is_for(&head.method, path);
    if !is_control
        && let Some(by) =
            shared.now(|engine, _| engine.take_unread_fault(head.method.as_str(), path))
    {
        return Err(interrupt(&end, by).await);
    }
    let body = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    if is_control {
        return Ok(control::answer(&shared, &head, path, &body));
    }
    let incoming = Incoming {
        method: head.method.to_string(),
        path: path.to_owned(),
        urls: shared.address.signed_urls(&head.uri, &head.headers, path),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect(),
        body: body.into(),
        checkouts: format!("{}simulator/checkout/", shared.address.page()),
    };
    let outgoing = shared.now(|engine, now| engine.receive(incoming, now));
    let delay = shared
        .latency
        .saturating_add(outgoing.delay.unwrap_or_default());
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some((DropAt::Unread | DropAt::Before | DropAt::After, by)) = outgoing.interruption {
        return Err(interrupt(&end, by).await);
    }
    let response = outgoing.response;
    shared.now(|engine, _| engine.record_response(outgoing.request, &response));
    write(response, outgoing.interruption, end)
}

/// The error that ends a connection without a response, after the silence if there is one.
async fn interrupt(end: &ConnectionEnd, by: DropBy) -> io::Error {
    if by == DropBy::Silence {
        std::future::pending::<()>().await;
    }
    end.set(by);
    io::ErrorKind::ConnectionAborted.into()
}

fn write(
    response: Response,
    interruption: Option<(DropAt, DropBy)>,
    end: Arc<ConnectionEnd>,
) -> io::Result<HttpResponse> {
    let mut built = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        built = built.header(*name, value);
    }
    for (number, bytes) in filler(response.header_bytes).enumerate() {
        built = built.header(format!("x-filler-{number}"), bytes);
    }
    let length = (response.body.len() as u64).saturating_add(response.padding);
    let is_plain = response.padding == 0 && response.drip.is_none() && interruption.is_none();
    let instead = response.replaced_headers.clone();
    let body = if is_plain {
        Either::Left(Full::from(response.body))
    } else {
        let (sender, body) = Channel::new(1);
        tokio::spawn(stream_body(response, interruption, sender, end));
        Either::Right(body)
    };
    let mut built = built.body(body).map_err(io::Error::other)?;
    for (name, value) in instead {
        let name = HeaderName::try_from(name).map_err(io::Error::other)?;
        let value = HeaderValue::try_from(value).map_err(io::Error::other)?;
        built.headers_mut().insert(name, value);
    }
    if !is_plain && !built.headers().contains_key(TRANSFER_ENCODING) {
        built.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    Ok(built)
}

/// Header values of this many bytes in total.
fn filler(bytes: usize) -> impl Iterator<Item = String> {
    const EACH: usize = 4096;
    (0..bytes.div_ceil(EACH)).map(|_| "x".repeat(EACH))
}

/// Enough time for the client to receive what was written before.
const FLUSH_DELAY: Duration = Duration::from_millis(20);

/// Sends a body slowly, partly or with padding.
async fn stream_body(
    response: Response,
    interruption: Option<(DropAt, DropBy)>,
    mut sender: Sender<Bytes, io::Error>,
    end: Arc<ConnectionEnd>,
) {
    let body = Bytes::from(response.body);
    let by = match interruption {
        Some((DropAt::Within, by)) => Some(by),
        _ => None,
    };
    let sent = match by {
        Some(_) => body.slice(..body.len() / 2),
        None => body,
    };
    if let Some(interval) = response.drip {
        for at in 0..sent.len() {
            if sender.send_data(sent.slice(at..=at)).await.is_err() {
                return;
            }
            tokio::time::sleep(interval).await;
        }
    } else if sender.send_data(sent).await.is_err() {
        return;
    }
    if let Some(by) = by {
        tokio::time::sleep(FLUSH_DELAY).await;
        sender.abort(interrupt(&end, by).await);
        return;
    }
    if send_padding(response.padding, &mut sender).await.is_err() {
        return;
    }
    drop(sender);
    if let Some((DropAt::Answered, by)) = interruption {
        tokio::time::sleep(Duration::from_millis(1)).await;
        end.set(by);
        end.now.notify_one();
    }
}

/// Sends spaces in blocks.
async fn send_padding(
    mut blanks: u64,
    sender: &mut Sender<Bytes, io::Error>,
) -> Result<(), http_body_util::channel::SendError> {
    static BLANKS: [u8; 65_536] = [b' '; 65_536];
    while blanks > 0 {
        let now = usize::try_from(blanks)
            .unwrap_or(usize::MAX)
            .min(BLANKS.len());
        let piece = BLANKS.get(..now).unwrap_or_default();
        sender.send_data(Bytes::from_static(piece)).await?;
        blanks -= now as u64;
    }
    Ok(())
}
