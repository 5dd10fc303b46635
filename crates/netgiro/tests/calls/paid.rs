//! Whose "paid" is believed, and what a shop that wants every one compared can ask for.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::server::{self, Answer, Request, SECRET, server};
use jiff::Timestamp;
use netgiro::{
    Amount, BulkOptions, Cart, CartPoll, CartRef, CheckOutcome, CheckResult, CheckResults, Client,
    ClientOptions, ErrorKind, NewCart, PaymentInfoPolicy, RequestSent, ResponseVerification,
    WaitOptions,
};
use uuid::Uuid;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
const ANOTHER: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdf0);
/// As it was in 2019.
const PAID: &str =
    r#"{"PaymentSuccessful":true,"PaymentInfo":null,"Success":true,"ResultCode":10200}"#;

fn client(base_url: &str, payment_info: PaymentInfoPolicy) -> Client {
    let mut options = ClientOptions::new(APP_KEY, SECRET);
    options.base_url = Some(base_url.to_owned());
    options.payment_info = payment_info;
    options.response_verification = ResponseVerification::Required;
    Client::new(options).unwrap()
}

fn cart(id: Uuid, reference: &str) -> Cart {
    Cart {
        transaction_id: id,
        reference: reference.to_owned(),
        amount: Amount::new(4990).unwrap(),
        check_interval: None,
        message: None,
        reference_id: None,
    }
}

fn named(id: Uuid, reference: &str) -> String {
    format!(
        r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"{id}","ReferenceNumber":"{reference}","StatusId":2,"TotalAmount":4990.00}},"Success":true,"ResultCode":10200}}"#
    )
}

fn count(requests: &Receiver<Request>) -> usize {
    requests.try_iter().count()
}

#[tokio::test]
async fn a_repeated_paid_that_names_no_cart_is_refused_by_who_has_seen_it_and_by_who_requires_more()
{
    let (base, _requests) = server(vec![Answer::Signed(PAID.into())]);
    let (one, other) = (cart(ID, "order-1"), cart(ANOTHER, "order-2"));
    let first = client(&base, PaymentInfoPolicy::IfPresent);
    assert!(first.check_cart(&one).await.unwrap().is_paid());
    let error = first.check_cart(&other).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signature, "{error}");
    // Another process has not seen it: this is what SECURITY.md says is not protected.
    let second = client(&base, PaymentInfoPolicy::IfPresent);
    assert!(second.check_cart(&other).await.unwrap().is_paid());
    let strict = client(&base, PaymentInfoPolicy::Required);
    for cart in [&one, &other] {
        let error = strict.check_cart(cart).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    }
}

#[tokio::test]
async fn a_repeated_paid_that_names_its_cart_is_refused_by_everyone() {
    let without_id = named(ID, "order-1").replace(&format!(r#""TransactionId":"{ID}","#), "");
    for (body, kind) in [
        (named(ID, "order-1"), ErrorKind::Protocol),
        (without_id, ErrorKind::Mismatch),
    ] {
        let (base, _requests) = server(vec![Answer::Signed(body.into())]);
        for policy in PaymentInfoPolicy::ALL {
            let fresh = client(&base, *policy);
            let error = fresh
                .check_cart(&cart(ANOTHER, "order-2"))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), kind, "{policy:?}: {error}");
            let fresh = client(&base, *policy);
            assert!(
                fresh
                    .check_cart(&cart(ID, "order-1"))
                    .await
                    .unwrap()
                    .is_paid()
            );
        }
    }
}

#[tokio::test]
async fn bulk_calls_and_waits_read_a_paid_answer_likewise() {
    let (base, _requests) = server(vec![Answer::Signed(PAID.into())]);
    let strict = client(&base, PaymentInfoPolicy::Required);
    let once = BulkOptions {
        retry_for: std::time::Duration::ZERO,
        ..BulkOptions::default()
    };
    let carts = vec![CartRef::from(&cart(ID, "order-1")), CartRef::from(ANOTHER)];
    let results = strict.check_many(carts, once).unwrap().finish().await;
    assert_eq!(results.len(), 2);
    for at in 0..2 {
        let result = results.get(at).unwrap();
        assert_eq!(result.outcome.unwrap_err().kind(), ErrorKind::Protocol);
    }
    let at_once = WaitOptions {
        timeout: std::time::Duration::ZERO,
        policy: None,
    };
    let error = strict
        .wait_for_cart(&cart(ID, "order-1"), at_once)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{error}");
    assert_eq!(error.cause().unwrap().kind(), ErrorKind::Protocol);
    let poll = CartPoll::new(&cart(ID, "order-1"), at_once, Timestamp::now());
    let error = strict.poll_step(&poll).await.unwrap_err();
    assert_eq!(error.cause().unwrap().kind(), ErrorKind::Protocol);
}

/// A poll that a client without requirements brought to its end.
async fn ended(body: &str) -> CartPoll {
    let (base, _requests) = server(vec![Answer::Signed(body.into())]);
    let lenient = client(&base, PaymentInfoPolicy::IfPresent);
    let poll = CartPoll::new(
        &cart(ID, "order-1"),
        WaitOptions::default(),
        Timestamp::now(),
    );
    let poll = lenient.poll_step(&poll).await.unwrap();
    assert!(poll.is_done());
    CartPoll::from_json(&poll.to_json()).unwrap()
}

#[tokio::test]
async fn what_was_kept_is_taken_up_under_the_same_rule() {
    let (base, requests) = server(vec![Answer::Signed(named(ID, "order-1").into())]);
    let strict = client(&base, PaymentInfoPolicy::Required);
    let lenient = client(&base, PaymentInfoPolicy::IfPresent);
    let whole = ended(&named(ID, "order-1")).await;
    let nameless = ended(PAID).await;
    for (client, poll) in [(&strict, &whole), (&lenient, &nameless), (&lenient, &whole)] {
        assert_eq!(client.poll_step(poll).await.unwrap(), *poll);
        let state = client
            .wait_for_cart(poll, WaitOptions::default())
            .await
            .unwrap();
        assert!(state.is_paid());
    }
    let refused = [
        strict.poll_step(&nameless).await.map(drop),
        strict
            .wait_for_cart(&nameless, WaitOptions::default())
            .await
            .map(drop),
        strict
            .settle_cart(&nameless, WaitOptions::default())
            .await
            .map(drop),
    ];
    for error in refused.map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
    let mut waiting = strict
        .wait_many(
            vec![CartRef::from(&nameless)],
            WaitOptions::default(),
            BulkOptions::default(),
        )
        .unwrap();
    let result = waiting.next().await.unwrap();
    assert_eq!(
        result.outcome.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    assert_eq!(count(&requests), 0, "nothing was sent");

    // A saved result that lacks it is not known: it is asked about again.
    let mut earlier = CheckResults::default();
    earlier.push(&CheckResult {
        transaction_id: ID,
        outcome: Ok(nameless.state().unwrap().clone()),
    });
    let earlier = Arc::new(earlier);
    for (client, asked) in [(&lenient, 0), (&strict, 1)] {
        let resume = BulkOptions {
            resume: Some(Arc::clone(&earlier)),
            ..BulkOptions::default()
        };
        let results = client.check_many(vec![CartRef::from(ID)], resume).unwrap();
        let results = results.finish().await;
        assert!(results.get(0).unwrap().outcome.as_ref().unwrap().is_paid());
        assert_eq!(count(&requests), asked);
    }
}

#[test]
fn amounts_that_were_kept_are_exact() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let token = runtime.block_on(ended(&named(ID, "order-1"))).to_json();
    assert!(token.contains(r#""total_amount":"4990.00""#), "{token}");
    for digits in [
        "4990.000000000000000000000000000001",
        "4990.000000000000000000000000000001e0",
        "4989.999999999999999999999999999999",
    ] {
        let token = token.replace("4990.00", digits);
        let error = CartPoll::from_json(&token).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
}

#[tokio::test]
async fn a_cart_with_control_characters_in_its_reference_is_asked_about_nowhere() {
    let (base, requests) = server(vec![Answer::Signed(PAID.into())]);
    let client = client(&base, PaymentInfoPolicy::IfPresent);
    for character in ['\n', '\0', '\u{7f}', '\u{85}', '\u{2028}'] {
        let cart = cart(ID, &format!("order{character}1"));
        let poll = CartPoll::new(&cart, WaitOptions::default(), Timestamp::now());
        let new = NewCart::new(
            cart.amount,
            cart.reference.clone(),
            "8223281".parse().unwrap(),
        );
        let refused = [
            client.insert_cart(&new).await.map(drop),
            client.check_cart(&cart).await.map(drop),
            client.cancel_cart(&cart).await.map(drop),
            client.confirm_cart(&cart, None).await.map(drop),
            client
                .wait_for_cart(&cart, WaitOptions::default())
                .await
                .map(drop),
            client
                .settle_cart(&cart, WaitOptions::default())
                .await
                .map(drop),
            client.poll_step(&poll).await.map(drop),
        ];
        for error in refused.map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
            assert_eq!(error.request_sent(), RequestSent::No);
            assert!(!error.message().contains(character), "{error:?}");
        }
        let results = client
            .check_many(vec![CartRef::from(&cart)], BulkOptions::default())
            .unwrap()
            .finish()
            .await;
        let error = results.get(0).unwrap().outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
    assert_eq!(count(&requests), 0);
    // A poll that is not asked about any more needs no reference.
    let done = ended(PAID).await;
    let again = done.answered(
        CheckOutcome::Status(netgiro::CartStatus::Pending),
        Timestamp::now(),
        Timestamp::now(),
        0.0,
    );
    assert_eq!(again.unwrap(), done);
}

#[tokio::test]
async fn a_cancel_whose_check_cannot_be_sent_did_send_something() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        server::read(&mut stream).unwrap();
        // Nobody listens any more when the answer comes.
        drop(listener);
        let body = br#"{"Success":false,"ResultCode":10200}"#;
        server::respond(&mut stream, 200, "Connection: close\r\n", body);
    });
    let mut options = ClientOptions::new(APP_KEY, SECRET);
    options.base_url = Some(base);
    let error = Client::new(options)
        .unwrap()
        .cancel_cart(ID)
        .await
        .unwrap_err();
    tokio::task::spawn_blocking(move || served.join().unwrap())
        .await
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert_eq!(error.cause().unwrap().kind(), ErrorKind::Connect);
    assert_eq!(error.request_sent(), RequestSent::Yes);
    assert!(error.retryable());
}
