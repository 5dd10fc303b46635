//! JSON text written another way: same members, same order, other spelling.

use std::fmt::Write as _;

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

    /// The same JSON in this style; `None` for what is no JSON.
    pub(crate) fn rewrite(self, text: &str) -> Option<String> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        let mut written = String::with_capacity(text.len());
        let mut last_string = "";
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => string_length(rest),
                '-' | '0'..='9' => number_length(rest),
                _ => first.len_utf8(),
            };
            let (token, after) = rest.split_at_checked(length)?;
            match first {
                '"' => {
                    self.write_string(token, &mut written)?;
                    last_string = token;
                }
                '-' | '0'..='9' if last_string.ends_with("Amount\"") => {
                    self.write_amount(token, &mut written);
                }
                ',' | ':' => {
                    written.push(first);
                    if self.spaced {
                        written.push(' ');
                    }
                }
                _ if first.is_ascii_whitespace() => {}
                _ => written.push_str(token),
            }
            rest = after;
        }
        Some(written)
    }

    fn write_string(self, token: &str, written: &mut String) -> Option<()> {
        let text: String = serde_json::from_str(token).ok()?;
        written.push('"');
        for c in text.chars() {
            match c {
                _ if self.escapes(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        match self.escapes {
                            Escapes::Html => write!(written, "\\u{unit:04X}").ok()?,
                            _ => write!(written, "\\u{unit:04x}").ok()?,
                        }
                    }
                }
                '"' => written.push_str("\\\""),
                '\\' => written.push_str("\\\\"),
                '\n' => written.push_str("\\n"),
                '\r' => written.push_str("\\r"),
                '\t' => written.push_str("\\t"),
                _ => written.push(c),
            }
        }
        written.push('"');
        Some(())
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

fn number_length(text: &str) -> usize {
    text.find(|c| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::{Escapes, Style};

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
            let written = style.rewrite(text).unwrap();
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
        let style = |spaced, escapes, decimals| Style {
            spaced,
            escapes,
            decimals,
        };
        assert_eq!(
            style(true, Escapes::NonAscii, Some(1))
                .rewrite(text)
                .unwrap(),
            r#"{"Message": "\u00de\u00f6kk +", "TotalAmount": 1000.0}"#
        );
        assert_eq!(
            style(false, Escapes::Html, Some(2)).rewrite(text).unwrap(),
            r#"{"Message":"\u00DE\u00F6kk \u002B","TotalAmount":1000.00}"#
        );
        assert_eq!(style(false, Escapes::Few, None).rewrite("{"), None);
    }
}
