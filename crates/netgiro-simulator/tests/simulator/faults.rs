//! Each fault affects its requests, and only those.

use crate::shop::{KENNITALA, Message, PHONE, Shop, order, write_request};
use netgiro_simulator::{BodyAs, DropAt, DropBy, Endpoint, Fault, ResponseSignatures, Storm};
use serde_json::{Value, json};
use std::io::{self, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use uuid::Uuid;

fn with_fault(fault: Fault) -> Shop {
    let shop = Shop::open();
    shop.simulator.add_fault(fault).unwrap();
    shop
}

fn nobody() -> Value {
    json!({ "TransactionId": Uuid::nil() })
}

#[test]
fn status() {
    let shop = with_fault(Fault::on(Endpoint::InsertCart).status(503).times(2));
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
    let shop = with_fault(Fault::on(Endpoint::InsertCart).status(500).processed(true));
    assert_eq!(shop.call("InsertCart", &order(PHONE, 0)).status(), 500);
    assert_eq!(shop.simulator.carts().len(), 1);
}

#[test]
fn retry_after() {
    let fault = Fault::on(Endpoint::CheckCart).status(429).retry_after("7");
    let shop = with_fault(fault);
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
    let shop = with_fault(Fault::on(Endpoint::InsertCart).delay(Duration::from_millis(80)));
    let started = Instant::now();
    shop.insert(PHONE, 0);
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[test]
fn delay_affects_only_the_response() {
    let shop = with_fault(Fault::on(Endpoint::InsertCart).delay(Duration::from_secs(600)));
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
    shop.insert(PHONE, 0); // other requests are served meanwhile
}

#[test]
fn drop_before_processing() {
    let shop = with_fault(Fault::on(Endpoint::InsertCart).drop_before());
    let error = shop.try_call("InsertCart", &order(PHONE, 0)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(shop.simulator.carts().is_empty());
    let request = shop.simulator.requests().remove(0);
    assert_eq!((request.status, request.signature_ok), (None, true));
}

#[test]
fn drop_after_processing() {
    let shop = with_fault(Fault::on(Endpoint::InsertCart).drop_after());
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
    let shop = with_fault(Fault::on(Endpoint::InsertCart).body("<html>"));
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
    let shop = with_fault(Fault::on(Endpoint::CancelCart).confirm_during().times(3));
    let cart = shop.insert(PHONE, 0);
    let answer = shop.cancel(cart);
    assert_eq!(answer.row(), (false, None, 10200));
    assert_eq!(answer.json()["PaymentInfo"]["ReferenceNumber"], "A-1");
    assert!(shop.simulator.cart(cart).unwrap().is_paid);
    // A customer who cannot confirm changes nothing.
    let declined = shop.insert(PHONE, 0);
    shop.simulator.decline(declined).unwrap();
    assert_eq!(shop.cancel(declined).row(), (false, None, 10423));
    let kennitala = shop.insert(KENNITALA, 0);
    assert_eq!(shop.cancel(kennitala).row(), (true, None, 10201));
}

#[test]
fn confirm_during_with_a_lost_response() {
    let shop = with_fault(
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
    let shop = with_fault(Fault::anywhere().status(500).times(2));
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
fn a_connection_survives_a_fault_that_does_not_close_it() {
    let shop = with_fault(Fault::on(Endpoint::CheckCart).status(500));
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

/// Sends a CheckCart on a connection, without reading the response.
fn ask(shop: &Shop, stream: &mut TcpStream) {
    let body = nobody().to_string();
    let headers = shop.signed(&shop.url("CheckCart"), body.as_bytes());
    let path = "/v1/Checkout/CheckCart";
    let address = shop.address();
    write_request(stream, "POST", path, address, &headers, body.as_bytes()).unwrap();
}

/// The bytes until the connection ends, and how it ends.
fn rest(stream: &mut TcpStream) -> (Vec<u8>, io::Result<()>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).map(|_| ());
    (bytes, end)
}

#[test]
fn exchanges_are_interrupted_at_each_point() {
    for (at, recorded, has_status) in [
        (DropAt::Unread, 0, false),
        (DropAt::Before, 1, false),
        (DropAt::After, 1, false),
        (DropAt::Within, 1, true),
        (DropAt::Answered, 1, true),
    ] {
        for by in [DropBy::Close, DropBy::Reset] {
            let shop = with_fault(Fault::on(Endpoint::CheckCart).drop(at, by));
            let mut stream = TcpStream::connect(shop.address()).unwrap();
            ask(&shop, &mut stream);
            let (bytes, end) = rest(&mut stream);
            assert_eq!(shop.simulator.requests().len(), recorded, "{at:?}");
            assert_eq!(bytes.starts_with(b"HTTP/1.1 200 OK"), has_status, "{at:?}");
            let reset = end.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
            assert_eq!(reset, by == DropBy::Reset, "{at:?} {by:?}");
            let is_whole = bytes.ends_with(b"10201}");
            assert_eq!(is_whole, at == DropAt::Answered, "{at:?} {by:?}");
            assert_eq!(shop.call("CheckCart", &nobody()).status(), 200);
        }
    }
}

#[test]
fn silence_is_no_response_and_no_end() {
    for (at, seen) in [
        (DropAt::Unread, 0),
        (DropAt::Before, 1),
        (DropAt::Within, 1),
    ] {
        let shop = with_fault(Fault::on(Endpoint::CheckCart).drop(at, DropBy::Silence));
        let mut stream = TcpStream::connect(shop.address()).unwrap();
        let patience = Duration::from_millis(60);
        ask(&shop, &mut stream);
        stream.set_read_timeout(Some(patience)).unwrap();
        let (bytes, end) = rest(&mut stream);
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::WouldBlock, "{at:?}");
        assert_eq!(!bytes.is_empty(), at == DropAt::Within);
        assert_eq!(shop.simulator.requests().len(), seen);
    }
}

#[test]
fn connections_are_refused_for_a_while_and_open_ones_cut() {
    let shop = Shop::open();
    let mut open = TcpStream::connect(shop.address()).unwrap();
    ask(&shop, &mut open);
    Message::read(&mut open).unwrap();
    let fault = Fault::refusing(Duration::from_secs(600));
    shop.simulator.add_fault(fault).unwrap();
    let refused = TcpStream::connect(shop.address()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert!(rest(&mut open).0.is_empty());
    shop.simulator.clear_faults();
    assert_eq!(shop.call("CheckCart", &nobody()).status(), 200);
    let fault = Fault::refusing(Duration::from_millis(20));
    shop.simulator.add_fault(fault).unwrap();
    crate::shop::until("listening again", || {
        TcpStream::connect(shop.address()).is_ok()
    });
    shop.simulator.close();
    let fault = Fault::refusing(Duration::from_secs(600));
    shop.simulator.add_fault(fault).unwrap(); // has no effect after close
}

#[test]
fn bodies_are_corrupted() {
    let shop = Shop::open();
    let url = shop.url("CheckCart");
    for (form, is_json) in [
        (BodyAs::Empty, false),
        (BodyAs::Html, false),
        (BodyAs::Truncated, false),
        (BodyAs::Doubled, false),
        (BodyAs::Bom, false),
        (BodyAs::Gzip, false),
        (BodyAs::InvalidUtf8, false),
        (BodyAs::DuplicateKeys, true),
        (BodyAs::Overflow, true),
        (BodyAs::Quoted, true),
    ] {
        let fault = Fault::on(Endpoint::CheckCart).body_as(form);
        shop.simulator.add_fault(fault).unwrap();
        let answer = shop.call("CheckCart", &nobody());
        let read = serde_json::from_slice::<Value>(&answer.body);
        assert_eq!(read.is_ok(), is_json, "{form:?}");
        assert!(answer.is_signed(shop.simulator.secret_key(), &url));
        let encoding = answer.header("content-encoding");
        assert_eq!(encoding.is_some(), form == BodyAs::Gzip);
    }
}

#[test]
fn responses_and_signatures_are_replayed() {
    let shop = Shop::open();
    let (paid, other) = (shop.insert(PHONE, 0), shop.insert(PHONE, 0));
    shop.simulator.confirm(paid).unwrap();
    let first = shop.check(paid);
    let fault = Fault::on(Endpoint::CheckCart).body_as(BodyAs::Replayed);
    shop.simulator.add_fault(fault).unwrap();
    let again = shop.check(other);
    assert_eq!(again.body, first.body);
    let signature = |answer: &Message| answer.header("netgiro_signature").unwrap().to_owned();
    assert_eq!(signature(&again), signature(&first));
    let fault = Fault::on(Endpoint::CheckCart).signature(ResponseSignatures::Replay);
    shop.simulator.add_fault(fault).unwrap();
    let forged = shop.check(other);
    assert_eq!(forged.row(), (true, Some(false), 10425));
    assert_eq!(signature(&forged), signature(&first));
}

#[test]
fn large_responses_are_streamed() {
    const BLANKS: u64 = 100 << 20;
    let mut fault = Fault::on(Endpoint::CheckCart);
    fault.padding = Some(BLANKS);
    let shop = with_fault(fault.clone());
    let mut stream = TcpStream::connect(shop.address()).unwrap();
    ask(&shop, &mut stream);
    let mut piece = [0; 512];
    let read = stream.read(&mut piece).unwrap();
    let head = String::from_utf8_lossy(&piece[..read]).to_lowercase();
    let length: u64 = (head.split("content-length: ").nth(1).unwrap())
        .split("\r\n")
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(length > BLANKS);
    fault.padding = Some(4);
    shop.simulator
        .add_fault(fault.clone().header("transfer-encoding", "chunked"))
        .unwrap();
    let answer = shop.call("CheckCart", &nobody());
    assert_eq!(answer.header("content-length"), None);
    fault.padding = None;
    fault.header_bytes = Some(10_000);
    shop.simulator.add_fault(fault).unwrap();
    let answer = shop.call("CheckCart", &nobody());
    let filler = answer
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-filler"));
    assert_eq!(filler.count(), 3);
}

#[test]
fn a_body_drips() {
    let mut fault = Fault::on(Endpoint::CheckCart).body("12345");
    fault.drip = Some(Duration::from_millis(10));
    let shop = with_fault(fault);
    let started = Instant::now();
    assert_eq!(shop.call("CheckCart", &nobody()).text(), "12345");
    assert!(started.elapsed() >= Duration::from_millis(40));
}

#[test]
fn a_storm_ends_and_its_customers_stay() {
    let shop = Shop::open();
    let storm = Storm::new(1).failure_rate(1.0).reaction(Duration::ZERO);
    shop.simulator.storm(storm).unwrap();
    let sound = |answer: io::Result<Message>| {
        answer.is_ok_and(|answer| {
            answer.status() == 200
                && answer.is_signed(shop.simulator.secret_key(), &shop.url("InsertCart"))
                && serde_json::from_slice::<Value>(&answer.body)
                    .is_ok_and(|json| json["ResultCode"] == 200)
        })
    };
    let mut insert = order(PHONE, 0);
    let mut came_through = 0;
    for number in 0..40 {
        insert["Reference"] = json!(format!("A-{number}"));
        let headers = shop.signed(&shop.url("InsertCart"), insert.to_string().as_bytes());
        let mut stream = TcpStream::connect(shop.address()).unwrap();
        let path = "/v1/Checkout/InsertCart";
        let address = shop.address();
        let body = insert.to_string();
        write_request(
            &mut stream,
            "POST",
            path,
            address,
            &headers,
            body.as_bytes(),
        )
        .unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        came_through += usize::from(sound(Message::read(&mut stream)));
    }
    // Only a close after the response, and duplicate members, still give a result.
    assert!(came_through < 15, "{came_through}");
    let decided = |cart: &netgiro_simulator::SimulatedCart| cart.status.is_final();
    assert!(shop.simulator.carts().iter().any(decided));
    assert!(!shop.simulator.carts().iter().all(decided));
    shop.simulator.clear_faults();
    for _ in 0..3 {
        shop.insert(PHONE, 0);
    }
    let wrong = Storm::new(1).failure_rate(1.5);
    assert!(shop.simulator.storm(wrong).is_err());
}
