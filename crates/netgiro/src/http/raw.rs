//! One request as it is: sent once, to any URL, and its response as it came. Nothing is signed, verified, followed or
//! repeated here.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use url::Url;

use crate::http::connections::{
    self, ConnectionOptions, Connections, SendFailure, SendFailureCause,
};
use crate::http::response_body::ResponseBody;
use crate::http::sent_marker::{MarkedBody, SentMarker};
use crate::http::settings::is_loopback;
use crate::http::tls::{self, TrustedRoots};
use crate::model::error::Result;
use crate::model::values::proxy::Proxy;

/// A response, whatever its status. `Debug` would show what others wrote, so there is none.
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers, with names in lower case; values that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// From the first byte sent to the last one read, connecting included.
    pub elapsed: Duration,
}

impl RawResponse {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawError {
    /// The host's name is not known to DNS.
    Dns(String),
    /// TLS failed: the certificate, its authority, the version.
    Tls(String),
    /// There was no connection.
    Connect(String),
    /// There was no whole response within the time.
    Timeout,
    /// The connection broke before the response was complete.
    Broken(String),
}

/// Sends requests to one place.
#[derive(Debug)]
pub struct RawClient {
    connections: Connections,
}

impl RawClient {
    /// For requests to `url`'s host, by the environment's proxy if it names one; opens nothing.
    pub fn to(url: &Url, ca_file: Option<PathBuf>, connect_timeout: Duration) -> Result<Self> {
        Self::new(url, None, ca_file, connect_timeout)
    }

    /// The same through this proxy.
    ///
    /// On loopback the environment's proxy is not used: it could not reach this machine's.
    pub(crate) fn new(
        url: &Url,
        proxy: Option<&Proxy>,
        ca_file: Option<PathBuf>,
        connect_timeout: Duration,
    ) -> Result<Self> {
        let roots = TrustedRoots::new(url.scheme() == "https", ca_file);
        Ok(Self {
            connections: Connections::new(ConnectionOptions {
                tls: tls::configuration(&roots)?,
                proxies: connections::proxies(proxy, is_loopback(url)),
                connect_timeout,
                keep_alive: false,
            }),
        })
    }

    /// Sends one request, and reads a response of at most `most` bytes.
    pub async fn send(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
        timeout: Duration,
        most: usize,
    ) -> std::result::Result<RawResponse, RawError> {
        let mut request =
            Request::new(MarkedBody::new(body.map(Into::into), SentMarker::default()));
        *request.method_mut() =
            Method::from_bytes(method.as_bytes()).map_err(|error| broken(&error))?;
        *request.uri_mut() = Uri::try_from(url.as_str()).map_err(|error| broken(&error))?;
        for (name, value) in headers {
            request.headers_mut().append(
                HeaderName::try_from(*name).map_err(|error| broken(&error))?,
                HeaderValue::try_from(*value).map_err(|error| broken(&error))?,
            );
        }
        let started = Instant::now();
        let exchange = async {
            let response = self.connections.send(request).await.map_err(failure)?;
            let status = response.status().as_u16();
            let headers = response
                .headers()
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
                })
                .collect();
            let body = ResponseBody::Network(response.into_body())
                .read(most)
                .await
                .map_err(|error| RawError::Broken(error.to_string()))?;
            Ok(RawResponse {
                status,
                headers,
                body,
                elapsed: started.elapsed(),
            })
        };
        (tokio::time::timeout(timeout, exchange).await).unwrap_or(Err(RawError::Timeout))
    }
}

fn broken(error: &dyn std::error::Error) -> RawError {
    RawError::Broken(error.to_string())
}

fn failure(failure: SendFailure) -> RawError {
    let why = failure.why;
    match failure.cause {
        SendFailureCause::Tls => RawError::Tls(why),
        _ if !failure.is_connect => RawError::Broken(why),
        SendFailureCause::Timeout => RawError::Timeout,
        SendFailureCause::Dns => RawError::Dns(why),
        SendFailureCause::Network => RawError::Connect(why),
    }
}
