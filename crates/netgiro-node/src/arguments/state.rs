//! A `CartState` that JavaScript hands back, by its members' names.

use std::str::FromStr;

use jiff::Timestamp;
use netgiro::{ApiVersion, CartState, CartStatus, PaymentInfo, exact_decimal};
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
    #[serde(default)]
    api: ApiVersion,
}

/// The type that JavaScript hands back for a member of this kind, where it is another than the core's.
macro_rules! input {
    (Id) => {
        Uuid
    };
    (Integer) => {
        i64
    };
    (Text) => {
        String
    };
    (Instant) => {
        Timestamp
    };
    (Amount) => {
        Exact
    };
    (Flag) => {
        bool
    };
}

macro_rules! payment_input {
    ($( $(#[$meta:meta])* $member:ident: $kind:ident = $wire:literal, )+) => {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct PaymentInput {
            $( $member: Option<input!($kind)>, )+
        }

        impl From<PaymentInput> for PaymentInfo {
            fn from(input: PaymentInput) -> Self {
                Self { $( $member: input.$member.map(Into::into), )+ }
            }
        }
    };
}

netgiro::payment_members!(payment_input);

fn payment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<PaymentInfo>>, D::Error> {
    let payment = Option::<PaymentInput>::deserialize(deserializer)?;
    Ok(payment.map(|payment| Box::new(payment.into())))
}

fn word<'de, D: Deserializer<'de>, T: FromStr<Err = netgiro::Error>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

/// An amount, with every digit that it has.
struct Exact(Decimal);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        exact_decimal(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("{text:?} is not an exact amount")))
    }
}

impl From<Exact> for Decimal {
    fn from(exact: Exact) -> Self {
        exact.0
    }
}
