//! verify-callback: what a shop's log holds of a callback, verified again.

use std::collections::BTreeMap;
use std::path::Path;

use netgiro::{Callback, Client, ClientOptions, Error, ErrorKind};

use crate::arguments::Given;
use crate::console::{Console, sanitize};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::interrupt::Interrupt;
use crate::records::CallbackRecord;

use super::cart;

pub(super) fn verify(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let url = given.required("url")?;
    let order = cart::expected(given)?;
    let client = Client::new(ClientOptions::from_env()?)?;
    let input = Path::new("-");
    let body = given.path("body").unwrap_or(input);
    if body == input && given.path("headers") == Some(input) {
        return Err(
            given.usage("standard input can be the headers or the body: name a file for one")
        );
    }
    let headers = headers(given, interrupt)?;
    let body = input::bytes(body, interrupt)?;
    let callback = client.verify_callback(url, &headers, &body)?;
    if let Some((amount, reference)) = order
        && !callback.matches(amount, reference)
    {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "the callback verifies, and is about another order: {}",
                about(&callback)
            ),
        )
        .into());
    }
    let line = format!(
        "{}  verifies: {}, {}\nIt pays nothing: ask netgiro check {}",
        callback.transaction_id,
        about(&callback),
        console.status(callback.state.status),
        callback.transaction_id
    );
    console.result(&CallbackRecord::from(&callback), line);
    Ok(Exit::Done)
}

fn about(callback: &Callback) -> String {
    let amount = callback
        .amount
        .map_or("no amount".to_owned(), |amount| format!("{amount} kr."));
    let reference = callback
        .reference
        .as_deref()
        .map_or("no reference".into(), sanitize);
    format!("{amount} for {reference}")
}

fn headers(given: &Given, interrupt: &Interrupt) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    if let Some(path) = given.path("headers") {
        let text = input::text(path, interrupt)?;
        headers = of_file(&text).map_err(|why| Failure::file("read", path, why))?;
    }
    for text in given.texts("header")? {
        let header = of_line(text)
            .ok_or_else(|| given.usage(format!("--header must be NAME:VALUE; got {text:?}")))?;
        headers.push(header);
    }
    Ok(headers)
}

/// The headers in a file: a JSON object, or lines as HTTP has them, with or without the request's first line.
fn of_file(text: &str) -> Result<Vec<(String, String)>, String> {
    if text.trim_start().starts_with('{') {
        let headers: BTreeMap<String, String> =
            serde_json::from_str(text).map_err(|error| format!("as a JSON object: {error}"))?;
        return Ok(headers.into_iter().collect());
    }
    text.lines()
        .enumerate()
        .filter(|(at, line)| !(line.trim().is_empty() || *at == 0 && is_request_line(line)))
        .map(|(at, line)| {
            of_line(line).ok_or_else(|| format!("line {} is no \"Name: value\"", at + 1))
        })
        .collect()
}

fn is_request_line(line: &str) -> bool {
    line.trim_end()
        .rsplit_once(' ')
        .is_some_and(|(_, version)| version.starts_with("HTTP/"))
}

fn of_line(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let (name, value) = (name.trim(), value.trim());
    (!name.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_lines_or_an_object() {
        let wanted = [
            ("netgiro_nonce".to_owned(), "1".to_owned()),
            ("netgiro_signature".to_owned(), "a:b".to_owned()),
        ];
        for text in [
            "POST /callback?a HTTP/1.1\r\nnetgiro_nonce: 1\r\nnetgiro_signature:a:b\r\n\r\n",
            "netgiro_nonce : 1\nnetgiro_signature: a:b",
            " {\"netgiro_nonce\": \"1\", \"netgiro_signature\": \"a:b\"}",
        ] {
            assert_eq!(of_file(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(of_file("\n"), Ok(vec![]));
        for text in ["a: b\nnothing", "{\"a\": 1}", ": b"] {
            assert!(of_file(text).is_err(), "{text}");
        }
    }
}
