//! What the shop recorded against what Netgíró says: every order and every payment in exactly one class.
//!
//! Pure: orders and checks in, rows and totals out. `rules.rs` holds the table, `grouping.rs` which
//! orders and carts belong together, and this file what goes in and comes out, and that it adds up.

mod grouping;
mod rules;
mod settlements;

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use grouping::Case;
use netgiro::words::{one_of, quoted, word};
use netgiro::{CartState, CartStatus, CheckResult, Error, ErrorKind, Result};
use rules::Cart;

pub use settlements::{
    CartKey, ReconciledSettlements, Settled, SettledItem, SettlementOutcome, SettlementRow,
    SettlementTotal, Transfer, reconcile_settlements,
};

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
    /// It could not be told: there is no check, it failed, or it contradicts the order.
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

/// What the shop believes of an order.
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
    /// What the shop believes.
    pub recorded: Recorded,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// What Netgíró said about a cart, or why it could not be asked.
#[derive(Clone, Debug)]
pub struct Check {
    /// The cart's id.
    pub transaction_id: Uuid,
    /// Where it stands, or in words why that is not known.
    pub outcome: Result<CartStatus, String>,
    /// What was paid, in krónur.
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
            // A state is about its own cart alone, whatever stands beside it.
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

/// One order, one payment, one of each that belong together, or a group that cannot be told apart.
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
    /// What the shop believes of its orders; sorted, each word once.
    pub recorded: Vec<Recorded>,
    /// Where its carts stand, a word each: a status, or `failed`; sorted, each word once.
    pub standings: Vec<&'static str>,
    /// The sum of its orders; `None` where there is no order.
    pub order_amount: Option<Decimal>,
    /// The sum of those that the shop recorded as paid.
    pub recorded_amount: Decimal,
    /// How many payments it has.
    pub payments: usize,
    /// The sum of its payments; `None` where there is none, or none that says how much it is.
    pub paid_amount: Option<Decimal>,
    /// What it may cost, in krónur: lost, owed to a customer, or not known to be in.
    pub at_stake: Decimal,
    /// Why it is in this class.
    pub reason: String,
    /// What to do about it; empty where nothing is to be done.
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

/// How much there is of something.
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
    /// What may be lost.
    pub at_stake: Decimal,
}

impl Total {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
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

/// What came of it.
#[derive(Clone, Debug)]
pub struct Reconciled {
    /// What costs most comes first, and what matched last; permuting the input changes nothing.
    pub rows: Vec<Row>,
    /// The totals of each class, in the order of [`Outcome::ALL`].
    pub totals: Vec<(Outcome, Total)>,
    /// The total of all rows, which is the total of the input.
    pub total: Total,
    /// How many orders the window left out.
    pub left_out: usize,
}

/// No amount of a shop's is larger; sums of such amounts stay exact.
const MOST: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

fn is_amount(amount: Decimal) -> bool {
    !amount.is_sign_negative() && amount <= MOST && amount.normalize().scale() <= 6
        || amount.is_zero()
}

/// Puts every order and every payment in exactly one class.
///
/// Refuses amounts below 0, above 10¹² or with more than six decimals; the place in the message counts
/// from 1.
pub fn reconcile(
    orders: &[Order],
    checks: &[Check],
    options: &ReconcileOptions,
) -> Result<Reconciled> {
    if !is_amount(options.tolerance) {
        let message = format!(
            "tolerance must be krónur from 0 on; got {}",
            options.tolerance
        );
        return Err(Error::invalid_request(message));
    }
    if let Some(at) = orders.iter().position(|order| !is_amount(order.amount)) {
        return Err(Error::invalid_request(format!(
            "row {}: an order's amount must be krónur from 0 on, with at most six decimals",
            at + 1
        )));
    }
    let carts = rules::carts(checks);
    let cases = grouping::of(orders, &carts, options.tolerance);

    let is_within = |at: Timestamp| {
        options.from.is_none_or(|from| from <= at) && options.until.is_none_or(|until| at < until)
    };
    let is_wanted = |case: &Case<'_>| {
        if case.orders.is_empty() {
            let mut payments = case.carts.iter().filter_map(|cart| cart.created);
            payments.next().is_none_or(is_within)
        } else {
            let mut made = case.orders.iter().map(|(_, order)| order.created);
            made.any(|at| at.is_none_or(is_within))
        }
    };
    let (wanted, others): (Vec<_>, Vec<_>) = cases.into_iter().partition(is_wanted);
    let left_out = others.iter().map(|case| case.orders.len()).sum();

    // What went in, counted before it became rows.
    let mut total = Total {
        rows: wanted.len(),
        ..Total::default()
    };
    let is_whole = is_whole(wanted.iter().chain(&others), orders.len(), &carts);
    for case in &wanted {
        total.orders += case.orders.len();
        for (_, order) in &case.orders {
            total.order_amount += order.amount;
            if order.recorded == Recorded::Paid {
                total.recorded_amount += order.amount;
            }
        }
        for cart in case.carts.iter().filter(|cart| cart.is_paid()) {
            total.payments += 1;
            total.paid_amount += cart.amount.unwrap_or_default();
        }
        total.at_stake += case.finding.at_stake;
    }

    let mut rows: Vec<Row> = wanted
        .into_iter()
        .map(|case| row(case, options.now))
        .collect();
    rows.sort_unstable_by(|one, other| {
        let matched = |row: &Row| row.outcome == Outcome::Matched;
        matched(one)
            .cmp(&matched(other))
            .then_with(|| other.at_stake.cmp(&one.at_stake))
            .then_with(|| one.outcome.cmp(&other.outcome))
            .then_with(|| one.created.cmp(&other.created))
            .then_with(|| one.references.cmp(&other.references))
            .then_with(|| one.transaction_ids.cmp(&other.transaction_ids))
            .then_with(|| one.order_amount.cmp(&other.order_amount))
            .then_with(|| one.recorded.cmp(&other.recorded))
            .then_with(|| one.orders.cmp(&other.orders))
    });
    let totals: Vec<_> = Outcome::ALL
        .iter()
        .map(|&outcome| {
            let of_it = rows.iter().filter(|row| row.outcome == outcome);
            (outcome, Total::of(of_it))
        })
        .collect();
    balances(is_whole, Total::of(rows.iter()), total)?;
    Ok(Reconciled {
        rows,
        totals,
        total,
        left_out,
    })
}

/// Whether each order is in one case, no cart is in two, and none that is paid is in none.
fn is_whole<'a>(
    cases: impl Iterator<Item = &'a Case<'a>>,
    orders: usize,
    carts: &[Cart<'_>],
) -> bool {
    let mut places = Vec::with_capacity(orders);
    let mut seen = HashSet::with_capacity(carts.len());
    for case in cases {
        places.extend(case.orders.iter().map(|(at, _)| *at));
        if !case.carts.iter().all(|cart| seen.insert(cart.id)) {
            return false;
        }
    }
    places.sort_unstable();
    places.into_iter().eq(0..orders)
        && carts
            .iter()
            .all(|cart| !cart.is_paid() || seen.contains(&cart.id))
}

/// Refuses to report what does not add up.
fn balances(is_whole: bool, rows: Total, input: Total) -> Result<()> {
    if is_whole && rows == input {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Protocol,
        "the classes do not add up to what went in: this is a bug in netgiro, and the report would \
         be wrong",
    ))
}

fn row(case: Case<'_>, now: Timestamp) -> Row {
    let Case {
        orders,
        carts,
        finding,
    } = case;
    let paid: Vec<_> = carts.iter().filter(|cart| cart.is_paid()).collect();
    let created = orders.iter().filter_map(|(_, order)| order.created).min();
    let paid_at = paid.iter().filter_map(|cart| cart.created).min();
    let created = match created {
        None if orders.is_empty() => carts.iter().filter_map(|cart| cart.created).min(),
        created => created,
    };
    let mut references = sorted(
        orders
            .iter()
            .filter_map(|(_, order)| order.reference.as_deref()),
    );
    if references.is_empty() {
        references = sorted(carts.iter().filter_map(|cart| cart.reference));
    }
    let ids = orders.iter().filter_map(|(_, order)| order.transaction_id);
    Row {
        outcome: finding.outcome,
        references: references.into_iter().map(str::to_owned).collect(),
        transaction_ids: sorted(ids.chain(carts.iter().map(|cart| cart.id))),
        recorded: sorted(orders.iter().map(|(_, order)| order.recorded)),
        standings: sorted(carts.iter().map(|cart| cart.word())),
        order_amount: (!orders.is_empty())
            .then(|| orders.iter().map(|(_, order)| order.amount).sum()),
        recorded_amount: grouping::recorded_as_paid(&orders),
        payments: paid.len(),
        paid_amount: paid
            .iter()
            .filter_map(|cart| cart.amount)
            .reduce(|sum, more| sum + more),
        at_stake: finding.at_stake,
        reason: finding.reason,
        action: finding.action,
        created,
        paid_at,
        age: created.map(|at| now.duration_since(at).max(SignedDuration::ZERO)),
        orders: sorted(orders.into_iter().map(|(at, _)| at)),
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.dedup();
    items
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use uuid::Uuid;

    use super::grouping::Case;
    use super::rules::{Cart, Finding, Standing};
    use super::{Order, Outcome, Recorded, Total, balances, is_whole};

    fn cart(id: u128, standing: Standing) -> Cart<'static> {
        Cart {
            id: Uuid::from_u128(id),
            standing,
            amount: None,
            reference: None,
            created: None,
            invoice_number: None,
        }
    }

    #[test]
    fn what_is_lost_or_counted_twice_is_noticed() {
        let order = Order {
            reference: None,
            transaction_id: None,
            amount: Decimal::ONE,
            recorded: Recorded::Paid,
            created: None,
        };
        let carts = [cart(1, Standing::Paid), cart(2, Standing::NotFound)];
        let [paid, unpaid] = &carts;
        let whole = |cases: &[(&[usize], &[&Cart<'_>])]| {
            let cases: Vec<_> = cases
                .iter()
                .map(|(orders, carts)| Case {
                    orders: orders.iter().map(|at| (*at, &order)).collect(),
                    carts: carts.to_vec(),
                    finding: Finding::new(Outcome::Matched, Decimal::ZERO, "", ""),
                })
                .collect();
            is_whole(cases.iter(), 2, &carts)
        };
        assert!(
            whole(&[(&[0], &[paid]), (&[1], &[])]),
            "what is unpaid need not be there"
        );
        assert!(whole(&[(&[1], &[unpaid]), (&[0], &[paid])]));
        assert!(!whole(&[(&[0], &[paid])]), "an order is lost");
        assert!(
            !whole(&[(&[0], &[paid]), (&[0, 1], &[])]),
            "an order is there twice"
        );
        assert!(
            !whole(&[(&[0], &[]), (&[1], &[unpaid])]),
            "a payment is lost"
        );
        assert!(
            !whole(&[(&[0], &[paid]), (&[1], &[paid])]),
            "a payment is there twice"
        );
    }

    #[test]
    fn what_does_not_add_up_is_no_report() {
        let one = Total {
            rows: 1,
            ..Total::default()
        };
        assert!(balances(true, one, one).is_ok());
        assert!(balances(false, one, one).is_err());
        assert!(balances(true, one, Total::default()).is_err());
        assert!(balances(false, one, Total::default()).is_err());
    }
}
