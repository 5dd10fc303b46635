//! TLS against real servers on loopback, and proxies before them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::env;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use netgiro::{Amount, Client, ClientOptions, Error, ErrorKind, NewCart, RequestSent};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::server::{self, Request};

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
/// A host that no DNS knows: only a proxy can lead there.
const FAR_HOST: &str = "api.netgiro.invalid";

/// A certificate authority of one's own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }

    /// The authority's certificate in a file.
    fn file(&self, name: &str) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::File::create(&path)
            .unwrap()
            .write_all(self.pem.as_bytes())
            .unwrap();
        path
    }
}

/// What a server shows of itself.
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }

    fn config(self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], self.key)
            .unwrap();
        Arc::new(config)
    }
}

fn for_names(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

fn for_here() -> CertificateParams {
    for_names(&["localhost", "127.0.0.1", FAR_HOST])
}

/// What a server was sent.
type Requests = Arc<Mutex<Vec<Request>>>;
/// What a proxy was sent: the head of each request.
type Heads = Arc<Mutex<Vec<String>>>;

/// An API that says "pending" to everyone who gets through to it; gives what it is asked.
fn api(identity: Identity) -> (SocketAddr, Requests) {
    api_with(identity, rustls::ALL_VERSIONS)
}

fn api_with(
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> (SocketAddr, Requests) {
    const PENDING: &[u8] = br#"{"PaymentSuccessful":false,"Success":true,"ResultCode":10425}"#;
    let config = identity.config(versions);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Requests::default();
    let kept = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, kept) = (Arc::clone(&config), Arc::clone(&kept));
            thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                while let Some(request) = server::read(&mut stream) {
                    kept.lock().unwrap().push(request);
                    server::respond(&mut stream, 200, "", PENDING);
                }
            });
        }
    });
    (address, requests)
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// A proxy that leads every tunnel to the same address, whatever host was asked for.
async fn proxy(tls: Option<TlsAcceptor>, to: SocketAddr) -> (SocketAddr, Heads) {
    async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, to: SocketAddr, heads: Heads) {
        let Some(head) = head(&mut stream).await else {
            return;
        };
        let is_let_in = !head.contains("nobody");
        heads.lock().unwrap().push(head);
        if !is_let_in {
            let refused =
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(refused).await.ok();
            return;
        }
        let mut onward = TcpStream::connect(to).await.unwrap();
        let opened = b"HTTP/1.1 200 Connection established\r\n\r\n";
        stream.write_all(opened).await.unwrap();
        copy_bidirectional(&mut stream, &mut onward).await.ok();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Heads::default();
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (tls, kept) = (tls.clone(), Arc::clone(&kept));
            tokio::spawn(async move {
                match tls {
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve(stream, to, kept).await;
                        }
                    }
                    None => serve(stream, to, kept).await,
                }
            });
        }
    });
    (address, heads)
}

fn options(base_url: &str) -> ClientOptions {
    let mut options = ClientOptions::new(APP_KEY, "not-the-published-one");
    options.base_url = Some(base_url.to_owned());
    options.timeout = Duration::from_secs(60);
    options
}

fn order() -> NewCart {
    NewCart::new(
        Amount::new(4990).unwrap(),
        "order-1001",
        "8223281".parse().unwrap(),
    )
}

/// InsertCart's error where the connection is refused: nothing was sent, so it is no unknown outcome.
async fn refused(options: ClientOptions) -> Error {
    let client = Client::new(options).unwrap();
    let error = client.insert_cart(&order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert_eq!(error.request_sent(), RequestSent::No);
    assert!(error.message().ends_with("nothing was sent"), "{error}");
    let error = client.check_cart(ID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    error
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_refused_with_the_reason() {
    let authority = Authority::new("the shop's");
    let ca_file = authority.file("refused.pem");
    let mut expired = for_here();
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 2, 3);
    let mut future = for_here();
    future.not_before = date_time_ymd(2999, 4, 5);
    future.not_after = date_time_ymd(3000, 1, 1);
    let mut own_authority = for_here();
    own_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (identity, said) in [
        (
            Identity::self_signed(&for_here()),
            "is not signed by a trusted authority: pass ca_file",
        ),
        (
            Identity::self_signed(&own_authority),
            "self-signed as it seems: it is not signed by a trusted authority",
        ),
        (
            Authority::new("another").sign(&for_here()),
            "is not signed by a trusted authority: pass ca_file",
        ),
        (
            authority.sign(&expired),
            "has expired on 2021-02-03T00:00:00Z",
        ),
        (
            authority.sign(&future),
            "is valid only from 2999-04-05T00:00:00Z on",
        ),
        (
            authority.sign(&for_names(&["other.example", "10.0.0.1"])),
            "is for other.example, 10.0.0.1, not localhost",
        ),
    ] {
        let (address, heads) = api(identity);
        let mut options = options(&format!("https://localhost:{}/v1/", address.port()));
        options.ca_file = Some(ca_file.clone());
        let error = refused(options).await;
        assert!(error.message().contains(said), "{said}: {error}");
        assert!(heads.lock().unwrap().is_empty(), "a request got through");
    }
}

#[tokio::test]
async fn a_ca_file_opens_the_way_to_the_servers_it_vouches_for() {
    let authority = Authority::new("the shop's");
    for versions in [
        &[&rustls::version::TLS12][..],
        &[&rustls::version::TLS13][..],
    ] {
        let (address, heads) = api_with(authority.sign(&for_here()), versions);
        for host in ["localhost", "127.0.0.1"] {
            let mut options = options(&format!("https://{host}:{}/v1/", address.port()));
            options.ca_file = Some(authority.file("vouches.pem"));
            let client = Client::new(options).unwrap();
            client.check_cart(ID).await.unwrap();
        }
        assert_eq!(heads.lock().unwrap().len(), 2);
    }
}

/// A server that answers the first bytes of each connection with these, whatever they are.
async fn raw(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.ok();
            stream.write_all(&answer).await.ok();
            // Read on, or closing would reset the connection before the answer is read.
            tokio::spawn(async move { stream.read_to_end(&mut Vec::new()).await });
        }
    });
    address
}

#[tokio::test]
async fn what_is_no_tls_of_today_is_refused_with_the_reason() {
    let tls11_only_by_alert = vec![0x15, 0x03, 0x01, 0, 2, 2, 70];
    let mut tls11_server_hello = vec![0x16, 0x03, 0x02, 0, 42, 2, 0, 0, 38, 0x03, 0x02];
    tls11_server_hello.extend([7; 32]);
    tls11_server_hello.extend([0, 0x00, 0x2f, 0]);
    let no_cipher = vec![0x15, 0x03, 0x03, 0, 2, 2, 40];
    let plain_http = b"HTTP/1.1 400 Bad Request\r\n\r\nThis is an HTTPS port\r\n".to_vec();
    for (answer, said) in [
        (tls11_only_by_alert, "the server offers no TLS 1.2 or later"),
        (tls11_server_hello, "the server offers no TLS 1.2 or later"),
        (no_cipher, "no TLS cipher in common"),
        (plain_http, "does not speak TLS"),
    ] {
        let address = raw(answer).await;
        let error = refused(options(&format!("https://{address}/v1/"))).await;
        assert!(error.message().contains(said), "{said}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_closes_during_the_handshake_has_seen_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    refused(options(&format!("https://{address}/v1/"))).await;
}

#[tokio::test]
async fn the_proxy_of_the_options_is_gone_through_and_its_password_is_shown_nowhere() {
    let authority = Authority::new("the shop's");
    let (api_address, seen) = api(authority.sign(&for_here()));
    let tls = TlsAcceptor::from(authority.sign(&for_here()).config(rustls::ALL_VERSIONS));
    for (scheme, tls) in [("http", None), ("https", Some(tls))] {
        let (address, tunnels) = proxy(tls, api_address).await;
        let mut options = options(&format!("https://{FAR_HOST}/v1/"));
        options.ca_file = Some(authority.file("proxied.pem"));
        options.proxy = Some(format!(
            "{scheme}://shop:hunter2@localhost:{}",
            address.port()
        ));
        assert!(!format!("{options:?}").contains("hunter2"), "{options:?}");
        let client = Client::new(options.clone()).unwrap();
        client.check_cart(ID).await.unwrap();
        assert!(!format!("{client:?}").contains("hunter2"), "{client:?}");
        assert!(
            !format!("{client:?}").contains("c2hvcDpodW50ZXIy"),
            "{client:?}"
        );
        let tunnels: Vec<_> = tunnels.lock().unwrap().drain(..).collect();
        assert_eq!(tunnels.len(), 1);
        assert!(tunnels[0].starts_with(&format!("CONNECT {FAR_HOST}:443 ")));
        // base64 of shop:hunter2
        assert!(
            tunnels[0].contains("Basic c2hvcDpodW50ZXIy"),
            "{}",
            tunnels[0]
        );
        assert!(
            !tunnels[0].to_lowercase().contains("netgiro_"),
            "{}",
            tunnels[0]
        );

        options.proxy = Some(format!("{scheme}://localhost:{}", address.port()));
        options.base_url = Some("https://nobody.invalid/v1/".to_owned());
        let error = refused(options).await;
        for said in [
            &format!("through the proxy {scheme}://localhost:{}", address.port()),
            "proxy authorization required",
        ] {
            assert!(error.message().contains(said), "{error}");
        }
    }
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_without_its_password() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let mut options = options(&format!("https://{FAR_HOST}/v1/"));
    options.proxy = Some(format!("http://shop:hunter2@{address}"));
    let error = refused(options).await;
    let shown = format!("{error} {error:?}");
    assert!(shown.contains(&format!("http://***@{address}")), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_proxy_that_cannot_be_one_is_refused_when_the_client_is_made() {
    for proxy in ["proxy.example:3128", "socks5://proxy.example", "http://"] {
        let mut options = options("https://api.netgiro.is/v1/");
        options.proxy = Some(proxy.to_owned());
        let error = Client::new(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    }
    // Plain http is for this machine alone, and a proxy elsewhere is not on it.
    let mut options = options("http://127.0.0.1:8080/v1/");
    options.proxy = Some("http://shop:hunter2@proxy.example:3128".to_owned());
    let error = Client::new(options.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.message().contains("in the clear"), "{error}");
    assert!(!error.message().contains("hunter2"), "{error}");
    options.proxy = Some("http://localhost:3128".to_owned());
    Client::new(options).unwrap();
}

/// Does a check as the environment has it, when this test is started by one of those below.
#[tokio::test]
async fn child() {
    let Ok(base_url) = env::var("TEST_BASE_URL") else {
        return;
    };
    let mut options = options(&base_url);
    options.ca_file = env::var_os("TEST_CA_FILE").map(PathBuf::from);
    let checked = match Client::new(options) {
        Ok(client) => client.check_cart(ID).await,
        Err(error) => Err(error),
    };
    let outcome = checked.map_or_else(|error| error.to_string(), |state| state.status.to_string());
    std::io::stderr()
        .write_all(format!("outcome: {outcome}\n").as_bytes())
        .unwrap();
}

/// The environment can be set for another process only: `set_var` is unsafe while threads run.
async fn outcome_with(variables: Vec<(&'static str, String)>) -> String {
    let output = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "tls::child", "--nocapture"]);
        for unset in [
            "SSL_CERT_DIR",
            "HTTPS_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
            "NO_PROXY",
            "no_proxy",
        ] {
            command.env_remove(unset);
        }
        command.envs(variables).output().unwrap()
    })
    .await
    .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines()
        .find_map(|line| line.split_once("outcome: "))
        .map(|(_, outcome)| outcome.to_owned())
        .expect("the child says how it went")
}

#[tokio::test]
async fn the_systems_roots_are_trusted_and_their_absence_is_survived() {
    let authority = Authority::new("the shop's");
    let (address, _) = api(authority.sign(&for_here()));
    let base_url = format!("https://localhost:{}/v1/", address.port());
    let file = authority.file("system.pem").display().to_string();
    let variables = |system: &str| {
        vec![
            ("TEST_BASE_URL", base_url.clone()),
            ("SSL_CERT_FILE", system.to_owned()),
        ]
    };
    assert_eq!(outcome_with(variables(&file)).await, "pending");
    let refusal = outcome_with(variables("/dev/null")).await;
    assert!(
        refusal.contains("is not signed by a trusted authority"),
        "{refusal}"
    );
    let mut with_file = variables("/dev/null");
    with_file.push(("TEST_CA_FILE", file));
    assert_eq!(outcome_with(with_file).await, "pending");
}

#[tokio::test]
async fn a_proxy_of_the_environment_that_cannot_be_read_is_refused_and_not_passed_by() {
    let authority = Authority::new("the shop's");
    let (api_address, _) = api(authority.sign(&for_here()));
    // Without the proxy this host would be reached.
    let base_url = format!("https://localhost.localdomain:{}/v1/", api_address.port());
    for (name, value) in [
        ("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:1 "),
        ("https_proxy", "\"http://me:hunter2@127.0.0.1:1\""),
        ("ALL_PROXY", "http://me:hunter2@127.0.0.1:1\r"),
    ] {
        let variables = vec![
            ("TEST_BASE_URL", base_url.clone()),
            (name, value.to_owned()),
        ];
        let told = outcome_with(variables).await;
        // Windows has one variable for both spellings.
        let name = if cfg!(windows) {
            name.to_uppercase()
        } else {
            name.to_owned()
        };
        assert!(
            told.contains(&format!("the variable {name} must")),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_gone_through_unless_it_excepts_the_host() {
    let authority = Authority::new("the shop's");
    let (api_address, _) = api(authority.sign(&for_here()));
    let (address, tunnels) = proxy(None, api_address).await;
    let variables = |more: &[(&'static str, &str)]| {
        let mut variables = vec![
            ("TEST_BASE_URL", format!("https://{FAR_HOST}/v1/")),
            (
                "TEST_CA_FILE",
                authority.file("env.pem").display().to_string(),
            ),
            ("HTTPS_PROXY", format!("http://{address}")),
        ];
        variables.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        variables
    };
    assert_eq!(outcome_with(variables(&[])).await, "pending");
    assert_eq!(tunnels.lock().unwrap().drain(..).count(), 1);
    let direct = outcome_with(variables(&[("NO_PROXY", ".netgiro.invalid")])).await;
    assert!(direct.contains("nothing was sent"), "{direct}");
    // The environment's proxy cannot reach this machine's loopback.
    let loopback = format!("https://localhost:{}/v1/", api_address.port());
    let here = outcome_with(variables(&[("TEST_BASE_URL", &loopback)])).await;
    assert_eq!(here, "pending");
    assert_eq!(tunnels.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_named() {
    let outcome = outcome_with(vec![(
        "TEST_BASE_URL",
        "https://nobody.invalid/v1/".to_owned(),
    )])
    .await;
    assert!(outcome.contains("nobody.invalid"), "{outcome}");
    assert!(outcome.contains("connect"), "{outcome}");
}
