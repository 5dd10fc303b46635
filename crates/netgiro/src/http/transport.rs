//! One `send`: TLS, timeouts, size cap, redirect refusal, and verification of what comes back.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    USER_AGENT,
};
use http::{Method, Uri};
use jiff::Timestamp;
use url::Url;

use crate::http::connections::{
    self, ConnectionOptions, Connections, SendFailure, proxy_environment,
};
use crate::http::idle_check::IdleConnectionCheck;
use crate::http::insert_attempt::InsertAttempt;
use crate::http::response_body::BodyError;
use crate::http::sent_marker::{MarkedBody, SentMarker};
use crate::http::settings::Settings;
use crate::http::tls;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::options::ResponseVerification;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::http_error;
use crate::protocol::nonce;
use crate::protocol::response::Response;
use crate::protocol::signature::{self, SigningHeaders};
use crate::protocol::v2;

/// A request, the same for each attempt except for its nonce and signature.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) endpoint: Endpoint,
    /// As it is sent, and as it is signed.
    pub(crate) url: &'a Url,
    /// `None` for a GET.
    pub(crate) body: Option<&'a Bytes>,
    /// Of InsertCart: what its caller can take back.
    pub(crate) insert: Option<&'a InsertAttempt>,
}

/// The largest answer that is read.
const MAX_BODY: usize = 1 << 20;
/// The same for the items of a settlement, which has no pages: some 150,000 sales.
const MAX_ITEMS: usize = 16 << 20;

const fn max_body(endpoint: Endpoint) -> usize {
    match endpoint {
        Endpoint::SettlementItems => MAX_ITEMS,
        _ => MAX_BODY,
    }
}

static APP_KEY: HeaderName = HeaderName::from_static(signature::APP_KEY_HEADER);
static API_KEY: HeaderName = HeaderName::from_static(signature::API_KEY_HEADER);
static NONCE: HeaderName = HeaderName::from_static(signature::NONCE_HEADER);
static SIGNATURE: HeaderName = HeaderName::from_static(signature::SIGNATURE_HEADER);
/// How many headers a request has, with `Host` and `Content-Length`, which hyper adds.
const HEADERS: usize = 8;

/// The connections of one client.
#[derive(Debug)]
pub(crate) struct Transport {
    settings: Arc<Settings>,
    digits: nonce::Digits,
    idle_check: IdleConnectionCheck,
    /// Keeps connections alive, for calls that may be repeated.
    pooled: OnceLock<Connections>,
    /// Opens a connection for every call. InsertCart goes this way: on a kept connection that the
    /// server is closing nobody can tell whether the request was read.
    fresh: OnceLock<Connections>,
}

impl Transport {
    /// Opens nothing before the first call.
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            digits: nonce::Digits::draw(),
            idle_check: IdleConnectionCheck::new(),
            pooled: OnceLock::new(),
            fresh: OnceLock::new(),
        }
    }

    /// Sends a request once, signed anew, and gives its answer if that is 2xx and verifies.
    pub(crate) async fn send(&self, request: &Request<'_>, timeout: Duration) -> Result<Response> {
        let endpoint = request.endpoint;
        let sent = request
            .insert
            .map_or_else(SentMarker::default, InsertAttempt::sent_marker);
        let exchange = self.exchange(request, &sent);
        match tokio::time::timeout(timeout, exchange).await {
            Ok(outcome) => outcome,
            // The marker is in the body: a request without one may have left.
            Err(_) if request.body.is_none() || sent.is_sent() => Err(Error::new(
                ErrorKind::Timeout,
                format!("{} had no answer within {timeout:?}", endpoint.name()),
            )
            .with_request_sent(RequestSent::Maybe)),
            Err(_) => Err(Error::new(
                ErrorKind::Connect,
                format!(
                    "no connection to {} within {timeout:?}: nothing was sent",
                    self.destination(request)
                ),
            )),
        }
    }

    async fn exchange(&self, request: &Request<'_>, sent: &SentMarker) -> Result<Response> {
        let endpoint = request.endpoint;
        self.idle_check.drive_io().await;
        let body = MarkedBody::new(request.body.cloned(), sent.clone());
        let mut to_send = http::Request::new(body);
        if request.body.is_some() {
            *to_send.method_mut() = Method::POST;
        }
        *to_send.uri_mut() = Uri::try_from(request.url.as_str())
            .map_err(|_| Error::configuration("the URL cannot be sent"))?;
        *to_send.headers_mut() = self.headers(request)?;
        let connections = || self.connections(endpoint);
        let sending = self.settings.machine.send(connections, to_send);
        let response = sending.await?.map_err(|failure| {
            let started = match request.body {
                Some(_) => sent.is_sent(),
                None => !failure.is_connect,
            };
            self.connection_error(request, &failure, started)
        })?;

        let (head, body) = response.into_parts();
        let http_status = head.status.as_u16();
        let received = body.read(max_body(endpoint)).await.map_err(|why| {
            let is_list = endpoint == Endpoint::SettlementList;
            let advice = match why {
                BodyError::TooLarge(_) if is_list => ": ask for fewer days at a time",
                _ => "",
            };
            let error = Error::new(
                ErrorKind::Server,
                format!("{}'s answer {why}{advice}", endpoint.name()),
            )
            .with_http_status(http_status)
            .with_request_sent(RequestSent::Yes);
            match why {
                BodyError::TooLarge(_) if is_list => error.with_retryable(false),
                BodyError::TooLarge(_) => error,
                BodyError::BrokeOff(_) => error.transient(),
            }
        })?;
        self.idle_check.answered();
        let headers = &head.headers;
        let signing = SigningHeaders::read(
            headers
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
        );
        let date = text(headers, &DATE).and_then(http_date);
        let is_success = head.status.is_success();
        // An answer that refuses the keys cannot be verified with them, and nothing else of it is believed.
        let signature = if matches!(http_status, 401 | 403) || !endpoint.is_signed() {
            None
        } else {
            self.verify(request, &signing, &received, is_success)
                .map_err(|error| error.with_http_status(http_status))?
        };
        if let Some(date) = date {
            self.settings.server_clock.set(date);
        }
        if !is_success && !v2::cart::is_refusal(endpoint, http_status, &received) {
            return Err(http_error::http_error(
                endpoint,
                http_status,
                text(headers, &LOCATION),
                text(headers, &RETRY_AFTER).and_then(|value| {
                    retry_after(value, date.unwrap_or_else(|| self.settings.machine.now()))
                }),
                &received,
                signing.reference_id(),
            ));
        }
        Ok(Response {
            http_status,
            body: received,
            reference_id: signing.reference_id(),
            signature: signature.map(str::to_owned),
            received_at: self.settings.machine.now(),
        })
    }

    fn connections(&self, endpoint: Endpoint) -> Result<&Connections> {
        let (slot, keep_alive) = if endpoint.is_repeatable() {
            (&self.pooled, true)
        } else {
            (&self.fresh, false)
        };
        if let Some(connections) = slot.get() {
            return Ok(connections);
        }
        let connections = build(&self.settings, keep_alive)?;
        Ok(slot.get_or_init(|| connections))
    }

    fn headers(&self, request: &Request<'_>) -> Result<HeaderMap> {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        let app_key = self.settings.app_key.clone();
        if request.endpoint.is_signed() {
            let (secret, nonce) = (self.settings.secret_key.expose(), nonce::next(self.digits));
            let body = request.body.map_or(&[][..], |body| body);
            let signature = signature::sign(secret, &nonce, request.url.as_str(), body);
            // Both in one allocation, since copying the headers costs one more for each.
            let length = nonce.len();
            let both = Bytes::from(nonce + &signature);
            let value = |part| {
                HeaderValue::from_maybe_shared(part)
                    .map_err(|_| Error::configuration("the signature cannot be sent as a header"))
            };
            headers.insert(&APP_KEY, app_key);
            headers.insert(&NONCE, value(both.slice(..length))?);
            headers.insert(&SIGNATURE, value(both.slice(length..))?);
        } else {
            headers.insert(&API_KEY, app_key);
        }
        if request.body.is_some() {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=utf-8"),
            );
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("netgiro/", env!("CARGO_PKG_VERSION"))),
        );
        Ok(headers)
    }

    /// Refuses an answer whose signature does not match, and, where one is required, lacks it.
    fn verify<'a>(
        &self,
        request: &Request<'_>,
        signing: &SigningHeaders<'a>,
        body: &[u8],
        is_success: bool,
    ) -> Result<Option<&'a str>> {
        let verdict = match self.settings.response_verification {
            ResponseVerification::Off => Ok(None),
            // It is not known whether errors are signed; nothing in them is believed.
            ResponseVerification::Required if signing.are_absent() && is_success => {
                Err("it is not signed, and response_verification is \"required\"".to_owned())
            }
            _ if signing.are_absent() => Ok(None),
            _ => self
                .verified_signature(request.url.as_str(), signing, body)
                .map(Some),
        };
        verdict.map_err(|why| {
            Error::new(
                ErrorKind::Signature,
                format!("{}'s answer was discarded: {why}", request.endpoint.name()),
            )
            .with_reference_id(signing.reference_id())
            .with_request_sent(RequestSent::Yes)
            .with_retryable(true)
        })
    }

    fn verified_signature<'a>(
        &self,
        url: &str,
        signing: &SigningHeaders<'a>,
        body: &[u8],
    ) -> Result<&'a str, String> {
        let signed = signing.signed().map_err(|why| why.to_string())?;
        if signed.covers(self.settings.secret_key.expose(), url, body) {
            return Ok(signed.signature);
        }
        Err(format!(
            "its signature does not match its nonce, the URL {url} and its body under this secret key"
        ))
    }

    /// What a request that was not sent names as its destination.
    fn destination<'a>(&'a self, request: &Request<'a>) -> &'a Url {
        match request.endpoint {
            Endpoint::HostedPayment => request.url,
            _ => &self.settings.base_url,
        }
    }

    fn connection_error(
        &self,
        request: &Request<'_>,
        failure: &SendFailure,
        started: bool,
    ) -> Error {
        let why = &failure.why;
        if started {
            Error::new(
                ErrorKind::Server,
                format!(
                    "the connection broke before {} was answered: {why}",
                    request.endpoint.name()
                ),
            )
            .with_request_sent(RequestSent::Maybe)
            .transient()
        } else {
            Error::new(
                ErrorKind::Connect,
                format!(
                    "no connection to {}{}: {why}: nothing was sent",
                    self.destination(request),
                    match &self.settings.proxy {
                        Some(proxy) => format!(" through the proxy {proxy}"),
                        None => String::new(),
                    }
                ),
            )
        }
    }
}

fn build(settings: &Settings, keep_alive: bool) -> Result<Connections> {
    if settings.proxy.is_none() && !settings.is_loopback {
        // It is read now, and may have changed since the options were checked.
        proxy_environment::check_environment(&settings.base_url)?;
    }
    Ok(Connections::new(ConnectionOptions {
        tls: tls::configuration(&settings.roots)?,
        proxies: connections::proxies(settings.proxy.as_ref(), settings.is_loopback),
        connect_timeout: settings.connect_timeout,
        keep_alive,
    }))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `Retry-After`, in seconds or as a date, which is counted from when the server answered by its own clock; a
/// thousand years at the most.
fn retry_after(value: &str, answered_at: Timestamp) -> Option<Duration> {
    const LONGEST: u64 = 1000 * 365 * 86_400;
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(LONGEST)));
    }
    let date = http_date(value)?;
    Some(Duration::try_from(date.duration_since(answered_at)).unwrap_or_default())
}

pub(crate) fn http_date(value: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::{http_date, retry_after};

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now = http_date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        let read = |value| retry_after(value, now).map(|delay| delay.as_secs());
        assert_eq!(read("7"), Some(7));
        assert_eq!(read("Wed, 21 Oct 2015 07:27:00 GMT"), Some(0));
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        assert_eq!(read("Wed, 21 Oct 2015 07:28:30 GMT"), Some(30));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1"), None);
    }
}
