//! What must hold whatever comes in. Each law is given an input and stops at what breaks it; the property
//! tests make inputs up, the fuzzer evolves them.
#![allow(
    dead_code,
    clippy::struct_field_names,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a law stops where it is broken, and not every user of this file has all of them"
)]

pub mod v2;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use netgiro::{
    ApiVersion, CartPoll, CartState, CartStatus, CheckOutcome, Client, ClientOptions, Error,
    ErrorKind, PollPolicy, RequestSent, WaitOptions, sign,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

pub const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
pub const SECRET: &str = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=";
pub const NONCE: &str = "638412345678901234";
pub const URL: &str = "https://shop.is/netgiro/callback?order=17&t=a%20b";
pub const ID: Uuid = Uuid::from_u128(0x0f0e_0d0c_0b0a_4908_8706_0504_0302_0100);

/// An error is a sentence: not a page, and nothing secret.
fn is_sound_error(error: &Error) {
    let shown = format!("{error} {error:?}");
    assert!(shown.len() < 8000, "{shown}");
    assert!(!shown.contains(&SECRET[..16]), "{shown}");
}

// ---- answers -----------------------------------------------------------------------------------

/// The calls that ask where a cart stands.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    Check,
    Cancel,
    Confirm,
}

/// A server that answers every request with whatever is set.
struct Answers {
    base_url: String,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl Answers {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(Vec::new()));
        let given = Arc::clone(&answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let given = Arc::clone(&given);
                thread::spawn(move || serve(&mut stream.unwrap(), &given));
            }
        });
        Self { base_url, answer }
    }

    fn set(&self, status: u16, body: &[u8]) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} So\r\nContent-Length: {length}\r\n\r\n");
        *self.answer.lock().unwrap() = [head.as_bytes(), body].concat();
    }
}

/// A client and the server that answers it.
pub struct Api {
    runtime: tokio::runtime::Runtime,
    client: Client,
    answers: Answers,
}

impl Api {
    pub fn start() -> Self {
        let answers = Answers::start();
        let mut options = ClientOptions::new(APP_KEY, SECRET);
        options.base_url = Some(answers.base_url.clone());
        options.timeout = Duration::from_secs(5);
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            client: Client::new(options).unwrap(),
            answers,
        }
    }

    /// A state is what the body says, about the cart that was asked for, and "paid" takes all of it.
    pub fn answer_is_read_soundly(&self, call: Call, body: &[u8]) {
        self.answers.set(200, body);
        let outcome = self.runtime.block_on(async {
            match call {
                Call::Check => self.client.check_cart(ID).await,
                Call::Cancel => self.client.cancel_cart(ID).await,
                Call::Confirm => self.client.confirm_cart(ID, None).await,
            }
        });
        match outcome {
            Err(error) => {
                is_sound_error(&error);
                assert_eq!(error.request_sent(), RequestSent::Yes, "{error}");
                assert!(
                    matches!(
                        error.kind(),
                        ErrorKind::Api | ErrorKind::Server | ErrorKind::Protocol
                    ),
                    "{error}"
                );
            }
            Ok(state) => {
                assert_eq!(state.transaction_id, ID);
                is_said(&state, body, call);
            }
        }
    }
}

fn serve(stream: &mut TcpStream, answer: &Mutex<Vec<u8>>) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        // Requests end with their JSON, the only braces in them, or have none.
        let is_whole = |request: &[u8]| {
            request.ends_with(b"}")
                || (request.starts_with(b"GET ") && request.ends_with(b"\r\n\r\n"))
        };
        while !is_whole(&request) {
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return,
                Ok(n) => request.extend_from_slice(&chunk[..n]),
            }
        }
        request.clear();
        let answer = answer.lock().unwrap().clone();
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The members of an object, read another way than the client does: what nobody reads may hold anything.
struct Members<'a>(HashMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    fn of(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// The cart that PaymentInfo names.
    fn cart(&self) -> Option<Uuid> {
        let info = Members::of(self.0.get("PaymentInfo")?.get())?;
        info.get("TransactionId")
    }
}

/// Reads the body again, and compares.
fn is_said(state: &CartState, body: &[u8], call: Call) {
    let text = std::str::from_utf8(body).unwrap();
    let told = Members::of(text).unwrap();
    let code: Option<i64> = told.get("ResultCode");
    let paid: Option<bool> = told.get("PaymentSuccessful");
    assert_eq!(state.result_code, code);
    assert_eq!(state.status, CartStatus::of_code(code.unwrap()));
    assert_eq!(state.is_paid(), matches!(code, Some(10200 | 10203)));
    match call {
        _ if !state.is_paid() => {
            assert!(
                paid != Some(true) || state.status == CartStatus::Unknown,
                "{text}"
            );
        }
        Call::Cancel => assert_ne!(paid, Some(false), "{text}"),
        Call::Check | Call::Confirm => {
            assert_eq!(paid, Some(true), "{text}");
            assert_eq!(told.get("Success"), Some(true), "{text}");
        }
    }
    if let Some(id) = told.cart() {
        assert_eq!(id, ID, "{text}");
    }
}

// ---- callbacks ---------------------------------------------------------------------------------

fn shop() -> Client {
    Client::new(ClientOptions::new(APP_KEY, SECRET)).unwrap()
}

/// A body that the server did sign is read soundly.
pub fn signed_callback_is_read_soundly(body: &[u8]) {
    let signature = sign(SECRET, NONCE, URL, body);
    match shop().verify_callback(URL, &signing_headers(NONCE, &signature), body) {
        Err(error) => {
            is_sound_error(&error);
            assert!(
                matches!(error.kind(), ErrorKind::Signature | ErrorKind::Protocol),
                "{error}"
            );
        }
        Ok(callback) => {
            let told = Members::of(std::str::from_utf8(body).unwrap()).unwrap();
            assert_eq!(body.first(), Some(&b'{'));
            assert_eq!(body.last(), Some(&b'}'));
            assert_eq!(told.cart(), Some(callback.transaction_id));
            let state = callback.state.unwrap();
            assert_eq!(state.transaction_id, callback.transaction_id);
            if state.is_paid() {
                let code: Option<i64> = told.get("ResultCode");
                assert_eq!(told.get("PaymentSuccessful"), Some(true));
                assert_eq!(told.get("Success"), Some(true));
                assert!(matches!(code, Some(10200 | 10203)));
            }
        }
    }
}

/// A callback that is not, to the last byte, the one that was signed is refused, with a sentence that is
/// of no use to a forger.
pub fn changed_callback_is_refused(
    signed: (&str, &str, &[u8]),
    arrived: (&str, &str, &[u8]),
    signature: &str,
) {
    let (nonce, url, body) = arrived;
    let is_same_text = [nonce.as_bytes(), url.as_bytes(), body].concat()
        == [signed.0.as_bytes(), signed.1.as_bytes(), signed.2].concat();
    let outcome = shop().verify_callback(url, &signing_headers(nonce, signature), body);
    match outcome {
        Ok(_) => {
            // The hash cannot tell the boundaries. The URL is the shop's own, and what is left of the text
            // must be a nonce and an object.
            assert!(is_same_text, "accepted: {arrived:?}");
            assert!(signature.eq_ignore_ascii_case(&sign(SECRET, signed.0, signed.1, signed.2)));
        }
        Err(error) => {
            is_sound_error(&error);
            let expected = sign(SECRET, nonce, url, body);
            assert!(
                is_same_text || !format!("{error:?}").contains(&expected),
                "{error}"
            );
        }
    }
}

/// Of each signing header there must be one, under whatever spelling; all others do not matter.
pub fn headers_are_read_strictly(others: &[(String, String)], at: usize) {
    let body = format!(
        r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"{ID}","StatusId":2}},"Success":true,"ResultCode":10200}}"#
    );
    let signature = sign(SECRET, NONCE, URL, body.as_bytes());
    let mut headers = others.to_vec();
    let at = at.min(headers.len());
    headers.splice(at..at, signing_headers(NONCE, &signature));
    let is_signing = |name: &str| {
        let name = name.to_lowercase().replace('-', "_");
        let name = name.strip_prefix("http_").unwrap_or(&name);
        name == "netgiro_nonce" || name == "netgiro_signature"
    };
    let doubled = others.iter().any(|(name, _)| is_signing(name));
    let outcome = shop().verify_callback(URL, &headers, body.as_bytes());
    match outcome {
        Ok(callback) => assert!(!doubled && callback.state.unwrap().is_paid()),
        Err(error) => {
            is_sound_error(&error);
            assert!(doubled, "{error}");
            assert_eq!(error.kind(), ErrorKind::Signature);
        }
    }
    // And without the right ones nothing is accepted.
    shop()
        .verify_callback(URL, others, body.as_bytes())
        .unwrap_err();
}

pub fn signing_headers(nonce: &str, signature: &str) -> Vec<(String, String)> {
    vec![
        ("Netgiro-Nonce".to_owned(), nonce.to_owned()),
        ("netgiro_signature".to_owned(), signature.to_owned()),
    ]
}

// ---- polls -------------------------------------------------------------------------------------

/// A text is refused, or is a poll that behaves like one.
pub fn token_is_sound(text: &str) {
    let poll = match CartPoll::from_json(text) {
        Err(error) => {
            is_sound_error(&error);
            return assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        }
        Ok(poll) => poll,
    };
    assert_eq!(CartPoll::from_json(&poll.to_json()).unwrap(), poll);
    if let Some(state) = poll.state() {
        assert_eq!(state.transaction_id, poll.transaction_id());
        can_have_been_answered(state, text);
    }
    assert!(
        !poll.is_done() || poll.state().is_some_and(|state| !state.status.is_waiting()),
        "done with {:?}",
        poll.state()
    );
    let now = poll.next_check_at();
    assert_eq!(poll.is_due(now), !poll.is_done());
    for seen in [
        CheckOutcome::Status(CartStatus::Pending),
        CheckOutcome::Status(CartStatus::NotFound),
        CheckOutcome::Error(Error::new(ErrorKind::RateLimited, "busy").with_http_status(503)),
    ] {
        if let Ok(next) = poll.answered(seen, now, now, 1.0) {
            assert!(next.next_check_at() >= now || next.is_done());
            assert_eq!(CartPoll::from_json(&next.to_json()).unwrap(), next);
        }
    }
}

/// What a token says of a cart is what an answer about that cart can have said.
fn can_have_been_answered(state: &CartState, text: &str) {
    let payment = state.payment.as_deref();
    let is_of_another = |id| id != state.transaction_id;
    assert!(!payment.is_some_and(|payment| payment.transaction_id.is_some_and(is_of_another)));
    if state.api == ApiVersion::V2 {
        let has_members_of_v1 = state.result_code.is_some() || payment.is_some();
        return assert!(!has_members_of_v1 && state.payment_successful.is_none());
    }
    if state.status == CartStatus::Unknown {
        return;
    }
    match state.result_code {
        Some(code) => assert_eq!(state.status, CartStatus::of_code(code), "{text}"),
        None => assert!(!state.is_final(), "{text}"),
    }
    assert_eq!(
        state.payment_successful == Some(true),
        state.is_paid(),
        "{text}"
    );
    if state.is_final() {
        let status_id = payment.and_then(|payment| payment.status_id);
        assert!(
            status_id.is_none_or(|id| (id == 2) == state.is_paid()),
            "{text}"
        );
    }
    // What the poll knows of the order, read another way than the core does.
    let told = Members::of(text).unwrap();
    let (amount, reference) = (told.get::<i64>("amount"), told.get::<String>("reference"));
    if let (Some(known), Some(paid)) = (amount, payment.and_then(|payment| payment.total_amount)) {
        assert_eq!(paid.normalize().to_string(), known.to_string(), "{text}");
    }
    if let (Some(known), Some(paid)) = (
        reference,
        payment.and_then(|payment| payment.reference_number.clone()),
    ) {
        assert_eq!(paid, known, "{text}");
    }
}

/// How a poll is made.
#[derive(Clone, Copy, Debug)]
pub struct Beginning {
    pub min_ms: u32,
    pub default_ms: u32,
    pub max_ms: u32,
    pub timeout_ms: u32,
}

/// One check of a poll: how late it was sent, how long the answer took (a clock may be set back), the
/// jitter, and what was seen.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub late_ms: u32,
    pub took_ms: i32,
    pub jitter: f64,
    pub seen: u8,
    pub retry_after_s: Option<u32>,
}

impl Step {
    fn seen(self) -> CheckOutcome {
        let statuses = CartStatus::ALL;
        let kinds = ErrorKind::ALL;
        let at = usize::from(self.seen) % (statuses.len() + kinds.len() + 1);
        if let Some(status) = statuses.get(at) {
            return CheckOutcome::Status(*status);
        }
        let retry_after = self
            .retry_after_s
            .map(|seconds| Duration::from_secs(seconds.into()));
        let error = match kinds.get(at - statuses.len()) {
            Some(kind) => Error::new(*kind, "so"),
            None => Error::new(ErrorKind::Server, "busy").with_http_status(503),
        };
        CheckOutcome::Error(error.with_retry_after(retry_after))
    }
}

/// Time never goes back, polling is never hot, what is final stays, and the deadline gets its check.
pub fn poll_is_sound(beginning: Beginning, steps: &[Step]) {
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let (min, max) = (
        beginning.min_ms.max(1),
        beginning.max_ms.max(beginning.min_ms.max(1)),
    );
    let policy = PollPolicy::new(
        millis(min),
        millis(beginning.default_ms.max(1)),
        millis(max),
    )
    .unwrap();
    let options = WaitOptions {
        timeout: millis(beginning.timeout_ms),
        policy: Some(policy),
    };
    let start = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
    let mut poll = CartPoll::new(ID, options, start);
    assert_eq!(
        poll.next_check_at(),
        start,
        "the first check is made at once"
    );
    let mut latest = start;
    let mut was_open = false;
    let mut seen_before = Vec::new();
    for step in steps {
        let sent_at = poll.next_check_at() + SignedDuration::from_millis(step.late_ms.into());
        assert!(poll.is_due(sent_at));
        let now = sent_at + SignedDuration::from_millis(step.took_ms.into());
        latest = latest.max(now);
        let (next, ended) = match poll.answered(step.seen(), sent_at, now, step.jitter) {
            Ok(next) => (next, false),
            Err(error) if error.kind() == ErrorKind::WaitTimeout && error.poll().is_some() => {
                assert!(sent_at >= poll.deadline(), "the deadline got no check");
                (error.poll().unwrap().clone(), true)
            }
            Err(_) => return,
        };
        assert_eq!(next.deadline(), poll.deadline());
        assert_eq!(CartPoll::from_json(&next.to_json()).unwrap(), next);
        let checked =
            matches!(step.seen(), CheckOutcome::Status(_)).then(|| next.state().unwrap().status);
        was_open |= matches!(
            checked,
            Some(
                CartStatus::Pending
                    | CartStatus::AwaitingCallback
                    | CartStatus::Reserved
                    | CartStatus::NeedsCode
            )
        );
        if next.is_done() {
            let is_early = sent_at.duration_since(start) < SignedDuration::from_secs(15);
            match next.state().unwrap().status {
                CartStatus::NotFound => assert!(!is_early && !was_open),
                CartStatus::Canceled if is_early => assert!(
                    seen_before.iter().any(|&(status, at)| {
                        status == CartStatus::Canceled
                            && sent_at.duration_since(at).as_millis() >= i128::from(min)
                    }),
                    "canceled, seen once, is believed early"
                ),
                _ => {}
            }
            return is_absorbed(&next, steps);
        }
        seen_before.extend(checked.map(|status| (status, sent_at)));
        let wait = next.next_check_at().duration_since(latest).as_millis();
        let at_deadline = !ended && next.next_check_at() == next.deadline().max(latest);
        assert!(
            wait >= i128::from(min) || at_deadline,
            "hot: {wait} ms after {step:?}, at least {min}"
        );
        assert!(
            ended
                || sent_at >= poll.deadline()
                || next.next_check_at() <= next.deadline().max(latest),
            "past the deadline without a check"
        );
        poll = next;
        if ended {
            return;
        }
    }
}

fn is_absorbed(poll: &CartPoll, steps: &[Step]) {
    let far = poll.deadline() + SignedDuration::from_hours(24);
    assert!(!poll.is_due(far));
    for step in steps {
        let again = poll.answered(step.seen(), far, far, step.jitter).unwrap();
        assert_eq!(&again, poll);
    }
}
