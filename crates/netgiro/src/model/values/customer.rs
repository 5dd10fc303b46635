//! Customer ids: recognised, normalised, and masked when printed. `masking` finds them in texts.

use std::fmt;
use std::str::FromStr;

use crate::model::error::{Error, Result};

/// What a customer is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CustomerIdKind {
    /// A mobile number: 7 digits, the first 6, 7 or 8.
    Phone,
    /// A national id number: 10 digits. Whether anybody has it is the server's to say: since 2026 some have no
    /// check digit.
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
        let compact: String = text.chars().filter(|&c| !is_separator(c)).collect();
        let Some((kind, id)) = recognise(&compact) else {
            return Err(Error::invalid_request(format!(
                "customer_id must be a mobile number (7 digits, the first 6, 7 or 8), a kennitala \
                 (10 digits) or an app code (500004 and 4 characters); got {:?}",
                mask(text)
            )));
        };
        let text = id.to_ascii_uppercase();
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

/// A customer id in any spelling, or a text that was taken for one: its last two characters, the others hidden.
#[must_use]
pub fn mask(text: &str) -> String {
    const LONGEST: usize = 12;
    let compact: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let shown = if compact.len() > 2 { 2 } else { 0 };
    let hidden = compact.len() - shown;
    let mut masked = "*".repeat(hidden.min(LONGEST - shown));
    masked.extend(compact.iter().skip(hidden));
    masked
}

/// Whether a character may stand anywhere in a customer id, and is left out of it.
pub(crate) fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}')
}

/// The kind of id that a text without separators is, and the id: of a phone number without the country code.
pub(crate) fn recognise(compact: &str) -> Option<(CustomerIdKind, &str)> {
    if is_app_code(compact) {
        Some((CustomerIdKind::AppCode, compact))
    } else if let Some(phone) = phone(compact) {
        Some((CustomerIdKind::Phone, phone))
    } else if compact.len() == 10 && are_digits(compact) {
        Some((CustomerIdKind::Kennitala, compact))
    } else {
        None
    }
}

fn is_app_code(text: &str) -> bool {
    text.strip_prefix("500004")
        .is_some_and(|code| code.len() == 4 && code.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn phone(text: &str) -> Option<&str> {
    let national = |digits: &str| {
        digits.len() == 7 && digits.starts_with(['6', '7', '8']) && are_digits(digits)
    };
    ["", "+354", "00354", "354"]
        .iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .find(|digits| national(digits))
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{CustomerId, mask};

    #[test]
    fn a_bad_id_is_masked_in_the_error() {
        let error = CustomerId::parse("5551234").unwrap_err();
        assert!(error.message().contains("*****34"), "{error}");
        assert!(!error.message().contains("5551234"));
    }

    #[test]
    fn of_any_text_two_characters_are_shown_at_the_most() {
        for (text, masked) in [
            ("822-3281", "*****81"),
            ("+354 822 3281", "********81"),
            ("(+354) 822–3281", "********81"),
            ("anna", "**na"),
            ("82", "**"),
            ("", ""),
            ("555-1234567", "********67"),
            ("８２２３２８１", "*****８１"),
            ("nobody\r\n@example.is, or somebody else", "**********se"),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }
}
