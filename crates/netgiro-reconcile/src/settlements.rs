//! What was transferred against what was paid: every paid cart and every item of a settlement in exactly
//! one class.
//!
//! What connects an item's loan number to a cart is documented nowhere, so the caller says which cart an item
//! names, and what is said of none is not guessed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::mem::{self, Discriminant};

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
    /// It could not be told: nobody said which cart an item is for, an amount is missing, or several carts are named
    /// by one name.
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

/// What an item of a settlement names its cart by, as the caller reads it.
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

/// A sale in a settlement, and the cart that it is for.
#[derive(Clone, Debug, Default)]
pub struct SettledItem {
    /// The sale.
    pub item: SettlementItem,
    /// Its cart; `None` where nobody can tell.
    pub cart: Option<CartKey>,
}

/// A settlement and its items. Items whose settlement is not known have one without a number.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What was transferred.
    pub settlement: Settlement,
    /// The sales in it.
    pub items: Vec<SettledItem>,
}

/// A cart, an item, or all that belong together.
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
    pub number: Option<String>,
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

/// The number of its settlement, and an item of it.
type Item<'a> = (Option<&'a str>, &'a SettledItem);

/// All that belongs together.
#[derive(Default)]
struct Group<'a> {
    carts: Vec<&'a rules::Cart<'a>>,
    items: Vec<Item<'a>>,
}

/// What is known of all items together.
struct Picture {
    /// When the latest cart that is settled was paid.
    last_settled: Option<Timestamp>,
    /// Whether anybody said of any item which cart it is for.
    is_told: bool,
    /// What items name carts by.
    names: HashSet<Discriminant<CartKey>>,
    now: Timestamp,
}

impl Picture {
    /// Whether an item of this cart would be known as one.
    fn knows(&self, cart: &rules::Cart<'_>) -> bool {
        self.names.is_empty() || keys(cart).any(|key| self.names.contains(&mem::discriminant(&key)))
    }
}

/// What an item may name a cart by.
fn keys(cart: &rules::Cart<'_>) -> impl Iterator<Item = CartKey> {
    let reference = (cart.reference).map(|reference| CartKey::Reference(reference.to_owned()));
    [
        Some(CartKey::TransactionId(cart.id)),
        reference,
        cart.invoice_number.map(CartKey::InvoiceNumber),
    ]
    .into_iter()
    .flatten()
}

/// Puts together what belongs together: carts with the items that name them.
fn groups<'a>(
    paid: &[&'a rules::Cart<'a>],
    items: impl Iterator<Item = Item<'a>> + Clone,
) -> Vec<Group<'a>> {
    let mut places = HashMap::<CartKey, Vec<usize>>::new();
    for (place, cart) in paid.iter().enumerate() {
        for key in keys(cart) {
            places.entry(key).or_default().push(place);
        }
    }
    // Carts that one name is for cannot be told apart: they are one group.
    let mut labels: Vec<usize> = (0..paid.len()).collect();
    let named: BTreeSet<_> = (items.clone())
        .filter_map(|(_, one)| one.cart.as_ref())
        .collect();
    for key in named {
        let mut several = places.get(key).into_iter().flatten();
        let label = |labels: &[usize], place: &usize| labels.get(*place).copied();
        let Some(into) = several.next().and_then(|place| label(&labels, place)) else {
            continue;
        };
        for place in several {
            if let Some(from) = label(&labels, place).filter(|from| *from != into) {
                for label in labels.iter_mut().filter(|label| **label == from) {
                    *label = into;
                }
            }
        }
    }
    let mut of_carts = BTreeMap::<usize, Group<'_>>::new();
    for (cart, label) in paid.iter().zip(&labels) {
        of_carts.entry(*label).or_default().carts.push(cart);
    }
    let mut of_others = BTreeMap::<&CartKey, Group<'_>>::new();
    let mut alone = Vec::new();
    for item in items {
        let Some(key) = &item.1.cart else {
            alone.push(Group {
                carts: Vec::new(),
                items: vec![item],
            });
            continue;
        };
        let place = places.get(key).and_then(|places| places.first());
        let group = match place.and_then(|place| labels.get(*place)) {
            Some(label) => of_carts.entry(*label).or_default(),
            None => of_others.entry(key).or_default(),
        };
        group.items.push(item);
    }
    (of_carts.into_values())
        .chain(of_others.into_values())
        .chain(alone)
        .collect()
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
    let paid: Vec<_> = carts.iter().filter(|cart| cart.is_paid()).collect();
    let items = (settled.iter()).flat_map(|one| {
        let number = one.settlement.number.as_deref();
        one.items.iter().map(move |item| (number, item))
    });

    let groups = groups(&paid, items.clone());
    let mut keys = items.clone().filter_map(|(_, item)| item.cart.as_ref());
    let picture = Picture {
        last_settled: (groups.iter())
            .filter(|group| !group.items.is_empty())
            .flat_map(|group| group.carts.iter().filter_map(|cart| cart.created))
            .max(),
        is_told: items.clone().next().is_none() || keys.clone().next().is_some(),
        names: keys
            .by_ref()
            .filter(|key| !matches!(key, CartKey::NoCart(_)))
            .map(mem::discriminant)
            .collect(),
        now: options.now,
    };
    let all: Vec<_> = (groups.into_iter())
        .flat_map(|group| group.rows(&picture))
        .collect();
    let whole = SettlementTotal {
        rows: all.len(),
        carts: paid.len(),
        paid_amount: paid.iter().filter_map(|cart| cart.amount).sum(),
        items: items.clone().count(),
        settled_amount: (items.clone())
            .filter_map(|(_, one)| one.item.total_amount)
            .sum(),
        cost_amount: items.filter_map(|(_, one)| one.item.cost_amount).sum(),
    };
    balances(is_whole(&all), SettlementTotal::of(all.iter()), whole)?;

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
            .then_with(|| one.loan_numbers.cmp(&other.loan_numbers))
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
    Ok(ReconciledSettlements {
        rows,
        transfers,
        totals,
        total,
        left_out,
    })
}

/// Whether each row is in a class, and no cart in two rows.
fn is_whole(rows: &[SettlementRow]) -> bool {
    let mut seen = HashSet::new();
    rows.iter().all(|row| {
        SettlementOutcome::ALL.contains(&row.outcome)
            && row.transaction_ids.iter().all(|id| seen.insert(*id))
    })
}

/// Refuses to report what does not add up.
fn balances(is_whole: bool, rows: SettlementTotal, input: SettlementTotal) -> Result<()> {
    if is_whole && rows == input {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Protocol,
        "the settlements do not add up to what went in: this is a bug in netgiro, and the report \
         would be wrong",
    ))
}

fn transfer(settled: &Settled) -> Result<Transfer> {
    let Settlement {
        number,
        total_amount,
        ..
    } = &settled.settlement;
    let total_amount = *total_amount;
    let items = || settled.items.iter().map(|one| &one.item);
    let mut amounts = items()
        .flat_map(|item| [item.total_amount, item.cost_amount])
        .chain([total_amount])
        .flatten();
    if amounts.any(|amount| amount.abs() > MOST || amount.normalize().scale() > 6) {
        let which = (number.as_ref()).map_or_else(String::new, |number| format!(" {number}"));
        return Err(Error::invalid_request(format!(
            "settlement{which}: an amount must be krónur, with at most six decimals"
        )));
    }
    let items_amount: Decimal = items().filter_map(|item| item.total_amount).sum();
    Ok(Transfer {
        number: number.clone(),
        items: settled.items.len(),
        items_amount,
        difference: total_amount.map(|total| total - items_amount),
    })
}

impl Group<'_> {
    /// Carts that wait for their settlement are rows of their own; whatever else belongs together is one.
    fn rows(self, picture: &Picture) -> Vec<SettlementRow> {
        if !self.items.is_empty() {
            return vec![self.row(picture)];
        }
        let alone = |cart| Group {
            carts: vec![cart],
            items: Vec::new(),
        };
        (self.carts.into_iter())
            .map(|cart| alone(cart).row(picture))
            .collect()
    }

    fn row(&self, picture: &Picture) -> SettlementRow {
        let Self { carts, items } = self;
        let of_carts = carts.iter().filter_map(|cart| cart.created).min();
        let of_items = || items.iter().filter_map(|(_, one)| one.item.created).min();
        let paid_at = of_carts.or_else(of_items);
        let age = paid_at.map(|at| picture.now.duration_since(at).max(SignedDuration::ZERO));
        let paid_amount = sum(carts.iter().map(|cart| cart.amount));
        let settled_amount = sum(items.iter().map(|(_, one)| one.item.total_amount));
        let is_before_the_last =
            of_carts.is_some_and(|at| picture.last_settled.is_some_and(|last| at < last));
        let is_late = age.is_some_and(|age| age > LONGEST) || is_before_the_last;
        let is_known = items.iter().all(|(_, one)| one.item.total_amount.is_some());
        let (outcome, reason) = match (&carts[..], &items[..]) {
            (_, []) if !picture.is_told => (
                SettlementOutcome::Unverified,
                "Whether an item is for it is not known: nobody said how items name carts."
                    .to_owned(),
            ),
            (_, []) if !carts.iter().all(|cart| picture.knows(cart)) => (
                SettlementOutcome::Unverified,
                "Its check does not hold what items name carts by.".to_owned(),
            ),
            (_, []) if is_late => (
                SettlementOutcome::Missing,
                if is_before_the_last {
                    "Paid, and in no settlement; what was paid later is.".to_owned()
                } else {
                    "Paid more than a month ago, and in no settlement.".to_owned()
                },
            ),
            (_, []) => (
                SettlementOutcome::NotSettledYet,
                "Paid, and in no settlement yet.".to_owned(),
            ),
            ([], [(_, one), ..]) if one.cart.is_none() => (
                SettlementOutcome::Unverified,
                "Which cart the item is for is not known.".to_owned(),
            ),
            ([], _) => (
                SettlementOutcome::UnknownCart,
                "Settled; no cart of this name is known to be paid.".to_owned(),
            ),
            ([_], _) => match (paid_amount, settled_amount.filter(|_| is_known)) {
                (Some(paid), Some(settled)) => {
                    let outcome = match settled.cmp(&paid) {
                        Ordering::Equal => SettlementOutcome::Settled,
                        Ordering::Greater if items.len() > 1 => SettlementOutcome::Duplicate,
                        _ => SettlementOutcome::AmountMismatch,
                    };
                    let amounts = format!("Paid {}, settled {}", kronur(paid), kronur(settled));
                    let reason = match (outcome, items.len()) {
                        (SettlementOutcome::Settled, _) => "Settled as it was paid.".to_owned(),
                        // An amount in krónur ends with a full stop.
                        (_, 1) => amounts,
                        (_, many) => format!("{amounts} in {many} items."),
                    };
                    (outcome, reason)
                }
                _ => (
                    SettlementOutcome::Unverified,
                    "Settled, but it is not known how much was paid, or how much settled."
                        .to_owned(),
                ),
            },
            _ => (
                SettlementOutcome::Unverified,
                "Several carts have this name.".to_owned(),
            ),
        };
        SettlementRow {
            outcome,
            invoice_number: carts.iter().filter_map(|cart| cart.invoice_number).min(),
            loan_numbers: sorted(
                items
                    .iter()
                    .filter_map(|(_, one)| one.item.loan_number.clone()),
            ),
            transaction_ids: sorted(carts.iter().map(|cart| cart.id)),
            references: (sorted(carts.iter().filter_map(|cart| cart.reference)).into_iter())
                .map(str::to_owned)
                .collect(),
            settlements: sorted(
                items
                    .iter()
                    .filter_map(|(settlement, _)| *settlement)
                    .map(str::to_owned),
            ),
            items: items.len(),
            paid_amount,
            settled_amount,
            cost_amount: sum(items.iter().map(|(_, one)| one.item.cost_amount)),
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{SettlementOutcome, SettlementRow, SettlementTotal, balances, is_whole};

    fn row(carts: &[u128]) -> SettlementRow {
        SettlementRow {
            outcome: SettlementOutcome::Settled,
            invoice_number: None,
            loan_numbers: Vec::new(),
            transaction_ids: carts.iter().copied().map(Uuid::from_u128).collect(),
            references: Vec::new(),
            settlements: Vec::new(),
            items: 1,
            paid_amount: None,
            settled_amount: None,
            cost_amount: None,
            paid_at: None,
            age: None,
            reason: String::new(),
        }
    }

    #[test]
    fn a_cart_in_two_rows_is_noticed() {
        assert!(is_whole(&[row(&[1, 2]), row(&[3]), row(&[])]));
        assert!(!is_whole(&[row(&[1, 2]), row(&[2])]));
        assert!(!is_whole(&[row(&[1, 1])]));
    }

    #[test]
    fn what_does_not_add_up_is_no_report() {
        let one = SettlementTotal::of([row(&[1])].iter());
        let none = SettlementTotal::default();
        assert!(balances(true, one, one).is_ok());
        assert!(balances(false, one, one).is_err());
        assert!(balances(true, one, none).is_err());
        assert!(balances(false, one, none).is_err());
    }
}
