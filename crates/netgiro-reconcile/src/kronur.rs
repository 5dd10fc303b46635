//! How amounts are written in Iceland.

use rust_decimal::Decimal;

/// Formats an amount as in Iceland: `4.990 kr.`, `4.990,5 kr.`.
pub(crate) fn kronur(amount: Decimal) -> String {
    let text = amount.abs().normalize().to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let mut written = String::with_capacity(text.len() + 8);
    if amount.is_sign_negative() && !amount.is_zero() {
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
    written + " kr."
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
