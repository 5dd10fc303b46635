//! A cart's refunds, and what its settlements hold.

use crate::engine::cart::{Cart, Stage};
use crate::engine::settlement;
use crate::model::order::SettledItem;
use crate::model::records::SimulatedRefund;

impl Cart {
    /// What is left of the payment; `None` if there is none.
    pub(crate) fn refundable(&self) -> Option<i64> {
        (self.stage == Stage::Paid).then(|| self.amount() - self.refunded())
    }

    /// The sum of the refunds.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    pub(crate) fn add_refund(&mut self, refund: SimulatedRefund) {
        self.refunds.push(refund);
    }

    /// The payment, its refunds and its cancel, as settlements hold them.
    pub(crate) fn settled_items(&self) -> Vec<SettledItem> {
        let Some(paid_at) = self.paid_at else {
            return Vec::new();
        };
        if (self.voided_at).is_some_and(|at| settlement::is_same_day(paid_at, at)) {
            return Vec::new();
        }
        let item = |at, created, amount| SettledItem {
            at,
            created,
            amount,
            invoice_number: self.invoice_number,
        };
        let sold_at = self.agreed_at.unwrap_or(self.created);
        let mut items = vec![item(paid_at, sold_at, self.amount())];
        items.extend(
            (self.refunds.iter())
                .map(|refund| item(refund.refunded_at, refund.refunded_at, -refund.amount)),
        );
        let rest = self.amount() - self.refunded();
        items.extend(
            (self.voided_at)
                .filter(|_| rest > 0)
                .map(|at| item(at, at, -rest)),
        );
        items
    }
}
