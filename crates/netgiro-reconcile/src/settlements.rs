//! What was transferred against what was paid: every paid cart and every item of a settlement in exactly
//! one class.
//!
//! An item's loan number is taken to be the invoice number of a cart's payment; nothing else connects them.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Check, MOST, ReconcileOptions, sorted};
use crate::rules::{self, kronur};
use netgiro::{Error, ErrorKind, Result, Settlement, SettlementItem};

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
    /// It could not be told: a number or an amount is missing, or two carts have one number.
    Unverified,
    /// Paid, and in no settlement yet.
    NotSettledYet,
    /// Settled with the amount that was paid.
    Settled,
}

impl SettlementOutcome {
    /// Every outcome; those to look into come first, and from `not_settled_yet` on all is well.
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

/// A settlement and its items. Items whose settlement is not known have one without a number.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What was transferred.
    pub settlement: Settlement,
    /// The sales in it.
    pub items: Vec<SettlementItem>,
}

/// A cart, an item, or all that have one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementRow {
    /// Its class.
    pub outcome: SettlementOutcome,
    /// The number that connects them.
    pub invoice_number: Option<i64>,
    /// The ids of its carts; sorted.
    pub transaction_ids: Vec<Uuid>,
    /// The references of its carts; sorted.
    pub references: Vec<String>,
    /// The numbers of the settlements it is in; sorted.
    pub settlements: Vec<i64>,
    /// How many items it has.
    pub items: usize,
    /// What was paid; `None` where no cart is known, or its amount is not.
    pub paid_amount: Option<Decimal>,
    /// What was settled; `None` where nothing was, or its amount is not known.
    pub settled_amount: Option<Decimal>,
    /// What Netgíró keeps of it.
    pub cost_amount: Option<Decimal>,
    /// When it was paid, as the cart says, or else the item.
    pub paid_at: Option<Timestamp>,
    /// How long ago that was.
    pub age: Option<SignedDuration>,
    /// Why it is in this class.
    pub reason: String,
}

/// How much there is of something.
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
    fn of<'a>(rows: impl Iterator<Item = &'a SettlementRow>) -> Self {
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
    pub number: Option<i64>,
    /// How many items it has.
    pub items: usize,
    /// Their sum.
    pub items_amount: Decimal,
    /// By how much the settlement's total exceeds it; `None` where it says no total.
    pub difference: Option<Decimal>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct ReconciledSettlements {
    /// Those to look into come first, the largest of each class before the others.
    pub rows: Vec<SettlementRow>,
    /// The settlements, in the order in which they were given.
    pub transfers: Vec<Transfer>,
    /// The totals of each class, in the order of [`SettlementOutcome::ALL`].
    pub totals: Vec<(SettlementOutcome, SettlementTotal)>,
    /// The total of all rows, which is the total of the input but for what was left out.
    pub total: SettlementTotal,
    /// How many rows are about days outside the window.
    pub left_out: usize,
}

/// Longer than any shop waits for its money, as far as anybody has written.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

type Item<'a> = (Option<i64>, &'a SettlementItem);

/// All that has one number.
#[derive(Default)]
struct Group<'a> {
    carts: Vec<&'a rules::Cart<'a>>,
    items: Vec<Item<'a>>,
}

/// Puts every paid cart and every item in exactly one class; `tolerance` is not for these.
///
/// `days` is from when to when the orders are: an item of another time, of which no cart is known, is left
/// out. `None` where the items are those of these very orders.
///
/// Refuses amounts beyond 10¹² or with more than six decimals.
pub fn reconcile_settlements(
    settled: &[Settled],
    checks: &[Check],
    options: &ReconcileOptions,
    days: Option<(Timestamp, Timestamp)>,
) -> Result<ReconciledSettlements> {
    let transfers = settled.iter().map(transfer).collect::<Result<Vec<_>>>()?;
    let carts = rules::carts(checks);
    let paid = || carts.iter().filter(|cart| cart.is_paid());
    let items = || {
        let of = |one: &'_ Settled| one.settlement.number;
        (settled.iter()).flat_map(move |one| one.items.iter().map(move |item| (of(one), item)))
    };

    let mut groups = BTreeMap::<i64, Group<'_>>::new();
    let mut alone = Vec::new();
    for cart in paid() {
        match cart.invoice_number {
            Some(number) => groups.entry(number).or_default().carts.push(cart),
            None => alone.push((
                None,
                Group {
                    carts: vec![cart],
                    ..Group::default()
                },
            )),
        }
    }
    for item in items() {
        match item.1.loan_number {
            Some(number) => groups.entry(number).or_default().items.push(item),
            None => alone.push((
                None,
                Group {
                    items: vec![item],
                    ..Group::default()
                },
            )),
        }
    }
    let last_settled = (groups.values())
        .filter(|group| !group.items.is_empty())
        .flat_map(|group| group.carts.iter().filter_map(|cart| cart.created))
        .max();
    let groups = (groups.into_iter()).map(|(number, group)| (Some(number), group));
    let all: Vec<_> = groups
        .chain(alone)
        .flat_map(|(number, group)| group.rows(number, last_settled, options.now))
        .collect();
    let whole = SettlementTotal {
        rows: all.len(),
        carts: paid().count(),
        paid_amount: paid().filter_map(|cart| cart.amount).sum(),
        items: items().count(),
        settled_amount: items().filter_map(|(_, item)| item.total_amount).sum(),
        cost_amount: items().filter_map(|(_, item)| item.cost_amount).sum(),
    };
    let mut seen = HashSet::new();
    let is_once = (all.iter()).all(|row| row.transaction_ids.iter().all(|id| seen.insert(*id)));
    let adds_up = is_once && SettlementTotal::of(all.iter()) == whole;

    let is_within = |row: &SettlementRow| {
        row.paid_at.is_none_or(|at| {
            let is_other = row.outcome == SettlementOutcome::UnknownCart
                && days.is_some_and(|(first, last)| at < first || at > last);
            !is_other
                && options.from.is_none_or(|from| from <= at)
                && options.until.is_none_or(|until| at < until)
        })
    };
    let before = all.len();
    let mut rows: Vec<_> = all.into_iter().filter(is_within).collect();
    let left_out = before - rows.len();
    rows.sort_by(|one, other| {
        let amount = |row: &SettlementRow| row.paid_amount.or(row.settled_amount);
        (one.outcome.cmp(&other.outcome))
            .then_with(|| amount(other).cmp(&amount(one)))
            .then_with(|| one.paid_at.cmp(&other.paid_at))
            .then_with(|| one.invoice_number.cmp(&other.invoice_number))
            .then_with(|| one.transaction_ids.cmp(&other.transaction_ids))
            .then_with(|| one.settlements.cmp(&other.settlements))
    });
    let total = SettlementTotal::of(rows.iter());
    let totals: Vec<_> = (SettlementOutcome::ALL.iter())
        .map(|&outcome| {
            let of_it = rows.iter().filter(|row| row.outcome == outcome);
            (outcome, SettlementTotal::of(of_it))
        })
        .collect();
    if !adds_up || totals.iter().map(|(_, total)| total.rows).sum::<usize>() != rows.len() {
        return Err(Error::new(
            ErrorKind::Protocol,
            "the settlements do not add up to what went in: this is a bug in netgiro, and the report \
             would be wrong",
        ));
    }
    Ok(ReconciledSettlements {
        rows,
        transfers,
        totals,
        total,
        left_out,
    })
}

fn transfer(settled: &Settled) -> Result<Transfer> {
    let Settlement {
        number,
        total_amount,
        ..
    } = settled.settlement;
    let items = &settled.items;
    let mut amounts = (items.iter())
        .flat_map(|item| [item.total_amount, item.cost_amount])
        .chain([total_amount])
        .flatten();
    if amounts.any(|amount| amount.abs() > MOST || amount.normalize().scale() > 6) {
        let which = number.map_or_else(String::new, |number| format!(" {number}"));
        return Err(Error::invalid_request(format!(
            "settlement{which}: an amount must be krónur, with at most six decimals"
        )));
    }
    let items_amount: Decimal = items.iter().filter_map(|item| item.total_amount).sum();
    Ok(Transfer {
        number,
        items: items.len(),
        items_amount,
        difference: total_amount.map(|total| total - items_amount),
    })
}

impl Group<'_> {
    /// Carts that wait for their settlement are rows of their own; whatever else has one number is one.
    fn rows(
        self,
        number: Option<i64>,
        last_settled: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<SettlementRow> {
        let parts = if self.items.is_empty() {
            let alone = |cart| Group {
                carts: vec![cart],
                items: Vec::new(),
            };
            self.carts.into_iter().map(alone).collect()
        } else {
            vec![self]
        };
        let row = |part: Group<'_>| part.row(number, last_settled, now);
        parts.into_iter().map(row).collect()
    }

    fn row(
        &self,
        invoice_number: Option<i64>,
        last_settled: Option<Timestamp>,
        now: Timestamp,
    ) -> SettlementRow {
        let Self { carts, items } = self;
        let of_carts = carts.iter().filter_map(|cart| cart.created).min();
        let paid_at = of_carts.or_else(|| items.iter().filter_map(|(_, item)| item.created).min());
        let age = paid_at.map(|at| now.duration_since(at).max(SignedDuration::ZERO));
        let paid_amount = sum(carts.iter().map(|cart| cart.amount));
        let settled_amount = sum(items.iter().map(|(_, item)| item.total_amount));
        let is_late = age.is_some_and(|age| age > LONGEST)
            || of_carts.is_some_and(|at| last_settled.is_some_and(|last| at < last));
        let is_known = items.iter().all(|(_, item)| item.total_amount.is_some());
        let (outcome, reason) = match (&carts[..], &items[..]) {
            ([_], []) if invoice_number.is_none() => (
                SettlementOutcome::Unverified,
                "Its check holds no invoice number.".to_owned(),
            ),
            (_, []) if is_late => (
                SettlementOutcome::Missing,
                match last_settled {
                    Some(last) if of_carts.is_some_and(|at| at < last) => {
                        "Paid, and in no settlement; what was paid later is.".to_owned()
                    }
                    _ => "Paid more than a month ago, and in no settlement.".to_owned(),
                },
            ),
            (_, []) => (
                SettlementOutcome::NotSettledYet,
                "Paid, and in no settlement yet.".to_owned(),
            ),
            ([], _) if invoice_number.is_none() => (
                SettlementOutcome::Unverified,
                "The item has no loan number.".to_owned(),
            ),
            ([], _) => (
                SettlementOutcome::UnknownCart,
                "Settled; no cart with this invoice number is known to be paid.".to_owned(),
            ),
            ([_], _) => match (paid_amount, settled_amount.filter(|_| is_known)) {
                (Some(paid), Some(settled)) if paid == settled => (
                    SettlementOutcome::Settled,
                    "Settled as it was paid.".to_owned(),
                ),
                (Some(paid), Some(settled)) => {
                    let outcome = if items.len() > 1 && settled > paid {
                        SettlementOutcome::Duplicate
                    } else {
                        SettlementOutcome::AmountMismatch
                    };
                    let times = match items.len() {
                        1 => String::new(),
                        many => format!(" in {many} items"),
                    };
                    let (paid, settled) = (kronur(paid), kronur(settled));
                    (outcome, format!("Paid {paid}, settled {settled}{times}."))
                }
                _ => (
                    SettlementOutcome::Unverified,
                    "Settled, but it is not known how much was paid, or how much settled."
                        .to_owned(),
                ),
            },
            _ => (
                SettlementOutcome::Unverified,
                "Several carts have this invoice number.".to_owned(),
            ),
        };
        SettlementRow {
            outcome,
            invoice_number,
            transaction_ids: sorted(carts.iter().map(|cart| cart.id)),
            references: (sorted(carts.iter().filter_map(|cart| cart.reference)).into_iter())
                .map(str::to_owned)
                .collect(),
            settlements: sorted(items.iter().filter_map(|(settlement, _)| *settlement)),
            items: items.len(),
            paid_amount,
            settled_amount,
            cost_amount: sum(items.iter().map(|(_, item)| item.cost_amount)),
            paid_at,
            age,
            reason,
        }
    }
}

/// The sum of what is known; `None` where nothing is.
fn sum(amounts: impl Iterator<Item = Option<Decimal>>) -> Option<Decimal> {
    amounts.flatten().reduce(|sum, amount| sum + amount)
}
