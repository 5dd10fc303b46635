//! Masks customer ids in texts that others wrote: whatever [`CustomerId::parse`] reads, wherever it stands, unless it may
//! be a date, and spellings that only people read.
//!
//! [`CustomerId::parse`]: crate::CustomerId::parse

mod characters;
mod harmless;

use crate::model::text::masking::characters::{
    Character, in_backslashes, in_percents, is, is_alphanumeric, plain, read_characters,
};
use crate::model::text::masking::harmless::harmless;
use crate::model::values::customer::{APP_CODE, CustomerIdKind, is_separator, recognise};

/// How long ids of digits are, separators left out; the longest is a phone number after 00354.
const LENGTHS: [usize; 3] = [7, 10, 12];
const APP_CODE_LENGTH: usize = 10;
/// How many characters of an id are shown.
const SHOWN: usize = 2;

/// A text that others wrote, with the phone numbers, kennitölur and app codes in it masked.
///
/// Ten digits are a kennitala, whatever else they may be, and seven from 6 on a phone number. GUIDs, hashes, dates,
/// times, and numbers of another length stay as they are.
#[must_use]
pub fn mask_within(text: &str) -> String {
    if !text.chars().any(|c| plain(c).is_ascii_digit()) {
        return text.to_owned();
    }
    let mut characters = read_characters(text, in_backslashes);
    hide_ids(&mut characters);
    if text.contains('%') {
        // "5%2012345678" can be read in two ways: both are masked.
        let mut decoded = read_characters(text, |rest| {
            in_percents(rest).or_else(|| in_backslashes(rest))
        });
        hide_ids(&mut decoded);
        hide_also(&mut decoded, &characters);
        characters = decoded;
    }
    characters
        .iter()
        .map(|c| if c.is_hidden { "*" } else { c.written })
        .collect()
}

fn hide_ids(characters: &mut [Character<'_>]) {
    let mut hidden = vec![false; characters.len()];
    let mut run = Run::default();
    let mut at = 0;
    while let Some(character) = characters.get(at) {
        let rest = characters.get(at..).unwrap_or_default();
        let begins_word = at == 0 || !is_alphanumeric(characters, at - 1);
        if let Some(length) = begins_word.then(|| harmless(rest)).flatten() {
            run.end(&mut hidden);
            at += length;
        } else if let Some(code) = app_code(rest) {
            run.end(&mut hidden);
            hide(&mut hidden, at, at + code.shown_from);
            at += code.end;
        } else {
            if character.read.is_ascii_digit() {
                run.push(character.read, at);
            } else if !is_separator(character.read) {
                run.end(&mut hidden);
            }
            at += 1;
        }
    }
    run.end(&mut hidden);
    for (character, is_hidden) in characters.iter_mut().zip(hidden) {
        character.is_hidden = is_hidden;
    }
}

/// Also hides what is hidden, even in part, in another reading of the same text.
fn hide_also(characters: &mut [Character<'_>], other: &[Character<'_>]) {
    let mut bytes = other
        .iter()
        .flat_map(|character| character.written.bytes().map(|_| character.is_hidden));
    for character in characters {
        for is_hidden in bytes.by_ref().take(character.written.len()) {
            character.is_hidden |= is_hidden;
        }
    }
}

fn hide(hidden: &mut [bool], from: usize, to: usize) {
    hidden.get_mut(from..to).unwrap_or_default().fill(true);
}

/// An app code that characters begin with: where it ends, and where its last two characters begin.
struct AppCode {
    shown_from: usize,
    end: usize,
}

/// The app code that characters begin with. One of digits alone is as long as a kennitala, and masked as one.
fn app_code(characters: &[Character<'_>]) -> Option<AppCode> {
    if !is(characters, 0, '5') {
        return None;
    }
    let mut compact = String::with_capacity(APP_CODE_LENGTH);
    let mut shown_from = 0;
    for (at, character) in characters.iter().enumerate() {
        if is_separator(character.read) {
            continue;
        }
        if compact.len() + SHOWN == APP_CODE_LENGTH {
            shown_from = at;
        }
        if !character.read.is_ascii_alphanumeric() {
            return None;
        }
        compact.push(character.read);
        if compact.len() == APP_CODE_LENGTH {
            let end = at + 1;
            let has_letters = compact.bytes().any(|b| b.is_ascii_alphabetic());
            let is_app_code = matches!(recognise(&compact), Some((CustomerIdKind::AppCode, _)));
            // Where spaces stand in it and no digit, it ends with a word: "500004 kr. paid" is an amount.
            let has_digits = compact
                .bytes()
                .skip(APP_CODE.len())
                .any(|b| b.is_ascii_digit());
            let is_whole =
                end == APP_CODE_LENGTH || has_digits || !is_alphanumeric(characters, end);
            return (is_app_code && has_letters && is_whole).then_some(AppCode { shown_from, end });
        }
    }
    None
}

/// Digits with nothing but separators between them.
#[derive(Default)]
struct Run {
    digits: String,
    /// Where each digit stands.
    places: Vec<usize>,
}

impl Run {
    fn push(&mut self, digit: char, at: usize) {
        self.digits.push(digit);
        self.places.push(at);
    }

    /// Hides the ids in the run, and empties it.
    ///
    /// An id begins where digits begin after a separator, or where another id ends, and ends likewise: so both are found
    /// in `82232811111111119`, and none in a nonce of 18 digits. Where it can be read in two ways, both are hidden.
    fn end(&mut self, hidden: &mut [bool]) {
        let length = self.digits.len();
        let id = |from: usize, length: usize| recognise(self.digits.get(from..from + length)?);
        let is_boundary = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| self.places.get(before));
            let (Some(before), Some(place)) = (before, self.places.get(at)) else {
                return true;
            };
            before + 1 < *place
        };
        let mut begins: Vec<bool> = (0..=length).map(is_boundary).collect();
        let mut ends = begins.clone();
        let reach = |from: &[bool], at: usize| from.get(at).copied().unwrap_or_default();
        for at in 0..length {
            for to in LENGTHS.map(|length| at + length) {
                if reach(&begins, at)
                    && id(at, to - at).is_some()
                    && let Some(begin) = begins.get_mut(to)
                {
                    *begin = true;
                }
            }
        }
        for at in (0..length).rev() {
            let found = |length| reach(&ends, at + length) && id(at, length).is_some();
            if LENGTHS.into_iter().any(found)
                && let Some(end) = ends.get_mut(at)
            {
                *end = true;
            }
        }
        for at in (0..length).filter(|&at| reach(&begins, at)) {
            for length in LENGTHS
                .into_iter()
                .filter(|length| reach(&ends, at + length))
            {
                let Some((_, national)) = id(at, length) else {
                    continue;
                };
                let from = self.places.get(at + length - national.len());
                let to = self.places.get(at + length - SHOWN);
                if let (Some(&from), Some(&to)) = (from, to) {
                    hide(hidden, from, to);
                }
            }
        }
        self.digits.clear();
        self.places.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::mask_within;

    #[test]
    fn ids_within_a_text_are_masked() {
        for (text, masked) in [
            (
                "Customer 111111-1119 (822-3281) owes 4990 kr. for order 1234567",
                "Customer *********19 (******81) owes 4990 kr. for order 1234567",
            ),
            (
                "111111 1119, +354 822 3281, 100 2000 kr., 822 32811, 822 328",
                "*********19, +354 ******81, 100 2000 kr., 822 32811, 822 328",
            ),
            (
                "822.3281, 822–3281, (822)3281",
                "******81, ******81, (******81",
            ),
            ("::822328 1, 12:8223281", "::*****8 1, 12:*****81"),
            (
                "00354 822 3281; 354-822-3281; 3548223281",
                "00354 ******81; 354-******81; 354*****81",
            ),
            (
                "822\u{a0}3281, 822\t3281, 8 2 2 3 2 8 1",
                "******81, ******81, **********8 1",
            ),
            (
                "kennitala 0000000609 or 9876543210",
                "kennitala ********09 or ********10",
            ),
            (
                "app code 500004AB1C, 500004ab1c, 500004 ab-1c, 5000041234",
                "app code ********1C, ********1c, **********1c, ********34",
            ),
            ("tel8223281x kt.1111111129.", "tel*****81x kt.********29."),
            ("8223281/1111111119", "*****81/********19"),
            ("8223281-1111111119", "*****81-********19"),
            ("82232811111111119", "*****81********19"),
            ("82232817700001", "*****81*****01"),
            ("8223281500004AB1C", "*****81********1C"),
            ("８２２３２８１", "*****８１"),
            (
                "８２２－３２８１, ٨٢٢٣٢٨١, ５００００４ＡＢ１Ｃ",
                "******８１, *****٨١, ********１Ｃ",
            ),
            (
                "\u{202a}822\u{ad}3281\u{202c}, 822−3281",
                "\u{202a}******81\u{202c}, ******81",
            ),
            (
                r#"{"Message":"822\u00a03281, 822\u20133281"}"#,
                r#"{"Message":"******81, ******81"}"#,
            ),
            (
                r"822\t3281, \n8223281, 822\xa03281, 822\u{2013}3281, \u0038223281",
                r"******81, \n*****81, ******81, ******81, *****81",
            ),
            (
                "822%203281, p=%208223281, %2B354%C2%A08223281, 822%E2%80%933281, %38223281",
                "******81, p=%20*****81, %2B354%C2%A0*****81, ******81, *****81",
            ),
            ("5%2012345678, 25%8223281", "5*******78, 25%*****81"),
            (
                "11111%E2%80%8511119, 8%203281%20",
                "*********19, 8%203281%20",
            ),
            (
                "822&nbsp;3281, 822&#8211;3281, 822&#x2d;3281, 822\u{fffd}3281",
                "******81, ******81, ******81, ******81",
            ),
            (
                r"822\U000020133281, 822&ndash;3281, 822&minus;3281, 8.13.2026",
                "******81, ******81, ******81, *******26",
            ),
            (
                "tel:+354 (0)811 1111, 822/3281, 822·3281, ８２２／３２８１",
                "tel:+354 (0)******11, ******81, ******81, ******８１",
            ),
            (
                "\u{2066}822\u{fe0f}\u{20e3}3281\u{2069}, 822\u{61c}3281, 822&zwnj;3281",
                "\u{2066}*******81\u{2069}, ******81, ******81",
            ),
            (
                "tel500004 AB-1Cx, 50-0004AB1C50-0004AB1C",
                "tel**********1Cx, *********1C*********1C",
            ),
        ] {
            assert_eq!(mask_within(text), masked, "{text}");
            assert_eq!(mask_within(masked), masked);
        }
    }

    #[test]
    fn what_is_nobodys_number_stays_readable() {
        for text in [
            "code 10425, 4990 kr., 24.900 kr., 1234567 kr., order 9123456",
            "4ffbe11b-4f6e-4d3a-9b6b-822328182232",
            "gf0e0d0c-0b0a-4908-8706-050403020100",
            "82232811-8223-2811-1111-111111111911 and 82232811822328111111111111111abc",
            "2026-11-28T12:30:15.8223281Z, 2026-11-28 12:30, 28.11.2026 10:30, 7.12.2026",
            "28-11-2026 10:30, 2026.11.28 10:30:15, 2026-11-28 12:30:15+00:00",
            "17 2026-11-28 10: 12:30:15.8223281",
            "8.12.2026, 822&other;3281",
            "8/12/2026, 2026/12/8, 28/11/2026 10:30, 1/822",
            "nonce 635318618538563781, 1764305073000, 20261128123015, 20261128123015123",
            "82232811, 822328, 111111111, 11111111190, 5551234, 500004 kr. paid",
            "1fcfcbf71b1350cf914ebb952c71d74551416a965ee3b65c38a16b35e687f87c",
            "",
        ] {
            assert_eq!(mask_within(text), text);
        }
    }
}
