//! A network and a clock in place of the machine's own, so that a whole system runs in one process, on one clock.
//!
//! The request is the one that would have been sent: all of the client above a single send is the product's own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use jiff::Timestamp;

use crate::http::connections::{SendFailure, SendFailureCause};
use crate::http::machine::broken_off::BrokenOff;
use crate::http::response_body::ResponseBody;
use crate::http::sent_marker::MarkedBody;

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

/// A machine that was given.
#[derive(Clone)]
pub(crate) struct Simulated(pub(crate) Arc<dyn SimulatedMachine>);

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulated")
    }
}

impl Simulated {
    pub(crate) async fn send(
        &self,
        request: http::Request<MarkedBody>,
    ) -> Result<http::Response<ResponseBody>, SendFailure> {
        let failure = |is_connect| {
            move |error: BrokenOff| SendFailure {
                why: error.to_string(),
                cause: SendFailureCause::Network,
                is_connect,
            }
        };
        self.0.connect().await.map_err(failure(true))?;
        let (head, body) = request.into_parts();
        // A connection asks for the body when the request begins to leave; it fails where that was withdrawn.
        let body = body
            .collect()
            .await
            .map_err(|_| failure(false)(BrokenOff))?;
        let request = http::Request::from_parts(head, body.to_bytes());
        let response = self.0.send(request).await.map_err(failure(false))?;
        Ok(response.map(ResponseBody::Simulated))
    }
}
