//! The hosted checkout: opened by the shop, and used on its page.

use crate::shop::{CallbackServer, Message, Shop, until};
use netgiro_simulator::{Endpoint, SimulatorOptions};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use url::{Url, form_urlencoded};
use uuid::Uuid;

const SUCCESS: &str = "https://shop.example/done?order=1";
const CANCEL: &str = "https://shop.example/sorry";

fn order() -> Value {
    json!({ "Amount": 5000, "Reference": "A-1", "SuccessUrl": SUCCESS, "CancelUrl": CANCEL })
}

fn send(shop: &Shop, body: &Value, key: Option<&str>) -> Message {
    let key = key.map(|key| ("X-Netgiro-Api-Key".to_owned(), key.to_owned()));
    let headers: Vec<_> = key.into_iter().collect();
    let body = body.to_string();
    shop.send("POST", "/v1/Checkout/Payment", &headers, body.as_bytes())
        .unwrap()
}

/// Opens a checkout; returns its cart.
fn open(shop: &Shop, order: &Value) -> Uuid {
    let answer = send(shop, order, Some(shop.simulator.app_key()));
    assert_eq!(answer.status(), 200, "{}", answer.text());
    let json = answer.json();
    let url = json["CheckoutUrl"].as_str().unwrap();
    assert_eq!(json, json!({ "Success": true, "CheckoutUrl": url }));
    let page = format!("{}simulator/checkout/", shop.simulator.page_url());
    url.strip_prefix(&page).unwrap().parse().unwrap()
}

fn act(shop: &Shop, cart: Uuid, action: &str, body: &Value) -> Message {
    let path = format!("/simulator/checkout/{cart}/{action}");
    shop.send("POST", &path, &[], body.to_string().as_bytes())
        .unwrap()
}

fn accept(shop: &Shop, cart: Uuid, customer: &str) {
    let answer = act(shop, cart, "accept", &json!({ "customer_id": customer }));
    assert_eq!(answer.status(), 204, "{}", answer.text());
}

fn state(shop: &Shop, cart: Uuid) -> Value {
    let path = format!("/simulator/checkout/{cart}/state");
    shop.send("GET", &path, &[], b"").unwrap().json()
}

/// The members of a redirect or a form, whose signature must be right.
#[track_caller]
fn verified(shop: &Shop, pairs: form_urlencoded::Parse<'_>) -> BTreeMap<String, String> {
    let members: BTreeMap<_, _> = pairs.into_owned().collect();
    let signed = [
        "ReferenceNumber",
        "TransactionId",
        "InvoiceNumber",
        "TotalAmount",
        "Status",
    ]
    .map(|name| members[name].as_str())
    .concat();
    let signed = format!("{}{signed}", shop.simulator.secret_key());
    let mut hex = String::new();
    for byte in Sha256::digest(signed) {
        let _ = write!(hex, "{byte:02x}");
    }
    assert_eq!(members["NetgiroSignature"], hex);
    members
}

#[track_caller]
fn assert_returns(shop: &Shop, cart: Uuid, base: &str, status: &str) {
    let state = state(shop, cart);
    let url = state["return_url"].as_str().unwrap();
    assert!(url.starts_with(base), "{url}");
    let members = verified(shop, Url::parse(url).unwrap().query_pairs());
    assert_eq!(members["Status"], status);
    assert_eq!(members["TransactionId"], cart.to_string());
    assert_eq!(members["ReferenceNumber"], "A-1");
    assert_eq!(members["TotalAmount"], "5000");
}

#[test]
fn the_customer_pays_on_the_page_and_returns() {
    let shop = Shop::open();
    let cart = open(&shop, &order());
    let page = shop.send(
        "GET",
        &format!("/simulator/checkout/{cart}?lang=is"),
        &[],
        b"",
    );
    let page = page.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(page.header("content-security-policy").is_some());
    assert!(page.text().contains("Samþykkja"));
    assert_eq!(
        state(&shop, cart),
        json!({
            "shop": "Prufuverslun", "amount": 5000, "reference": "A-1", "status": "pending", "return_url": null,
        })
    );
    accept(&shop, cart, "1111111119");
    assert_returns(&shop, cart, SUCCESS, "2");
    let sale = shop.simulator.cart(cart).unwrap();
    assert!(sale.is_paid);
    assert_eq!(sale.customer_id, "1111111119");
    let again = act(&shop, cart, "accept", &json!({ "customer_id": "8223281" }));
    assert_eq!(again.status(), 409);
    let status = shop.v2("GET", &format!("checkout/status/{cart}"), &Value::Null);
    assert_eq!(status.json()["Status"], json!("Confirmed"));
    let opened = &shop.simulator.requests()[0];
    assert_eq!(opened.endpoint, Some(Endpoint::HostedPayment));
    assert!(opened.signature_ok);
}

#[test]
fn every_other_way_leads_to_the_cancel_url() {
    let shop = Shop::open();
    for action in ["reject", "leave"] {
        let cart = open(&shop, &order());
        assert_eq!(act(&shop, cart, action, &json!({})).status(), 204);
        assert_returns(&shop, cart, CANCEL, "5");
        assert_eq!(act(&shop, cart, action, &json!({})).status(), 409);
    }
    let poor = open(&shop, &order());
    accept(&shop, poor, "2222222229");
    assert_returns(&shop, poor, CANCEL, "5");
    assert_eq!(state(&shop, poor)["status"], json!("declined"));
    let late = open(&shop, &order());
    shop.simulator.expire(late).unwrap();
    assert_returns(&shop, late, CANCEL, "5");
    let confirmed = open(&shop, &order());
    shop.simulator.confirm(confirmed).unwrap();
    assert_returns(&shop, confirmed, SUCCESS, "2");
}

#[test]
fn a_manual_checkout_holds_and_v2_captures() {
    let shop = Shop::open();
    let mut manual = order();
    manual["ManualCapture"] = json!(true);
    let cart = open(&shop, &manual);
    accept(&shop, cart, "8223281");
    assert_returns(&shop, cart, SUCCESS, "1");
    let body = json!({ "TransactionId": cart });
    let answer = shop.v2("POST", "transaction/capture", &body);
    assert_eq!(answer.json()["Status"], json!("Confirmed"));
    assert_returns(&shop, cart, SUCCESS, "2");
}

#[test]
fn the_callback_makes_the_payment_as_json_or_form() {
    for as_form in [false, true] {
        let shop = Shop::with(SimulatorOptions {
            hosted_callback_as_form: as_form,
            ..SimulatorOptions::default()
        });
        let server = CallbackServer::new(|_| Some(204));
        let mut calling = order();
        calling["CallbackUrl"] = json!(server.url);
        calling["CallbackCancelUrl"] = json!(server.url);
        let cart = open(&shop, &calling);
        accept(&shop, cart, "1111111119");
        let callback = server.wait();
        let kind = callback.header("content-type").unwrap();
        if as_form {
            assert_eq!(kind, "application/x-www-form-urlencoded");
            let members = verified(&shop, form_urlencoded::parse(&callback.body));
            assert_eq!(members["Status"], "1");
            assert_eq!(callback.header("x-netgiro-signature"), None);
        } else {
            assert!(kind.starts_with("application/json"), "{kind}");
            assert_eq!(callback.json()["TransactionId"], json!(cart));
            assert!(callback.header("x-netgiro-signature").is_some());
        }
        until("the payment is made", || {
            shop.simulator.cart(cart).unwrap().is_paid
        });
        assert_returns(&shop, cart, SUCCESS, "2");
        let rejected = open(&shop, &calling);
        act(&shop, rejected, "reject", &json!({}));
        let callback = server.wait();
        if as_form {
            let members = verified(&shop, form_urlencoded::parse(&callback.body));
            assert_eq!(members["Status"], "5");
        } else {
            assert_eq!(callback.json()["Success"], json!(false));
        }
    }
}

#[test]
fn what_is_no_checkout_is_refused() {
    let shop = Shop::open();
    let key = shop.simulator.app_key().to_owned();
    for (member, value, message) in [
        ("Amount", json!(0), "Amount must be greater than 0"),
        ("Amount", json!(10.5), "Amount must be an integer"),
        ("Reference", Value::Null, "Reference must not be empty"),
        ("SuccessUrl", Value::Null, "SuccessUrl must not be empty"),
        (
            "CancelUrl",
            json!("javascript:alert(1)"),
            "CancelUrl must be a URL",
        ),
        ("SuccessUrl", json!("/done"), "SuccessUrl must be a URL"),
    ] {
        let mut order = order();
        order[member] = value;
        let answer = send(&shop, &order, Some(&key));
        assert_eq!(answer.status(), 400);
        let json = answer.json();
        assert_eq!(json["Success"], json!(false));
        assert!(
            json["Message"].as_str().unwrap().contains(message),
            "{json}"
        );
    }
    assert_eq!(send(&shop, &order(), None).status(), 401);
    assert_eq!(send(&shop, &order(), Some("another")).status(), 400);
    assert_eq!(shop.simulator.carts(), []);

    let cart = open(&shop, &order());
    let stranger = act(
        &shop,
        cart,
        "accept",
        &json!({ "customer_id": "500004a7K2" }),
    );
    assert_eq!(stranger.status(), 400);
    assert_eq!(act(&shop, cart, "accept", &json!({})).status(), 400);
    let plain = shop.insert("8223281", 0);
    for path in ["", "/state"] {
        let path = format!("/simulator/checkout/{plain}{path}");
        assert_eq!(shop.send("GET", &path, &[], b"").unwrap().status(), 404);
    }
    for action in ["reject", "leave"] {
        assert_eq!(act(&shop, plain, action, &json!({})).status(), 404);
    }
    let body = json!({ "customer_id": "8223281" });
    assert_eq!(act(&shop, plain, "accept", &body).status(), 404);
    let foreign = [("Origin".to_owned(), "https://shop.example".to_owned())];
    let path = format!("/simulator/checkout/{cart}/reject");
    assert_eq!(
        shop.send("POST", &path, &foreign, b"").unwrap().status(),
        403
    );
}
