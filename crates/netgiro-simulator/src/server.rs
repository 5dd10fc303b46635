//! The thread that listens, answers, carries callbacks and watches the clock.

use crate::callbacks;
use crate::clock::Clock;
use crate::ledger::{Incoming, Ledger, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{HOST, HeaderMap};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

/// Far more than any request of the API.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// What the handle and the server have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Callbacks are waiting, or something is due earlier than thought.
    changed: Notify,
    callback_timeout: Duration,
}

#[derive(Debug)]
struct State {
    clock: Clock,
    ledger: Ledger,
}

impl Shared {
    pub(crate) fn new(ledger: Ledger, callback_timeout: Duration) -> Self {
        Self {
            state: Mutex::new(State {
                clock: Clock::start(),
                ledger,
            }),
            changed: Notify::new(),
            callback_timeout,
        }
    }

    /// Uses the ledger as it is now: what is due has happened. Never held across a wait, so it cannot deadlock.
    pub(crate) fn now<T>(&self, deed: impl FnOnce(&mut Ledger, Timestamp) -> T) -> T {
        let mut state = self.lock();
        let now = state.clock.now();
        state.ledger.run_until(now);
        let before = state.ledger.next_due();
        let done = deed(&mut state.ledger, now);
        let changed = state.ledger.has_mail() || state.ledger.next_due() != before;
        drop(state);
        if changed {
            self.changed.notify_one();
        }
        done
    }

    /// Lets time pass, and everything happen that falls into it.
    pub(crate) fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.clock.advance(by);
        let now = state.clock.now();
        state.ledger.run_until(now);
        drop(state);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until told to stop; connections still open are cut when the runtime goes.
pub(crate) async fn serve(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    stop: oneshot::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    tokio::select! {
        _ = stop => {}
        () = listen(&listener, &shared) => {}
        () = keep_time(&shared) => {}
    }
}

async fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: others may be closed meanwhile.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Sends what is in the outbox, and wakes whenever something is due.
async fn keep_time(shared: &Arc<Shared>) {
    loop {
        let (mail, wait) = shared.now(|ledger, now| {
            let wait = ledger
                .next_due()
                .map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
            (ledger.take_outbox(), wait)
        });
        for delivery in mail {
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                let status = callbacks::deliver(&delivery, shared.callback_timeout).await;
                shared.now(|ledger, now| ledger.delivered(delivery, status, now));
            });
        }
        let changed = shared.changed.notified();
        match wait {
            Some(wait) => {
                let _ = tokio::time::timeout(wait, changed).await;
            }
            None => changed.await,
        }
    }
}

/// Answers a request; an error closes the connection without an answer.
async fn answer<B>(
    request: hyper::Request<B>,
    shared: Arc<Shared>,
) -> io::Result<hyper::Response<Full<Bytes>>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    let incoming = Incoming {
        method: head.method.to_string(),
        path: head
            .uri
            .path_and_query()
            .map_or_else(|| head.uri.path().to_owned(), ToString::to_string),
        url: received_url(&head.uri, &head.headers),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect(),
        body: body.into(),
    };
    let outgoing = shared.now(|ledger, now| ledger.receive(incoming, now));
    if let Some(delay) = outgoing.delay {
        tokio::time::sleep(delay).await;
    }
    let Some(response) = outgoing.response else {
        return Err(io::ErrorKind::ConnectionAborted.into());
    };
    shared.now(|ledger, _| ledger.answered(outgoing.request, &response));
    write(response)
}

/// The URL as the sender wrote it: the host from the header, path and query untouched.
fn received_url(uri: &hyper::Uri, headers: &HeaderMap) -> String {
    if uri.authority().is_some() {
        return uri.to_string(); // sent as if to a proxy
    }
    let host = headers
        .get(HOST)
        .map(|host| String::from_utf8_lossy(host.as_bytes()))
        .unwrap_or_default();
    format!("http://{host}{uri}")
}

fn write(response: Response) -> io::Result<hyper::Response<Full<Bytes>>> {
    let mut built = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        built = built.header(name, value);
    }
    built
        .body(Full::from(response.body))
        .map_err(io::Error::other)
}
