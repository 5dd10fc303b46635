//! Durations as callers of other languages give them.

use std::time::Duration;

use crate::model::error::{Error, Result};

/// A duration given in seconds; `option` names it in the error.
pub fn seconds(option: &str, value: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(value).map_err(|_| refused(option, value, "seconds"))
}

/// A duration given in milliseconds; `option` names it in the error.
pub fn milliseconds(option: &str, value: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(value / 1000.0).map_err(|_| refused(option, value, "milliseconds"))
}

fn refused(option: &str, value: f64, unit: &str) -> Error {
    Error::invalid_request(format!(
        "{option} must be a number of {unit}, 0 or more; got {value}"
    ))
}
