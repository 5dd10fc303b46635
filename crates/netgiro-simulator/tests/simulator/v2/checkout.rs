//! Payments, their status, captures and cancels.

use crate::shop::{APP_CODE, APPROVES, DECLINES, PHONE, Shop};
use crate::v2::{assert_no_sale, assert_sale, order};
use netgiro::{CartStatus, ConfirmationType};
use netgiro_simulator::{Endpoint, Fault, RepeatedCall, SimulatorOptions};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_phone_is_asked_and_the_status_follows() {
    let shop = Shop::open();
    let paid = shop.sell(&order(PHONE), "Pending");
    assert_sale(&shop.status(paid), paid, "Pending");
    shop.simulator.confirm(paid).unwrap();
    assert_sale(&shop.status(paid), paid, "Confirmed");
    let cart = shop.simulator.cart(paid).unwrap();
    assert_eq!((cart.amount, cart.checks, cart.captured), (5000, 2, None));
    assert_eq!(cart.confirmation_type, ConfirmationType::Automatic);
    assert_eq!(cart.reference, "A-1");

    let declined = shop.sell(&order(PHONE), "Pending");
    shop.simulator.decline(declined).unwrap();
    assert_sale(&shop.status(declined), declined, "Cancelled");
    let expired = shop.sell(&order(PHONE), "Pending");
    shop.simulator.advance(Duration::from_secs(181)).unwrap();
    assert_sale(&shop.status(expired), expired, "Cancelled");
    assert!(shop.simulator.cart(expired).unwrap().is_timed_out);
    shop.sell(&order(APPROVES), "Confirmed");
    shop.sell(&order(DECLINES), "Cancelled");
}

#[test]
fn a_code_pays_or_holds_at_once() {
    let shop = Shop::open();
    for code in ["1234567890", "1111111119", APP_CODE] {
        let paid = shop.sell(&order(code), "Confirmed");
        assert_eq!(shop.simulator.cart(paid).unwrap().sms_code, None);
        let mut manual = order(code);
        manual["ManualCapture"] = json!(true);
        let held = shop.sell(&manual, "Authorized");
        let status = shop.simulator.cart(held).unwrap().status;
        assert_eq!(status, CartStatus::Reserved);
    }
}

#[test]
fn v1_and_v2_see_the_same_sale() {
    let shop = Shop::open();
    let old = shop.insert(PHONE, 2);
    assert_sale(&shop.status(old), old, "Pending");
    shop.simulator.confirm(old).unwrap();
    assert_sale(&shop.status(old), old, "Authorized");
    assert_sale(&shop.capture(old, &Value::Null), old, "Confirmed");
    assert_eq!(shop.check(old).row(), (true, Some(true), 10200));

    let new = shop.sell(&order(PHONE), "Pending");
    assert_eq!(shop.check(new).row(), (true, Some(false), 10425));
    assert_eq!(shop.cancel(new).row(), (true, None, 10201));
    assert_sale(&shop.status(new), new, "Cancelled");
    let held = shop.held();
    assert_eq!(shop.confirm(held, None).row(), (true, Some(true), 10200));
    assert_sale(&shop.status(held), held, "Confirmed");
}

#[test]
fn a_hold_is_captured_once_in_full_or_in_part() {
    let shop = Shop::open();
    let (all, part) = (shop.held(), shop.held());
    assert_no_sale(
        &shop.capture(part, &json!(5001)),
        400,
        "must not exceed 5000",
    );
    assert_sale(&shop.capture(all, &Value::Null), all, "Confirmed");
    // The amount is a decimal.
    let answer = shop.capture(part, &json!(1500.0));
    assert_sale(&answer, part, "Confirmed");
    let cart = shop.simulator.cart(part).unwrap();
    assert_eq!((cart.amount, cart.captured), (5000, Some(1500)));
    let amount = shop.check(part).json()["PaymentInfo"]["TotalAmount"].clone();
    assert_eq!(amount, json!(1500));
    let path = format!("transaction/details/{part}");
    let details = shop.v2("GET", &path, &Value::Null).json();
    assert_eq!(details["TotalAmount"], json!(1500));
    let refund = json!({ "TransactionId": part, "RefundAmount": 1501, "IdempotencyKey": "a" });
    assert_eq!(shop.v2("POST", "transaction/refund", &refund).status(), 400);

    for (cart, amount) in [(all, Value::Null), (all, json!(5000)), (part, json!(1500))] {
        assert_no_sale(&shop.capture(cart, &amount), 400, "captured already");
    }
    let lenient = Shop::with(SimulatorOptions {
        repeated_capture: RepeatedCall::Repeat,
        ..SimulatorOptions::default()
    });
    let held = lenient.held();
    for amount in [json!(1500), json!(1500), Value::Null] {
        assert_sale(&lenient.capture(held, &amount), held, "Confirmed");
    }
    let other = lenient.capture(held, &json!(1501));
    assert_no_sale(&other, 400, "captured already");
}

#[test]
fn only_a_hold_is_captured() {
    let shop = Shop::open();
    let pending = shop.sell(&order(PHONE), "Pending");
    let paid = shop.sell(&order("1234567890"), "Confirmed");
    let canceled = shop.held();
    shop.void(canceled);
    for cart in [pending, paid, canceled] {
        assert_no_sale(&shop.capture(cart, &Value::Null), 400, "not authorized");
    }
    assert_no_sale(&shop.capture(Uuid::nil(), &Value::Null), 400, "not found");
    let held = shop.held();
    for amount in [json!(0), json!(-1), json!(0.0)] {
        let answer = shop.capture(held, &amount);
        assert_no_sale(&answer, 400, "Amount must be greater than 0");
    }
    for amount in [json!(10.5), json!("ten"), json!(1e300)] {
        assert_no_sale(&shop.capture(held, &amount), 400, "whole krónur");
    }
    assert_sale(&shop.status(held), held, "Authorized");
}

#[test]
fn a_hold_ends_after_seven_days() {
    let shop = Shop::open();
    let (left, taken) = (shop.held(), shop.held());
    let asked = {
        let mut order = order(PHONE);
        order["ManualCapture"] = json!(true);
        shop.sell(&order, "Pending")
    };
    shop.simulator.advance(Duration::from_secs(100)).unwrap();
    shop.simulator.confirm(asked).unwrap();
    shop.simulator
        .advance(6 * DAY + Duration::from_secs(86_301))
        .unwrap();
    assert_sale(&shop.status(left), left, "Cancelled");
    assert_sale(&shop.status(asked), asked, "Authorized");
    assert_sale(&shop.status(taken), taken, "Cancelled");
    assert!(shop.simulator.cart(left).unwrap().is_timed_out);
    assert_sale(&shop.capture(asked, &Value::Null), asked, "Confirmed");
    shop.simulator.advance(7 * DAY).unwrap();
    assert_sale(&shop.status(asked), asked, "Confirmed");

    let brief = Shop::with(SimulatorOptions {
        hold_lifetime: Duration::from_secs(60),
        ..SimulatorOptions::default()
    });
    let held = brief.held();
    // A reservation of V1 has no end.
    let reserved = brief.insert(PHONE, 2);
    brief.simulator.confirm(reserved).unwrap();
    brief.simulator.advance(Duration::from_secs(61)).unwrap();
    assert_sale(&brief.status(held), held, "Cancelled");
    assert_sale(&brief.status(reserved), reserved, "Authorized");
}

#[test]
fn a_cancel_works_at_any_stage() {
    let shop = Shop::open();
    let pending = shop.sell(&order(PHONE), "Pending");
    let held = shop.held();
    let paid = shop.sell(&order("1234567890"), "Confirmed");
    for sale in [pending, held, paid] {
        assert_sale(&shop.void(sale), sale, "Cancelled");
        assert_sale(&shop.status(sale), sale, "Cancelled");
        assert_no_sale(&shop.void(sale), 400, "canceled already");
    }
    assert!(!shop.simulator.cart(paid).unwrap().is_paid);
    assert_eq!(shop.check(paid).row(), (true, Some(false), 10201));
    assert_no_sale(&shop.void(Uuid::nil()), 400, "not found");
    let refund = json!({ "TransactionId": paid, "RefundAmount": 1, "IdempotencyKey": "a" });
    assert_eq!(shop.v2("POST", "transaction/refund", &refund).status(), 400);

    let lenient = Shop::with(SimulatorOptions {
        repeated_cancel: RepeatedCall::Repeat,
        ..SimulatorOptions::default()
    });
    let held = lenient.held();
    for _ in 0..2 {
        assert_sale(&lenient.void(held), held, "Cancelled");
    }
}

#[test]
fn the_settlement_of_a_canceled_sale_takes_it_back() {
    let shop = Shop::open();
    let second = shop.simulator.now().as_second().rem_euclid(86_400);
    let until_noon = (86_400 + 43_200 - second).rem_euclid(86_400);
    let until_noon = Duration::from_secs(until_noon.try_into().unwrap());
    shop.simulator.advance(until_noon).unwrap();
    let same_day = shop.sell(&order("1234567890"), "Confirmed");
    let next_day = shop.sell(&order("1234567890"), "Confirmed");
    let body = json!({ "TransactionId": next_day, "RefundAmount": 1000, "IdempotencyKey": "a" });
    assert_eq!(shop.v2("POST", "transaction/refund", &body).status(), 200);
    shop.void(same_day);
    shop.simulator.advance(DAY).unwrap();
    shop.void(next_day);
    shop.simulator.advance(DAY).unwrap();
    let list = shop.v2("GET", "settlement/list", &Value::Null).json();
    let amounts = list.as_array().unwrap().iter().map(|settlement| {
        let path = format!(
            "settlement/items/{}",
            settlement["Number"].as_str().unwrap()
        );
        let items = shop.v2("GET", &path, &Value::Null).json();
        let items = items.as_array().unwrap().iter();
        let amounts = items.map(|item| item["TotalAmount"].as_i64().unwrap());
        amounts.collect::<Vec<_>>()
    });
    assert_eq!(
        amounts.collect::<Vec<_>>(),
        [vec![5000, -1000], vec![-4000]]
    );
}

#[test]
fn what_is_no_payment_is_refused_in_its_form() {
    let shop = Shop::with(SimulatorOptions {
        minimum_amount: 100,
        v2_refusal_status: 200,
        ..SimulatorOptions::default()
    });
    for (member, value, status, message) in [
        ("Amount", json!(0), 400, "Amount must be greater than 0"),
        ("Amount", Value::Null, 400, "Amount must be greater than 0"),
        ("Amount", json!(100.5), 400, "Amount must be whole krónur"),
        ("Amount", json!(99), 200, "below the minimum of 100"),
        ("Reference", json!(""), 400, "Reference must not be empty"),
        (
            "CustomerIdentifier",
            Value::Null,
            400,
            "CustomerIdentifier must not be empty",
        ),
        (
            "CustomerIdentifier",
            json!("5223281"),
            200,
            "Customer does not exist",
        ),
        ("ManualCapture", json!("yes"), 400, "true or false"),
        ("CallbackUrl", json!(1), 400, "CallbackUrl must be a string"),
    ] {
        let mut order = order(PHONE);
        order[member] = value;
        assert_no_sale(&shop.pay(&order), status, message);
    }
    assert_no_sale(&shop.pay(&json!([])), 400, "one JSON object");
    assert_eq!(shop.simulator.carts(), []);
    let unknown = shop.v2("GET", "checkout/status/abc-123", &Value::Null);
    assert_no_sale(&unknown, 200, "not found");
    let mut decimal = order(PHONE);
    decimal["Amount"] = json!(4990.0);
    shop.sell(&decimal, "Pending");
    let refused = shop
        .send("POST", "/v2/checkout/payment", &[], b"{}")
        .unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json()["Success"], json!(false));
}

#[test]
fn lagging_reads_and_faults_are_as_in_v1() {
    let shop = Shop::with(SimulatorOptions {
        stale_reads: 1,
        poll_interval_ms: None,
        ..SimulatorOptions::default()
    });
    let sale = shop.pay(&order(PHONE)).json();
    assert_eq!(sale["PollIntervalMs"], Value::Null);
    let sale: Uuid = sale["TransactionId"].as_str().unwrap().parse().unwrap();
    assert_no_sale(&shop.status(sale), 400, "not found");
    assert_eq!(shop.status(sale).json()["Status"], json!("Pending"));
    shop.simulator.confirm(sale).unwrap();
    assert_eq!(shop.status(sale).json()["Status"], json!("Pending"));
    assert_sale(&shop.status(sale), sale, "Confirmed");

    shop.simulator
        .add_fault(Fault::on(Endpoint::Status).status(503))
        .unwrap();
    assert_eq!(shop.status(sale).status(), 503);
    // The customer says yes while the shop cancels, and the cancel wins.
    let racing = shop.sell_racing();
    let fault = Fault::on(Endpoint::Cancel).confirm_during();
    shop.simulator.add_fault(fault).unwrap();
    assert_sale(&shop.void(racing), racing, "Cancelled");
    let names: Vec<_> = (shop.simulator.requests().iter())
        .map(|request| request.endpoint.unwrap().as_str())
        .collect();
    assert_eq!(names.iter().filter(|name| **name == "Status").count(), 5);
    assert!(names.contains(&"Payment") && names.contains(&"Cancel"));
    let payment = &shop.simulator.requests()[0];
    assert_eq!(payment.transaction_id, None);
    assert_eq!(shop.simulator.requests()[1].transaction_id, Some(sale));
}

impl Shop {
    fn sell_racing(&self) -> Uuid {
        let json = self.pay(&order(PHONE)).json();
        json["TransactionId"].as_str().unwrap().parse().unwrap()
    }
}
