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
    /// More was refunded, or recorded as refunded, than was paid.
    RefundedTooMuch,
    /// Refunded at Netgíró; in the shop not, or less.
    RefundedNotRecorded,
    /// Recorded as refunded in the shop; at Netgíró not refunded, or less.
    RecordedNotRefunded,
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
    /// Paid and refunded in full; or refunded on both sides, and the sale is not among the orders.
    Refunded,
    /// Paid, and refunded in part.
    PartlyRefunded,
    /// Both sides agree, and nothing was refunded.
    Matched,
}

impl Outcome {
    /// Every outcome; those that cost most come first, those in order last.
    pub const ALL: &'static [Self] = &[
        Self::PaidNotRecorded,
        Self::RecordedNotPaid,
        Self::RefundedTooMuch,
        Self::RefundedNotRecorded,
        Self::RecordedNotRefunded,
        Self::AmountMismatch,
        Self::DuplicatePayment,
        Self::DuplicateOrder,
        Self::NotFound,
        Self::StillOpen,
        Self::Unverified,
        Self::Refunded,
        Self::PartlyRefunded,
        Self::Matched,
    ];

    /// Whether both sides agree, so that nothing is to be done.
    #[must_use]
    pub const fn is_in_order(self) -> bool {
        matches!(self, Self::Refunded | Self::PartlyRefunded | Self::Matched)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaidNotRecorded => "paid_not_recorded",
            Self::RecordedNotPaid => "recorded_not_paid",
            Self::RefundedTooMuch => "refunded_too_much",
            Self::RefundedNotRecorded => "refunded_not_recorded",
            Self::RecordedNotRefunded => "recorded_not_refunded",
            Self::AmountMismatch => "amount_mismatch",
            Self::DuplicatePayment => "duplicate_payment",
            Self::DuplicateOrder => "duplicate_order",
            Self::NotFound => "not_found",
            Self::StillOpen => "still_open",
            Self::Unverified => "unverified",
            Self::Refunded => "refunded",
            Self::PartlyRefunded => "partly_refunded",
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

/// An order as the shop recorded it, or a refund of an order.
#[derive(Clone, Debug)]
pub struct Order {
    /// The shop's order id, as sent to Netgíró.
    pub reference: Option<String>,
    /// The cart's id, as InsertCart gave it.
    pub transaction_id: Option<Uuid>,
    /// The amount in krónur.
    pub amount: Decimal,
    /// Whether it is a refund of the order with its transaction id or reference.
    pub is_refund: bool,
    /// What the shop recorded as refunded beside the order; 0 if its refunds are rows of their own.
    pub refunded: Decimal,
    /// Its state in the shop. A refund that was made is `Paid`.
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

/// A refund that was sent to Netgíró.
#[derive(Clone, Debug)]
pub struct Refund {
    /// The cart's id.
    pub transaction_id: Option<Uuid>,
    /// The shop's order id; for a refund without the cart's id.
    pub reference: Option<String>,
    /// What the customer gets back, in krónur.
    pub amount: Decimal,
    /// The shop's name of this refund: Netgíró makes one refund for each.
    pub idempotency_key: Option<String>,
    /// Whether it is made; otherwise its outcome is not known.
    pub is_made: bool,
    /// When it was sent.
    pub created: Option<Timestamp>,
}

impl From<&netgiro::Refund> for Refund {
    fn from(refund: &netgiro::Refund) -> Self {
        Self {
            transaction_id: Some(refund.transaction_id),
            reference: None,
            amount: refund.amount.kronur().into(),
            idempotency_key: Some(refund.idempotency_key.clone()),
            is_made: true,
            created: None,
        }
    }
}

/// What is known of Netgíró's side of refunds. Its API does not tell how much of a payment was refunded.
#[derive(Clone, Debug, Default)]
pub struct Refunds {
    /// All refunds that were sent; `None` if they are not known.
    pub sent: Option<Vec<Refund>>,
    /// What settlements take back, and from which cart: at least so much was refunded.
    pub settled: Vec<(CartKey, Decimal)>,
}

/// How an item of a settlement or a refund names its cart, as the caller reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CartKey {
    /// The cart's id.
    TransactionId(Uuid),
    /// The shop's order id.
    Reference(String),
    /// The number of the payment's invoice.
    InvoiceNumber(i64),
    /// A name that no cart has, as far as the caller knows.
    NoCart(String),
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
    /// The places of its refunds among the orders; sorted.
    pub refunds: Vec<usize>,
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
    /// What the shop recorded as refunded; `None` where nothing is.
    pub recorded_refund_amount: Option<Decimal>,
    /// What Netgíró is known to have refunded; `None` where nothing is known.
    pub refunded_amount: Option<Decimal>,
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
    /// The places in the input of its orders and refunds; sorted.
    #[must_use]
    pub fn places(&self) -> Vec<usize> {
        sorted(self.orders.iter().chain(&self.refunds).copied())
    }

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
    /// What the shop recorded as refunded.
    pub recorded_refund_amount: Decimal,
    /// What Netgíró is known to have refunded.
    pub refunded_amount: Decimal,
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
            recorded_refund_amount: total.recorded_refund_amount
                + row.recorded_refund_amount.unwrap_or_default(),
            refunded_amount: total.refunded_amount + row.refunded_amount.unwrap_or_default(),
            at_stake: total.at_stake + row.at_stake,
        })
    }
}

/// The result.
#[derive(Clone, Debug)]
pub struct Reconciled {
    /// What costs most comes first, what is in order last. The order of the input does not matter.
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
