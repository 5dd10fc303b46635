//! The page for people: one file that needs no other.

use crate::http::response::HttpResponse;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const PAGE: &str = include_str!("page.html");

/// Allows its own style and script, by their hashes, and requests to the simulator; nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'",
        hash(inside("style")),
        hash(inside("script")),
    )
});

pub(crate) fn answer() -> HttpResponse {
    let mut answer = HttpResponse::new(Either::Left(Full::from(Bytes::from_static(
        PAGE.as_bytes(),
    ))));
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// The content of the page's only element with this name.
fn inside(element: &str) -> &'static str {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    (PAGE.split_once(&start))
        .and_then(|(_, rest)| rest.split_once(&end))
        .map_or("", |(inside, _)| inside)
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_stands_alone() {
        assert!(!inside("style").is_empty() && !inside("script").is_empty());
        for element in ["<style>", "<script>"] {
            assert_eq!(PAGE.matches(element).count(), 1, "{element}");
        }
        // The policy blocks these: nothing from other hosts, and nothing inline but the two elements.
        for forbidden in [
            "<script ",
            "<style ",
            " style=\"",
            " onclick=",
            "@import",
            "<iframe",
            "eval(",
        ] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        for scheme in ["https://", "http://"] {
            let allowed = PAGE.matches("http://www.w3.org/").count();
            assert!(PAGE.matches(scheme).count() <= allowed, "{scheme}");
        }
    }

    #[test]
    fn the_policy_is_a_header() {
        assert!(answer().headers().contains_key(CONTENT_SECURITY_POLICY));
    }
}
