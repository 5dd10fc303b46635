//! The JSON form of values that have no or another JSON form of their own.

use jiff::Timestamp;
use netgiro::{CartStatus, ConfirmationType};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// ISO 8601, to the millisecond.
pub(crate) fn instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(crate) fn status<S: Serializer>(status: &CartStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(crate) fn confirmation_type<S: Serializer>(
    confirmation_type: &ConfirmationType,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(confirmation_type.as_str())
}

/// An object with one member for each header name; the last value where a header was sent twice.
pub(crate) fn headers<S: Serializer>(
    headers: &[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let by_name: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name, value)).collect();
    by_name.serialize(serializer)
}
