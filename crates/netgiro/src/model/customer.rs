//! Customer ids: recognised, normalised, and masked when printed.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// What a customer is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CustomerIdKind {
    /// A mobile number: 7 digits, the first 6, 7 or 8.
    Phone,
    /// A national id number: 10 digits with a checksum.
    Kennitala,
    /// The code shown in the customer's app: `500004` and 4 characters.
    AppCode,
}

impl CustomerIdKind {
    /// `phone`, `kennitala` or `app_code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Kennitala => "kennitala",
            Self::AppCode => "app_code",
        }
    }
}

/// A customer's phone number, kennitala or app code, in the form the API wants.
///
/// ```
/// let customer: netgiro::CustomerId = "+354 822-3281".parse()?;
/// assert_eq!(customer.as_str(), "8223281");
/// assert_eq!(customer.to_string(), "*****81");
/// # Ok::<(), netgiro::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CustomerId {
    kind: CustomerIdKind,
    text: String,
}

impl CustomerId {
    /// Recognises and normalises a customer id.
    pub fn parse(text: &str) -> Result<Self> {
        let compact: String = text
            .chars()
            .filter(|c| {
                !c.is_whitespace() && !matches!(c, '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}')
            })
            .collect::<String>()
            .to_ascii_uppercase();
        let (kind, text) = if is_app_code(&compact) {
            (CustomerIdKind::AppCode, compact)
        } else if let Some(phone) = phone(&compact) {
            (CustomerIdKind::Phone, phone.to_owned())
        } else if is_kennitala(&compact) {
            (CustomerIdKind::Kennitala, compact)
        } else {
            return Err(Error::invalid_request(format!(
                "customer_id must be a mobile number (7 digits, the first 6, 7 or 8), a kennitala \
                 (10 digits with a valid checksum) or an app code (500004 and 4 characters); got {:?}",
                mask(text)
            )));
        };
        Ok(Self { kind, text })
    }

    /// What kind of id it is.
    #[must_use]
    pub fn kind(&self) -> CustomerIdKind {
        self.kind
    }

    /// The normalised id, in full: not for logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for CustomerId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.text))
    }
}

impl fmt::Debug for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomerId({}, {self})", self.kind.as_str())
    }
}

/// Every character but the last two, hidden.
fn mask(text: &str) -> String {
    let shown = text.chars().count().saturating_sub(2);
    text.chars()
        .enumerate()
        .map(|(at, c)| if at < shown { '*' } else { c })
        .collect()
}

/// A text of somebody else's with the phone numbers and kennitölur in it masked.
#[must_use]
pub fn mask_within(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from_digit) = rest.split_at(start);
        let (number, after) = from_digit.split_at(number_length(from_digit));
        masked.push_str(before);
        match CustomerId::parse(number) {
            Ok(_) => masked.push_str(&mask(number)),
            Err(_) => masked.push_str(number),
        }
        rest = after;
    }
    masked + rest
}

/// The length of the number a text begins with, also where it is written `822 3281` or `111111 1119`.
fn number_length(text: &str) -> usize {
    let is_part = |c: char| c.is_ascii_digit() || c == '-';
    let length_of = |text: &str| text.find(|c| !is_part(c)).unwrap_or(text.len());
    let first = length_of(text);
    let second = text
        .get(first..)
        .and_then(|after| after.strip_prefix([' ', '\u{a0}']))
        .filter(|after| matches!(first, 3 | 6) && length_of(after) == 4);
    match second {
        Some(second) => text.len() - second.len() + 4,
        None => first,
    }
}

fn is_app_code(text: &str) -> bool {
    text.strip_prefix("500004")
        .is_some_and(|code| code.len() == 4 && code.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn phone(text: &str) -> Option<&str> {
    let national = |digits: &str| {
        digits.len() == 7
            && digits.starts_with(['6', '7', '8'])
            && digits.bytes().all(|b| b.is_ascii_digit())
    };
    ["", "+354", "00354", "354"]
        .iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .find(|digits| national(digits))
}

/// Ten digits whose ninth is the checksum of the first eight (modulo 11).
fn is_kennitala(text: &str) -> bool {
    const WEIGHTS: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits else { return false };
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| d * w).sum();
    digits.len() == 10 && digits.get(8) == Some(&((11 - sum % 11) % 11))
}

#[cfg(test)]
mod tests {
    use super::{CustomerId, mask_within};

    #[test]
    fn ids_within_a_text_are_masked_and_other_numbers_are_not() {
        assert_eq!(
            mask_within("Customer 111111-1119 (822-3281) owes 4990 kr. for order 1234567"),
            "Customer *********19 (******81) owes 4990 kr. for order 1234567"
        );
        assert_eq!(
            mask_within("111111 1119, +354 822 3281, 100 2000 kr., 822 32811, 822 328"),
            "*********19, +354 ******81, 100 2000 kr., 822 32811, 822 328"
        );
    }

    #[test]
    fn a_bad_id_is_masked_in_the_error() {
        let error = CustomerId::parse("5551234").unwrap_err();
        assert!(error.message().contains("*****34"), "{error}");
        assert!(!error.message().contains("5551234"));
    }
}
