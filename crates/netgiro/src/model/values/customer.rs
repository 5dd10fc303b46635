//! Customer ids: recognised, normalised, and masked when printed. `masking` finds them in texts.

use std::borrow::Cow;
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
    /// The code shown in the customer's app: `500004` and 4 characters. Of V1.
    AppCode,
    /// A code that the customer was given, which pays at once: 10 digits. Of V2, whose ten digits are no kennitala.
    AccessCode,
    /// What a till scans from the customer's app, which pays at once. Of V2.
    Barcode,
}

impl CustomerIdKind {
    /// `phone`, `kennitala`, `app_code`, `access_code` or `barcode`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Kennitala => "kennitala",
            Self::AppCode => "app_code",
            Self::AccessCode => "access_code",
            Self::Barcode => "barcode",
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
    /// Recognises and normalises a customer id, as people type and paste them.
    pub fn parse(text: &str) -> Result<Self> {
        let compact = compact(text);
        let Some((kind, id)) = recognise(&compact) else {
            return Err(Error::invalid_request(format!(
                "customer_id must be a mobile number (7 digits, the first 6, 7 or 8), a kennitala \
                 (10 digits) or an app code (500004 and 4 characters); got {:?}, {}",
                mask(text),
                why_refused(&compact)
            )));
        };
        let text = id.to_ascii_uppercase();
        Ok(Self { kind, text })
    }

    /// The customer that one of the three arguments of `insert_cart` names: what a number is, is said and not guessed.
    pub fn one_of(
        customer_id: Option<&str>,
        access_code: Option<&str>,
        barcode: Option<&str>,
    ) -> Result<Self> {
        match (customer_id, access_code, barcode) {
            (Some(id), None, None) => Self::parse(id),
            (None, Some(code), None) => Self::access_code(code),
            (None, None, Some(code)) => Self::barcode(code),
            (None, None, None) => Err(Error::invalid_request(
                "customer_id must say who is asked to pay; with V2 access_code or barcode may stand in its place",
            )),
            _ => Err(Error::invalid_request(
                "customer_id, access_code and barcode each name the customer: give one of them",
            )),
        }
    }

    /// An access code of V2: 10 digits, which are never guessed to be one.
    pub fn access_code(text: &str) -> Result<Self> {
        let compact = compact(text);
        if compact.len() != ACCESS_CODE_LENGTH || !are_digits(&compact) {
            return Err(Error::invalid_request(format!(
                "access_code must be the customer's code of {ACCESS_CODE_LENGTH} digits; got {:?}",
                mask(text)
            )));
        }
        Ok(Self {
            kind: CustomerIdKind::AccessCode,
            text: compact,
        })
    }

    /// A barcode of V2, as the till scanned it.
    pub fn barcode(text: &str) -> Result<Self> {
        let text = text.trim();
        let is_usable = (1..=LONGEST_BARCODE).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_usable {
            return Err(Error::invalid_request(format!(
                "barcode must be what the till scanned, 1 to {LONGEST_BARCODE} letters, digits and signs; got {:?}",
                mask(text)
            )));
        }
        Ok(Self {
            kind: CustomerIdKind::Barcode,
            text: text.to_owned(),
        })
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

/// A character as ASCII has it: full-width forms, other hyphens; what cannot be seen is a space.
pub(crate) fn plain(c: char) -> char {
    const FULL_WIDTH: std::ops::RangeInclusive<char> = '\u{ff01}'..='\u{ff5e}';
    match c {
        _ if c.is_ascii() => c,
        _ if FULL_WIDTH.contains(&c) => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        // Marks of direction and joining, soft hyphens, variation selectors and the frame of a keycap: what a text brings
        // along that was copied from a chat, a contact or a page.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{20e3}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{e0100}'..='\u{e01ef}' => ' ',
        _ if c.is_whitespace() => ' ',
        _ => c,
    }
}

/// Whether a character may stand anywhere in a customer id, and is left out of it.
pub(crate) fn is_separator(c: char) -> bool {
    is_plain_separator(plain(c))
}

fn is_plain_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')' | '/' | '\u{b7}' | '\u{2022}')
}

/// A text without what may stand around and between the characters of an id: a link's scheme, a trunk prefix `(0)`, which
/// Iceland does not have, separators.
fn compact(text: &str) -> String {
    let text: Cow<'_, str> = if text.is_ascii() {
        text.into()
    } else {
        text.chars().map(plain).collect()
    };
    let text =
        text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '\'' | '"'));
    let scheme = text.split_once(':').filter(|(scheme, _)| {
        let scheme = scheme.trim_end();
        ["tel", "sms", "callto"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    });
    let text = scheme.map_or(text, |(_, number)| number);
    let without_separators = |text: &str| {
        let mut kept = String::with_capacity(text.len());
        kept.extend(text.chars().filter(|&c| !is_plain_separator(c)));
        kept
    };
    let trunk = text.match_indices('(').find_map(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let (within, after) = rest.strip_prefix('(')?.split_once(')')?;
        let is_code = COUNTRY_CODES.contains(&without_separators(before).as_str());
        (within.trim() == "0" && is_code).then_some((before, after))
    });
    match trunk {
        Some((before, after)) => without_separators(before) + &without_separators(after),
        None => without_separators(text),
    }
}

/// Iceland's, as people write it before a phone number, or do not.
const COUNTRY_CODES: [&str; 4] = ["", "+354", "00354", "354"];
const PHONE_LENGTH: usize = 7;
const ACCESS_CODE_LENGTH: usize = 10;
const LONGEST_BARCODE: usize = 100;

/// Why a text without separators is no id, as the end of a sentence that has begun with it.
fn why_refused(compact: &str) -> String {
    // As long as a number with a country code is: a kennitala may begin with zeros.
    let after_zeros = || compact.strip_prefix("00").filter(|number| number.len() > 8);
    let abroad = compact.strip_prefix('+').or_else(after_zeros);
    let national = abroad.and_then(|number| number.strip_prefix("354"));
    let digits = national.or(abroad).unwrap_or(compact);
    let length = digits.len();
    if compact.is_empty() {
        "which has no digits".to_owned()
    } else if let Some(code) = compact.strip_prefix(APP_CODE) {
        format!(
            "which has {} characters after {APP_CODE}; an app code has 4 letters or digits there",
            code.chars().count()
        )
    } else if !are_digits(digits) {
        let is_digits = digits.chars().all(char::is_numeric);
        let what = if is_digits {
            "digits of another script"
        } else {
            "other characters than digits"
        };
        format!("which has {what}")
    } else if national.is_some() && length != PHONE_LENGTH {
        format!(
            "which has {length} digits after the country code; a mobile number has {PHONE_LENGTH}"
        )
    } else if national.is_none() && abroad.is_some() {
        "which has another country code than Iceland's, 354".to_owned()
    } else if length == PHONE_LENGTH {
        "which does not begin with 6, 7 or 8 as mobile numbers do".to_owned()
    } else {
        format!("which has {length} digits; a mobile number has {PHONE_LENGTH}, and a kennitala 10")
    }
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

/// What an app code begins with.
pub(crate) const APP_CODE: &str = "500004";

fn is_app_code(text: &str) -> bool {
    text.strip_prefix(APP_CODE)
        .is_some_and(|code| code.len() == 4 && code.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn phone(text: &str) -> Option<&str> {
    let national = |digits: &str| {
        digits.len() == PHONE_LENGTH && digits.starts_with(['6', '7', '8']) && are_digits(digits)
    };
    COUNTRY_CODES
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
    fn a_printed_id_shows_its_kind_and_two_digits() {
        let id: CustomerId = "822-3281".parse().unwrap();
        assert_eq!(format!("{id:?}"), "CustomerId(phone, *****81)");
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
