//! What goes in and what comes out about transfers to the bank.

use jiff::{SignedDuration, Timestamp};
use netgiro::{Settlement, SettlementItem};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::model::CartKey;

/// What became of a paid cart, an item of a settlement, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettlementOutcome {
    /// Paid, and in no settlement, although what was paid later is in one; or paid a month ago.
    Missing,
    /// Settled with another amount than was paid.
    AmountMismatch,
    /// Settled more than once.
    Duplicate,
    /// Settled, and no cart is known to have been paid for it.
    UnknownCart,
    /// Not known: the caller did not say which cart an item is for, an amount is missing, or several carts have one
    /// name.
    Unverified,
    /// Paid, and in no settlement yet.
    NotSettledYet,
    /// Settled with the amount that was paid.
    Settled,
}

impl SettlementOutcome {
    /// Every outcome; those to look into come first; `not_settled_yet` and `settled` are in order.
    pub const ALL: &'static [Self] = &[
        Self::Missing,
        Self::AmountMismatch,
        Self::Duplicate,
        Self::UnknownCart,
        Self::Unverified,
        Self::NotSettledYet,
        Self::Settled,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::AmountMismatch => "amount_mismatch",
            Self::Duplicate => "duplicate",
            Self::UnknownCart => "unknown_cart",
            Self::Unverified => "unverified",
            Self::NotSettledYet => "not_settled_yet",
            Self::Settled => "settled",
        }
    }
}

/// A sale in a settlement, and the cart that it is for.
#[derive(Clone, Debug, Default)]
pub struct SettledItem {
    /// The sale.
    pub item: SettlementItem,
    /// Its cart; `None` if that is not known.
    pub cart: Option<CartKey>,
}

/// A settlement and its items. A settlement without a number holds items whose settlement is not known.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What was transferred.
    pub settlement: Settlement,
    /// The sales in it.
    pub items: Vec<SettledItem>,
}

/// A cart, an item, or a group of them that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementRow {
    /// Its class.
    pub outcome: SettlementOutcome,
    /// The number of its cart's invoice.
    pub invoice_number: Option<i64>,
    /// The loan numbers of its items; sorted.
    pub loan_numbers: Vec<String>,
    /// The ids of its carts; sorted.
    pub transaction_ids: Vec<Uuid>,
    /// The references of its carts; sorted.
    pub references: Vec<String>,
    /// The numbers of the settlements it is in; sorted.
    pub settlements: Vec<String>,
    /// How many items it has.
    pub items: usize,
    /// What was paid; `None` where no cart is known, or its amount is not.
    pub paid_amount: Option<Decimal>,
    /// What was settled; `None` where nothing was, or its amount is not known.
    pub settled_amount: Option<Decimal>,
    /// What Netgíró keeps of it.
    pub cost_amount: Option<Decimal>,
    /// When it was paid: the cart's time, or else the item's.
    pub paid_at: Option<Timestamp>,
    /// How long ago that was.
    pub age: Option<SignedDuration>,
    /// Why it is in this class.
    pub reason: String,
}

/// Sums over some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettlementTotal {
    /// How many rows.
    pub rows: usize,
    /// How many paid carts.
    pub carts: usize,
    /// What was paid.
    pub paid_amount: Decimal,
    /// How many items.
    pub items: usize,
    /// What was settled.
    pub settled_amount: Decimal,
    /// What Netgíró keeps of it.
    pub cost_amount: Decimal,
}

impl SettlementTotal {
    pub(crate) fn of<'a>(rows: impl Iterator<Item = &'a SettlementRow>) -> Self {
        rows.fold(Self::default(), |total, row| Self {
            rows: total.rows + 1,
            carts: total.carts + row.transaction_ids.len(),
            paid_amount: total.paid_amount + row.paid_amount.unwrap_or_default(),
            items: total.items + row.items,
            settled_amount: total.settled_amount + row.settled_amount.unwrap_or_default(),
            cost_amount: total.cost_amount + row.cost_amount.unwrap_or_default(),
        })
    }
}

/// Whether a settlement is the sum of its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The settlement's number.
    pub number: Option<String>,
    /// How many items it has.
    pub items: usize,
    /// Their sum.
    pub items_amount: Decimal,
    /// By how much the settlement's total exceeds it; `None` if the settlement has no total.
    pub difference: Option<Decimal>,
}

/// The result.
#[derive(Clone, Debug)]
pub struct ReconciledSettlements {
    /// Those to look into come first, the largest of each class before the others.
    pub rows: Vec<SettlementRow>,
    /// The settlements, in the order in which they were given.
    pub transfers: Vec<Transfer>,
    /// The totals of each class, in the order of [`SettlementOutcome::ALL`].
    pub totals: Vec<(SettlementOutcome, SettlementTotal)>,
    /// The total of all rows: that of the input without what was left out.
    pub total: SettlementTotal,
    /// How many rows are about days outside the window.
    pub left_out: usize,
}
