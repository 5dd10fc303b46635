//! What customers may read: the core's sentences.

use napi_derive::napi;
use netgiro::{CartStatus, ErrorKind, FailedCall, Failure, Language};

use crate::reply::reply;

/// The sentences about an error, by its facts.
#[napi(catch_unwind)]
pub fn error_message(
    code: Option<String>,
    message: String,
    result_code: Option<i64>,
    failed_call: Option<String>,
    lang: String,
) -> String {
    let failure = Failure {
        kind: code.as_deref().and_then(ErrorKind::of_code),
        result_code,
        message: &message,
        call: failed_call.as_deref().and_then(FailedCall::of),
    };
    failure.customer_message(Language::of(&lang)).to_owned()
}

/// The sentences about a cart's status, by its word.
#[napi(catch_unwind)]
pub fn status_message(status: String, timed_out: bool, lang: String) -> String {
    let status = status.parse::<CartStatus>();
    reply(&status.map(|status| status.customer_message(timed_out, Language::of(&lang))))
}
