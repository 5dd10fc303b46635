//! Which orders and carts belong together: by transaction id, then by reference where that is clear.
//! What cannot be told apart stays together as one case; nothing is ever paired by its place.

use std::collections::HashMap;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Order, Outcome, Recorded};
use crate::rules::{self, Cart, Finding, Standing, kronur};

/// An order and its place in the input.
type Placed<'a> = (usize, &'a Order);

/// What is judged together.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) orders: Vec<Placed<'a>>,
    pub(super) carts: Vec<&'a Cart<'a>>,
    pub(super) finding: Finding,
}

/// All that carries one reference.
#[derive(Default)]
struct Reference<'a> {
    /// Orders with the cart of their transaction id.
    pairs: Vec<(Placed<'a>, &'a Cart<'a>)>,
    /// Orders without a transaction id.
    orders: Vec<Placed<'a>>,
    /// Carts whose transaction id no order has.
    carts: Vec<&'a Cart<'a>>,
    /// Payments in groups that are judged already.
    judged: usize,
}

/// Puts every order in one case, and every cart that means something.
pub(super) fn of<'a>(
    orders: &'a [Order],
    carts: &'a [Cart<'a>],
    tolerance: Decimal,
) -> Vec<Case<'a>> {
    let by_id: HashMap<Uuid, &Cart<'_>> = carts.iter().map(|cart| (cart.id, cart)).collect();
    let mut claims: HashMap<Uuid, Vec<Placed<'a>>> = HashMap::with_capacity(orders.len());
    let mut references: HashMap<&str, Reference<'a>> = HashMap::with_capacity(orders.len());
    let mut cases = Vec::with_capacity(orders.len());
    for (at, order) in orders.iter().enumerate() {
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
                for reference in names(claimants, cart) {
                    references.entry(reference).or_default().judged += 1;
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
            cases.push(Case {
                orders: others,
                carts: Vec::new(),
                finding,
            });
        }
    }
    for cart in carts.iter().filter(|cart| !claims.contains_key(&cart.id)) {
        match cart.reference {
            Some(reference) => references.entry(reference).or_default().carts.push(cart),
            None => cases.extend(alone(cart)),
        }
    }
    for reference in references.into_values() {
        reference.judge(tolerance, &mut cases);
    }
    cases
}

/// Of the orders that claim one transaction, those that may have it, and those that cannot.
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

fn names<'a>(claimants: &[Placed<'a>], cart: &Cart<'a>) -> Vec<&'a str> {
    let mut names: Vec<_> = match cart.reference {
        Some(reference) => vec![reference],
        None => claimants
            .iter()
            .filter_map(|(_, order)| order.reference.as_deref())
            .collect(),
    };
    names.sort_unstable();
    names.dedup();
    names
}

fn pair<'a>(order: Placed<'a>, cart: Option<&'a Cart<'a>>, tolerance: Decimal) -> Case<'a> {
    Case {
        orders: vec![order],
        carts: cart.into_iter().collect(),
        finding: rules::pair(order.1, cart, tolerance),
    }
}

fn alone<'a>(cart: &'a Cart<'a>) -> Option<Case<'a>> {
    Some(Case {
        orders: Vec::new(),
        carts: vec![cart],
        finding: rules::alone(cart)?,
    })
}

fn paid_in(carts: &[&Cart<'_>]) -> Decimal {
    let paid = carts.iter().filter(|cart| cart.is_paid());
    paid.filter_map(|cart| cart.amount).sum()
}

pub(super) fn recorded_as_paid(orders: &[Placed<'_>]) -> Decimal {
    let paid = orders
        .iter()
        .filter(|(_, order)| order.recorded == Recorded::Paid);
    paid.map(|(_, order)| order.amount).sum()
}

/// One transaction on several orders, none of which can be told to be the one.
fn claimed_twice<'a>(orders: Vec<Placed<'a>>, cart: Option<&'a Cart<'a>>) -> Case<'a> {
    let carts: Vec<_> = cart.into_iter().collect();
    let recorded = recorded_as_paid(&orders);
    let paid = paid_in(&carts);
    let many = orders.len();
    let finding = match cart.map(|cart| &cart.standing) {
        None => Finding::new(
            Outcome::Unverified,
            orders.iter().map(|(_, order)| order.amount).sum(),
            format!("Its transaction id is on {many} orders, and there is no check of it."),
            "Check the cart, and find out which order it belongs to.",
        ),
        Some(Standing::Failed(why)) => Finding::new(
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
    Case {
        orders,
        carts,
        finding,
    }
}

impl<'a> Reference<'a> {
    fn judge(mut self, tolerance: Decimal, cases: &mut Vec<Case<'a>>) {
        // The most frequent of all: nothing else has this reference.
        if let ([(order, cart)], [], []) = (&*self.pairs, &*self.orders, &*self.carts)
            && self.judged == 0
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
        let is_delivered = self.judged > 0 || paid.iter().any(is_recorded);
        let is_alive = self.judged > 0
            || !paid.is_empty()
            || unpaid.iter().any(|(order, cart)| {
                order.1.recorded != Recorded::Canceled
                    || matches!(cart.standing, Standing::Waiting(_))
            });

        for (order, cart) in unpaid {
            let is_closed = matches!(cart.standing, Standing::Unpaid(_) | Standing::NotFound);
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
        if self.judged + paid.len() + extra.len() > 1 {
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
                _ => cases.extend(extra.into_iter().filter_map(alone)),
            }
        }
        match orders.as_slice() {
            [] => {}
            [order] if !is_alive => {
                cases.push(without_payment(*order, &mut carts, tolerance));
            }
            _ => {
                let own = if is_alive {
                    Vec::new()
                } else {
                    std::mem::take(&mut carts)
                };
                cases.push(recorded_twice(orders, own, false));
            }
        }
        cases.extend(carts.into_iter().filter_map(alone));
    }

    /// More than one payment. Where exactly one of them is known to be the order's, the others are extra.
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
        let own = match (self.judged, recorded.as_slice(), paid.as_slice()) {
            (0, [(_, own)], _) | (0, [], [(_, own)]) => Some(own.id),
            _ => None,
        };
        let is_apart = own.is_some() || (self.judged > 0 && paid.is_empty());
        let mut group = Case {
            orders: Vec::new(),
            carts: Vec::new(),
            finding: Finding::new(Outcome::DuplicatePayment, Decimal::ZERO, "", ""),
        };
        let alone = extra.into_iter().map(|cart| (None, cart));
        for (order, cart) in paid
            .into_iter()
            .map(|(order, cart)| (Some(order), cart))
            .chain(alone)
        {
            match order {
                Some(order) if own == Some(cart.id) => {
                    cases.push(pair(order, Some(cart), tolerance));
                }
                _ if is_apart => cases.push(Case {
                    orders: order.into_iter().collect(),
                    carts: vec![cart],
                    finding: Finding::new(
                        Outcome::DuplicatePayment,
                        cart.amount.unwrap_or_default(),
                        "Its reference is paid by another transaction already.",
                        "Refund this payment.",
                    ),
                }),
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
        let owed = group
            .orders
            .iter()
            .filter(|(_, order)| order.recorded == Recorded::Paid)
            .map(|(_, order)| order.amount)
            .max();
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
    Case {
        orders,
        carts,
        finding,
    }
}

/// The only order of a reference, without a transaction id and without a payment.
fn without_payment<'a>(
    order: Placed<'a>,
    carts: &mut Vec<&'a Cart<'a>>,
    tolerance: Decimal,
) -> Case<'a> {
    let failed = |cart: &&&Cart<'_>| cart.is_failed();
    let open = |cart: &&&Cart<'_>| matches!(cart.standing, Standing::Waiting(_));
    let closed = |cart: &&&Cart<'_>| matches!(cart.standing, Standing::Unpaid(_));
    let speaker = carts
        .iter()
        .find(failed)
        .or_else(|| carts.iter().find(open))
        .or_else(|| carts.iter().find(closed))
        .or_else(|| carts.first())
        .copied();
    Case {
        orders: vec![order],
        carts: std::mem::take(carts),
        finding: rules::pair(order.1, speaker, tolerance),
    }
}
