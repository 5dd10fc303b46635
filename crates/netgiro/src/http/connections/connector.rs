//! How a connection to a server is opened: through a proxy or not, with TLS or without.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::{Scheme, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{self, Connected, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::ClientConfig;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Opens connections. Clones are the same connector.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>);

struct Inner {
    /// To a server or to a proxy.
    direct: HttpsConnector<HttpConnector>,
    tls: Arc<ClientConfig>,
    proxies: Option<Matcher>,
    timeout: Duration,
}

impl Connector {
    /// A connector by these proxies, which gives up after `timeout`.
    pub(crate) fn new(tls: ClientConfig, proxies: Option<Matcher>, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // A peer that is gone is noticed within a minute.
        let probe = Some(Duration::from_secs(15));
        tcp.set_keepalive(probe);
        tcp.set_keepalive_interval(probe);
        tcp.set_keepalive_retries(Some(3));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        tcp.set_tcp_user_timeout(Some(Duration::from_secs(30)));
        let tls = Arc::new(tls);
        Self(Arc::new(Inner {
            direct: HttpsConnector::from((tcp, Arc::clone(&tls))),
            tls,
            proxies,
            timeout,
        }))
    }

    /// The proxy for a URL.
    pub(crate) fn proxy(&self, destination: &Uri) -> Option<Intercept> {
        self.0.proxies.as_ref()?.intercept(destination)
    }

    async fn open(&self, destination: Uri) -> Result<Connection, BoxError> {
        let mut direct = self.0.direct.clone();
        let Some(proxy) = self.proxy(&destination) else {
            return Ok(Connection::new(direct.call(destination).await?, false));
        };
        let address = proxy.uri().clone();
        if destination.scheme() != Some(&Scheme::HTTPS) {
            return Ok(Connection::new(direct.call(address).await?, true));
        }
        let mut tunnel = Tunnel::new(address, direct);
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        let mut secure = HttpsConnector::from((tunnel, Arc::clone(&self.0.tls)));
        Ok(Connection::new(secure.call(destination).await?, false))
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let limit = connector.0.timeout;
            let opened = tokio::time::timeout(limit, connector.open(destination)).await;
            opened.unwrap_or_else(|_| Err(ConnectTimeout(limit).into()))
        })
    }
}

/// No connection was opened within the time.
#[derive(Debug)]
pub(crate) struct ConnectTimeout(Duration);

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody answered within {:?}", self.0)
    }
}

impl std::error::Error for ConnectTimeout {}

trait Stream: Read + Write + connect::Connection + Send + Unpin {}

impl<T: Read + Write + connect::Connection + Send + Unpin> Stream for T {}

/// An open connection.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// To a proxy that passes plain requests on, which it gets with the whole URL.
    is_proxied: bool,
}

impl Connection {
    fn new(stream: impl Stream + 'static, is_proxied: bool) -> Self {
        Self {
            stream: Box::new(stream),
            is_proxied,
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut dyn Stream> {
        Pin::new(&mut *self.get_mut().stream)
    }
}

impl connect::Connection for Connection {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.is_proxied)
    }
}

impl Read for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl Write for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, slices)
    }
}
