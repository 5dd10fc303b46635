//! V1 beside its checkout: sales, the look-up by reference, and access codes.

use crate::shop::{APP_CODE, KENNITALA, Message, NO_CREDIT, PHONE, Shop, order};
use netgiro_simulator::{Endpoint, ReferenceLookup, SimulatorOptions};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

impl Shop {
    /// A correctly signed request to a path below `/v1/`, with a body if there is one.
    fn v1(&self, method: &str, path: &str, body: &str) -> Message {
        let url = format!("{}{path}", self.simulator.url());
        let headers = self.signed(&url, body.as_bytes());
        self.send(method, &format!("/v1/{path}"), &headers, body.as_bytes())
            .unwrap()
    }

    fn look_up(&self, reference: &str) -> Message {
        let path = format!("payment/GetByReference?ReferenceNumber={reference}");
        self.v1("GET", &path, "")
    }

    fn access_code(&self, customer: &str) -> String {
        let path = format!("Account/RequestConfirmation?Customer={customer}");
        let answer = self.v1("GET", &path, "");
        let json = answer.json();
        assert_eq!(
            (&json["Success"], &json["ResultCode"]),
            (&json!(true), &json!(200))
        );
        json["Message"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_sale_is_told_with_get_and_with_post() {
    let shop = Shop::open();
    let waiting = shop.insert(PHONE, 0);
    let paid = shop.paid();
    let reserved = shop.insert(APP_CODE, 2);
    let canceled = shop.insert(PHONE, 0);
    shop.cancel(canceled);
    for (cart, status, refundable) in [
        (waiting, "new", false),
        (paid, "paid", true),
        (reserved, "unpaid", false),
        (canceled, "canceled", false),
    ] {
        let body = json!({ "TransactionId": cart }).to_string();
        let query = format!("?transactionId={cart}");
        for answer in [
            shop.v1("POST", "transactions", &body),
            shop.v1("POST", "transaction", &body),
            shop.v1("GET", &format!("transactions{query}"), ""),
        ] {
            assert_eq!(answer.status(), 200);
            let json = answer.json();
            assert_eq!(json["Success"], json!(true), "{json}");
            assert_eq!(json["ResultCode"], json!(200));
            assert_eq!(json["Message"], Value::Null);
            assert_eq!(json["Status"], json!(status));
            assert_eq!(json["IsRefundable"], json!(refundable));
            assert_eq!(json["TotalAmount"], json!(1000));
            assert_eq!(json["TransactionId"], json!(cart));
            assert_eq!(json["SettlementDate"], Value::Null);
            assert!(json["InvoiceNumber"].is_i64() && json["Created"].is_string());
        }
    }
    shop.simulator.advance(Duration::from_secs(86_400)).unwrap();
    let path = format!("transactions?TransactionId={paid}");
    assert!(shop.v1("GET", &path, "").json()["SettlementDate"].is_string());

    let unknown = json!({ "TransactionId": Uuid::nil() }).to_string();
    let answer = shop.v1("POST", "transactions", &unknown).json();
    assert_eq!(answer["Success"], json!(false));
    assert_eq!(answer["Message"], json!("Sale not found"));
    for wrong in ["{}", r#"{"TransactionId":"x"}"#] {
        let answer = shop.v1("POST", "transactions", wrong).json();
        assert_eq!(answer["Message"], json!("Error on request."));
        assert_eq!(answer["ResultCode"], json!(500));
    }
    assert_eq!(shop.v1("DELETE", "transactions", "").status(), 405);
    let unsigned = shop.send("POST", "/v1/transactions", &[], unknown.as_bytes());
    assert_eq!(unsigned.unwrap().status(), 401);
    let named: Vec<_> = (shop.simulator.requests().into_iter())
        .filter(|request| request.endpoint == Some(Endpoint::Transactions))
        .filter_map(|request| request.transaction_id)
        .collect();
    let each = [waiting, paid, reserved, canceled].map(|cart| [cart; 3]);
    assert_eq!(&named[..12], each.as_flattened());
}

#[test]
fn the_newest_cart_with_a_reference_is_found() {
    let shop = Shop::open();
    let ordered = |reference: &str| {
        let mut order = order(PHONE, 0);
        order["Reference"] = json!(reference);
        shop.insert_order(&order)
    };
    ordered("p\u{f6}ntun 1");
    let cart = ordered("p\u{f6}ntun 1");
    ordered("p\u{f6}ntun 2");
    let answer = shop.look_up("p%C3%B6ntun+1");
    let url = format!(
        "{}payment/GetByReference?ReferenceNumber=p%C3%B6ntun+1",
        shop.simulator.url()
    );
    assert!(answer.is_signed(shop.simulator.secret_key(), &url));
    let json = answer.json();
    assert_eq!(json["Success"], json!(true));
    assert_eq!(json["ResultCode"], json!(200));
    assert_eq!(json["PaymentInfo"]["TransactionId"], json!(cart));
    assert_eq!(json["PaymentInfo"]["ReferenceNumber"], json!("pöntun 1"));
    assert_eq!(json["PaymentInfo"]["TotalAmount"], json!(1000));
    assert_eq!(json["PaymentInfo"]["StatusId"], json!(1));
    let none = shop.look_up("another");
    assert_eq!(none.status(), 200);
    assert_eq!(none.row(), (false, None, 10424));
    assert_eq!(none.json()["PaymentInfo"], Value::Null);
    let empty = shop.v1("GET", "payment/GetByReference", "");
    assert_eq!(empty.row(), (false, None, 400));
    let path = "/v1/payment/GetByReference?ReferenceNumber=another";
    assert_eq!(shop.send("GET", path, &[], b"").unwrap().status(), 401);
}

#[test]
fn the_look_up_may_see_payments_alone_or_be_gone() {
    let with = |lookup| {
        Shop::with(SimulatorOptions {
            reference_lookup: lookup,
            ..SimulatorOptions::default()
        })
    };
    let shop = with(ReferenceLookup::Payments);
    let cart = shop.insert(PHONE, 0);
    assert_eq!(shop.look_up("A-1").row(), (false, None, 10424));
    shop.simulator.confirm(cart).unwrap();
    let found = shop.look_up("A-1").json();
    assert_eq!(found["PaymentInfo"]["TransactionId"], json!(cart));
    assert_eq!(found["PaymentInfo"]["StatusId"], json!(2));

    let shop = with(ReferenceLookup::Off);
    shop.paid();
    let gone = shop.look_up("A-1");
    assert_eq!(gone.status(), 404);
    assert_eq!(
        gone.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(gone.text().contains("Not Found"));
}

#[test]
fn an_access_code_pays_for_five_minutes() {
    let shop = Shop::open();
    let code = shop.access_code(KENNITALA);
    let pay = |code: &str| {
        let order = json!({ "Amount": 5000, "Reference": "A-1", "CustomerIdentifier": code });
        shop.v2("POST", "checkout/payment", &order)
    };
    assert_eq!(code.len(), 10);
    assert_eq!(pay(&code).json()["Status"], json!("Confirmed"));
    // V1 knows it as the number of a barcode.
    assert_eq!(
        shop.call("InsertCart", &order(&code, 0)).row(),
        (true, None, 200)
    );
    shop.simulator.advance(Duration::from_secs(299)).unwrap();
    assert_eq!(pay(&code).json()["Status"], json!("Confirmed"));
    shop.simulator.advance(Duration::from_secs(1)).unwrap();
    let late = pay(&code);
    assert_eq!(late.status(), 400);
    assert_eq!(late.json()["Message"], json!("The access code has expired"));
    assert_eq!(
        shop.call("InsertCart", &order(&code, 0)).row(),
        (false, None, 10306)
    );

    let poor = shop.access_code(NO_CREDIT);
    assert_eq!(pay(&poor).json()["Success"], json!(false));
    assert_eq!(
        shop.call("InsertCart", &order(&poor, 0)).row(),
        (false, None, 10302)
    );
    assert_eq!(shop.simulator.carts().len(), 3);

    // Codes of the app, and barcodes, are nobody's here, and pay as ever.
    for code in ["1234567890", APP_CODE] {
        assert_eq!(pay(code).json()["Status"], json!("Confirmed"), "{code}");
    }
    let unknown = shop.v1("GET", "Account/RequestConfirmation?Customer=1", "");
    assert_eq!(unknown.row(), (false, None, 10306));
    assert_eq!(
        shop.v1("GET", "Account/RequestConfirmation", "").row(),
        (false, None, 400)
    );
}
