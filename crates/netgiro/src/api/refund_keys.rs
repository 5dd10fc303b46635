//! Which refund each idempotency key was used for, in this process.

use uuid::Uuid;

use crate::http::response_replay_cache::ResponseReplayCache;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::refund::NewRefund;
use crate::protocol::signature::sha256;

/// Which refund each of the latest few thousand keys was used for. Netgíró may answer a used key as it did the first
/// time, so another amount under the same key would seem to be refunded.
#[derive(Debug, Default)]
pub(crate) struct RefundKeys(ResponseReplayCache);

impl RefundKeys {
    /// Refuses a key that was used for another refund.
    pub(crate) fn claim(&self, transaction_id: Uuid, refund: &NewRefund) -> Result<()> {
        let key = &refund.idempotency_key;
        let amount = refund.amount.kronur().to_be_bytes();
        let (name, _) = halves(sha256(&[key.as_bytes()]));
        let (upper, lower) = halves(sha256(&[transaction_id.as_bytes(), &amount]));
        if self.0.insert_seal(name, Uuid::from_u64_pair(upper, lower)) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Mismatch,
            format!(
                "the idempotency_key {key:?} was used for another amount or another cart: another refund needs a key of \
                 its own; nothing was sent"
            ),
        ))
    }
}

/// The first bytes of a hash, as two numbers.
fn halves(digest: [u8; 32]) -> (u64, u64) {
    let number = |at: usize| {
        digest
            .iter()
            .skip(at)
            .take(8)
            .fold(0, |number, byte| (number << 8) | u64::from(*byte))
    };
    (number(0), number(8))
}
