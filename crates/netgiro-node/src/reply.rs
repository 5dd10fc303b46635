//! What a native function answers at once: `{"value": …}` or `{"error": …}`, as JSON text.

use napi::bindgen_prelude::Either;
use netgiro::{Error, Result};
use serde::Serialize;

use crate::views::error::ErrorView;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Reply<'a, T> {
    Value(&'a T),
    Error(&'a ErrorView<'a>),
}

/// The answer of a function.
pub(crate) fn reply<T: Serialize>(outcome: &Result<T>) -> String {
    match outcome {
        Ok(value) => json(&Reply::Value(value)),
        Err(error) => error_reply(error),
    }
}

/// The answer of a function that failed with an error of the core.
pub(crate) fn error_reply(error: &Error) -> String {
    refusal(&ErrorView::from(error))
}

/// The answer of a function that failed.
pub(crate) fn refusal(error: &ErrorView<'_>) -> String {
    json(&Reply::<()>::Error(error))
}

/// An object for JavaScript, or the answer that says why there is none.
pub(crate) type Made<T> = Either<T, String>;

pub(crate) fn made<T>(outcome: Result<T>) -> Made<T> {
    match outcome {
        Ok(object) => Either::A(object),
        Err(error) => Either::B(error_reply(&error)),
    }
}

/// Serialising the types of this crate cannot fail; if it did, the caller would get null.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    // Enough for a state with its payment.
    let mut text = Vec::with_capacity(512);
    serde_json::to_writer(&mut text, value)
        .ok()
        .and_then(|()| String::from_utf8(text).ok())
        .unwrap_or_else(|| "null".to_owned())
}
