//! What was transferred against what was paid: every paid cart and every item of a settlement in exactly
//! one class.
//!
//! No document says what connects an item's loan number to a cart. So the caller says which cart an item is for, and
//! nothing is guessed.

pub(crate) mod model;
mod refunds;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::mem::{self, Discriminant};

use jiff::{SignedDuration, Timestamp};
use netgiro::{Error, ErrorKind, Result, Settlement};
use rust_decimal::Decimal;

use crate::carts::{self, Cart};
use crate::model::{CartKey, Check, MOST, Order, ReconcileOptions, Refunds, sorted};
use crate::refunds::distinct;
use crate::settlements::model::{
    ReconciledSettlements, Settled, SettledItem, SettlementOutcome, SettlementRow, SettlementTotal,
    Transfer,
};
use crate::settlements::refunds::{KnownRefunds, settled_with, taken_back};

/// A cart that was paid longer ago should be in a settlement, as far as Netgíró documents it.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The number of its settlement, and an item of it.
type Item<'a> = (Option<&'a str>, &'a SettledItem);

/// Carts and items that belong together.
#[derive(Default)]
struct Group<'a> {
    carts: Vec<&'a Cart<'a>>,
    items: Vec<Item<'a>>,
}

/// What all items together say.
struct Context<'a> {
    refunds: KnownRefunds<'a>,
    /// When the latest cart that is settled was paid.
    last_settled: Option<Timestamp>,
    /// Whether the caller named the cart of any item.
    names_carts: bool,
    /// The kinds of names that items have for carts.
    key_kinds: HashSet<Discriminant<CartKey>>,
    now: Timestamp,
}

impl Context<'_> {
    /// Whether an item for this cart could be recognised.
    fn recognises(&self, cart: &Cart<'_>) -> bool {
        self.key_kinds.is_empty()
            || cart
                .keys()
                .any(|key| self.key_kinds.contains(&mem::discriminant(&key)))
    }
}

/// Groups carts with the items that name them.
fn groups<'a>(
    paid: &[&'a Cart<'a>],
    items: impl Iterator<Item = Item<'a>> + Clone,
) -> Vec<Group<'a>> {
    let mut places = HashMap::<CartKey, Vec<usize>>::new();
    for (place, cart) in paid.iter().enumerate() {
        for key in cart.keys() {
            places.entry(key).or_default().push(place);
        }
    }
    // Carts that share a name cannot be separated: they are one group.
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
    let mut unnamed = Vec::new();
    for item in items {
        let Some(key) = &item.1.cart else {
            unnamed.push(Group {
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
        .chain(unnamed)
        .collect()
}

/// Puts every paid cart and every item in exactly one class; `tolerance` is not used.
///
/// `orders` and `refunds` tell what was refunded: what the shop recorded, or what was sent, whichever is more.
///
/// `days` is the period of the orders: an item of another time whose cart is not known is left out. `None` if
/// the items are those of these orders.
///
/// Refuses amounts beyond 10¹² or with more than six decimals.
pub fn reconcile_settlements(
    settled: &[Settled],
    checks: &[Check],
    orders: &[Order],
    refunds: &Refunds,
    options: &ReconcileOptions,
    days: Option<(Timestamp, Timestamp)>,
) -> Result<ReconciledSettlements> {
    let transfers = settled.iter().map(transfer).collect::<Result<Vec<_>>>()?;
    let carts = carts::from_checks(checks);
    let paid: Vec<_> = carts.iter().filter(|cart| cart.is_paid()).collect();
    let items = (settled.iter()).flat_map(|one| {
        let number = one.settlement.number.as_deref();
        one.items.iter().map(move |item| (number, item))
    });

    let groups = groups(&paid, items.clone());
    let mut keys = items.clone().filter_map(|(_, item)| item.cart.as_ref());
    let sent = distinct(refunds.sent.as_deref().unwrap_or_default())?;
    let context = Context {
        refunds: KnownRefunds::of(&paid, orders, &sent),
        last_settled: (groups.iter())
            .filter(|group| !group.items.is_empty())
            .flat_map(|group| group.carts.iter().filter_map(|cart| cart.created))
            .max(),
        names_carts: items.clone().next().is_none() || keys.clone().next().is_some(),
        key_kinds: keys
            .by_ref()
            .filter(|key| !matches!(key, CartKey::NoCart(_)))
            .map(mem::discriminant)
            .collect(),
        now: options.now,
    };
    let all: Vec<_> = (groups.into_iter())
        .flat_map(|group| group.rows(&context))
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

/// Whether each row has a class, and no cart is in two rows.
fn is_whole(rows: &[SettlementRow]) -> bool {
    let mut seen = HashSet::new();
    rows.iter().all(|row| {
        SettlementOutcome::ALL.contains(&row.outcome)
            && row.transaction_ids.iter().all(|id| seen.insert(*id))
    })
}

/// Refuses a report that does not add up.
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
    /// Each cart that waits for its settlement is a row of its own; any other group is one row.
    fn rows(self, context: &Context<'_>) -> Vec<SettlementRow> {
        if !self.items.is_empty() {
            return vec![self.row(context)];
        }
        let unmatched = |cart| Group {
            carts: vec![cart],
            items: Vec::new(),
        };
        (self.carts.into_iter())
            .map(|cart| unmatched(cart).row(context))
            .collect()
    }

    fn row(&self, context: &Context<'_>) -> SettlementRow {
        let Self { carts, items } = self;
        let of_carts = carts.iter().filter_map(|cart| cart.created).min();
        let of_items = || items.iter().filter_map(|(_, one)| one.item.created).min();
        let paid_at = of_carts.or_else(of_items);
        let age = paid_at.map(|at| context.now.duration_since(at).max(SignedDuration::ZERO));
        let paid_amount = sum(carts.iter().map(|cart| cart.amount));
        let settled_amount = sum(items.iter().map(|(_, one)| one.item.total_amount));
        let is_before_the_last =
            of_carts.is_some_and(|at| context.last_settled.is_some_and(|last| at < last));
        let is_late = age.is_some_and(|age| age > LONGEST_WAIT) || is_before_the_last;
        let is_known = items.iter().all(|(_, one)| one.item.total_amount.is_some());
        let amounts = items.iter().filter_map(|(_, one)| one.item.total_amount);
        let taken_back = taken_back(amounts);
        let (outcome, reason) = match (&carts[..], &items[..]) {
            (_, []) if !context.names_carts => (
                SettlementOutcome::Unverified,
                "Whether an item is for it is not known: nobody said how items name carts."
                    .to_owned(),
            ),
            (_, []) if !carts.iter().all(|cart| context.recognises(cart)) => (
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
            ([], [(_, one), ..])
                if (one.cart.as_ref()).is_some_and(|key| {
                    let refunded = context.refunds.of_key(key);
                    !refunded.is_zero() && settled_amount == Some(-refunded) && is_known
                }) =>
            {
                (
                    SettlementOutcome::Settled,
                    "Settled as it was refunded; the sale is not among the carts.".to_owned(),
                )
            }
            ([], _) => (
                SettlementOutcome::UnknownCart,
                "Settled; no cart of this name is known to be paid.".to_owned(),
            ),
            ([cart], _) => match (paid_amount, settled_amount.filter(|_| is_known)) {
                (Some(paid), Some(settled)) => {
                    let refunded = context.refunds.of_cart(cart);
                    settled_with(paid, settled, taken_back, refunded, items.len())
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

/// The sum of the known amounts; `None` if none is known.
fn sum(amounts: impl Iterator<Item = Option<Decimal>>) -> Option<Decimal> {
    amounts.flatten().reduce(|sum, amount| sum + amount)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{balances, is_whole};
    use crate::settlements::model::{SettlementOutcome, SettlementRow, SettlementTotal};

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
    fn a_report_that_does_not_add_up_is_refused() {
        let one = SettlementTotal::of([row(&[1])].iter());
        let none = SettlementTotal::default();
        assert!(balances(true, one, one).is_ok());
        assert!(balances(false, one, one).is_err());
        assert!(balances(true, one, none).is_err());
        assert!(balances(false, one, none).is_err());
    }
}
