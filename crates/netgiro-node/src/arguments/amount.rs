//! Amounts.

use napi::bindgen_prelude::{BigInt, Either4};
use napi_derive::napi;
use netgiro::{Amount, Result};

/// A number, a big integer, text, or anything else.
pub(crate) type AmountInput = Either4<f64, BigInt, String, ObjectInput>;

/// What is neither a number nor text: one of the two.
#[napi(object, object_to_js = false)]
pub struct ObjectInput {
    /// The exact text of a decimal object.
    pub decimal: Option<String>,
    /// Anything else, as it prints.
    pub other: Option<String>,
}

pub(crate) fn amount(argument: &str, input: &AmountInput) -> Result<Amount> {
    let given = match input {
        Either4::A(number) => netgiro::AmountInput::Number(*number),
        Either4::B(integer) => match integer.get_i128() {
            (integer, true) => netgiro::AmountInput::Integer(integer),
            _ => netgiro::AmountInput::Other("an integer of more than 127 bits"),
        },
        Either4::C(text) => netgiro::AmountInput::Text(text),
        Either4::D(ObjectInput { decimal, other }) => match decimal {
            Some(text) => netgiro::AmountInput::Decimal(text),
            None => netgiro::AmountInput::Other(other.as_deref().unwrap_or_default()),
        },
    };
    Amount::parse(argument, given)
}
