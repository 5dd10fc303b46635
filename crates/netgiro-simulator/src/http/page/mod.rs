//! The pages for people, the simulator's and the hosted checkout's: each is one file that needs no other.

use crate::http::response::HttpResponse;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const PAGE: &str = include_str!("page.html");
const CHECKOUT: &str = include_str!("checkout.html");

static POLICY: LazyLock<String> = LazyLock::new(|| policy(PAGE));
static CHECKOUT_POLICY: LazyLock<String> = LazyLock::new(|| policy(CHECKOUT));

/// Allows a page's own style and script, by their hashes, and requests to the simulator; nothing else.
fn policy(page: &'static str) -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'",
        hash(inside(page, "style")),
        hash(inside(page, "script")),
    )
}

/// The simulator's page.
pub(crate) fn answer() -> HttpResponse {
    html(PAGE, &POLICY)
}

/// The page of a hosted checkout, the same for all of them.
pub(crate) fn checkout() -> HttpResponse {
    html(CHECKOUT, &CHECKOUT_POLICY)
}

fn html(page: &'static str, policy: &str) -> HttpResponse {
    let mut answer = HttpResponse::new(Either::Left(Full::from(Bytes::from_static(
        page.as_bytes(),
    ))));
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// The content of a page's only element with this name.
fn inside(page: &'static str, element: &str) -> &'static str {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    (page.split_once(&start))
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
    fn the_pages_stand_alone() {
        for page in [PAGE, CHECKOUT] {
            assert!(!inside(page, "style").is_empty() && !inside(page, "script").is_empty());
            for element in ["<style>", "<script>"] {
                assert_eq!(page.matches(element).count(), 1, "{element}");
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
                assert!(!page.contains(forbidden), "{forbidden}");
            }
            for scheme in ["https://", "http://"] {
                let allowed = page.matches("http://www.w3.org/").count();
                assert!(page.matches(scheme).count() <= allowed, "{scheme}");
            }
        }
    }

    #[test]
    fn the_policies_are_headers() {
        for page in [answer(), checkout()] {
            assert!(page.headers().contains_key(CONTENT_SECURITY_POLICY));
        }
    }
}
