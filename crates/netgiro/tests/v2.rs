//! `tests/vectors/v2/v2.json`, run through the public API.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise, and the vectors have passed their schema"
)]

mod server;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use netgiro::{
    Amount, CartRef, Checkout, Client, ClientOptions, Error, Language, NewCheckout, NewRefund,
    Refund, Transaction, milliseconds,
};
use serde_json::{Value, json};
use server::Answer;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

fn amount(value: &Value) -> Amount {
    Amount::new(value.as_i64().unwrap()).unwrap()
}

async fn refund(client: &Client, cart: CartRef, arguments: &Value) -> Result<Refund, Error> {
    let mut refund = NewRefund::new(
        amount(&arguments["amount"]),
        text(&arguments["idempotency_key"]),
    );
    refund.description = arguments["description"].as_str().map(str::to_owned);
    client.refund_cart(cart, &refund).await
}

fn cart(arguments: &Value) -> CartRef {
    text(&arguments["transaction_id"]).parse().unwrap()
}

async fn call(client: &Client, case: &Value) -> Result<Value, Error> {
    if case["call"] == "create_checkout" {
        let made = client
            .create_checkout(&new_checkout(&case["arguments"]))
            .await;
        return made.map(|made| json!({ "checkout": checkout_json(&made) }));
    }
    let mut cart = cart(&case["arguments"]);
    if !case["cart"].is_null() {
        cart = cart.with_amount(amount(&case["cart"]["amount"]));
    }
    match text(&case["call"]) {
        "refund_cart" => refund(client, cart, &case["arguments"])
            .await
            .map(|made| json!({ "refund": refund_json(&made) })),
        "get_transaction" => client
            .get_transaction(cart)
            .await
            .map(|read| json!({ "transaction": transaction_json(&read) })),
        other => panic!("no such call: {other}"),
    }
}

fn new_checkout(arguments: &Value) -> NewCheckout {
    let mut checkout = NewCheckout::new(
        amount(&arguments["amount"]),
        text(&arguments["reference"]),
        text(&arguments["success_url"]),
        text(&arguments["cancel_url"]),
    );
    checkout.callback_url = arguments["callback_url"].as_str().map(str::to_owned);
    checkout.manual_capture = arguments["manual_capture"] == true;
    checkout
}

fn checkout_json(checkout: &Checkout) -> Value {
    json!({
        "checkout_url": checkout.checkout_url,
        "reference": checkout.reference,
        "amount": checkout.amount.kronur(),
    })
}

fn refund_json(refund: &Refund) -> Value {
    json!({
        "transaction_id": refund.transaction_id,
        "amount": refund.amount.kronur(),
        "idempotency_key": refund.idempotency_key,
        "message": refund.message,
    })
}

fn transaction_json(transaction: &Transaction) -> Value {
    json!({
        "transaction_id": transaction.transaction_id,
        "status": transaction.status.as_str(),
        "total_amount": transaction.total_amount.map(|amount| amount.to_string()),
        "is_refundable": transaction.is_refundable,
        "created": transaction.created.map(Timestamp::as_millisecond),
        "settlement_date": transaction.settlement_date.map(Timestamp::as_millisecond),
    })
}

fn error_json(error: &Error) -> Value {
    json!({
        "code": error.kind().code(),
        "http_status": error.http_status(),
        "request_sent": error.request_sent().as_str(),
        "retryable": error.retryable(),
        "idempotency_key": error.idempotency_key(),
        "retry_after_ms": error.retry_after().map(|delay| i64::try_from(delay.as_millis()).unwrap()),
        "customer_message": error.customer_message(Language::English),
        "reference": error.reference(),
        "cause": error.cause().map(|cause| cause.kind().code()),
    })
}

/// The same expectation with its dates as instants, and what it leaves out as it is.
fn expected(case: &Value, found: &Value) -> Value {
    let mut expected = case["expect"].clone();
    for path in ["/transaction/created", "/transaction/settlement_date"] {
        if let Some(date) = expected.pointer_mut(path).filter(|date| date.is_string()) {
            let at: Timestamp = text(date).parse().unwrap();
            *date = at.as_millisecond().into();
        }
    }
    if let Some(error) = expected.get_mut("error").and_then(Value::as_object_mut) {
        for (member, value) in found["error"].as_object().into_iter().flatten() {
            error.entry(member).or_insert_with(|| value.clone());
        }
    }
    expected
}

/// What a case disagrees on.
async fn run(case: &Value) -> Result<(), String> {
    let name = text(&case["name"]);
    let earlier = case["after"].as_array().map_or(&[][..], Vec::as_slice);
    let mut answers = vec![Answer::ok(r#"{"Success":true,"Message":null}"#); earlier.len()];
    answers.extend(
        case["answers"]
            .as_array()
            .unwrap()
            .iter()
            .map(Answer::of_vector),
    );
    let (base_url, requests) = server::server(answers);
    let mut options = ClientOptions::new(APP_KEY, server::SECRET);
    options.base_url = Some(base_url);
    options.timeout = milliseconds("timeout", 60_000.0).unwrap();
    let client = Client::new(options).unwrap();
    for arguments in earlier {
        refund(&client, cart(arguments), arguments).await.unwrap();
    }
    let outcome = call(&client, case).await;
    let found = outcome.unwrap_or_else(|error| json!({ "error": error_json(&error) }));
    let expected = expected(case, &found);
    if found != expected {
        return Err(format!("{name}\n       is {found}\n  expected {expected}"));
    }
    let sent: Vec<_> = requests.try_iter().skip(earlier.len()).collect();
    if sent.len() as u64 != case["requests"].as_u64().unwrap() {
        return Err(format!("{name}: {} requests", sent.len()));
    }
    for request in sent {
        let wanted = &case["request"];
        assert_eq!(request.method, text(&wanted["method"]), "{name}");
        assert_eq!(request.path, text(&wanted["path"]), "{name}");
        let body = wanted["body"].as_str().unwrap_or_default();
        assert_eq!(
            String::from_utf8(request.body.clone()).unwrap(),
            body,
            "{name}"
        );
        assert_eq!(request.header("x-netgiro-api-key"), APP_KEY, "{name}");
        for unsigned in ["netgiro_appkey", "netgiro_nonce", "netgiro_signature"] {
            assert_eq!(request.header(unsigned), "", "{name}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn v2_vectors() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/v2/v2.json")).unwrap();
    let vectors = Arc::new(vectors);
    let mut running = tokio::task::JoinSet::new();
    let count = vectors["cases"].as_array().unwrap().len();
    for at in 0..count {
        let vectors = Arc::clone(&vectors);
        running.spawn(async move { run(&vectors["cases"][at]).await });
    }
    let wrong: HashSet<_> = running
        .join_all()
        .await
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert!(
        wrong.is_empty(),
        "{}",
        wrong.into_iter().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn redirect_vectors() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/v2/v2.json")).unwrap();
    let options = ClientOptions::new(APP_KEY, text(&vectors["secret_key"]));
    let client = Client::new(options).unwrap();
    for case in vectors["redirects"].as_array().unwrap() {
        let known = Some(&case["amount"]).filter(|amount| amount.is_number());
        let read = client.verify_redirect(
            text(&case["url"]),
            known.map(amount),
            case["reference"].as_str(),
        );
        let found = match read {
            Ok(read) => json!({ "redirect": {
                "transaction_id": read.transaction_id,
                "reference": read.reference,
                "amount": read.amount.to_string(),
                "invoice_number": read.invoice_number,
                "status": read.status.as_str(),
            } }),
            Err(error) => json!({ "error": { "code": error.kind().code() } }),
        };
        assert_eq!(found, case["expect"], "{}", case["name"]);
    }
}
