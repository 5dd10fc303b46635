//! Digits that are nobody's number: GUIDs, hashes, dates and times.

use crate::model::text::masking::characters::{Character, is, is_alphanumeric};

/// Where a GUID, a hash, a date or a time ends that the characters begin with: its digits are nobody's number.
pub(super) fn harmless(characters: &[Character<'_>]) -> Option<usize> {
    guid(characters)
        .or_else(|| hash(characters))
        .or_else(|| date_and_time(characters))
        .or_else(|| time(characters, 0))
        .filter(|&end| !is_alphanumeric(characters, end) || is(characters, end, 'Z'))
}

/// A GUID, also one with a letter that does not belong there.
fn guid(characters: &[Character<'_>]) -> Option<usize> {
    const PATTERN: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    let matches = |(wanted, character): (char, &Character<'_>)| match wanted {
        'x' => character.read.is_ascii_alphanumeric(),
        _ => character.read == wanted,
    };
    let is_one = characters.len() >= PATTERN.len() && PATTERN.chars().zip(characters).all(matches);
    is_one.then_some(PATTERN.len())
}

/// A GUID without hyphens, or a hash in hex.
fn hash(characters: &[Character<'_>]) -> Option<usize> {
    let hex = characters.iter().map(|character| character.read);
    let hex = hex.take_while(char::is_ascii_hexdigit);
    let (length, has_letters) = hex.fold((0, false), |(length, has_letters), c| {
        (length + 1, has_letters || c.is_ascii_alphabetic())
    });
    (matches!(length, 32 | 40 | 64) && has_letters).then_some(length)
}

/// `2026-11-28`, `28.11.2026`, `28/11/2026`, each with a time or without.
fn date_and_time(characters: &[Character<'_>]) -> Option<usize> {
    let separator = |at: usize| characters.get(at).map(|character| character.read);
    let (first, at) = number(characters, 0)?;
    let (second, then) = number(characters, at + 1)?;
    let (third, end) = number(characters, then + 1)?;
    let (year, month, day) = match (separator(at)?, at, end - then) {
        ('-' | '.' | '/', 4, 3) => (first, second, third),
        ('-' | '.' | '/', 1 | 2, 5) => (third, second, first),
        _ => return None,
    };
    let is_date = separator(at) == separator(then)
        && (1900..2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day);
    let is_parted = is(characters, end, 'T') || is(characters, end, ' ');
    is_date.then(|| {
        time(characters, end + 1)
            .filter(|_| is_parted)
            .unwrap_or(end)
    })
}

/// `12:30:15`, also with a fraction of a second.
fn time(characters: &[Character<'_>], from: usize) -> Option<usize> {
    let (_, hour) = number(characters, from)?;
    let (_, minute) = number(characters, hour + 1)?;
    let (_, second) = number(characters, minute + 1)?;
    let is_time = is(characters, hour, ':') && is(characters, minute, ':') && second - from == 8;
    let fraction = || number(characters, second + 1).filter(|_| is(characters, second, '.'));
    is_time.then(|| fraction().map_or(second, |(_, end)| end))
}

/// The number of at most nine digits at a place, and where it ends.
fn number(characters: &[Character<'_>], from: usize) -> Option<(u32, usize)> {
    let digits = characters
        .get(from..)?
        .iter()
        .map_while(|character| character.read.to_digit(10));
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
