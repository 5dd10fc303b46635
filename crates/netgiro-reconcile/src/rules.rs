//! The class of one order and one cart. Nothing here knows of other orders or carts.

use netgiro::{CartStatus, kronur};
use rust_decimal::Decimal;

use crate::carts::{Cart, PaymentState};
use crate::model::{Order, Outcome, Recorded};

/// A class, with its reason and what to do.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) outcome: Outcome,
    pub(crate) at_stake: Decimal,
    pub(crate) reason: String,
    pub(crate) action: &'static str,
}

impl Finding {
    pub(crate) fn new(
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

/// Classifies an order and its cart; `None` if there is no check of it.
pub(crate) fn pair(order: &Order, cart: Option<&Cart<'_>>, tolerance: Decimal) -> Finding {
    let owed = order.amount;
    let Some(cart) = cart else {
        return match order.transaction_id {
            None if owed.is_zero() => Finding::new(
                Outcome::Matched,
                Decimal::ZERO,
                "It costs nothing and has no cart: there is nothing to pay.",
                "",
            ),
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
    match (&cart.payment, order.recorded) {
        (PaymentState::Failed(why), _) => Finding::new(
            Outcome::Unverified,
            owed,
            format!("It could not be told whether it is paid: {why}."),
            "Check it again.",
        ),
        (PaymentState::Paid, recorded) => paid(order, recorded, cart, tolerance),
        (PaymentState::NotFound, recorded) => Finding::new(
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
        (PaymentState::Unpaid(status), Recorded::Paid) => Finding::new(
            Outcome::RecordedNotPaid,
            owed,
            format!("Recorded as paid; {status} at Netgíró."),
            "Stop the delivery, or collect the payment.",
        ),
        (PaymentState::Waiting(status), Recorded::Paid) => Finding::new(
            Outcome::RecordedNotPaid,
            owed,
            format!("Recorded as paid; {} at Netgíró.", waiting(*status)),
            next_step(*status, "Hold the delivery until the customer has paid."),
        ),
        (PaymentState::Unpaid(status), Recorded::Open) => Finding::new(
            Outcome::StillOpen,
            Decimal::ZERO,
            format!("Open in the shop; {status} at Netgíró, nothing was paid."),
            "Close the order, or ask the customer again.",
        ),
        (PaymentState::Waiting(status), Recorded::Open) => Finding::new(
            Outcome::StillOpen,
            owed,
            format!("Open in the shop; {} at Netgíró.", waiting(*status)),
            next_step(*status, "Wait for the customer, or cancel the cart."),
        ),
        (PaymentState::Waiting(status), Recorded::Canceled) => Finding::new(
            Outcome::StillOpen,
            owed,
            format!(
                "Canceled in the shop; {} at Netgíró, and can still be paid.",
                waiting(*status)
            ),
            "Cancel the cart (cancel_cart), and read the answer.",
        ),
        (PaymentState::Unpaid(status), Recorded::Canceled) => Finding::new(
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

/// Classifies a cart without an order; `None` if nothing was paid, so nothing is to be done.
pub(crate) fn unmatched(cart: &Cart<'_>) -> Option<Finding> {
    let amount = cart.amount.unwrap_or_default();
    match &cart.payment {
        PaymentState::Paid => Some(Finding::new(
            Outcome::PaidNotRecorded,
            amount,
            "Paid at Netgíró; the shop has no such order.",
            "Find the order and record the payment, or refund the customer.",
        )),
        PaymentState::Waiting(status) => Some(Finding::new(
            Outcome::StillOpen,
            amount,
            format!(
                "{} at Netgíró; the shop has no such order.",
                capitalized(waiting(*status))
            ),
            "Cancel the cart (cancel_cart), and read the answer.",
        )),
        PaymentState::Failed(why) => Some(Finding::new(
            Outcome::Unverified,
            amount,
            format!(
                "The shop has no such order, and it could not be told whether it is paid: {why}."
            ),
            "Check it again.",
        )),
        PaymentState::Unpaid(_) | PaymentState::NotFound => None,
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

/// What to do depends on who must act: the shop, or the customer.
fn next_step(status: CartStatus, if_customer: &'static str) -> &'static str {
    match status {
        CartStatus::NeedsCode => {
            "Confirm the cart with the customer's code (confirm_cart), or cancel it."
        }
        CartStatus::Reserved => "Confirm the cart (confirm_cart), or cancel it.",
        CartStatus::AwaitingCallback => "Answer the callback with 200, or cancel the cart.",
        _ => if_customer,
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
