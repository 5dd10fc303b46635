//! Single values: durations, whole numbers, instants.

use std::str::FromStr;

use jiff::Timestamp;
pub(crate) use netgiro::milliseconds;
use netgiro::{Error, Result};

/// Sets an option that the caller gave.
pub(crate) fn set<T, O>(
    option: &mut O,
    input: Option<T>,
    read: impl FnOnce(T) -> Result<O>,
) -> Result<()> {
    if let Some(input) = input {
        *option = read(input)?;
    }
    Ok(())
}

/// A word, such as the name of an environment.
pub(crate) fn word<T: FromStr<Err = Error>>(input: String) -> Result<T> {
    input.parse()
}

/// A whole number, from a JavaScript number.
pub(crate) fn whole<T: FromStr>(argument: &str, input: f64) -> Result<T> {
    format!("{input}").parse().map_err(|_| {
        let expected = "a whole number within its bounds";
        Error::invalid_request(format!("{argument} must be {expected}; got {input}"))
    })
}

/// An instant in epoch milliseconds; `None` is now.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what `as` saturates is outside the range of a timestamp"
)]
pub(crate) fn instant(argument: &str, input: Option<f64>) -> Result<Timestamp> {
    let Some(milliseconds) = input else {
        return Ok(Timestamp::now());
    };
    Some(milliseconds.floor())
        .filter(|milliseconds| milliseconds.is_finite())
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds as i64).ok())
        .ok_or_else(|| {
            let expected = "an instant in epoch milliseconds";
            Error::invalid_request(format!("{argument} must be {expected}; got {milliseconds}"))
        })
}
