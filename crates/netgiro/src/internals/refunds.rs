//! Refunds: what their answers mean, and which refund a key belongs to.

use uuid::Uuid;

use super::{Call, Received};
use crate::api::refund_keys;
use crate::model::error::{Error, Result};
use crate::model::refund::{NewRefund, Refund};
use crate::protocol::v2::refund;

/// Which refund each key was used for, in one process.
#[derive(Debug, Default)]
pub struct RefundKeys(refund_keys::RefundKeys);

impl RefundKeys {
    /// Refuses a key that was used for another refund.
    pub fn claim(&self, transaction_id: Uuid, refund: &NewRefund) -> Result<()> {
        self.0.claim(transaction_id, refund)
    }
}

/// Reads the answer to a refund.
pub fn read_refund(
    transaction_id: Uuid,
    new: &NewRefund,
    received: Received<'_>,
) -> Result<Refund> {
    refund::read(&received.open(Call::Refund)?, transaction_id, new)
}

/// What a refund's failure means, where an earlier attempt may have been processed.
#[must_use]
pub fn refund_failure(error: Error, in_doubt: bool, new: &NewRefund) -> Error {
    refund::failure(error, in_doubt, new)
}
