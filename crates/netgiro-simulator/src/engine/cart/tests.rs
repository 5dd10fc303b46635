//! `CheckCart`, `CancelCart` and `ConfirmCart`, row by row.

use super::*;
use crate::model::customer::Customer;
use crate::model::order::Api;

const PHONE: &str = "8223281";
const KENNITALA: &str = "1111111119";
const APP_CODE: &str = "500004a7K2";
const NO_CREDIT: &str = "2222222229";
const CODE: &str = "0417";
const TYPES: [ConfirmationType; 3] = [
    ConfirmationType::Automatic,
    ConfirmationType::ServerCallback,
    ConfirmationType::Manual,
];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn cart(customer: &str, confirmation: ConfirmationType) -> Cart {
    let order = Order {
        api: Api::V1,
        amount: 1000,
        reference: "A-1".to_owned(),
        customer: Customer::find(customer).unwrap(),
        confirmation,
        callback_url: None,
        callback_cancel_url: None,
        location_id: None,
        register_id: None,
    };
    let seed = CartSeed {
        id: Uuid::from_u128(7),
        sms_code: CODE.to_owned(),
        invoice_number: 12,
        created: at(0),
        expires_at: at(180),
        stale_reads: 0,
    };
    Cart::new(order, seed).0
}

/// Success, `PaymentSuccessful`, `ResultCode`, and the `StatusId` of the payment.
fn row(answer: &CartResponse) -> (bool, Option<bool>, i64, Option<i64>) {
    let status_id = answer.payment.as_ref().map(|payment| payment.status_id);
    (answer.success, answer.paid, answer.code, status_id)
}

fn confirm(cart: &mut Cart, identifier: Option<&str>) -> (bool, Option<bool>, i64, Option<i64>) {
    row(&cart.merchant_confirms(identifier, at(9)).0)
}

// CheckCart, row by row.

#[test]
fn check_waiting_for_the_customer() {
    for confirmation in TYPES {
        let mut cart = cart(PHONE, confirmation);
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10425, None)
        );
    }
}

#[test]
fn check_confirmed() {
    let mut cart = cart(PHONE, ConfirmationType::Automatic);
    assert_eq!(cart.customer_confirms(at(5)), Ok(Notification::Accepted));
    let answer = cart.check().unwrap();
    assert_eq!(row(&answer), (true, Some(true), 10200, Some(2)));
    let payment = answer.payment.unwrap();
    assert_eq!((payment.amount, payment.created), (1000, at(5)));
    assert_eq!(payment.reference, "A-1");
}

#[test]
fn check_reserved_by_a_phone() {
    let mut cart = cart(PHONE, ConfirmationType::Manual);
    cart.customer_confirms(at(5)).unwrap();
    assert_eq!(
        row(&cart.check().unwrap()),
        (true, Some(false), 10426, Some(1))
    );
}

#[test]
fn check_sms_code_needed() {
    for confirmation in TYPES {
        let mut cart = cart(KENNITALA, confirmation);
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10428, None)
        );
    }
}

#[test]
fn check_callback_not_acknowledged() {
    let mut cart = cart(PHONE, ConfirmationType::ServerCallback);
    cart.customer_confirms(at(5)).unwrap();
    assert_eq!(
        row(&cart.check().unwrap()),
        (true, Some(false), 10429, Some(1))
    );
    cart.callback_acknowledged(at(9));
    assert_eq!(
        row(&cart.check().unwrap()),
        (true, Some(true), 10200, Some(2))
    );
}

#[test]
fn check_after_the_callback_was_given_up() {
    let mut cart = cart(PHONE, ConfirmationType::ServerCallback);
    cart.customer_confirms(at(5)).unwrap();
    cart.callback_given_up(at(9));
    assert_eq!(
        row(&cart.check().unwrap()),
        (true, Some(false), 10201, None)
    );
    cart.callback_acknowledged(at(9));
    assert_eq!(cart.stage, Stage::Canceled, "too late to acknowledge");
}

#[test]
fn check_canceled_by_time() {
    for customer in [PHONE, KENNITALA] {
        let mut cart = cart(customer, ConfirmationType::Automatic);
        cart.lifetime_is_over();
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10201, None)
        );
    }
}

#[test]
fn check_declined() {
    for customer in [PHONE, KENNITALA] {
        let mut cart = cart(customer, ConfirmationType::Automatic);
        assert_eq!(cart.customer_declines(), Ok(Notification::Canceled));
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10423, None)
        );
    }
}

#[test]
fn checks_are_counted() {
    let mut cart = cart(PHONE, ConfirmationType::Automatic);
    cart.check();
    cart.check();
    cart.cancel();
    assert_eq!(cart.checks, 2);
}

// CancelCart, row by row.

#[test]
fn cancel_in_time_and_again() {
    for customer in [PHONE, KENNITALA] {
        let mut cart = cart(customer, ConfirmationType::Automatic);
        assert_eq!(row(&cart.cancel()), (true, None, 10201, None));
        assert_eq!(row(&cart.cancel()), (true, None, 10202, None));
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10201, None)
        );
    }
}

#[test]
fn cancel_too_late() {
    let mut cart = cart(PHONE, ConfirmationType::Automatic);
    cart.customer_confirms(at(5)).unwrap();
    assert_eq!(row(&cart.cancel()), (false, None, 10200, Some(2)));
    assert_eq!(cart.stage, Stage::Paid);
}

#[test]
fn cancel_releases_a_reservation() {
    let mut cart = cart(PHONE, ConfirmationType::Manual);
    cart.customer_confirms(at(5)).unwrap();
    assert_eq!(row(&cart.cancel()), (true, None, 10201, None));
}

#[test]
fn cancel_while_the_callback_is_under_way() {
    let mut cart = cart(PHONE, ConfirmationType::ServerCallback);
    cart.customer_confirms(at(5)).unwrap();
    assert_eq!(row(&cart.cancel()), (false, None, 10429, Some(1)));
}

#[test]
fn cancel_what_the_customer_declined() {
    let mut cart = cart(PHONE, ConfirmationType::Automatic);
    cart.customer_declines().unwrap();
    assert_eq!(row(&cart.cancel()), (false, None, 10423, None));
}

// ConfirmCart, row by row.

#[test]
fn confirm_a_reservation_and_again() {
    let mut cart = cart(PHONE, ConfirmationType::Manual);
    cart.customer_confirms(at(5)).unwrap();
    assert_eq!(confirm(&mut cart, None), (true, Some(true), 10200, Some(2)));
    assert_eq!(confirm(&mut cart, None), (true, Some(true), 10203, Some(2)));
    assert_eq!(
        row(&cart.check().unwrap()),
        (true, Some(true), 10200, Some(2))
    );
}

#[test]
fn confirm_with_the_sms_code() {
    let mut automatic = cart(KENNITALA, ConfirmationType::Automatic);
    let (answer, notification) = automatic.merchant_confirms(Some(CODE), at(9));
    assert_eq!(row(&answer), (true, Some(true), 10200, Some(2)));
    assert_eq!(notification, Some(Notification::Accepted));
    assert_eq!(answer.payment.unwrap().identity_confirmed, Some(true));

    let mut callback = cart(KENNITALA, ConfirmationType::ServerCallback);
    let (answer, notification) = callback.merchant_confirms(Some(CODE), at(9));
    assert_eq!(row(&answer), (true, Some(false), 10429, Some(1)));
    assert_eq!(notification, Some(Notification::Accepted));

    let mut manual = cart(KENNITALA, ConfirmationType::Manual);
    let reserved = (true, Some(false), 10426, Some(1));
    assert_eq!(confirm(&mut manual, Some(CODE)), reserved);
    assert_eq!(row(&manual.check().unwrap()), reserved);
    assert_eq!(
        confirm(&mut manual, None),
        (true, Some(true), 10200, Some(2))
    );
}

#[test]
fn confirm_with_a_wrong_code_changes_nothing() {
    let mut cart = cart(KENNITALA, ConfirmationType::Automatic);
    for wrong in ["0000", "", KENNITALA] {
        assert_eq!(
            confirm(&mut cart, Some(wrong)),
            (true, Some(false), 400, None)
        );
    }
    assert_eq!(confirm(&mut cart, None), (true, Some(false), 10428, None));
    assert_eq!(
        row(&cart.check().unwrap()),
        (true, Some(false), 10428, None)
    );
    assert_eq!(
        confirm(&mut cart, Some(CODE)),
        (true, Some(true), 10200, Some(2))
    );
}

#[test]
fn confirm_without_credit_is_declined() {
    let mut cart = cart(NO_CREDIT, ConfirmationType::Automatic);
    assert_eq!(
        confirm(&mut cart, Some(CODE)),
        (true, Some(false), 10302, None)
    );
    assert_eq!(
        row(&cart.check().unwrap()),
        (true, Some(false), 10302, None)
    );
}

#[test]
fn confirm_out_of_turn_answers_the_state() {
    let mut waiting = cart(PHONE, ConfirmationType::Manual);
    assert_eq!(
        confirm(&mut waiting, None),
        (true, Some(false), 10425, None)
    );
    waiting.cancel();
    assert_eq!(
        confirm(&mut waiting, None),
        (true, Some(false), 10201, None)
    );
    let mut callback = cart(PHONE, ConfirmationType::ServerCallback);
    callback.customer_confirms(at(5)).unwrap();
    assert_eq!(
        confirm(&mut callback, None),
        (true, Some(false), 10429, Some(1))
    );
}

#[test]
fn an_app_code_agrees_at_once() {
    for (confirmation, stage) in [
        (ConfirmationType::Automatic, Stage::Paid),
        (ConfirmationType::ServerCallback, Stage::AwaitingCallback),
        (ConfirmationType::Manual, Stage::Reserved),
    ] {
        assert_eq!(cart(APP_CODE, confirmation).stage, stage);
    }
}

// What cannot happen any more.

#[test]
fn only_a_reservation_can_be_expired_after_the_customer_agreed() {
    let mut cart = cart(PHONE, ConfirmationType::Manual);
    cart.customer_confirms(at(5)).unwrap();
    cart.lifetime_is_over();
    assert_eq!(cart.stage, Stage::Reserved);
    assert_eq!(cart.expire(), Ok(()));
    assert_eq!(cart.expire().unwrap_err(), "cannot expire: it is canceled");
}

#[test]
fn out_of_time_is_told_from_canceled() {
    let ended = |end: fn(&mut Cart)| {
        let mut cart = cart(PHONE, ConfirmationType::Automatic);
        end(&mut cart);
        let record = cart.record();
        (record.status, record.result_code, record.is_timed_out)
    };
    let canceled = |is_timed_out| (CartStatus::Canceled, 10201, is_timed_out);
    assert_eq!(
        ended(|cart| assert!(cart.lifetime_is_over())),
        canceled(true)
    );
    assert_eq!(ended(|cart| cart.expire().unwrap()), canceled(true));
    assert_eq!(ended(|cart| drop(cart.cancel())), canceled(false));
    let canceled_in_time = |cart: &mut Cart| {
        drop(cart.cancel());
        cart.lifetime_is_over();
    };
    assert_eq!(ended(canceled_in_time), canceled(false));
}

#[test]
fn the_customer_decides_once() {
    let mut paid = cart(PHONE, ConfirmationType::Automatic);
    paid.customer_confirms(at(5)).unwrap();
    assert_eq!(
        paid.customer_declines().unwrap_err(),
        "cannot decline: it is paid"
    );
    assert_eq!(
        paid.customer_confirms(at(6)).unwrap_err(),
        "cannot confirm: it is paid"
    );
    assert_eq!(paid.expire().unwrap_err(), "cannot expire: it is paid");

    let mut reserved = cart(PHONE, ConfirmationType::Manual);
    reserved.customer_confirms(at(5)).unwrap();
    let why = reserved.customer_confirms(at(6)).unwrap_err();
    assert!(why.contains("ConfirmCart"), "{why}");
}

#[test]
fn the_phone_cannot_confirm_what_needs_a_code() {
    let mut cart = cart(KENNITALA, ConfirmationType::Automatic);
    let why = cart.customer_confirms(at(5)).unwrap_err();
    assert!(why.contains(CODE), "{why}");
}

#[test]
fn a_callback_always_names_the_cart() {
    let mut declined = cart(PHONE, ConfirmationType::Automatic);
    declined.customer_declines().unwrap();
    assert_eq!(
        row(&declined.callback()),
        (true, Some(false), 10423, Some(5))
    );
    let mut open = cart(PHONE, ConfirmationType::ServerCallback);
    open.customer_confirms(at(5)).unwrap();
    assert_eq!(row(&open.callback()), (true, Some(false), 10429, Some(1)));
}
