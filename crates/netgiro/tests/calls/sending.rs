//! What leaves this machine, how often, and what a broken exchange is taken for.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::collections::HashSet;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{Answer, SECRET, server};
use netgiro::{
    Amount, Client, ClientOptions, CustomerId, Error, ErrorKind, NewCart, RequestSent, sign,
};
use uuid::Uuid;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);

fn client(base_url: &str) -> Client {
    client_within(base_url, Duration::from_secs(60))
}

fn client_within(base_url: &str, timeout: Duration) -> Client {
    let mut options = ClientOptions::new(APP_KEY, SECRET);
    options.base_url = Some(base_url.to_owned());
    options.timeout = timeout;
    Client::new(options).unwrap()
}

fn order() -> NewCart {
    NewCart::new(
        Amount::new(4990).unwrap(),
        "order-1001",
        CustomerId::parse("8223281").unwrap(),
    )
}

fn pending() -> String {
    r#"{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"ResultCode":10425}"#.to_owned()
}

fn inserted() -> String {
    format!(r#"{{"Success":true,"ResultCode":200,"TransactionId":"{ID}"}}"#)
}

async fn insert_error(answer: Answer) -> (Error, usize) {
    let patience = match answer {
        // These two leave the client waiting.
        Answer::Silence | Answer::Http(_, "Transfer-Encoding: chunked\r\n", _) => {
            Duration::from_millis(500)
        }
        _ => Duration::from_secs(60),
    };
    let (base, requests) = server(vec![answer]);
    let error = client_within(&base, patience)
        .insert_cart(&order())
        .await
        .unwrap_err();
    thread::sleep(Duration::from_millis(50));
    (error, requests.try_iter().count())
}

#[tokio::test]
async fn insert_cart_is_sent_once_whatever_happens_to_the_answer() {
    for answer in [
        Answer::Reset,
        Answer::Silence,
        Answer::Http(500, "", String::new()),
        Answer::Http(503, "Retry-After: 1\r\n", String::new()),
        Answer::Http(408, "", String::new()),
        Answer::Http(303, "Location: http://127.0.0.1:1/\r\n", String::new()),
        Answer::Http(200, "", "<html>".to_owned()),
        Answer::Http(200, "", inserted().replace(&ID.to_string(), "")),
        Answer::Http(
            200,
            "netgiro_nonce: 1\r\nnetgiro_signature: 00\r\n",
            inserted(),
        ),
        Answer::Http(
            200,
            "Transfer-Encoding: chunked\r\n",
            "9\r\n{\"Succ".to_owned(),
        ),
    ] {
        let (error, seen) = insert_error(answer).await;
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        assert_eq!(error.reference(), Some("order-1001"));
        assert_ne!(error.request_sent(), RequestSent::No);
        assert!(!error.retryable());
        assert!(error.cause().is_some());
        assert_eq!(seen, 1, "{error}");
    }
}

#[tokio::test]
async fn a_clear_no_to_insert_cart_is_no_unknown_outcome() {
    let too_low = r#"{"Success":false,"ResultCode":10305,"Message":"Too low"}"#.to_owned();
    for (answer, kind) in [
        (
            Answer::Http(401, "", String::new()),
            ErrorKind::Authentication,
        ),
        (Answer::Http(429, "", String::new()), ErrorKind::RateLimited),
        (Answer::Http(400, "", String::new()), ErrorKind::Api),
        (Answer::Http(200, "", too_low), ErrorKind::Api),
    ] {
        let (error, seen) = insert_error(answer).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.request_sent(), RequestSent::Yes);
        assert_eq!(seen, 1);
    }
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_listens() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = client(&format!("http://{closed}/"))
        .insert_cart(&order())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert_eq!(error.request_sent(), RequestSent::No);
    assert!(error.retryable());
}

#[tokio::test]
async fn check_cart_is_repeated_and_signed_anew_each_time() {
    let (base, requests) = server(vec![
        Answer::Reset,
        Answer::Http(502, "", String::new()),
        Answer::Http(200, "", pending()),
    ]);
    client(&base).check_cart(ID).await.unwrap();
    let requests: Vec<_> = requests.try_iter().collect();
    assert_eq!(requests.len(), 3);
    let nonces: HashSet<_> = requests
        .iter()
        .map(|request| request.header("netgiro_nonce"))
        .collect();
    assert_eq!(nonces.len(), 3);
    for request in &requests {
        let url = base.replace("/v1/", &request.path);
        let expected = sign(SECRET, request.header("netgiro_nonce"), &url, &request.body);
        assert_eq!(request.header("netgiro_signature"), expected);
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_costs_nothing() {
    let (base, requests) = server(vec![
        Answer::HttpThenClose(200, "", pending()),
        Answer::HttpThenClose(200, "", inserted()),
        Answer::HttpThenClose(200, "", pending()),
    ]);
    let client = client(&base);
    client.check_cart(ID).await.unwrap();
    client.insert_cart(&order()).await.unwrap();
    client.check_cart(ID).await.unwrap();
    let inserts = requests
        .try_iter()
        .filter(|request| request.path.ends_with("InsertCart"));
    assert_eq!(inserts.count(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (other, seen_there) = server(vec![Answer::Http(200, "", pending())]);
    let location = format!("Location: {other}Checkout/CheckCart\r\n").leak();
    let (base, _requests) = server(vec![Answer::Http(307, location, String::new())]);
    let error = client(&base).check_cart(ID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert_eq!(error.http_status(), Some(307));
    assert_eq!(seen_there.try_iter().count(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed_to_the_same_host_either() {
    for status in [300, 301, 302, 303, 307, 308] {
        let found = "Location: /v1/Checkout/CheckCart\r\n";
        let (base, requests) = server(vec![
            Answer::Http(status, found, String::new()),
            Answer::Http(status, found, String::new()),
            Answer::Http(200, "", pending()),
        ]);
        let client = client(&base);
        let error = client.check_cart(ID).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{error}");
        assert_eq!(error.http_status(), Some(status));
        assert!(error.message().contains("never followed"), "{error}");
        let error = client.insert_cart(&order()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        assert_eq!(requests.try_iter().count(), 2);
    }
}

#[tokio::test]
async fn an_answer_beyond_a_mebibyte_is_refused() {
    let (base, _requests) = server(vec![Answer::Http(200, "", " ".repeat((1 << 20) + 1))]);
    let error = client(&base).check_cart(ID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert!(error.message().contains("1048576"), "{error}");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says_and_not_at_all_where_that_is_too_late() {
    let busy = Answer::Http(503, "Retry-After: 1\r\n", String::new());
    let (base, requests) = server(vec![busy.clone(), Answer::Http(200, "", pending())]);
    let started = Instant::now();
    client(&base).check_cart(ID).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(requests.try_iter().count(), 2);

    let in_an_hour = Answer::Http(503, "Retry-After: 3600\r\n", String::new());
    let (base, requests) = server(vec![in_an_hour]);
    let error = client(&base).check_cart(ID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(requests.try_iter().count(), 1);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout_that_may_be_tried_again() {
    let (base, requests) = server(vec![Answer::Silence]);
    let client = client_within(&base, Duration::from_millis(500));
    let error = client.check_cart(ID).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(error.request_sent(), RequestSent::Maybe);
    assert!(error.retryable());
    assert_eq!(requests.try_iter().count(), 1);
}

#[tokio::test]
async fn already_confirmed_is_believed_once_check_cart_says_so() {
    let confirmed_before = r#"{"PaymentSuccessful":false,"Success":true,"ResultCode":10203}"#;
    let (base, requests) = server(vec![
        Answer::Http(200, "", confirmed_before.to_owned()),
        Answer::Http(200, "", pending()),
    ]);
    let state = client(&base).confirm_cart(ID, None).await.unwrap();
    assert!(!state.is_paid());
    let paths: Vec<_> = requests.try_iter().map(|request| request.path).collect();
    assert_eq!(
        paths,
        ["/v1/Checkout/ConfirmCart", "/v1/Checkout/CheckCart"]
    );
}
