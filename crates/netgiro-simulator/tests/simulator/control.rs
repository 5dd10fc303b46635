//! The control over HTTP, as the page and other programs use it.

use crate::shop::{CallbackServer, KENNITALA, Message, PHONE, Shop, until, write_request};
use netgiro_simulator::{Endpoint, Fault, SimulatorOptions};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use uuid::Uuid;

fn ask(shop: &Shop, method: &str, path: &str, body: &Value) -> Message {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    shop.send(method, path, &[], body.as_bytes()).unwrap()
}

fn get(shop: &Shop, path: &str) -> Value {
    let answer = ask(shop, "GET", path, &Value::Null);
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn post(shop: &Shop, path: &str, body: &Value) -> u16 {
    ask(shop, "POST", path, body).status()
}

fn message(answer: &Message) -> String {
    answer.json()["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_page_loads_nothing_from_other_hosts() {
    let shop = Shop::open();
    assert!(shop.simulator.page_url().ends_with('/'));
    let page = ask(&shop, "GET", "/", &Value::Null);
    assert_eq!(page.status(), 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(ask(&shop, "GET", "/?lang=is", &Value::Null).status(), 200);
}

#[test]
fn the_state_equals_the_handles() {
    let shop = Shop::with(SimulatorOptions {
        shop: "Bókabúðin".to_owned(),
        ..SimulatorOptions::default()
    });
    let bell = CallbackServer::new(|_| Some(200));
    let paid = shop.insert_calling(PHONE, 1, Some(&bell.url));
    let coded = shop.insert(KENNITALA, 0);
    shop.simulator.confirm(paid).unwrap();
    until("paid", || shop.simulator.cart(paid).unwrap().is_paid);

    let state = get(&shop, "/simulator/state");
    assert_eq!(state["shop"], "Bókabúðin");
    assert!(state["now"].as_str().unwrap().ends_with('Z'));
    assert_eq!(state["carts"], get(&shop, "/simulator/carts"));
    assert_eq!(
        state["counts"],
        json!({"carts": 2, "requests": 2, "callbacks": 1})
    );
    let cart = &state["carts"][0];
    let held = shop.simulator.cart(paid).unwrap();
    assert_eq!(cart, &get(&shop, &format!("/simulator/carts/{paid}")));
    assert_eq!(
        cart,
        &json!({
            "transaction_id": paid.to_string(), "reference": "A-1", "amount": 1000, "customer_id": PHONE,
            "status": "confirmed", "is_paid": true, "is_timed_out": false, "result_code": 10200, "confirmation_type": "server_callback",
            "created": format!("{:.3}", held.created), "expires_at": format!("{:.3}", held.expires_at),
            "sms_code": null, "checks": 0, "captured": null, "refunds": [], "refunded": 0,
        })
    );
    assert_eq!(state["carts"][1]["sms_code"], shop.sms_code(coded));

    let request = &state["requests"][1];
    assert_eq!(request["number"], 1);
    assert_eq!(request["endpoint"], "InsertCart");
    assert_eq!(request["signature_ok"], true);
    assert_eq!(request["status"], 200);
    assert!(request["headers"]["netgiro_nonce"].is_string());
    assert!(request["body"].as_str().unwrap().contains(KENNITALA));
    let callback = &state["callbacks"][0];
    assert_eq!(callback["transaction_id"], paid.to_string());
    assert_eq!(callback["url"], bell.url);
    assert_eq!(
        (&callback["status"], &callback["attempt"]),
        (&json!(200), &json!(1))
    );
    let listed = get(&shop, "/simulator/callbacks");
    assert_eq!(listed[0]["body"], callback["body"]);
    assert_eq!(
        get(&shop, "/simulator/requests").as_array().unwrap().len(),
        2
    );
    assert!(!state.to_string().contains(shop.simulator.secret_key()));
}

#[test]
fn customers_decide() {
    let shop = Shop::open();
    let [yes, no, late] = [(); 3].map(|()| shop.insert(PHONE, 0));
    let code = shop.insert(KENNITALA, 0);
    let path = |cart: Uuid, action| format!("/simulator/carts/{cart}/{action}");
    assert_eq!(post(&shop, &path(yes, "confirm"), &Value::Null), 204);
    assert_eq!(post(&shop, &path(no, "decline"), &Value::Null), 204);
    assert_eq!(post(&shop, &path(late, "expire"), &Value::Null), 204);
    let codes = [yes, no, late].map(|cart| shop.simulator.cart(cart).unwrap().result_code);
    assert_eq!(codes, [10200, 10423, 10201]);

    let again = ask(&shop, "POST", &path(yes, "decline"), &Value::Null);
    assert_eq!(again.status(), 409);
    assert!(message(&again).ends_with("cannot decline: it is paid"));
    assert_eq!(post(&shop, &path(code, "confirm"), &Value::Null), 409);
    for path in [
        path(Uuid::nil(), "confirm"),
        "/simulator/carts/x/confirm".to_owned(),
        path(yes, "refund"),
        "/simulator/carts/x".to_owned(),
        "/simulator".to_owned(),
        "/simulator/state/".to_owned(),
    ] {
        let answer = ask(&shop, "POST", &path, &Value::Null);
        let expected = if path.ends_with("carts/x") { 405 } else { 404 };
        assert_eq!(answer.status(), expected, "{path}");
        assert!(!message(&answer).is_empty());
    }
    let wrong = ask(&shop, "GET", &path(yes, "confirm"), &Value::Null);
    assert_eq!((wrong.status(), wrong.header("allow")), (405, Some("POST")));
}

#[test]
fn time_faults_and_storms() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    assert_eq!(
        post(&shop, "/simulator/advance", &json!({"seconds": 179})),
        204
    );
    assert_eq!(shop.check(cart).row().2, 10425);
    assert_eq!(
        post(&shop, "/simulator/advance", &json!({"seconds": 1.5})),
        204
    );
    assert_eq!(shop.check(cart).row().2, 10201);

    let fault = json!({"endpoint": "CheckCart", "status": 503, "count": 2});
    assert_eq!(post(&shop, "/simulator/faults", &fault), 204);
    assert_eq!(shop.check(cart).status(), 503);
    let left = get(&shop, "/simulator/faults");
    assert_eq!(
        (&left[0]["status"], &left[0]["count"]),
        (&json!(503), &json!(1))
    );
    assert_eq!(get(&shop, "/simulator/state")["faults"], left);
    assert_eq!(
        ask(&shop, "DELETE", "/simulator/faults", &Value::Null).status(),
        204
    );
    assert_eq!(shop.check(cart).status(), 200);

    let storm = json!({"seed": 3, "failure_rate": 1.0, "reaction": 0.01});
    assert_eq!(post(&shop, "/simulator/storm", &storm), 204);
    let blowing = get(&shop, "/simulator/state");
    assert_eq!(
        blowing["storm"],
        json!({"seed": 3, "failure_rate": 1.0, "reaction": 0.01})
    );
    assert_eq!(
        ask(&shop, "DELETE", "/simulator/faults", &Value::Null).status(),
        204
    );
    assert!(get(&shop, "/simulator/state")["storm"].is_null());

    for (path, body) in [
        ("advance", json!({"seconds": -1})),
        ("advance", json!({"seconds": 1e300})),
        ("advance", json!({"seconds": u64::MAX})),
        ("advance", json!({})),
        ("advance", json!({"seconds": "1"})),
        ("advance", json!([1])),
        ("faults", json!({"status": 99})),
        ("faults", json!({"nonsense": 1})),
        ("faults", Value::Null),
        ("storm", json!({"failure_rate": 2})),
        ("storm", json!({"reaction": -1})),
        ("storm", json!({"wind": 1})),
    ] {
        let answer = ask(&shop, "POST", &format!("/simulator/{path}"), &body);
        assert_eq!(answer.status(), 400, "{path} {body}");
        assert!(!message(&answer).is_empty());
    }
}

#[test]
fn control_is_not_recorded_and_has_no_faults() {
    let shop = Shop::with(SimulatorOptions {
        latency: Duration::from_secs(600),
        ..SimulatorOptions::default()
    });
    shop.simulator
        .add_fault(Fault::anywhere().status(500).times(1000))
        .unwrap();
    let unread = json!({"drop": "unread", "count": 1000});
    assert_eq!(post(&shop, "/simulator/faults", &unread), 204);
    assert_eq!(get(&shop, "/simulator/state")["counts"]["requests"], 0);
    assert_eq!(ask(&shop, "GET", "/", &Value::Null).status(), 200);
    assert!(shop.simulator.requests().is_empty());
    assert_eq!(get(&shop, "/simulator/faults")[0]["count"], 1000);
}

#[test]
fn refused_connections_come_back() {
    let shop = Shop::open();
    assert_eq!(
        post(&shop, "/simulator/faults", &json!({"refuse_ms": 300})),
        204
    );
    until("refused", || TcpStream::connect(shop.address()).is_err());
    until("let in", || TcpStream::connect(shop.address()).is_ok());
    assert_eq!(ask(&shop, "GET", "/", &Value::Null).status(), 200);
    // The control does not wait for the listener; the handle does.
    assert_eq!(
        ask(&shop, "DELETE", "/simulator/faults", &Value::Null).status(),
        204
    );
    shop.simulator.clear_faults();
}

#[test]
fn other_sites_are_refused() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    let path = format!("/simulator/carts/{cart}/confirm");
    let origin = |origin: &str| vec![("Origin".to_owned(), origin.to_owned())];
    for foreign in ["https://evil.example", "http://localhost:3000", "null"] {
        for (method, path) in [
            ("POST", path.as_str()),
            ("GET", "/simulator/state"),
            ("GET", "/"),
        ] {
            let answer = shop.send(method, path, &origin(foreign), b"").unwrap();
            assert_eq!(answer.status(), 403, "{foreign} {path}");
            assert!(message(&answer).contains(foreign));
        }
    }
    // DNS rebinding.
    let mut stream = TcpStream::connect(shop.address()).unwrap();
    write_request(&mut stream, "POST", &path, "evil.example", &[], b"").unwrap();
    assert_eq!(Message::read(&mut stream).unwrap().status(), 403);
    assert_eq!(shop.simulator.cart(cart).unwrap().result_code, 10425);

    let own = origin(&format!("http://{}", shop.address()));
    assert_eq!(shop.send("POST", &path, &own, b"").unwrap().status(), 204);
}

/// A stream of events, read by hand.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(shop: &Shop) -> Self {
        let mut stream = TcpStream::connect(shop.address()).unwrap();
        write_request(
            &mut stream,
            "GET",
            "/simulator/events",
            shop.address(),
            &[],
            b"",
        )
        .unwrap();
        Self(BufReader::new(stream))
    }

    fn next(&mut self) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.0.read_line(&mut line).unwrap(),
                0,
                "the stream has ended"
            );
            if let Some(data) = line.strip_prefix("data: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }

    /// The next event that meets a condition; each may hold several changes.
    fn until(&mut self, condition: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.next();
            if condition(&event) {
                return event;
            }
        }
    }
}

#[test]
fn changes_are_streamed() {
    let shop = Shop::open();
    let early = shop.insert(PHONE, 0);
    let mut events = Events::open(&shop);
    let first = events.next();
    assert_eq!(first["complete"], true);
    assert_eq!(first["carts"][0]["transaction_id"], early.to_string());

    let cart = shop.insert(PHONE, 0);
    let id = json!(cart.to_string());
    let change = events.until(|event| event["carts"][0]["transaction_id"] == id);
    assert_eq!(change["complete"], false);
    assert_eq!(
        change["carts"].as_array().unwrap().len(),
        1,
        "only what changed"
    );
    assert_eq!(change["counts"]["carts"], 2);

    shop.simulator.confirm(cart).unwrap();
    let change = events.until(|event| event["carts"][0]["is_paid"] == true);
    assert_eq!(change["carts"][0]["transaction_id"], id);

    shop.check(early);
    events.until(|event| event["requests"][0]["endpoint"] == "CheckCart");
    shop.simulator.advance(Duration::from_secs(200)).unwrap();
    let change = events.until(|event| event["carts"][0]["status"] == "canceled");
    assert_eq!(change["carts"][0]["transaction_id"], early.to_string());
    let fault = Fault::on(Endpoint::CheckCart).status(500);
    shop.simulator.add_fault(fault).unwrap();
    events.until(|event| event["faults"][0]["status"] == 500);
}

#[test]
fn many_changes_fit_into_few_events() {
    let shop = Shop::open();
    let mut events = Events::open(&shop);
    assert_eq!(events.next()["counts"]["carts"], 0);
    let started = Instant::now();
    for _ in 0..300 {
        shop.insert(PHONE, 0);
    }
    let mut events_read = 0;
    let mut carts = 0;
    while carts < 300 {
        carts += events.next()["carts"].as_array().unwrap().len();
        events_read += 1;
    }
    let most = started.elapsed().as_millis() / 50 + 2;
    assert!(
        events_read <= most,
        "{events_read} events in {:?}",
        started.elapsed()
    );
}

#[test]
fn a_stream_ends_with_the_simulator() {
    let shop = Shop::open();
    let mut events = Events::open(&shop);
    events.next();
    shop.simulator.close();
    let mut line = String::new();
    while events.0.read_line(&mut line).unwrap_or(0) > 0 {}
}
