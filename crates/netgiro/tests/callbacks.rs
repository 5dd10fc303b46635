//! Callbacks under attack: what is let in, what is not, and what a refusal says.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod sha256;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use netgiro::{
    CartStatus, Client, ClientOptions, Error, ErrorKind, MemoryReplayGuard, PaymentInfoPolicy,
    ReplayGuard, Secret, sign,
};

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const SECRET: &str = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=";
const NONCE: &str = "638412345678901234";
const URL: &str = "https://shop.is/netgiro/callback?order=17&t=a%20b";
const BODY: &str = r#"{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"0f0e0d0c-0b0a-4908-8706-050403020100","ReferenceNumber":"order-1","StatusId":2,"TotalAmount":1000.00},"Success":true,"Message":"Greiðsla móttekin","ResultCode":10200}"#;

fn client() -> Client {
    Client::new(ClientOptions::new(APP_KEY, SECRET)).unwrap()
}

fn headers(nonce: &str, signature: &str) -> Vec<(String, String)> {
    [("netgiro_nonce", nonce), ("netgiro_signature", signature)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

/// A callback that is signed for `signed_url` and `signed_body`, and arrives as `url` and `body`.
fn refusal(signed_url: &str, signed_body: &[u8], url: &str, body: &[u8]) -> String {
    let signature = sign(SECRET, NONCE, signed_url, signed_body);
    refused(
        &client()
            .verify_callback(url, &headers(NONCE, &signature), body)
            .unwrap_err(),
        url,
        body,
    )
}

/// The sentence of a refusal, which must not help a forger.
fn refused(error: &Error, url: &str, body: &[u8]) -> String {
    assert_eq!(error.kind(), ErrorKind::Signature, "{error}");
    assert!(!error.retryable());
    let shown = format!("{error} {error:?}");
    let expected = sign(SECRET, NONCE, url, body);
    assert!(
        !shown.contains(&expected),
        "the expected signature: {shown}"
    );
    for window in SECRET.as_bytes().windows(16) {
        assert!(!shown.contains(std::str::from_utf8(window).unwrap()));
    }
    error.message().to_owned()
}

#[test]
fn a_callback_is_accepted_for_the_registered_url_alone() {
    let signature = sign(SECRET, NONCE, URL, BODY.as_bytes());
    let headers = headers(NONCE, &signature);
    let verify = |url| client().verify_callback(url, &headers, BODY.as_bytes());
    assert!(verify(URL).unwrap().state.unwrap().is_paid());
    for other in [
        "https://shop.is/netgiro/callback?order=18&t=a%20b",
        "https://shop.is/netgiro/callback?t=a%20b&order=17",
        "https://shop.is/netgiro/callback?order=17&t=a b",
        "https://shop.is/netgiro/callback",
        "https://SHOP.is/netgiro/callback?order=17&t=a%20b",
        "http://shop.is/netgiro/callback?order=17&t=a%20b",
        "/netgiro/callback?order=17&t=a%20b",
        "",
    ] {
        refused(&verify(other).unwrap_err(), other, BODY.as_bytes());
    }
}

#[test]
fn every_spelling_of_the_headers_is_read_and_a_doubtful_one_is_not() {
    let signature = sign(SECRET, NONCE, URL, BODY.as_bytes());
    let upper = signature.to_uppercase();
    let verify = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        client().verify_callback(URL, &pairs, BODY.as_bytes())
    };
    for (nonce, signed) in [
        ("netgiro_nonce", "netgiro_signature"),
        ("Netgiro-Nonce", "Netgiro-Signature"),
        ("HTTP_NETGIRO_NONCE", "HTTP_NETGIRO_SIGNATURE"),
        ("http-netgiro-nonce", "NETGIRO_signature"),
    ] {
        verify(&[(nonce, NONCE), (signed, &signature)]).unwrap();
        verify(&[(nonce, NONCE), (signed, &upper)]).unwrap();
    }
    let missing = verify(&[("netgiro_nonce", NONCE)]).unwrap_err();
    for hint in [
        "netgiro_signature header is missing",
        "underscores_in_headers on",
        "header_map = \"dangerous\"",
    ] {
        assert!(missing.message().contains(hint), "{missing}");
    }
    // Two headers under two spellings: which of them a proxy put there is not known.
    for (pairs, hint) in [
        (
            [
                ("netgiro_nonce", NONCE),
                ("netgiro_signature", &*signature),
                ("Netgiro-Signature", &*signature),
            ],
            "netgiro_signature header stands there more than once",
        ),
        (
            [
                ("netgiro_nonce", NONCE),
                ("HTTP_NETGIRO_NONCE", "1"),
                ("netgiro_signature", &*signature),
            ],
            "netgiro_nonce header stands there more than once",
        ),
    ] {
        let error = verify(&pairs).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
        assert!(error.message().contains(hint), "{error}");
    }
    let in_base64 = "3W6mTjHrJIVVplbzbuqudMNCAwhvu1RjoDhl8OzFRkM=";
    let error = verify(&[("netgiro_nonce", NONCE), ("netgiro_signature", in_base64)]).unwrap_err();
    assert!(error.message().contains("not a SHA-256 in hex"), "{error}");
    let error = verify(&[("netgiro_nonce", "1 2"), ("netgiro_signature", &signature)]).unwrap_err();
    assert!(
        error.message().contains("characters A-Z a-z 0-9"),
        "{error}"
    );
}

#[test]
fn a_reference_id_that_is_not_fit_for_a_log_is_left_out() {
    for (id, kept) in [
        ("6d0a3bb8-7a52-4d5e-9d41-52a4a4d0c3a1", true),
        ("6d0a3bb8\nERROR the database is gone", false),
        ("\u{1b}[2J", false),
        ("þ", false),
        ("", false),
        (&"x".repeat(129), false),
    ] {
        let mut headers = headers(NONCE, &"0".repeat(64));
        headers.push(("netgiro_referenceId".to_owned(), id.to_owned()));
        let error = client()
            .verify_callback(URL, &headers, BODY.as_bytes())
            .unwrap_err();
        assert_eq!(error.reference_id(), kept.then_some(id));
    }
}

#[test]
fn text_moved_between_nonce_url_and_body_is_refused() {
    let signature = sign(SECRET, NONCE, URL, BODY.as_bytes());
    let verify = |nonce: &str, url: &str, body: &[u8]| {
        client().verify_callback(url, &headers(nonce, &signature), body)
    };
    verify(NONCE, URL, BODY.as_bytes()).unwrap();
    // The hash is the same for all of these: there is nothing between the parts.
    let whole = format!("{NONCE}{URL}{BODY}");
    for (nonce_ends, url_ends) in (0..=whole.len())
        .filter(|at| whole.is_char_boundary(*at))
        .flat_map(|at| {
            [
                (at, NONCE.len() + URL.len()),
                (NONCE.len(), at),
                (at.saturating_sub(10), at),
            ]
        })
    {
        let is_as_sent = (nonce_ends, url_ends) == (NONCE.len(), NONCE.len() + URL.len());
        if nonce_ends > url_ends || !whole.is_char_boundary(nonce_ends) || is_as_sent {
            continue;
        }
        let (nonce, rest) = whole.split_at(nonce_ends);
        let (url, body) = rest.split_at(url_ends - nonce_ends);
        assert_eq!(sign(SECRET, nonce, url, body.as_bytes()), signature);
        // The shop pins the URL, so a moved boundary needs another one to be believed.
        verify(nonce, URL, body.as_bytes()).unwrap_err();
    }
    // Digits moved from the nonce into a URL that a shop would rebuild from the request.
    verify("63841234567890123", &format!("4{URL}"), BODY.as_bytes()).unwrap();
}

#[test]
fn a_length_extension_forgery_is_refused_that_a_naive_verifier_accepts() {
    // The forger has one canceled callback and its signature, guesses the secret key's length, and
    // knows nothing else of it.
    let canceled = r#"{"PaymentSuccessful":false,"Success":true,"ResultCode":10201}"#;
    let signature = sign(SECRET, NONCE, URL, canceled.as_bytes());
    let signed_length = SECRET.len() + NONCE.len() + URL.len() + canceled.len();
    let glue = sha256::padding(signed_length);
    let mut forged = canceled.as_bytes().to_vec();
    forged.extend_from_slice(&glue);
    forged.extend_from_slice(BODY.as_bytes());
    let resumed = sha256::State::from_hex(&signature, signed_length + glue.len());
    let forged_signature = resumed.finish(BODY.as_bytes());

    // Hashing and comparing, which is all that the documentation asks for, accepts it ...
    assert_eq!(sign(SECRET, NONCE, URL, &forged), forged_signature);
    // ... and a parser that takes the last line, or the last member, reads a payment.
    let last_object = forged.len() - BODY.len();
    assert_eq!(&forged[last_object..], BODY.as_bytes());

    let error = client()
        .verify_callback(URL, &headers(NONCE, &forged_signature), &forged)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signature, "{error}");

    // The same with the first body hidden in the nonce or in the URL, for a shop that rebuilds it.
    let moved = client().verify_callback(URL, &headers(NONCE, &forged_signature), BODY.as_bytes());
    assert_eq!(moved.unwrap_err().kind(), ErrorKind::Signature);
    let nonce = format!("{NONCE}{URL}{canceled}");
    let moved = client().verify_callback(URL, &headers(&nonce, &forged_signature), BODY.as_bytes());
    assert_eq!(moved.unwrap_err().kind(), ErrorKind::Signature);
}

#[test]
fn the_small_sha256_of_these_tests_is_sha256() {
    for length in [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000] {
        let text = "x".repeat(length);
        assert_eq!(
            sha256::State::new().finish(text.as_bytes()),
            sign("", "", "", text.as_bytes()),
            "{length}"
        );
    }
}

#[test]
fn only_one_strict_json_object_is_read() {
    for body in [
        format!("{BODY} "),
        format!(" {BODY}"),
        format!("{BODY}{BODY}"),
        format!("{BODY}\n"),
        format!("[{BODY}]"),
        format!("\u{feff}{BODY}"),
        "{}{}".to_owned(),
        "null".to_owned(),
        BODY.replace("10200}", "10200,}"),
    ] {
        let signature = sign(SECRET, NONCE, URL, body.as_bytes());
        let error = client()
            .verify_callback(URL, &headers(NONCE, &signature), body.as_bytes())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature, "{body}: {error}");
    }
    let mut not_utf8 = BODY.as_bytes().to_vec();
    let at = not_utf8.len() - 30;
    not_utf8[at] = 0xff;
    let signature = sign(SECRET, NONCE, URL, &not_utf8);
    client()
        .verify_callback(URL, &headers(NONCE, &signature), &not_utf8)
        .unwrap_err();
    // Twice the same member: parsers disagree on which one counts.
    let twice = BODY.replace("\"ResultCode\"", "\"ResultCode\":10201,\"ResultCode\"");
    let signature = sign(SECRET, NONCE, URL, twice.as_bytes());
    let error = client()
        .verify_callback(URL, &headers(NONCE, &signature), twice.as_bytes())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[test]
fn a_body_beyond_64_kibibytes_is_not_even_hashed() {
    let verified = |blanks: usize| {
        let body = format!("{}{}", &BODY[..BODY.len() - 1], " ".repeat(blanks)) + "}";
        let signature = sign(SECRET, NONCE, URL, body.as_bytes());
        client().verify_callback(URL, &headers(NONCE, &signature), body.as_bytes())
    };
    let most = 65_536 - BODY.len();
    verified(most).unwrap();
    for blanks in [most + 1, 1 << 20] {
        let error = verified(blanks).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
        assert!(error.message().contains("65536"), "{error}");
    }
}

#[test]
fn an_answer_of_the_api_is_no_callback() {
    let url = "https://api.test.netgiro.is/v1/Checkout/CheckCart";
    refusal(url, BODY.as_bytes(), URL, BODY.as_bytes());
}

#[test]
fn a_refusal_says_how_the_url_differs() {
    for (signed, registered, said) in [
        (
            "http://shop.is/cb",
            "https://shop.is/cb",
            "signed for http instead of https",
        ),
        (
            "https://shop.is/cb?a=1",
            "http://shop.is/cb?a=1",
            "signed for https instead of http",
        ),
        (
            "https://shop.is/cb/?a=1",
            "https://shop.is/cb?a=1",
            "a path with a slash at its end",
        ),
        (
            "https://shop.is/cb",
            "https://shop.is/cb/",
            "a path without the slash at its end",
        ),
        (
            "https://shop.is/Cb",
            "https://Shop.is/Cb",
            "a host in lowercase",
        ),
        (
            "https://shop.is/cb",
            "https://shop.is/cb?order=1",
            "a URL without the query",
        ),
        (
            "https://shop.is/cb?a=ð b",
            "https://shop.is/cb?a=%C3%B0%20b",
            "percent-decoded",
        ),
        (
            "https://shop.is/cb",
            "https://shop.is:443/cb",
            "a host without the port",
        ),
        (
            "https://shop.is:443/cb",
            "https://shop.is/cb",
            "a host with the port",
        ),
        (
            "https://www.shop.is/cb",
            "https://shop.is/cb",
            "a host with www",
        ),
        (
            "http://shop.is/cb/",
            "https://shop.is/cb",
            "http instead of https, a path with a slash at its end",
        ),
    ] {
        let why = refusal(signed, BODY.as_bytes(), registered, BODY.as_bytes());
        assert!(why.contains("the URL differs"), "{why}");
        assert!(why.contains(said), "{why}");
        assert!(why.contains(signed), "{why}");
    }
}

#[test]
fn a_refusal_says_that_the_body_was_written_anew() {
    let python = r#"{"PaymentSuccessful": true, "PaymentInfo": {"TransactionId": "0f0e0d0c-0b0a-4908-8706-050403020100", "ReferenceNumber": "order-1", "StatusId": 2, "TotalAmount": 1000.0}, "Success": true, "Message": "Grei\u00f0sla m\u00f3ttekin", "ResultCode": 10200}"#;
    let javascript = BODY.replace("1000.00", "1000");
    let dotnet = BODY.replace('ð', "\\u00F0").replace('ó', "\\u00F3");
    for (sent, received) in [
        (BODY, python),
        (BODY, &*javascript),
        (&*dotnet, python),
        (&*dotnet, &*javascript),
        (BODY, &*format!("{BODY}\n")),
    ] {
        let why = refusal(URL, sent.as_bytes(), URL, received.as_bytes());
        assert!(
            why.contains("the body was re-serialised before verification"),
            "{why}"
        );
    }
    let mojibake: String = BODY.bytes().map(char::from).collect();
    let why = refusal(URL, BODY.as_bytes(), URL, mojibake.as_bytes());
    assert!(why.contains("Latin-1"), "{why}");
    let why = refusal(URL, BODY.as_bytes(), URL, b"");
    assert!(why.contains("the body is empty"), "{why}");
}

#[test]
fn a_refusal_says_what_is_wrong_with_the_secret_key() {
    let said = |configured: &str| {
        let client = Client::new(ClientOptions::new(APP_KEY, configured)).unwrap();
        let signature = sign(SECRET, NONCE, URL, BODY.as_bytes());
        let error = client
            .verify_callback(URL, &headers(NONCE, &signature), BODY.as_bytes())
            .unwrap_err();
        refused(&error, URL, BODY.as_bytes())
    };
    assert!(said(&format!("\"{SECRET}\"")).contains("quotes"));
    assert!(said(&SECRET.replace('/', "%2F").replace('=', "%3D")).contains("percent-encoded"));
    assert!(said(SECRET.trim_end_matches('=')).contains("the number of ="));
    // Of a key that would be another one without its encoding, nothing is claimed that does not verify.
    assert!(!said("another%2Fkey").contains("percent-encoded"));
    for other in ["another-secret-key", &SECRET[1..]] {
        let why = said(other);
        for likely in [
            "another URL",
            "the body is not as it was sent",
            "another secret key",
        ] {
            assert!(why.contains(likely), "{why}");
        }
    }
    // Someone signs a test callback with the decoded key, as the documentation can be read.
    let key = "c2VjcmV0LWtleQ==";
    let client = Client::new(ClientOptions::new(APP_KEY, key)).unwrap();
    let signature = sign("secret-key", NONCE, URL, BODY.as_bytes());
    let error = client
        .verify_callback(URL, &headers(NONCE, &signature), BODY.as_bytes())
        .unwrap_err();
    assert!(error.message().contains("base64-decoded"), "{error}");
}

#[test]
fn the_likely_causes_are_looked_for_in_small_callbacks_only() {
    for (size, is_found) in [(1_500, true), (2_500, false), (20_000, false)] {
        let padded = BODY.replace("móttekin", &"x".repeat(size));
        let why = refusal(
            &URL.replace("https", "http"),
            padded.as_bytes(),
            URL,
            padded.as_bytes(),
        );
        assert_eq!(why.contains("the URL differs"), is_found, "{why}");
        assert_eq!(why.contains("another URL"), !is_found, "{why}");
        assert_eq!(why.contains("is so large"), !is_found, "{why}");
    }
}

#[test]
fn the_likely_causes_are_looked_for_a_few_times_a_second() {
    let client = client();
    let signature = sign(
        SECRET,
        NONCE,
        &URL.replace("https", "http"),
        BODY.as_bytes(),
    );
    let told = || {
        let headers = headers(NONCE, &signature);
        let error = client.verify_callback(URL, &headers, BODY.as_bytes());
        refused(&error.unwrap_err(), URL, BODY.as_bytes())
    };
    assert!(told().contains("the URL differs"));
    // Some are looked into; then a flood is passed over, until there is time again.
    let passed_over = (0..100_000)
        .map(|_| told())
        .find(|why| why.contains("too many"));
    let why = passed_over.expect("a flood was looked into to its end");
    assert!(why.contains("another URL"), "{why}");
    // Those that verify are none of it.
    let good = sign(SECRET, NONCE, URL, BODY.as_bytes());
    client
        .verify_callback(URL, &headers(NONCE, &good), BODY.as_bytes())
        .unwrap();
    let elsewhere = refusal(
        &URL.replace("https", "http"),
        BODY.as_bytes(),
        URL,
        BODY.as_bytes(),
    );
    assert!(elsewhere.contains("the URL differs"), "{elsewhere}");
}

#[test]
fn a_secret_key_being_replaced_verifies_callbacks_and_signs_nothing() {
    let mut options = ClientOptions::new(APP_KEY, "the-new-secret-key");
    options.previous_secret_keys = vec![Secret::from("an-older-one"), Secret::from(SECRET)];
    let client = Client::new(options.clone()).unwrap();
    for key in ["the-new-secret-key", "an-older-one", SECRET] {
        let signature = sign(key, NONCE, URL, BODY.as_bytes());
        client
            .verify_callback(URL, &headers(NONCE, &signature), BODY.as_bytes())
            .unwrap();
    }
    let signature = sign("never-one-of-them", NONCE, URL, BODY.as_bytes());
    client
        .verify_callback(URL, &headers(NONCE, &signature), BODY.as_bytes())
        .unwrap_err();
    for (bad, named) in [
        ("", "previous_secret_keys[1]"),
        ("a b", "previous_secret_keys[1]"),
    ] {
        options.previous_secret_keys[1] = Secret::from(bad);
        let error = Client::new(options.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains(named), "{error}");
    }
}

#[test]
fn a_replay_is_refused_and_says_so() {
    let client = client();
    let guard = MemoryReplayGuard::default();
    let signature = sign(SECRET, NONCE, URL, BODY.as_bytes());
    let once = |signature: &str, body: &str| {
        client.verify_callback_once(&guard, URL, &headers(NONCE, signature), body.as_bytes())
    };
    // What is refused for another reason is not recorded, or a forger could use a callback up.
    once(&signature, &BODY.replace("1000.00", "1.00")).unwrap_err();
    client
        .verify_callback_once(
            &guard,
            "https://shop.is/other",
            &headers(NONCE, &signature),
            BODY.as_bytes(),
        )
        .unwrap_err();
    once(&signature, BODY).unwrap();
    // The same signature in capitals is the same signature.
    for again in [signature.clone(), signature.to_uppercase()] {
        let error = once(&again, BODY).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signature);
        assert!(error.message().contains("it is a replay"), "{error}");
    }
    let other = BODY.replace("order-1", "order-2");
    once(&sign(SECRET, NONCE, URL, other.as_bytes()), &other).unwrap();
    // Without a guard it verifies as before.
    client
        .verify_callback(URL, &headers(NONCE, &signature), BODY.as_bytes())
        .unwrap();
}

#[test]
fn paid_is_unknown_where_the_payment_must_be_named_and_is_not() {
    let mut options = ClientOptions::new(APP_KEY, SECRET);
    options.payment_info = PaymentInfoPolicy::Required;
    let strict = Client::new(options).unwrap();
    let unnamed = BODY.replace(r#""ReferenceNumber":"order-1","#, "");
    for (body, status) in [
        (BODY, CartStatus::Confirmed),
        (&unnamed, CartStatus::Unknown),
    ] {
        let headers = headers(NONCE, &sign(SECRET, NONCE, URL, body.as_bytes()));
        let callback = strict
            .verify_callback(URL, &headers, body.as_bytes())
            .unwrap();
        assert_eq!(callback.state.unwrap().status, status, "{body}");
    }
}

#[test]
fn a_callback_that_names_no_cart_is_not_recorded() {
    let guard = MemoryReplayGuard::default();
    let body = r#"{"Success":true,"ResultCode":10200}"#;
    let signature = sign(SECRET, NONCE, URL, body.as_bytes());
    for _ in 0..2 {
        let error = client()
            .verify_callback_once(&guard, URL, &headers(NONCE, &signature), body.as_bytes())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    }
}

#[test]
fn a_guard_that_cannot_tell_refuses_the_callback_with_its_own_error() {
    struct Down;
    impl ReplayGuard for Down {
        fn is_first(&self, _: &str, _: &str) -> Result<bool, Error> {
            Err(Error::new(ErrorKind::Server, "redis is down"))
        }
    }
    let signature = sign(SECRET, NONCE, URL, BODY.as_bytes());
    let error = client()
        .verify_callback_once(&Down, URL, &headers(NONCE, &signature), BODY.as_bytes())
        .unwrap_err();
    assert_eq!(error.message(), "redis is down");
}

#[test]
fn of_many_copies_at_once_one_is_first() {
    let guard = MemoryReplayGuard::default();
    let firsts = AtomicUsize::new(0);
    let client = client();
    let signature = sign(SECRET, NONCE, URL, BODY.as_bytes());
    let headers = headers(NONCE, &signature);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let seen = client.verify_callback_once(&guard, URL, &headers, BODY.as_bytes());
                    firsts.fetch_add(usize::from(seen.is_ok()), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(firsts.into_inner(), 1);
}

#[test]
fn a_guard_in_memory_forgets_the_oldest_first() {
    let guard = MemoryReplayGuard::new(2);
    let is_first = |signature| guard.is_first(NONCE, signature).unwrap();
    assert!(is_first("a") && is_first("b"));
    assert!(!is_first("a") && !is_first("b"));
    assert!(is_first("c"));
    assert!(is_first("a"), "forgotten");
    assert!(!is_first("c"));
    let at_least_one = MemoryReplayGuard::new(0);
    assert!(at_least_one.is_first(NONCE, "a").unwrap());
    assert!(!at_least_one.is_first(NONCE, "a").unwrap());
}
