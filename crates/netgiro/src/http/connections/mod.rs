//! The connections to servers, kept for later requests or opened for each.

pub(crate) mod connector;
pub(crate) mod proxy_environment;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::http::connections::connector::{ConnectTimeout, Connector};
use crate::http::sent_marker::MarkedBody;
use crate::http::tls;
use crate::model::values::proxy::Proxy;

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(90);

/// Sends requests, by HTTP/1 alone; follows no redirect.
pub(crate) struct Connections {
    client: Client<Connector, MarkedBody>,
    connector: Connector,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

/// Which connections there are.
pub(crate) struct ConnectionOptions {
    pub(crate) tls: ClientConfig,
    /// From [`proxies`].
    pub(crate) proxies: Option<Matcher>,
    pub(crate) connect_timeout: Duration,
    /// Whether a connection is kept for later requests.
    pub(crate) keep_alive: bool,
}

impl Connections {
    /// Opens nothing before the first request.
    pub(crate) fn new(options: ConnectionOptions) -> Self {
        let connector = Connector::new(options.tls, options.proxies, options.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(if options.keep_alive { usize::MAX } else { 0 })
            .build(connector.clone());
        Self { client, connector }
    }

    /// Sends a request once, and gives the head of its response, whose body is still to come.
    pub(crate) async fn send(
        &self,
        mut request: Request<MarkedBody>,
    ) -> Result<Response<Incoming>, SendFailure> {
        // Through a tunnel they are sent once, when it is opened.
        if request.uri().scheme() == Some(&Scheme::HTTP)
            && let Some(proxy) = self.connector.proxy(request.uri())
            && let Some(credentials) = proxy.basic_auth()
        {
            let credentials = credentials.clone();
            request
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, credentials);
        }
        let sent = self.client.request(request).await;
        sent.map_err(|error| SendFailure::of(&error))
    }
}

/// The proxies that requests go through: the given one, or the environment's. Without any on this machine's loopback,
/// which the environment's proxy could not reach.
pub(crate) fn proxies(given: Option<&Proxy>, is_loopback: bool) -> Option<Matcher> {
    match given {
        Some(proxy) => Some(Matcher::builder().all(proxy.expose().as_str()).build()),
        None if is_loopback => None,
        None => Some(Matcher::from_system()),
    }
}

/// Why a request got no response.
pub(crate) struct SendFailure {
    pub(crate) why: String,
    pub(crate) cause: SendFailureCause,
    /// Whether no connection was made.
    pub(crate) is_connect: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendFailureCause {
    /// The host's name is not known.
    Dns,
    Tls,
    /// There was no connection in time.
    Timeout,
    Network,
}

impl SendFailure {
    fn of(error: &ClientError) -> Self {
        let refusal = tls::refusal(error);
        let cause = if refusal.is_some() {
            SendFailureCause::Tls
        } else if causes(error).any(<dyn StdError>::is::<ConnectTimeout>) {
            SendFailureCause::Timeout
        } else if causes(error).any(|cause| cause.to_string().contains("dns error")) {
            SendFailureCause::Dns
        } else {
            SendFailureCause::Network
        };
        Self {
            why: refusal.unwrap_or_else(|| root_cause(error)),
            cause,
            is_connect: error.is_connect(),
        }
    }
}

/// An error, then what caused it, and so on.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause, which is the one that says what happened.
pub(crate) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
