//! Signing and verifying: no I/O, no clock.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The application's id, sent with every request; not part of what is signed.
pub(crate) const APP_KEY_HEADER: &str = "netgiro_appkey";
/// The same with V2's requests, which are not signed.
pub(crate) const API_KEY_HEADER: &str = "x-netgiro-api-key";
/// The nonce that the signature covers.
pub(crate) const NONCE_HEADER: &str = "netgiro_nonce";
/// The signature.
pub(crate) const SIGNATURE_HEADER: &str = "netgiro_signature";
/// What identifies a call to Netgíró's support.
pub(crate) const REFERENCE_ID_HEADER: &str = "netgiro_referenceid";

/// Signs: lowercase hex of SHA-256 over secret key, nonce, URL and body, joined without a separator.
///
/// `url` is the whole absolute URL as sent; `body` the exact bytes sent, empty for none.
///
/// ```
/// let signature = netgiro::sign("secret", "635318618538563781", "https://api.netgiro.is/v1/Sales/GetList", b"");
/// assert_eq!(signature.len(), 64);
/// ```
#[must_use]
pub fn sign(secret_key: &str, nonce: &str, url: &str, body: &[u8]) -> String {
    in_hex(digest(secret_key.as_bytes(), nonce, url, body))
}

fn in_hex(digest: [u8; 32]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(64);
    for byte in digest {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(
                HEX.get(usize::from(half)).copied().unwrap_or_default(),
            ));
        }
    }
    text
}

fn digest(secret_key: &[u8], nonce: &str, url: &str, body: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(secret_key)
        .chain_update(nonce)
        .chain_update(url)
        .chain_update(body)
        .finalize()
        .into()
}

/// The signing headers of a response or callback, as they came in.
#[derive(Debug, Default)]
pub(crate) struct SigningHeaders<'a> {
    nonce: Vec<&'a str>,
    signature: Vec<&'a str>,
    reference_id: Option<&'a str>,
}

impl<'a> SigningHeaders<'a> {
    /// Reads the headers under every spelling that proxies and frameworks give them:
    /// `netgiro_signature`, `Netgiro-Signature`, `HTTP_NETGIRO_SIGNATURE`.
    pub(crate) fn read(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            let name = name.to_ascii_lowercase().replace('-', "_");
            match name.strip_prefix("http_").unwrap_or(&name) {
                NONCE_HEADER => found.nonce.push(value),
                SIGNATURE_HEADER => found.signature.push(value),
                REFERENCE_ID_HEADER if is_printable(value) => found.reference_id = Some(value),
                _ => {}
            }
        }
        found
    }

    pub(crate) fn are_absent(&self) -> bool {
        self.nonce.is_empty() && self.signature.is_empty()
    }

    pub(crate) fn reference_id(&self) -> Option<String> {
        self.reference_id.map(str::to_owned)
    }

    /// The nonce and the signature, if each stands there once and is well formed; else what is wrong.
    pub(crate) fn signed(&self) -> Result<Signed<'a>, Malformed> {
        let nonce = single(NONCE_HEADER, &self.nonce)?;
        let signature = single(SIGNATURE_HEADER, &self.signature)?;
        if !is_well_formed_nonce(nonce) {
            return Err(Malformed::Nonce);
        }
        if signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Malformed::Signature);
        }
        Ok(Signed { nonce, signature })
    }
}

/// A well-formed nonce and signature; whether they are right is another question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) signature: &'a str,
}

impl Signed<'_> {
    /// Whether the signature is the one these parts give; takes the same time whatever differs.
    pub(crate) fn covers(&self, secret_key: impl AsRef<[u8]>, url: &str, body: &[u8]) -> bool {
        let expected = in_hex(digest(secret_key.as_ref(), self.nonce, url, body));
        expected
            .as_bytes()
            .ct_eq(self.signature.to_ascii_lowercase().as_bytes())
            .into()
    }
}

/// What is wrong with the signing headers by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    Missing(&'static str),
    Repeated(&'static str),
    Nonce,
    Signature,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "the {name} header is missing"),
            Self::Repeated(name) => write!(f, "the {name} header stands there more than once"),
            Self::Nonce => write!(
                f,
                "the {NONCE_HEADER} header holds something else than 1 to 64 of the characters A-Z a-z 0-9 . : + _ -"
            ),
            Self::Signature => write!(
                f,
                "the {SIGNATURE_HEADER} header is not a SHA-256 in hex, 64 digits from 0 to f"
            ),
        }
    }
}

fn single<'a>(name: &'static str, values: &[&'a str]) -> Result<&'a str, Malformed> {
    match values {
        [value] => Ok(value),
        [] => Err(Malformed::Missing(name)),
        [..] => Err(Malformed::Repeated(name)),
    }
}

/// Whether an id may go into errors and logs. Anyone can send one with a callback, so neither a page of
/// text nor a line feed is let in.
fn is_printable(reference_id: &str) -> bool {
    (1..=128).contains(&reference_id.len())
        && reference_id.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Anything else could move text between nonce, URL and body without changing the hash.
fn is_well_formed_nonce(nonce: &str) -> bool {
    (1..=64).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'+' | b'_' | b'-'))
}
