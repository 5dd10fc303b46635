//! Whole krónur in, exact decimals out; never a float.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, Result};

/// An amount to be paid: whole krónur, from 1 to 2,147,483,647.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount(i32);

/// An amount as a caller gave it, before it is known to be one.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// A whole number.
    Integer(i128),
    /// A number of a language that has no integers.
    Number(f64),
    /// Anything else, as it prints.
    Other(&'a str),
}

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Amount {
    /// An amount in whole krónur.
    pub fn new(kronur: i64) -> Result<Self> {
        Self::parse("amount", Given::Integer(kronur.into()))
    }

    /// An amount as a caller gave it; `argument` names it in the error.
    pub fn parse(argument: &str, given: Given<'_>) -> Result<Self> {
        let whole = match given {
            Given::Integer(number) => i32::try_from(number).ok(),
            Given::Number(number) if number.fract() == 0.0 => format!("{number:.0}").parse().ok(),
            Given::Number(_) | Given::Other(_) => None,
        };
        match whole {
            Some(kronur) if kronur > 0 => Ok(Self(kronur)),
            _ => Err(Error::invalid_request(format!(
                "{argument} must be whole krónur, an integer from 1 to 2147483647; got {given}"
            ))),
        }
    }

    /// The amount in krónur.
    #[must_use]
    pub fn kronur(self) -> i64 {
        self.0.into()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Amount> for i64 {
    fn from(amount: Amount) -> Self {
        amount.kronur()
    }
}

impl TryFrom<i64> for Amount {
    type Error = Error;

    fn try_from(kronur: i64) -> Result<Self> {
        Self::new(kronur)
    }
}

/// A decimal number with exactly the digits of its text; `None` where it has more than are kept.
///
/// An exponent is read as well. Nothing is rounded: an amount that is not the one that was written is none.
#[must_use]
pub fn exact_decimal(text: &str) -> Option<Decimal> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let number = Decimal::from_str_exact(digits).ok()?;
    let scale = i32::try_from(number.scale()).ok()?.checked_sub(exponent)?;
    let (missing, scale) = match u32::try_from(scale) {
        Ok(scale) => (0, scale),
        Err(_) => (scale.unsigned_abs(), 0),
    };
    let mantissa = 10_i128
        .checked_pow(missing)
        .and_then(|power| number.mantissa().checked_mul(power))?;
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

/// Reads an amount that was kept as text; no digit of it is lost.
pub(crate) fn kept<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| {
        exact_decimal(&text).ok_or_else(|| serde::de::Error::custom("an amount is not exact"))
    })
    .transpose()
}

impl PartialEq<Amount> for Decimal {
    fn eq(&self, amount: &Amount) -> bool {
        *self == Decimal::from(amount.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Given, exact_decimal};

    #[test]
    fn a_decimal_has_the_digits_of_its_text_or_is_none() {
        for (text, digits) in [
            ("4990", "4990"),
            ("4990.00", "4990.00"),
            ("-0.5", "-0.5"),
            ("4.99e3", "4990"),
            ("4.990e+3", "4990"),
            ("4.9900E3", "4990.0"),
            ("49900e-1", "4990.0"),
            ("0e0", "0"),
            (
                "79228162514264337593543950335",
                "79228162514264337593543950335",
            ),
            (
                "0.0000000000000000000000000001",
                "0.0000000000000000000000000001",
            ),
        ] {
            let read = exact_decimal(text).map(|number| number.to_string());
            assert_eq!(read.as_deref(), Some(digits), "{text}");
        }
        for refused in [
            "",
            "e1",
            "1e",
            "1e1.5",
            "1e1e1",
            "ten",
            "NaN",
            "Infinity",
            "4990.000000000000000000000000001e0",
            "4990.0000000000000000000000000001",
            "4990.000000000000000000000000000000000001e0",
            "499.0000000000000000000000000000001e1",
            "79228162514264337593543950336",
            "1e29",
            "1e-29",
            "1e2147483648",
            "1e-2147483648",
            "1.5e-2147483648",
        ] {
            assert_eq!(exact_decimal(refused), None, "{refused}");
        }
    }

    #[test]
    fn only_whole_positive_kronur_within_range_are_amounts() {
        assert_eq!(Amount::new(1).unwrap().kronur(), 1);
        assert_eq!(Amount::new(2_147_483_647).unwrap().kronur(), 2_147_483_647);
        assert_eq!(
            Amount::parse("amount", Given::Number(4990.0)).unwrap(),
            Amount::new(4990).unwrap()
        );
        for refused in [
            Given::Integer(0),
            Given::Integer(-1),
            Given::Integer(2_147_483_648),
            Given::Integer(i128::MAX),
            Given::Number(0.0),
            Given::Number(10.5),
            Given::Number(f64::NAN),
            Given::Number(f64::INFINITY),
            Given::Number(1e300),
            Given::Other("True"),
        ] {
            let error = Amount::parse("amount", refused).unwrap_err();
            assert!(error.message().contains(&refused.to_string()), "{error}");
        }
    }
}
