//! Refunds: each made once for its key.

use crate::engine::state::Engine;
use crate::model::options::RepeatedCall;
use crate::model::records::SimulatedRefund;
use crate::model::transaction::{RefundRequest, Refusal};
use jiff::Timestamp;

impl Engine {
    /// Makes a refund, or finds the one that was made for its key.
    pub(super) fn refund(&mut self, request: RefundRequest, now: Timestamp) -> Result<(), Refusal> {
        let id = self.known(&request.transaction_id)?;
        if let Some(first) = self.refund_keys.get(&request.idempotency_key) {
            return if *first != (id, request.amount) {
                Err(Refusal::not_allowed(
                    "IdempotencyKey was used for another refund",
                ))
            } else if self.options.repeated_refund == RepeatedCall::Refuse {
                Err(Refusal::not_allowed(
                    "IdempotencyKey has been processed already",
                ))
            } else {
                Ok(())
            };
        }
        let is_settled = self.is_settled_for_good(self.settlement_date(id, now));
        let cart = self.find_mut(id).ok_or(Refusal::UnknownTransaction)?;
        let rest = cart
            .refundable()
            .ok_or_else(|| Refusal::not_allowed("Transaction is not paid"))?;
        if is_settled {
            return Err(Refusal::not_allowed("Transaction is settled"));
        }
        if request.amount > rest {
            return Err(Refusal::not_allowed(format!(
                "RefundAmount must not exceed {rest}, what is left of the payment"
            )));
        }
        cart.add_refund(SimulatedRefund {
            amount: request.amount,
            idempotency_key: request.idempotency_key.clone(),
            description: request.description,
            refunded_at: now,
        });
        (self.refund_keys).insert(request.idempotency_key, (id, request.amount));
        Ok(())
    }
}
