//! The table: what one order and one cart say together. Nothing here knows of other orders or carts.

use std::collections::HashMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Check, Order, Outcome, Recorded, is_amount};
use crate::masking::mask_within;
use crate::status::CartStatus;

/// A class, and what to say about it.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) outcome: Outcome,
    pub(super) at_stake: Decimal,
    pub(super) reason: String,
    pub(super) action: &'static str,
}

impl Finding {
    pub(super) fn new(
        outcome: Outcome,
        at_stake: Decimal,
        reason: impl Into<String>,
        action: &'static str,
    ) -> Self {
        Self {
            outcome,
            at_stake,
            reason: reason.into(),
            action,
        }
    }
}

/// Where a cart stands, as far as money goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Paid,
    /// Canceled or declined.
    Unpaid(CartStatus),
    NotFound,
    /// Open at Netgíró.
    Waiting(CartStatus),
    /// Not known, and why.
    Failed(String),
}

/// All that the checks of one cart say.
#[derive(Debug)]
pub(super) struct Cart<'a> {
    pub(super) id: Uuid,
    pub(super) standing: Standing,
    pub(super) amount: Option<Decimal>,
    pub(super) reference: Option<&'a str>,
    pub(super) created: Option<Timestamp>,
    pub(super) invoice_number: Option<i64>,
}

impl Cart<'_> {
    pub(super) fn is_paid(&self) -> bool {
        self.standing == Standing::Paid
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(self.standing, Standing::Failed(_))
    }

    pub(super) fn word(&self) -> &'static str {
        match self.standing {
            Standing::Paid => CartStatus::Confirmed.as_str(),
            Standing::Unpaid(status) | Standing::Waiting(status) => status.as_str(),
            Standing::NotFound => CartStatus::NotFound.as_str(),
            Standing::Failed(_) => "failed",
        }
    }
}

/// One cart for each transaction that was checked, however often it was.
pub(super) fn carts(checks: &[Check]) -> Vec<Cart<'_>> {
    let mut by_id: HashMap<Uuid, Vec<&Check>> = HashMap::with_capacity(checks.len());
    for check in checks {
        by_id.entry(check.transaction_id).or_default().push(check);
    }
    let mut carts: Vec<_> = by_id
        .into_iter()
        .map(|(id, checks)| cart(id, checks))
        .collect();
    // A map has no order, and what is said about a group should not depend on it.
    carts.sort_unstable_by_key(|cart| cart.id);
    carts
}

/// The latest answer counts. A payment that a later answer denies is believed by nobody.
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
    let standing = match (latest, failure) {
        (Some(CartStatus::Confirmed), _) if amounts.any(|other| Some(other) != amount) => {
            Standing::Failed("checks of it tell of different amounts".to_owned())
        }
        (Some(CartStatus::Confirmed), _) if amount.is_some_and(|amount| !is_amount(amount)) => {
            Standing::Failed("the amount that Netgíró tells is none".to_owned())
        }
        (Some(CartStatus::Confirmed), _) => Standing::Paid,
        (Some(_), _) if checks.iter().any(|check| is_paid(&check)) => Standing::Failed(
            "one check says that it is paid, a later one that it is not".to_owned(),
        ),
        (Some(status @ (CartStatus::Canceled | CartStatus::Declined)), _) => {
            Standing::Unpaid(*status)
        }
        (Some(CartStatus::NotFound), _) => Standing::NotFound,
        // Whether it failed before it was seen open, or after, nobody knows.
        (_, Some(failure)) => Standing::Failed(mask_within(failure)),
        (Some(CartStatus::Unknown) | None, None) => {
            Standing::Failed("Netgíró answered with a result code that is not known".to_owned())
        }
        (Some(status), None) => Standing::Waiting(*status),
    };
    Cart {
        id,
        standing,
        amount: amount.or_else(|| checks.iter().find_map(|check| check.amount)),
        reference: checks.iter().find_map(|check| {
            let reference = check.reference.as_deref()?.trim();
            (!reference.is_empty()).then_some(reference)
        }),
        created: checks.iter().find_map(|check| check.created),
        invoice_number: checks.iter().find_map(|check| check.invoice_number),
    }
}

/// An order and its cart; `None` where no check of it is at hand.
pub(super) fn pair(order: &Order, cart: Option<&Cart<'_>>, tolerance: Decimal) -> Finding {
    let owed = order.amount;
    let Some(cart) = cart else {
        return match order.transaction_id {
            Some(_) => Finding::new(
                Outcome::Unverified,
                owed,
                "There is no check of its transaction.",
                "Check the cart.",
            ),
            None => Finding::new(
                Outcome::Unverified,
                owed,
                "It has no transaction id, and no check is about its reference.",
                "Find the cart's transaction id, and check it.",
            ),
        };
    };
    match (&cart.standing, order.recorded) {
        (Standing::Failed(why), _) => Finding::new(
            Outcome::Unverified,
            owed,
            format!("It could not be told whether it is paid: {why}."),
            "Check it again.",
        ),
        (Standing::Paid, recorded) => paid(order, recorded, cart, tolerance),
        (Standing::NotFound, recorded) => Finding::new(
            Outcome::NotFound,
            if recorded == Recorded::Paid {
                owed
            } else {
                Decimal::ZERO
            },
            format!(
                "Netgíró knows no such cart; {} in the shop.",
                recorded.as_str()
            ),
            "Compare the transaction id, the keys and the environment (test or production).",
        ),
        (Standing::Unpaid(status), Recorded::Paid) => Finding::new(
            Outcome::RecordedNotPaid,
            owed,
            format!("Recorded as paid; {status} at Netgíró."),
            "Stop the delivery, or collect the payment.",
        ),
        (Standing::Waiting(status), Recorded::Paid) => Finding::new(
            Outcome::RecordedNotPaid,
            owed,
            format!("Recorded as paid; {} at Netgíró.", waiting(*status)),
            move_of(*status, "Hold the delivery until the customer has paid."),
        ),
        (Standing::Unpaid(status), Recorded::Open) => Finding::new(
            Outcome::StillOpen,
            Decimal::ZERO,
            format!("Open in the shop; {status} at Netgíró, nothing was paid."),
            "Close the order, or ask the customer again.",
        ),
        (Standing::Waiting(status), Recorded::Open) => Finding::new(
            Outcome::StillOpen,
            owed,
            format!("Open in the shop; {} at Netgíró.", waiting(*status)),
            move_of(*status, "Wait for the customer, or cancel the cart."),
        ),
        (Standing::Waiting(status), Recorded::Canceled) => Finding::new(
            Outcome::StillOpen,
            owed,
            format!(
                "Canceled in the shop; {} at Netgíró, and can still be paid.",
                waiting(*status)
            ),
            "Cancel the cart (cancel_cart), and read the answer.",
        ),
        (Standing::Unpaid(status), Recorded::Canceled) => Finding::new(
            Outcome::Matched,
            Decimal::ZERO,
            format!("Canceled in the shop; {status} at Netgíró."),
            "",
        ),
    }
}

fn paid(order: &Order, recorded: Recorded, cart: &Cart<'_>, tolerance: Decimal) -> Finding {
    let owed = order.amount;
    let other = cart.reference.filter(|theirs| {
        let ours = order.reference.as_deref();
        ours.is_some_and(|ours| ours != *theirs)
    });
    if let Some(other) = other {
        return Finding::new(
            Outcome::Unverified,
            owed.max(cart.amount.unwrap_or_default()),
            format!("Its cart is paid, but Netgíró holds it under the reference {other}."),
            "Find out which order this transaction belongs to.",
        );
    }
    let apart = cart.amount.map(|amount| amount - owed);
    let is_other_amount = apart.is_some_and(|apart| apart.abs() > tolerance);
    let amounts = || match cart.amount {
        Some(paid) if is_other_amount => {
            format!(", and {} rather than {}", kronur(paid), kronur(owed))
        }
        _ => String::new(),
    };
    match (recorded, apart) {
        (Recorded::Open, _) => Finding::new(
            Outcome::PaidNotRecorded,
            cart.amount.unwrap_or(owed),
            format!("Paid at Netgíró{}; open in the shop.", amounts()),
            "Record the payment, and deliver the order.",
        ),
        (Recorded::Canceled, _) => Finding::new(
            Outcome::PaidNotRecorded,
            cart.amount.unwrap_or(owed),
            format!("Paid at Netgíró{}; canceled in the shop.", amounts()),
            "Deliver the order after all, or refund the customer.",
        ),
        (Recorded::Paid, None) => Finding::new(
            Outcome::Unverified,
            owed,
            "Paid on both sides, but the check does not say how much.",
            "Check it again, or compare the amounts by hand.",
        ),
        (Recorded::Paid, Some(apart)) if is_other_amount => Finding::new(
            Outcome::AmountMismatch,
            apart.abs(),
            format!(
                "Recorded as {}, paid {}: {} {}.",
                kronur(owed),
                kronur(owed + apart),
                kronur(apart.abs()),
                if apart.is_sign_negative() {
                    "too little"
                } else {
                    "too much"
                }
            ),
            if apart.is_sign_negative() {
                "Collect the difference, or correct the order."
            } else {
                "Refund the difference, or correct the order."
            },
        ),
        (Recorded::Paid, Some(apart)) if apart.is_zero() => {
            Finding::new(Outcome::Matched, Decimal::ZERO, "Paid on both sides.", "")
        }
        (Recorded::Paid, Some(apart)) => Finding::new(
            Outcome::Matched,
            Decimal::ZERO,
            format!(
                "Paid on both sides; {} apart, which is tolerated.",
                kronur(apart.abs())
            ),
            "",
        ),
    }
}

/// A cart that no order has; `None` where that means nothing, since nothing was paid.
pub(super) fn alone(cart: &Cart<'_>) -> Option<Finding> {
    let amount = cart.amount.unwrap_or_default();
    match &cart.standing {
        Standing::Paid => Some(Finding::new(
            Outcome::PaidNotRecorded,
            amount,
            "Paid at Netgíró; the shop has no such order.",
            "Find the order and record the payment, or refund the customer.",
        )),
        Standing::Waiting(status) => Some(Finding::new(
            Outcome::StillOpen,
            amount,
            format!(
                "{} at Netgíró; the shop has no such order.",
                capital(waiting(*status))
            ),
            "Cancel the cart (cancel_cart), and read the answer.",
        )),
        Standing::Failed(why) => Some(Finding::new(
            Outcome::Unverified,
            amount,
            format!(
                "The shop has no such order, and it could not be told whether it is paid: {why}."
            ),
            "Check it again.",
        )),
        Standing::Unpaid(_) | Standing::NotFound => None,
    }
}

fn waiting(status: CartStatus) -> &'static str {
    match status {
        CartStatus::NeedsCode => "waiting for the customer's SMS code",
        CartStatus::Reserved => "reserved, not confirmed",
        CartStatus::AwaitingCallback => "waiting for the shop's callback",
        _ => "waiting for the customer",
    }
}

/// Whose move it is decides what to do.
fn move_of(status: CartStatus, customers: &'static str) -> &'static str {
    match status {
        CartStatus::NeedsCode => {
            "Confirm the cart with the customer's code (confirm_cart), or cancel it."
        }
        CartStatus::Reserved => "Confirm the cart (confirm_cart), or cancel it.",
        CartStatus::AwaitingCallback => "Answer the callback with 200, or cancel the cart.",
        _ => customers,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// An amount as it is written in Iceland: `4.990 kr.`, `4.990,50 kr.`.
pub(super) fn kronur(amount: Decimal) -> String {
    let text = amount.abs().normalize().to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let mut written = String::with_capacity(text.len() + 8);
    if amount.is_sign_negative() && !amount.is_zero() {
        written.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            written.push('.');
        }
        written.push(digit);
    }
    if !decimals.is_empty() {
        written.push(',');
        written.push_str(decimals);
    }
    written + " kr."
}

#[cfg(test)]
mod tests {
    use super::kronur;

    #[test]
    fn amounts_are_written_as_in_iceland() {
        for (amount, text) in [
            ("0", "0 kr."),
            ("990", "990 kr."),
            ("4990", "4.990 kr."),
            ("1234567.00", "1.234.567 kr."),
            ("4990.5", "4.990,5 kr."),
            ("-990", "-990 kr."),
        ] {
            assert_eq!(kronur(amount.parse().unwrap()), text);
        }
    }
}
