//! A network and a clock in place of the machine's own, so that a whole system runs in one process, on one clock.
//!
//! The request is the one that reqwest would have sent, and reqwest reads the answer: all of the client above a single
//! send is the product's own.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body::Body as _;
use jiff::Timestamp;

use crate::http::machine::SendFailure;

/// A machine of a simulation.
pub trait SimulatedMachine: Send + Sync {
    /// What its clock says.
    fn now(&self) -> Timestamp;

    /// Opens a connection; fails where none can be opened.
    fn connect(&self) -> Pin<Box<dyn Future<Output = Result<(), BrokenOff>> + Send + '_>>;

    /// Sends a request, and gives its answer, whose body may break off.
    fn send(&self, request: http::Request<Bytes>) -> Answering<'_>;
}

type Answering<'a> = Pin<
    Box<
        dyn Future<Output = Result<http::Response<Result<Bytes, BrokenOff>>, BrokenOff>>
            + Send
            + 'a,
    >,
>;

/// A connection that broke off, or was never opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke off")
    }
}

impl std::error::Error for BrokenOff {}

/// A machine that was given.
#[derive(Clone)]
pub(crate) struct Simulated(pub(crate) Arc<dyn SimulatedMachine>);

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulated")
    }
}

impl Simulated {
    pub(crate) async fn execute(
        &self,
        mut request: reqwest::Request,
    ) -> Result<reqwest::Response, SendFailure> {
        let failure = |is_connect| {
            move |error: BrokenOff| SendFailure {
                why: error.to_string(),
                is_connect,
            }
        };
        self.0.connect().await.map_err(failure(true))?;
        // A connection asks for the body when the request begins to leave.
        let body = match request.body_mut().take() {
            Some(body) => read(body).await.map_err(failure(false))?,
            None => Bytes::new(),
        };
        let mut to_send = http::Request::new(body);
        *to_send.method_mut() = request.method().clone();
        *to_send.headers_mut() = std::mem::take(request.headers_mut());
        *to_send.uri_mut() = request.url().as_str().parse().unwrap_or_default();
        let answer = self.0.send(to_send).await.map_err(failure(false))?;
        Ok(answer.map(reqwest_body).into())
    }
}

/// What a request body holds; fails where the request was withdrawn.
async fn read(mut body: reqwest::Body) -> Result<Bytes, BrokenOff> {
    match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        None => Ok(Bytes::new()),
        Some(frame) => frame
            .ok()
            .and_then(|frame| frame.into_data().ok())
            .ok_or(BrokenOff),
    }
}

fn reqwest_body(body: Result<Bytes, BrokenOff>) -> reqwest::Body {
    match body {
        Ok(bytes) => bytes.into(),
        Err(error) => reqwest::Body::wrap(Broken(Some(error))),
    }
}

/// A body that breaks off.
struct Broken(Option<BrokenOff>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, BrokenOff>>> {
        std::task::Poll::Ready(self.0.take().map(Err))
    }
}
