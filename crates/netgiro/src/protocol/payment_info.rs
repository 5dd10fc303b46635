//! The PaymentInfo of a response or a callback.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::cart::payment_info::{PaymentInfo, payment_members};
use crate::model::text::quote;
use crate::protocol::json::{decimal, instant, object};

/// Reads the PaymentInfo of an answer or a callback.
pub(crate) fn payment_info(raw: Option<&RawValue>) -> Result<Option<PaymentInfo>, String> {
    let Some(raw) = raw else { return Ok(None) };
    let wire: PaymentInfoWire<'_> = object(raw.get())
        .map_err(|error| format!("PaymentInfo has wrong data: {}", quote::json(&error)))?;
    wire.read().map(Some)
}

/// The type that a member of this kind is read as.
macro_rules! of_kind {
    ($lifetime:lifetime Id) => { Uuid };
    ($lifetime:lifetime Integer) => { i64 };
    ($lifetime:lifetime Text) => { String };
    ($lifetime:lifetime Instant) => { String };
    ($lifetime:lifetime Amount) => { &$lifetime RawValue };
    ($lifetime:lifetime Flag) => { bool };
}

/// What a member of this kind means.
macro_rules! meaning {
    (Instant $wire:literal $value:expr) => {
        $value.as_deref().and_then(instant)
    };
    (Amount $wire:literal $value:expr) => {
        decimal($wire, $value)?
    };
    ($kind:ident $wire:literal $value:expr) => {
        $value
    };
}

macro_rules! payment_info_wire {
    ($( $(#[$meta:meta])* $member:ident: $kind:ident = $wire:literal, )+) => {
        #[derive(Deserialize)]
        struct PaymentInfoWire<'a> {
            $( #[serde(borrow, rename = $wire)] $member: Option<of_kind!('a $kind)>, )+
        }

        impl PaymentInfoWire<'_> {
            fn read(self) -> Result<PaymentInfo, String> {
                Ok(PaymentInfo { $( $member: meaning!($kind $wire self.$member), )+ })
            }
        }
    };
}

payment_members!(payment_info_wire);
