//! `Cart`.

use std::time::Duration;

use netgiro::{Amount, Cart};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::views::scalars::milliseconds;

/// A cart that the server has accepted.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct CartView(#[serde(with = "Members")] pub(crate) Cart);

#[derive(Serialize)]
#[serde(remote = "Cart", rename_all = "camelCase")]
struct Members {
    transaction_id: Uuid,
    reference: String,
    amount: Amount,
    #[serde(serialize_with = "optional_milliseconds")]
    check_interval: Option<Duration>,
    message: Option<String>,
    reference_id: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
fn optional_milliseconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.map(milliseconds).serialize(serializer)
}
