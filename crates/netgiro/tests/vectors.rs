//! Every file of `tests/vectors`, run through the public API; its README says how to read them.
//!
//! Whatever needs a server talks to one on loopback that hands out the vector's answer and keeps what it was sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and the vectors have passed their schema"
)]

mod server;

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::{
    Amount, AmountInput, BulkOptions, Callback, Cart, CartItem, CartPoll, CartRef, CartState,
    CartStatus, CheckOutcome, Client, ClientOptions, CustomerId, Error, ErrorKind, NewCart,
    PaymentInfo, PaymentInfoPolicy, PollPolicy, WaitOptions, backoff, milliseconds, sign, waiting,
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";

// ---- the files ---------------------------------------------------------------------------------

fn vectors(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors")
        .join(file);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("not a list: {value}"))
}

fn maybe_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn instant(value: &Value) -> Timestamp {
    Timestamp::from_millisecond(value.as_i64().unwrap()).unwrap()
}

/// What the cases of one file disagreed on: all of it is reported, not the first only.
#[derive(Default)]
struct Findings {
    cases: usize,
    wrong: Vec<String>,
}

impl Findings {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "most of them are made for it"
    )]
    fn same<T: PartialEq + Debug>(&mut self, case: &str, what: &str, found: T, expected: T) {
        if found != expected {
            self.wrong.push(format!(
                "{case}: {what}\n       is {found:?}\n  expected {expected:?}"
            ));
        }
    }

    fn finish(self) {
        assert!(self.cases > 0, "no case was run");
        assert!(
            self.wrong.is_empty(),
            "{} disagreements in {} cases:\n{}",
            self.wrong.len(),
            self.cases,
            self.wrong.join("\n")
        );
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for digit in text.bytes().filter(|&digit| digit != b'=') {
        let value = ALPHABET.iter().position(|&known| known == digit).unwrap();
        bits = (bits << 6) | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    bytes
}

fn body_of(case: &Value) -> Vec<u8> {
    match &case["body_base64"] {
        Value::String(encoded) => from_base64(encoded),
        _ => text(&case["body"]).as_bytes().to_vec(),
    }
}

// ---- the server --------------------------------------------------------------------------------

#[derive(Clone, Debug, Default)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
        }
    }
}

#[derive(Default)]
struct Exchange {
    answer: Answer,
    /// What CheckCart gets instead.
    then: Option<Answer>,
    requests: Vec<server::Request>,
}

/// Answers every request alike, one connection each.
struct Server {
    base_url: String,
    exchange: Arc<Mutex<Exchange>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1/", listener.local_addr().unwrap());
        let exchange = Arc::new(Mutex::new(Exchange::default()));
        let shared = Arc::clone(&exchange);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &shared);
            }
        });
        Self { base_url, exchange }
    }

    fn url(&self, endpoint: &str) -> String {
        format!("{}Checkout/{endpoint}", self.base_url)
    }

    fn answers(&self, answer: Answer, then: Option<Answer>) {
        *self.exchange.lock().unwrap() = Exchange {
            answer,
            then,
            requests: Vec::new(),
        };
    }

    fn requests(&self) -> Vec<server::Request> {
        self.exchange.lock().unwrap().requests.clone()
    }

    fn options(&self, secret_key: &str) -> ClientOptions {
        let mut options = ClientOptions::new(APP_KEY, secret_key);
        options.base_url = Some(self.base_url.clone());
        options
    }
}

fn serve(mut stream: TcpStream, exchange: &Mutex<Exchange>) {
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let Some(request) = server::read(&mut stream) else {
        return;
    };
    let is_check = request.path.ends_with("/CheckCart");
    let answer = {
        let mut exchange = exchange.lock().unwrap();
        exchange.requests.push(request);
        exchange
            .then
            .clone()
            .filter(|_| is_check)
            .unwrap_or_else(|| exchange.answer.clone())
    };
    let mut headers =
        "Connection: close\r\nContent-Type: application/json; charset=utf-8\r\n".to_owned();
    for (name, value) in &answer.headers {
        write!(headers, "{name}: {value}\r\n").unwrap();
    }
    server::respond(&mut stream, answer.status, &headers, &answer.body);
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

// ---- arguments ---------------------------------------------------------------------------------

/// A value as a caller would give it for an amount.
fn amount(argument: &str, value: &Value) -> Result<Amount, Error> {
    let marked = |kind: &str| value["kind"] == kind;
    let given = match value {
        Value::Number(number) => AmountInput::Integer(number.as_i64().unwrap().into()),
        _ if marked("integer") => AmountInput::Integer(text(&value["text"]).parse().unwrap()),
        _ if marked("float") => AmountInput::Number(text(&value["text"]).parse().unwrap()),
        Value::String(text) => AmountInput::Text(text),
        _ if marked("string") => AmountInput::Text(text(&value["text"])),
        _ if marked("decimal") => AmountInput::Decimal(text(&value["text"])),
        _ => AmountInput::Other(text(&value["text"])),
    };
    Amount::parse(argument, given)
}

fn item(value: &Value) -> Result<CartItem, Error> {
    let quantity = match &value["quantity"] {
        Value::Null => "1".to_owned(),
        Value::String(quantity) => quantity.clone(),
        number => number.to_string(),
    };
    let total = match &value["amount"] {
        Value::Null => None,
        given => Some(amount("amount", given)?),
    };
    let mut item = CartItem::new(
        text(&value["name"]),
        amount("unit_price", &value["unit_price"])?,
        &quantity,
        total,
    )?;
    item.product_no = maybe_text(&value["product_no"]);
    item.description = maybe_text(&value["description"]);
    Ok(item)
}

fn new_cart(arguments: &Value) -> Result<NewCart, Error> {
    let mut cart = NewCart::new(
        amount("amount", &arguments["amount"])?,
        text(&arguments["reference"]),
        text(&arguments["customer_id"]).parse()?,
    );
    if let Some(word) = arguments["confirmation_type"].as_str() {
        cart.confirmation_type = word.parse()?;
    }
    cart.callback_url = maybe_text(&arguments["callback_url"]);
    cart.callback_cancel_url = maybe_text(&arguments["callback_cancel_url"]);
    cart.description = maybe_text(&arguments["description"]);
    cart.location_id = maybe_text(&arguments["location_id"]);
    cart.register_id = maybe_text(&arguments["register_id"]);
    for value in arguments["items"].as_array().into_iter().flatten() {
        cart.items.push(item(value)?);
    }
    Ok(cart)
}

fn duration(argument: &str, value: &Value) -> Result<Duration, Error> {
    let given = match value {
        Value::Number(number) => number.as_f64().unwrap(),
        marked => text(&marked["text"]).parse().unwrap(),
    };
    milliseconds(argument, given)
}

fn policy(value: &Value) -> Result<Option<PollPolicy>, Error> {
    if value.is_null() {
        return Ok(None);
    }
    let interval = |name: &str| duration(name, &value[format!("{name}_ms")]);
    PollPolicy::new(
        interval("min_interval")?,
        interval("default_interval")?,
        interval("max_interval")?,
    )
    .map(Some)
}

/// What a call gave: a cart or a state.
#[derive(Debug)]
enum Outcome {
    Cart(Cart),
    State(CartState),
}

async fn call(
    client: &Client,
    endpoint: &str,
    arguments: &Value,
    known: Option<&Value>,
) -> Result<Outcome, Error> {
    if endpoint == "InsertCart" {
        return client
            .insert_cart(&new_cart(arguments)?)
            .await
            .map(Outcome::Cart);
    }
    let mut cart: CartRef = text(&arguments["transaction_id"]).parse()?;
    if let Some(known) = known {
        cart = CartRef::from(&Cart {
            transaction_id: cart.transaction_id(),
            reference: text(&known["reference"]).to_owned(),
            amount: amount("amount", &known["amount"])?,
            check_interval: None,
            message: None,
            reference_id: None,
        });
    }
    let identifier = arguments["identifier"].as_str();
    match endpoint {
        "CheckCart" => client.check_cart(cart).await,
        "CancelCart" => client.cancel_cart(cart).await,
        "ConfirmCart" => client.confirm_cart(cart, identifier).await,
        other => panic!("no such endpoint: {other}"),
    }
    .map(Outcome::State)
}

// ---- results, as the vectors write them --------------------------------------------------------

fn payment_json(payment: &PaymentInfo) -> Value {
    let decimal = |amount: Option<Decimal>| amount.map(|amount| amount.to_string());
    json!({
        "transaction_id": payment.transaction_id,
        "invoice_number": payment.invoice_number,
        "reference_number": payment.reference_number,
        "status_id": payment.status_id,
        "created": payment.created.map(Timestamp::as_millisecond),
        "total_amount": decimal(payment.total_amount),
        "discount_amount": decimal(payment.discount_amount),
        "shipping_amount": decimal(payment.shipping_amount),
        "handling_amount": decimal(payment.handling_amount),
        "account_number": payment.account_number,
        "number_of_installments": payment.number_of_installments,
        "client_identity_confirmed": payment.client_identity_confirmed,
        "location_id": payment.location_id,
        "register_id": payment.register_id,
    })
}

fn state_json(state: &CartState) -> Value {
    json!({
        "transaction_id": state.transaction_id,
        "status": state.status.as_str(),
        "result_code": state.result_code,
        "payment_successful": state.payment_successful,
        "message": state.message,
        "payment": state.payment.as_deref().map(payment_json),
        "reference_id": state.reference_id,
        "is_final": state.is_final(),
        "is_paid": state.is_paid(),
    })
}

fn cart_json(cart: &Cart) -> Value {
    json!({
        "transaction_id": cart.transaction_id,
        "reference": cart.reference,
        "amount": cart.amount.kronur(),
        "check_interval_ms": cart.check_interval.map(whole_milliseconds),
        "message": cart.message,
        "reference_id": cart.reference_id,
    })
}

fn error_json(error: &Error) -> Map<String, Value> {
    let members = json!({
        "code": error.kind().code(),
        "result_code": error.result_code(),
        "http_status": error.http_status(),
        "request_sent": error.request_sent().as_str(),
        "retryable": error.retryable(),
        "reference_id": error.reference_id(),
        "retry_after_ms": error.retry_after().map(whole_milliseconds),
        "reference": error.reference(),
        "cause": error.cause().map(|cause| cause.kind().code()),
    });
    members.as_object().unwrap().clone()
}

fn whole_milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}

/// The same expectation with the payment's date as an instant.
fn with_instants(expected: &Value) -> Value {
    let mut expected = expected.clone();
    if let Some(created) = expected
        .pointer_mut("/payment/created")
        .filter(|at| at.is_string())
    {
        let at: Timestamp = text(created).parse().unwrap();
        *created = at.as_millisecond().into();
    }
    expected
}

fn compare(
    findings: &mut Findings,
    case: &str,
    expected: &Value,
    outcome: &Result<Outcome, Error>,
) {
    match (outcome, expected) {
        (Ok(Outcome::State(state)), _) if expected["state"].is_object() => {
            let wanted = with_instants(&expected["state"]);
            findings.same(case, "state", state_json(state), wanted);
        }
        (Ok(Outcome::Cart(cart)), _) if expected["cart"].is_object() => {
            findings.same(case, "cart", cart_json(cart), expected["cart"].clone());
        }
        (Err(error), _) if expected["error"].is_object() => {
            compare_error(findings, case, &expected["error"], error);
        }
        _ => findings
            .wrong
            .push(format!("{case}: is {outcome:?}\n  expected {expected}")),
    }
}

fn compare_error(findings: &mut Findings, case: &str, expected: &Value, error: &Error) {
    let found = error_json(error);
    for (member, wanted) in expected.as_object().unwrap() {
        if member == "message_contains" {
            for part in list(wanted) {
                let is_there = error.message().contains(text(part));
                findings.same(case, &format!("{part} in {error}"), is_there, true);
            }
        } else {
            findings.same(
                case,
                &format!("error.{member} ({error})"),
                &found[member],
                wanted,
            );
        }
    }
}

// ---- the tests ---------------------------------------------------------------------------------

#[test]
fn signatures() {
    let mut findings = Findings::default();
    for case in list(&vectors("requests/signatures.json")["cases"]) {
        findings.cases += 1;
        let signature = sign(
            text(&case["secret_key"]),
            text(&case["nonce"]),
            text(&case["url"]),
            text(&case["body"]).as_bytes(),
        );
        findings.same(
            text(&case["name"]),
            "signature",
            signature.as_str(),
            text(&case["signature"]),
        );
    }
    findings.finish();
}

#[test]
fn requests() {
    const SECRET_KEY: &str = "a-secret";
    let mut findings = Findings::default();
    let server = Server::start();
    let client = Client::new(server.options(SECRET_KEY)).unwrap();
    for case in list(&vectors("requests/requests.json")["cases"]) {
        findings.cases += 1;
        let name = text(&case["name"]);
        let endpoint = text(&case["endpoint"]);
        server.answers(
            Answer::ok(match endpoint {
                "InsertCart" => {
                    r#"{"Success":true,"ResultCode":200,"TransactionId":"0f0e0d0c-0b0a-4908-8706-050403020100"}"#
                }
                _ => r#"{"PaymentSuccessful":false,"Success":true,"ResultCode":10425}"#,
            }),
            None,
        );
        if let Err(error) = block_on(call(&client, endpoint, &case["arguments"], None)) {
            findings.wrong.push(format!("{name}: {error}"));
            continue;
        }
        let requests = server.requests();
        findings.same(name, "requests", requests.len(), 1);
        let request = &requests[0];
        findings.same(
            name,
            "body",
            String::from_utf8_lossy(&request.body).as_ref(),
            text(&case["body"]),
        );
        findings.same(name, "method", request.method.as_str(), "POST");
        findings.same(
            name,
            "path",
            request.path.as_str(),
            &format!("/v1/Checkout/{endpoint}"),
        );
        let header = |name: &str| request.header(name);
        findings.same(name, "app key", header("netgiro_appkey"), APP_KEY);
        findings.same(
            name,
            "content type",
            header("content-type"),
            "application/json; charset=utf-8",
        );
        let signature = sign(
            SECRET_KEY,
            header("netgiro_nonce"),
            &server.url(endpoint),
            &request.body,
        );
        findings.same(
            name,
            "signature",
            header("netgiro_signature"),
            signature.as_str(),
        );
    }
    findings.finish();
}

fn refused_client(arguments: &Value) -> Result<(), Error> {
    let mut options =
        ClientOptions::new(text(&arguments["app_key"]), text(&arguments["secret_key"]));
    if let Some(word) = arguments["environment"].as_str() {
        options.environment = word.parse()?;
    }
    if let Some(word) = arguments["response_verification"].as_str() {
        options.response_verification = word.parse()?;
    }
    if let Some(word) = arguments["payment_info"].as_str() {
        options.payment_info = word.parse()?;
    }
    if !arguments["timeout_ms"].is_null() {
        options.timeout = duration("timeout", &arguments["timeout_ms"])?;
    }
    options.base_url = maybe_text(&arguments["base_url"]);
    Client::new(options).map(drop)
}

fn refused_poll(arguments: &Value) -> Result<(), Error> {
    let cart: CartRef = text(&arguments["transaction_id"]).parse()?;
    let mut options = WaitOptions::default();
    if !arguments["timeout_ms"].is_null() {
        options.timeout = duration("timeout", &arguments["timeout_ms"])?;
    }
    options.policy = policy(&arguments["policy"])?;
    CartPoll::new(cart, options, Timestamp::UNIX_EPOCH);
    Ok(())
}

fn carts_of(arguments: &Value) -> Vec<CartRef> {
    list(&arguments["transaction_ids"])
        .iter()
        .map(|id| text(id).parse().unwrap())
        .collect()
}

fn bulk(arguments: &Value) -> BulkOptions {
    let mut options = BulkOptions::default();
    if let Some(concurrency) = arguments["concurrency"].as_u64() {
        options.concurrency = Some(usize::try_from(concurrency).unwrap());
    }
    options
}

#[test]
fn refusals() {
    let mut findings = Findings::default();
    let server = Server::start();
    let client = Client::new(server.options("a-secret")).unwrap();
    let plain = |text: &str| text.to_lowercase().replace([' ', '_'], "");
    for case in list(&vectors("requests/refusals.json")["cases"]) {
        let arguments = &case["arguments"];
        let is_ours = case["languages"]
            .as_array()
            .is_none_or(|languages| languages.iter().any(|language| language == "rust"));
        if !is_ours || arguments["amount"]["kind"] == "null" {
            continue;
        }
        findings.cases += 1;
        let name = text(&case["name"]);
        server.answers(Answer::ok("{}"), None);
        let refused = match text(&case["call"]) {
            "client" => refused_client(arguments),
            "cart_poll" => refused_poll(arguments),
            "poll_from_json" | "poll_step" => {
                CartPoll::from_json(text(&arguments["text"])).map(drop)
            }
            "insert_cart" => block_on(call(&client, "InsertCart", arguments, None)).map(drop),
            "check_many" => client
                .check_many(carts_of(arguments), bulk(arguments))
                .map(drop),
            "wait_many" => client
                .wait_many(carts_of(arguments), WaitOptions::default(), bulk(arguments))
                .map(drop),
            "confirm_cart" => block_on(call(&client, "ConfirmCart", arguments, None)).map(drop),
            // A Rust caller has parsed the id before any of these can be called.
            _ => text(&arguments["transaction_id"])
                .parse::<CartRef>()
                .map(drop),
        };
        findings.same(name, "requests", server.requests().len(), 0);
        let error = match refused {
            Err(error) if error.kind().code() == text(&case["code"]) => error,
            other => {
                findings
                    .wrong
                    .push(format!("{name}: is not refused as it should be: {other:?}"));
                continue;
            }
        };
        findings.same(name, "request_sent", error.request_sent().as_str(), "no");
        for part in list(&case["message_contains"]) {
            let is_there = plain(error.message()).contains(&plain(text(part)));
            findings.same(name, &format!("{part} in {error}"), is_there, true);
        }
        for part in case["message_lacks"].as_array().into_iter().flatten() {
            let is_there = plain(error.message()).contains(&plain(text(part)));
            findings.same(name, &format!("{part} in {error}"), is_there, false);
        }
    }
    findings.finish();
}

#[test]
fn responses() {
    let mut findings = Findings::default();
    let file = vectors("answers/responses.json");
    let secret_key = text(&file["secret_key"]);
    let nonce = text(&file["response_nonce"]);
    let server = Server::start();
    let client = |verification: &str| {
        let mut options = server.options(secret_key);
        options.response_verification = verification.parse().unwrap();
        Client::new(options).unwrap()
    };
    let strict = {
        let mut options = server.options(secret_key);
        options.payment_info = PaymentInfoPolicy::Required;
        Client::new(options).unwrap()
    };
    let clients: BTreeMap<&str, Client> = ["required", "if_present", "off"]
        .into_iter()
        .map(|mode| (mode, client(mode)))
        .collect();
    for case in list(&file["cases"]) {
        findings.cases += 1;
        let name = text(&case["name"]);
        let endpoint = text(&case["endpoint"]);
        let mut answer = Answer {
            status: u16::try_from(case["http_status"].as_u64().unwrap()).unwrap(),
            headers: Vec::new(),
            body: body_of(case),
        };
        for (header, value) in case["headers"].as_object().into_iter().flatten() {
            answer
                .headers
                .push((header.clone(), text(value).to_owned()));
        }
        let signature = sign(secret_key, nonce, &server.url(endpoint), &answer.body);
        let (nonce, signature) = match case["response_signature"].as_str().unwrap_or("absent") {
            "valid" => (Some(nonce.to_owned()), Some(signature)),
            "wrong" => (Some(nonce.to_owned()), Some("0".repeat(64))),
            "no_nonce" => (None, Some(signature)),
            _ => (None, None),
        };
        for (header, value) in [("netgiro_nonce", nonce), ("netgiro_signature", signature)] {
            answer
                .headers
                .extend(value.map(|value| (header.to_owned(), value)));
        }
        let then = case["then"].as_str().map(Answer::ok);
        server.answers(answer, then);
        let mode = case["response_verification"]
            .as_str()
            .unwrap_or("if_present");
        let known = case.get("cart");
        let client = match case["payment_info"].as_str() {
            Some("required") => &strict,
            _ => &clients[mode],
        };
        let outcome = block_on(call(
            &client.with_own_connections(),
            endpoint,
            &case["arguments"],
            known,
        ));
        compare(&mut findings, name, &case["expect"], &outcome);
        let requests = u64::try_from(server.requests().len()).unwrap();
        findings.same(
            name,
            "requests",
            requests,
            case["requests"].as_u64().unwrap(),
        );
    }
    findings.finish();
}

#[test]
fn codes() {
    let mut findings = Findings::default();
    let file = vectors("answers/codes.json");
    let words: Vec<&str> = CartStatus::ALL
        .iter()
        .map(|status| status.as_str())
        .collect();
    let expected: Vec<&str> = list(&file["statuses"])
        .iter()
        .map(|row| text(&row["status"]))
        .collect();
    assert_eq!(words, expected);
    for row in list(&file["statuses"]) {
        findings.cases += 1;
        let word = text(&row["status"]);
        let status: CartStatus = word.parse().unwrap();
        findings.same(word, "is_final", status.is_final(), row["is_final"] == true);
        findings.same(word, "is_paid", status.is_paid(), row["is_paid"] == true);
        for code in list(&row["codes"]) {
            let found = CartStatus::of_code(code.as_i64().unwrap());
            findings.same(&format!("code {code}"), "status", found, status);
        }
        let start = Timestamp::UNIX_EPOCH;
        let late = Timestamp::from_millisecond(20_000).unwrap();
        let poll = CartPoll::new(Uuid::from_u128(1), WaitOptions::default(), start)
            .answered(CheckOutcome::Status(status), late, late, 0.0)
            .unwrap();
        findings.same(
            word,
            "stops_waiting",
            poll.is_done(),
            row["stops_waiting"] == true,
        );
    }
    let server = Server::start();
    let client = Client::new(server.options("a-secret")).unwrap();
    for row in list(&file["codes"]) {
        findings.cases += 1;
        let name = format!("code {}", row["code"]);
        let body = json!({"PaymentSuccessful": row["is_paid"], "Success": true, "ResultCode": row["code"]});
        server.answers(Answer::ok(body.to_string()), None);
        let state = block_on(client.check_cart(Uuid::from_u128(1))).unwrap();
        findings.same(&name, "status", state.status.as_str(), text(&row["status"]));
        findings.same(
            &name,
            "result_code",
            state.result_code,
            row["code"].as_i64(),
        );
        findings.same(&name, "is_final", state.is_final(), row["is_final"] == true);
        findings.same(&name, "is_paid", state.is_paid(), row["is_paid"] == true);
    }
    findings.finish();
}

#[test]
fn errors() {
    let mut findings = Findings::default();
    let file = vectors("answers/errors.json");
    let rows = list(&file["errors"]);
    assert_eq!(ErrorKind::ALL.len(), rows.len());
    for (kind, row) in ErrorKind::ALL.iter().zip(rows) {
        findings.cases += 1;
        let code = text(&row["code"]);
        findings.same(code, "code", kind.code(), code);
        findings.same(code, "class", kind.class(), text(&row["class"]));
        let retryable = Error::new(*kind, "why").retryable();
        findings.same(code, "retryable", retryable, row["retryable"] == true);
    }
    findings.finish();
}

#[test]
fn customers() {
    let mut findings = Findings::default();
    let file = vectors("requests/customers.json");
    for case in list(&file["accepted"]) {
        findings.cases += 1;
        let given = text(&case["text"]);
        match given.parse::<CustomerId>() {
            Ok(customer) => {
                findings.same(given, "kind", customer.kind().as_str(), text(&case["kind"]));
                findings.same(
                    given,
                    "normalised",
                    customer.as_str(),
                    text(&case["normalised"]),
                );
                findings.same(
                    given,
                    "masked",
                    customer.to_string().as_str(),
                    text(&case["masked"]),
                );
                let debug = format!("{customer:?}");
                findings.same(given, "debug", debug.contains(customer.as_str()), false);
            }
            Err(error) => findings.wrong.push(format!("{given}: {error}")),
        }
    }
    for case in list(&file["refused"]) {
        findings.cases += 1;
        let name = text(&case["name"]);
        let given = text(&case["text"]);
        match given.parse::<CustomerId>() {
            Ok(customer) => findings
                .wrong
                .push(format!("{name}: {given} is taken for {customer:?}")),
            Err(error) => {
                findings.same(name, "code", error.kind(), ErrorKind::InvalidRequest);
                let reason = text(&case["reason"]);
                let ends_with_it = error.message().ends_with(reason);
                findings.same(name, error.message(), ends_with_it, true);
                let is_told = given.chars().count() > 2 && error.to_string().contains(given);
                findings.same(name, "in the message", is_told, false);
            }
        }
    }
    findings.finish();
}

fn headers_of(value: &Value) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let mut push = |name: &str, value: &Value| match value {
        Value::Array(values) => {
            headers.extend(
                values
                    .iter()
                    .map(|one| (name.to_owned(), text(one).to_owned())),
            );
        }
        value => headers.push((name.to_owned(), text(value).to_owned())),
    };
    match value {
        Value::Object(mapping) => mapping.iter().for_each(|(name, value)| push(name, value)),
        pairs => list(pairs)
            .iter()
            .for_each(|pair| push(text(&pair[0]), &pair[1])),
    }
    headers
}

fn compare_callback(findings: &mut Findings, case: &str, expected: &Value, callback: &Callback) {
    let state = callback.state.as_ref().unwrap();
    let found = json!({
        "transaction_id": callback.transaction_id,
        "reference": callback.reference,
        "amount": callback.amount.map(|amount| amount.to_string()),
        "reference_id": callback.reference_id,
        "state": {
            "transaction_id": state.transaction_id,
            "status": state.status.as_str(),
            "result_code": state.result_code,
            "payment_successful": state.payment_successful,
            "is_final": state.is_final(),
            "is_paid": state.is_paid(),
        },
        "matches": list(&expected["matches"])
            .iter()
            .map(|order| {
                let amount = amount("amount", &order["amount"]).unwrap();
                let matches = callback.matches(amount, text(&order["reference"]));
                json!({"amount": order["amount"], "reference": order["reference"], "matches": matches})
            })
            .collect::<Vec<_>>(),
    });
    findings.same(case, "callback", &found, expected);
}

#[test]
fn callbacks() {
    let mut findings = Findings::default();
    let file = vectors("callbacks/callbacks.json");
    let client = Client::new(ClientOptions::new(APP_KEY, text(&file["secret_key"]))).unwrap();
    for case in list(&file["cases"]) {
        findings.cases += 1;
        let name = text(&case["name"]);
        let expected = &case["expect"];
        let verified = client.verify_callback(
            text(&case["url"]),
            &headers_of(&case["headers"]),
            &body_of(case),
        );
        match verified {
            Ok(callback) if expected["callback"].is_object() => {
                compare_callback(&mut findings, name, &expected["callback"], &callback);
            }
            Err(error) if expected["error"].is_object() => {
                findings.same(
                    name,
                    &format!("error ({error})"),
                    error.kind().code(),
                    text(&expected["error"]["code"]),
                );
            }
            other => findings
                .wrong
                .push(format!("{name}: is {other:?}\n  expected {expected}")),
        }
    }
    findings.finish();
}

fn seen(value: &Value) -> CheckOutcome {
    if let Some(word) = value["status"].as_str() {
        return CheckOutcome::Status(word.parse().unwrap());
    }
    if value["state"].is_object() {
        let state = state_seen(&value["state"]);
        return if value["after_cancel"] == true {
            CheckOutcome::AfterCancel(state)
        } else {
            CheckOutcome::State(state)
        };
    }
    let error = &value["error"];
    let kind = ErrorKind::ALL
        .iter()
        .copied()
        .find(|kind| error["code"] == kind.code())
        .unwrap();
    let mut made = Error::new(kind, "as the vector says");
    if let Some(status) = error["http_status"].as_u64() {
        made = made.with_http_status(u16::try_from(status).unwrap());
    }
    CheckOutcome::Error(
        made.with_retry_after(error["retry_after_ms"].as_u64().map(Duration::from_millis)),
    )
}

fn state_seen(seen: &Value) -> CartState {
    let id = text(&vectors("polling/poll.json")["transaction_id"])
        .parse()
        .unwrap();
    let status = text(&seen["status"]).parse().unwrap();
    let payment = seen["payment"].as_object().map(|payment| {
        Box::new(PaymentInfo {
            transaction_id: Some(text(&payment["transaction_id"]).parse().unwrap()),
            status_id: payment["status_id"].as_i64(),
            ..PaymentInfo::default()
        })
    });
    CartState {
        result_code: seen["result_code"].as_i64(),
        payment_successful: Some(false),
        payment,
        ..CartState::of(id, status, Timestamp::UNIX_EPOCH)
    }
}

#[test]
fn poll_tokens() {
    let mut findings = Findings::default();
    for case in list(&vectors("polling/poll.json")["tokens"]) {
        findings.cases += 1;
        let name = text(&case["name"]);
        match CartPoll::from_json(text(&case["text"])) {
            Ok(poll) => {
                let mut stands = standing(&poll);
                stands.as_object_mut().unwrap().remove("next_check_at");
                findings.same(name, "stands", stands, case["expect"].clone());
                let again = CartPoll::from_json(&poll.to_json());
                findings.same(name, "round trip", again.as_ref(), Ok(&poll));
            }
            Err(error) => findings.wrong.push(format!("{name}: {error}")),
        }
    }
    findings.finish();
}

fn standing(poll: &CartPoll) -> Value {
    let state = poll.state().map(|state| state.status.as_str());
    if poll.is_done() {
        return json!({"is_done": true, "state": state});
    }
    json!({"next_check_at": poll.next_check_at().as_millisecond(), "is_done": false, "state": state})
}

/// The cart of a case: inserted with its hint, or only an id.
fn cart_of(server: &Server, client: &Client, transaction_id: &str, case: &Value) -> CartRef {
    let Some(hint) = case.get("hint_ms") else {
        return transaction_id.parse().unwrap();
    };
    let body = json!({
        "Success": true,
        "ResultCode": 200,
        "TransactionId": transaction_id,
        "ProcessCartCheckIntervalMiliseconds": hint,
    });
    server.answers(Answer::ok(body.to_string()), None);
    let order = NewCart::new(
        Amount::new(1000).unwrap(),
        "order-1",
        "8223281".parse().unwrap(),
    );
    CartRef::from(&block_on(client.insert_cart(&order)).unwrap())
}

#[test]
fn poll_schedules() {
    let mut findings = Findings::default();
    let file = vectors("polling/poll.json");
    let transaction_id = text(&file["transaction_id"]);
    let server = Server::start();
    let client = Client::new(server.options("a-secret")).unwrap();
    assert_eq!(
        Some(PollPolicy::default()),
        policy(&file["default_policy"]).unwrap()
    );
    for case in list(&file["cases"]) {
        findings.cases += 1;
        let name = text(&case["name"]);
        let options = WaitOptions {
            timeout: duration("timeout", &case["timeout_ms"]).unwrap(),
            policy: policy(&case["policy"]).unwrap(),
        };
        let cart = cart_of(&server, &client, transaction_id, case);
        let mut poll = CartPoll::new(cart, options, instant(&case["now"]));
        let mut expected = case["expect"].clone();
        let deadline = expected
            .as_object_mut()
            .and_then(|members| members.remove("deadline"));
        findings.same(name, "at first", standing(&poll), expected);
        findings.same(
            name,
            "deadline",
            Some(poll.deadline().as_millisecond()),
            deadline.and_then(|at| at.as_i64()),
        );
        for (at, step) in list(&case["steps"]).iter().enumerate() {
            let step_name = format!("{name}, step {at}");
            let answered = poll.answered(
                seen(&step["seen"]),
                instant(&step["sent_at"]),
                instant(&step["now"]),
                step["jitter"].as_f64().unwrap(),
            );
            let found = match &answered {
                Ok(next) => standing(next),
                Err(error) => match error.poll() {
                    Some(inside) => {
                        json!({"raises": error.kind().code(), "poll": standing(inside)})
                    }
                    None => json!({"raises": error.kind().code()}),
                },
            };
            findings.same(&step_name, "stands", &found, &step["expect"]);
            let Ok(next) = answered else { break };
            let token = next.to_json();
            findings.same(
                &step_name,
                "round trip",
                CartPoll::from_json(&token).as_ref(),
                Ok(&next),
            );
            poll = next;
        }
    }
    findings.finish();
}

/// A poll whose next step is taken by a machine with another clock.
#[test]
fn clocks() {
    let mut findings = Findings::default();
    let file = vectors("polling/poll.json");
    let server = Server::start();
    let client = Client::new(server.options("a-secret")).unwrap();
    for case in list(&file["clocks"]) {
        findings.cases += 1;
        let name = text(&case["name"]);
        let options = WaitOptions {
            timeout: duration("timeout", &case["timeout_ms"]).unwrap(),
            policy: None,
        };
        let cart = cart_of(&server, &client, text(&file["transaction_id"]), case);
        let mut poll = CartPoll::new(cart, options, instant(&case["now"]));
        for step in list(&case["seen"]) {
            let status = CheckOutcome::Status(text(&step["status"]).parse().unwrap());
            let (sent_at, now) = (instant(&step["sent_at"]), instant(&step["now"]));
            poll = poll.answered(status, sent_at, now, 0.0).unwrap();
        }
        if !case["started_at_server"].is_null() {
            let mut token: Value = serde_json::from_str(&poll.to_json()).unwrap();
            let started_at = instant(&case["started_at_server"]);
            token["schedule"]["started_at_server"] = json!(started_at.to_string());
            poll = CartPoll::from_json(&token.to_string()).unwrap();
        }
        let clock = &case["clock"];
        let (now, server_now) = (instant(&clock["now"]), &clock["server_now"]);
        let server_now = (!server_now.is_null()).then(|| instant(server_now));
        let moved = poll.on_clock(now, server_now);
        let asked = moved.answered(CheckOutcome::Status(CartStatus::Pending), now, now, 0.0);
        let found = json!({
            "next_check_at": moved.next_check_at().as_millisecond(),
            "deadline": moved.deadline().as_millisecond(),
            "delay_ms": u64::try_from(moved.delay(now).as_millis()).unwrap(),
            "is_over": asked.is_err(),
        });
        findings.same(name, "on the clock", &found, &case["expect"]);
        findings.same(
            name,
            "moved twice",
            &moved.on_clock(now, server_now),
            &moved,
        );
    }
    for case in list(&file["backoffs"]) {
        findings.cases += 1;
        let [first, longest, delay] = ["first_ms", "longest_ms", "delay_ms"]
            .map(|name| Duration::from_millis(case[name].as_u64().unwrap()));
        let failures = u32::try_from(case["failures"].as_u64().unwrap()).unwrap();
        let found = backoff(first, failures, longest);
        findings.same(&case.to_string(), "backoff", found, delay);
    }
    findings.finish();
}

/// What `wait_many` chooses for many carts.
#[test]
fn wait_many() {
    let mut findings = Findings::default();
    let file = vectors("polling/wait_many.json");
    let whole = |case: &Value, name: &str| case[name].as_u64().unwrap();
    let milliseconds = |case: &Value, name: &str| Duration::from_millis(whole(case, name));
    let microseconds = |case: &Value, name: &str| Duration::from_micros(whole(case, name));
    for case in list(&file["first_checks"]) {
        findings.cases += 1;
        let due = u32::try_from(whole(case, "due")).unwrap();
        let pause = waiting::pause_between(due, milliseconds(case, "interval_ms"));
        let expected = microseconds(case, "pause_us");
        findings.same(&case.to_string(), "pause_between", pause, expected);
    }
    for case in list(&file["concurrency"]) {
        findings.cases += 1;
        let carts = usize::try_from(whole(case, "carts")).unwrap();
        let interval = milliseconds(case, "interval_ms");
        let found = waiting::concurrency(carts, interval, microseconds(case, "round_trip_us"));
        let limit = usize::try_from(whole(case, "limit")).unwrap();
        findings.same(&case.to_string(), "concurrency", found, limit);
    }
    findings.finish();
}
