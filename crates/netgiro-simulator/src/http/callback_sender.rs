//! Sends callbacks to the merchant.

use crate::engine::exchange::Delivery;
use crate::http::stream::Stream;
use crate::http::tls;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, USER_AGENT};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// The user agent of callbacks, by which a simulator recognises and refuses them.
const SENDER: &str = "netgiro-simulator";

/// Whether a request is a simulator's callback.
pub(crate) fn is_callback(headers: &HeaderMap) -> bool {
    headers
        .get(USER_AGENT)
        .is_some_and(|sender| sender == SENDER)
}

/// Sends callbacks to allowed hosts.
pub(crate) struct CallbackSender {
    /// The simulator's own address: a callback must not reach its control.
    own: SocketAddr,
    /// Allowed hosts outside this machine, normalized as in a URL.
    hosts: Vec<String>,
    /// Created for the first https URL.
    connector: OnceLock<Option<TlsConnector>>,
}

impl CallbackSender {
    pub(crate) fn new(hosts: &[String], own: SocketAddr) -> Self {
        Self {
            own,
            hosts: hosts
                .iter()
                .filter_map(|host| Host::parse(host).ok())
                .map(|host| host.to_string())
                .collect(),
            connector: OnceLock::new(),
        }
    }

    /// Sends a callback, and returns the status of the response; `None` if there is none in time.
    pub(crate) async fn deliver(&self, delivery: &Delivery, timeout: Duration) -> Option<u16> {
        tokio::time::timeout(timeout, self.send(delivery))
            .await
            .ok()?
    }

    async fn send(&self, delivery: &Delivery) -> Option<u16> {
        let url = Url::parse(&delivery.url).ok()?;
        let request = request(&url, delivery)?;
        let stream = self.connect(&url).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        // Polled here, not in a task of its own, so that it ends with this call. An endpoint that closes right after
        // its response ends the connection before the response has been read.
        let mut answer = pin!(sender.send_request(request));
        let answer = tokio::select! {
            answer = &mut answer => answer,
            _ = connection => answer.await,
        };
        answer.ok().map(|answer| answer.status().as_u16())
    }

    /// Connects to this machine and to allowed hosts only, and never to the simulator itself, whatever its name.
    async fn connect(&self, url: &Url) -> Option<Stream> {
        let port = url.port_or_known_default()?;
        let host = url.host()?;
        let is_allowed = self.hosts.contains(&host.to_string());
        let addresses: Vec<SocketAddr> = match host {
            Host::Domain("localhost") => {
                vec![
                    (Ipv4Addr::LOCALHOST, port).into(),
                    (Ipv6Addr::LOCALHOST, port).into(),
                ]
            }
            Host::Domain(name) if is_allowed => {
                tokio::net::lookup_host((name, port)).await.ok()?.collect()
            }
            Host::Domain(_) => return None,
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
        };
        for address in addresses {
            if !is_allowed && !address.ip().is_loopback() {
                continue;
            }
            if let Ok(stream) = TcpStream::connect(address).await {
                if self.is_simulator(&stream) {
                    return None;
                }
                return self.wrap_tls(url, stream).await;
            }
        }
        None
    }

    fn is_simulator(&self, stream: &TcpStream) -> bool {
        stream.peer_addr().is_ok_and(|peer| {
            peer.port() == self.own.port() && peer.ip().to_canonical() == self.own.ip()
        })
    }

    /// Adds TLS for https.
    async fn wrap_tls(&self, url: &Url, stream: TcpStream) -> Option<Stream> {
        if url.scheme() == "http" {
            return Some(Stream::Plain(stream));
        }
        if url.scheme() != "https" {
            return None;
        }
        let connector = self.connector.get_or_init(tls::connector).as_ref()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).ok()?;
        let stream = connector.connect(name, stream).await.ok()?;
        Some(Stream::Tls(Box::new(stream.into())))
    }
}

fn request(url: &Url, delivery: &Delivery) -> Option<hyper::Request<Full<Bytes>>> {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = if delivery.is_get {
        hyper::Request::get(path)
    } else {
        hyper::Request::post(path).header(CONTENT_TYPE, delivery.content_type)
    };
    request = request.header(HOST, host).header(USER_AGENT, SENDER);
    for (name, value) in &delivery.headers {
        request = request.header(*name, value);
    }
    request.body(Full::from(delivery.body.clone())).ok()
}
