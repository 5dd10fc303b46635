//! Why a callback's signature does not match, in words that somebody can act on.
//!
//! Only what was found is claimed: the signature verifies once the URL, the body or the secret key is
//! changed in one of the ways in which they are usually got wrong. That tells a forger nothing, who has
//! no signature that would verify for any of them. Anyone may send a callback that does not verify, so
//! the work is bounded, and nothing of it is done for one that does.

use crate::json_text::Style;
use crate::secret::Secret;
use crate::signature::Signed;

/// Callbacks are well below a kibibyte; for larger bodies the trying is left out.
const LARGEST_BODY: usize = 16 * 1024;
const LONGEST_URL: usize = 2 * 1024;

/// The reason for which a well-formed signature does not match.
pub(crate) fn why(secret_key: &Secret, signed: Signed<'_>, url: &str, body: &[u8]) -> String {
    if body.is_empty() {
        return "the body is empty: was it read before? Pass the bytes as received".to_owned();
    }
    let found = if body.len() <= LARGEST_BODY && url.len() <= LONGEST_URL {
        another_url(secret_key, signed, url, body)
            .or_else(|| another_body(secret_key, signed, url, body))
            .or_else(|| another_secret(secret_key, signed, url, body))
    } else {
        None
    };
    found.unwrap_or_else(|| {
        format!(
            "the signature does not match. Either it was signed for another URL than {url} (pass the one \
             given to insert_cart, query included, not one rebuilt from the request), or the body is not as it was sent \
             (pass the bytes as received, before anything parses them), or it was signed with another \
             secret key (that of the other environment, or one that has been replaced), or it is forged"
        )
    })
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

/// The URLs that this one is usually mistaken for, each with how it differs.
fn url_variants(url: &str) -> Vec<(String, String)> {
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

fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if let (b'%', [high, low, after @ ..]) = (first, after)
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            decoded.push(high << 4 | low);
            rest = after;
        } else {
            decoded.push(*first);
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

fn hex_digit(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

fn another_body(secret_key: &Secret, signed: Signed<'_>, url: &str, body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let matches = |body: &[u8]| signed.covers(secret_key.expose(), url, body);
    if Style::all()
        .filter_map(|style| style.rewrite(text))
        .any(|written| matches(written.as_bytes()))
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
    let key = base64_decoded(text)?;
    matches(&key).then(|| {
        "it was signed with the base64-decoded secret key: the API signs with the secret key as text, undecoded"
            .to_owned()
    })
}

fn base64_decoded(text: &str) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(text.len()));
    let mut held: u32 = 0;
    let mut bits = 0;
    for digit in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        held = held << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}
