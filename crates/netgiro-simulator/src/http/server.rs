//! The thread that listens, answers, carries callbacks and watches the clock.

use crate::engine::clock::Clock;
use crate::engine::state::{Incoming, Ledger, Response};
use crate::faults::fault::{DropAt, DropBy};
use crate::http::address::Address;
use crate::http::callback_sender::{self, Carrier};
use crate::http::control;
use crate::http::stream::Stream;
use crate::model::error::SimulatorError;
use crate::model::options::SimulatorOptions;
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_rustls::TlsAcceptor;

/// Far more than any request of the API.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// What the handle and the server have in common.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Callbacks are waiting, or something is due earlier than thought.
    changed: Notify,
    /// Every connection is to be cut.
    cut: Notify,
    /// The ledger's revision, for whoever waits for the next.
    revision: watch::Sender<u64>,
    pub(crate) address: Address,
    pub(crate) orders: Orders,
    acceptor: Option<TlsAcceptor>,
    latency: Duration,
    carrier: Carrier,
    callback_timeout: Duration,
}

#[derive(Debug)]
struct State {
    clock: Clock,
    ledger: Ledger,
}

impl Shared {
    pub(crate) fn new(
        options: SimulatorOptions,
        address: Address,
        acceptor: Option<TlsAcceptor>,
        orders: Orders,
    ) -> Self {
        Self {
            changed: Notify::new(),
            cut: Notify::new(),
            revision: watch::Sender::new(0),
            orders,
            acceptor,
            latency: options.latency,
            carrier: Carrier::new(&options.callback_hosts, address.socket()),
            callback_timeout: options.callback_timeout,
            address,
            state: Mutex::new(State {
                clock: Clock::start(),
                ledger: Ledger::new(options),
            }),
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
        self.announce(state);
        if changed {
            self.changed.notify_one();
        }
        done
    }

    /// Lets time pass, and everything happen that falls into it.
    pub(crate) fn advance(&self, by: Duration) -> Result<(), SimulatorError> {
        let mut state = self.lock();
        state.clock.advance(by)?;
        let now = state.clock.now();
        state.ledger.revise();
        state.ledger.run_until(now);
        self.announce(state);
        self.changed.notify_one();
        Ok(())
    }

    pub(crate) fn advance_seconds(&self, seconds: f64) -> Result<(), SimulatorError> {
        let by = self.lock().clock.duration(seconds)?;
        self.advance(by)
    }

    /// Wakes those who wait for a change, if there was one.
    fn announce(&self, state: MutexGuard<'_, State>) {
        let revision = state.ledger.revision();
        drop(state);
        self.revision.send_if_modified(|known| {
            let is_newer = *known < revision;
            *known = revision.max(*known);
            is_newer
        });
    }

    /// The revisions to come.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the handle asks of the one who listens.
#[derive(Debug)]
pub(crate) enum Order {
    Refuse(Duration, Done),
    Listen(Done),
}

/// Dropped when an order has been carried out.
#[derive(Debug)]
pub(crate) struct Done {
    _sender: std::sync::mpsc::Sender<()>,
}

/// Orders wait until they have been carried out, or until there is nobody left to do so.
#[derive(Clone, Debug)]
pub(crate) struct Orders(mpsc::UnboundedSender<Order>);

pub(crate) type Ordered = mpsc::UnboundedReceiver<Order>;

pub(crate) fn orders() -> (Orders, Ordered) {
    let (sender, ordered) = mpsc::unbounded_channel();
    (Orders(sender), ordered)
}

impl Orders {
    pub(crate) fn refuse(&self, period: Duration) {
        self.give(|done| Order::Refuse(period, done));
    }

    pub(crate) fn listen(&self) {
        self.give(Order::Listen);
    }

    /// As [`refuse`](Self::refuse), for the server's own thread, which must not wait for itself.
    pub(crate) fn will_refuse(&self, period: Duration) {
        self.leave(|done| Order::Refuse(period, done));
    }

    /// As [`listen`](Self::listen), likewise.
    pub(crate) fn will_listen(&self) {
        self.leave(Order::Listen);
    }

    fn leave(&self, order: impl FnOnce(Done) -> Order) {
        let (sender, _) = std::sync::mpsc::channel();
        let _ = self.0.send(order(Done { _sender: sender }));
    }

    fn give(&self, order: impl FnOnce(Done) -> Order) {
        let (sender, done) = std::sync::mpsc::channel();
        if self.0.send(order(Done { _sender: sender })).is_ok() {
            let _ = done.recv();
        }
    }
}

/// Serves until told to stop; connections still open are cut when the runtime goes.
pub(crate) async fn serve(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    mut ordered: Ordered,
    stop: oneshot::Receiver<()>,
) {
    tokio::select! {
        _ = stop => {}
        _ = listen(listener, &shared, &mut ordered) => {}
        () = run_timers(&shared) => {}
    }
}

async fn listen(
    listener: std::net::TcpListener,
    shared: &Arc<Shared>,
    ordered: &mut Ordered,
) -> io::Result<()> {
    let mut listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    loop {
        tokio::select! {
            Some(order) = ordered.recv() => {
                if let Order::Refuse(period, done) = order {
                    drop(listener);
                    listener = refuse(address, shared, ordered, period, done).await?;
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(serve_connection(stream, Arc::clone(shared)));
                }
                // Out of file descriptors, most likely: others may be closed meanwhile.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

/// Keeps the port without listening to it, so that connections are refused and nobody else takes it.
async fn refuse(
    address: SocketAddr,
    shared: &Shared,
    ordered: &mut Ordered,
    mut period: Duration,
    mut done: Done,
) -> io::Result<TcpListener> {
    shared.cut.notify_waiters();
    let socket = loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        if socket.bind(address).is_ok() {
            break socket;
        }
        // An outgoing connection has got it by chance.
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    loop {
        drop(done);
        match tokio::time::timeout(period, ordered.recv()).await {
            Ok(Some(Order::Refuse(longer, next))) => (period, done) = (longer, next),
            Ok(Some(Order::Listen(_done))) => return socket.listen(1024),
            Ok(None) | Err(_) => return socket.listen(1024),
        }
    }
}

/// What is to become of a connection.
#[derive(Debug, Default)]
struct Line {
    /// It is to end now.
    ends: Notify,
    /// Its end is a reset.
    resets: AtomicBool,
}

impl Line {
    fn will_end(&self, by: DropBy) {
        self.resets.store(by == DropBy::Reset, Ordering::Relaxed);
    }
}

/// One connection, from its first request to its end.
async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let mut cut = pin!(shared.cut.notified());
    cut.as_mut().enable();
    let line = Arc::new(Line::default());
    let service = service_fn(|request| answer(request, Arc::clone(&shared), Arc::clone(&line)));
    let stream = tokio::select! {
        stream = accept(stream, shared.acceptor.as_ref()) => stream,
        () = &mut cut => return,
    };
    let Ok(stream) = stream else {
        return;
    };
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = line.ends.notified() => {}
        () = cut => {}
    }
    if line.resets.load(Ordering::Relaxed) {
        connection.into_parts().io.into_inner().resets();
    }
}

async fn accept(stream: TcpStream, acceptor: Option<&TlsAcceptor>) -> io::Result<Stream> {
    Ok(match acceptor {
        None => Stream::Plain(stream),
        Some(acceptor) => Stream::Tls(Box::new(acceptor.accept(stream).await?.into())),
    })
}

/// Sends what is in the outbox, and wakes whenever something is due.
async fn run_timers(shared: &Arc<Shared>) {
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
                let status = shared
                    .carrier
                    .deliver(&delivery, shared.callback_timeout)
                    .await;
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

pub(crate) type Answer = hyper::Response<Either<Full<Bytes>, Channel<Bytes, io::Error>>>;

/// Answers a request; an error ends the connection without an answer.
async fn answer<B>(
    request: hyper::Request<B>,
    shared: Arc<Shared>,
    line: Arc<Line>,
) -> io::Result<Answer>
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
    if callback_sender::is_one(&head.headers) {
        return Ok(control::turn_away());
    }
    let is_control = control::is_for(path);
    if !is_control && let Some(by) = shared.now(|ledger, _| ledger.leaves_unread(path)) {
        return Err(break_off(&line, by).await);
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
    };
    let outgoing = shared.now(|ledger, now| ledger.receive(incoming, now));
    let delay = shared
        .latency
        .saturating_add(outgoing.delay.unwrap_or_default());
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some((DropAt::Unread | DropAt::Before | DropAt::After, by)) = outgoing.breaks_off {
        return Err(break_off(&line, by).await);
    }
    let response = outgoing.response;
    shared.now(|ledger, _| ledger.answered(outgoing.request, &response));
    write(response, outgoing.breaks_off, line)
}

/// Why there is no answer, once the client has waited for it where it is to wait.
async fn break_off(line: &Line, by: DropBy) -> io::Error {
    if by == DropBy::Silence {
        std::future::pending::<()>().await;
    }
    line.will_end(by);
    io::ErrorKind::ConnectionAborted.into()
}

fn write(
    response: Response,
    breaks_off: Option<(DropAt, DropBy)>,
    line: Arc<Line>,
) -> io::Result<Answer> {
    let mut built = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        built = built.header(*name, value);
    }
    for (number, bytes) in filler(response.header_bytes).enumerate() {
        built = built.header(format!("x-filler-{number}"), bytes);
    }
    let length = (response.body.len() as u64).saturating_add(response.padding);
    let is_plain = response.padding == 0 && response.drip.is_none() && breaks_off.is_none();
    let instead = response.instead.clone();
    let body = if is_plain {
        Either::Left(Full::from(response.body))
    } else {
        let (sender, body) = Channel::new(1);
        tokio::spawn(pour(response, breaks_off, sender, line));
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

/// The values of headers that take so many bytes together.
fn filler(bytes: usize) -> impl Iterator<Item = String> {
    const EACH: usize = 4096;
    (0..bytes.div_ceil(EACH)).map(|_| "x".repeat(EACH))
}

/// Long enough for what was written before to have left, and for the client to have read it.
const SETTLED: Duration = Duration::from_millis(20);

/// Sends a body piece by piece, as far as it is to be sent.
async fn pour(
    response: Response,
    breaks_off: Option<(DropAt, DropBy)>,
    mut sender: Sender<Bytes, io::Error>,
    line: Arc<Line>,
) {
    let body = Bytes::from(response.body);
    let by = match breaks_off {
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
        tokio::time::sleep(SETTLED).await;
        sender.abort(break_off(&line, by).await);
        return;
    }
    if pad(response.padding, &mut sender).await.is_err() {
        return;
    }
    drop(sender);
    if let Some((DropAt::Answered, by)) = breaks_off {
        tokio::time::sleep(Duration::from_millis(1)).await;
        line.will_end(by);
        line.ends.notify_one();
    }
}

/// Sends blanks, a handful at a time.
async fn pad(
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
