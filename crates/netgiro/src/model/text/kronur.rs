//! How numbers and amounts are written in Iceland: the one place that formats krónur.

use rust_decimal::Decimal;

/// An amount as in Iceland: `4.990 kr.`, `4.990,5 kr.`.
#[must_use]
pub fn kronur(amount: Decimal) -> String {
    number(amount) + " kr."
}

/// A number as in Iceland: `4.990`, `1.234.567,5`.
#[must_use]
pub fn number(number: Decimal) -> String {
    let text = number.abs().normalize().to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let mut written = String::with_capacity(text.len() + 8);
    if number.is_sign_negative() && !number.is_zero() {
        written.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            written.push('.');
        }
        written.push(digit);
    }
    if !decimals.is_empty() {
        written.push(',');
        written.push_str(decimals);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::kronur;

    #[test]
    fn amounts_are_written_as_in_iceland() {
        for (amount, text) in [
            ("0", "0 kr."),
            ("990", "990 kr."),
            ("4990", "4.990 kr."),
            ("1234567.00", "1.234.567 kr."),
            ("4990.5", "4.990,5 kr."),
            ("-990", "-990 kr."),
        ] {
            assert_eq!(kronur(amount.parse().unwrap()), text);
        }
    }
}
