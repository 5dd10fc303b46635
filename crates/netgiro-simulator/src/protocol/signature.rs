//! Checks the signatures of requests, and signs responses and callbacks.

use crate::model::options::ResponseSignatures;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

pub(crate) const APP_KEY: &str = "netgiro_appkey";
pub(crate) const API_KEY: &str = "X-Netgiro-Api-Key";
pub(crate) const NONCE: &str = "netgiro_nonce";
pub(crate) const SIGNATURE: &str = "netgiro_signature";
/// The Partner API's header, with the secret key itself.
pub(crate) const TOKEN: &str = "token";
/// The header of V2's callbacks.
pub(crate) const V2_SIGNATURE: &str = "X-Netgiro-Signature";
pub(crate) const REFERENCE_ID: &str = "netgiro_referenceId";

/// The keys of both sides.
pub(crate) struct Keys<'a> {
    pub(crate) app_key: &'a str,
    pub(crate) secret_key: &'a str,
}

/// The first value of a header.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

impl Keys<'_> {
    /// Checks the signature of the URL and the body exactly as received; the error says what is wrong.
    pub(crate) fn check(
        &self,
        headers: &[(String, String)],
        url: &str,
        body: &[u8],
    ) -> Result<(), String> {
        let get = |name| header(headers, name).ok_or_else(|| format!("Header {name} is missing"));
        let app_key = get(APP_KEY)?;
        let nonce = get(NONCE)?;
        let signature = get(SIGNATURE)?;
        if !app_key.eq_ignore_ascii_case(self.app_key) {
            return Err(format!("Unknown application {app_key}"));
        }
        if signature != netgiro::sign(self.secret_key, nonce, url, body) {
            return Err(format!(
                "The signature does not match nonce {nonce}, URL {url} and the body received"
            ));
        }
        Ok(())
    }

    /// Checks the application key, by which V2 knows the shop.
    pub(crate) fn check_api_key(&self, headers: &[(String, String)]) -> Result<(), String> {
        match header(headers, API_KEY) {
            Some(key) if key.eq_ignore_ascii_case(self.app_key) => Ok(()),
            Some(key) => Err(format!("Unknown application {key}")),
            None => Err(format!("Header {API_KEY} is missing")),
        }
    }

    /// Checks the token, by which the Partner API knows the shop. The error does not repeat it.
    pub(crate) fn check_token(&self, headers: &[(String, String)]) -> Result<(), String> {
        match header(headers, TOKEN) {
            Some(token) if token == self.secret_key => Ok(()),
            Some(_) => Err(format!("Header {TOKEN} is not the secret key")),
            None => Err(format!("Header {TOKEN} is missing")),
        }
    }

    /// Checks the signature for each of these URLs; returns the URL that it is correct for, or else the last one and
    /// what is wrong.
    pub(crate) fn check_any(
        &self,
        headers: &[(String, String)],
        urls: &[String],
        body: &[u8],
    ) -> (String, Result<(), String>) {
        let mut checked = (String::new(), Err("No URL was received".to_owned()));
        for url in urls {
            checked = (url.clone(), self.check(headers, url, body));
            if checked.1.is_ok() {
                break;
            }
        }
        checked
    }

    /// The signature of these texts, one after another, as V2 and the hosted checkout sign.
    pub(crate) fn sign_texts(&self, texts: &[&str]) -> String {
        let mut hash = Sha256::new_with_prefix(self.secret_key);
        for text in texts {
            hash.update(text);
        }
        let mut signature = String::new();
        for byte in hash.finalize() {
            let _ = write!(signature, "{byte:02x}");
        }
        signature
    }

    /// The signing headers of a response or a callback; `url` is part of what is signed.
    pub(crate) fn signing_headers(
        &self,
        identifiers: &Identifiers,
        url: &str,
        body: &[u8],
        signatures: ResponseSignatures,
    ) -> Vec<(&'static str, String)> {
        let mut signature = netgiro::sign(self.secret_key, &identifiers.nonce, url, body);
        let mut headers = vec![(REFERENCE_ID, identifiers.reference_id.clone())];
        match signatures {
            ResponseSignatures::Omit => return headers,
            // The caller replaces what is replayed.
            ResponseSignatures::Valid | ResponseSignatures::Replay => {}
            ResponseSignatures::Corrupt => {
                let last = signature.pop();
                signature.push(if last == Some('0') { '1' } else { '0' });
            }
        }
        headers.push((APP_KEY, self.app_key.to_owned()));
        headers.push((NONCE, identifiers.nonce.clone()));
        headers.push((SIGNATURE, signature));
        headers
    }
}

/// The nonce and the reference id of one response or callback.
#[derive(Clone, Debug)]
pub(crate) struct Identifiers {
    pub(crate) nonce: String,
    pub(crate) reference_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys<'static> = Keys {
        app_key: "APP",
        secret_key: "secret",
    };
    const URL: &str = "http://127.0.0.1:1/v1/Checkout/CheckCart";

    fn identifiers() -> Identifiers {
        Identifiers {
            nonce: "123".to_owned(),
            reference_id: "r".to_owned(),
        }
    }

    fn signed(signatures: ResponseSignatures) -> Vec<(String, String)> {
        KEYS.signing_headers(&identifiers(), URL, b"{}", signatures)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    #[test]
    fn what_goes_out_signed_would_be_let_in() {
        let headers = signed(ResponseSignatures::Valid);
        assert_eq!(KEYS.check(&headers, URL, b"{}"), Ok(()));
        assert!(KEYS.check(&headers, URL, b"{} ").is_err());
        assert!(
            KEYS.check(&headers, "http://localhost:1/v1/Checkout/CheckCart", b"{}")
                .is_err()
        );
        let other = Keys {
            app_key: "OTHER",
            ..KEYS
        };
        assert_eq!(
            other.check(&headers, URL, b"{}").unwrap_err(),
            "Unknown application APP"
        );
    }

    #[test]
    fn texts_are_signed_after_the_secret() {
        let keys = Keys {
            secret_key: "mysecret",
            ..KEYS
        };
        assert_eq!(
            keys.sign_texts(&["abc-123", "5000"]),
            "729d966b5158eb4a949d88afcf7a3da16e26bad3cc7b57bab2ddd358a7b857e1"
        );
    }

    #[test]
    fn a_missing_header_is_named() {
        for name in [APP_KEY, NONCE, SIGNATURE] {
            let mut headers = signed(ResponseSignatures::Valid);
            headers.retain(|(key, _)| key != name);
            let why = KEYS.check(&headers, URL, b"{}").unwrap_err();
            assert_eq!(why, format!("Header {name} is missing"));
        }
    }

    #[test]
    fn a_corrupt_signature_looks_like_one() {
        let headers = signed(ResponseSignatures::Corrupt);
        assert_eq!(header(&headers, SIGNATURE).map(str::len), Some(64));
        assert!(KEYS.check(&headers, URL, b"{}").is_err());
    }

    #[test]
    fn without_a_signature_the_call_still_has_its_reference() {
        let headers = signed(ResponseSignatures::Omit);
        assert_eq!(headers, [(REFERENCE_ID.to_owned(), "r".to_owned())]);
    }
}
