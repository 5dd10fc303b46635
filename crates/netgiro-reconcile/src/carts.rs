//! What all checks of one cart say together, and where its payment stands.

use std::collections::HashMap;

use jiff::Timestamp;
use netgiro::{CartStatus, mask_customer_ids};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::model::{CartKey, Check, is_amount};

/// Whether a cart was paid, as far as all its checks say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PaymentState {
    Paid,
    /// Canceled or declined.
    Unpaid(CartStatus),
    NotFound,
    /// Open at Netgíró.
    Waiting(CartStatus),
    /// Not known; the reason.
    Failed(String),
}

/// A cart, as all its checks describe it.
#[derive(Debug)]
pub(crate) struct Cart<'a> {
    pub(crate) id: Uuid,
    pub(crate) payment: PaymentState,
    pub(crate) amount: Option<Decimal>,
    pub(crate) reference: Option<&'a str>,
    pub(crate) created: Option<Timestamp>,
    pub(crate) invoice_number: Option<i64>,
}

impl Cart<'_> {
    pub(crate) fn is_paid(&self) -> bool {
        self.payment == PaymentState::Paid
    }

    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.payment, PaymentState::Failed(_))
    }

    /// The names that an item of a settlement or a refund may have for it.
    pub(crate) fn keys(&self) -> impl Iterator<Item = CartKey> {
        let reference = (self.reference).map(|reference| CartKey::Reference(reference.to_owned()));
        [
            Some(CartKey::TransactionId(self.id)),
            reference,
            self.invoice_number.map(CartKey::InvoiceNumber),
        ]
        .into_iter()
        .flatten()
    }

    pub(crate) fn word(&self) -> &'static str {
        match self.payment {
            PaymentState::Paid => CartStatus::Confirmed.as_str(),
            PaymentState::Unpaid(status) | PaymentState::Waiting(status) => status.as_str(),
            PaymentState::NotFound => CartStatus::NotFound.as_str(),
            PaymentState::Failed(_) => "failed",
        }
    }
}

/// One cart for each transaction, however often it was checked.
pub(crate) fn from_checks(checks: &[Check]) -> Vec<Cart<'_>> {
    let mut by_id: HashMap<Uuid, Vec<&Check>> = HashMap::with_capacity(checks.len());
    for check in checks {
        by_id.entry(check.transaction_id).or_default().push(check);
    }
    let mut carts: Vec<_> = by_id
        .into_iter()
        .map(|(id, checks)| cart(id, checks))
        .collect();
    // A map has no order, and the result must not depend on one.
    carts.sort_unstable_by_key(|cart| cart.id);
    carts
}

/// The latest answer counts, but a later answer that denies a payment makes the state unknown.
fn cart(id: Uuid, mut checks: Vec<&Check>) -> Cart<'_> {
    let rank = |check: &Check| match check.outcome {
        Ok(CartStatus::Confirmed) => 3,
        Ok(status) if status.is_final() => 2,
        Ok(_) => 1,
        Err(_) => 0,
    };
    checks.sort_by(|one, other| {
        other
            .outcome
            .is_ok()
            .cmp(&one.outcome.is_ok())
            .then_with(|| other.checked_at.cmp(&one.checked_at))
            .then_with(|| rank(other).cmp(&rank(one)))
            .then_with(|| {
                let word = |check: &Check| check.outcome.as_ref().map_or("", |it| it.as_str());
                word(one).cmp(word(other))
            })
            .then_with(|| one.amount.cmp(&other.amount))
            .then_with(|| one.reference.cmp(&other.reference))
            .then_with(|| one.created.cmp(&other.created))
            .then_with(|| one.invoice_number.cmp(&other.invoice_number))
    });
    let latest = checks.iter().find_map(|check| check.outcome.as_ref().ok());
    let failure = checks
        .iter()
        .filter_map(|check| check.outcome.as_ref().err())
        .min();
    let is_paid = |check: &&&Check| check.outcome == Ok(CartStatus::Confirmed);
    let mut amounts = checks
        .iter()
        .filter(is_paid)
        .filter_map(|check| check.amount);
    let amount = amounts.next();
    let payment = match (latest, failure) {
        (Some(CartStatus::Confirmed), _) if amounts.any(|other| Some(other) != amount) => {
            PaymentState::Failed("checks of it tell of different amounts".to_owned())
        }
        (Some(CartStatus::Confirmed), _) if amount.is_some_and(|amount| !is_amount(amount)) => {
            PaymentState::Failed("the amount that Netgíró tells is none".to_owned())
        }
        (Some(CartStatus::Confirmed), _) => PaymentState::Paid,
        (Some(_), _) if checks.iter().any(|check| is_paid(&check)) => PaymentState::Failed(
            "one check says that it is paid, a later one that it is not".to_owned(),
        ),
        (Some(status @ (CartStatus::Canceled | CartStatus::Declined)), _) => {
            PaymentState::Unpaid(*status)
        }
        (Some(CartStatus::NotFound), _) => PaymentState::NotFound,
        // The failed check may be the later one, so an open cart is not known to be still open.
        (_, Some(failure)) => PaymentState::Failed(mask_customer_ids(failure)),
        (Some(CartStatus::Unknown) | None, None) => {
            PaymentState::Failed("Netgíró answered with a result code that is not known".to_owned())
        }
        (Some(status), None) => PaymentState::Waiting(*status),
    };
    Cart {
        id,
        payment,
        amount: amount.or_else(|| checks.iter().find_map(|check| check.amount)),
        reference: checks.iter().find_map(|check| {
            let reference = check.reference.as_deref()?.trim();
            (!reference.is_empty()).then_some(reference)
        }),
        created: checks.iter().find_map(|check| check.created),
        invoice_number: checks.iter().find_map(|check| check.invoice_number),
    }
}
