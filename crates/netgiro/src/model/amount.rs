//! Whole krónur in, exact decimals out; never a float.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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

impl PartialEq<Amount> for Decimal {
    fn eq(&self, amount: &Amount) -> bool {
        *self == Decimal::from(amount.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Given};

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
