//! What is known to be refunded of each cart, and the class of a cart whose settlement takes it back.

use std::collections::{HashMap, HashSet};

use netgiro::kronur;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::carts::Cart;
use crate::model::{CartKey, Order, Recorded, Refund};
use crate::settlements::model::SettlementOutcome;

/// What is known to be refunded, by what names its cart: recorded in the shop, and sent to Netgíró.
pub(crate) struct KnownRefunds<'a> {
    amounts: HashMap<CartKey, (Decimal, Decimal)>,
    /// References of several paid carts: whose a refund of such a reference is cannot be told.
    shared: HashSet<&'a str>,
}

impl<'a> KnownRefunds<'a> {
    pub(crate) fn of(paid: &[&'a Cart<'a>], orders: &[Order], sent: &[&Refund]) -> Self {
        let ids: HashSet<_> = paid.iter().map(|cart| cart.id).collect();
        let mut seen = HashSet::new();
        let references = paid.iter().filter_map(|cart| cart.reference);
        let mut known = Self {
            amounts: HashMap::new(),
            shared: references
                .filter(|reference| !seen.insert(*reference))
                .collect(),
        };
        for order in orders {
            let is_made = order.is_refund && order.recorded == Recorded::Paid;
            let of_row = if is_made { order.amount } else { Decimal::ZERO };
            let recorded = (of_row + order.refunded, Decimal::ZERO);
            let (id, reference) = (order.transaction_id, order.reference.as_deref());
            known.add(id, reference, recorded);
            // A refund may have an id of its own; then its reference names the cart.
            if order.is_refund && id.is_some_and(|id| !ids.contains(&id)) {
                known.add(None, reference, recorded);
            }
        }
        for refund in sent.iter().filter(|refund| refund.is_made) {
            let reference = refund.reference.as_deref();
            known.add(
                refund.transaction_id,
                reference,
                (Decimal::ZERO, refund.amount),
            );
        }
        known
    }

    fn add(&mut self, id: Option<Uuid>, reference: Option<&str>, amounts: (Decimal, Decimal)) {
        let name = || reference.map(|reference| CartKey::Reference(reference.to_owned()));
        if amounts != (Decimal::ZERO, Decimal::ZERO)
            && let Some(key) = id.map(CartKey::TransactionId).or_else(name)
        {
            let known = self.amounts.entry(key).or_default();
            *known = (known.0 + amounts.0, known.1 + amounts.1);
        }
    }

    pub(crate) fn of_key(&self, key: &CartKey) -> Decimal {
        let (recorded, sent) = self.amounts.get(key).copied().unwrap_or_default();
        recorded.max(sent)
    }

    pub(crate) fn of_cart(&self, cart: &Cart<'_>) -> Decimal {
        let is_its_own = |key: &CartKey| match key {
            CartKey::Reference(reference) => !self.shared.contains(reference.as_str()),
            _ => true,
        };
        let known = cart
            .keys()
            .filter(is_its_own)
            .filter_map(|key| self.amounts.get(&key));
        let (recorded, sent) = known.fold((Decimal::ZERO, Decimal::ZERO), |sum, more| {
            (sum.0 + more.0, sum.1 + more.1)
        });
        recorded.max(sent)
    }
}

/// What the items of one cart take back.
pub(crate) fn taken_back(items: impl Iterator<Item = Decimal>) -> Decimal {
    items
        .filter(|amount| *amount < Decimal::ZERO)
        .map(|amount| amount.abs())
        .sum()
}

/// The class of a cart that is settled: `settled` is what its items come to, without the amount that they take back.
pub(crate) fn settled_with(
    paid: Decimal,
    settled: Decimal,
    taken_back: Decimal,
    refunded: Decimal,
    items: usize,
) -> (SettlementOutcome, String) {
    let is_sale_settled = settled + taken_back == paid;
    if settled == paid - refunded {
        let reason = if refunded.is_zero() {
            "Settled as it was paid.".to_owned()
        } else {
            format!(
                "Settled as it was paid, less {} refunded.",
                kronur(refunded)
            )
        };
        return (SettlementOutcome::Settled, reason);
    }
    if is_sale_settled && taken_back < refunded {
        let rest = kronur(refunded - taken_back);
        let reason = format!(
            "Settled as it was paid; of what was refunded, {rest} is in no settlement yet."
        );
        return (SettlementOutcome::NotSettledYet, reason);
    }
    if is_sale_settled {
        let (taken_back, refunded) = (kronur(taken_back), kronur(refunded));
        let reason = format!(
            "Settled as it was paid, less {taken_back}; {refunded} is known to be refunded."
        );
        return (SettlementOutcome::AmountMismatch, reason);
    }
    let outcome = if settled > paid - refunded && items > 1 {
        SettlementOutcome::Duplicate
    } else {
        SettlementOutcome::AmountMismatch
    };
    let amounts = format!("Paid {}, settled {}", kronur(paid), kronur(settled));
    let reason = match items {
        // An amount in krónur ends with a full stop.
        1 => amounts,
        many => format!("{amounts} in {many} items."),
    };
    (outcome, reason)
}
