//! The characters of a text, as they are written and as they are read.

use crate::model::values::customer::{self, is_separator};

/// A character of a text.
pub(super) struct Character<'a> {
    /// As it is written: in JSON also as `\u00a0`, in a URL as `%20`.
    pub(super) written: &'a str,
    /// As it is read, in ASCII where it has a form there.
    pub(super) read: char,
    pub(super) is_hidden: bool,
}

/// The characters of a text; `escape` gives the length in bytes of an escape that a text begins with, and what it
/// stands for.
pub(super) fn read_characters(
    text: &str,
    escape: impl Fn(&str) -> Option<(usize, char)>,
) -> Vec<Character<'_>> {
    let mut characters = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, c) = escape(rest).unwrap_or((first.len_utf8(), first));
        let (written, after) = rest.split_at(length);
        characters.push(Character {
            written,
            read: plain(c),
            is_hidden: false,
        });
        rest = after;
    }
    characters
}

/// Escapes of JSON and of programming languages, `\u00a0`, `\t`, `\xa0` and `\u{a0}`, and those of HTML.
pub(super) fn in_backslashes(text: &str) -> Option<(usize, char)> {
    let Some(after) = text.strip_prefix('\\') else {
        return in_entities(text);
    };
    let mut rest = after.chars();
    let hex = |from: usize, to: usize| code(after.get(from..to)?, 16).map(|c| (1 + to, c));
    match rest.next()? {
        't' | 'n' | 'r' | 'f' | 'v' | 'b' => Some((2, ' ')),
        'x' => hex(1, 3),
        'u' if rest.next() == Some('{') => {
            let end = after.find('}').filter(|&end| end <= LONGEST_CODE + 2)?;
            code(after.get(2..end)?, 16).map(|c| (2 + end, c))
        }
        'u' => hex(1, 5),
        'U' => hex(1, 9),
        _ => None,
    }
}

/// How many digits the code of a character has at the most.
const LONGEST_CODE: usize = 8;

fn code(digits: &str, radix: u32) -> Option<char> {
    let is_code = digits.len() <= LONGEST_CODE && digits.chars().all(|c| c.is_digit(radix));
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| is_code);
    char::from_u32(code?)
}

/// `&nbsp;`, `&#160;` and `&#xa0;`.
fn in_entities(text: &str) -> Option<(usize, char)> {
    let after = text.strip_prefix('&')?;
    let name = after.bytes().take(LONGEST_CODE + 3);
    let end = name.take_while(|&b| b != b';').count();
    let (name, _) = after.split_at_checked(end)?;
    if !after.get(end..)?.starts_with(';') {
        return None;
    }
    let c = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => code(hex, 16)?,
            None => code(number, 10)?,
        },
        None if matches!(
            name,
            "nbsp" | "ensp" | "emsp" | "thinsp" | "shy" | "zwj" | "zwnj" | "lrm" | "rlm"
        ) =>
        {
            ' '
        }
        None if matches!(name, "ndash" | "mdash" | "minus") => '-',
        None => return None,
    };
    Some((end + 2, c))
}

/// Percent escapes of URLs, for what may stand in an id: `%20`, and in UTF-8 `%C2%A0`.
pub(super) fn in_percents(text: &str) -> Option<(usize, char)> {
    const LONGEST: usize = 4;
    let mut bytes = Vec::with_capacity(LONGEST);
    while bytes.len() < LONGEST {
        let byte = text.get(bytes.len() * 3..)?.strip_prefix('%')?.get(..2)?;
        bytes.push(u8::try_from(u32::from(code(byte, 16)?)).ok()?);
        if let Ok(read) = std::str::from_utf8(&bytes) {
            let c = read.chars().next()?;
            let may_be_in_one = plain(c).is_ascii_alphanumeric() || is_separator(plain(c));
            return may_be_in_one.then_some((bytes.len() * 3, c));
        }
    }
    None
}

/// A character as ASCII has it, digits of any script as well.
pub(super) fn plain(c: char) -> char {
    match customer::plain(c) {
        // What stood there was not UTF-8: a space of Latin-1.
        '\u{fffd}' => ' ',
        c if c.is_ascii() => c,
        c => digit(c).unwrap_or(c),
    }
}

fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let (Ok(at) | Err(at)) = ZEROS
        .binary_search(&code)
        .map_err(|after| after.wrapping_sub(1));
    let value = code.checked_sub(*ZEROS.get(at)?)?;
    char::from_digit(value, 10)
}

/// Every zero of Unicode's decimal digits; the others follow it.
#[rustfmt::skip]
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];

pub(super) fn is_alphanumeric(characters: &[Character<'_>], at: usize) -> bool {
    characters
        .get(at)
        .is_some_and(|character| character.read.is_ascii_alphanumeric())
}

pub(super) fn is(characters: &[Character<'_>], at: usize, wanted: char) -> bool {
    characters
        .get(at)
        .is_some_and(|character| character.read == wanted)
}
