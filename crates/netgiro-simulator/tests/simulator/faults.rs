//! Each fault strikes the requests it is meant for, and only those.

use crate::shop::{KENNITALA, Message, PHONE, Shop, order, write_request};
use netgiro_simulator::{Endpoint, Fault, ResponseSignatures};
use serde_json::{Value, json};
use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use uuid::Uuid;

fn struck_by(fault: Fault) -> Shop {
    let shop = Shop::open();
    shop.simulator.add_fault(fault).unwrap();
    shop
}

fn nobody() -> Value {
    json!({ "TransactionId": Uuid::nil() })
}

#[test]
fn status() {
    let shop = struck_by(Fault::on(Endpoint::InsertCart).status(503).times(2));
    for _ in 0..2 {
        let answer = shop.call("InsertCart", &order(PHONE, 0));
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.row(), (false, None, 500));
        assert_eq!(answer.header("netgiro_signature"), None);
    }
    assert!(shop.simulator.carts().is_empty());
    shop.insert(PHONE, 0);
    let statuses: Vec<_> = shop
        .simulator
        .requests()
        .iter()
        .map(|request| request.status)
        .collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(200)]);
}

#[test]
fn status_after_processing() {
    let shop = struck_by(Fault::on(Endpoint::InsertCart).status(500).processed(true));
    assert_eq!(shop.call("InsertCart", &order(PHONE, 0)).status(), 500);
    assert_eq!(shop.simulator.carts().len(), 1);
}

#[test]
fn retry_after() {
    let fault = Fault::on(Endpoint::CheckCart).status(429).retry_after("7");
    let shop = struck_by(fault);
    let answer = shop.call("CheckCart", &nobody());
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(
        shop.call("CheckCart", &nobody()).header("retry-after"),
        None
    );
}

#[test]
fn delay() {
    let shop = struck_by(Fault::on(Endpoint::InsertCart).delay(Duration::from_millis(80)));
    let started = Instant::now();
    shop.insert(PHONE, 0);
    assert!(started.elapsed() >= Duration::from_millis(80));
    let started = Instant::now();
    shop.insert(PHONE, 0);
    assert!(started.elapsed() < Duration::from_millis(80));
}

#[test]
fn delay_holds_back_the_answer_alone() {
    let shop = struck_by(Fault::on(Endpoint::InsertCart).delay(Duration::from_secs(600)));
    let body = order(PHONE, 0).to_string();
    let headers = shop.signed(&shop.url("InsertCart"), body.as_bytes());
    let mut stream = TcpStream::connect(shop.address()).unwrap();
    let path = "/v1/Checkout/InsertCart";
    write_request(
        &mut stream,
        "POST",
        path,
        shop.address(),
        &headers,
        body.as_bytes(),
    )
    .unwrap();
    crate::shop::until("inserted", || shop.simulator.carts().len() == 1);
    drop(stream);
    assert_eq!(shop.simulator.requests()[0].status, None);
    shop.insert(PHONE, 0); // others are served meanwhile
}

#[test]
fn drop_before_processing() {
    let shop = struck_by(Fault::on(Endpoint::InsertCart).drop_before());
    let error = shop.try_call("InsertCart", &order(PHONE, 0)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(shop.simulator.carts().is_empty());
    let request = shop.simulator.requests().remove(0);
    assert_eq!((request.status, request.signature_ok), (None, true));
}

#[test]
fn drop_after_processing() {
    let shop = struck_by(Fault::on(Endpoint::InsertCart).drop_after());
    let error = shop.try_call("InsertCart", &order(PHONE, 0)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(shop.simulator.carts().len(), 1);
    assert_eq!(shop.simulator.requests()[0].status, None);
}

#[test]
fn result_code() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    for (endpoint, code, row) in [
        (Endpoint::InsertCart, 10306, (false, None, 10306)),
        (Endpoint::CheckCart, 19999, (true, Some(false), 19999)),
        (Endpoint::CheckCart, 400, (false, Some(false), 400)),
        (Endpoint::CheckCart, 10200, (true, Some(true), 10200)),
        (Endpoint::ConfirmCart, 400, (true, Some(false), 400)),
        (Endpoint::CancelCart, 10200, (false, None, 10200)),
        (Endpoint::CancelCart, 10202, (true, None, 10202)),
    ] {
        let fault = Fault::on(endpoint).result_code(code);
        shop.simulator.add_fault(fault).unwrap();
        let mut body = order(PHONE, 0);
        body["TransactionId"] = json!(cart);
        let answer = shop.call(endpoint.as_str(), &body);
        assert_eq!(answer.row(), row, "{endpoint}");
        assert!(answer.is_signed(shop.simulator.secret_key(), &shop.url(endpoint.as_str())));
    }
    assert_eq!(shop.simulator.carts().len(), 1);
    assert_eq!(shop.check(cart).row(), (true, Some(false), 10425));
}

#[test]
fn body() {
    let shop = struck_by(Fault::on(Endpoint::InsertCart).body("<html>"));
    let answer = shop.call("InsertCart", &order(PHONE, 0));
    assert_eq!((answer.status(), answer.text()), (200, "<html>"));
    assert!(answer.is_signed(shop.simulator.secret_key(), &shop.url("InsertCart")));
    assert_eq!(shop.simulator.carts().len(), 1);
    let fault = Fault::on(Endpoint::CheckCart)
        .status(502)
        .body("bad gateway");
    shop.simulator.add_fault(fault).unwrap();
    let answer = shop.call("CheckCart", &nobody());
    assert_eq!((answer.status(), answer.text()), (502, "bad gateway"));
    let fault = Fault::on(Endpoint::CheckCart).body([0xff, 0xfe]);
    shop.simulator.add_fault(fault).unwrap();
    assert_eq!(shop.call("CheckCart", &nobody()).body, [0xff, 0xfe]);
}

#[test]
fn signature() {
    let shop = Shop::open();
    let url = shop.url("CheckCart");
    for (signature, length) in [
        (ResponseSignatures::Omit, None),
        (ResponseSignatures::Corrupt, Some(64)),
    ] {
        let fault = Fault::on(Endpoint::CheckCart).signature(signature);
        shop.simulator.add_fault(fault).unwrap();
        let answer = shop.call("CheckCart", &nobody());
        assert_eq!(answer.row(), (true, Some(false), 10201));
        let found = answer.header("netgiro_signature").map(str::len);
        assert_eq!(found, length);
        assert!(!answer.is_signed(shop.simulator.secret_key(), &url));
    }
    assert!(
        shop.call("CheckCart", &nobody())
            .is_signed(shop.simulator.secret_key(), &url)
    );
}

#[test]
fn confirm_during() {
    let shop = struck_by(Fault::on(Endpoint::CancelCart).confirm_during().times(3));
    let cart = shop.insert(PHONE, 0);
    let answer = shop.cancel(cart);
    assert_eq!(answer.row(), (false, None, 10200));
    assert_eq!(answer.json()["PaymentInfo"]["ReferenceNumber"], "A-1");
    assert!(shop.simulator.cart(cart).unwrap().is_paid);
    // Somebody who cannot confirm changes nothing.
    let declined = shop.insert(PHONE, 0);
    shop.simulator.decline(declined).unwrap();
    assert_eq!(shop.cancel(declined).row(), (false, None, 10423));
    let kennitala = shop.insert(KENNITALA, 0);
    assert_eq!(shop.cancel(kennitala).row(), (true, None, 10201));
}

#[test]
fn confirm_during_with_the_answer_lost() {
    let shop = struck_by(
        Fault::on(Endpoint::CancelCart)
            .confirm_during()
            .drop_after(),
    );
    let cart = shop.insert(PHONE, 0);
    let cancel = shop.try_call("CancelCart", &json!({ "TransactionId": cart }));
    assert!(cancel.is_err());
    assert_eq!(shop.check(cart).row(), (true, Some(true), 10200));
}

#[test]
fn any_endpoint_and_none() {
    let shop = struck_by(Fault::anywhere().status(500).times(2));
    assert_eq!(shop.call("CheckCart", &nobody()).status(), 500);
    assert_eq!(shop.call("CancelCart", &nobody()).status(), 500);
    assert_eq!(shop.call("CheckCart", &nobody()).status(), 200);
    shop.simulator
        .add_fault(Fault::anywhere().status(500))
        .unwrap();
    shop.simulator.clear_faults();
    assert_eq!(shop.call("CheckCart", &nobody()).status(), 200);
    assert!(
        shop.simulator
            .add_fault(Fault::anywhere().times(0))
            .is_err()
    );
}

#[test]
fn a_connection_survives_what_does_not_close_it() {
    let shop = struck_by(Fault::on(Endpoint::CheckCart).status(500));
    let mut stream = TcpStream::connect(shop.address()).unwrap();
    let body = nobody().to_string();
    for status in [500, 200, 200] {
        let headers = shop.signed(&shop.url("CheckCart"), body.as_bytes());
        let path = "/v1/Checkout/CheckCart";
        write_request(
            &mut stream,
            "POST",
            path,
            shop.address(),
            &headers,
            body.as_bytes(),
        )
        .unwrap();
        assert_eq!(Message::read(&mut stream).unwrap().status(), status);
    }
}
