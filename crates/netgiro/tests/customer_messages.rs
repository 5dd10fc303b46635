//! What customers read of errors and carts: the sentences of `tests/vectors/answers/customer_messages.json`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and the vectors have passed their schema"
)]

mod server;

use std::net::TcpListener;
use std::path::Path;

use netgiro::{
    Amount, CartStatus, Client, ClientOptions, Error, ErrorKind, Language, NewCart, NewCheckout,
};
use serde_json::Value;
use server::{Answer, server};
use uuid::Uuid;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";

fn cases(member: &str) -> Vec<Value> {
    let file = "../../tests/vectors/answers/customer_messages.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file[member].as_array().unwrap().clone()
}

fn kind(case: &Value) -> ErrorKind {
    let mut kinds = ErrorKind::ALL.iter().copied();
    kinds.find(|kind| case["code"] == kind.code()).unwrap()
}

fn assert_says(case: &Value, say: impl Fn(Language) -> &'static str) {
    assert_eq!(case["is"], say(Language::Icelandic), "{case}");
    assert_eq!(case["en"], say(Language::English), "{case}");
}

#[test]
fn errors() {
    for case in cases("errors") {
        let mut error = Error::new(kind(&case), case["message"].as_str().unwrap());
        if let Some(code) = case["result_code"].as_i64() {
            error = error.with_result_code(code);
        }
        assert_says(&case, |language| error.customer_message(language));
    }
}

#[tokio::test]
async fn calls() {
    for case in cases("calls") {
        let (url, _requests) = if let Some(status) = case["http_status"].as_u64() {
            let body = case["body"].as_str().unwrap().to_owned();
            let answer = Answer::Http(status.try_into().unwrap(), "", body);
            let (url, requests) = server(vec![answer]);
            (url, Some(requests))
        } else {
            let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
            (format!("http://{}/v1/", nobody.local_addr().unwrap()), None)
        };
        let mut options = ClientOptions::new(APP_KEY, server::SECRET);
        options.base_url = Some(url);
        let client = Client::new(options).unwrap();
        let outcome = match case["endpoint"].as_str().unwrap() {
            "InsertCart" => {
                let customer = "8223281".parse().unwrap();
                let order = NewCart::new(Amount::new(4990).unwrap(), "order-1", customer);
                client.insert_cart(&order).await.map(drop)
            }
            "HostedPayment" => {
                let (amount, page) = (Amount::new(4990).unwrap(), "https://shop.example/");
                let checkout = NewCheckout::new(amount, "order-1", page, page);
                client.create_checkout(&checkout).await.map(drop)
            }
            "ConfirmCart" => (client.confirm_cart(Uuid::nil(), Some("1234")).await).map(drop),
            _ => client.check_cart(Uuid::nil()).await.map(drop),
        };
        let error = outcome.expect_err("it fails");
        assert_eq!(error.kind(), kind(&case), "{case}");
        assert_says(&case, |language| error.customer_message(language));
    }
}

#[test]
fn statuses() {
    for case in cases("statuses") {
        let status: CartStatus = case["status"].as_str().unwrap().parse().unwrap();
        let timed_out = case["timed_out"] == true;
        assert_says(&case, |language| {
            status.customer_message(timed_out, language)
        });
    }
}

#[test]
fn languages() {
    for case in cases("languages") {
        let language = Language::of(case["language"].as_str().unwrap());
        assert_eq!(
            Language::of(case["tag"].as_str().unwrap()),
            language,
            "{case}"
        );
    }
}
