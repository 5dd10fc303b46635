//! V2's callbacks: their form, their signature, and what follows from the shop's answers.

use crate::shop::{CallbackServer, Message, PHONE, Shop, until};
use crate::v2::{assert_sale, order};
use netgiro_simulator::SimulatorOptions;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// Long enough for any machine.
const RETRY: Duration = Duration::from_secs(3_600);

fn patient() -> Shop {
    Shop::with(SimulatorOptions {
        callback_retry_delay: RETRY,
        ..SimulatorOptions::default()
    })
}

fn calling(confirm: &str, cancel: &str, is_manual: bool) -> Value {
    let mut order = order(PHONE);
    order["CallbackUrl"] = json!(confirm);
    order["CallbackCancelUrl"] = json!(cancel);
    order["ManualCapture"] = json!(is_manual);
    order
}

fn signature(shop: &Shop, id: Uuid, amount: &str) -> String {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    let signed = format!("{}{id}{amount}", shop.simulator.secret_key());
    let mut hex = String::new();
    for byte in Sha256::digest(signed) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[track_caller]
fn assert_notice(shop: &Shop, notice: &Message, id: Uuid, is_accepted: bool) {
    let message = if is_accepted { "Success" } else { "Canceled" };
    assert_eq!(
        notice.text(),
        format!(
            r#"{{"Success":{is_accepted},"Message":"{message}","TransactionId":"{id}","ReferenceNumber":"A-1","TotalAmount":5000}}"#
        )
    );
    let signed = signature(shop, id, "5000");
    assert_eq!(notice.header("x-netgiro-signature"), Some(&*signed));
    assert_eq!(notice.header("netgiro_signature"), None);
    let kind = notice.header("content-type").unwrap();
    assert!(kind.starts_with("application/json"), "{kind}");
}

/// Waits until the simulator knows the shop's answer to its n-th callback.
fn answered(shop: &Shop, count: usize) {
    until("the callbacks are over", || {
        let callbacks = shop.simulator.callbacks();
        callbacks.len() >= count && callbacks.iter().all(|callback| callback.is_done)
    });
}

#[test]
fn the_acknowledgement_makes_the_payment() {
    for status in [200, 204] {
        let shop = Shop::open();
        let server = CallbackServer::new(move |_| Some(status));
        let sale = shop.sell(&calling(&server.url, &server.url, false), "Pending");
        shop.simulator.confirm(sale).unwrap();
        assert_notice(&shop, &server.wait(), sale, true);
        answered(&shop, 1);
        assert_sale(&shop.status(sale), sale, "Confirmed");
    }
}

#[test]
fn a_callback_that_is_refused_twice_cancels_the_sale() {
    let shop = patient();
    let refusing = CallbackServer::new(|_| Some(500));
    let canceling = CallbackServer::new(|_| Some(200));
    let order = calling(&refusing.url, &canceling.url, false);
    let sale = shop.sell(&order, "Pending");
    shop.simulator.confirm(sale).unwrap();
    assert_notice(&shop, &refusing.wait(), sale, true);
    answered(&shop, 1);
    assert_sale(&shop.status(sale), sale, "Pending");
    shop.simulator.advance(RETRY).unwrap();
    assert_notice(&shop, &refusing.wait(), sale, true);
    assert_notice(&shop, &canceling.wait(), sale, false);
    assert_sale(&shop.status(sale), sale, "Cancelled");
}

#[test]
fn a_hold_and_even_a_captured_one_depend_on_the_callback() {
    let shop = patient();
    let refusing = CallbackServer::new(|_| Some(500));
    let canceling = CallbackServer::new(|_| Some(200));
    let order = calling(&refusing.url, &canceling.url, true);
    let (held, captured) = (shop.sell(&order, "Pending"), shop.sell(&order, "Pending"));
    for sale in [held, captured] {
        shop.simulator.confirm(sale).unwrap();
        refusing.wait();
    }
    assert_sale(&shop.status(held), held, "Authorized");
    assert_sale(&shop.capture(captured, &Value::Null), captured, "Confirmed");
    answered(&shop, 2);
    shop.simulator.advance(RETRY).unwrap();
    canceling.wait();
    canceling.wait();
    for sale in [held, captured] {
        assert_sale(&shop.status(sale), sale, "Cancelled");
    }
}

#[test]
fn whoever_cancels_the_shop_is_told() {
    let shop = Shop::open();
    let server = CallbackServer::new(|_| Some(200));
    let order = calling(&server.url, &server.url, true);
    let declined = shop.sell(&order, "Pending");
    shop.simulator.decline(declined).unwrap();
    assert_notice(&shop, &server.wait(), declined, false);
    let voided = shop.sell(&order, "Pending");
    shop.void(voided);
    assert_notice(&shop, &server.wait(), voided, false);
    let canceled = shop.sell(&order, "Pending");
    shop.cancel(canceled);
    assert_notice(&shop, &server.wait(), canceled, false);
    let expired = shop.sell(&order, "Pending");
    shop.simulator.expire(expired).unwrap();
    assert_notice(&shop, &server.wait(), expired, false);
    let late = shop.sell(&order, "Pending");
    shop.simulator.advance(Duration::from_secs(180)).unwrap();
    assert_notice(&shop, &server.wait(), late, false);
    let held = shop.sell(&order, "Pending");
    shop.simulator.confirm(held).unwrap();
    assert_notice(&shop, &server.wait(), held, true);
    answered(&shop, 6);
    shop.simulator
        .advance(Duration::from_secs(7 * 86_400))
        .unwrap();
    assert_notice(&shop, &server.wait(), held, false);
    assert_sale(&shop.status(held), held, "Cancelled");
}

#[test]
fn a_captured_amount_and_other_decimals_are_signed_as_written() {
    for (decimals, signed) in [(0, "5000"), (1, "5000.0"), (2, "5000.00")] {
        let shop = Shop::with(SimulatorOptions {
            decimals,
            callback_signature_decimals: decimals,
            ..SimulatorOptions::default()
        });
        let server = CallbackServer::new(|_| Some(200));
        let sale = shop.pay(&calling(&server.url, &server.url, false)).json();
        let sale: Uuid = sale["TransactionId"].as_str().unwrap().parse().unwrap();
        shop.simulator.decline(sale).unwrap();
        let notice = server.wait();
        assert!(
            notice
                .text()
                .ends_with(&format!("\"TotalAmount\":{signed}}}"))
        );
        let expected = signature(&shop, sale, signed);
        assert_eq!(notice.header("x-netgiro-signature"), Some(&*expected));
        let sent = &shop.simulator.callbacks()[0];
        assert_eq!(
            sent.headers,
            [("X-Netgiro-Signature".to_owned(), expected.clone())]
        );
        assert_eq!(sent.transaction_id, sale);
    }
    // The body's digits and the signed ones may differ.
    let shop = Shop::with(SimulatorOptions {
        decimals: 2,
        ..SimulatorOptions::default()
    });
    let server = CallbackServer::new(|_| Some(200));
    let sale = shop.sell(&calling(&server.url, &server.url, false), "Pending");
    shop.simulator.decline(sale).unwrap();
    let notice = server.wait();
    assert!(notice.text().ends_with("\"TotalAmount\":5000.00}"));
    let expected = signature(&shop, sale, "5000");
    assert_eq!(notice.header("x-netgiro-signature"), Some(&*expected));
}
