//! What an error repeats of an option that it refuses: enough to find the mistake, and never a key or a
//! password that was put there by mistake.

use std::path::Path;

use url::Url;

use crate::model::text::masking::mask_within;

const LONGEST_WORD: usize = 20;
/// Shorter than any password; `v1` and `api` are.
const LONGEST_PART: usize = 4;
const LEFT_OUT: &str = "…";

/// A text given where another was expected: customers' numbers masked, and nothing that may hold a password.
#[must_use]
pub fn text(text: &str) -> String {
    if text.contains('@') {
        length(text)
    } else {
        format!("{:?}", mask_within(text))
    }
}

/// The error of a JSON reader, masked: it repeats any text that stands where another kind of value belongs.
pub(crate) fn json(error: &serde_json::Error) -> String {
    const LONGEST: usize = 200;
    let message = mask_within(&error.to_string());
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}{LEFT_OUT}", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

/// A text given where one of some words was expected: quoted if people usually confuse it with one of them. Any other
/// word could be a password.
pub(crate) fn word(text: &str) -> String {
    let plain = text.to_ascii_lowercase().replace(['_', '-'], " ");
    if plain
        .split(' ')
        .all(|word| word.is_empty() || WORDS.contains(&word))
    {
        format!("{text:?}")
    } else {
        length(text)
    }
}

/// What people write for an environment, a rule or a type of confirmation.
#[rustfmt::skip]
const WORDS: [&str; 46] = [
    "test", "testing", "production", "prod", "live", "real", "staging", "stage", "sandbox", "dev", "development", "local",
    "required", "require", "if", "present", "off", "on", "optional", "always", "never", "sometimes", "strict", "none",
    "null", "yes", "no", "true", "false", "default", "enabled", "disabled", "automatic", "auto", "manual", "server",
    "callback", "capture", "confirm", "reserve", "immediate", "omit", "drop", "both", "all", "any",
];

/// A text given where a URL was expected: its scheme, its host, and the short parts of the rest.
pub(crate) fn url(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    let is_absolute = Url::parse(text).is_ok_and(|url| url.has_host());
    if text.contains('@') || !scheme.is_none_or(is_scheme) || !is_host(host, is_absolute) {
        return length(text);
    }
    let mut shown = scheme
        .map(|scheme| format!("{scheme}://"))
        .unwrap_or_default();
    shown.push_str(host);
    let mut parts = path;
    while let Some(separator) = parts.chars().next() {
        shown.push(separator);
        parts = parts.get(separator.len_utf8()..).unwrap_or_default();
        let end = parts
            .find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '%'))
            .unwrap_or(parts.len());
        let (part, after) = parts.split_at(end);
        shown.push_str(if end > LONGEST_PART { LEFT_OUT } else { part });
        parts = after;
    }
    format!("{shown:?}")
}

/// A path given: quoted if it ends as files do.
pub(crate) fn path(path: &Path) -> String {
    let shown = path.display().to_string();
    let is_file = path.extension().is_some_and(|extension| {
        let extension = extension.to_string_lossy();
        extension.len() <= LONGEST_PART && extension.chars().all(|c| c.is_ascii_alphabetic())
    });
    let may_hold_more = |c: char| c.is_control() || matches!(c, '@' | '?' | '=');
    if is_file && !shown.contains(may_hold_more) && !shown.contains("://") {
        shown
    } else {
        length(&shown)
    }
}

fn is_scheme(text: &str) -> bool {
    text.len() <= 8 && !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase())
}

/// Whether a text is a host of a URL, perhaps with a port, and not a key: keys have no dots.
fn is_host(text: &str, is_absolute: bool) -> bool {
    let fits = |c: char| {
        c.is_ascii_digit() || c.is_lowercase() || matches!(c, '.' | '-' | ':' | '[' | ']')
    };
    let labels_fit = text
        .split(['.', ':'])
        .all(|label| label.chars().count() <= 2 * LONGEST_WORD);
    let has_dot = text.contains('.') || text == "localhost" || (is_absolute && text.contains(':'));
    text.is_empty() || text.chars().all(fits) && labels_fit && has_dot
}

fn length(text: &str) -> String {
    match text.chars().count() {
        0 => "an empty text".to_owned(),
        length => format!("a text of length {length}, which is not shown"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    const SECRET: &str = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSi==";

    #[test]
    fn of_a_text_customers_numbers_are_masked() {
        assert_eq!(super::text("order-1"), "\"order-1\"");
        assert_eq!(super::text("822-3281"), "\"******81\"");
        let url = "https:/me:hunter2@shop.is/";
        assert!(!super::text(url).contains("hunter2"));
    }

    #[test]
    fn of_json_customers_numbers_are_masked_and_long_texts_cut() {
        let message = |json: &str| super::json(&serde_json::from_str::<bool>(json).unwrap_err());
        assert_eq!(
            message("\"822\\u00a03281\""),
            "invalid type: string \"******81\", expected a boolean at line 1 column 15"
        );
        assert!(message("1111111119").contains("********19"));
        let long = message(&format!("{:?}", "þ".repeat(100_000)));
        assert_eq!(long.chars().count(), 201);
    }

    #[test]
    fn words_are_quoted_and_keys_are_not() {
        for text in ["staging", "Sometimes", "if-present", "no_callback", ""] {
            assert!(super::word(text).contains(text), "{text}");
        }
        for text in [
            SECRET,
            "hunter2",
            "a passphrase",
            "SECRET",
            "abcdefghijklmnopqrstuvwxyz",
            "mysecret",
            "sk_live_abc",
            "correct-horse",
        ] {
            assert!(!super::word(text).contains(text), "{text}");
        }
    }

    #[test]
    fn of_a_url_the_scheme_and_the_host_are_quoted() {
        for text in [
            "https://shop.is/v1/?a=1",
            "http://api.netgiro.is/v1/",
            "ftp://127.0.0.1/v1/",
            "http://192.168.1.7:8080/v1/",
            "https://búð.is/v1/",
            "api.netgiro.is/v1/",
            "https://",
        ] {
            assert_eq!(super::url(text), format!("{text:?}"));
        }
        for (text, message) in [
            (
                "https://shop.is/v1/?key=hunter2#hunter2",
                "\"https://shop.is/v1/?key=…#…\"",
            ),
            ("http://shop.is/hunter2/", "\"http://shop.is/…/\""),
            ("hunter2", "a text of length 7, which is not shown"),
            (
                "hunter2://shop.is",
                "a text of length 17, which is not shown",
            ),
            (
                "me:hunter2@shop.is",
                "a text of length 18, which is not shown",
            ),
            (
                "https://me:hunter2@shop.is/",
                "a text of length 27, which is not shown",
            ),
            ("", "\"\""),
        ] {
            assert_eq!(super::url(text), message);
        }
        for text in [
            SECRET.to_owned(),
            format!("https://{SECRET}/"),
            format!("https://shop.is/{SECRET}"),
            format!("https://shop.is/v1/?{SECRET}"),
        ] {
            let message = super::url(&text);
            assert!(
                !message.contains(&SECRET[..12]) && !message.contains(&SECRET[16..]),
                "{message}"
            );
        }
    }

    #[test]
    fn a_path_is_quoted_if_it_is_one() {
        assert_eq!(super::path(Path::new("/etc/ssl/ca.pem")), "/etc/ssl/ca.pem");
        for text in [
            SECRET,
            "-----BEGIN PRIVATE KEY-----\nMIIE",
            "hunter2",
            "me:hunter2@shop.is",
            "https://hunter2.is",
        ] {
            assert!(!super::path(Path::new(text)).contains(text), "{text}");
        }
    }
}
