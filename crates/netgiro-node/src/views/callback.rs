//! `Callback`.

use netgiro::{Callback, CartState};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::views::state::StateView;

/// A callback that verified.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct CallbackView(#[serde(with = "Members")] pub(crate) Callback);

#[derive(Serialize)]
#[serde(remote = "Callback", rename_all = "camelCase")]
struct Members {
    transaction_id: Uuid,
    reference: Option<String>,
    amount: Option<Decimal>,
    #[serde(serialize_with = "state")]
    state: Option<CartState>,
    reference_id: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the member")]
fn state<S: Serializer>(state: &Option<CartState>, serializer: S) -> Result<S::Ok, S::Error> {
    state.as_ref().map(StateView).serialize(serializer)
}
