//! Which refunds belong to which order or payment: by transaction id, then by reference where that is unambiguous.
//! Refunds whose sale is not among the orders are cases of their own.

mod rules;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use netgiro::{Error, Result};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::carts::Cart;
use crate::cases::{Case, Placed};
use crate::model::{CartKey, Order, Outcome, Refund, Refunds, is_amount};
use crate::rules::Finding;

/// Gives each refund to its case, and decides the classes of those that have refunds.
pub(crate) fn add<'a>(
    cases: &mut Vec<Case<'a>>,
    carts: &'a [Cart<'a>],
    mut rows: Vec<Placed<'a>>,
    mut sent: Vec<&'a Refund>,
    refunds: &Refunds,
    tolerance: Decimal,
) {
    if !(rows.is_empty() && sent.is_empty() && refunds.settled.is_empty()) {
        let mut homes = Homes::of(cases, carts);
        // What is found must not depend on the order of the input.
        sent.sort_by_key(|refund| (names_of_sent(refund), refund.amount, refund.is_made));
        rows.sort_by_key(|(at, row)| (names_of_row(row), row.amount, row.recorded, *at));
        for refund in sent {
            let names = names_of_sent(refund);
            // A refund with a cart's id is of no other cart.
            let by_reference =
                |case: &Case<'_>| refund.transaction_id.is_none() || !knows_its_cart(case);
            let home = homes.find(cases, &names, by_reference, |_| false);
            let cart = homes.other(names.first());
            homes.give(cases, home, names, cart, |case| {
                case.refunds.sent.push(refund);
            });
        }
        for (key, amount) in &refunds.settled {
            let home = homes.find(cases, std::slice::from_ref(key), |_| true, |_| false);
            if let Home::One(place) = home
                && let Some(case) = cases.get_mut(place)
            {
                case.refunds.settled += amount.abs();
            }
        }
        for row in rows {
            let names = names_of_row(row.1);
            let home = homes.find(cases, &names, |_| true, is_refunded);
            let cart = homes.other(&names);
            homes.give(cases, home, names, cart, |case| case.refunds.rows.push(row));
        }
    }
    for case in cases {
        if let Some(finding) = rules::finding(case, refunds.sent.is_some(), tolerance) {
            case.finding = finding;
        }
    }
}

/// Each refund once: Netgíró makes one for each key, however often it was sent. Rows in the message count from 1.
pub(crate) fn distinct(sent: &[Refund]) -> Result<Vec<&Refund>> {
    let mut kept: Vec<&Refund> = Vec::with_capacity(sent.len());
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    for (at, refund) in sent.iter().enumerate() {
        if !is_amount(refund.amount) {
            return Err(Error::invalid_request(format!(
                "refunds, row {}: an amount must be krónur from 0 on, with at most six decimals",
                at + 1
            )));
        }
        let Some(key) = refund.idempotency_key.as_deref() else {
            kept.push(refund);
            continue;
        };
        match by_key.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push(refund);
            }
            Entry::Occupied(entry) => {
                let Some(other) = kept.get_mut(*entry.get()) else {
                    continue;
                };
                let are_apart = (other.transaction_id.zip(refund.transaction_id))
                    .is_some_and(|(one, other)| one != other);
                if other.amount != refund.amount || are_apart {
                    return Err(Error::invalid_request(format!(
                        "refunds, row {}: its key is that of another refund, with another amount or of another cart",
                        at + 1
                    )));
                }
                if certainty(refund) > certainty(other) {
                    *other = refund;
                }
            }
        }
    }
    Ok(kept)
}

/// Of two records of one refund the one that says more counts.
fn certainty(refund: &Refund) -> (bool, Option<Uuid>, Option<&str>) {
    let reference = refund.reference.as_deref();
    (refund.is_made, refund.transaction_id, reference)
}

fn names_of_sent(refund: &Refund) -> Vec<CartKey> {
    names(refund.transaction_id, refund.reference.as_deref())
}

fn names_of_row(row: &Order) -> Vec<CartKey> {
    names(row.transaction_id, row.reference.as_deref())
}

fn names(transaction_id: Option<Uuid>, reference: Option<&str>) -> Vec<CartKey> {
    let id = transaction_id.map(CartKey::TransactionId);
    let reference = reference.map(|reference| CartKey::Reference(reference.to_owned()));
    id.into_iter().chain(reference).collect()
}

/// Whether an order or a payment says which cart it is.
fn knows_its_cart(case: &Case<'_>) -> bool {
    !case.carts.is_empty() || (case.orders.iter()).any(|(_, order)| order.transaction_id.is_some())
}

/// Whether Netgíró is known to have refunded some of it.
fn is_refunded(case: &Case<'_>) -> bool {
    !case.known_refunds().is_zero()
}

/// Where a refund belongs.
#[derive(Clone, Copy)]
enum Home {
    /// To the case at this place.
    One(usize),
    /// To one of several cases, and nothing says to which.
    Several,
    /// To no case that is known.
    Nowhere,
}

/// The places of the cases, by the names of their orders and carts.
struct Homes<'a> {
    places: HashMap<CartKey, Vec<usize>>,
    /// Carts that are in no case: nothing was paid, and no order is theirs.
    others: HashMap<CartKey, Vec<&'a Cart<'a>>>,
    /// Refunds that belong to one of several cases.
    ambiguous: HashMap<Vec<CartKey>, usize>,
}

impl<'a> Homes<'a> {
    fn of(cases: &[Case<'a>], carts: &'a [Cart<'a>]) -> Self {
        let mut homes = Self {
            places: HashMap::new(),
            others: HashMap::new(),
            ambiguous: HashMap::new(),
        };
        let mut placed = HashSet::new();
        for (place, case) in cases.iter().enumerate() {
            let orders = case
                .orders
                .iter()
                .flat_map(|(_, order)| names_of_row(order));
            let carts = case.carts.iter().flat_map(|cart| cart.keys());
            homes.register(orders.chain(carts), place);
            placed.extend(case.carts.iter().map(|cart| cart.id));
        }
        for cart in carts.iter().filter(|cart| !placed.contains(&cart.id)) {
            for key in cart.keys() {
                homes.others.entry(key).or_default().push(cart);
            }
        }
        homes
    }

    fn register(&mut self, names: impl IntoIterator<Item = CartKey>, place: usize) {
        for name in names {
            let places = self.places.entry(name).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }

    /// The case of the first name that has one; of several, the only one that was paid; of several of these, the only
    /// one that is `preferred`. `by_reference` says whether a case may have it by its reference alone.
    fn find(
        &self,
        cases: &[Case<'_>],
        names: &[CartKey],
        by_reference: impl Fn(&Case<'_>) -> bool,
        preferred: impl Fn(&Case<'_>) -> bool,
    ) -> Home {
        for name in names {
            let is_reference = matches!(name, CartKey::Reference(_));
            let known: Vec<_> = (self.places.get(name).into_iter().flatten())
                .filter_map(|place| Some((*place, cases.get(*place)?)))
                .filter(|(_, case)| !is_reference || by_reference(case))
                .collect();
            let is_paid = |case: &Case<'_>| case.carts.iter().any(|cart| cart.is_paid());
            let among = |is_it: &dyn Fn(&Case<'_>) -> bool| -> Vec<usize> {
                let of_it = known.iter().filter(|(_, case)| is_it(case));
                of_it.map(|(place, _)| *place).collect()
            };
            for one in [
                among(&|_| true),
                among(&is_paid),
                among(&|case| is_paid(case) && preferred(case)),
            ] {
                if let [place] = one.as_slice() {
                    return Home::One(*place);
                }
            }
            if !known.is_empty() {
                return Home::Several;
            }
            // The id of a cart that was not paid names that cart, whatever its reference is.
            if !is_reference && self.others.contains_key(name) {
                return Home::Nowhere;
            }
        }
        Home::Nowhere
    }

    /// The cart of the first name that is the name of one cart in no case.
    fn other<'n>(&self, names: impl IntoIterator<Item = &'n CartKey>) -> Option<&'a Cart<'a>> {
        let mut known = (names.into_iter()).filter_map(|name| self.others.get(name));
        let cart = known.find_map(|carts| match carts.as_slice() {
            [cart] => Some(*cart),
            _ => None,
        })?;
        let id = CartKey::TransactionId(cart.id);
        (!self.places.contains_key(&id)).then_some(cart)
    }

    /// Gives a refund to its case, which is made if there is none, with the cart that is in no case.
    fn give(
        &mut self,
        cases: &mut Vec<Case<'a>>,
        home: Home,
        names: Vec<CartKey>,
        cart: Option<&'a Cart<'a>>,
        refund: impl FnOnce(&mut Case<'a>),
    ) {
        let place = match home {
            Home::One(place) => place,
            Home::Several => *self.ambiguous.entry(names.clone()).or_insert(cases.len()),
            Home::Nowhere => cases.len(),
        };
        if place == cases.len() {
            let is_ambiguous = matches!(home, Home::Several);
            let cart = cart.filter(|_| !is_ambiguous);
            if let Some(cart) = cart {
                self.register(cart.keys(), place);
            }
            // Its class is decided when all its refunds are known.
            let undecided = Finding::new(Outcome::Matched, Decimal::ZERO, "", "");
            let mut case = Case::new(Vec::new(), cart.into_iter().collect(), undecided);
            case.refunds.is_ambiguous = is_ambiguous;
            cases.push(case);
        }
        let Some(case) = cases.get_mut(place) else {
            return;
        };
        refund(case);
        if case.orders.is_empty() && !case.refunds.is_ambiguous {
            self.register(names, place);
        }
    }
}
