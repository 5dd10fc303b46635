//! `CheckResult`, as an array of its members, as a state is: `node/internal/results.ts` has the same order.

use netgiro::CheckResult;
use serde::{Serialize, Serializer};

use crate::views::error::ErrorView;
use crate::views::state::StateView;

/// A result: exactly one of state and error is not null. A state tells the cart's id itself.
pub(crate) struct CheckView(pub(crate) CheckResult);

impl Serialize for CheckView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.outcome {
            Ok(state) => (StateView(state),).serialize(serializer),
            Err(error) => {
                (None::<()>, ErrorView::from(error), self.0.transaction_id).serialize(serializer)
            }
        }
    }
}
