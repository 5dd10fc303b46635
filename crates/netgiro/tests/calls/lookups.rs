//! Carts looked up by their reference: `tests/vectors/answers/lookups.json`, and at the simulator.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise, and the vectors have passed their schema"
)]

use std::sync::{Arc, Mutex};

use netgiro::{
    Amount, ApiVersion, Cart, CartStatus, Client, ClientOptions, Error, ErrorKind, Event, Language,
    NewCart, Observer, milliseconds, sign,
};
use netgiro_simulator::{Endpoint, Fault, ReferenceLookup, Simulator, SimulatorOptions};
use serde_json::{Value, json};

use super::server::{self, Answer};

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

fn error_json(error: &Error, expected: &Value) -> Value {
    let mut found = json!({
        "code": error.kind().code(),
        "http_status": error.http_status(),
        "request_sent": error.request_sent().as_str(),
        "retryable": error.retryable(),
        "customer_message": error.customer_message(Language::English),
    });
    let members = found.as_object_mut().unwrap();
    members.retain(|name, _| !expected[name].is_null() || name == "http_status");
    found
}

async fn run(case: &Value) {
    let name = text(&case["name"]);
    let answers = case["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(Answer::of_vector);
    let (base_url, requests) = server::server(answers.collect());
    let mut options = ClientOptions::new(APP_KEY, server::SECRET);
    options.base_url = Some(base_url.clone());
    options.timeout = milliseconds("timeout", 60_000.0).unwrap();
    let amount = Amount::new(case["amount"].as_i64().unwrap()).unwrap();
    let found = Client::new(options)
        .unwrap()
        .find_by_reference(text(&case["reference"]), amount)
        .await;
    let found = match found {
        Ok(Some(cart)) => json!({ "cart": {
            "transaction_id": cart.transaction_id,
            "reference": cart.reference,
            "amount": cart.amount.kronur(),
        } }),
        Ok(None) => json!({ "none": true }),
        Err(error) => json!({ "error": error_json(&error, &case["expect"]["error"]) }),
    };
    assert_eq!(found, case["expect"], "{name}");
    let sent: Vec<_> = requests.try_iter().collect();
    assert_eq!(
        sent.len() as u64,
        case["requests"].as_u64().unwrap(),
        "{name}"
    );
    for request in sent {
        let path = text(&case["path"]);
        assert_eq!((&*request.method, &*request.path), ("GET", path), "{name}");
        assert!(request.body.is_empty(), "{name}");
        assert_eq!(request.header("netgiro_appkey"), APP_KEY, "{name}");
        assert_eq!(request.header("x-netgiro-api-key"), "", "{name}");
        let url = base_url.replace("/v1/", path);
        let nonce = request.header("netgiro_nonce");
        assert_eq!(
            request.header("netgiro_signature"),
            sign(server::SECRET, nonce, &url, b""),
            "{name}"
        );
    }
}

#[tokio::test]
async fn lookup_vectors() {
    let vectors: Value = serde_json::from_str(include_str!(
        "../../../../tests/vectors/answers/lookups.json"
    ))
    .unwrap();
    let mut running = tokio::task::JoinSet::new();
    for case in vectors["cases"].as_array().unwrap() {
        let case = case.clone();
        running.spawn(async move { run(&case).await });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

struct Shop {
    simulator: Simulator,
    client: Client,
    seen: Arc<Mutex<Vec<Event>>>,
}

impl Shop {
    fn open(lookup: ReferenceLookup) -> Self {
        let simulator = Simulator::start(SimulatorOptions {
            reference_lookup: lookup,
            ..SimulatorOptions::default()
        });
        let simulator = simulator.unwrap();
        let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
        options.base_url = Some(simulator.url().to_owned());
        options.response_verification = netgiro::ResponseVerification::Required;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&seen);
        options.observer = Some(Observer::new(move |event| {
            events.lock().unwrap().push(event.clone());
        }));
        Self {
            client: Client::new(options).unwrap(),
            simulator,
            seen,
        }
    }

    /// An InsertCart whose answer is lost, although the server has the cart.
    async fn insert_lost(&self) {
        let lost = Fault::on(Endpoint::InsertCart).drop_after();
        self.simulator.add_fault(lost).unwrap();
        let order = NewCart::new(amount(), "order-1", "8223281".parse().unwrap());
        let error = self.client.insert_cart(&order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(error.reference(), Some("order-1"));
    }

    async fn find(&self, reference: &str) -> netgiro::Result<Option<Cart>> {
        self.client.find_by_reference(reference, amount()).await
    }
}

fn amount() -> Amount {
    Amount::new(4990).unwrap()
}

#[tokio::test]
async fn an_unknown_insert_is_found_and_checked() {
    let shop = Shop::open(ReferenceLookup::Carts);
    assert_eq!(shop.find("order-1").await.unwrap(), None);
    shop.insert_lost().await;
    let cart = shop.find("order-1").await.unwrap().unwrap();
    assert_eq!(
        cart.transaction_id,
        shop.simulator.carts()[0].transaction_id
    );
    let state = shop.client.check_cart(&cart).await.unwrap();
    assert_eq!(state.status, CartStatus::Pending);
    shop.simulator.confirm(cart.transaction_id).unwrap();
    assert!(shop.client.check_cart(&cart).await.unwrap().is_paid());
    assert_eq!(shop.simulator.carts().len(), 1);

    let seen = shop.seen.lock().unwrap();
    let looked_up: Vec<_> = (seen.iter())
        .filter_map(|event| match event {
            Event::Request(event) if event.endpoint == "GetByReference" => Some(event),
            _ => None,
        })
        .collect();
    assert_eq!(looked_up.len(), 2);
    assert_eq!(looked_up[1].transaction_id, Some(cart.transaction_id));
    assert!(looked_up[1].reference_id.is_some());
}

/// An answer of a look-up for another order is signed for another URL.
#[tokio::test]
async fn another_look_ups_answer_does_not_verify() {
    let shop = Shop::open(ReferenceLookup::Carts);
    assert_eq!(shop.find("order-2").await.unwrap(), None);
    shop.insert_lost().await;
    let replayed = Fault::on(Endpoint::GetByReference).body_as(netgiro_simulator::BodyAs::Replayed);
    shop.simulator.add_fault(replayed.times(3)).unwrap();
    let error = shop.find("order-1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signature);
}

#[tokio::test]
async fn a_look_up_that_sees_less_proves_nothing() {
    let shop = Shop::open(ReferenceLookup::Payments);
    shop.insert_lost().await;
    assert_eq!(shop.find("order-1").await.unwrap(), None);
    let id = shop.simulator.carts()[0].transaction_id;
    shop.simulator.confirm(id).unwrap();
    let cart = shop.find("order-1").await.unwrap().unwrap();
    assert!(shop.client.check_cart(&cart).await.unwrap().is_paid());

    let shop = Shop::open(ReferenceLookup::Off);
    shop.insert_lost().await;
    let error = shop.find("order-1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Api, Some(404))
    );
}

#[tokio::test]
async fn it_is_v1s_also_beside_v2_and_on_the_older_test_host() {
    use ApiVersion::{V1, V2};
    for (api, base, path) in [
        (V2, "/v2/", "/v1/payment/GetByReference?ReferenceNumber=a"),
        (V2, "/", "/v1/payment/GetByReference?ReferenceNumber=a"),
        (
            V2,
            "/net/v1/",
            "/net/v1/payment/GetByReference?ReferenceNumber=a",
        ),
        (V1, "/api/", "/api/payment/GetByReference?ReferenceNumber=a"),
    ] {
        let (base_url, requests) =
            server::server(vec![Answer::ok(r#"{"Success":false,"ResultCode":10424}"#)]);
        let mut options = ClientOptions::new(APP_KEY, server::SECRET);
        options.base_url = Some(base_url.replace("/v1/", base));
        options.api = api;
        let client = Client::new(options).unwrap();
        assert_eq!(client.find_by_reference("a", amount()).await.unwrap(), None);
        assert_eq!(requests.recv().unwrap().path, path);
    }
}
