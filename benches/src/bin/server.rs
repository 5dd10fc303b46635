//! The server that clients are measured against: one thread, HTTP/1.1, and nothing but `CheckCart`.
//!
//! It reads a request, takes the cart's id out of it, and answers from a template, so that what is measured is the client.
//! It neither checks signatures nor keeps carts, but for how often each was asked for (`--pending`).
//!
//! ```text
//! netgiro-bench-server [--signed] [--tls FOLDER] [--pending CHECKS]
//! ```
//!
//! `--signed` signs the answers with the published test account's key. `--tls` speaks TLS, and leaves the authority's
//! certificate in the folder as `ca.pem`. `--pending` answers "waiting for the customer" to so many checks of a cart before
//! it is confirmed. Prints its base URL, and serves until its standard input ends.

use std::collections::HashMap;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::{cell::RefCell, fmt::Write as _};

use netgiro_benches::SECRET_KEY;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The length of a GUID.
const ID: usize = 36;

#[derive(Default)]
struct Options {
    signed: bool,
    tls: Option<PathBuf>,
    pending: u32,
}

impl Options {
    fn read() -> Outcome<Self> {
        let mut options = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--signed" => options.signed = true,
                "--tls" => options.tls = arguments.next().map(PathBuf::from),
                "--pending" => options.pending = arguments.next().unwrap_or_default().parse()?,
                unknown => return Err(format!("unknown option {unknown}").into()),
            }
        }
        Ok(options)
    }
}

/// What all connections share.
struct Server {
    signed: bool,
    url: String,
    pending: u32,
    checks: RefCell<HashMap<[u8; ID], u32>>,
    nonce: RefCell<u64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let options = Options::read()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let tls = options.tls.as_deref().map(acceptor).transpose()?;
    let base = match tls {
        Some(_) => format!("https://localhost:{port}/v1/"),
        None => format!("http://127.0.0.1:{port}/v1/"),
    };
    let server = Rc::new(Server {
        signed: options.signed,
        url: format!("{base}Checkout/CheckCart"),
        pending: options.pending,
        checks: RefCell::default(),
        nonce: RefCell::new(638_412_345_678_901_234),
    });
    writeln!(std::io::stdout(), "{base}")?;
    let serving = tokio::task::LocalSet::new();
    serving
        .run_until(async move {
            tokio::select! {
                ended = serve(listener, tls, server) => ended,
                () = end_of_input() => Ok(()),
            }
        })
        .await
}

/// Whoever started the server is gone when its standard input ends.
async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        ended.send(())
    });
    let _ = end.await;
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, server: Rc<Server>) -> Outcome<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let server = Rc::clone(&server);
        let tls = tls.clone();
        tokio::task::spawn_local(async move {
            // A client that leaves is nobody's concern.
            let _ = match tls {
                None => converse(stream, &server).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => converse(stream, &server).await,
                    Err(error) => Err(error.into()),
                },
            };
        });
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, server: &Server) -> Outcome<()> {
    let mut input = Vec::with_capacity(4096);
    let mut output = Vec::with_capacity(4096);
    loop {
        while let Some((length, body)) = request(&input)? {
            server.answer(input.get(body..length).unwrap_or_default(), &mut output)?;
            input.drain(..length);
        }
        if !output.is_empty() {
            stream.write_all(&output).await?;
            stream.flush().await?;
            output.clear();
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

/// The length of the first request, and where its body starts, once all of it is here.
fn request(input: &[u8]) -> Outcome<Option<(usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(body) = parsed.parse(input)? else {
        return Ok(None);
    };
    let mut length = 0;
    for header in parsed.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = std::str::from_utf8(header.value)?.parse()?;
        }
    }
    let end = body + length;
    Ok((input.len() >= end).then_some((end, body)))
}

impl Server {
    fn answer(&self, request: &[u8], output: &mut Vec<u8>) -> Outcome<()> {
        let id = transaction_id(request).ok_or("a request without a cart")?;
        let id_text = std::str::from_utf8(&id)?;
        let mut body = String::with_capacity(600);
        if self.is_pending(id) {
            body.push_str(
                r#"{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"Message":null,"ResultCode":10425}"#,
            );
        } else {
            write!(
                body,
                r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"{id_text}","InvoiceNumber":1001,"ReferenceNumber":"order-1001","StatusId":2,"Created":"2026-01-22T13:22:05.123","TotalAmount":4990.00,"DiscountAmount":0.00,"ShippingAmount":0.00,"HandlingAmount":0.00,"AccountNumber":null,"NumberOfInstallments":1,"ClientIdentityConfirmed":true,"LocationId":null,"RegisterId":null}},"Success":true,"Message":null,"ResultCode":10200}}"#
            )?;
        }
        let mut signing = String::new();
        if self.signed {
            let nonce = {
                let mut nonce = self.nonce.borrow_mut();
                *nonce += 1;
                *nonce
            };
            let mut hash = Sha256::new();
            hash.update(SECRET_KEY);
            hash.update(nonce.to_string());
            hash.update(&self.url);
            hash.update(&body);
            write!(signing, "netgiro_nonce: {nonce}\r\nnetgiro_signature: ")?;
            for byte in hash.finalize() {
                write!(signing, "{byte:02x}")?;
            }
            signing.push_str("\r\nnetgiro_referenceId: 7c9e6679\r\n");
        }
        write!(
            output,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n{signing}\r\n{body}",
            body.len()
        )?;
        Ok(())
    }

    fn is_pending(&self, id: [u8; ID]) -> bool {
        if self.pending == 0 {
            return false;
        }
        let mut checks = self.checks.borrow_mut();
        let checks = checks.entry(id).or_default();
        *checks += 1;
        *checks <= self.pending
    }
}

/// The cart's id: what follows the first colon, without its quotation mark.
fn transaction_id(request: &[u8]) -> Option<[u8; ID]> {
    let colon = request.iter().position(|byte| *byte == b':')?;
    let value = request.get(colon..)?;
    let quote = value.iter().position(|byte| *byte == b'"')?;
    value.get(quote + 1..=quote + ID)?.try_into().ok()
}

/// TLS for `localhost`, under an authority made for the occasion.
fn acceptor(folder: &Path) -> Outcome<TlsAcceptor> {
    let authority_key = rcgen::KeyPair::generate()?;
    let mut authority = rcgen::CertificateParams::new(Vec::new())?;
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    // A name of its own: by the same name, what it signs looks signed by itself.
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "netgiro benchmark authority");
    let authority = rcgen::CertifiedIssuer::self_signed(authority, authority_key)?;
    let key = rcgen::KeyPair::generate()?;
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &authority)?;
    std::fs::write(folder.join("ca.pem"), authority.pem())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )?;
    Ok(TlsAcceptor::from(Arc::new(configuration)))
}
