//! The floor: what a check costs at the least. It signs, sends one POST on a kept connection, verifies the answer, and reads it
//! into the same typed state as the library.
//!
//! Its HTTP is written by hand, for this server alone: it is a measure, and no example.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use netgiro::{CartRef, CartState};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Url;
use uuid::Uuid;

use crate::{APP_KEY, SECRET_KEY};

/// What may go wrong while measuring.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Enough for a request, and for an answer.
const ROOM: usize = 4096;

/// The server, and what a request to it begins with.
pub struct Floor {
    url: Url,
    head: String,
    tls: Option<Arc<ClientConfig>>,
    nonce: u64,
}

impl Floor {
    /// Opens nothing yet. `ca` is the file of the authority, where the server speaks TLS.
    pub fn new(base_url: &str, ca: Option<&str>) -> Outcome<Self> {
        let url = Url::parse(base_url)?.join("Checkout/CheckCart")?;
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json; charset=utf-8\r\nnetgiro_appkey: {APP_KEY}\r\n",
            url.path(),
            url.authority(),
        );
        let tls = ca.map(configuration).transpose()?;
        Ok(Self {
            url,
            head,
            tls,
            nonce: 638_412_345_678_901_234,
        })
    }

    fn address(&self) -> Outcome<(&str, u16)> {
        let host = self.url.host_str().ok_or("no host")?;
        Ok((host, self.url.port().ok_or("no port")?))
    }

    /// Makes `calls` checks one after another on one connection, and hands each state on.
    pub fn one_after_another(
        &mut self,
        carts: impl Iterator<Item = Uuid>,
        each: impl FnMut(CartState),
    ) -> Outcome<()> {
        let (host, port) = self.address()?;
        let stream = TcpStream::connect((host, port))?;
        stream.set_nodelay(true)?;
        match self.tls.clone() {
            None => self.blocking(stream, carts, each),
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned())?;
                let connection = ClientConnection::new(tls, name)?;
                self.blocking(StreamOwned::new(connection, stream), carts, each)
            }
        }
    }

    fn blocking(
        &mut self,
        mut stream: impl Read + Write,
        carts: impl Iterator<Item = Uuid>,
        mut each: impl FnMut(CartState),
    ) -> Outcome<()> {
        let mut sent = Vec::with_capacity(ROOM);
        let mut received = [0; ROOM];
        for cart in carts {
            self.write_request(cart, &mut sent)?;
            stream.write_all(&sent)?;
            stream.flush()?;
            let mut length = 0;
            let state = loop {
                let room = received.get_mut(length..).unwrap_or_default();
                match stream.read(room)? {
                    0 => return Err("the server closed the connection".into()),
                    more => length += more,
                }
                let whole = received.get(..length).unwrap_or_default();
                if let Some(state) = self.read_answer(cart, whole)? {
                    break state;
                }
            };
            each(state);
        }
        Ok(())
    }

    /// Makes checks on one connection of many, until the carts they share are used up.
    pub async fn beside_others(
        &mut self,
        carts: impl Iterator<Item = Uuid>,
        each: impl FnMut(CartState),
    ) -> Outcome<()> {
        let stream = tokio::net::TcpStream::connect(self.address()?).await?;
        stream.set_nodelay(true)?;
        match self.tls.clone() {
            None => self.concurrent(stream, carts, each).await,
            Some(tls) => {
                let name = ServerName::try_from(self.address()?.0.to_owned())?;
                let connector = tokio_rustls::TlsConnector::from(tls);
                let stream = connector.connect(name, stream).await?;
                self.concurrent(stream, carts, each).await
            }
        }
    }

    async fn concurrent(
        &mut self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        carts: impl Iterator<Item = Uuid>,
        mut each: impl FnMut(CartState),
    ) -> Outcome<()> {
        let mut sent = Vec::with_capacity(ROOM);
        let mut received = Vec::with_capacity(ROOM);
        for cart in carts {
            self.write_request(cart, &mut sent)?;
            stream.write_all(&sent).await?;
            stream.flush().await?;
            received.clear();
            let state = loop {
                if stream.read_buf(&mut received).await? == 0 {
                    return Err("the server closed the connection".into());
                }
                if let Some(state) = self.read_answer(cart, &received)? {
                    break state;
                }
            };
            each(state);
        }
        Ok(())
    }

    fn write_request(&mut self, cart: Uuid, output: &mut Vec<u8>) -> Outcome<()> {
        self.nonce += 1;
        let nonce = self.nonce.to_string();
        let body = format!(r#"{{"TransactionId":"{cart}"}}"#);
        let signature = netgiro::sign(SECRET_KEY, &nonce, self.url.as_str(), body.as_bytes());
        output.clear();
        write!(
            output,
            "{}netgiro_nonce: {nonce}\r\nnetgiro_signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        )?;
        Ok(())
    }

    /// The state in an answer, once all of it is here.
    fn read_answer(&self, cart: Uuid, answer: &[u8]) -> Outcome<Option<CartState>> {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut parsed = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = parsed.parse(answer)? else {
            return Ok(None);
        };
        let (mut length, mut nonce, mut signature) = (0, None, None);
        for header in parsed.headers.iter() {
            let value = std::str::from_utf8(header.value)?;
            match header.name {
                "content-length" => length = value.parse()?,
                "netgiro_nonce" => nonce = Some(value),
                "netgiro_signature" => signature = Some(value),
                _ => {}
            }
        }
        let Some(body) = answer.get(start..start + length) else {
            return Ok(None);
        };
        if let (Some(nonce), Some(signature)) = (nonce, signature) {
            verify(nonce, self.url.as_str(), body, signature)?;
        }
        let state = netgiro::internals::read_check(&CartRef::from(cart), body.to_vec())?;
        Ok(Some(state))
    }
}

/// Verifies a callback and reads it: what it costs without a network.
pub fn read_signed(
    cart: &CartRef,
    nonce: &str,
    url: &str,
    body: &[u8],
    signature: &str,
) -> Outcome<CartState> {
    verify(nonce, url, body, signature)?;
    Ok(netgiro::internals::read_check(cart, body.to_vec())?)
}

fn verify(nonce: &str, url: &str, body: &[u8], signature: &str) -> Outcome<()> {
    if netgiro::sign(SECRET_KEY, nonce, url, body) == signature {
        return Ok(());
    }
    Err("the signature does not match".into())
}

fn configuration(ca: &str) -> Outcome<Arc<ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(configuration))
}
