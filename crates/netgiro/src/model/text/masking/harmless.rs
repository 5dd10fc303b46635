//! Digits that are nobody's number: GUIDs, hashes, dates and times.

use crate::model::text::masking::characters::{Sign, is, is_alphanumeric};

/// Where that ends which signs begin with, if its digits are nobody's number: a GUID, a hash, a date or a time.
pub(super) fn harmless(signs: &[Sign<'_>]) -> Option<usize> {
    guid(signs)
        .or_else(|| hash(signs))
        .or_else(|| date_and_time(signs))
        .or_else(|| time(signs, 0))
        .filter(|&end| !is_alphanumeric(signs, end) || is(signs, end, 'Z'))
}

/// A GUID, also one with a letter that does not belong there.
fn guid(signs: &[Sign<'_>]) -> Option<usize> {
    const PATTERN: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    let matches = |(wanted, sign): (char, &Sign<'_>)| match wanted {
        'x' => sign.read.is_ascii_alphanumeric(),
        _ => sign.read == wanted,
    };
    let is_one = signs.len() >= PATTERN.len() && PATTERN.chars().zip(signs).all(matches);
    is_one.then_some(PATTERN.len())
}

/// A GUID without hyphens, or a hash in hex.
fn hash(signs: &[Sign<'_>]) -> Option<usize> {
    let hex = signs.iter().map(|sign| sign.read);
    let hex = hex.take_while(char::is_ascii_hexdigit);
    let (length, has_letters) = hex.fold((0, false), |(length, has_letters), c| {
        (length + 1, has_letters || c.is_ascii_alphabetic())
    });
    (matches!(length, 32 | 40 | 64) && has_letters).then_some(length)
}

/// `2026-11-28`, `28.11.2026`, each with a time or without.
fn date_and_time(signs: &[Sign<'_>]) -> Option<usize> {
    let separator = |at: usize| signs.get(at).map(|sign| sign.read);
    let (first, at) = number(signs, 0)?;
    let (second, then) = number(signs, at + 1)?;
    let (third, end) = number(signs, then + 1)?;
    let (year, month, day) = match (separator(at)?, at, end - then) {
        ('-' | '.', 4, 3) => (first, second, third),
        ('-' | '.', 1 | 2, 5) => (third, second, first),
        _ => return None,
    };
    let is_date = separator(at) == separator(then)
        && (1900..2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day);
    let is_parted = is(signs, end, 'T') || is(signs, end, ' ');
    is_date.then(|| time(signs, end + 1).filter(|_| is_parted).unwrap_or(end))
}

/// `12:30:15`, also with a fraction of a second.
fn time(signs: &[Sign<'_>], from: usize) -> Option<usize> {
    let (_, hour) = number(signs, from)?;
    let (_, minute) = number(signs, hour + 1)?;
    let (_, second) = number(signs, minute + 1)?;
    let is_time = is(signs, hour, ':') && is(signs, minute, ':') && second - from == 8;
    let fraction = || number(signs, second + 1).filter(|_| is(signs, second, '.'));
    is_time.then(|| fraction().map_or(second, |(_, end)| end))
}

/// The number of at most nine digits at a place, and where it ends.
fn number(signs: &[Sign<'_>], from: usize) -> Option<(u32, usize)> {
    let digits = signs
        .get(from..)?
        .iter()
        .map_while(|sign| sign.read.to_digit(10));
    let mut value = 0;
    let mut end = from;
    for digit in digits {
        end += 1;
        if end - from > 9 {
            return None;
        }
        value = value * 10 + digit;
    }
    (end > from).then_some((value, end))
}
