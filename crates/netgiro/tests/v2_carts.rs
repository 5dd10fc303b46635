//! `tests/vectors/v2/v2_carts.json`, run through the public API.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise, and the vectors have passed their schema"
)]

mod server;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use netgiro::{
    Amount, ApiVersion, Cart, CartItem, CartRef, CartState, Client, ClientOptions, CustomerId,
    Error, MemoryReplayGuard, NewCart, PollPolicy, WaitOptions, milliseconds,
};
use serde_json::{Value, json};
use server::Answer;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/v2/v2_carts.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

fn owned(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn amount(value: &Value) -> Amount {
    Amount::new(value.as_i64().unwrap()).unwrap()
}

/// The customer that the arguments name; Rust's `NewCart` has one, so there is no such call with none or two.
fn customer(arguments: &Value) -> Option<Result<CustomerId, Error>> {
    let mut named = Vec::new();
    if let Some(id) = arguments["customer_id"].as_str() {
        named.push(id.parse());
    }
    if let Some(code) = arguments["access_code"].as_str() {
        named.push(CustomerId::access_code(code));
    }
    if let Some(code) = arguments["barcode"].as_str() {
        named.push(CustomerId::barcode(code));
    }
    match named.len() {
        1 => named.pop(),
        _ => None,
    }
}

fn new_cart(arguments: &Value, customer: CustomerId) -> NewCart {
    let mut cart = NewCart::new(
        amount(&arguments["amount"]),
        text(&arguments["reference"]),
        customer,
    );
    if let Some(kind) = arguments["confirmation_type"].as_str() {
        cart.confirmation_type = kind.parse().unwrap();
    }
    cart.callback_url = owned(&arguments["callback_url"]);
    cart.callback_cancel_url = owned(&arguments["callback_cancel_url"]);
    cart.description = owned(&arguments["description"]);
    cart.location_id = owned(&arguments["location_id"]);
    cart.register_id = owned(&arguments["register_id"]);
    cart.items = (arguments["items"].as_array().into_iter().flatten())
        .map(|item| {
            let price = amount(&item["unit_price"]);
            CartItem::new(text(&item["name"]), price, text(&item["quantity"]), None).unwrap()
        })
        .collect();
    cart
}

fn known_cart(id: &str, arguments: &Value) -> CartRef {
    let mut cart: CartRef = id.parse().unwrap();
    if arguments["amount"].is_number() {
        cart = cart.with_amount(amount(&arguments["amount"]));
    }
    match owned(&arguments["reference"]) {
        Some(reference) => cart.with_reference(reference),
        None => cart,
    }
}

fn cart_json(cart: &Cart) -> Value {
    json!({ "cart": {
        "transaction_id": cart.transaction_id,
        "reference": cart.reference,
        "amount": cart.amount.kronur(),
        "check_interval_ms": cart.check_interval.map(|it| u64::try_from(it.as_millis()).unwrap()),
        "message": cart.message,
    } })
}

fn state_json(state: &CartState) -> Value {
    json!({ "state": {
        "transaction_id": state.transaction_id,
        "status": state.status.as_str(),
        "result_code": state.result_code,
        "payment_successful": state.payment_successful,
        "message": state.message,
        "is_final": state.is_final(),
        "is_paid": state.is_paid(),
        "api": state.api.as_str(),
    } })
}

fn error_json(error: &Error, expected: &Value) -> Value {
    let found = json!({
        "code": error.kind().code(),
        "http_status": error.http_status(),
        "request_sent": error.request_sent().as_str(),
        "retryable": error.retryable(),
        "reference": error.reference(),
        "cause": error.cause().map(|cause| cause.kind().code()),
    });
    let compared = expected.as_object().into_iter().flatten();
    json!({ "error": compared
        .map(|(member, _)| (member.clone(), found[member].clone()))
        .collect::<serde_json::Map<_, _>>() })
}

async fn call(client: &Client, id: &str, case: &Value) -> Option<Result<Value, Error>> {
    let arguments = &case["arguments"];
    if case["call"] == "insert_cart" {
        return Some(match customer(arguments)? {
            Ok(customer) => client
                .insert_cart(&new_cart(arguments, customer))
                .await
                .map(|cart| cart_json(&cart)),
            Err(error) => Err(error),
        });
    }
    let cart = known_cart(id, arguments);
    let interval = Duration::from_millis(250);
    let options = WaitOptions {
        timeout: Duration::from_millis(arguments["timeout_ms"].as_u64().unwrap_or_default()),
        policy: Some(PollPolicy::new(interval, interval, interval).unwrap()),
    };
    let state = match text(&case["call"]) {
        "check_cart" => client.check_cart(cart).await,
        "confirm_cart" => {
            client
                .confirm_cart(cart, arguments["identifier"].as_str())
                .await
        }
        "capture_cart" => {
            let part = Some(&arguments["capture_amount"]).filter(|part| part.is_number());
            client.capture_cart(cart, part.map(amount)).await
        }
        "cancel_cart" => client.cancel_cart(cart).await,
        "void_cart" => client.void_cart(cart).await,
        "settle_cart" => client.settle_cart(cart, options).await,
        other => panic!("no such call: {other}"),
    };
    Some(state.map(|state| state_json(&state)))
}

/// What a case disagrees on.
async fn run(id: &str, case: &Value) -> Result<(), String> {
    let name = text(&case["name"]);
    let answers = case["answers"].as_array().unwrap();
    let (base_url, requests) = server::server(answers.iter().map(Answer::of_vector).collect());
    let mut options = ClientOptions::new(APP_KEY, server::SECRET);
    options.base_url = Some(base_url);
    options.api = ApiVersion::V2;
    options.timeout = milliseconds("timeout", 60_000.0).unwrap();
    let client = Client::new(options).unwrap();
    assert!(client.base_url().ends_with("/v2/"), "{name}");
    let Some(outcome) = call(&client, id, case).await else {
        return Ok(());
    };
    let found = match &outcome {
        Ok(found) => found.clone(),
        Err(error) => error_json(error, &case["expect"]["error"]),
    };
    if found != case["expect"] {
        let why = outcome.err().map(|error| error.to_string());
        let expected = &case["expect"];
        return Err(format!(
            "{name}\n       is {found} {why:?}\n  expected {expected}"
        ));
    }
    let sent: Vec<_> = requests.try_iter().collect();
    let found: Vec<_> = (sent.iter())
        .map(|request| {
            let mut found = json!({ "method": request.method, "path": request.path });
            if !request.body.is_empty() {
                found["body"] = String::from_utf8(request.body.clone()).unwrap().into();
            }
            found
        })
        .collect();
    if json!(found) != case["sent"] {
        let (found, expected) = (json!(found), &case["sent"]);
        return Err(format!("{name}\n     sent {found}\n  expected {expected}"));
    }
    for request in sent {
        assert_eq!(request.header("x-netgiro-api-key"), APP_KEY, "{name}");
        for unsigned in ["netgiro_appkey", "netgiro_nonce", "netgiro_signature"] {
            assert_eq!(request.header(unsigned), "", "{name}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn v2_cart_vectors() {
    let vectors = Arc::new(vectors());
    let mut running = tokio::task::JoinSet::new();
    for at in 0..vectors["cases"].as_array().unwrap().len() {
        let vectors = Arc::clone(&vectors);
        running.spawn(
            async move { run(text(&vectors["transaction_id"]), &vectors["cases"][at]).await },
        );
    }
    let wrong: HashSet<_> = (running.join_all().await.into_iter())
        .filter_map(Result::err)
        .collect();
    assert!(
        wrong.is_empty(),
        "{}",
        wrong.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn v2_callback_vectors() {
    let vectors = vectors();
    for api in [ApiVersion::V1, ApiVersion::V2] {
        let mut options = ClientOptions::new(APP_KEY, text(&vectors["secret_key"]));
        options.api = api;
        let client = Client::new(options).unwrap();
        let guard = MemoryReplayGuard::new(10);
        for case in vectors["callbacks"].as_array().unwrap() {
            let headers: Vec<_> = (case["headers"].as_array().unwrap().iter())
                .map(|pair| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned()))
                .collect();
            let (url, body) = ("https://shop.example/any", text(&case["body"]).as_bytes());
            // Twice with one guard: yes and no carry one signature, so a guard must not be asked.
            for outcome in [
                client.verify_callback(url, &headers, body),
                client.verify_callback_once(&guard, url, &headers, body),
                client.verify_callback_once(&guard, url, &headers, body),
            ] {
                let found = match outcome {
                    Ok(read) => json!({ "callback": {
                        "transaction_id": read.transaction_id,
                        "reference": read.reference,
                        "amount": read.amount.map(|amount| amount.to_string()),
                        "state": read.state.map(|state| state.status.as_str()),
                    } }),
                    Err(error) => json!({ "error": { "code": error.kind().code() } }),
                };
                assert_eq!(found, case["expect"], "{}", case["name"]);
            }
        }
    }
}
