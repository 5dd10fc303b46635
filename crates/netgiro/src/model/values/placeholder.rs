//! Texts that stand in a sample where a secret key belongs.

/// A text that no secret key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// Words or marks that may be repeated in an error: `YOUR_SECRET_KEY`, `…`, `xxx`.
    Plain,
    /// Something in brackets or after a `$`, or cut off by dots: a key may be within.
    Wrapped,
}

/// What kind of placeholder a text is; `None` for what may be a key.
pub(crate) fn placeholder(text: &str) -> Option<Placeholder> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let is_mark = |c: char| !c.is_alphanumeric() || matches!(c, 'x' | 'X');
    if text.chars().all(is_mark) {
        return Some(Placeholder::Plain);
    }
    let is_wrapped = [
        ("<", ">"),
        ("{", "}"),
        ("[", "]"),
        ("(", ")"),
        ("%", "%"),
        ("__", "__"),
    ]
    .iter()
    .any(|(before, after)| text.starts_with(before) && text.ends_with(after));
    let words = words(text);
    if is_sample(&words) {
        return Some(Placeholder::Plain);
    }
    // `${…}`, `{{ … }}` and `$NAME` are what a tool should have replaced.
    let is_cut_off = text.contains('…') || text.contains("...");
    (is_wrapped || is_cut_off || text.starts_with('$')).then_some(Placeholder::Wrapped)
}

/// The words of a text, in lower case: `yourSecretKey` has three.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if begins {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether words are such as stand in samples: one that says so, and none that a sample does not have.
fn is_sample(words: &[String]) -> bool {
    let is = |list: &[&str], word: &String| list.contains(&word.as_str());
    let names_itself = words.concat();
    let names_itself = names_itself
        .strip_prefix("netgiro")
        .unwrap_or(&names_itself);
    if ["secretkey", "thesecretkey", "netgirosecretkey"].contains(&names_itself)
        && !words.iter().any(|word| word == "the")
    {
        return true;
    }
    let says_so = words
        .iter()
        .any(|word| is(&SAMPLE, word) || (word.len() > 1 && word.chars().all(|c| c == 'x')));
    let is_known = |word: &String| {
        is(&SAMPLE, word)
            || is(&BESIDE, word)
            || word.chars().all(|c| c == 'x' || c.is_ascii_digit())
    };
    says_so && words.iter().all(is_known)
}

/// What says that a key is still to come.
#[rustfmt::skip]
const SAMPLE: [&str; 58] = [
    "your", "yours", "my", "mine", "change", "changeme", "changeit", "changethis", "changed", "replace", "replaceme",
    "replacethis", "insert", "put", "paste", "enter", "fill", "add", "set", "todo", "fixme", "tbd", "tba", "placeholder",
    "dummy", "example", "sample", "fake", "none", "null", "nil", "undefined", "missing", "unset", "here", "yoursecretkey",
    "yoursecret", "yourkey", "yourkeyhere", "yoursecretkeyhere", "yoursecrethere", "mysecretkey", "mysecret", "mykey",
    "redacted", "hidden", "removed", "omitted", "supersecret", "topsecret", "þinn", "þitt", "breyttu", "settu", "vantar",
    "dæmi", "lykillinn", "leynilykillinn",
];

/// What stands beside it.
#[rustfmt::skip]
const BESIDE: [&str; 44] = [
    "secret", "secretkey", "key", "keys", "netgiro", "netgíró", "the", "a", "an", "own", "with", "this", "that", "it", "in",
    "me", "from", "by", "of", "for", "to", "value", "goes", "must", "be", "api", "app", "shop", "test", "production", "prod",
    "real", "actual", "please", "string", "text", "env", "account", "portal", "leyndarmál", "leynilykill", "lykill",
    "inn", "hér",
];

#[cfg(test)]
mod tests {
    use super::{Placeholder, placeholder};

    #[test]
    fn what_stands_in_samples_is_a_placeholder() {
        for text in [
            "…",
            "...",
            "xxx",
            "XXXXXXXX",
            "xxxx-xxxx-xxxx",
            "***",
            "???",
            "-",
            "YOUR_SECRET_KEY",
            "your-secret-key",
            "yourSecretKey",
            "YourSecretKey",
            "your_netgiro_secret_key_here",
            "yoursecretkey",
            "your secret key",
            "changeme",
            "ChangeMe",
            "change-me",
            "CHANGE_ME",
            "change_this",
            "changeit",
            "replace-me",
            "replace with your key",
            "insert-key-here",
            "PUT_YOUR_KEY_HERE",
            "TODO",
            "placeholder",
            "dummy-secret",
            "example",
            "none",
            "null",
            "undefined",
            "SECRET_KEY",
            "secretKey",
            "NETGIRO_SECRET_KEY",
            "SecretKey",
            "my-secret-key",
            "mysecretkey",
            "secret-key-xxxx",
            "leynilykillinn þinn",
        ] {
            assert_eq!(placeholder(text), Some(Placeholder::Plain), "{text}");
        }
        for text in [
            "<secret>",
            "<YCFd6hiA8lUj>",
            "${NETGIRO_KEY_7}",
            "$SHOP_KEY_2",
            "{{ netgiro.k1 }}",
            "[k7]",
            "%KEY1%",
            "__KEY7__",
            "YCFd6hiA8l…",
            "YCFd6hiA8l...",
        ] {
            assert_eq!(placeholder(text), Some(Placeholder::Wrapped), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_key_is_none() {
        for text in [
            "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=",
            "secret",
            "the-secret-key",
            "the-new-secret-key",
            "another+key",
            "hunter2",
            "k",
            "1",
            "AAAA",
            "leyndarmál",
            "not-the-published-one",
            "test",
            "older",
            "",
            " ",
            "your4dogs",
            "xyz",
            "example4Tj9",
        ] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}
