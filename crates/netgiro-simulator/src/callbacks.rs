//! Carries callbacks to the merchant.

use crate::ledger::Delivery;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpStream;
use url::{Host, Url};

/// Posts a callback, and gives the status of the answer; `None` when there is none in time.
pub(crate) async fn deliver(delivery: &Delivery, timeout: Duration) -> Option<u16> {
    tokio::time::timeout(timeout, post(delivery)).await.ok()?
}

async fn post(delivery: &Delivery) -> Option<u16> {
    let url = Url::parse(&delivery.letter.url).ok()?;
    let request = request(&url, delivery)?;
    let stream = connect(&url).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    // Driven here, not by a task of its own, so that it ends with this call. An endpoint that hangs up right after its
    // answer ends the connection while the answer is on its way to us.
    let mut answer = pin!(sender.send_request(request));
    let answer = tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    };
    answer.ok().map(|answer| answer.status().as_u16())
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
    let mut request = hyper::Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, "application/json; charset=utf-8");
    for (name, value) in &delivery.headers {
        request = request.header(*name, value);
    }
    request.body(Full::from(delivery.body.clone())).ok()
}

/// Reaches this machine only, and without TLS: everything else is unreachable.
async fn connect(url: &Url) -> Option<TcpStream> {
    if url.scheme() != "http" {
        return None;
    }
    let port = url.port_or_known_default()?;
    let addresses: Vec<IpAddr> = match url.host()? {
        Host::Domain("localhost") => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Host::Domain(_) => return None,
        Host::Ipv4(address) => vec![address.into()],
        Host::Ipv6(address) => vec![address.into()],
    };
    for address in addresses.into_iter().filter(IpAddr::is_loopback) {
        if let Ok(stream) = TcpStream::connect((address, port)).await {
            return Some(stream);
        }
    }
    None
}
