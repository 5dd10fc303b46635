//! Decimal numbers with exactly the digits that were written.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

/// A decimal number with exactly the digits of its text; `None` where it has more than are kept.
///
/// An exponent is read as well. Nothing is rounded.
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

#[cfg(test)]
mod tests {
    use super::exact_decimal;

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
}
