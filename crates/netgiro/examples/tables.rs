//! Prints the tables that every language must agree on, as JSON.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use jiff::Timestamp;
use netgiro::{
    Amount, Cart, CartState, CartStatus, ConfirmationType, Environment, ErrorKind, PaymentInfo,
    PaymentInfoPolicy, ResponseVerification, ResultCode, TransactionStatus,
};
use serde_json::{Value, json};
use uuid::Uuid;

fn main() -> Result<(), netgiro::Error> {
    let cart = Cart {
        transaction_id: Uuid::nil(),
        reference: String::new(),
        amount: Amount::new(1)?,
        check_interval: None,
        message: None,
        reference_id: None,
    };
    let state = CartState::of(Uuid::nil(), CartStatus::Pending, Timestamp::UNIX_EPOCH);
    let tables = json!({
        "errors": rows(ErrorKind::ALL, |kind| json!({ "code": kind.code(), "class": kind.class() })),
        "statuses": rows(CartStatus::ALL, |status| json!({
            "status": status.as_str(),
            "is_final": status.is_final(),
            "is_paid": status.is_paid(),
        })),
        "result_codes": rows(ResultCode::ALL, |known| json!({
            "code": known.code,
            "status": CartStatus::of_code(known.code).as_str(),
        })),
        "confirmation_types": rows(ConfirmationType::ALL, |kind| json!(kind.as_str())),
        "environments": rows(Environment::ALL, |environment| json!(environment.as_str())),
        "payment_info_policies": rows(PaymentInfoPolicy::ALL, |policy| json!(policy.as_str())),
        "response_verifications": rows(ResponseVerification::ALL, |mode| json!(mode.as_str())),
        "transaction_statuses": rows(TransactionStatus::ALL, |status| json!(status.as_str())),
        "fields": {
            "Cart": fields(&json!(cart)),
            "CartState": fields(&json!(state)),
            "PaymentInfo": fields(&json!(PaymentInfo::default())),
        },
    });
    println!("{tables}");
    Ok(())
}

fn rows<T: Copy>(all: &[T], row: impl Fn(T) -> Value) -> Vec<Value> {
    all.iter().copied().map(row).collect()
}

fn fields(record: &Value) -> Vec<&str> {
    record
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys().map(String::as_str))
        .collect()
}
