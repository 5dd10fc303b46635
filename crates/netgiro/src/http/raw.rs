//! One request as it is: sent once, to any URL, and its response as it came. Nothing is signed, verified, followed or
//! repeated here.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, redirect};
use url::Url;

use crate::http::machine::root_cause;
use crate::http::settings::is_loopback;
use crate::http::tls::{self, TrustedRoots};
use crate::http::transport::read_body;
use crate::model::error::{Error, Result};
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
    client: reqwest::Client,
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
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(connect_timeout)
            .pool_max_idle_per_host(0);
        if let Some(proxy) = proxy {
            let proxy = reqwest::Proxy::all(proxy.expose().clone());
            builder =
                builder.proxy(proxy.map_err(|_| Error::configuration("proxy cannot be used"))?);
        } else if is_loopback(url) {
            builder = builder.no_proxy();
        }
        let client = builder
            .tls_backend_preconfigured(tls::configuration(&roots)?)
            .build()
            .map_err(|error| {
                Error::configuration(format!(
                    "the HTTP client cannot be set up: {}",
                    root_cause(&error)
                ))
            })?;
        Ok(Self { client })
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
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| broken(&error))?;
        let mut request = reqwest::Request::new(method, url.clone());
        let mut all = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|error| broken(&error))?;
            all.append(
                name,
                HeaderValue::try_from(*value).map_err(|error| broken(&error))?,
            );
        }
        *request.headers_mut() = all;
        *request.body_mut() = body.map(Into::into);
        let started = Instant::now();
        let exchange = async {
            let mut response =
                (self.client.execute(request).await).map_err(|error| failure(&error))?;
            let status = response.status().as_u16();
            let headers = response
                .headers()
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
                })
                .collect();
            let body = read_body(&mut response, most)
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

fn failure(error: &reqwest::Error) -> RawError {
    if let Some(why) = tls::refusal(error) {
        return RawError::Tls(why);
    }
    let why = root_cause(error);
    if !error.is_connect() {
        return RawError::Broken(why);
    }
    if error.is_timeout() {
        return RawError::Timeout;
    }
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("dns error") {
            return RawError::Dns(why);
        }
        cause = error.source();
    }
    RawError::Connect(why)
}
