//! The API's JSON: one object in a body, amounts with their digits, instants.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::model::error::ErrorKind;
use crate::model::text::masking::mask_within;
use crate::model::text::quote;
use crate::model::values::decimal::exact_decimal;

/// Parses exactly one JSON object; a body that is not the API's is another error than one with wrong data.
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, (ErrorKind, String)> {
    let no_object = || {
        (
            ErrorKind::Server,
            format!("the body is not one JSON object: {}", beginning(body)),
        )
    };
    let text = std::str::from_utf8(body).map_err(|_| no_object())?;
    object(text).map_err(|error| {
        if !is_object(text) {
            return no_object();
        }
        match serde_json::from_str::<Members>(text) {
            Ok(Members { result_code: None }) => (
                ErrorKind::Server,
                format!("the body is not the API's: {}", beginning(body)),
            ),
            // Also a body with a member twice: it is well formed, and never believed.
            _ => (
                ErrorKind::Protocol,
                format!("the body has wrong data: {}", quote::json(&error)),
            ),
        }
    })
}

/// Reads a JSON object. Derived readers would also take an array of its values.
pub(crate) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(serde::de::Error::custom("it is not a JSON object"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Members {
    result_code: Option<IgnoredAny>,
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The first characters of a body, for an error message.
pub(crate) fn beginning(body: &[u8]) -> String {
    const SHOWN: usize = 80;
    // Enough that no number is cut before it is masked, even if each character is written as an escape.
    const READ: usize = 2 * SHOWN * "%E2%80%89".len();
    let text = mask_within(&String::from_utf8_lossy(body.get(..READ).unwrap_or(body)));
    let text: String = text.chars().take(SHOWN).collect();
    if text.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("{text:?}")
    }
}

/// An amount with exactly the digits that were sent.
pub(crate) fn decimal(member: &str, raw: Option<&RawValue>) -> Result<Option<Decimal>, String> {
    let Some(raw) = raw else { return Ok(None) };
    let text = raw.get();
    exact_decimal(text).map(Some).ok_or_else(|| {
        format!(
            "{member} is no exact amount: {}",
            beginning(text.as_bytes())
        )
    })
}

/// A date of the API: without an offset it is UTC, as Iceland is all year. Unreadable ones are left
/// out, since a payment must not be lost over its date.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn the_beginning_of_a_body_has_no_part_of_a_number_in_it() {
        assert_eq!(
            beginning("a".repeat(200).as_bytes()),
            format!("{:?}", "a".repeat(80))
        );
        let number = ["8", "2", "2", "3", "2", "8", "1"].join(&"%E2%80%89".repeat(12));
        let body = format!("{} {number}", "a".repeat(75));
        assert!(!beginning(body.as_bytes()).contains(" 8"));
    }
}
