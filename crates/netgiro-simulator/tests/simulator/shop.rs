//! A minimal shop: it writes and reads HTTP by hand.

use netgiro_simulator::{Simulator, SimulatorOptions};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

pub(crate) const PHONE: &str = "8223281";
pub(crate) const APPROVES: &str = "8111111";
pub(crate) const DECLINES: &str = "8222222";
pub(crate) const KENNITALA: &str = "1111111119";
pub(crate) const NO_CREDIT: &str = "2222222229";
pub(crate) const APP_CODE: &str = "500004a7K2";

/// A raw request or response.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) first_line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads a message; an error if the other side closes before its end.
    pub(crate) fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == "\r\n" {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let first_line = lines.remove(0);
        let headers: Vec<_> = lines
            .iter()
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_ascii_lowercase(), value.trim().to_owned())
            })
            .collect();
        let mut message = Self {
            first_line,
            headers,
            body: Vec::new(),
        };
        let length = message
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        message.body.resize(length, 0);
        reader.read_exact(&mut message.body)?;
        Ok(message)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn status(&self) -> u16 {
        self.first_line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `Success`, `PaymentSuccessful` and `ResultCode`.
    pub(crate) fn row(&self) -> (bool, Option<bool>, i64) {
        let json = self.json();
        (
            json["Success"].as_bool().unwrap(),
            json["PaymentSuccessful"].as_bool(),
            json["ResultCode"].as_i64().unwrap(),
        )
    }

    /// Whether its signature is correct for this URL and its body.
    pub(crate) fn is_signed(&self, secret_key: &str, url: &str) -> bool {
        let (Some(nonce), Some(signature)) = (
            self.header("netgiro_nonce"),
            self.header("netgiro_signature"),
        ) else {
            return false;
        };
        signature == netgiro::sign(secret_key, nonce, url, &self.body)
    }
}

pub(crate) struct Shop {
    pub(crate) simulator: Simulator,
    nonce: AtomicU64,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with(SimulatorOptions::default())
    }

    pub(crate) fn with(options: SimulatorOptions) -> Self {
        Self {
            simulator: Simulator::start(options).unwrap(),
            nonce: AtomicU64::new(635_318_618_538_563_781),
        }
    }

    pub(crate) fn url(&self, endpoint: &str) -> String {
        format!("{}Checkout/{endpoint}", self.simulator.url())
    }

    pub(crate) fn address(&self) -> &str {
        let url = self.simulator.url();
        url.trim_start_matches("http://").trim_end_matches("/v1/")
    }

    pub(crate) fn nonce(&self) -> String {
        self.nonce.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// The headers of a correctly signed request.
    pub(crate) fn signed(&self, url: &str, body: &[u8]) -> Vec<(String, String)> {
        let nonce = self.nonce();
        let signature = netgiro::sign(self.simulator.secret_key(), &nonce, url, body);
        [
            ("netgiro_appkey", self.simulator.app_key().to_owned()),
            ("netgiro_nonce", nonce),
            ("netgiro_signature", signature),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> io::Result<Message> {
        let mut stream = TcpStream::connect(self.address())?;
        write_request(&mut stream, method, path, self.address(), headers, body)?;
        Message::read(&mut stream)
    }

    /// Sends a correctly signed request.
    pub(crate) fn try_call(&self, endpoint: &str, body: &Value) -> io::Result<Message> {
        let body = body.to_string();
        let headers = self.signed(&self.url(endpoint), body.as_bytes());
        let path = format!("/v1/Checkout/{endpoint}");
        self.send("POST", &path, &headers, body.as_bytes())
    }

    pub(crate) fn call(&self, endpoint: &str, body: &Value) -> Message {
        self.try_call(endpoint, body).unwrap()
    }

    /// Sends a request of V2, with the application key; `path` is what follows `/v2/`.
    pub(crate) fn v2(&self, method: &str, path: &str, body: &Value) -> Message {
        let key = self.simulator.app_key().to_owned();
        let headers = [("X-Netgiro-Api-Key".to_owned(), key)];
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let path = format!("/v2/{path}");
        self.send(method, &path, &headers, body.as_bytes()).unwrap()
    }

    pub(crate) fn insert(&self, customer: &str, confirmation_type: i64) -> Uuid {
        let callback = (confirmation_type == 1).then_some("http://127.0.0.1:9/nobody");
        self.insert_calling(customer, confirmation_type, callback)
    }

    pub(crate) fn insert_calling(
        &self,
        customer: &str,
        confirmation_type: i64,
        callback: Option<&str>,
    ) -> Uuid {
        let mut order = order(customer, confirmation_type);
        if let Some(url) = callback {
            order["CallbackUrl"] = json!(url);
        }
        self.insert_order(&order)
    }

    pub(crate) fn insert_order(&self, order: &Value) -> Uuid {
        let inserted = self.call("InsertCart", order);
        assert_eq!(inserted.row(), (true, None, 200), "{}", inserted.text());
        inserted.json()["TransactionId"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    pub(crate) fn check(&self, cart: Uuid) -> Message {
        self.call("CheckCart", &json!({ "TransactionId": cart }))
    }

    pub(crate) fn cancel(&self, cart: Uuid) -> Message {
        self.call("CancelCart", &json!({ "TransactionId": cart }))
    }

    pub(crate) fn confirm(&self, cart: Uuid, identifier: Option<&str>) -> Message {
        let mut body = json!({ "TransactionId": cart });
        if let Some(identifier) = identifier {
            body["Identifier"] = json!(identifier);
        }
        self.call("ConfirmCart", &body)
    }

    /// A cart that its customer has paid.
    pub(crate) fn paid(&self) -> Uuid {
        let cart = self.insert(PHONE, 0);
        self.simulator.confirm(cart).unwrap();
        cart
    }

    pub(crate) fn sms_code(&self, cart: Uuid) -> String {
        self.simulator.cart(cart).unwrap().sms_code.unwrap()
    }
}

pub(crate) fn order(customer: &str, confirmation_type: i64) -> Value {
    json!({
        "Amount": 1000,
        "Reference": "A-1",
        "CustomerId": customer,
        "ConfirmationType": confirmation_type,
    })
}

pub(crate) fn write_request(
    stream: &mut TcpStream,
    method: &str,
    path: &str,
    host: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> io::Result<()> {
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(&[head.as_bytes(), body].concat())
}

/// The shop's endpoint for callbacks.
pub(crate) struct CallbackServer {
    pub(crate) url: String,
    rung: mpsc::Receiver<Message>,
}

impl CallbackServer {
    /// Responds to each callback with the status that `answer` returns for its number, from 1; `None` closes.
    pub(crate) fn new(mut answer: impl FnMut(usize) -> Option<u16> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "http://{}/netgiro/callback?order=A-1",
            listener.local_addr().unwrap()
        );
        let (sender, rung) = mpsc::channel();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let message = Message::read(&mut stream).unwrap();
                let status = answer(number + 1);
                if sender.send(message).is_err() {
                    return;
                }
                if let Some(status) = status {
                    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes());
                }
            }
        });
        Self { url, rung }
    }

    /// The next callback.
    pub(crate) fn wait(&self) -> Message {
        self.rung
            .recv_timeout(Duration::from_secs(60))
            .expect("no callback came")
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.rung.try_recv().is_err()
    }
}

/// Waits until a condition is true.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
