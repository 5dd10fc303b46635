//! Which requests are accepted, and how responses are signed.

use crate::shop::{APP_CODE, CallbackServer, KENNITALA, Message, PHONE, Shop, order};
use netgiro_simulator::{Endpoint, ResponseSignatures, SimulatorOptions};
use serde_json::json;
use uuid::Uuid;

fn with(change: impl FnOnce(&mut SimulatorOptions)) -> Shop {
    let mut options = SimulatorOptions::default();
    change(&mut options);
    Shop::with(options)
}

#[test]
fn a_signed_request_gets_a_signed_answer() {
    let shop = Shop::open();
    let answer = shop.call("InsertCart", &order(PHONE, 0));
    assert_eq!(answer.status(), 200);
    assert!(answer.is_signed(shop.simulator.secret_key(), &shop.url("InsertCart")));
    assert_eq!(
        answer.header("netgiro_appkey"),
        Some(shop.simulator.app_key())
    );
    let reference_id = answer.header("netgiro_referenceid").unwrap();
    assert!(Uuid::parse_str(reference_id).is_ok(), "{reference_id}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let json = answer.json();
    assert_eq!(json["ProcessCartCheckIntervalMiliseconds"], 3000);
    assert_eq!(json["RemoteConfirmationAvailable"], true);
    assert!(json["AnnouncementMessage"].is_null() && json["Message"].is_null());
}

#[test]
fn a_rejected_request_says_why() {
    let shop = Shop::open();
    let body = order(PHONE, 0).to_string();
    let url = shop.url("InsertCart");
    let path = "/v1/Checkout/InsertCart";
    let good = shop.signed(&url, body.as_bytes());
    let refused = |headers: &[(String, String)], body: &str| {
        let answer = shop.send("POST", path, headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.row(), (false, None, 401));
        assert_eq!(answer.header("netgiro_signature"), None);
        answer.json()["Message"].as_str().unwrap().to_owned()
    };

    let why = refused(&[], &body);
    assert_eq!(why, "Header netgiro_appkey is missing");
    let why = refused(&good, &format!("{body} "));
    assert!(why.starts_with("The signature does not match"), "{why}");
    let mut other = good.clone();
    other[0].1 = "SOMEBODY".to_owned();
    assert_eq!(refused(&other, &body), "Unknown application SOMEBODY");
    let mut upper = good.clone();
    upper[2].1.make_ascii_uppercase();
    refused(&upper, &body);
    let elsewhere = url.replace("127.0.0.1", "localhost");
    refused(&shop.signed(&elsewhere, body.as_bytes()), &body);

    assert!(shop.simulator.carts().is_empty());
    let requests = shop.simulator.requests();
    assert_eq!(requests.len(), 5);
    assert!(requests.iter().all(|request| !request.signature_ok));
    assert!(requests.iter().all(|request| request.status == Some(401)));
}

#[test]
fn the_received_url_is_signed() {
    let shop = Shop::open();
    let body = json!({ "TransactionId": Uuid::nil() }).to_string();
    for path in [
        "/v1/checkout/checkcart",
        "/V1/CHECKOUT/CheckCart",
        "/v1/Checkout/CheckCart?a=b&c=%C3%9E",
    ] {
        let url = format!("http://{}{path}", shop.address());
        let headers = shop.signed(&url, body.as_bytes());
        let answer = shop.send("POST", path, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.row(), (true, Some(false), 10201), "{path}");
        assert!(answer.is_signed(shop.simulator.secret_key(), &url));
        let canonical = shop.signed(&shop.url("CheckCart"), body.as_bytes());
        let answer = shop.send("POST", path, &canonical, body.as_bytes());
        assert_eq!(answer.unwrap().status(), 401, "{path}");
    }
}

#[test]
fn any_json_is_accepted() {
    let shop = Shop::open();
    let mut order = order(PHONE, 0);
    order["Reference"] = json!("pöntun „1“ 🧾");
    let cart = shop.insert_order(&order);
    assert_eq!(
        shop.simulator.cart(cart).unwrap().reference,
        "pöntun „1“ 🧾"
    );
}

#[test]
fn validation_errors_have_their_codes() {
    let shop = with(|options| options.minimum_amount = 500);
    for (member, value, code) in [
        ("Amount", json!(499), 10305),
        ("Amount", json!("1000.5"), 400),
        ("Amount", json!("499"), 10305),
        ("Amount", json!(null), 400),
        ("Reference", json!(""), 400),
        ("CustomerId", json!("1234567"), 10306),
        ("CustomerId", json!("11111111290"), 10306),
        ("ConfirmationType", json!(3), 10427),
        ("ConfirmationType", json!("3"), 10427),
        ("ConfirmationType", json!(1), 10427),
    ] {
        let mut order = order(PHONE, 0);
        order[member] = value.clone();
        let answer = shop.call("InsertCart", &order);
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.row(), (false, None, code), "{member} {value}");
        assert!(answer.json()["TransactionId"].is_null());
    }
    for body in [json!({}), json!({ "TransactionId": "x" }), json!([1])] {
        for endpoint in ["CheckCart", "ConfirmCart", "CancelCart"] {
            let answer = shop.call(endpoint, &body);
            assert_eq!(answer.row(), (false, None, 400), "{endpoint} {body}");
        }
    }
    assert!(shop.simulator.carts().is_empty());
}

#[test]
fn numbers_as_text_and_a_missing_confirmation_type_are_switches() {
    let mut order = order(PHONE, 0);
    order["Amount"] = json!("4990");
    order["ConfirmationType"] = json!("2");
    let shop = Shop::open();
    let cart = shop.simulator.cart(shop.insert_order(&order)).unwrap();
    assert_eq!(
        (cart.amount, cart.confirmation_type.as_str()),
        (4990, "manual")
    );
    let strict = with(|options| options.require_json_numbers = true);
    assert_eq!(strict.call("InsertCart", &order).row(), (false, None, 400));

    order["Amount"] = json!(4990);
    for missing in [Some(json!(null)), None] {
        order.as_object_mut().unwrap().remove("ConfirmationType");
        if let Some(null) = missing {
            order["ConfirmationType"] = null;
        }
        let cart = shop.simulator.cart(shop.insert_order(&order)).unwrap();
        assert_eq!(cart.confirmation_type.as_str(), "automatic");
        let strict = with(|options| options.require_confirmation_type = true);
        assert_eq!(
            strict.call("InsertCart", &order).row(),
            (false, None, 10427)
        );
    }
}

#[test]
fn the_base_path_of_2019_is_served_too() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    let body = json!({ "TransactionId": cart }).to_string();
    for path in ["/api/Checkout/CheckCart", "/API/checkout/checkcart"] {
        let url = format!("http://{}{path}", shop.address());
        let headers = shop.signed(&url, body.as_bytes());
        let answer = shop.send("POST", path, &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.row(), (true, Some(false), 10425), "{path}");
        assert!(answer.is_signed(shop.simulator.secret_key(), &url));
    }
}

#[test]
fn responses_can_leave_payment_info_out() {
    let shop = with(|options| options.omit_payment_info = true);
    let bell = CallbackServer::new(|_| Some(200));
    let paid = shop.insert_calling(PHONE, 0, Some(&bell.url));
    shop.simulator.confirm(paid).unwrap();
    let callback = bell.wait();
    assert_eq!(callback.json()["PaymentInfo"]["TotalAmount"], 1000);
    let reserved = shop.insert(PHONE, 2);
    shop.simulator.confirm(reserved).unwrap();
    for (answer, row) in [
        (shop.check(paid), (true, Some(true), 10200)),
        (shop.cancel(paid), (false, None, 10200)),
        (shop.check(reserved), (true, Some(false), 10426)),
        (shop.confirm(reserved, None), (true, Some(true), 10200)),
        (shop.confirm(reserved, None), (true, Some(true), 10203)),
    ] {
        assert_eq!(answer.row(), row);
        assert!(answer.json()["PaymentInfo"].is_null());
    }
}

#[test]
fn checks_can_lag_behind() {
    let codes = |shop: &Shop, cart, count| {
        let code = |_| {
            let answer = shop.check(cart).json();
            (
                answer["ResultCode"].as_i64().unwrap(),
                answer["PaymentInfo"].is_null(),
            )
        };
        (0..count).map(code).collect::<Vec<_>>()
    };
    let shop = with(|options| options.stale_reads = 2);
    let cart = shop.insert(PHONE, 2);
    let (absent, pending) = ((10201, true), (10425, true));
    assert_eq!(codes(&shop, cart, 4), [absent, absent, pending, pending]);
    assert_eq!(shop.simulator.cart(cart).unwrap().result_code, 10425);
    shop.simulator.confirm(cart).unwrap();
    assert_eq!(codes(&shop, cart, 1), [pending]);
    // Writes see the current state, and another change does not delay the previous one further.
    assert_eq!(shop.confirm(cart, None).row(), (true, Some(true), 10200));
    assert_eq!(
        codes(&shop, cart, 3),
        [pending, (10426, false), (10200, false)]
    );
    assert_eq!(shop.cancel(cart).row(), (false, None, 10200));

    let canceled = shop.insert(PHONE, 0);
    codes(&shop, canceled, 3);
    assert_eq!(shop.cancel(canceled).row(), (true, None, 10201));
    assert_eq!(codes(&shop, canceled, 3), [pending, pending, absent]);

    let shop = with(|options| {
        options.stale_reads = 1;
        options.unknown_cart_code = 10424;
    });
    let agreed = shop.insert(APP_CODE, 0);
    assert_eq!(codes(&shop, agreed, 2), [(10424, true), (10200, false)]);
}

#[test]
fn other_paths_and_methods_are_refused() {
    let shop = Shop::open();
    let answer = shop
        .send("POST", "/v1/Checkout/Refund", &[], b"{}")
        .unwrap();
    assert_eq!(answer.status(), 404);
    let answer = shop
        .send("GET", "/v1/Checkout/CheckCart", &[], b"")
        .unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(shop.simulator.requests()[0].endpoint, None);
    assert_eq!(
        shop.simulator.requests()[1].endpoint,
        Some(Endpoint::CheckCart)
    );
}

#[test]
fn an_unknown_cart_is_canceled_or_not_found() {
    let unknown = Uuid::from_u128(7);
    let shop = Shop::open();
    assert_eq!(shop.check(unknown).row(), (true, Some(false), 10201));
    assert_eq!(
        shop.confirm(unknown, None).row(),
        (true, Some(false), 10201)
    );
    assert_eq!(shop.cancel(unknown).row(), (true, None, 10201));
    let shop = with(|options| options.unknown_cart_code = 10424);
    assert_eq!(shop.check(unknown).row(), (true, Some(false), 10424));
    assert_eq!(
        shop.confirm(unknown, None).row(),
        (true, Some(false), 10424)
    );
    assert_eq!(shop.cancel(unknown).row(), (false, None, 10424));
}

#[test]
fn a_repeated_nonce_is_refused_on_request() {
    let body = json!({ "TransactionId": Uuid::nil() }).to_string();
    for (reject, second) in [(false, 200), (true, 401)] {
        let shop = with(|options| options.reject_repeated_nonce = reject);
        let headers = shop.signed(&shop.url("CheckCart"), body.as_bytes());
        let send = || {
            shop.send("POST", "/v1/Checkout/CheckCart", &headers, body.as_bytes())
                .unwrap()
                .status()
        };
        assert_eq!((send(), send()), (200, second));
    }
}

#[test]
fn response_signatures_can_be_left_out_or_wrong() {
    let signed = |signatures| {
        let shop = with(|options| options.response_signatures = signatures);
        let answer: Message = shop.check(Uuid::nil());
        let url = shop.url("CheckCart");
        (
            answer.header("netgiro_signature").map(str::len),
            answer.is_signed(shop.simulator.secret_key(), &url),
        )
    };
    assert_eq!(signed(ResponseSignatures::Valid), (Some(64), true));
    assert_eq!(signed(ResponseSignatures::Omit), (None, false));
    assert_eq!(signed(ResponseSignatures::Corrupt), (Some(64), false));
}

#[test]
fn the_check_interval_is_as_set() {
    for hint in [None, Some(0), Some(-1), Some(250)] {
        let shop = with(|options| options.check_interval_ms = hint);
        let json = shop.call("InsertCart", &order(KENNITALA, 0)).json();
        assert_eq!(json["ProcessCartCheckIntervalMiliseconds"], json!(hint));
        assert_eq!(json["RemoteConfirmationAvailable"], false);
    }
}

#[test]
fn amounts_have_as_many_decimals_as_set() {
    for (decimals, total) in [(0, "1000"), (1, "1000.0"), (2, "1000.00")] {
        let shop = with(|options| options.decimals = decimals);
        let cart = shop.insert(PHONE, 0);
        shop.simulator.confirm(cart).unwrap();
        let answer = shop.check(cart);
        let member = format!("\"TotalAmount\":{total},");
        assert!(answer.text().contains(&member), "{}", answer.text());
    }
}

#[test]
fn every_request_is_recorded_as_received() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    let answer = shop.check(cart);
    let requests = shop.simulator.requests();
    let [insert, check] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(insert.transaction_id, None);
    assert_eq!(insert.body, order(PHONE, 0).to_string());
    assert_eq!(check.endpoint, Some(Endpoint::CheckCart));
    assert_eq!(check.transaction_id, Some(cart));
    assert_eq!(
        (check.method.as_str(), check.path.as_str()),
        ("POST", "/v1/Checkout/CheckCart")
    );
    assert!(check.signature_ok);
    assert_ne!(insert.nonce, check.nonce);
    assert_eq!(check.status, Some(200));
    assert_eq!(check.answer.as_deref(), Some(answer.text()));
    assert!(
        check
            .headers
            .iter()
            .any(|(name, _)| name == "netgiro_signature")
    );
    assert!(insert.at <= check.at);
}

#[test]
fn old_requests_are_dropped() {
    let shop = with(|options| options.history = 2);
    for _ in 0..3 {
        shop.insert(PHONE, 0);
    }
    assert_eq!(shop.simulator.requests().len(), 2);
    assert_eq!(shop.simulator.requests()[1].status, Some(200));
    assert_eq!(shop.simulator.carts().len(), 3);
}
