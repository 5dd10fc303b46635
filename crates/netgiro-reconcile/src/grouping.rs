//! Which orders and carts belong together: by transaction id, then by reference where that is unambiguous.
//! What cannot be separated stays together as one case; nothing is ever paired by its position.

use std::collections::HashMap;

use indexmap::IndexMap;
use netgiro::kronur;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::carts::{Cart, PaymentState};
use crate::cases::{Case, Placed, owed_at_most, paid_in, recorded_as_paid};
use crate::model::{Order, Outcome, Recorded};
use crate::rules::{self, Finding};

/// All orders and carts with one reference.
#[derive(Default)]
struct Reference<'a> {
    /// Orders with the cart of their transaction id.
    pairs: Vec<(Placed<'a>, &'a Cart<'a>)>,
    /// Orders without a transaction id.
    orders: Vec<Placed<'a>>,
    /// Carts whose transaction id no order has.
    carts: Vec<&'a Cart<'a>>,
    /// Payments in groups that were classified before.
    classified: usize,
}

/// Puts every order in one case, and every cart that matters.
pub(crate) fn of<'a>(
    orders: &[Placed<'a>],
    carts: &'a [Cart<'a>],
    tolerance: Decimal,
) -> Vec<Case<'a>> {
    let by_id: HashMap<Uuid, &Cart<'_>> = carts.iter().map(|cart| (cart.id, cart)).collect();
    // In the order of the input, in which the orders stand in memory.
    let mut claims: IndexMap<Uuid, Vec<Placed<'a>>> = IndexMap::with_capacity(orders.len());
    let mut references: IndexMap<&str, Reference<'a>> = IndexMap::with_capacity(orders.len());
    let mut cases = Vec::with_capacity(orders.len());
    for &(at, order) in orders {
        match (order.transaction_id, order.reference.as_deref()) {
            (Some(id), _) => claims.entry(id).or_default().push((at, order)),
            (None, Some(reference)) => {
                references
                    .entry(reference)
                    .or_default()
                    .orders
                    .push((at, order));
            }
            (None, None) => cases.push(pair((at, order), None, tolerance)),
        }
    }

    for (id, claimants) in &claims {
        let cart = by_id.get(id).copied();
        let (owners, others) = owners(claimants, cart);
        if let ([owner], Some(cart)) = (owners.as_slice(), cart) {
            let order = owner.1;
            match order.reference.as_deref().or(cart.reference) {
                Some(reference) if !(cart.is_paid() && contradicts(order, cart)) => {
                    references
                        .entry(reference)
                        .or_default()
                        .pairs
                        .push((*owner, cart));
                }
                _ => cases.push(pair(*owner, Some(cart), tolerance)),
            }
        } else if let [owner] = owners.as_slice() {
            cases.push(pair(*owner, None, tolerance));
        } else {
            cases.push(claimed_twice(owners, cart));
            if let Some(cart) = cart.filter(|cart| cart.is_paid()) {
                for reference in references_of(claimants, cart) {
                    references.entry(reference).or_default().classified += 1;
                }
            }
        }
        if !others.is_empty() {
            let finding = Finding::new(
                Outcome::DuplicateOrder,
                recorded_as_paid(&others),
                "Its transaction id is that of another order, which has the payment's reference.",
                "Find the order's own transaction id, or remove it.",
            );
            cases.push(Case::new(others, Vec::new(), finding));
        }
    }
    for cart in carts.iter().filter(|cart| !claims.contains_key(&cart.id)) {
        match cart.reference {
            Some(reference) => references.entry(reference).or_default().carts.push(cart),
            None => cases.extend(unmatched(cart)),
        }
    }
    for reference in references.into_values() {
        reference.classify(tolerance, &mut cases);
    }
    cases
}

/// Splits the orders that claim one transaction: those that may own it, and those that cannot.
fn owners<'a>(
    claimants: &[Placed<'a>],
    cart: Option<&Cart<'_>>,
) -> (Vec<Placed<'a>>, Vec<Placed<'a>>) {
    let reference = cart.and_then(|cart| cart.reference);
    let (owners, others): (Vec<_>, Vec<_>) = claimants
        .iter()
        .copied()
        .partition(|(_, order)| reference.is_some() && order.reference.as_deref() == reference);
    if claimants.len() > 1 && owners.len() == 1 {
        (owners, others)
    } else {
        (claimants.to_vec(), Vec::new())
    }
}

fn contradicts(order: &Order, cart: &Cart<'_>) -> bool {
    match (order.reference.as_deref(), cart.reference) {
        (Some(ours), Some(theirs)) => ours != theirs,
        _ => false,
    }
}

fn references_of<'a>(claimants: &[Placed<'a>], cart: &Cart<'a>) -> Vec<&'a str> {
    let mut references: Vec<_> = match cart.reference {
        Some(reference) => vec![reference],
        None => claimants
            .iter()
            .filter_map(|(_, order)| order.reference.as_deref())
            .collect(),
    };
    references.sort_unstable();
    references.dedup();
    references
}

fn pair<'a>(order: Placed<'a>, cart: Option<&'a Cart<'a>>, tolerance: Decimal) -> Case<'a> {
    let finding = rules::pair(order.1, cart, tolerance);
    Case::new(vec![order], cart.into_iter().collect(), finding)
}

fn unmatched<'a>(cart: &'a Cart<'a>) -> Option<Case<'a>> {
    Some(Case::new(Vec::new(), vec![cart], rules::unmatched(cart)?))
}

/// One transaction on several orders, and nothing says which of them owns it.
fn claimed_twice<'a>(orders: Vec<Placed<'a>>, cart: Option<&'a Cart<'a>>) -> Case<'a> {
    let carts: Vec<_> = cart.into_iter().collect();
    let recorded = recorded_as_paid(&orders);
    let paid = paid_in(&carts);
    let many = orders.len();
    let finding = match cart.map(|cart| &cart.payment) {
        None => Finding::new(
            Outcome::Unverified,
            orders.iter().map(|(_, order)| order.amount).sum(),
            format!("Its transaction id is on {many} orders, and there is no check of it."),
            "Check the cart, and find out which order it belongs to.",
        ),
        Some(PaymentState::Failed(why)) => Finding::new(
            Outcome::Unverified,
            orders.iter().map(|(_, order)| order.amount).sum(),
            format!(
                "Its transaction id is on {many} orders, and it could not be told whether it is \
                 paid: {why}."
            ),
            "Check it again, and find out which order it belongs to.",
        ),
        Some(_) => Finding::new(
            Outcome::DuplicateOrder,
            (recorded - paid).abs(),
            format!(
                "Its transaction id is on {many} orders: {} recorded as paid, {} paid.",
                kronur(recorded),
                kronur(paid)
            ),
            "Find out which of the orders is the one, and whether more was delivered.",
        ),
    };
    Case::new(orders, carts, finding)
}

impl<'a> Reference<'a> {
    fn classify(mut self, tolerance: Decimal, cases: &mut Vec<Case<'a>>) {
        // By far the most frequent case: nothing else has this reference.
        if let ([(order, cart)], [], []) = (&*self.pairs, &*self.orders, &*self.carts)
            && self.classified == 0
        {
            return cases.push(pair(*order, Some(cart), tolerance));
        }
        let (extra, mut carts): (Vec<_>, Vec<_>) = std::mem::take(&mut self.carts)
            .into_iter()
            .partition(|cart| cart.is_paid());
        let (paid, unpaid): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition(|(_, cart)| cart.is_paid());
        let is_recorded = |(order, _): &(Placed<'_>, _)| order.1.recorded == Recorded::Paid;
        let is_delivered = self.classified > 0 || paid.iter().any(is_recorded);
        let may_be_paid = self.classified > 0
            || !paid.is_empty()
            || unpaid.iter().any(|(order, cart)| {
                order.1.recorded != Recorded::Canceled
                    || matches!(cart.payment, PaymentState::Waiting(_))
            });

        for (order, cart) in unpaid {
            let is_closed = matches!(
                cart.payment,
                PaymentState::Unpaid(_) | PaymentState::NotFound
            );
            let mut case = pair(order, Some(cart), tolerance);
            if is_delivered && is_closed && is_recorded(&(order, cart)) {
                case.finding = Finding::new(
                    Outcome::DuplicateOrder,
                    order.1.amount,
                    "Another order with its reference is paid; this one is recorded as paid, and is not.",
                    "Find out whether it was delivered twice, and remove one of the two.",
                );
            }
            cases.push(case);
        }

        let mut orders = std::mem::take(&mut self.orders);
        if self.classified + paid.len() + extra.len() > 1 {
            self.paid_twice(paid, extra, &mut orders, tolerance, cases);
        } else {
            cases.extend(
                paid.into_iter()
                    .map(|(order, cart)| pair(order, Some(cart), tolerance)),
            );
            match (extra.as_slice(), orders.as_slice()) {
                ([payment], [order]) => {
                    cases.push(pair(*order, Some(payment), tolerance));
                    orders.clear();
                }
                ([payment], [_, _, ..]) => {
                    cases.push(recorded_twice(
                        std::mem::take(&mut orders),
                        vec![payment],
                        true,
                    ));
                }
                _ => cases.extend(extra.into_iter().filter_map(unmatched)),
            }
        }
        match orders.as_slice() {
            [] => {}
            [order] if !may_be_paid => {
                cases.push(without_payment(*order, &mut carts, tolerance));
            }
            _ => {
                let own = if may_be_paid {
                    Vec::new()
                } else {
                    std::mem::take(&mut carts)
                };
                cases.push(recorded_twice(orders, own, false));
            }
        }
        cases.extend(carts.into_iter().filter_map(unmatched));
    }

    /// More than one payment. If exactly one of them is known to be the order's, the others are extra.
    fn paid_twice(
        &self,
        paid: Vec<(Placed<'a>, &'a Cart<'a>)>,
        extra: Vec<&'a Cart<'a>>,
        orders: &mut Vec<Placed<'a>>,
        tolerance: Decimal,
        cases: &mut Vec<Case<'a>>,
    ) {
        let recorded: Vec<_> = paid
            .iter()
            .filter(|(order, _)| order.1.recorded == Recorded::Paid)
            .collect();
        let own = match (self.classified, recorded.as_slice(), paid.as_slice()) {
            (0, [(_, own)], _) | (0, [], [(_, own)]) => Some(own.id),
            _ => None,
        };
        let is_separable = own.is_some() || (self.classified > 0 && paid.is_empty());
        let undecided = Finding::new(Outcome::DuplicatePayment, Decimal::ZERO, "", "");
        let mut group = Case::new(Vec::new(), Vec::new(), undecided);
        let unclaimed = extra.into_iter().map(|cart| (None, cart));
        for (order, cart) in paid
            .into_iter()
            .map(|(order, cart)| (Some(order), cart))
            .chain(unclaimed)
        {
            match order {
                Some(order) if own == Some(cart.id) => {
                    cases.push(pair(order, Some(cart), tolerance));
                }
                _ if is_separable => cases.push(Case::new(
                    order.into_iter().collect(),
                    vec![cart],
                    Finding::new(
                        Outcome::DuplicatePayment,
                        cart.amount.unwrap_or_default(),
                        "Its reference is paid by another transaction already.",
                        "Refund this payment.",
                    ),
                )),
                _ => {
                    group.orders.extend(order);
                    group.carts.push(cart);
                }
            }
        }
        if group.carts.is_empty() {
            return;
        }
        if group.orders.is_empty() {
            group.orders.append(orders);
        }
        let paid = paid_in(&group.carts);
        let owed = owed_at_most(&group.orders);
        group.finding.at_stake = (paid - owed.unwrap_or_default()).abs();
        group.finding.reason = format!(
            "Its reference is paid {} times, {} in all; {}.",
            group.carts.len(),
            kronur(paid),
            match owed {
                Some(owed) => format!("{} is recorded as paid", kronur(owed)),
                None => "none of it is recorded".to_owned(),
            }
        );
        group.finding.action = "Find out which payment is the order's, and refund the others.";
        cases.push(group);
    }
}

/// Orders without a transaction id, under a reference that other orders have as well.
fn recorded_twice<'a>(
    orders: Vec<Placed<'a>>,
    carts: Vec<&'a Cart<'a>>,
    has_payment: bool,
) -> Case<'a> {
    let recorded = recorded_as_paid(&orders);
    let paid = paid_in(&carts);
    let finding = if carts.iter().any(|cart| cart.is_failed()) {
        Finding::new(
            Outcome::Unverified,
            orders.iter().map(|(_, order)| order.amount).sum(),
            "Its reference is on several orders, and a check of it failed.",
            "Check it again, and find out which of the orders is the one.",
        )
    } else if has_payment {
        Finding::new(
            Outcome::DuplicateOrder,
            (recorded - paid).abs(),
            format!(
                "{} orders have its reference and no transaction id: {} recorded as paid, {} paid.",
                orders.len(),
                kronur(recorded),
                kronur(paid)
            ),
            "Find out which of the orders is the one, and whether more was delivered.",
        )
    } else {
        Finding::new(
            Outcome::DuplicateOrder,
            recorded,
            "Its reference is on several orders, and it has no transaction id and no payment of its own.",
            "Find the order's transaction id, or remove it.",
        )
    };
    Case::new(orders, carts, finding)
}

/// The only order of a reference, without a transaction id and without a payment.
fn without_payment<'a>(
    order: Placed<'a>,
    carts: &mut Vec<&'a Cart<'a>>,
    tolerance: Decimal,
) -> Case<'a> {
    let failed = |cart: &&&Cart<'_>| cart.is_failed();
    let open = |cart: &&&Cart<'_>| matches!(cart.payment, PaymentState::Waiting(_));
    let closed = |cart: &&&Cart<'_>| matches!(cart.payment, PaymentState::Unpaid(_));
    let cart = carts
        .iter()
        .find(failed)
        .or_else(|| carts.iter().find(open))
        .or_else(|| carts.iter().find(closed))
        .or_else(|| carts.first())
        .copied();
    let finding = rules::pair(order.1, cart, tolerance);
    Case::new(vec![order], std::mem::take(carts), finding)
}
