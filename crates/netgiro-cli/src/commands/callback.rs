//! verify-callback: verifies a callback from a shop's log.

use std::collections::BTreeMap;
use std::path::Path;

use netgiro::{Callback, Client, ClientOptions, Error, ErrorKind};

use crate::arguments::CallbackArgs;
use crate::console::{Console, kronur, sanitize};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::interrupt::Interrupt;
use crate::records::CallbackRecord;

use super::session;

pub(super) fn verify(
    args: &CallbackArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let order = session::expected(&args.order)?;
    let client = Client::new(ClientOptions::from_env()?)?;
    let input = Path::new("-");
    if args.body == input && args.headers.as_deref() == Some(input) {
        return Err(Failure::usage(
            "standard input can be the headers or the body: name a file for one",
        ));
    }
    let headers = headers(args, interrupt)?;
    let body = input::bytes(&args.body, interrupt)?;
    let callback = client.verify_callback(&args.url, &headers, &body)?;
    if let Some((amount, reference)) = order
        && !callback.matches(amount, reference)
    {
        return Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "the callback verifies, but it is about another order: {}",
                summary(&callback)
            ),
        )
        .into());
    }
    let line = format!(
        "{}  verifies: {}{}\nIt does not prove a payment: run netgiro check {}",
        callback.transaction_id,
        summary(&callback),
        match &callback.state {
            Some(state) => format!(", {}", console.status(state.status)),
            None => "; V2's signature is the same for a yes and a no".to_owned(),
        },
        callback.transaction_id
    );
    console.result(&CallbackRecord::from(&callback), line);
    Ok(Exit::Done)
}

fn summary(callback: &Callback) -> String {
    let amount = callback.amount.map_or("no amount".to_owned(), kronur);
    let reference = callback
        .reference
        .as_deref()
        .map_or("no reference".into(), sanitize);
    format!("{amount} for {reference}")
}

fn headers(args: &CallbackArgs, interrupt: &Interrupt) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    if let Some(path) = &args.headers {
        let text = input::text(path, interrupt)?;
        headers = from_file(&text).map_err(|why| Failure::file("read", path, why))?;
    }
    for text in &args.more_headers {
        let header = from_line(text)
            .ok_or_else(|| Failure::usage(format!("--header must be NAME:VALUE; got {text:?}")))?;
        headers.push(header);
    }
    Ok(headers)
}

/// The headers in a file: a JSON object, or lines as in HTTP, with or without the request line.
fn from_file(text: &str) -> Result<Vec<(String, String)>, String> {
    if text.trim_start().starts_with('{') {
        let headers: BTreeMap<String, String> =
            serde_json::from_str(text).map_err(|error| format!("as a JSON object: {error}"))?;
        return Ok(headers.into_iter().collect());
    }
    text.lines()
        .enumerate()
        .filter(|(at, line)| !(line.trim().is_empty() || *at == 0 && is_request_line(line)))
        .map(|(at, line)| {
            from_line(line).ok_or_else(|| format!("line {} is not \"Name: value\"", at + 1))
        })
        .collect()
}

fn is_request_line(line: &str) -> bool {
    line.trim_end()
        .rsplit_once(' ')
        .is_some_and(|(_, version)| version.starts_with("HTTP/"))
}

fn from_line(line: &str) -> Option<(String, String)> {
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
            assert_eq!(from_file(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(from_file("\n"), Ok(vec![]));
        for text in ["a: b\nnothing", "{\"a\": 1}", ": b"] {
            assert!(from_file(text).is_err(), "{text}");
        }
    }
}
