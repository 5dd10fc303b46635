//! JSON text written another way: same members, same order, other spelling.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// How JSON libraries differ in writing the same data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// A space after each comma and colon, as Python writes it.
    pub(crate) spaced: bool,
    pub(crate) escapes: Escapes,
    /// How many decimals whole amounts are given; `None` leaves them.
    pub(crate) decimals: Option<usize>,
}

/// Which characters of a string are written as `\uXXXX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// None but control characters: JavaScript, Newtonsoft.
    Few,
    /// All outside ASCII, in lowercase: Python.
    NonAscii,
    /// All outside ASCII and those that matter in HTML, in uppercase: .NET's own.
    Html,
}

impl Style {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let decimals = [None, Some(0), Some(1), Some(2)];
        let escapes = [Escapes::Few, Escapes::NonAscii, Escapes::Html];
        [false, true].into_iter().flat_map(move |spaced| {
            escapes.into_iter().flat_map(move |escapes| {
                decimals.into_iter().map(move |decimals| Self {
                    spaced,
                    escapes,
                    decimals,
                })
            })
        })
    }

    fn write_separator(self, separator: char, written: &mut String) {
        written.push(separator);
        if self.spaced {
            written.push(' ');
        }
    }

    fn write_string(self, text: &str, written: &mut String) {
        written.push('"');
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| self.is_special(*c)) {
            let (plain, from) = rest.split_at(at);
            written.push_str(plain);
            match c {
                _ if self.escapes(c) => self.write_escape(c, written),
                '\n' => written.push_str("\\n"),
                '\r' => written.push_str("\\r"),
                '\t' => written.push_str("\\t"),
                _ => written.extend(['\\', c]),
            }
            rest = from.get(c.len_utf8()..).unwrap_or_default();
        }
        written.push_str(rest);
        written.push('"');
    }

    fn write_escape(self, c: char, written: &mut String) {
        let digits: &[u8; 16] = match self.escapes {
            Escapes::Html => b"0123456789ABCDEF",
            _ => b"0123456789abcdef",
        };
        for unit in c.encode_utf16(&mut [0; 2]) {
            let mut escape = *b"\\u0000";
            for (place, shift) in escape.iter_mut().skip(2).zip([12, 8, 4, 0]) {
                let digit = digits.get(usize::from(*unit >> shift & 15));
                *place = *digit.unwrap_or(&b'0');
            }
            written.push_str(std::str::from_utf8(&escape).unwrap_or_default());
        }
    }

    fn is_special(self, c: char) -> bool {
        matches!(c, '"' | '\\' | '\n' | '\r' | '\t') || self.escapes(c)
    }

    fn escapes(self, c: char) -> bool {
        match self.escapes {
            Escapes::Few => c < ' ' && !matches!(c, '\n' | '\r' | '\t'),
            Escapes::NonAscii => !c.is_ascii(),
            Escapes::Html => !c.is_ascii() || matches!(c, '"' | '&' | '\'' | '+' | '<' | '>' | '`'),
        }
    }

    /// Parsers that read 1000.00 as a float write it back as 1000 or 1000.0.
    fn write_amount(self, token: &str, written: &mut String) {
        let (whole, fraction) = token.split_once('.').unwrap_or((token, ""));
        let is_whole = fraction.bytes().all(|digit| digit == b'0') && !whole.contains(['e', 'E']);
        match self.decimals {
            Some(0) if is_whole => written.push_str(whole),
            Some(decimals) if is_whole => {
                written.push_str(whole);
                written.push('.');
                written.push_str(&"0".repeat(decimals));
            }
            _ => written.push_str(token),
        }
    }
}

/// JSON text in its parts, without the white space between them; read once, to be written in every style.
pub(crate) struct Parts<'a>(Vec<Part<'a>>);

enum Part<'a> {
    /// A string, decoded.
    Text(Cow<'a, str>),
    /// A number whose member is an amount.
    Amount(&'a str),
    Comma,
    Colon,
    /// Anything else, as it stands.
    Other(&'a str),
}

impl<'a> Parts<'a> {
    /// `None` for what is no JSON.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        let mut parts = Vec::new();
        let mut last_string = "";
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => string_length(rest),
                ',' | ':' => 1,
                '-' | '0'..='9' => number_length(rest),
                _ => other_length(rest),
            };
            let (token, after) = rest.split_at_checked(length)?;
            parts.push(match first {
                '"' => {
                    last_string = token;
                    Part::Text(decoded(token)?)
                }
                ',' => Part::Comma,
                ':' => Part::Colon,
                '-' | '0'..='9' if last_string.ends_with("Amount\"") => Part::Amount(token),
                _ => Part::Other(token),
            });
            rest = after.trim_start();
        }
        Some(Self(parts))
    }

    /// The same JSON in a style.
    pub(crate) fn written(&self, style: Style) -> String {
        let mut written = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => style.write_string(text, &mut written),
                Part::Amount(number) => style.write_amount(number, &mut written),
                Part::Comma => style.write_separator(',', &mut written),
                Part::Colon => style.write_separator(':', &mut written),
                Part::Other(token) => written.push_str(token),
            }
        }
        written
    }
}

/// The length of the string a text begins with, its quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Brackets, `true`, `false` and `null`.
fn other_length(text: &str) -> usize {
    text.find(|c| {
        matches!(
            c,
            '"' | ',' | ':' | '-' | '0'..='9' | ' ' | '\t' | '\r' | '\n'
        )
    })
    .unwrap_or(text.len())
}

/// What a string in quotes says.
fn decoded(token: &str) -> Option<Cow<'_, str>> {
    if token.contains('\\') {
        return serde_json::from_str(token).ok().map(Cow::Owned);
    }
    token
        .strip_prefix('"')?
        .strip_suffix('"')
        .map(Cow::Borrowed)
}

fn number_length(text: &str) -> usize {
    text.find(|c| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::{Escapes, Parts, Style};

    #[test]
    fn members_keep_their_order_and_values_in_every_style() {
        let text = "{ \"b\" : [1, -2.5e3 ,true,null], \"a\\\"\" : \"Þ\\u00f0 + \\\\ \\n\" ,\"TotalAmount\":1000.00}";
        let read = |text: &str| {
            let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
            let amount = value["TotalAmount"].take().as_f64().unwrap();
            (value, amount.to_bits())
        };
        let mut seen = std::collections::HashSet::new();
        for style in Style::all() {
            let written = Parts::read(text).unwrap().written(style);
            assert_eq!(read(&written), read(text));
            assert!(written.find("\"b\"") < written.find("\"a"));
            seen.insert(written);
        }
        // As it is, and with two decimals, are the same here.
        assert_eq!(seen.len(), 2 * 3 * 3);
    }

    #[test]
    fn the_styles_are_those_of_the_libraries() {
        let text = "{\"Message\":\"Þökk +\",\"TotalAmount\":1000}";
        let parts = Parts::read(text).unwrap();
        let style = |spaced, escapes, decimals| Style {
            spaced,
            escapes,
            decimals,
        };
        assert_eq!(
            parts.written(style(true, Escapes::NonAscii, Some(1))),
            r#"{"Message": "\u00de\u00f6kk +", "TotalAmount": 1000.0}"#
        );
        assert_eq!(
            parts.written(style(false, Escapes::Html, Some(2))),
            r#"{"Message":"\u00DE\u00F6kk \u002B","TotalAmount":1000.00}"#
        );
        assert!(Parts::read("{").is_none());
    }
}
