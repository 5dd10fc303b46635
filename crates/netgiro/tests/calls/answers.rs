//! Answers that no sound server gives: what each is taken for, and how often it is asked for.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{self, Answer, Request, SECRET, server};
use netgiro::{
    Amount, CartStatus, Client, ClientOptions, ErrorKind, NewCart, RequestSent,
    ResponseVerification,
};
use uuid::Uuid;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
const PENDING: &str =
    r#"{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"ResultCode":10425}"#;

fn client(base_url: &str) -> Client {
    client_within(base_url, 900)
}

fn client_within(base_url: &str, milliseconds: u64) -> Client {
    let mut options = ClientOptions::new(APP_KEY, SECRET);
    options.base_url = Some(base_url.to_owned());
    options.timeout = Duration::from_millis(milliseconds);
    Client::new(options).unwrap()
}

fn order() -> NewCart {
    NewCart::new(
        Amount::new(4990).unwrap(),
        "order-1001",
        "8223281".parse().unwrap(),
    )
}

fn inserted() -> String {
    format!(r#"{{"Success":true,"ResultCode":200,"TransactionId":"{ID}"}}"#)
}

/// A body with the length of its own choice.
fn with_body(headers: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{headers}\r\n");
    Answer::raw([head.as_bytes(), body].concat())
}

/// What CheckCart and InsertCart make of an answer that is always the same.
struct Taken {
    check: ErrorKind,
    sent: RequestSent,
    /// How often CheckCart was sent.
    times: usize,
    /// What the sentence says.
    says: &'static str,
}

async fn taken(name: &str, answer: Answer, taken: Taken) {
    // Long enough for a slow machine; none of these waits for it.
    taken_within(name, 60_000, answer, taken).await;
}

async fn taken_within(name: &str, milliseconds: u64, answer: Answer, taken: Taken) {
    let (base, requests) = server(vec![answer]);
    let client = client_within(&base, milliseconds);
    let error = client.check_cart(ID).await.unwrap_err();
    assert_eq!(error.kind(), taken.check, "{name}: {error}");
    assert_eq!(error.request_sent(), taken.sent, "{name}: {error}");
    assert!(error.retryable(), "{name}: {error}");
    assert!(error.message().contains(taken.says), "{name}: {error}");
    assert!(error.message().len() < 600, "{name}: {error}");
    assert_eq!(count(&requests), taken.times, "{name}: {error}");

    // The cart may be there, so InsertCart is sent once and says that it does not know.
    let error = client.insert_cart(&order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{name}: {error}");
    assert_eq!(error.cause().unwrap().kind(), taken.check, "{name}");
    assert_eq!(error.request_sent(), taken.sent, "{name}");
    assert!(!error.retryable());
    assert_eq!(count(&requests), 1, "{name}");
}

fn count(requests: &Receiver<Request>) -> usize {
    requests.try_iter().count()
}

#[tokio::test]
async fn a_body_that_is_not_the_apis_is_a_server_error() {
    // What `gzip` makes of `{}`; compression is never asked for.
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0C\xbf\xa6\xa3\x02\0\0\0";
    let mut not_utf8 = PENDING.as_bytes().to_vec();
    not_utf8[3] = 0xff;
    let utf16: Vec<u8> = PENDING.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, headers, body) in [
        ("gzip", "Content-Encoding: gzip\r\n", &gzip[..]),
        ("gzip unannounced", "", &gzip[..]),
        ("BOM", "", format!("\u{feff}{PENDING}").as_bytes()),
        ("invalid UTF-8", "", &not_utf8),
        ("UTF-16", "", &utf16),
        ("two values", "", format!("{PENDING}{PENDING}").as_bytes()),
        ("two lines", "", format!("{PENDING}\n{PENDING}").as_bytes()),
        ("truncated", "", &PENDING.as_bytes()[..40]),
        ("empty", "", b""),
        ("an array", "", format!("[{PENDING}]").as_bytes()),
        ("an array of values", "", b"[true,false,10425,null,null]"),
        ("html", "Content-Type: text/html\r\n", b"<h1>Busy</h1>"),
        ("nesting alone", "", "[".repeat(10_000).as_bytes()),
        ("a NUL", "", b"\0"),
    ] {
        let expected = Taken {
            check: ErrorKind::Server,
            sent: RequestSent::Yes,
            times: 1,
            says: "the body is not one JSON object",
        };
        taken(name, with_body(headers, body), expected).await;
    }
}

#[tokio::test]
async fn data_of_the_wrong_kind_is_a_protocol_error() {
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    let object = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    let edit = |from: &str, to: &str| {
        let body = PENDING.replace(from, to);
        assert_ne!(body, PENDING);
        // InsertCart's members, so that it finds the same fault.
        body.replace("{\"Pay", &format!("{{\"TransactionId\":\"{ID}\",\"Pay"))
    };
    for (name, body) in [
        (
            "code twice",
            edit("\"ResultCode\"", "\"ResultCode\":10200,\"ResultCode\""),
        ),
        ("code as text", edit("10425", "\"10425\"")),
        ("code as a float", edit("10425", "10425.5")),
        ("code as an exponent", edit("10425", "1.0425e4")),
        ("code beyond 64 bits", edit("10425", "99999999999999999999")),
        ("code beyond a double", edit("10425", "1e999")),
        ("success as text", edit("true", "\"true\"")),
        ("success as a number", edit("true", "1")),
        ("success deeply nested", edit("true", &nested)),
        ("success as a deep object", edit("true", &object)),
    ] {
        let expected = Taken {
            check: ErrorKind::Protocol,
            sent: RequestSent::Yes,
            times: 1,
            says: "the body has wrong data",
        };
        taken(name, Answer::ok(body), expected).await;
    }
}

#[tokio::test]
async fn wrong_data_about_the_payment_is_a_protocol_error() {
    let paid = |info: &str| {
        format!(
            r#"{{"PaymentSuccessful":true,"PaymentInfo":{info},"Success":true,"ResultCode":10200}}"#
        )
    };
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    let amount = |text: &str| paid(&format!(r#"{{"TotalAmount":{text}}}"#));
    for body in [
        amount("1e400"),
        amount("\"1000\""),
        amount("123456789012345678901234567890.5"),
        amount("true"),
        amount(&nested),
        paid(&nested),
        paid("\"paid\""),
        paid(r#"{"StatusId":"2"}"#),
        paid(r#"{"InvoiceNumber":1e99}"#),
        paid(r#"{"TotalAmount":1000,"TotalAmount":1}"#),
        paid(r#"{"TransactionId":"not-a-guid"}"#),
    ] {
        let (base, requests) = server(vec![Answer::ok(body.clone())]);
        let error = client(&base).check_cart(ID).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body:.80}: {error}");
        assert_eq!(error.request_sent(), RequestSent::Yes);
        assert_eq!(count(&requests), 1);
    }
}

#[tokio::test]
async fn what_does_not_matter_does_not_fail_a_call() {
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    for answer in [
        with_body("Content-Type: text/plain\r\n", PENDING.as_bytes()),
        with_body(
            "Content-Type: text/html; charset=iso-8859-1\r\n",
            PENDING.as_bytes(),
        ),
        with_body("", format!(" \r\n{PENDING}\n").as_bytes()),
        Answer::ok(PENDING.replace("{\"Pay", &format!("{{\"New\":{nested},\"Pay"))),
        Answer::ok(PENDING.replace("{\"Pay", "{\"New\":1e999,\"New\":2,\"Pay")),
        Answer::raw(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{PENDING}\r\n0\r\n\r\n",
            PENDING.len()
        )),
        // Without a length the body ends with the connection.
        Answer::With(Arc::new(|stream| {
            write!(stream, "HTTP/1.1 200 OK\r\n\r\n{PENDING}").unwrap();
            false
        })),
    ] {
        let (base, requests) = server(vec![answer]);
        let state = client(&base).check_cart(ID).await.unwrap();
        assert_eq!(state.status, CartStatus::Pending);
        assert_eq!(count(&requests), 1);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_server_error() {
    let torn = Answer::With(Arc::new(|stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n{{\"Succ"
        )
        .unwrap();
        false
    }));
    let expected = Taken {
        check: ErrorKind::Server,
        sent: RequestSent::Yes,
        times: 3,
        says: "answer broke off",
    };
    taken("torn", torn, expected).await;
    let no_answer = |name, answer, says| {
        let expected = Taken {
            check: ErrorKind::Server,
            sent: RequestSent::Maybe,
            times: 3,
            says,
        };
        taken(name, answer, expected)
    };
    no_answer("closed", Answer::Reset, "the connection broke").await;
    let torn_head = Answer::With(Arc::new(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Le").unwrap();
        false
    }));
    no_answer("torn head", torn_head, "the connection broke").await;
    no_answer(
        "no HTTP",
        Answer::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        "the connection broke",
    )
    .await;
    let two_lengths =
        format!("HTTP/1.1 200 OK\r\nContent-Length: 80\r\nContent-Length: 81\r\n\r\n{PENDING}");
    no_answer(
        "two lengths",
        Answer::raw(two_lengths),
        "the connection broke",
    )
    .await;
}

#[tokio::test]
async fn a_bomb_of_headers_is_refused() {
    let many = "X: 1\r\n".repeat(10_000);
    let huge = format!("X-Huge: {}\r\n", "x".repeat(1 << 20));
    let endless = Answer::With(Arc::new(|stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n").unwrap();
        let line = format!("X: {}\r\n", "x".repeat(8000));
        // Far more than is read.
        (0..10_000).all(|_| stream.write_all(line.as_bytes()).is_ok())
    }));
    for (name, answer) in [
        ("many", with_body(&many, PENDING.as_bytes())),
        ("huge", with_body(&huge, PENDING.as_bytes())),
        ("endless", endless),
    ] {
        let expected = Taken {
            check: ErrorKind::Server,
            sent: RequestSent::Maybe,
            times: 3,
            says: "the connection broke",
        };
        taken_within(name, 60_000, answer, expected).await;
    }
}

#[tokio::test]
async fn of_a_body_of_100_megabytes_little_is_read_and_the_connection_is_dropped() {
    const LENGTH: usize = 100 << 20;
    for head in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{LENGTH:x}\r\n"),
        "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
    ] {
        let (report, written) = mpsc::channel();
        let flood = Answer::With(Arc::new(move |stream: &mut TcpStream| {
            stream.write_all(head.as_bytes()).unwrap();
            let chunk = vec![b' '; 1 << 16];
            let took = (0..LENGTH >> 16).take_while(|_| stream.write_all(&chunk).is_ok());
            report.send(took.count() << 16).unwrap();
            false
        }));
        let (base, requests) = server(vec![flood]);
        let client = client_within(&base, 60_000);
        let error = client.check_cart(ID).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{error}");
        assert!(
            error.message().contains("larger than 1048576 bytes"),
            "{error}"
        );
        assert_eq!(error.request_sent(), RequestSent::Yes);
        assert_eq!(count(&requests), 1, "a flood is not asked for again");
        // The rest is what the kernel's buffers take.
        let written = tokio::task::spawn_blocking(move || {
            written.recv_timeout(Duration::from_secs(60)).unwrap()
        });
        let written = written.await.unwrap();
        assert!(written < LENGTH / 4, "{written} bytes were taken");
    }
}

#[tokio::test]
async fn a_body_that_drips_is_a_timeout() {
    let gone = Arc::new(AtomicBool::new(false));
    let seen_gone = Arc::clone(&gone);
    let drip = Answer::With(Arc::new(move |stream: &mut TcpStream| {
        let length = PENDING.len() + 10_000;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
        )
        .unwrap();
        // Left to itself it would drip for minutes.
        for byte in PENDING.bytes().chain([b' '].repeat(10_000)) {
            thread::sleep(Duration::from_millis(20));
            if stream.write_all(&[byte]).is_err() {
                seen_gone.store(true, Ordering::Relaxed);
                return false;
            }
        }
        true
    }));
    let expected = Taken {
        check: ErrorKind::Timeout,
        sent: RequestSent::Maybe,
        times: 1,
        says: "had no answer within",
    };
    taken_within("drip", 500, drip, expected).await;
    let until = Instant::now() + Duration::from_secs(60);
    while !gone.load(Ordering::Relaxed) {
        assert!(Instant::now() < until, "the connection was kept");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_connection_closed_while_idle_costs_nothing_and_inserts_never_use_one() {
    let closed_after = |body: String| {
        Answer::With(Arc::new(move |stream: &mut TcpStream| {
            server::respond(stream, 200, "", body.as_bytes());
            thread::sleep(Duration::from_millis(20));
            false
        }))
    };
    let (base, requests) = server(vec![
        closed_after(PENDING.to_owned()),
        closed_after(inserted()),
        closed_after(PENDING.to_owned()),
        closed_after(inserted()),
        closed_after(PENDING.to_owned()),
    ]);
    let client = client(&base);
    for _ in 0..2 {
        client.check_cart(ID).await.unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
        client.insert_cart(&order()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    client.check_cart(ID).await.unwrap();
    assert_eq!(count(&requests), 5);
}

#[tokio::test]
async fn a_connection_closed_under_a_request_is_opened_again_for_a_check_only() {
    let (base, requests) = server(vec![
        Answer::ok(PENDING),
        Answer::Reset,
        Answer::ok(PENDING),
        Answer::ok(inserted()),
        Answer::Reset,
    ]);
    let client = client(&base);
    client.check_cart(ID).await.unwrap();
    client.check_cart(ID).await.unwrap();
    let connections: Vec<_> = requests.try_iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1], "kept, cut, opened again");
    client.insert_cart(&order()).await.unwrap();
    let error = client.insert_cart(&order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    let connections: Vec<_> = requests.try_iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [2, 3], "each insert has its own");
}

#[tokio::test]
async fn an_answer_nobody_asked_for_answers_nothing() {
    let paid = format!(
        r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"{ID}","StatusId":2}},"Success":true,"ResultCode":10200}}"#
    );
    let answer = |body: &str| {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    let together = answer(PENDING) + &answer(&paid);
    let first = answer(PENDING);
    let later = answer(&paid);
    let apart = Answer::With(Arc::new(move |stream: &mut TcpStream| {
        stream.write_all(first.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(30));
        stream.write_all(later.as_bytes()).is_ok()
    }));
    for answer in [Answer::raw(together), apart] {
        let (base, _requests) = server(vec![answer, Answer::ok(PENDING)]);
        let client = client(&base);
        for _ in 0..3 {
            let state = client.check_cart(ID).await.unwrap();
            assert_eq!(state.status, CartStatus::Pending);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn paid(id: Uuid) -> Vec<u8> {
    format!(
        r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"{id}","ReferenceNumber":"order-1001","StatusId":2,"TotalAmount":4990}},"Success":true,"ResultCode":10200}}"#
    )
    .into_bytes()
}

#[tokio::test]
async fn a_signed_answer_about_another_cart_is_refused() {
    let (base, requests) = server(vec![Answer::Signed(paid(ID))]);
    let client = client(&base);
    assert!(client.check_cart(ID).await.unwrap().is_paid());
    // Word for word the same answer, signature and all, replayed for a cart that nobody paid.
    let another = Uuid::from_u128(ID.as_u128() + 1);
    let error = client.check_cart(another).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(error.message().contains("about the cart"), "{error}");
    assert_eq!(count(&requests), 2);
    // For the cart it was about it says nothing new.
    assert!(client.check_cart(ID).await.unwrap().is_paid());
}

#[tokio::test]
async fn an_answer_of_another_call_does_not_verify() {
    let for_another_call = Answer::With(Arc::new(|stream: &mut TcpStream| {
        let here = stream.local_addr().unwrap();
        let url = format!("http://{here}/v1/Checkout/CancelCart");
        let body = PENDING.as_bytes();
        let signature = netgiro::sign(SECRET, "7", &url, body);
        let headers = format!("netgiro_nonce: 7\r\nnetgiro_signature: {signature}\r\n");
        server::respond(stream, 200, &headers, body);
        true
    }));
    let expected = Taken {
        check: ErrorKind::Signature,
        sent: RequestSent::Yes,
        times: 1,
        says: "does not match",
    };
    taken("another call's", for_another_call, expected).await;
}

#[tokio::test]
async fn a_signature_that_is_broken_or_doubled_is_refused() {
    let signature = "0".repeat(64);
    for headers in [
        format!("netgiro_nonce: 7\r\nnetgiro_signature: {signature}\r\n"),
        format!("netgiro_signature: {signature}\r\n"),
        "netgiro_nonce: 7\r\n".to_owned(),
        "netgiro_nonce: 7\r\nnetgiro_signature: none\r\n".to_owned(),
        "netgiro_nonce: \r\nnetgiro_signature: \r\n".to_owned(),
        format!(
            "netgiro_nonce: 7\r\nnetgiro_nonce: 7\r\nnetgiro_signature: {signature}\r\nnetgiro_signature: {signature}\r\n"
        ),
    ] {
        let expected = Taken {
            check: ErrorKind::Signature,
            sent: RequestSent::Yes,
            times: 1,
            says: "answer was discarded",
        };
        taken(&headers, with_body(&headers, PENDING.as_bytes()), expected).await;
    }
}

#[tokio::test]
async fn a_signature_is_asked_for_where_one_is_required() {
    for (verification, signed, accepted) in [
        (ResponseVerification::Required, false, false),
        (ResponseVerification::Required, true, true),
        (ResponseVerification::IfPresent, false, true),
        (ResponseVerification::Off, false, true),
    ] {
        let answer = if signed {
            Answer::Signed(PENDING.into())
        } else {
            Answer::ok(PENDING)
        };
        let (base, _requests) = server(vec![answer]);
        let mut options = ClientOptions::new(APP_KEY, SECRET);
        options.base_url = Some(base);
        options.response_verification = verification;
        let checked = Client::new(options).unwrap().check_cart(ID).await;
        assert_eq!(checked.is_ok(), accepted, "{verification:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_reads_is_a_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    let (gives_up, over) = mpsc::channel::<()>();
    let held = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Nothing is read before the client has given up.
        over.recv().ok();
        let mut seen = Vec::new();
        stream.read_to_end(&mut seen).unwrap();
        seen.len()
    });
    let error = client_within(&base, 500)
        .insert_cart(&order())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert_eq!(error.cause().unwrap().kind(), ErrorKind::Timeout);
    drop(gives_up);
    let seen = tokio::task::spawn_blocking(move || held.join().unwrap());
    assert!(seen.await.unwrap() > 0, "it lay in the kernel's buffer");
}
