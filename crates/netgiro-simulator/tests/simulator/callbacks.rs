//! Callbacks: signed, repeated once, and their effect on the cart.

use crate::shop::{CallbackServer, Message, PHONE, Shop, order, until};
use netgiro_simulator::SimulatorOptions;
use serde_json::json;
use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// Waits until this many attempts have ended.
fn until_done(shop: &Shop, attempts: usize) {
    until("callbacks are over", || {
        let callbacks = shop.simulator.callbacks();
        callbacks.iter().filter(|callback| callback.is_done).count() == attempts
    });
}

fn code(shop: &Shop, cart: Uuid) -> i64 {
    shop.simulator.cart(cart).unwrap().result_code
}

#[test]
fn a_callback_is_signed_for_the_registered_url() {
    let shop = Shop::open();
    let bell = CallbackServer::new(|_| Some(200));
    let cart = shop.insert_calling(PHONE, 1, Some(&bell.url));
    shop.simulator.confirm(cart).unwrap();
    let callback = bell.wait();
    assert_eq!(
        callback.first_line,
        "POST /netgiro/callback?order=A-1 HTTP/1.1"
    );
    assert!(callback.is_signed(shop.simulator.secret_key(), &bell.url));
    assert!(callback.header("netgiro_referenceid").is_some());
    assert_eq!(
        callback.header("netgiro_appkey"),
        Some(shop.simulator.app_key())
    );
    assert_eq!(callback.row(), (true, Some(false), 10429));
    let payment = &callback.json()["PaymentInfo"];
    assert_eq!(payment["TransactionId"], cart.to_string());
    assert_eq!(payment["ReferenceNumber"], "A-1");
    assert_eq!(payment["TotalAmount"], 1000);

    until_done(&shop, 1);
    assert_eq!(code(&shop, cart), 10200);
    let sent = shop.simulator.callbacks().remove(0);
    assert_eq!((sent.transaction_id, sent.attempt), (cart, 1));
    assert_eq!((sent.status, sent.url), (Some(200), bell.url.clone()));
    assert_eq!(sent.body, callback.text());
}

#[test]
fn the_client_accepts_a_callback() {
    let shop = Shop::open();
    let bell = CallbackServer::new(|_| Some(200));
    let keys = (shop.simulator.app_key(), shop.simulator.secret_key());
    let client = netgiro::Client::new(netgiro::ClientOptions::new(keys.0, keys.1)).unwrap();
    for confirmation_type in [0, 1, 2] {
        let cart = shop.insert_calling(PHONE, confirmation_type, Some(&bell.url));
        shop.simulator.confirm(cart).unwrap();
        let sent = bell.wait();
        let callback = client
            .verify_callback(&bell.url, &sent.headers, &sent.body)
            .unwrap();
        assert_eq!(callback.transaction_id, cart);
        assert!(callback.matches(netgiro::Amount::new(1000).unwrap(), "A-1"));
    }
}

#[test]
fn a_check_before_the_acknowledgement_sees_10429() {
    let shop = Shop::open();
    let (acknowledge, wait) = mpsc::channel::<()>();
    let bell = CallbackServer::new(move |_| wait.recv().ok().map(|()| 200));
    let cart = shop.insert_calling(PHONE, 1, Some(&bell.url));
    shop.simulator.confirm(cart).unwrap();
    assert_eq!(shop.check(cart).row(), (true, Some(false), 10429));
    assert_eq!(shop.cancel(cart).row(), (false, None, 10429));
    acknowledge.send(()).unwrap();
    until_done(&shop, 1);
    assert_eq!(shop.check(cart).row(), (true, Some(true), 10200));
}

#[test]
fn the_second_attempt_counts() {
    let shop = Shop::open();
    let bell = CallbackServer::new(|number| Some(if number == 1 { 500 } else { 200 }));
    let cart = shop.insert_calling(PHONE, 1, Some(&bell.url));
    shop.simulator.confirm(cart).unwrap();
    let first = bell.wait();
    until_done(&shop, 1);
    assert_eq!(code(&shop, cart), 10429);
    shop.simulator.advance(Duration::from_secs(5)).unwrap();
    let second = bell.wait();
    until_done(&shop, 2);
    assert_eq!(code(&shop, cart), 10200);
    assert_eq!(first.body, second.body);
    assert_ne!(
        first.header("netgiro_nonce"),
        second.header("netgiro_nonce")
    );
    assert!(second.is_signed(shop.simulator.secret_key(), &bell.url));
    let statuses: Vec<_> = shop
        .simulator
        .callbacks()
        .iter()
        .map(|callback| (callback.attempt, callback.status))
        .collect();
    assert_eq!(statuses, [(1, Some(500)), (2, Some(200))]);
}

#[test]
fn unacknowledged_twice_the_sale_is_canceled() {
    for answer in [Some(500), Some(201), Some(302), None] {
        let shop = Shop::open();
        let bell = CallbackServer::new(move |_| answer);
        let cart = shop.insert_calling(PHONE, 1, Some(&bell.url));
        shop.simulator.confirm(cart).unwrap();
        until_done(&shop, 1);
        shop.simulator.advance(Duration::from_secs(5)).unwrap();
        until_done(&shop, 2);
        assert_eq!(code(&shop, cart), 10201, "{answer:?}");
        assert_eq!(shop.check(cart).row(), (true, Some(false), 10201));
        shop.simulator.advance(Duration::from_secs(60)).unwrap();
        assert_eq!(shop.simulator.callbacks().len(), 2);
    }
}

#[test]
fn the_retry_comes_by_itself_in_real_time() {
    let shop = Shop::with(SimulatorOptions {
        callback_retry_delay: Duration::from_millis(20),
        ..SimulatorOptions::default()
    });
    let cart = shop.insert_calling(PHONE, 1, Some("http://127.0.0.1:9/nobody"));
    shop.simulator.confirm(cart).unwrap();
    until_done(&shop, 2);
    assert_eq!(code(&shop, cart), 10201);
}

#[test]
fn only_this_machine_can_be_reached() {
    let shop = Shop::with(SimulatorOptions {
        callback_retry_delay: Duration::ZERO,
        ..SimulatorOptions::default()
    });
    let urls = [
        "www.example.com/callback",
        "http://www.example.com/callback",
        "http://192.0.2.1/callback",
        "https://127.0.0.1/callback",
        "http://127.0.0.1:9/callback",
    ];
    for url in urls {
        let cart = shop.insert_calling(PHONE, 1, Some(url));
        shop.simulator.confirm(cart).unwrap();
    }
    until_done(&shop, 2 * urls.len());
    let canceled = |cart: &netgiro_simulator::SimulatedCart| cart.result_code == 10201;
    assert!(shop.simulator.carts().iter().all(canceled));
}

#[test]
fn localhost_is_this_machine() {
    let shop = Shop::open();
    let bell = CallbackServer::new(|_| Some(200));
    let url = bell.url.replace("127.0.0.1", "localhost");
    let cart = shop.insert_calling(PHONE, 1, Some(&url));
    shop.simulator.confirm(cart).unwrap();
    assert!(bell.wait().is_signed(shop.simulator.secret_key(), &url));
    until_done(&shop, 1);
    assert_eq!(code(&shop, cart), 10200);
}

#[test]
fn a_slow_endpoint_has_not_acknowledged() {
    let shop = Shop::with(SimulatorOptions {
        callback_timeout: Duration::from_millis(30),
        callback_retry_delay: Duration::ZERO,
        ..SimulatorOptions::default()
    });
    let (_acknowledge, wait) = mpsc::channel::<()>();
    let bell = CallbackServer::new(move |_| wait.recv().ok().map(|()| 200));
    let cart = shop.insert_calling(PHONE, 1, Some(&bell.url));
    shop.simulator.confirm(cart).unwrap();
    until_done(&shop, 2);
    assert_eq!(code(&shop, cart), 10201);
}

#[test]
fn paid_carts_are_called_back_and_stay_paid() {
    let shop = Shop::with(SimulatorOptions {
        callback_retry_delay: Duration::ZERO,
        ..SimulatorOptions::default()
    });
    let bell = CallbackServer::new(|_| Some(500));
    let cart = shop.insert_calling(PHONE, 0, Some(&bell.url));
    shop.simulator.confirm(cart).unwrap();
    assert_eq!(bell.wait().row(), (true, Some(true), 10200));
    until_done(&shop, 2);
    assert_eq!(code(&shop, cart), 10200);
}

#[test]
fn a_decline_calls_the_cancel_url() {
    let shop = Shop::open();
    let bell = CallbackServer::new(|_| Some(200));
    let mut order = order(PHONE, 0);
    order["CallbackCancelUrl"] = json!(bell.url);
    let declined = shop.insert_order(&order);
    let canceled = shop.insert_order(&order);
    shop.cancel(canceled);
    assert!(bell.is_quiet());
    shop.simulator.decline(declined).unwrap();
    let callback = bell.wait();
    assert!(callback.is_signed(shop.simulator.secret_key(), &bell.url));
    assert_eq!(callback.row(), (true, Some(false), 10423));
    let payment = &callback.json()["PaymentInfo"];
    assert_eq!(payment["TransactionId"], declined.to_string());
    assert_eq!(payment["StatusId"], 5);
    until_done(&shop, 1);
}

#[test]
fn an_expired_sale_is_not_paid_by_a_late_acknowledgement() {
    let shop = Shop::open();
    let (acknowledge, wait) = mpsc::channel::<()>();
    let bell = CallbackServer::new(move |_| wait.recv().ok().map(|()| 200));
    let cart = shop.insert_calling(PHONE, 1, Some(&bell.url));
    shop.simulator.confirm(cart).unwrap();
    shop.simulator.expire(cart).unwrap();
    acknowledge.send(()).unwrap();
    until_done(&shop, 1);
    assert_eq!(code(&shop, cart), 10201);
}

/// Waits until a callback has ended; `None` if there was no response.
fn status_of_callback(shop: &Shop, url: &str) -> Option<u16> {
    let cart = shop.insert_calling(PHONE, 0, Some(url));
    let before = shop.simulator.callbacks().len();
    shop.simulator.confirm(cart).unwrap();
    until("the callback is over", || {
        let callbacks = shop.simulator.callbacks();
        callbacks.get(before).is_some_and(|sent| sent.is_done)
    });
    shop.simulator.callbacks()[before].status
}

#[test]
fn a_callback_cannot_control_the_simulator() {
    let shop = Shop::with(SimulatorOptions {
        callback_hosts: ["0.0.0.0", "[::ffff:127.0.0.1]", "127.0.0.1"]
            .map(str::to_owned)
            .into(),
        ..SimulatorOptions::default()
    });
    let port = shop.address().rsplit(':').next().unwrap().to_owned();
    let victim = shop.insert(PHONE, 0);
    let requests = shop.simulator.requests().len();
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
        "user:password@127.0.0.1",
    ] {
        for path in [
            format!("/simulator/carts/{victim}/confirm"),
            "/v1/Checkout/CancelCart".to_owned(),
        ] {
            let url = format!("http://{host}:{port}{path}");
            assert_eq!(status_of_callback(&shop, &url), None, "{url}");
        }
    }
    assert_eq!(code(&shop, victim), 10425);
    let inserted = shop.simulator.carts().len() - 1;
    assert_eq!(shop.simulator.requests().len(), requests + inserted);
}

#[test]
fn a_redirected_callback_cannot_control_the_simulator() {
    let shop = Shop::open();
    let victim = shop.insert(PHONE, 0);
    let action = format!("/simulator/carts/{victim}/decline");

    // A tunnel forwards everything.
    let bell = CallbackServer::new(|_| Some(200));
    let cart = shop.insert_calling(PHONE, 0, Some(&bell.url));
    shop.simulator.confirm(cart).unwrap();
    let sent = bell.wait();
    let headers: Vec<_> = (sent.headers.into_iter())
        .filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length"))
        .collect();
    for path in [&action, "/simulator/storm", "/v1/Checkout/CheckCart"] {
        let answer = shop.send("POST", path, &headers, &sent.body).unwrap();
        assert_eq!(answer.status(), 403, "{path}");
    }

    // Another simulator refuses it as well.
    let other = Shop::open();
    let url = format!("http://{}{action}", shop.address());
    assert_eq!(status_of_callback(&other, &url), Some(403));

    // Redirects are not followed.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let target = format!("http://{}{action}", shop.address());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        Message::read(&mut stream).unwrap();
        let answer = format!("HTTP/1.1 307 X\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    assert_eq!(status_of_callback(&shop, &url), Some(307));
    assert_eq!(code(&shop, victim), 10425);
}
