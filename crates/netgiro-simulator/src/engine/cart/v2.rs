//! What V2 does with a cart: captures, cancels, and notices.

use crate::engine::cart::{Cart, Notification, Stage};
use crate::model::transaction::SaleNotice;
use jiff::Timestamp;

impl Cart {
    /// Captures a hold.
    pub(crate) fn capture(&mut self, amount: i64, now: Timestamp) {
        self.captured = Some(amount);
        self.pay(now);
    }

    /// What was captured; `None` unless the cart is paid by that.
    pub(crate) fn captured(&self) -> Option<i64> {
        self.captured.filter(|_| self.stage == Stage::Paid)
    }

    /// Cancels the cart, even a paid one. Returns whether it was not canceled before.
    pub(crate) fn cancel_v2(&mut self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Canceled | Stage::Declined(_) => return false,
            Stage::Paid => self.voided_at = Some(now),
            Stage::Asked | Stage::NeedsCode | Stage::AwaitingCallback | Stage::Reserved => {}
        }
        self.set_stage(Stage::Canceled);
        true
    }

    /// A hold that nobody captured ends. Returns whether it does.
    pub(crate) fn hold_is_over(&mut self) -> bool {
        let is_over = self.stage == Stage::Reserved;
        if is_over {
            self.time_out();
        }
        is_over
    }

    /// The content of a callback.
    pub(crate) fn notice(&self, notification: Notification) -> SaleNotice {
        SaleNotice {
            is_accepted: notification == Notification::Accepted,
            transaction_id: self.id,
            reference: self.order.reference.clone(),
            amount: self.amount(),
        }
    }
}
