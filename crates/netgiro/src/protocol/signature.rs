//! Signing and verifying: no I/O, no clock.

use std::{fmt, iter};

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
/// The signature of V2's callbacks, which is sent as `X-Netgiro-Signature`.
pub(crate) const V2_SIGNATURE_HEADER: &str = "x_netgiro_signature";
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
    let signature = in_hex(digest(secret_key.as_bytes(), nonce, url, body));
    String::from_utf8_lossy(&signature).into_owned()
}

/// The hash of a secret key and these parts, joined without a separator, in hex.
pub(crate) fn hash_of(secret_key: &str, parts: &[&str]) -> [u8; 64] {
    let rest = parts.iter().map(|part| part.as_bytes());
    let all: Vec<_> = iter::once(secret_key.as_bytes()).chain(rest).collect();
    in_hex(sha256(&all))
}

/// Whether a signature is this one, in either case; takes the same time whatever differs.
pub(crate) fn is_same(expected: &[u8; 64], signature: &str) -> bool {
    let signature: [u8; 64] = match signature.as_bytes().try_into() {
        Ok(signature) => signature,
        Err(_) => return false,
    };
    expected
        .ct_eq(&signature.map(|digit| digit.to_ascii_lowercase()))
        .into()
}

fn in_hex(digest: [u8; 32]) -> [u8; 64] {
    let digit = |half| match half {
        0..=9 => b'0' + half,
        _ => b'a' + half - 10,
    };
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut().0.iter_mut().zip(digest) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    text
}

fn digest(secret_key: &[u8], nonce: &str, url: &str, body: &[u8]) -> [u8; 32] {
    #[cfg(test)]
    work::add(secret_key.len() + nonce.len() + url.len() + body.len());
    sha256(&[secret_key, nonce.as_bytes(), url.as_bytes(), body])
}

/// The hash of these parts, joined without a separator.
// Never inlined: SHA-256 is tens of kilobytes of code, which a profile would have copied to each of its callers.
#[inline(never)]
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The signing headers of a response or callback, as they came in.
#[derive(Debug, Default)]
pub(crate) struct SigningHeaders<'a> {
    nonce: Header<'a>,
    signature: Header<'a>,
    v2_signature: Header<'a>,
    reference_id: Option<&'a str>,
}

/// A header: its last value, and how often it stands there.
#[derive(Debug, Default)]
struct Header<'a> {
    value: &'a str,
    times: usize,
}

impl<'a> Header<'a> {
    fn add(&mut self, value: &'a str) {
        self.value = value;
        self.times += 1;
    }

    fn single(&self, name: &'static str) -> Result<&'a str, Malformed> {
        match self.times {
            0 => Err(Malformed::Missing(name)),
            1 => Ok(self.value),
            _ => Err(Malformed::Repeated(name)),
        }
    }
}

impl<'a> SigningHeaders<'a> {
    /// Reads the headers under every spelling that proxies and frameworks give them:
    /// `netgiro_signature`, `Netgiro-Signature`, `HTTP_NETGIRO_SIGNATURE`.
    pub(crate) fn read(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            if is_called(name, NONCE_HEADER) {
                found.nonce.add(value);
            } else if is_called(name, SIGNATURE_HEADER) {
                found.signature.add(value);
            } else if is_called(name, V2_SIGNATURE_HEADER) {
                found.v2_signature.add(value);
            } else if is_called(name, REFERENCE_ID_HEADER) && is_printable(value) {
                found.reference_id = Some(value);
            }
        }
        found
    }

    pub(crate) fn are_absent(&self) -> bool {
        self.nonce.times == 0 && self.signature.times == 0
    }

    /// Whether V2's signature stands there, and nothing of V1's.
    pub(crate) fn are_of_v2(&self) -> bool {
        self.are_absent() && self.v2_signature.times > 0
    }

    /// V2's signature, if it stands there once and is well formed; else what is wrong.
    pub(crate) fn v2_signature(&self) -> Result<&'a str, Malformed> {
        let signature = self.v2_signature.single("X-Netgiro-Signature")?;
        if !is_hash(signature) {
            return Err(Malformed::Signature);
        }
        Ok(signature)
    }

    pub(crate) fn reference_id(&self) -> Option<String> {
        self.reference_id.map(str::to_owned)
    }

    /// The nonce and the signature, if each stands there once and is well formed; else what is wrong.
    pub(crate) fn signed(&self) -> Result<Signed<'a>, Malformed> {
        let nonce = self.nonce.single(NONCE_HEADER)?;
        let signature = self.signature.single(SIGNATURE_HEADER)?;
        if !is_well_formed_nonce(nonce) {
            return Err(Malformed::Nonce);
        }
        if !is_hash(signature) {
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

fn is_hash(signature: &str) -> bool {
    signature.len() == 64 && signature.bytes().all(|b| b.is_ascii_hexdigit())
}

impl Signed<'_> {
    /// Whether the signature is the one these parts give; takes the same time whatever differs.
    pub(crate) fn covers(&self, secret_key: impl AsRef<[u8]>, url: &str, body: &[u8]) -> bool {
        let expected = in_hex(digest(secret_key.as_ref(), self.nonce, url, body));
        is_same(&expected, self.signature)
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

/// Whether a callback is verified by this header, in any spelling.
pub(crate) fn is_signing_header(name: &str) -> bool {
    [
        NONCE_HEADER,
        SIGNATURE_HEADER,
        V2_SIGNATURE_HEADER,
        REFERENCE_ID_HEADER,
    ]
    .iter()
    .any(|known| is_called(name, known))
}

/// Whether a header has this name, in any spelling; `name` is lowercase, with underscores. Every header of every response
/// is compared, so nothing is copied.
pub(crate) fn is_called<'a>(given: &'a str, name: &str) -> bool {
    let is_spelled = |given: &[u8], name: &[u8]| {
        given.len() == name.len()
            && given.iter().zip(name).all(|(given, wanted)| match given {
                b'-' => *wanted == b'_',
                given => given.to_ascii_lowercase() == *wanted,
            })
    };
    let without_prefix = |given: &'a [u8]| match given.split_first_chunk::<5>() {
        Some((prefix, rest)) if is_spelled(prefix, b"http_") => rest,
        _ => given,
    };
    // Twice where a header that is called so already comes through CGI, as one of the doctor's does.
    let given = without_prefix(without_prefix(given.as_bytes()));
    is_spelled(given, name.as_bytes())
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

#[cfg(test)]
mod tests {
    use super::is_signing_header;

    #[test]
    fn signing_headers_are_known_in_every_spelling() {
        for name in [
            "netgiro_nonce",
            "Netgiro-Signature",
            "HTTP_NETGIRO_REFERENCEID",
            "netgiro_referenceId",
        ] {
            assert!(is_signing_header(name), "{name}");
        }
        for name in [
            "",
            "netgiro",
            "netgiro_appkey",
            "x-netgiro_nonce",
            "HTTP_",
            "host",
        ] {
            assert!(!is_signing_header(name), "{name}");
        }
    }
}

/// How much is hashed, which is what a callback costs.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    thread_local! {
        static HASHED: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn add(bytes: usize) {
        HASHED.set(HASHED.get() + bytes);
    }

    /// The result of some work, and how many bytes it hashed.
    pub(crate) fn hashed_by<T>(work: impl FnOnce() -> T) -> (T, usize) {
        let before = HASHED.get();
        let given = work();
        (given, HASHED.get() - before)
    }
}
