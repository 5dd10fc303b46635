//! What goes in and what comes out: orders, checks, rows and totals.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use netgiro::words::{one_of, quoted, word};
use netgiro::{CartState, CartStatus, CheckResult, Error, Result};
use rust_decimal::Decimal;
use uuid::Uuid;

/// What became of an order, a payment, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Paid at Netgíró; open, canceled or unknown in the shop: a customer paid and has nothing.
    PaidNotRecorded,
    /// Recorded as paid in the shop, not paid at Netgíró.
    RecordedNotPaid,
    /// Paid on both sides, with another amount.
    AmountMismatch,
    /// One reference paid more than once.
    DuplicatePayment,
    /// One order recorded more than once.
    DuplicateOrder,
    /// Netgíró knows no such cart.
    NotFound,
    /// Not decided yet, or not closed in the shop.
    StillOpen,
    /// Not known: there is no check, the check failed, or it contradicts the order.
    Unverified,
    /// Both sides agree.
    Matched,
}

impl Outcome {
    /// Every outcome; those that cost most come first, `matched` last.
    pub const ALL: &'static [Self] = &[
        Self::PaidNotRecorded,
        Self::RecordedNotPaid,
        Self::AmountMismatch,
        Self::DuplicatePayment,
        Self::DuplicateOrder,
        Self::NotFound,
        Self::StillOpen,
        Self::Unverified,
        Self::Matched,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaidNotRecorded => "paid_not_recorded",
            Self::RecordedNotPaid => "recorded_not_paid",
            Self::AmountMismatch => "amount_mismatch",
            Self::DuplicatePayment => "duplicate_payment",
            Self::DuplicateOrder => "duplicate_order",
            Self::NotFound => "not_found",
            Self::StillOpen => "still_open",
            Self::Unverified => "unverified",
            Self::Matched => "matched",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state of an order in the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recorded {
    /// Paid: to be delivered, or delivered.
    Paid,
    /// Waiting for its payment.
    Open,
    /// Canceled, declined or expired: not to be delivered.
    Canceled,
}

impl Recorded {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[Self::Paid, Self::Open, Self::Canceled];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Open => "open",
            Self::Canceled => "canceled",
        }
    }
}

impl FromStr for Recorded {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        word(text, Self::ALL, Self::as_str).ok_or_else(|| {
            Error::invalid_request(one_of("status", &quoted(text), Self::ALL, Self::as_str))
        })
    }
}

/// An order as the shop recorded it.
#[derive(Clone, Debug)]
pub struct Order {
    /// The shop's order id, as sent to Netgíró.
    pub reference: Option<String>,
    /// The cart's id, as InsertCart gave it.
    pub transaction_id: Option<Uuid>,
    /// The amount in krónur.
    pub amount: Decimal,
    /// Its state in the shop.
    pub recorded: Recorded,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// What Netgíró said about a cart, or why there is no answer.
#[derive(Clone, Debug)]
pub struct Check {
    /// The cart's id.
    pub transaction_id: Uuid,
    /// Its status, or in words why that is not known.
    pub outcome: Result<CartStatus, String>,
    /// The amount paid, in krónur.
    pub amount: Option<Decimal>,
    /// The shop's order id, as Netgíró holds it.
    pub reference: Option<String>,
    /// When the payment was made.
    pub created: Option<Timestamp>,
    /// The number of the payment's invoice.
    pub invoice_number: Option<i64>,
    /// When the answer came in.
    pub checked_at: Option<Timestamp>,
}

impl From<&CartState> for Check {
    fn from(state: &CartState) -> Self {
        let payment = state.payment.as_deref();
        Self {
            transaction_id: state.transaction_id,
            outcome: Ok(state.status),
            amount: payment.and_then(|payment| payment.total_amount),
            reference: payment.and_then(|payment| payment.reference_number.clone()),
            created: payment.and_then(|payment| payment.created),
            invoice_number: payment.and_then(|payment| payment.invoice_number),
            checked_at: Some(state.checked_at),
        }
    }
}

impl From<&CheckResult> for Check {
    fn from(result: &CheckResult) -> Self {
        match &result.outcome {
            // The id is that of the state itself, not the one that was asked for.
            Ok(state) => Self::from(state),
            Err(error) => Self {
                transaction_id: result.transaction_id,
                outcome: Err(error.to_string()),
                amount: None,
                reference: None,
                created: None,
                invoice_number: None,
                checked_at: None,
            },
        }
    }
}

/// How orders are compared with checks.
#[derive(Clone, Copy, Debug)]
pub struct ReconcileOptions {
    /// By how much two amounts may differ and still match, in krónur.
    pub tolerance: Decimal,
    /// Orders made before this are left out.
    pub from: Option<Timestamp>,
    /// Orders made at this instant or later are left out.
    pub until: Option<Timestamp>,
    /// The instant that ages are counted to.
    pub now: Timestamp,
}

/// One order, one payment, an order with its payment, or a group that cannot be separated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its class.
    pub outcome: Outcome,
    /// The references of its orders, or of its carts where no order has one; sorted.
    pub references: Vec<String>,
    /// The ids of its carts; sorted.
    pub transaction_ids: Vec<Uuid>,
    /// The places of its orders in the input, from 0; sorted.
    pub orders: Vec<usize>,
    /// The states of its orders in the shop; sorted, each once.
    pub recorded: Vec<Recorded>,
    /// The states of its carts: each a cart status, or `failed`; sorted, each word once.
    pub payment_states: Vec<&'static str>,
    /// The sum of its orders; `None` where there is no order.
    pub order_amount: Option<Decimal>,
    /// The sum of those that the shop recorded as paid.
    pub recorded_amount: Decimal,
    /// How many payments it has.
    pub payments: usize,
    /// The sum of its payments; `None` where there is none, or none that says how much it is.
    pub paid_amount: Option<Decimal>,
    /// The money at stake, in krónur: lost, owed to a customer, or not known to have arrived.
    pub at_stake: Decimal,
    /// Why it is in this class.
    pub reason: String,
    /// What to do about it; empty if nothing is to be done.
    pub action: &'static str,
    /// When the oldest of its orders was made, or of its payments where there is no order.
    pub created: Option<Timestamp>,
    /// When the first of its payments was made.
    pub paid_at: Option<Timestamp>,
    /// How old it is.
    pub age: Option<SignedDuration>,
}

impl Row {
    /// By how much the payments exceed the orders; `None` where one of the two is missing.
    #[must_use]
    pub fn difference(&self) -> Option<Decimal> {
        Some(self.paid_amount? - self.order_amount?)
    }
}

/// Sums over some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many rows.
    pub rows: usize,
    /// How many orders.
    pub orders: usize,
    /// Their amounts.
    pub order_amount: Decimal,
    /// The amounts of those that the shop recorded as paid.
    pub recorded_amount: Decimal,
    /// How many payments.
    pub payments: usize,
    /// Their amounts.
    pub paid_amount: Decimal,
    /// The money at stake.
    pub at_stake: Decimal,
}

impl Total {
    pub(crate) fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        rows.fold(Self::default(), |total, row| Self {
            rows: total.rows + 1,
            orders: total.orders + row.orders.len(),
            order_amount: total.order_amount + row.order_amount.unwrap_or_default(),
            recorded_amount: total.recorded_amount + row.recorded_amount,
            payments: total.payments + row.payments,
            paid_amount: total.paid_amount + row.paid_amount.unwrap_or_default(),
            at_stake: total.at_stake + row.at_stake,
        })
    }
}

/// The result.
#[derive(Clone, Debug)]
pub struct Reconciled {
    /// What costs most comes first, what matched last. The order of the input does not matter.
    pub rows: Vec<Row>,
    /// The totals of each class, in the order of [`Outcome::ALL`].
    pub totals: Vec<(Outcome, Total)>,
    /// The total of all rows, which is the total of the input.
    pub total: Total,
    /// How many orders the window left out.
    pub left_out: usize,
}

/// The largest amount that is accepted; sums of such amounts stay exact.
pub(crate) const MOST: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

pub(crate) fn is_amount(amount: Decimal) -> bool {
    !amount.is_sign_negative() && amount <= MOST && amount.normalize().scale() <= 6
        || amount.is_zero()
}

pub(crate) fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.dedup();
    items
}
