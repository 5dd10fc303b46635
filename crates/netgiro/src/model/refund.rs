//! Refunds: what a shop gives back of a payment.

use uuid::Uuid;

use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::text::quote;
use crate::model::values::amount::Amount;

/// A refund to be made.
///
/// Its key makes it one: Netgíró processes one refund for each key. Make the key of what the refund is, such as the order and
/// the line that comes back, store it before the call, and use the same key, amount and cart when you try again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewRefund {
    /// What the customer gets back.
    pub amount: Amount,
    /// The shop's name of this refund: 1 to 100 characters that print.
    pub idempotency_key: String,
    /// Shown in Netgíró's merchant portal.
    pub description: Option<String>,
}

/// A refund that Netgíró has processed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refund {
    /// The cart whose payment is refunded.
    pub transaction_id: Uuid,
    /// What the customer gets back.
    pub amount: Amount,
    /// The shop's name of this refund.
    pub idempotency_key: String,
    /// What the server has to say about it.
    pub message: Option<String>,
}

impl NewRefund {
    const LONGEST_KEY: usize = 100;

    /// A refund with everything that is required.
    #[must_use]
    pub fn new(amount: Amount, idempotency_key: impl Into<String>) -> Self {
        Self {
            amount,
            idempotency_key: idempotency_key.into(),
            description: None,
        }
    }

    /// What is known of this refund for a caller that stops waiting for its call, by a cancelled task or Ctrl-C:
    /// `outcome_unknown`, with the key to refund again with.
    #[must_use]
    pub fn abandon(&self) -> Error {
        self.outcome_unknown("the call was given up before its answer came")
            .with_request_sent(RequestSent::Maybe)
            .of_call(FailedCall::Refund)
    }

    /// What a refund fails with that may have been made.
    pub(crate) fn outcome_unknown(&self, why: &str) -> Error {
        let key = &self.idempotency_key;
        let message = format!(
            "the refund may have been made: {why}. Refund again with the same idempotency_key {key:?}, amount and cart: \
             Netgíró processes a key once"
        );
        Error::new(ErrorKind::OutcomeUnknown, message)
            .with_retryable(true)
            .with_idempotency_key(key)
    }

    /// Refuses a key that does not name one refund.
    pub(crate) fn validate(&self) -> Result<()> {
        let key = &self.idempotency_key;
        let is_usable = !key.trim().is_empty()
            && key.chars().count() <= Self::LONGEST_KEY
            && !key.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        if is_usable {
            return Ok(());
        }
        Err(Error::invalid_request(format!(
            "idempotency_key must be the shop's own name of this refund, 1 to {} characters that print, such as \
             \"order-1001-line-2\"; got {}",
            Self::LONGEST_KEY,
            quote::text(key)
        )))
    }
}
