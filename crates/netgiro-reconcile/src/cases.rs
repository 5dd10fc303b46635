//! Orders, carts and refunds that are classified together, and their sums.

use rust_decimal::Decimal;

use crate::carts::Cart;
use crate::model::{Order, Recorded, Refund};
use crate::rules::Finding;

/// An order, or a refund that the shop recorded, and its place in the input.
pub(crate) type Placed<'a> = (usize, &'a Order);

/// Orders, carts and refunds that are classified together.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) orders: Vec<Placed<'a>>,
    pub(crate) carts: Vec<&'a Cart<'a>>,
    pub(crate) refunds: CaseRefunds<'a>,
    pub(crate) finding: Finding,
}

/// The refunds of a case, beside what its orders say of them.
#[derive(Debug, Default)]
pub(crate) struct CaseRefunds<'a> {
    /// Those that the shop recorded as rows of their own.
    pub(crate) rows: Vec<Placed<'a>>,
    /// Those that were sent to Netgíró.
    pub(crate) sent: Vec<&'a Refund>,
    /// What settlements take back.
    pub(crate) settled: Decimal,
    /// Whether it is not known which of several orders or payments they belong to.
    pub(crate) is_ambiguous: bool,
}

impl<'a> Case<'a> {
    pub(crate) fn new(orders: Vec<Placed<'a>>, carts: Vec<&'a Cart<'a>>, finding: Finding) -> Self {
        Self {
            orders,
            carts,
            refunds: CaseRefunds::default(),
            finding,
        }
    }

    /// What the shop recorded as refunded.
    pub(crate) fn recorded_refunds(&self) -> Decimal {
        let beside: Decimal = self.orders.iter().map(|(_, order)| order.refunded).sum();
        beside + self.refunds.in_rows(Recorded::Paid)
    }

    /// What Netgíró is known to have refunded.
    pub(crate) fn known_refunds(&self) -> Decimal {
        self.refunds.sent(true).max(self.refunds.settled)
    }
}

impl CaseRefunds<'_> {
    /// The sum of the rows in one state.
    pub(crate) fn in_rows(&self, state: Recorded) -> Decimal {
        let rows = self.rows.iter().filter(|(_, row)| row.recorded == state);
        rows.map(|(_, row)| row.amount).sum()
    }

    /// The sum of those that are made, or of those whose outcome is not known.
    pub(crate) fn sent(&self, is_made: bool) -> Decimal {
        let sent = self.sent.iter().filter(|refund| refund.is_made == is_made);
        sent.map(|refund| refund.amount).sum()
    }
}

pub(crate) fn paid_in(carts: &[&Cart<'_>]) -> Decimal {
    let paid = carts.iter().filter(|cart| cart.is_paid());
    paid.filter_map(|cart| cart.amount).sum()
}

pub(crate) fn recorded_as_paid(orders: &[Placed<'_>]) -> Decimal {
    recorded(orders).sum()
}

/// What one payment would be, of orders that are for the same thing; `None` if none is recorded as paid.
pub(crate) fn owed_at_most(orders: &[Placed<'_>]) -> Option<Decimal> {
    recorded(orders).max()
}

fn recorded(orders: &[Placed<'_>]) -> impl Iterator<Item = Decimal> {
    let paid = (orders.iter()).filter(|(_, order)| order.recorded == Recorded::Paid);
    paid.map(|(_, order)| order.amount)
}
