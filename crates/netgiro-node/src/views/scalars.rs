//! Single values: durations, instants, amounts.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A duration as JavaScript counts it; divided at once, so that whole milliseconds stay whole.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.div_duration_f64(Duration::from_millis(1))
}

/// As `Date.prototype.toISOString` writes it.
pub(crate) struct Instant(pub(crate) Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

/// For members of a view that is derived: an instant.
pub(crate) fn instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    Instant(*at).serialize(serializer)
}

/// The same of one that may be absent.
#[expect(clippy::ref_option, reason = "serde asks for it")]
pub(crate) fn optional_instant<S: Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(Instant).serialize(serializer)
}
