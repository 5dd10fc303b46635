//! Signing and verifying: no I/O, no clock.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The application's id, sent with every request; not part of what is signed.
pub(crate) const APP_KEY_HEADER: &str = "netgiro_appkey";
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
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(64);
    for byte in digest(secret_key, nonce, url, body) {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(
                HEX.get(usize::from(half)).copied().unwrap_or_default(),
            ));
        }
    }
    text
}

/// Whether a signature is the one these parts give; takes the same time whatever differs.
pub(crate) fn is_signed(
    secret_key: &str,
    nonce: &str,
    url: &str,
    body: &[u8],
    signature: &str,
) -> bool {
    let expected = sign(secret_key, nonce, url, body);
    expected
        .as_bytes()
        .ct_eq(signature.to_ascii_lowercase().as_bytes())
        .into()
}

fn digest(secret_key: &str, nonce: &str, url: &str, body: &[u8]) -> [u8; 32] {
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
                REFERENCE_ID_HEADER => found.reference_id = Some(value),
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

    /// Checks the signature over `url` and `body`; the error says what is wrong with it.
    pub(crate) fn verify(&self, secret_key: &str, url: &str, body: &[u8]) -> Result<(), String> {
        let nonce = single(NONCE_HEADER, &self.nonce)?;
        let signature = single(SIGNATURE_HEADER, &self.signature)?;
        if !is_well_formed_nonce(nonce) {
            return Err(format!(
                "the {NONCE_HEADER} header holds something else than 1 to 64 of the characters A-Z a-z 0-9 . : + _ -"
            ));
        }
        if signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!(
                "the {SIGNATURE_HEADER} header is not a SHA-256 in hex"
            ));
        }
        if is_signed(secret_key, nonce, url, body, signature) {
            Ok(())
        } else {
            Err(format!(
                "the signature does not match the nonce, the URL {url} and the body as received, under this secret key"
            ))
        }
    }
}

fn single<'a>(name: &str, values: &[&'a str]) -> Result<&'a str, String> {
    match values {
        [value] => Ok(value),
        [] => Err(format!("the {name} header is missing")),
        [..] => Err(format!("the {name} header stands there more than once")),
    }
}

/// Anything else could move text between nonce, URL and body without changing the hash.
fn is_well_formed_nonce(nonce: &str) -> bool {
    (1..=64).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'+' | b'_' | b'-'))
}
