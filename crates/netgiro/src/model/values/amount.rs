//! Whole krónur in, exact decimals out; never a float.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};
use crate::model::text::masking::mask_within;

/// The longest text that an error message shows.
const SHOWN: usize = 80;

/// An amount to be paid: whole krónur, from 1 to 2,147,483,647.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount(i32);

/// An amount as a caller gave it, before it is known to be one.
#[derive(Clone, Copy, Debug)]
pub enum AmountInput<'a> {
    /// A whole number.
    Integer(i128),
    /// A number of a language that has no integers.
    Number(f64),
    /// Text, as databases give numbers: digits, perhaps with decimals (`4990`, `4990.00`).
    Text(&'a str),
    /// The exact text of a decimal number, which may have an exponent (`4990.00`, `4.99E+3`).
    Decimal(&'a str),
    /// Anything else, as it prints.
    Other(&'a str),
}

impl fmt::Display for AmountInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) | Self::Decimal(text) if text.chars().count() > SHOWN => {
                write!(f, "a text of {} characters", text.chars().count())
            }
            // Text that is no number may be what was meant for another argument: the customer's, say.
            Self::Text(text) if whole(text).is_none() => write!(f, "{:?}", mask_within(text)),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Decimal(text) => f.write_str(&mask_within(text)),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// The whole number that decimal text stands for, read digit by digit; `None` where it has a fraction, is negative, is
/// far out of range, or is no number.
fn whole(text: &str) -> Option<i64> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse().ok()?),
        None => (text, 0_i64),
    };
    let (integer, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    let is_number = !integer.is_empty()
        && (integer.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit());
    if !is_number {
        return None;
    }
    let digits = format!("{integer}{fraction}");
    // Where the point stands once the exponent has moved it.
    let point = usize::try_from(exponent.saturating_add_unsigned(integer.len().try_into().ok()?));
    let point = point.unwrap_or(0);
    let (kronur, rest) = digits.split_at(point.min(digits.len()));
    if rest.bytes().any(|b| b != b'0') {
        return None;
    }
    let kronur = kronur.trim_start_matches('0');
    if kronur.is_empty() {
        return Some(0);
    }
    let zeros = point.saturating_sub(digits.len());
    if kronur.len().saturating_add(zeros) > 18 {
        return None;
    }
    format!("{kronur}{}", "0".repeat(zeros)).parse().ok()
}

impl Amount {
    /// An amount in whole krónur.
    pub fn new(kronur: i64) -> Result<Self> {
        Self::parse("amount", AmountInput::Integer(kronur.into()))
    }

    /// An amount as a caller gave it; `argument` names it in the error.
    pub fn parse(argument: &str, input: AmountInput<'_>) -> Result<Self> {
        let whole = match input {
            AmountInput::Integer(number) => i32::try_from(number).ok(),
            AmountInput::Number(number) if number.fract() == 0.0 => {
                format!("{number:.0}").parse().ok()
            }
            // No database writes an exponent, so such text is no amount; a decimal number may print itself so.
            AmountInput::Text(text) if text.contains(['e', 'E']) => None,
            AmountInput::Text(text) | AmountInput::Decimal(text) => {
                whole(text).and_then(|kronur| kronur.try_into().ok())
            }
            AmountInput::Number(_) | AmountInput::Other(_) => None,
        };
        match whole {
            Some(kronur) if kronur > 0 => Ok(Self(kronur)),
            _ => Err(Error::invalid_request(format!(
                "{argument} must be whole krónur, an integer from 1 to 2147483647; got {input}"
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
    use super::{Amount, AmountInput};

    #[test]
    fn only_whole_positive_kronur_within_range_are_amounts() {
        assert_eq!(Amount::new(1).unwrap().kronur(), 1);
        assert_eq!(Amount::new(2_147_483_647).unwrap().kronur(), 2_147_483_647);
        assert_eq!(
            Amount::parse("amount", AmountInput::Number(4990.0)).unwrap(),
            Amount::new(4990).unwrap()
        );
        for refused in [
            AmountInput::Integer(0),
            AmountInput::Integer(-1),
            AmountInput::Integer(2_147_483_648),
            AmountInput::Integer(i128::MAX),
            AmountInput::Number(0.0),
            AmountInput::Number(10.5),
            AmountInput::Number(f64::NAN),
            AmountInput::Number(f64::INFINITY),
            AmountInput::Number(1e300),
            AmountInput::Text("0"),
            AmountInput::Text("0.00"),
            AmountInput::Text("-4990"),
            AmountInput::Text("+4990"),
            AmountInput::Text("4990.50"),
            AmountInput::Text("4990.00000000000000000000000000000000000001"),
            AmountInput::Text("2147483648"),
            AmountInput::Text("99999999999999999999999999999999999999"),
            AmountInput::Text(""),
            AmountInput::Text(" 4990"),
            AmountInput::Text("4990."),
            AmountInput::Text(".0"),
            AmountInput::Text("4.990"),
            AmountInput::Text("4,990"),
            AmountInput::Text("4990,00"),
            AmountInput::Text("4_990"),
            AmountInput::Text("4990 kr."),
            AmountInput::Text("0x137e"),
            AmountInput::Text("\u{664}\u{669}\u{669}\u{660}"),
            AmountInput::Text("4.99e3"),
            AmountInput::Text("NaN"),
            AmountInput::Text("abc"),
            AmountInput::Decimal("4990.5"),
            AmountInput::Decimal("4.9905E+3"),
            AmountInput::Decimal("1E+999999999999999999999"),
            AmountInput::Decimal("1E+999999999"),
            AmountInput::Decimal("1E-999999999"),
            AmountInput::Decimal("0E+5"),
            AmountInput::Decimal("1E"),
            AmountInput::Decimal("NaN"),
            AmountInput::Decimal("Infinity"),
            AmountInput::Other("True"),
        ] {
            let error = Amount::parse("amount", refused).unwrap_err();
            assert!(error.message().contains(&refused.to_string()), "{error}");
        }
    }
    #[test]
    fn decimal_text_is_read_digit_by_digit() {
        for (input, kronur) in [
            (AmountInput::Text("4990"), 4990),
            (AmountInput::Text("4990.00"), 4990),
            (AmountInput::Text("0004990"), 4990),
            (AmountInput::Text("2147483647.0"), 2_147_483_647),
            (
                AmountInput::Text("4990.0000000000000000000000000000000000000000"),
                4990,
            ),
            (AmountInput::Decimal("4990.00"), 4990),
            (AmountInput::Decimal("4.99E+3"), 4990),
            (AmountInput::Decimal("4.990000e3"), 4990),
            (AmountInput::Decimal("499000E-2"), 4990),
            (AmountInput::Decimal("1E+9"), 1_000_000_000),
        ] {
            let read = Amount::parse("amount", input).unwrap();
            assert_eq!(read.kronur(), kronur, "{input}");
        }
    }

    #[test]
    fn what_was_meant_for_the_customer_is_masked_and_what_is_long_is_not_shown() {
        fn message(input: AmountInput<'_>) -> String {
            let error = Amount::parse("amount", input).unwrap_err();
            error.message().to_owned()
        }
        // A number is shown in full, though it could be a kennitala.
        let longest = "a".repeat(80);
        for (input, shown) in [
            (AmountInput::Text("822-3281"), r#""******81""#.to_owned()),
            (
                AmountInput::Text("2147483648"),
                r#""2147483648""#.to_owned(),
            ),
            (
                AmountInput::Decimal("2147483648.5"),
                "********48.5".to_owned(),
            ),
            (AmountInput::Integer(-4990), "-4990".to_owned()),
            (AmountInput::Number(10.5), "10.5".to_owned()),
            (AmountInput::Other("True"), "True".to_owned()),
            (AmountInput::Text(&longest), format!("{longest:?}")),
        ] {
            let message = message(input);
            assert!(message.ends_with(&format!("; got {shown}")), "{message}");
        }
        for length in [81, 1_000_000] {
            let long = "9".repeat(length);
            let shown = format!("got a text of {length} characters");
            assert!(message(AmountInput::Text(&long)).ends_with(&shown));
            assert!(message(AmountInput::Decimal(&long)).ends_with(&shown));
        }
    }
}
