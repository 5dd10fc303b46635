//! A simulated connection that broke off, or was never opened.

use std::fmt;

/// A simulated connection that broke off, or was never opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke off")
    }
}

impl std::error::Error for BrokenOff {}
