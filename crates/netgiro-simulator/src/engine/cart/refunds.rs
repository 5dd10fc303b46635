//! A cart's refunds, and what its settlements hold.

use crate::engine::cart::{Cart, Stage};
use crate::model::order::SettledItem;
use crate::model::records::SimulatedRefund;

impl Cart {
    /// What is left of the payment; `None` if there is none.
    pub(crate) fn refundable(&self) -> Option<i64> {
        (self.stage == Stage::Paid).then(|| self.order.amount - self.refunded())
    }

    /// The sum of the refunds.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    pub(crate) fn add_refund(&mut self, refund: SimulatedRefund) {
        self.refunds.push(refund);
    }

    /// The payment and its refunds, as settlements hold them.
    pub(crate) fn settled_items(&self) -> Vec<SettledItem> {
        let Some((at, payment)) = self.sale() else {
            return Vec::new();
        };
        let sale = SettledItem {
            at,
            created: payment.created,
            amount: payment.amount,
            invoice_number: payment.invoice_number,
        };
        let refunds = self.refunds.iter().map(|refund| SettledItem {
            at: refund.refunded_at,
            created: refund.refunded_at,
            amount: -refund.amount,
            invoice_number: payment.invoice_number,
        });
        std::iter::once(sale).chain(refunds).collect()
    }
}
