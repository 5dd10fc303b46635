//! V2's refunds and details, of carts that V1 inserted.

use crate::shop::{KENNITALA, Message, PHONE, Shop, until};
use netgiro_simulator::{Endpoint, Fault, RepeatedCall, SimulatorOptions};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(86_400);

fn refund(shop: &Shop, cart: Uuid, amount: i64, key: &str) -> Message {
    let body = json!({ "TransactionId": cart, "RefundAmount": amount, "IdempotencyKey": key });
    shop.v2("POST", "transaction/refund", &body)
}

fn details(shop: &Shop, cart: Uuid) -> Message {
    let path = format!("transaction/details/{cart}");
    shop.v2("GET", &path, &Value::Null)
}

fn is_done(answer: &Message) -> bool {
    (answer.status(), answer.text()) == (200, r#"{"Success":true,"Message":"Success"}"#)
}

#[track_caller]
fn assert_refused(answer: &Message, status: u16, message: &str) {
    let json = answer.json();
    let said = json["Message"].as_str().unwrap();
    assert_eq!(answer.status(), status, "{said}");
    assert!(said.contains(message), "{said}");
    assert_eq!(json, json!({ "Success": false, "Message": said }));
}

/// The amounts of all settlements' items, settlement by settlement.
fn settled(shop: &Shop) -> Vec<(Value, Vec<Value>)> {
    let list = shop.v2("GET", "settlement/list", &Value::Null).json();
    let items = |settlement: &Value| {
        let path = format!(
            "settlement/items/{}",
            settlement["Number"].as_str().unwrap()
        );
        let items = shop.v2("GET", &path, &Value::Null).json();
        items.as_array().unwrap().clone()
    };
    let list = list.as_array().unwrap().iter();
    list.map(|settlement| (settlement.clone(), items(settlement)))
        .collect()
}

/// Moves the clock to a noon, so that nothing happens around midnight.
fn wait_for_noon(shop: &Shop) {
    let second = shop.simulator.now().as_second().rem_euclid(86_400);
    let until_noon = (86_400 + 43_200 - second).rem_euclid(86_400);
    let until_noon = Duration::from_secs(until_noon.try_into().unwrap());
    shop.simulator.advance(until_noon).unwrap();
}

#[test]
fn a_payment_is_refunded_in_parts_up_to_its_amount() {
    let shop = Shop::open();
    let cart = shop.paid();
    assert!(is_done(&refund(&shop, cart, 400, "a")));
    let more = refund(&shop, cart, 601, "b");
    assert_refused(&more, 400, "must not exceed 600");
    assert!(
        is_done(&refund(&shop, cart, 600, "b")),
        "the key was not taken"
    );
    assert_refused(&refund(&shop, cart, 1, "c"), 400, "must not exceed 0");

    let cart = shop.simulator.cart(cart).unwrap();
    assert!(cart.is_paid, "a refunded payment stays paid");
    assert_eq!(cart.refunded, 1000);
    let made: Vec<_> = (cart.refunds.iter())
        .map(|refund| (refund.amount, refund.idempotency_key.as_str()))
        .collect();
    assert_eq!(made, [(400, "a"), (600, "b")]);
    assert!(
        cart.refunds
            .iter()
            .all(|refund| refund.description.is_none())
    );
    assert_eq!(
        shop.check(cart.transaction_id).row(),
        (true, Some(true), 10200)
    );
}

#[test]
fn a_key_is_for_one_refund() {
    let shop = Shop::open();
    let (cart, other) = (shop.paid(), shop.paid());
    for _ in 0..3 {
        assert!(is_done(&refund(&shop, cart, 1000, "a")));
    }
    let used = "IdempotencyKey was used for another refund";
    assert_refused(&refund(&shop, cart, 999, "a"), 400, used);
    assert_refused(&refund(&shop, other, 1000, "a"), 400, used);
    assert_eq!(shop.simulator.cart(cart).unwrap().refunds.len(), 1);
    assert_eq!(shop.simulator.cart(other).unwrap().refunded, 0);

    let strict = Shop::with(SimulatorOptions {
        repeated_refund: RepeatedCall::Refuse,
        ..SimulatorOptions::default()
    });
    let cart = strict.paid();
    assert!(is_done(&refund(&strict, cart, 10, "a")));
    let again = refund(&strict, cart, 10, "a");
    assert_refused(&again, 400, "IdempotencyKey has been processed already");
    assert_eq!(strict.simulator.cart(cart).unwrap().refunded, 10);
}

#[test]
fn only_what_is_paid_is_refunded() {
    let shop = Shop::open();
    let pending = shop.insert(PHONE, 0);
    let reserved = shop.insert(PHONE, 2);
    shop.simulator.confirm(reserved).unwrap();
    let canceled = shop.insert(PHONE, 0);
    shop.cancel(canceled);
    for cart in [pending, reserved, canceled] {
        assert_refused(&refund(&shop, cart, 1, "a"), 400, "not paid");
    }
    assert_refused(&refund(&shop, Uuid::nil(), 1, "a"), 400, "not found");
    let opaque = json!({ "TransactionId": "abc-123", "RefundAmount": 1, "IdempotencyKey": "a" });
    let answer = shop.v2("POST", "transaction/refund", &opaque);
    assert_refused(&answer, 400, "not found");
}

#[test]
fn a_malformed_refund_is_always_a_bad_request() {
    let shop = Shop::with(SimulatorOptions {
        v2_refusal_status: 200,
        unknown_transaction_is_404: true,
        ..SimulatorOptions::default()
    });
    let cart = shop.paid();
    for (member, value, message) in [
        (
            "TransactionId",
            json!(""),
            "TransactionId must not be empty",
        ),
        ("TransactionId", json!(7), "TransactionId must be a string"),
        (
            "RefundAmount",
            json!(0),
            "RefundAmount must be greater than 0",
        ),
        (
            "RefundAmount",
            json!(-5),
            "RefundAmount must be greater than 0",
        ),
        (
            "RefundAmount",
            Value::Null,
            "RefundAmount must be greater than 0",
        ),
        (
            "RefundAmount",
            json!(1.5),
            "RefundAmount must be an integer",
        ),
        (
            "IdempotencyKey",
            Value::Null,
            "IdempotencyKey must not be empty",
        ),
        (
            "IdempotencyKey",
            json!(" "),
            "IdempotencyKey must not be empty",
        ),
        ("Description", json!(7), "Description must be a string"),
    ] {
        let mut body = json!({ "TransactionId": cart, "RefundAmount": 1, "IdempotencyKey": "a" });
        body[member] = value;
        assert_refused(&shop.v2("POST", "transaction/refund", &body), 400, message);
    }
    let text = shop.v2("POST", "transaction/refund", &json!("text"));
    assert_refused(&text, 400, "one JSON object");
    // The switches are for what the transaction does not allow.
    assert_refused(&refund(&shop, cart, 1001, "a"), 200, "must not exceed 1000");
    assert_refused(&refund(&shop, Uuid::nil(), 1, "a"), 404, "not found");
    assert_refused(&details(&shop, Uuid::nil()), 404, "not found");
    assert_eq!(shop.simulator.cart(cart).unwrap().refunds, []);
}

#[test]
fn v2_knows_the_shop_by_its_key_alone() {
    let shop = Shop::open();
    let cart = shop.paid();
    let body = json!({ "TransactionId": cart, "RefundAmount": 1, "IdempotencyKey": "a" });
    let send = |method, path: &str, key: Option<&str>| {
        let key = key.map(|key| ("x-netgiro-api-key".to_owned(), key.to_owned()));
        let headers: Vec<_> = key.into_iter().collect();
        let body = body.to_string();
        shop.send(method, path, &headers, body.as_bytes()).unwrap()
    };
    let path = format!("/v2/transaction/details/{cart}");
    for key in [None, Some("another")] {
        let answer = send("POST", "/v2/transaction/refund", key);
        assert_refused(&answer, 401, "An API key is required");
        assert_refused(&send("GET", &path, key), 401, "An API key is required");
    }
    let key = shop.simulator.app_key().to_lowercase();
    let wrong = send("GET", "/v2/transaction/refund", Some(&key));
    assert_refused(&wrong, 405, "Use POST");
    assert_eq!(wrong.header("allow"), Some("POST"));
    assert_refused(&send("POST", &path, Some(&key)), 405, "Use GET");
    let done = send("POST", "/V2/Transaction/Refund", Some(&key));
    assert!(is_done(&done));
    assert_eq!(done.header("netgiro_signature"), None);
    let requests = shop.simulator.requests();
    let last = requests.last().unwrap();
    assert_eq!(last.endpoint, Some(Endpoint::Refund));
    assert_eq!(last.transaction_id, Some(cart));
    assert!(last.signature_ok);
    assert!(requests.iter().any(|request| {
        (request.endpoint, request.transaction_id) == (Some(Endpoint::Details), Some(cart))
    }));
}

#[test]
fn faults_reach_refunds_and_details() {
    let shop = Shop::open();
    let cart = shop.paid();
    let fault = |fault| shop.simulator.add_fault(fault).unwrap();
    fault(Fault::on(Endpoint::Refund).drop_after());
    let headers = [(
        "X-Netgiro-Api-Key".to_owned(),
        shop.simulator.app_key().to_owned(),
    )];
    let body = json!({ "TransactionId": cart, "RefundAmount": 7, "IdempotencyKey": "a" });
    let body = body.to_string();
    let lost = shop.send("POST", "/v2/transaction/refund", &headers, body.as_bytes());
    assert!(lost.is_err(), "the refund is made, and the answer is lost");
    assert_eq!(shop.simulator.cart(cart).unwrap().refunded, 7);
    assert!(is_done(&refund(&shop, cart, 7, "a")));
    assert_eq!(shop.simulator.cart(cart).unwrap().refunded, 7);

    fault(Fault::on(Endpoint::Details).status(503).retry_after("1"));
    assert_refused(&details(&shop, cart), 503, "Simulated status 503");
    fault(Fault::on(Endpoint::Refund).result_code(400));
    let answer = refund(&shop, cart, 1, "b");
    assert_eq!(answer.json()["Success"], json!(false));
    assert_eq!(answer.json().get("ResultCode"), None);
    assert_eq!(shop.simulator.cart(cart).unwrap().refunded, 7);
}

#[test]
fn details_say_what_a_transaction_is_worth() {
    let shop = Shop::with(SimulatorOptions {
        decimals: 1,
        ..SimulatorOptions::default()
    });
    let row = |cart| {
        let json = details(&shop, cart).json();
        let status = json["Status"].as_str().unwrap().to_owned();
        (status, json["IsRefundable"].as_bool().unwrap())
    };
    let cart = shop.insert(PHONE, 0);
    assert_eq!(row(cart), ("unpaid".to_owned(), false));
    shop.simulator.confirm(cart).unwrap();
    let answer = details(&shop, cart);
    assert_eq!(answer.status(), 200);
    let created = answer.json()["Created"].as_str().unwrap().to_owned();
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"IsRefundable":true,"Status":"paid","Created":"{created}","TotalAmount":1000.0,"TransactionId":"{cart}","SettlementDate":null}}"#
        )
    );
    refund(&shop, cart, 999, "a");
    assert_eq!(row(cart), ("paid".to_owned(), true));
    refund(&shop, cart, 1, "b");
    assert_eq!(row(cart), ("paid".to_owned(), false));

    let reserved = shop.insert(PHONE, 2);
    shop.simulator.confirm(reserved).unwrap();
    assert_eq!(row(reserved), ("reservation".to_owned(), false));
    let coded = shop.insert(KENNITALA, 0);
    assert_eq!(row(coded), ("unpaid".to_owned(), false));
    let declined = shop.insert(PHONE, 0);
    shop.simulator.decline(declined).unwrap();
    assert_eq!(row(declined), ("canceled".to_owned(), false));
}

#[test]
fn a_refund_is_settled_with_the_day_on_which_it_was_made() {
    let shop = Shop::open();
    wait_for_noon(&shop);
    let (sold, kept) = (shop.paid(), shop.paid());
    refund(&shop, sold, 100, "same day");
    assert_eq!(details(&shop, sold).json()["SettlementDate"], Value::Null);
    shop.simulator.advance(DAY).unwrap();
    let date = details(&shop, sold).json()["SettlementDate"].clone();
    assert!(date.as_str().unwrap().ends_with("T00:00:00.000"), "{date}");
    assert!(is_done(&refund(&shop, sold, 300, "next day")));
    shop.simulator.advance(DAY).unwrap();

    let settled = settled(&shop);
    let sums: Vec<_> = (settled.iter())
        .map(|(settlement, items)| {
            let number = |name| settlement[name].as_i64().unwrap();
            let amounts = items
                .iter()
                .map(|item| item["TotalAmount"].as_i64().unwrap());
            let sums = (
                number("Amount"),
                number("CostAmount"),
                number("TotalAmount"),
            );
            (sums, number("NumberOfSales"), amounts.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(
        sums,
        [
            ((1860, 40, 1900), 2, vec![1000, -100, 1000]),
            ((-300, 0, -300), 0, vec![-300]),
        ]
    );
    let loan = |at: usize, item: usize| settled[at].1[item]["LoanNumber"].clone();
    assert_eq!(loan(0, 0), loan(0, 1));
    assert_eq!(loan(0, 0), loan(1, 0));
    assert_ne!(loan(0, 0), loan(0, 2));
    assert_eq!(settled[0].0["Created"], date);
    assert!(shop.simulator.cart(kept).unwrap().refunds.is_empty());
}

#[test]
fn refunds_of_settled_sales_can_be_refused() {
    let shop = Shop::with(SimulatorOptions {
        refuse_settled_refunds: true,
        ..SimulatorOptions::default()
    });
    wait_for_noon(&shop);
    let (sold, withheld) = (shop.paid(), shop.paid());
    shop.simulator.withhold(withheld).unwrap();
    assert!(is_done(&refund(&shop, sold, 100, "a")));
    shop.simulator.advance(DAY).unwrap();
    assert_refused(&refund(&shop, sold, 100, "b"), 400, "settled");
    assert_eq!(details(&shop, sold).json()["IsRefundable"], json!(false));
    assert!(
        is_done(&refund(&shop, sold, 100, "a")),
        "it was made before"
    );
    assert!(
        is_done(&refund(&shop, withheld, 100, "c")),
        "it is in no settlement"
    );
}

#[test]
fn the_control_shows_refunds() {
    let shop = Shop::open();
    let cart = shop.paid();
    let body = json!({
        "TransactionId": cart, "RefundAmount": 250, "IdempotencyKey": "a", "Description": "Ein bók",
    });
    assert!(is_done(&shop.v2("POST", "transaction/refund", &body)));
    let path = format!("/simulator/carts/{cart}");
    let read = |path: &str| shop.send("GET", path, &[], b"").unwrap().json();
    let shown = read(&path);
    assert_eq!(shown["refunded"], json!(250));
    let refund = &shown["refunds"][0];
    assert_eq!(refund["amount"], json!(250));
    assert_eq!(refund["idempotency_key"], json!("a"));
    assert_eq!(refund["description"], json!("Ein bók"));
    assert!(refund["refunded_at"].as_str().unwrap().ends_with('Z'));
    until("the state shows the refund", || {
        read("/simulator/state")["carts"][0]["refunded"] == json!(250)
    });
    let state = read("/simulator/state");
    assert_eq!(state["options"]["repeated_refund"], json!("repeat"));
}
