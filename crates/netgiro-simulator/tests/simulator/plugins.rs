//! What the published shop plugins send and read, byte for byte: version 5.1.3 of `WooCommerce`'s, and 2.1.2 of Magento's.

use crate::shop::{CallbackServer, KENNITALA, Message, NO_CREDIT, Shop, until};
use netgiro::{Amount, Client, ClientOptions};
use netgiro_simulator::{Endpoint, SimulatorOptions};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;
use url::{Url, form_urlencoded};
use uuid::Uuid;

fn sha256(texts: &[&str]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(texts.concat()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Sends these bytes, and reads the response.
fn exchange(shop: &Shop, head: &str, body: &str) -> Message {
    let mut stream = TcpStream::connect(shop.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let head = head.replace('\n', "\r\n");
    stream
        .write_all(format!("{head}\r\n\r\n{body}").as_bytes())
        .unwrap();
    Message::read(&mut stream).unwrap()
}

/// A browser posts a form of a page of the shop's.
fn post_form(shop: &Shop, path: &str, form: &str) -> Message {
    let head = format!(
        "POST {path} HTTP/1.1
Host: {}
Origin: https://shop.example
Referer: https://shop.example/
Content-Type: application/x-www-form-urlencoded
Content-Length: {}",
        shop.address(),
        form.len()
    );
    exchange(shop, &head, form)
}

/// The cart of the checkout to which the browser is sent.
#[track_caller]
fn opened(shop: &Shop, answer: &Message) -> Uuid {
    assert_eq!(answer.status(), 303, "{}", answer.text());
    let page = format!("{}simulator/checkout/", shop.simulator.page_url());
    let url = answer.header("location").unwrap();
    url.strip_prefix(&page).unwrap().parse().unwrap()
}

fn act(shop: &Shop, cart: Uuid, action: &str, customer: &str) {
    let body = json!({ "customer_id": customer }).to_string();
    let path = format!("/simulator/checkout/{cart}/{action}");
    let answer = shop.send("POST", &path, &[], body.as_bytes()).unwrap();
    assert_eq!(answer.status(), 204, "{}", answer.text());
}

fn return_url(shop: &Shop, cart: Uuid) -> Value {
    let path = format!("/simulator/checkout/{cart}/state");
    let state = shop.send("GET", &path, &[], b"").unwrap().json();
    state["return_url"].clone()
}

fn returned(shop: &Shop, cart: Uuid) -> (Url, BTreeMap<String, String>) {
    let url = return_url(shop, cart);
    let url = Url::parse(url.as_str().unwrap()).unwrap();
    let members = url.query_pairs().into_owned().collect();
    (url, members)
}

const WOO_ORDER: &str = "1042";

/// What `generate_netgiro_form` puts into the form.
fn woo_form(shop: &Shop, confirmation_type: u8, callback: Option<&str>) -> String {
    let key = shop.simulator.app_key();
    let signature = sha256(&[shop.simulator.secret_key(), WOO_ORDER, "4990", key]);
    let callback = callback.map_or(String::new(), |url| {
        let url: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
        format!("&PaymentConfirmedURL={url}")
    });
    format!(
        "ApplicationID={key}&Iframe=false\
         &PaymentSuccessfulURL=https%3A%2F%2Fshop.example%2F%3Fwc-api%3DWC_netgiro\
         &PaymentCancelledURL=https%3A%2F%2Fshop.example%2F&ConfirmationType={confirmation_type}\
         &ReferenceNumber={WOO_ORDER}&TotalAmount=4990&Signature={signature}&PrefixUrlParameters=true\
         &ClientInfo=WooCommerce+5.1.3{callback}\
         &Items%5B0%5D.ProductNo=17&Items%5B0%5D.Name=L%C3%B3apeysa&Items%5B0%5D.UnitPrice=2495\
         &Items%5B0%5D.Amount=4990&Items%5B0%5D.Quantity=2"
    )
}

/// The checks of `process_netgiro_return` and `process_netgiro_callback`; the status, if they pass.
#[track_caller]
fn woo_reads(shop: &Shop, members: &BTreeMap<String, String>) -> String {
    let get = |name: &str| members[name].as_str();
    let signed = [
        shop.simulator.secret_key(),
        get("ng_referenceNumber"),
        get("ng_transactionid"),
        get("ng_invoiceNumber"),
        get("ng_totalAmount"),
        get("ng_status"),
    ];
    assert_eq!(get("ng_netgiroSignature"), sha256(&signed));
    assert_eq!(get("ng_referenceNumber"), WOO_ORDER);
    assert_eq!(get("ng_totalAmount").parse(), Ok(4990));
    get("ng_status").to_owned()
}

#[test]
fn woocommerce_is_paid_by_its_callback() {
    for as_get in [false, true] {
        let shop = Shop::with(SimulatorOptions {
            form_callback_as_get: as_get,
            ..SimulatorOptions::default()
        });
        let server = CallbackServer::new(|_| Some(200));
        let form = woo_form(&shop, 1, Some(&server.url));
        // In test and in production the form goes to other places.
        for path in ["/", "/v1/"] {
            let cart = opened(&shop, &post_form(&shop, path, &form));
            assert_eq!(return_url(&shop, cart), Value::Null);
            act(&shop, cart, "accept", KENNITALA);
            let callback = server.wait();
            let (method, target) = callback.first_line.split_once(' ').unwrap();
            let target = target.split(' ').next().unwrap();
            assert!(target.starts_with("/netgiro/callback?order=A-1"));
            let members = if as_get {
                assert_eq!(method, "GET");
                assert_eq!(callback.body, b"");
                let url = Url::parse("http://shop.example").unwrap();
                let url = url.join(target).unwrap();
                url.query_pairs().into_owned().collect()
            } else {
                assert_eq!(method, "POST");
                let kind = callback.header("content-type");
                assert_eq!(kind, Some("application/x-www-form-urlencoded"));
                (form_urlencoded::parse(&callback.body).into_owned()).collect()
            };
            assert_eq!(woo_reads(&shop, &members), "1");
            until("the payment is made", || {
                shop.simulator.cart(cart).unwrap().is_paid
            });
            let (url, members) = returned(&shop, cart);
            assert!(
                url.as_str().starts_with(
                    "https://shop.example/?wc-api=WC_netgiro&ng_referenceNumber=1042&"
                )
            );
            assert_eq!(woo_reads(&shop, &members), "2");
        }
        let request = &shop.simulator.requests()[0];
        assert_eq!(request.endpoint, Some(Endpoint::HostedForm));
        assert!(request.signature_ok);
    }
}

#[test]
fn the_client_reads_the_redirects_of_a_form() {
    let shop = Shop::open();
    let cart = opened(&shop, &post_form(&shop, "/v1/", &woo_form(&shop, 0, None)));
    act(&shop, cart, "accept", KENNITALA);
    let client = Client::new(ClientOptions::new(
        shop.simulator.app_key(),
        shop.simulator.secret_key(),
    ));
    let (url, _) = returned(&shop, cart);
    let amount = Amount::new(4990).unwrap();
    let redirect = (client.unwrap())
        .verify_redirect(url.as_str(), Some(amount), Some(WOO_ORDER))
        .unwrap();
    assert_eq!(redirect.transaction_id, cart.to_string());
    assert_eq!(redirect.status, netgiro::CartStatus::Confirmed);
}

#[test]
fn a_callback_that_woocommerce_refuses_cancels_the_payment() {
    let shop = Shop::open();
    let server = CallbackServer::new(|_| Some(202)); // 200 alone makes the payment
    let form = woo_form(&shop, 1, Some(&server.url));
    let cart = opened(&shop, &post_form(&shop, "/", &form));
    act(&shop, cart, "accept", KENNITALA);
    server.wait();
    until("the first attempt is over", || {
        shop.simulator.callbacks().iter().all(|sent| sent.is_done)
    });
    shop.simulator.advance(Duration::from_secs(5)).unwrap();
    server.wait();
    until("the sale is canceled", || {
        return_url(&shop, cart) != Value::Null
    });
    let (url, members) = returned(&shop, cart);
    assert!(
        url.as_str()
            .starts_with("https://shop.example/?ng_referenceNumber=")
    );
    assert_eq!(woo_reads(&shop, &members), "5");
    assert_eq!(members.get("ng_success"), None);
}

#[test]
fn woocommerce_confirms_by_hand_and_a_hold_ends_after_seven_days() {
    let shop = Shop::open();
    let open = || opened(&shop, &post_form(&shop, "/v1/", &woo_form(&shop, 2, None)));
    let cart = open();
    act(&shop, cart, "accept", "8223281");
    assert_eq!(woo_reads(&shop, &returned(&shop, cart).1), "1");

    // `confirm_cart`; its nonce is `time()`.
    let url = format!("{}checkout/ConfirmCart", shop.simulator.url());
    let body = format!(r#"{{"transactionId":"{cart}"}}"#);
    let nonce = "1764366720";
    let signature = sha256(&[shop.simulator.secret_key(), nonce, &url, &body]);
    let head = format!(
        "POST /v1/checkout/ConfirmCart HTTP/1.1
Host: {}
User-Agent: WordPress/6.8; https://shop.example
Accept: application/json
Accept-Encoding: deflate, gzip
Content-Type: application/json; charset=utf-8
netgiro_appkey: {}
netgiro_nonce: {nonce}
netgiro_signature: {signature}
netgiro-api-request: true
Content-Length: {}
Connection: close",
        shop.address(),
        shop.simulator.app_key(),
        body.len(),
    );
    let answer = exchange(&shop, &head, &body);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.row(), (true, Some(true), 10200));
    assert!(shop.simulator.cart(cart).unwrap().is_paid);

    let forgotten = open();
    act(&shop, forgotten, "accept", KENNITALA);
    let hour = Duration::from_secs(3_600);
    shop.simulator.advance(hour * (7 * 24 - 1)).unwrap();
    assert_eq!(shop.check(forgotten).row(), (true, Some(false), 10426));
    shop.simulator.advance(hour).unwrap();
    assert_eq!(shop.check(forgotten).row(), (true, Some(false), 10201));
    assert_eq!(woo_reads(&shop, &returned(&shop, forgotten).1), "5");
}

#[test]
fn every_other_way_leads_to_the_cancel_url_of_a_form() {
    let shop = Shop::open();
    let open = || opened(&shop, &post_form(&shop, "/", &woo_form(&shop, 0, None)));
    for (action, customer) in [("reject", ""), ("leave", ""), ("accept", NO_CREDIT)] {
        let cart = open();
        act(&shop, cart, action, customer);
        assert_eq!(woo_reads(&shop, &returned(&shop, cart).1), "5", "{action}");
    }
    let late = open();
    shop.simulator.advance(Duration::from_secs(180)).unwrap();
    assert_eq!(woo_reads(&shop, &returned(&shop, late).1), "5");
}

/// The headers of the Partner API, as `build_partner_post_request_args` and its like make them.
fn partner(shop: &Shop, method: &str, path: &str, token: &str, body: &str) -> Message {
    let content = match method {
        "POST" => format!(
            "Content-Type: application/json; charset=utf-8\nContent-Length: {}\n",
            body.len()
        ),
        _ => String::new(),
    };
    let head = format!(
        "{method} {path} HTTP/1.1
Host: {}
User-Agent: WordPress/6.8; https://shop.example
Accept: application/json
Accept-Encoding: deflate, gzip
{content}token: {token}
Connection: close",
        shop.address(),
    );
    exchange(shop, &head, body)
}

#[test]
fn woocommerce_refunds_over_the_partner_api() {
    let shop = Shop::open();
    let cart = opened(&shop, &post_form(&shop, "/", &woo_form(&shop, 0, None)));
    act(&shop, cart, "accept", KENNITALA);
    let token = shop.simulator.secret_key();
    let path = format!("/partner/transaction/{cart}");
    let details = partner(&shop, "GET", &path, token, "");
    assert_eq!(details.status(), 200);
    let read = details.json();
    assert_eq!(
        (&read["status"], &read["isRefundable"]),
        (&json!("paid"), &json!(true))
    );
    assert_eq!(read["settlementDate"], Value::Null);
    assert_eq!(read["totalAmount"], json!(4990));
    assert_eq!(read["transactionId"], json!(cart));
    assert!(details.header("netgiro_signature").is_none());

    // Each call of the plugin has a key of its own.
    let refund = |amount: i64, key: &str, more: &str| {
        let body = format!(
            r#"{{"transactionId":"{cart}","refundAmount":{amount},"idempotencyKey":"{key}"{more}}}"#
        );
        partner(&shop, "POST", "/partner/refund", token, &body)
    };
    let key = "5b0e7a9f3c1d2e4f60718293a4b5c6d7e8f90a1b";
    let reason = r#","reason":"Of l\u00edtil peysa""#;
    let refunded = || shop.simulator.cart(cart).unwrap().refunded;
    for _ in 0..2 {
        assert_eq!(refund(1000, key, reason).status(), 200);
        assert_eq!(refunded(), 1000);
    }
    assert_eq!(refund(500, key, reason).status(), 400);
    let too_much = refund(4000, "another", "");
    assert_eq!(too_much.status(), 400);
    let said = too_much.json();
    assert!(said["Message"].as_str().unwrap().contains("3990"), "{said}");
    let long = format!(r#","reason":"{}""#, "x".repeat(101));
    assert_eq!(refund(1, "third", &long).status(), 400);
    assert_eq!(refund(3990, "fourth", "").status(), 200);
    assert_eq!(refunded(), 4990);
    let made = &shop.simulator.cart(cart).unwrap().refunds[0];
    assert_eq!(made.description.as_deref(), Some("Of lítil peysa"));

    let unknown = format!("/partner/transaction/{}", Uuid::nil());
    let answer = partner(&shop, "GET", &unknown, token, "");
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.json(), json!({ "Message": "Transaction not found" }));
}

#[test]
fn the_partner_apis_token_is_checked_and_not_recorded() {
    let shop = Shop::open();
    let cart = shop.paid();
    let path = format!("/partner/transaction/{cart}");
    let secret = shop.simulator.secret_key();
    assert_eq!(partner(&shop, "GET", &path, secret, "").status(), 200);
    let wrong = partner(&shop, "GET", &path, "wrong", "");
    assert_eq!(wrong.status(), 401);
    assert!(!wrong.text().contains(secret));
    let requests = shop.simulator.requests();
    assert_eq!(requests.len(), 3); // the first one has inserted the cart
    for (request, is_right) in requests.iter().skip(1).zip([true, false]) {
        assert_eq!(request.endpoint, Some(Endpoint::PartnerTransaction));
        assert_eq!(request.transaction_id, Some(cart));
        assert_eq!(request.signature_ok, is_right);
        let token = request.headers.iter().find(|(name, _)| name == "token");
        assert_eq!(token.unwrap().1, "[redacted]");
    }
    let state = shop.send("GET", "/simulator/state", &[], b"").unwrap();
    assert!(!state.text().contains(secret));
}

/// What `form_builder.js` posts, with the older name of the reference.
fn magento_form(shop: &Shop, callback: &str) -> String {
    let key = shop.simulator.app_key();
    let signature = sha256(&[shop.simulator.secret_key(), "000000042", "4990", key]);
    let callback: String = form_urlencoded::byte_serialize(callback.as_bytes()).collect();
    let response = "https%3A%2F%2Fshop.example%2Fpayment%2Fform%2Fresponse";
    format!(
        "ApplicationID={key}&Iframe=false&Signature={signature}&TotalAmount=4990&OrderId=000000042\
         &PaymentSuccessfulURL={response}&PaymentCancelledURL={response}&PaymentConfirmedURL={callback}\
         &ConfirmationType=1&ClientInfo=Magento+2.1.2"
    )
}

/// `validateResponse`, and whether the plugin takes it for a success.
#[track_caller]
fn magento_reads(shop: &Shop, members: &BTreeMap<String, String>) -> bool {
    let get = |name: &str| members[name].as_str();
    let signed = [
        shop.simulator.secret_key(),
        get("orderid"),
        get("transactionid"),
        get("invoiceNumber"),
        get("totalAmount"),
        get("status"),
    ];
    assert_eq!(get("netgiroSignature"), sha256(&signed));
    assert_eq!(get("orderid"), "000000042");
    members
        .get("success")
        .is_some_and(|success| !success.is_empty())
}

/// `sendPaymentCancelRequest` and `sendPaymentChangeRequest`, whose nonce is a float of PHP's.
fn magento_calls(shop: &Shop, base: &str, action: &str, body: &str) -> Value {
    let nonce = "1.7643667201234E+16";
    let path = format!("{base}payment/{action}");
    let url = format!("http://{}{path}", shop.address());
    let signature = sha256(&[shop.simulator.secret_key(), nonce, &url, body]);
    let head = format!(
        "POST {path} HTTP/1.1
Host: {}
Accept: */*
Content-Type: application/json
NETGIRO_APPKEY: {}
NETGIRO_NONCE: {nonce}
NETGIRO_SIGNATURE: {signature}
Content-Length: {}",
        shop.address(),
        shop.simulator.app_key(),
        body.len(),
    );
    let answer = exchange(shop, &head, body);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

#[test]
fn magento_is_paid_and_refunds_in_part_and_in_full() {
    let shop = Shop::open();
    let server = CallbackServer::new(|_| Some(200));
    let cart = opened(
        &shop,
        &post_form(&shop, "/securepay", &magento_form(&shop, &server.url)),
    );
    act(&shop, cart, "accept", KENNITALA);
    let callback = server.wait();
    let members = (form_urlencoded::parse(&callback.body).into_owned()).collect();
    assert!(magento_reads(&shop, &members));
    until("the payment is made", || {
        shop.simulator.cart(cart).unwrap().is_paid
    });
    let (url, members) = returned(&shop, cart);
    assert!(
        url.as_str()
            .starts_with("https://shop.example/payment/form/response?")
    );
    assert!(magento_reads(&shop, &members));

    // In part: the amount that stays, as PHP writes a float.
    let change = format!(
        r#"{{"transactionId":"{cart}","message":"Order Changed in Magento2 store","totalAmount":3990.0,"items":[{{"amount":3990.0,"quantity":1000,"unitPrice":3990.0}}]}}"#
    );
    let changed = magento_calls(&shop, "/api/", "change", &change);
    assert_eq!(changed["ResultCode"], json!(200));
    assert_eq!(changed["Result"]["TransactionId"], json!(cart));
    assert_eq!(shop.simulator.cart(cart).unwrap().refunded, 1000);
    let again = magento_calls(&shop, "/api/", "change", &change);
    assert_eq!(again["Success"], json!(false));
    assert_eq!(shop.simulator.cart(cart).unwrap().refunded, 1000);

    // The rest, at the plugin's base path in production.
    let cancel = format!(
        r#"{{"transactionId":"{cart}","description":"Refund via Magento","cancelationFeeAmount":0}}"#
    );
    let canceled = magento_calls(&shop, "/v1/api/", "cancel", &cancel);
    assert_eq!(canceled["ResultCode"], json!(10201));
    assert!(!shop.simulator.cart(cart).unwrap().is_paid);
    let again = magento_calls(&shop, "/v1/api/", "cancel", &cancel);
    assert_eq!(
        (&again["Success"], &again["ResultCode"]),
        (&json!(false), &json!(10202))
    );
}

#[test]
fn magento_is_told_of_a_cancel_at_the_same_url() {
    let shop = Shop::open();
    let server = CallbackServer::new(|_| Some(200));
    let form = magento_form(&shop, &server.url);
    let cart = opened(&shop, &post_form(&shop, "/securepay", &form));
    act(&shop, cart, "leave", "");
    let (url, members) = returned(&shop, cart);
    assert!(
        url.as_str()
            .starts_with("https://shop.example/payment/form/response?")
    );
    assert!(!magento_reads(&shop, &members));
    assert!(server.is_quiet());
}

#[test]
fn a_form_that_is_wrong_gets_a_page() {
    let shop = Shop::open();
    let form = woo_form(&shop, 1, Some("http://127.0.0.1:9/nobody"));
    let secret = shop.simulator.secret_key();
    let resigned = |from: &str, to: &str| {
        let form = form.replacen(from, to, 1);
        let amount = if to.contains("TotalAmount") {
            "0"
        } else {
            "4990"
        };
        let key = shop.simulator.app_key();
        let (old, new) = ["4990", amount]
            .map(|amount| sha256(&[secret, WOO_ORDER, amount, key]))
            .into();
        form.replacen(&old, &new, 1)
    };
    for (form, why) in [
        (form.replacen("=4990", "=1", 1), "Signature does not match"),
        (
            form.replacen("=1042", "=1043", 1),
            "Signature does not match",
        ),
        (
            form.replacen("ApplicationID=88", "ApplicationID=89", 1),
            "Unknown application",
        ),
        (
            form.replacen("Signature=", "Sig=", 1),
            "Signature is required",
        ),
        (
            form.replacen("ReferenceNumber=", "Reference=", 1),
            "ReferenceNumber is required",
        ),
        (
            resigned("ConfirmationType=1", "ConfirmationType=3"),
            "ConfirmationType must be",
        ),
        (
            resigned("PaymentConfirmedURL=", "Confirmed="),
            "PaymentConfirmedURL must not be empty",
        ),
        (
            resigned("PaymentSuccessfulURL=https", "PaymentSuccessfulURL=ftp"),
            "PaymentSuccessfulURL must be",
        ),
        (
            resigned("TotalAmount=4990", "TotalAmount=0"),
            "TotalAmount must be at least 1",
        ),
        (
            form.replacen("ApplicationID=88", "ApplicationID=%3Cscript%3E88", 1),
            "&lt;script&gt;",
        ),
    ] {
        let answer = post_form(&shop, "/v1/", &form);
        assert_eq!(answer.status(), 400, "{why}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    assert_eq!(shop.simulator.carts(), []);
    // Without addresses the customer stays on the page.
    let bare = resigned("PaymentSuccessfulURL=", "Successful=");
    let bare = bare.replacen("ConfirmationType=1&", "", 1);
    let cart = opened(&shop, &post_form(&shop, "/v1", &bare));
    act(&shop, cart, "accept", KENNITALA);
    assert!(shop.simulator.cart(cart).unwrap().is_paid);
    assert_eq!(return_url(&shop, cart), Value::Null);
}
