//! A `CartState` that JavaScript hands back, by its members' names.

use std::str::FromStr;

use jiff::Timestamp;
use netgiro::{CartState, CartStatus, PaymentInfo, exact_decimal};
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// A state from its JSON.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct StateInput(#[serde(with = "StateMembers")] pub(crate) CartState);

#[derive(Deserialize)]
#[serde(remote = "CartState", rename_all = "camelCase")]
struct StateMembers {
    transaction_id: Uuid,
    #[serde(deserialize_with = "word")]
    status: CartStatus,
    result_code: Option<i64>,
    payment_successful: Option<bool>,
    message: Option<String>,
    #[serde(default, deserialize_with = "payment")]
    payment: Option<Box<PaymentInfo>>,
    reference_id: Option<String>,
    checked_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(remote = "PaymentInfo", rename_all = "camelCase")]
struct PaymentMembers {
    transaction_id: Option<Uuid>,
    invoice_number: Option<i64>,
    reference_number: Option<String>,
    status_id: Option<i64>,
    created: Option<Timestamp>,
    #[serde(default, deserialize_with = "exact")]
    total_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "exact")]
    discount_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "exact")]
    shipping_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "exact")]
    handling_amount: Option<Decimal>,
    account_number: Option<i64>,
    number_of_installments: Option<i64>,
    client_identity_confirmed: Option<bool>,
    location_id: Option<String>,
    register_id: Option<String>,
}

fn payment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<PaymentInfo>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct PaymentInput(#[serde(with = "PaymentMembers")] PaymentInfo);

    let payment = Option::<PaymentInput>::deserialize(deserializer)?;
    Ok(payment.map(|payment| Box::new(payment.0)))
}

fn word<'de, D: Deserializer<'de>, T: FromStr<Err = netgiro::Error>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

/// An amount, with every digit that it has.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| {
        exact_decimal(&text)
            .ok_or_else(|| D::Error::custom(format_args!("{text:?} is not an exact amount")))
    })
    .transpose()
}
