//! A server on loopback that follows a script, down to the bytes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]
#![allow(dead_code, reason = "each suite uses its part of it")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use netgiro::sign;
use serde_json::Value;

pub(crate) const SECRET: &str = "not-the-published-one";

/// What the server does with a request it has read.
#[derive(Clone)]
pub(crate) enum Answer {
    Http(u16, &'static str, String),
    /// Answers, and closes the connection without having announced it.
    HttpThenClose(u16, &'static str, String),
    /// Answers 200 with these bytes and a signature over them.
    Signed(Vec<u8>),
    Reset,
    Silence,
    /// Writes what it likes; the connection is closed when it says false.
    With(Arc<dyn Fn(&mut TcpStream) -> bool + Send + Sync>),
}

impl Answer {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Http(200, "", body.into())
    }

    /// An answer as the vectors of V2 and of look-ups write it.
    pub(crate) fn of_vector(value: &Value) -> Self {
        if value["close"] == true {
            return Self::Reset;
        }
        let status = u16::try_from(value["http_status"].as_u64().unwrap()).unwrap();
        let headers: Vec<_> = (value["headers"].as_object().into_iter().flatten())
            .map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap()))
            .collect();
        let body = value["body"].as_str().unwrap().to_owned();
        Self::Http(status, headers.concat().leak(), body)
    }

    /// Writes these bytes as they are, and keeps the connection open.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::With(Arc::new(move |stream| stream.write_all(&bytes).is_ok()))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Which connection it came on, counted from 0.
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header by its name in lowercase; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

struct Script {
    next: Box<dyn Iterator<Item = Answer> + Send>,
    last: Option<Answer>,
}

impl Script {
    fn next(&mut self) -> Answer {
        if let Some(answer) = self.next.next() {
            self.last = Some(answer);
        }
        self.last.clone().unwrap()
    }
}

/// A server that gives these answers to the requests it reads, one after another, the last for ever.
pub(crate) fn server(answers: Vec<Answer>) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1/", listener.local_addr().unwrap());
    let script = Arc::new(Mutex::new(Script {
        next: Box::new(answers.into_iter()),
        last: None,
    }));
    let (report, requests) = mpsc::channel();
    let url = base.clone();
    thread::spawn(move || {
        for (connection, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let (script, report, url) = (Arc::clone(&script), report.clone(), url.clone());
            thread::spawn(move || {
                while let Some(mut request) = read(&mut stream) {
                    request.connection = connection;
                    let answer = script.lock().unwrap().next();
                    let signed_url = url.replace("/v1/", &request.path);
                    if report.send(request).is_err() || !give(&mut stream, answer, &signed_url) {
                        return;
                    }
                }
            });
        }
    });
    (base, requests)
}

/// Whether the connection is to be kept.
fn give(stream: &mut TcpStream, answer: Answer, url: &str) -> bool {
    match answer {
        Answer::Http(status, headers, body) => {
            respond(stream, status, headers, body.as_bytes());
            true
        }
        Answer::HttpThenClose(status, headers, body) => {
            respond(stream, status, headers, body.as_bytes());
            false
        }
        Answer::Signed(body) => {
            let signature = sign(SECRET, "7", url, &body);
            let headers = format!("netgiro_nonce: 7\r\nnetgiro_signature: {signature}\r\n");
            respond(stream, 200, &headers, &body);
            true
        }
        Answer::Reset => false,
        Answer::Silence => {
            // Longer than any test.
            thread::sleep(Duration::from_secs(600));
            true
        }
        Answer::With(write) => write(stream),
    }
}

pub(crate) fn respond(stream: &mut impl Write, status: u16, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).ok();
}

pub(crate) fn read(stream: &mut impl Read) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let mut words = line.split(' ').map(str::to_owned);
    let headers: HashMap<_, _> = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        let n = stream.read(&mut chunk).unwrap();
        body.extend_from_slice(&chunk[..n]);
    }
    Some(Request {
        connection: 0,
        method: words.next()?,
        path: words.next()?,
        headers,
        body,
    })
}
