//! What V2 says of a transaction.

use crate::engine::settlement;
use crate::engine::state::Engine;
use crate::model::transaction::{Refusal, TransactionDetails};
use crate::protocol::v2;
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    pub(super) fn details(&self, id: &str, now: Timestamp) -> Result<Vec<u8>, Refusal> {
        let details = self.transaction_details(self.known(id)?, now)?;
        Ok(v2::details(&details, self.options.decimals))
    }

    /// What is known of a transaction.
    pub(in crate::engine) fn transaction_details(
        &self,
        id: Uuid,
        now: Timestamp,
    ) -> Result<TransactionDetails, Refusal> {
        let cart = self.find(id).ok_or(Refusal::UnknownTransaction)?;
        let settlement_date = self.settlement_date(id, now);
        Ok(TransactionDetails {
            transaction_id: id,
            is_refundable: cart.refundable().is_some_and(|rest| rest > 0)
                && !self.is_settled_for_good(settlement_date),
            status: cart.stage.details_status(),
            created: cart.created,
            invoice_number: cart.form().invoice_number,
            amount: cart.amount(),
            settlement_date,
        })
    }

    /// When the settlement of a sale was made up; `None` if it has none.
    pub(super) fn settlement_date(&self, id: Uuid, now: Timestamp) -> Option<Timestamp> {
        if self.withheld.contains(&id) {
            return None;
        }
        let (paid_at, _) = self.find(id)?.sale()?;
        settlement::made_up_for(paid_at).filter(|made_up| *made_up <= now)
    }

    /// Whether a sale cannot be refunded since its settlement was made up.
    pub(super) fn is_settled_for_good(&self, settlement_date: Option<Timestamp>) -> bool {
        self.options.refuse_settled_refunds && settlement_date.is_some()
    }
}
