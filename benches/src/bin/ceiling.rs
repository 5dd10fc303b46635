//! The ceiling, where wrk is not installed: bare sockets that send one request over and over, and look at no answer.
//!
//! `ceiling BASE_URL CONNECTIONS SECONDS`, with the authority's certificate in `NETGIRO_BENCH_CA` where the server speaks
//! TLS. Prints a line of JSON, as `wrk.lua` does.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const BODY: &str = r#"{"TransactionId":"00000000-0000-4000-8000-000000000001"}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let usage = "ceiling BASE_URL CONNECTIONS SECONDS";
    let mut arguments = std::env::args().skip(1);
    let url: url::Url = arguments.next().ok_or(usage)?.parse()?;
    let connections: u32 = arguments.next().ok_or(usage)?.parse()?;
    let seconds: u64 = arguments.next().ok_or(usage)?.parse()?;

    let host = url.host_str().ok_or("no host")?.to_owned();
    let address = (host.clone(), url.port().ok_or("no port")?);
    let request: Arc<str> = request(&url).into();
    let tls = std::env::var_os("NETGIRO_BENCH_CA")
        .filter(|_| url.scheme() == "https")
        .map(connector)
        .transpose()?;
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address.clone()).await?;
        stream.set_nodelay(true)?;
        let (tls, request) = (tls.clone(), Arc::clone(&request));
        let name = ServerName::try_from(host.clone())?;
        tasks.push(tokio::spawn(async move {
            match tls {
                Some(tls) => converse(tls.connect(name, stream).await?, &request, until).await,
                None => converse(stream, &request, until).await,
            }
        }));
    }
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    took.sort_unstable();
    let median = took.get(took.len() / 2).ok_or("no answer")?;
    let answered = f64::from(u32::try_from(took.len())?);
    writeln!(
        stdout(),
        r#"{{"per_second": {}, "median_us": {}}}"#,
        answered / started.elapsed().as_secs_f64(),
        median.as_secs_f64() * 1e6
    )?;
    Ok(())
}

/// A check of a cart, as a client sends it.
fn request(url: &url::Url) -> String {
    format!(
        "POST {}Checkout/CheckCart HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json; charset=utf-8\r\n\
         netgiro_appkey: 881E674F-7891-4C20-AFD8-56FE2624C4B5\r\nnetgiro_nonce: 638412345678901234\r\n\
         netgiro_signature: {}\r\ncontent-length: {}\r\n\r\n{BODY}",
        url.path(),
        url.authority(),
        "0".repeat(64),
        BODY.len()
    )
}

/// Asks again and again; gives how long each answer took.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    until: Instant,
) -> Outcome<Vec<Duration>> {
    let mut took = Vec::new();
    let mut answer = Vec::with_capacity(4096);
    loop {
        let asked = Instant::now();
        if asked > until {
            return Ok(took);
        }
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        answer.clear();
        while !is_whole(&answer)? {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
        took.push(asked.elapsed());
    }
}

fn is_whole(answer: &[u8]) -> Outcome<bool> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(body) = parsed.parse(answer)? else {
        return Ok(false);
    };
    let length = parsed
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .ok_or("no length")?;
    let length: usize = std::str::from_utf8(length.value)?.parse()?;
    Ok(answer.len() >= body + length)
}

fn connector(ca: std::ffi::OsString) -> Outcome<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(configuration)))
}
