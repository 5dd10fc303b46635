//! Why a callback's signature does not match, in words that somebody can act on.
//!
//! A cause is named only if the signature verifies once the URL, the body or the secret key is changed in one of the
//! ways that people usually get wrong. A forger learns nothing: no signature of theirs verifies for any of them. Anyone
//! may send a callback that does not verify, so the work is bounded: small callbacks alone are diagnosed, a few a
//! second. A callback that verifies costs none of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::callback::json_style::{Parts, Style};
use crate::model::values::secret::Secret;
use crate::protocol::signature::Signed;

/// Callbacks are below a kibibyte; a library that writes their JSON again may make them larger.
const LARGEST_BODY: usize = 2 * 1024;
const LONGEST_URL: usize = 2 * 1024;

/// Base64 as people copy it: with any padding, or none.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Explains why a well-formed signature does not match.
pub(crate) fn explain(
    allowance: &Allowance,
    secret_key: &Secret,
    signed: Signed<'_>,
    url: &str,
    body: &[u8],
) -> String {
    if body.is_empty() {
        return "the body is empty: was it read before? Pass the bytes as received".to_owned();
    }
    let passed_over = if body.len() > LARGEST_BODY {
        "no callback of Netgíró's is so large"
    } else if url.len() > LONGEST_URL {
        "the URL is so long"
    } else if !allowance.takes_one() {
        "there are too many such callbacks"
    } else {
        let found = another_url(secret_key, signed, url, body)
            .or_else(|| another_body(secret_key, signed, url, body))
            .or_else(|| another_secret(secret_key, signed, url, body));
        return found.unwrap_or_else(|| possible_causes(url));
    };
    format!(
        "{}. Which of them was not looked into: {passed_over}",
        possible_causes(url)
    )
}

fn possible_causes(url: &str) -> String {
    let url: String = url.chars().take(LONGEST_URL).collect();
    format!(
        "the signature does not match. Either it was signed for another URL than {url} (pass the one \
         given to insert_cart, query included, not one rebuilt from the request), or the body is not as it was sent \
         (pass the bytes as received, before anything parses them), or it was signed with another \
         secret key (that of the other environment, or one that has been replaced), or it is forged"
    )
}

/// How often a client diagnoses a callback: a few times at once, and then a few times a second.
///
/// Without a lock, since a process that forks must not leave one closed in its child.
#[derive(Debug)]
pub(crate) struct Allowance {
    since: Instant,
    /// When the next one is due if they are spread evenly, in milliseconds; ahead of now by those taken at once.
    next: AtomicU64,
}

impl Allowance {
    const AT_ONCE: u64 = 10;
    const INTERVAL_MS: u64 = 200;

    fn takes_one(&self) -> bool {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.takes_one_at(now)
    }

    fn takes_one_at(&self, now: u64) -> bool {
        let latest = now.saturating_add((Self::AT_ONCE - 1) * Self::INTERVAL_MS);
        self.next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                let next = next.max(now);
                (next <= latest).then(|| next.saturating_add(Self::INTERVAL_MS))
            })
            .is_ok()
    }
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            next: AtomicU64::new(0),
        }
    }
}

fn another_url(secret_key: &Secret, signed: Signed<'_>, url: &str, body: &[u8]) -> Option<String> {
    let (difference, signed_for) = url_variants(url)
        .into_iter()
        .find(|(_, variant)| signed.covers(secret_key.expose(), variant, body))?;
    Some(format!(
        "the URL differs: it was signed for {difference} ({signed_for}), and verified against {url}. Pass the \
         one given to insert_cart, letter for letter, not one rebuilt from the request"
    ))
}

/// The URLs that are usually confused with this one, each with how it differs.
pub(crate) fn url_variants(url: &str) -> Vec<(String, String)> {
    let mut variants = Vec::new();
    let (scheme, other_scheme) = match url.split_once("://") {
        Some(("http", _)) => ("http", "https"),
        Some(("https", _)) => ("https", "http"),
        _ => return variants,
    };
    let swapped = |url: &str| url.replacen(scheme, other_scheme, 1);
    let of_scheme = format!("{other_scheme} instead of {scheme}");
    variants.push((of_scheme.clone(), swapped(url)));
    for (difference, variant) in same_scheme_variants(url) {
        if variant != url {
            variants.push((format!("{of_scheme}, {difference}"), swapped(&variant)));
            variants.push((difference.to_owned(), variant));
        }
    }
    variants
}

fn same_scheme_variants(url: &str) -> Vec<(&'static str, String)> {
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (url, None),
    };
    let with_query = |address: &str| match query {
        Some(query) => format!("{address}?{query}"),
        None => address.to_owned(),
    };
    let (start, rest) = url.split_once("://").unwrap_or(("", url));
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let port = if start == "https" { ":443" } else { ":80" };
    let on_host = |host: &str| format!("{start}://{host}{path}");
    vec![
        match address.strip_suffix('/') {
            Some(bare) => ("a path without the slash at its end", with_query(bare)),
            None => (
                "a path with a slash at its end",
                with_query(&format!("{address}/")),
            ),
        },
        ("a URL without the query", address.to_owned()),
        ("a host in lowercase", on_host(&host.to_ascii_lowercase())),
        match host.strip_suffix(port) {
            Some(bare) => ("a host without the port", on_host(bare)),
            None => ("a host with the port", on_host(&format!("{host}{port}"))),
        },
        match host.strip_prefix("www.") {
            Some(bare) => ("a host without www", on_host(bare)),
            None => ("a host with www", on_host(&format!("www.{host}"))),
        },
        ("a URL that is percent-decoded", percent_decoded(url)),
        ("a URL with + for %20", url.replace("%20", "+")),
        ("a URL with %20 for +", url.replace('+', "%20")),
        (
            "a URL without its fragment",
            url.split('#').next().unwrap_or(url).to_owned(),
        ),
    ]
}

/// Into memory that is not moved as it fills, since it may be the secret key's.
fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend(percent_decode_str(text));
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

fn another_body(secret_key: &Secret, signed: Signed<'_>, url: &str, body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let matches = |body: &[u8]| signed.covers(secret_key.expose(), url, body);
    if let Some(parts) = Parts::read(text)
        && Style::all().any(|style| matches(parts.written(style).as_bytes()))
    {
        return Some(
            "the body was re-serialised before verification: the same JSON verifies when it is written another way. \
             Pass the bytes as received, before anything parses them"
                .to_owned(),
        );
    }
    let latin1: Option<Vec<u8>> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    latin1.filter(|bytes| matches(bytes)).map(|_| {
        "the body was decoded as Latin-1 before verification and encoded again as UTF-8. Pass the bytes as received"
            .to_owned()
    })
}

fn another_secret(
    secret_key: &Secret,
    signed: Signed<'_>,
    url: &str,
    body: &[u8],
) -> Option<String> {
    let text = secret_key.expose();
    let matches = |key: &[u8]| signed.covers(key, url, body);
    let unquoted = text.trim_matches(['"', '\'']);
    if unquoted != text && matches(unquoted.as_bytes()) {
        return Some(
            "secret_key has quotes around it: it verifies with what is between them".to_owned(),
        );
    }
    let decoded = zeroize::Zeroizing::new(percent_decoded(text));
    if *decoded != text && matches(decoded.as_bytes()) {
        return Some(
            "secret_key is percent-encoded: it verifies with what it stands for".to_owned(),
        );
    }
    let without_padding = text.trim_end_matches('=');
    let padded = [0, 1, 2]
        .map(|count| zeroize::Zeroizing::new(format!("{without_padding}{}", "=".repeat(count))));
    if padded
        .iter()
        .any(|key| **key != text && matches(key.as_bytes()))
    {
        return Some("the number of = at the end of secret_key is wrong".to_owned());
    }
    let key = zeroize::Zeroizing::new(BASE64.decode(without_padding).ok()?);
    matches(&key).then(|| {
        "it was signed with the base64-decoded secret key: the API signs with the secret key as text, undecoded"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::{Allowance, LARGEST_BODY, LONGEST_URL, explain};
    use crate::model::values::secret::Secret;
    use crate::protocol::signature::{Signed, work};

    const URL: &str = "https://shop.is/netgiro/callback?order=17&t=a%20b";

    fn explained(allowance: &Allowance, url: &str, body: &str) -> (String, usize) {
        let signed = Signed {
            nonce: "638412345678901234",
            signature: &"0".repeat(64),
        };
        let secret_key = Secret::from("YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQ==");
        work::hashed_by(|| explain(allowance, &secret_key, signed, url, body.as_bytes()))
    }

    /// Bodies of one size that are much work: strings that grow when they are written anew, many amounts, many
    /// parts, and deep ones.
    fn bodies(size: usize) -> Vec<String> {
        let padded = |start: &str, filler: &str, end: &str| {
            let room = size - start.len() - end.len();
            let filling = filler.repeat(room / filler.len());
            let rest = " ".repeat(room - filling.len());
            format!("{start}{filling}{rest}{end}")
        };
        let start = r#"{"TotalAmount":1000.00,"Message":""#;
        let mut bodies: Vec<_> = ["x", "þ", "<", r"\u00fe", "🧾", r"\\"]
            .iter()
            .map(|filler| padded(start, filler, r#""}"#))
            .collect();
        bodies.push(padded(r#"{"Amount":[1"#, ",1", "]}"));
        bodies.push(padded(r#"["""#, r#","""#, "]"));
        bodies.push("[".repeat(size / 2) + &"]".repeat(size - size / 2));
        bodies.push("{".repeat(size));
        bodies
    }

    #[test]
    fn the_work_is_bounded_whatever_a_small_body_holds() {
        for size in [100, 600, LARGEST_BODY] {
            for body in bodies(size) {
                assert_eq!(body.len(), size);
                for url in [URL, &format!("{URL}{}", "%20".repeat(600))] {
                    let (_, hashed) = explained(&Allowance::default(), url, &body);
                    assert!(hashed > 10 * size, "{hashed} for {body}");
                    // What is written anew grows sixfold at the most, and SHA-256 takes a gigabyte a second.
                    let most = 70 * (url.len() + 64) + 60 * size * 6;
                    assert!(hashed <= most.min(1_000_000), "{hashed} for {body}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_tried_for_what_is_larger() {
        let long = format!("https://shop.is/{}", "a".repeat(LONGEST_URL));
        for size in [LARGEST_BODY + 1, 16 * 1024, 64 * 1024] {
            for body in bodies(size) {
                let (said, hashed) = explained(&Allowance::default(), URL, &body);
                assert_eq!(hashed, 0);
                assert!(
                    said.ends_with("no callback of Netgíró's is so large"),
                    "{said}"
                );
            }
        }
        let (_, hashed) = explained(&Allowance::default(), &long[..2_048], "{}");
        assert!(hashed > 2_048, "{hashed}");
        let (said, hashed) = explained(&Allowance::default(), &long[..2_049], "{}");
        assert_eq!(hashed, 0);
        assert!(said.ends_with("the URL is so long"), "{said}");
        assert!(said.len() < LONGEST_URL + 1_000);
    }

    #[test]
    fn what_is_looked_into_is_counted() {
        let allowance = Allowance::default();
        let mut tried = 0;
        loop {
            let (said, hashed) = explained(&allowance, URL, "{}");
            if hashed == 0 {
                assert!(
                    said.ends_with("there are too many such callbacks"),
                    "{said}"
                );
                break;
            }
            tried += 1;
        }
        assert!(tried >= 10, "{tried}");
    }

    #[test]
    fn a_few_at_once_and_a_few_a_second() {
        let allowance = Allowance::default();
        let taken = |now| (0..100).filter(|_| allowance.takes_one_at(now)).count();
        assert_eq!(taken(0), 10);
        assert_eq!(taken(199), 0);
        assert_eq!(taken(200), 1);
        assert_eq!(taken(1_200), 5);
        // A clock that goes back gives nothing, and takes nothing.
        assert_eq!(taken(0), 0);
        assert_eq!(taken(1_400), 1);
        assert_eq!(taken(60_000), 10, "no more is saved up");
    }
}
