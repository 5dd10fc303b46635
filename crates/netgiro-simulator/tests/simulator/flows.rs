//! Every flow of the API, and every row of its situation table.

use crate::shop::{
    APP_CODE, APPROVES, CallbackServer, DECLINES, KENNITALA, NO_CREDIT, PHONE, Shop, order,
};
use netgiro::{CartStatus, ConfirmationType};
use netgiro_simulator::{SimulatorError, SimulatorOptions};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

const WAITING: (bool, Option<bool>, i64) = (true, Some(false), 10425);
const RESERVED: (bool, Option<bool>, i64) = (true, Some(false), 10426);
const NEEDS_CODE: (bool, Option<bool>, i64) = (true, Some(false), 10428);
const AWAITING: (bool, Option<bool>, i64) = (true, Some(false), 10429);
const PAID: (bool, Option<bool>, i64) = (true, Some(true), 10200);
const CANCELED: (bool, Option<bool>, i64) = (true, Some(false), 10201);

#[test]
fn phone_automatic() {
    let shop = Shop::open();
    let mut order = order(PHONE, 0);
    order["LocationId"] = json!("Reykjavík");
    let cart = shop.insert_order(&order);
    let waiting = shop.check(cart);
    assert_eq!(waiting.row(), WAITING);
    assert!(waiting.json()["PaymentInfo"].is_null());
    shop.simulator.confirm(cart).unwrap();
    let paid = shop.check(cart);
    assert_eq!(paid.row(), PAID);
    let payment = &paid.json()["PaymentInfo"];
    assert_eq!(payment["TransactionId"], cart.to_string());
    assert_eq!(payment["ReferenceNumber"], "A-1");
    assert_eq!(payment["TotalAmount"], 1000);
    assert_eq!(payment["StatusId"], 2);
    assert_eq!(payment["LocationId"], "Reykjavík");
    let created = payment["Created"].as_str().unwrap();
    assert_eq!(created.len(), "2020-01-22T13:22:05.123".len());
    assert_eq!(shop.cancel(cart).row(), (false, None, 10200));
    assert_eq!(shop.confirm(cart, None).row(), (true, Some(true), 10203));
    assert_eq!(shop.check(cart).row(), PAID);
}

#[test]
fn phone_manual() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 2);
    assert_eq!(shop.confirm(cart, None).row(), WAITING);
    shop.simulator.confirm(cart).unwrap();
    let reserved = shop.check(cart);
    assert_eq!(reserved.row(), RESERVED);
    assert_eq!(reserved.json()["PaymentInfo"]["StatusId"], 1);
    assert_eq!(shop.confirm(cart, None).row(), PAID);
    assert_eq!(shop.confirm(cart, None).row(), (true, Some(true), 10203));
    assert_eq!(shop.check(cart).row(), PAID);
}

#[test]
fn a_reservation_can_be_released() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 2);
    shop.simulator.confirm(cart).unwrap();
    assert_eq!(shop.cancel(cart).row(), (true, None, 10201));
    assert_eq!(shop.confirm(cart, None).row(), CANCELED);
}

#[test]
fn phone_server_callback() {
    let shop = Shop::open();
    let bell = CallbackServer::new(|_| Some(200));
    let cart = shop.insert_calling(PHONE, 1, Some(&bell.url));
    assert_eq!(shop.check(cart).row(), WAITING);
    shop.simulator.confirm(cart).unwrap();
    bell.wait();
    crate::shop::until("paid", || shop.simulator.cart(cart).unwrap().is_paid);
    assert_eq!(shop.check(cart).row(), PAID);
}

#[test]
fn kennitala_automatic() {
    let shop = Shop::open();
    let cart = shop.insert(KENNITALA, 0);
    assert_eq!(shop.check(cart).row(), NEEDS_CODE);
    assert_eq!(shop.confirm(cart, None).row(), NEEDS_CODE);
    assert_eq!(
        shop.confirm(cart, Some("nope")).row(),
        (true, Some(false), 400)
    );
    assert_eq!(shop.check(cart).row(), NEEDS_CODE);
    let code = shop.sms_code(cart);
    assert_eq!(code.len(), 4);
    let paid = shop.confirm(cart, Some(&code));
    assert_eq!(paid.row(), PAID);
    assert_eq!(paid.json()["PaymentInfo"]["ClientIdentityConfirmed"], true);
    assert_eq!(shop.check(cart).row(), PAID);
}

#[test]
fn kennitala_manual() {
    let shop = Shop::open();
    let cart = shop.insert(KENNITALA, 2);
    let code = shop.sms_code(cart);
    assert_eq!(shop.confirm(cart, Some(&code)).row(), RESERVED);
    assert_eq!(shop.check(cart).row(), RESERVED);
    assert_eq!(shop.confirm(cart, None).row(), PAID);
}

#[test]
fn kennitala_server_callback() {
    let shop = Shop::open();
    let bell = CallbackServer::new(|_| Some(200));
    let cart = shop.insert_calling(KENNITALA, 1, Some(&bell.url));
    let code = shop.sms_code(cart);
    assert_eq!(shop.confirm(cart, Some(&code)).row(), AWAITING);
    bell.wait();
    crate::shop::until("paid", || shop.simulator.cart(cart).unwrap().is_paid);
}

#[test]
fn app_code() {
    let shop = Shop::open();
    let automatic = shop.insert(APP_CODE, 0);
    assert_eq!(shop.check(automatic).row(), PAID);
    let manual = shop.insert(APP_CODE, 2);
    assert_eq!(shop.check(manual).row(), RESERVED);
    assert_eq!(shop.confirm(manual, None).row(), PAID);
    let bell = CallbackServer::new(|_| Some(200));
    let callback = shop.insert_calling(APP_CODE, 1, Some(&bell.url));
    bell.wait();
    crate::shop::until("paid", || shop.simulator.cart(callback).unwrap().is_paid);
}

#[test]
fn customers_who_answer_automatically() {
    let shop = Shop::open();
    let approved = shop.insert(APPROVES, 0);
    assert_eq!(shop.check(approved).row(), PAID);
    let reserved = shop.insert(APPROVES, 2);
    assert_eq!(shop.check(reserved).row(), RESERVED);
    let declined = shop.insert(DECLINES, 0);
    assert_eq!(shop.check(declined).row(), (true, Some(false), 10423));
}

#[test]
fn customers_who_answer_late() {
    let shop = Shop::with(SimulatorOptions {
        reaction: Duration::from_secs(20),
        ..SimulatorOptions::default()
    });
    let [approves, declines] = [APPROVES, DECLINES].map(|customer| shop.insert(customer, 0));
    let canceled = shop.insert(APPROVES, 0);
    assert_eq!(shop.check(approves).row(), WAITING);
    assert_eq!(shop.cancel(canceled).row(), (true, None, 10201));
    shop.simulator.advance(Duration::from_secs(20)).unwrap();
    assert_eq!(shop.check(approves).row(), PAID);
    assert_eq!(shop.check(declines).row(), (true, Some(false), 10423));
    assert_eq!(shop.check(canceled).row(), CANCELED);
}

#[test]
fn a_customer_without_credit() {
    let shop = Shop::open();
    let cart = shop.insert(NO_CREDIT, 0);
    let code = shop.sms_code(cart);
    let refused = (true, Some(false), 10302);
    assert_eq!(shop.confirm(cart, Some(&code)).row(), refused);
    assert_eq!(shop.check(cart).row(), refused);
    let shown = shop.simulator.cart(cart).unwrap();
    assert_eq!(shown.status, CartStatus::Declined);
}

#[test]
fn declined_and_then_canceled() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    shop.simulator.decline(cart).unwrap();
    let declined = shop.check(cart);
    assert_eq!(declined.row(), (true, Some(false), 10423));
    assert!(declined.json()["PaymentInfo"].is_null());
    assert_eq!(shop.cancel(cart).row(), (false, None, 10423));
}

#[test]
fn canceled_and_again() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    assert_eq!(shop.cancel(cart).row(), (true, None, 10201));
    assert_eq!(shop.cancel(cart).row(), (true, None, 10202));
    assert_eq!(shop.check(cart).row(), CANCELED);
}

#[test]
fn carts_have_their_current_state() {
    let shop = Shop::open();
    let phone = shop.insert(PHONE, 2);
    let kennitala = shop.insert(KENNITALA, 0);
    shop.check(phone);
    shop.check(phone);
    shop.simulator.confirm(phone).unwrap();
    let carts = shop.simulator.carts();
    let [first, second] = carts.as_slice() else {
        panic!("{carts:?}");
    };
    assert_eq!(first.transaction_id, phone);
    assert_eq!(first.status, CartStatus::Reserved);
    assert_eq!(first.result_code, 10426);
    assert_eq!(first.confirmation_type, ConfirmationType::Manual);
    assert_eq!(
        (first.amount, first.checks, first.is_paid),
        (1000, 2, false)
    );
    assert_eq!(first.customer_id, PHONE);
    assert_eq!(first.sms_code, None);
    let lifetime = first.expires_at.duration_since(first.created);
    assert_eq!(lifetime.as_secs(), 180);
    assert_eq!(second.transaction_id, kennitala);
    assert_eq!(second.status, CartStatus::NeedsCode);
    assert_eq!(Some(second.clone()), shop.simulator.cart(kennitala));
}

#[test]
fn an_impossible_action_says_why() {
    let shop = Shop::open();
    let unknown = Uuid::from_u128(7);
    assert_eq!(shop.simulator.cart(unknown), None);
    assert_eq!(
        shop.simulator.confirm(unknown),
        Err(SimulatorError::UnknownCart(unknown))
    );
    let cart = shop.insert(PHONE, 0);
    shop.simulator.confirm(cart).unwrap();
    for done in [
        shop.simulator.confirm(cart),
        shop.simulator.decline(cart),
        shop.simulator.expire(cart),
    ] {
        let error = done.unwrap_err();
        assert!(
            matches!(
                error,
                SimulatorError::NotPossible {
                    status: CartStatus::Confirmed,
                    ..
                }
            ),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(
            text.contains(&cart.to_string()) && text.ends_with("it is paid"),
            "{text}"
        );
    }
    let kennitala = shop.insert(KENNITALA, 0);
    let text = shop.simulator.confirm(kennitala).unwrap_err().to_string();
    assert!(text.contains(&shop.sms_code(kennitala)), "{text}");
}
