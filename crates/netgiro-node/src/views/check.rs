//! `CheckResult`.

use netgiro::CheckResult;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::views::error::ErrorView;
use crate::views::state::StateView;

/// A result: exactly one of `state` and `error` is not null.
pub(crate) struct CheckView(pub(crate) CheckResult);

impl Serialize for CheckView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outcome = self.0.outcome.as_ref();
        let mut members = serializer.serialize_struct("CheckResult", 3)?;
        members.serialize_field("transactionId", &self.0.transaction_id)?;
        members.serialize_field("state", &outcome.ok().map(StateView))?;
        members.serialize_field("error", &outcome.err().map(ErrorView::from))?;
        members.end()
    }
}
