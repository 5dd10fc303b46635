//! Carts: what is inserted, what the server has accepted, and where it stands.

pub(crate) mod new_cart;
pub(crate) mod payment_claim;
pub(crate) mod payment_info;
pub(crate) mod state;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::cart::state::CartState;
use crate::model::error::{Error, Result};
use crate::model::text::quote;
use crate::model::values::amount::Amount;

/// Refuses a reference with control characters or line breaks in it: it is compared, logged and looked up, and
/// where one of these is dropped or changed on the way, it is another order's. Texts that are only shown to people
/// may have lines.
pub fn check_reference(reference: &str) -> Result<()> {
    let has_controls =
        reference.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    if has_controls {
        return Err(Error::invalid_request(format!(
            "reference must be the order's id, without control characters; got {}",
            quote::text(reference)
        )));
    }
    Ok(())
}

/// Refuses a reference that names no order, too: what is sold has one.
pub(crate) fn require_reference(reference: &str) -> Result<()> {
    if reference.trim().is_empty() {
        return Err(Error::invalid_request(format!(
            "reference must be the order's id; got {reference:?}"
        )));
    }
    check_reference(reference)
}

/// A cart the server has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cart {
    /// The server's id of the cart.
    pub transaction_id: Uuid,
    /// The shop's order id, as sent.
    pub reference: String,
    /// The amount, as sent.
    pub amount: Amount,
    /// How often the server wants to be asked; `None` when it did not say.
    pub check_interval: Option<Duration>,
    /// What the server has to say about it.
    pub message: Option<String>,
    /// What identifies the call to Netgíró's support.
    pub reference_id: Option<String>,
}

/// One answer of a bulk call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckResult {
    /// The server's id of the cart.
    pub transaction_id: Uuid,
    /// Where the cart stands, or why that could not be learnt.
    pub outcome: Result<CartState>,
}

impl CheckResult {
    /// Refuses a result that cannot be an answer about its cart.
    pub fn validate(&self) -> Result<()> {
        let Ok(state) = &self.outcome else {
            return Ok(());
        };
        match state.contradiction(self.transaction_id) {
            None => Ok(()),
            Some(why) => Err(Error::invalid_request(format!(
                "the result of cart {} contradicts itself: {why}",
                self.transaction_id
            ))),
        }
    }
}
