//! `Callback`, as an array of its members, as a state is: `node/internal/results.ts` has the same order.

use netgiro::Callback;
use serde::{Serialize, Serializer};

use crate::views::state::StateView;

/// A callback that verified.
pub(crate) struct CallbackView(pub(crate) Callback);

impl Serialize for CallbackView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let callback = &self.0;
        (
            callback.transaction_id,
            &callback.reference,
            callback.amount,
            callback.state.as_ref().map(StateView),
            &callback.reference_id,
        )
            .serialize(serializer)
    }
}
