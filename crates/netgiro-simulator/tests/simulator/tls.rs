//! https, from both sides, and what a tunnel or a proxy changes.

use crate::shop::{Message, PHONE, Shop, order, until, write_request};
use netgiro::{Amount, Client, ClientOptions, NewCart};
use netgiro_simulator::{Simulator, SimulatorOptions, Tls};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn client(simulator: &Simulator) -> Client {
    let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
    options.base_url = Some(simulator.url().to_owned());
    options.ca_file = simulator.ca_file().map(Into::into);
    Client::new(options).unwrap()
}

fn insert_cart(client: &Client) -> netgiro::Result<netgiro::Cart> {
    let cart = NewCart::new(
        Amount::try_from(4990).unwrap(),
        "order-1",
        PHONE.parse().unwrap(),
    );
    runtime().block_on(client.insert_cart(&cart))
}

fn with_tls(tls: Tls) -> SimulatorOptions {
    SimulatorOptions {
        tls: Some(tls),
        ..SimulatorOptions::default()
    }
}

#[test]
fn a_client_that_trusts_the_authority_is_served() {
    let simulator = Simulator::start(with_tls(Tls::SelfMade)).unwrap();
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let file = simulator.ca_file().unwrap().to_owned();
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        simulator.ca_pem().unwrap()
    );
    assert!(insert_cart(&client(&simulator)).is_ok());
    assert!(simulator.requests()[0].signature_ok);

    // Also by its other name, but not without the authority.
    let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
    options.base_url = Some(simulator.url().replace("127.0.0.1", "localhost"));
    let stranger = Client::new(options.clone()).unwrap();
    let error = insert_cart(&stranger).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not signed by a trusted authority"),
        "{error}"
    );
    options.ca_file = Some(file.clone());
    assert!(insert_cart(&Client::new(options).unwrap()).is_ok());

    simulator.close();
    assert!(!file.exists());
}

#[test]
fn an_own_certificate_is_served() {
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names)
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let simulator = Simulator::start(with_tls(Tls::Given {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }))
    .unwrap();
    assert_eq!((simulator.ca_pem(), simulator.ca_file()), (None, None));
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("given.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
    options.base_url = Some(simulator.url().to_owned());
    options.ca_file = Some(file);
    assert!(insert_cart(&Client::new(options).unwrap()).is_ok());

    for (certificate, key) in [("", ""), ("nonsense", "nonsense")] {
        let error = Simulator::start(with_tls(Tls::Given {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }))
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(
            error.to_string().starts_with("tls needs a certificate"),
            "{error}"
        );
    }
    let printed = format!(
        "{:?}",
        with_tls(Tls::Given {
            certificate: String::new(),
            key: "hush".to_owned(),
        })
    );
    assert!(!printed.contains("hush"));
}

#[test]
fn a_stalled_handshake_blocks_nobody() {
    let simulator = Simulator::start(with_tls(Tls::SelfMade)).unwrap();
    let address = simulator.url().split('/').nth(2).unwrap().to_owned();
    let mut silent = TcpStream::connect(&address).unwrap();
    let mut plain = TcpStream::connect(&address).unwrap();
    write_request(&mut plain, "GET", "/", &address, &[], b"").unwrap();
    assert!(insert_cart(&client(&simulator)).is_ok());
    // Otherwise it would wait for the two forever.
    simulator.close();
    assert_eq!(silent.read(&mut [0; 8]).unwrap_or(0), 0);
}

#[test]
fn a_signature_for_the_public_url_is_accepted_with_any_host() {
    let shop = Shop::with(SimulatorOptions {
        public_url: Some("https://abc.tunnel.example/netgiro".to_owned()),
        ..SimulatorOptions::default()
    });
    let public = "https://abc.tunnel.example/netgiro/v1/";
    assert_eq!(shop.simulator.url(), public);
    assert_eq!(
        shop.simulator.page_url(),
        "https://abc.tunnel.example/netgiro/"
    );
    let local = shop.simulator.local_url().to_owned();
    let address = local.split('/').nth(2).unwrap().to_owned();
    let body = order(PHONE, 0).to_string();
    let send = |path: &str, host: &str, signed: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let headers = shop.signed(signed, body.as_bytes());
        write_request(&mut stream, "POST", path, host, &headers, body.as_bytes()).unwrap();
        Message::read(&mut stream).unwrap()
    };
    let signed = format!("{public}Checkout/InsertCart");
    let secret = shop.simulator.secret_key();
    for (path, host) in [
        ("/v1/Checkout/InsertCart", address.as_str()),
        ("/v1/Checkout/InsertCart", "abc.tunnel.example"),
        ("/netgiro/v1/Checkout/InsertCart", "inner.example:1"),
    ] {
        let answer = send(path, host, &signed);
        assert_eq!(answer.row(), (true, None, 200), "{path} {host}");
        assert!(answer.is_signed(secret, &signed), "{path} {host}");
    }
    // Direct requests are signed for the local URL.
    let direct = format!("{local}Checkout/InsertCart");
    let answer = send("/v1/Checkout/InsertCart", &address, &direct);
    assert!(answer.is_signed(secret, &direct));
    let elsewhere = send(
        "/v1/Checkout/InsertCart",
        &address,
        "https://evil.example/v1/Checkout/InsertCart",
    );
    assert_eq!(elsewhere.status(), 401);
    let why = elsewhere.json()["Message"].as_str().unwrap().to_owned();
    assert!(why.contains(&signed), "{why}");

    // The page below the proxy's path, and its control.
    let mut stream = TcpStream::connect(&address).unwrap();
    let own = [("Origin".to_owned(), "https://abc.tunnel.example".to_owned())];
    let advance = json!({"seconds": 1}).to_string();
    let path = "/netgiro/simulator/advance";
    write_request(
        &mut stream,
        "POST",
        path,
        "inner.example",
        &own,
        advance.as_bytes(),
    )
    .unwrap();
    assert_eq!(
        Message::read(&mut stream).unwrap().status(),
        403,
        "an unknown host"
    );
    let mut stream = TcpStream::connect(&address).unwrap();
    write_request(
        &mut stream,
        "POST",
        path,
        "abc.tunnel.example",
        &own,
        advance.as_bytes(),
    )
    .unwrap();
    assert_eq!(Message::read(&mut stream).unwrap().status(), 204);
}

#[test]
fn latency_delays_the_api() {
    let shop = Shop::with(SimulatorOptions {
        latency: Duration::from_millis(150),
        ..SimulatorOptions::default()
    });
    let started = Instant::now();
    shop.insert(PHONE, 0);
    assert!(started.elapsed() >= Duration::from_millis(150));
}

/// A shop with TLS and an unknown certificate; it responds to one callback with 200.
fn tls_callback_server() -> (u16, thread::JoinHandle<String>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["shop.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        let mut seen = Vec::new();
        while !seen.ends_with(b"}") {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).unwrap();
            seen.extend_from_slice(&piece[..length]);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        stream.flush().unwrap();
        String::from_utf8(seen).unwrap()
    });
    (port, thread)
}

#[test]
fn callbacks_reach_a_shop_with_tls() {
    let shop = Shop::open();
    let (port, heard) = tls_callback_server();
    let url = format!("https://localhost:{port}/callback?a=b");
    let cart = shop.insert_calling(PHONE, 1, Some(&url));
    shop.simulator.confirm(cart).unwrap();
    until("acknowledged", || {
        shop.simulator.cart(cart).unwrap().is_paid
    });
    let heard = heard.join().unwrap();
    assert!(
        heard.starts_with("POST /callback?a=b HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains(&format!("host: localhost:{port}\r\n")),
        "{heard}"
    );
}

#[test]
fn callbacks_reach_only_allowed_hosts() {
    // An address of this machine that is not loopback; without a listener, "refused" still differs from "not tried".
    let allowed = Shop::with(SimulatorOptions {
        callback_hosts: vec!["shop.localhost".to_owned(), "192.0.2.1".to_owned()],
        ..SimulatorOptions::default()
    });
    let cart = allowed.insert_calling(PHONE, 0, Some("http://elsewhere.example/callback"));
    allowed.simulator.confirm(cart).unwrap();
    until("given up", || allowed.simulator.callbacks()[0].is_done);
    assert_eq!(allowed.simulator.callbacks()[0].status, None);

    for wrong in ["https://shop.example", "", "*.example", "a b"] {
        let error = Simulator::start(SimulatorOptions {
            callback_hosts: vec![wrong.to_owned()],
            ..SimulatorOptions::default()
        })
        .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("callback_hosts must be hosts"),
            "{error}"
        );
    }
}
