//! What a response whose HTTP status is not 2xx means.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::error::{Error, ErrorKind, RequestSent};
use crate::model::status::ResultCode;
use crate::model::text::masking::mask_within;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::insert_response;
use crate::protocol::json::{beginning, object};
use crate::protocol::v2;

/// The error for an answer whose HTTP status is not 2xx.
pub(crate) fn http_error(
    endpoint: Endpoint,
    status: u16,
    location: Option<&str>,
    retry_after: Option<Duration>,
    body: &[u8],
    reference_id: Option<String>,
) -> Error {
    let details = HttpErrorBody::read(body);
    let said = details
        .message
        .map(|message| format!(": {message}"))
        .unwrap_or_default();
    let name = endpoint.name();
    let (kind, message) = match status {
        300..=399 => (
            ErrorKind::Server,
            format!(
                "{name} was answered with a redirect{}, which is never followed: check base_url",
                location
                    .map(|to| format!(" to {}", beginning(to.as_bytes())))
                    .unwrap_or_default()
            ),
        ),
        401 | 403 => (
            ErrorKind::Authentication,
            format!(
                "{name} was not let in{said}: check the app key, the secret key and that they belong to this environment"
            ),
        ),
        // The last two come from proxies: the client had gone before there was an answer.
        408 | 460 | 499 => (
            ErrorKind::Timeout,
            format!("{name} took too long to be answered{said}"),
        ),
        429 => (
            ErrorKind::RateLimited,
            format!("{name} was refused, there were too many calls{said}"),
        ),
        400..=499 => (ErrorKind::Api, format!("Netgíró refused {name}{said}")),
        _ => (
            ErrorKind::Server,
            format!("{name} failed at the server{said}"),
        ),
    };
    let doubt = (endpoint.inserts_cart()
        && matches!(status, 400..=499)
        && !insert_response::leaves_outcome_open(status))
    .then(|| match endpoint {
        Endpoint::Payment => v2::cart::doubt(status, body),
        _ => insert_response::doubt(status, body),
    })
    .flatten();
    let (kind, message) = match doubt {
        Some(doubt) => (doubt.kind, format!("{name}'s answer {}{said}", doubt.why)),
        None => (kind, message),
    };
    let error = Error::new(kind, message)
        .with_http_status(status)
        .with_retry_after(retry_after)
        .with_reference_id(reference_id)
        .with_request_sent(RequestSent::Yes);
    let error = if status >= 500 {
        error.transient()
    } else {
        error
    };
    match details.result_code {
        Some(code) => {
            let may_pass = code == ResultCode::SERVER_ERROR && endpoint.is_repeatable();
            let retryable = error.retryable() || may_pass;
            error.with_result_code(code).with_retryable(retryable)
        }
        None => error,
    }
}

/// What an error's body says, as far as it can be read.
struct HttpErrorBody {
    message: Option<String>,
    result_code: Option<i64>,
}

impl HttpErrorBody {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow, alias = "Message")]
            message: Option<&'a RawValue>,
            #[serde(borrow, rename = "ResultCode")]
            result_code: Option<&'a RawValue>,
        }
        fn value<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
            serde_json::from_str(raw?.get()).ok()
        }
        let wire = std::str::from_utf8(body)
            .ok()
            .and_then(|text| object::<Wire<'_>>(text).ok());
        match wire {
            Some(wire) => Self {
                message: value(wire.message).map(|text: String| mask_within(&text)),
                result_code: value(wire.result_code),
            },
            None => Self {
                message: (!body.is_empty()).then(|| beginning(body)),
                result_code: None,
            },
        }
    }
}
