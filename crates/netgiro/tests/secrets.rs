//! Everything that can be printed is searched for what must not be in it: the secret key, phone numbers,
//! kennitölur.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod server;

use std::fmt::{Debug, Display};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use netgiro::{
    Amount, CartItem, CartPoll, CartRef, Client, ClientOptions, CustomerId, Environment, Error,
    MemoryReplayGuard, NewCart, Observer, PollPolicy, ReplayGuard, ResponseVerification, Secret,
    WaitOptions, sign,
};
use netgiro_simulator::{Endpoint, Fault, ResponseSignatures, Simulator, SimulatorOptions};
use server::{Answer, server};
use uuid::Uuid;

const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const SECRET: &str = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=";
const OLD_SECRET: &str = "an-older-secret-key-that-is-still-accepted-for-callbacks";
const PASSWORD: &str = "hunter2-hunter2-hunter2";
const PHONE: &str = "8223281";
const KENNITALA: &str = "1111111119";
const APP_CODE: &str = "500004AB1C";
const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);

/// Where what is printed ends up.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn debug(&self, value: &impl Debug) {
        self.text(&format!("{value:?}\n{value:#?}"));
    }

    fn text(&self, text: &str) {
        let mut all = self.0.lock().unwrap();
        all.extend_from_slice(text.as_bytes());
        all.push(b'\n');
    }

    fn shown(&self, value: &(impl Debug + Display)) {
        self.debug(value);
        self.text(&value.to_string());
    }

    /// An error with all that it carries.
    fn error(&self, error: &Error) {
        self.shown(error);
        self.debug(&(
            error.state(),
            error.poll(),
            error.reference_id(),
            error.cause(),
        ));
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            self.shown(&error);
            source = error.source();
        }
        if let Some(poll) = error.poll() {
            self.text(&poll.to_json());
        }
    }

    fn contains(&self, text: &str) -> bool {
        self.around(text).is_some()
    }

    /// Where a text was printed, with what stands before it.
    fn around(&self, text: &str) -> Option<String> {
        let all = self.0.lock().unwrap();
        let at = all
            .windows(text.len())
            .position(|part| part == text.as_bytes())?;
        let before = &all[at.saturating_sub(300)..at];
        Some(String::from_utf8_lossy(before).into_owned())
    }

    /// Stops at whatever must not be there.
    fn is_clean(&self) {
        for secret in [SECRET, OLD_SECRET] {
            for at in 0..=secret.len() - 16 {
                let part = &secret[at..at + 16];
                assert_eq!(self.around(part), None, "a part of a secret key: {part}");
            }
        }
        for forbidden in [
            PASSWORD,
            // "shop:hunter2-hunter2-hunter2" in base64, as proxies are sent it.
            "c2hvcDpodW50ZXIyLWh1bnRlcjItaHVudGVyMg==",
            PHONE,
            "822-3281",
            "822 3281",
            KENNITALA,
            "111111-1119",
            "111111 1119",
            "111111-11190",
            "82232811",
            "822.3281",
            "822–3281",
            "(822)3281",
            "822\\u00a03281",
            "822\u{a0}3281",
            APP_CODE,
        ] {
            assert_eq!(self.around(forbidden), None, "{forbidden}");
        }
    }
}

impl io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(base_url: &str) -> ClientOptions {
    let mut options = ClientOptions::new(APP_KEY, SECRET);
    options.previous_secret_keys = vec![Secret::from(OLD_SECRET)];
    options.base_url = Some(base_url.to_owned());
    options.timeout = Duration::from_secs(60);
    options
}

fn order(customer: &str) -> NewCart {
    let mut order = NewCart::new(
        Amount::new(4990).unwrap(),
        "order-1001",
        customer.parse().unwrap(),
    );
    order.items = vec![CartItem::new("Lamp", Amount::new(4990).unwrap(), "1", None).unwrap()];
    order
}

fn within(milliseconds: u64) -> WaitOptions {
    let short = Duration::from_millis(10);
    WaitOptions {
        timeout: Duration::from_millis(milliseconds),
        policy: Some(PollPolicy::new(short, short * 2, short * 3).unwrap()),
    }
}

/// The checkout from end to end, each value printed.
async fn sound_calls(printed: &Printed) {
    let simulator = Simulator::start(SimulatorOptions {
        secret_key: SECRET.to_owned(),
        check_interval_ms: Some(20),
        ..SimulatorOptions::default()
    })
    .unwrap();
    let told = printed.clone();
    let mut options = options(simulator.url());
    options.observer = Some(Observer::new(move |event| told.debug(event)));
    printed.debug(&options);
    let client = Client::new(options).unwrap();
    printed.debug(&client);
    for customer in [PHONE, "+354 822-3281", "1111111119", "111111-1119"] {
        let order = order(customer);
        printed.debug(&order);
        printed.shown(&order.customer_id);
        let cart = client.insert_cart(&order).await.unwrap();
        printed.debug(&cart);
        printed.text(&serde_json::to_string(&cart).unwrap());
        let state = client.check_cart(&cart).await.unwrap();
        printed.debug(&state);
        printed.text(&serde_json::to_string(&state).unwrap());
        let poll = CartPoll::new(&cart, within(1000), Timestamp::now());
        let poll = client.poll_step(&poll).await.unwrap();
        printed.debug(&poll);
        printed.text(&poll.to_json());
        printed.debug(&CartRef::from(&poll));
        let mut watch = client.watch_cart(&cart, within(30));
        printed.debug(&watch);
        while let Some(change) = watch.next().await {
            printed.debug(&change);
            if let Err(error) = change {
                printed.error(&error);
            }
        }
        printed.debug(&client.settle_cart(&cart, within(20)).await);
    }
    let unknown = vec![CartRef::from(ID)];
    let bulk = netgiro::BulkOptions::default();
    let results = client.check_many(unknown, bulk).unwrap().finish().await;
    printed.debug(&results);
    printed.debug(&results.iter().collect::<Vec<_>>());
    for fault in [
        Fault::on(Endpoint::CheckCart).status(401),
        Fault::on(Endpoint::CheckCart).status(429).retry_after("1"),
        Fault::on(Endpoint::CheckCart).drop_before().times(3),
        Fault::on(Endpoint::CheckCart).signature(ResponseSignatures::Corrupt),
    ] {
        simulator.add_fault(fault).unwrap();
        printed.error(&client.check_cart(ID).await.unwrap_err());
    }
    printed.debug(&client);
}

/// Answers that repeat what they were sent, and more.
async fn answers_that_talk(printed: &Printed) {
    let talk = format!(
        "{PHONE}, 822-3281, 822 3281, +354 {PHONE}, 822.3281, 822–3281, (822)3281, {KENNITALA}, 111111-1119, \
         {PHONE}/{KENNITALA}, {PHONE}{KENNITALA}, {APP_CODE}, 822\\u00a03281, \
         822\\t3281, 822%203281, p=%20{PHONE}, 822&nbsp;3281"
    );
    let message = |rest: &str| format!(r#"{{"Message":"Customer {talk}",{rest}}}"#);
    for answer in [
        Answer::ok(message(r#""Success":false,"ResultCode":10306"#)),
        Answer::ok(message(
            r#""Success":true,"PaymentSuccessful":false,"ResultCode":10425"#,
        )),
        Answer::ok(message(&format!(
            r#""Success":true,"ResultCode":200,"TransactionId":"{ID}""#
        ))),
        Answer::ok(message(r#""Success":"no""#)),
        Answer::ok(format!(r#"{{"Success":"{talk}","ResultCode":200}}"#)),
        Answer::ok(format!(r#"{{"Success":true,"ResultCode":"{talk}"}}"#)),
        Answer::ok(format!(r#"{{"Success":{PHONE},"ResultCode":200}}"#)),
        Answer::ok(format!(
            r#"{{"Success":true,"ResultCode":10200,"PaymentSuccessful":true,"PaymentInfo":{{"StatusId":"{talk}"}}}}"#
        )),
        Answer::ok(format!("Customer {talk}")),
        Answer::Http(400, "", message(r#""ResultCode":400"#)),
        Answer::Http(500, "", format!("<p>{talk}</p>")),
        Answer::Http(403, "", format!("{{\"message\":\"{talk}\"}}")),
        Answer::Http(
            302,
            "Location: https://shop.is/8223281?t=1\r\n",
            String::new(),
        ),
        Answer::ok(format!(
            r#"{{"Success":true,"ResultCode":10200,"PaymentSuccessful":true,"PaymentInfo":{{"TotalAmount":"{talk}"}}}}"#
        )),
    ] {
        let (base, _requests) = server(vec![answer]);
        let client = Client::new(options(&base)).unwrap();
        match client.insert_cart(&order(PHONE)).await {
            Ok(cart) => printed.debug(&cart),
            Err(error) => printed.error(&error),
        }
        match client.check_cart(ID).await {
            Ok(state) => printed.debug(&state),
            Err(error) => printed.error(&error),
        }
        match client.confirm_cart(ID, Some(PHONE)).await {
            Ok(state) => printed.debug(&state),
            Err(error) => printed.error(&error),
        }
    }
}

fn callbacks(printed: &Printed) {
    let client = Client::new(options("http://127.0.0.1:1/v1/")).unwrap();
    let url = "https://shop.is/callback";
    let body = format!(
        r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"{ID}","StatusId":2}},"Success":true,"Message":"Customer {PHONE}","ResultCode":10200}}"#
    );
    let guard = MemoryReplayGuard::default();
    for (secret, signed_url, sent) in [
        (SECRET, url, &*body),
        (OLD_SECRET, url, &body),
        ("another", url, &body),
        (SECRET, "http://shop.is/callback", &body),
        (SECRET, url, "{\"Message\":\"8223281\"}"),
        (SECRET, url, "[8223281,\"1111111119\"]"),
    ] {
        let headers = [
            ("netgiro_nonce".to_owned(), "1".to_owned()),
            (
                "netgiro_signature".to_owned(),
                sign(secret, "1", signed_url, sent.as_bytes()),
            ),
        ];
        for _ in 0..2 {
            match client.verify_callback_once(&guard, url, &headers, sent.as_bytes()) {
                Ok(callback) => printed.debug(&callback),
                Err(error) => printed.error(&error),
            }
        }
        match client.verify_callback(url, &headers[..1], sent.as_bytes()) {
            Ok(callback) => printed.debug(&callback),
            Err(error) => printed.error(&error),
        }
    }
    guard.is_first("1", "0").unwrap();
    printed.debug(&guard);
}

fn refusals(printed: &Printed) {
    printed.debug(&Secret::from(SECRET));
    for wrong in ["82232811", "822328", "111111-11190", "8223281/2"] {
        printed.error(&CustomerId::parse(wrong).unwrap_err());
    }
    let mut wrong = options("http://127.0.0.1:1/v1/");
    wrong.secret_key = Secret::from(format!("{SECRET} "));
    printed.error(&Client::new(wrong.clone()).unwrap_err());
    wrong.secret_key = Secret::from(SECRET);
    wrong.previous_secret_keys = vec![Secret::from(format!("{OLD_SECRET}\n"))];
    printed.error(&Client::new(wrong).unwrap_err());
    // The keys in each other's place: the secret key is then what is no GUID.
    let swapped = ClientOptions::new(SECRET, APP_KEY);
    printed.debug(&swapped);
    printed.error(&Client::new(swapped).unwrap_err());
    for base_url in [
        format!("https://shop:{PASSWORD}@api.netgiro.is/v1/"),
        format!("https://{PASSWORD}@api.netgiro.is/v1/"),
        format!("http://api.netgiro.is/{PASSWORD}"),
        format!("https://api.netgiro.is/v1/?{PASSWORD}"),
        format!("https://api.netgiro.is/v1/#{PASSWORD}"),
        format!("shop:{PASSWORD}@api.netgiro.is/v1/"),
        PASSWORD.to_owned(),
        SECRET.to_owned(),
    ] {
        printed.debug(&options(&base_url));
        printed.error(&Client::new(options(&base_url)).unwrap_err());
        let variables = |name: &str| {
            Ok(Some(match name {
                "NETGIRO_APP_KEY" => APP_KEY.to_owned(),
                "NETGIRO_BASE_URL" => "https://api.netgiro.is/v1/".to_owned(),
                _ => base_url.clone(),
            }))
        };
        printed.error(&ClientOptions::from_variables(variables).unwrap_err());
        printed.error(&base_url.parse::<Environment>().unwrap_err());
        printed.error(&base_url.parse::<ResponseVerification>().unwrap_err());
        let mut elsewhere = options("https://api.netgiro.is/v1/");
        elsewhere.ca_file = Some(base_url.into());
        printed.debug(&elsewhere);
        printed.error(&Client::new(elsewhere).unwrap_err());
    }
}

async fn proxies(printed: &Printed) {
    let mut options = options("https://api.netgiro.invalid/v1/");
    options.response_verification = ResponseVerification::Required;
    for proxy in [
        format!("http://shop:{PASSWORD}@127.0.0.1:1"),
        format!("shop:{PASSWORD}@127.0.0.1:1"),
        format!("socks5://shop:{PASSWORD}@127.0.0.1:1"),
    ] {
        options.proxy = Some(proxy);
        printed.debug(&options);
        match Client::new(options.clone()) {
            Ok(client) => {
                printed.error(&client.check_cart(ID).await.unwrap_err());
                printed.debug(&client);
            }
            Err(error) => printed.error(&error),
        }
    }
}

/// One test, since the logger it installs is the process's only one.
#[tokio::test]
async fn nothing_that_is_printed_holds_a_secret_or_a_customers_number() {
    let printed = Printed::default();
    let writer = printed.clone();
    // At the most verbose level, with what hyper-util and rustls say.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    sound_calls(&printed).await;
    answers_that_talk(&printed).await;
    callbacks(&printed);
    refusals(&printed);
    proxies(&printed).await;
    for kept in [
        "netgiro::request",
        "netgiro::poll",
        "hyper_util",
        "order-1001",
        "it is a replay",
        "Customer *****81",
        "http://***@127.0.0.1:1",
        "Secret(redacted)",
    ] {
        assert!(
            printed.contains(kept),
            "the test looked in the wrong place: {kept}"
        );
    }
    printed.is_clean();
}
