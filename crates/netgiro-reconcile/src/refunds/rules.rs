//! The class of orders and payments with their refunds. What the shop recorded as refunded is held against what Netgíró is
//! known to have refunded, and both against what was paid.

use netgiro::kronur;
use rust_decimal::Decimal;

use crate::cases::{Case, owed_at_most, paid_in, recorded_as_paid};
use crate::model::{Outcome, Recorded};
use crate::rules::Finding;

/// The sums of a case.
struct Sums {
    /// What was paid; `None` where that is not known.
    paid: Option<Decimal>,
    /// What the shop recorded as refunded.
    recorded: Decimal,
    /// What Netgíró is known to have refunded.
    refunded: Decimal,
    /// By how much two amounts may differ and still match.
    tolerance: Decimal,
}

/// Classifies a case with refunds; `None` if they change nothing. `are_sent_known` says whether all refunds that were
/// sent are known.
pub(crate) fn finding(
    case: &Case<'_>,
    are_sent_known: bool,
    tolerance: Decimal,
) -> Option<Finding> {
    let base = &case.finding;
    let sums = Sums {
        paid: paid(case),
        recorded: case.recorded_refunds(),
        refunded: case.known_refunds(),
        tolerance,
    };
    let open = case.refunds.in_rows(Recorded::Open);
    let unknown = case.refunds.sent(false);
    if [sums.recorded, sums.refunded, open, unknown] == [Decimal::ZERO; 4] {
        return is_alone(case).then(nothing);
    }
    // Where the sale is of another time, nothing but the refund is at stake.
    let is_sold_elsewhere = is_alone(case)
        || base.outcome == Outcome::PaidNotRecorded
            && case.orders.is_empty()
            && !case.refunds.rows.is_empty();
    let at_stake = if is_sold_elsewhere {
        Decimal::ZERO
    } else {
        base.at_stake
    };
    if case.refunds.is_ambiguous {
        return Some(Finding::new(
            Outcome::Unverified,
            sums.recorded.max(sums.refunded + unknown).max(open),
            "Several orders or payments have its reference; which of them was refunded is not known.",
            "Give the refund the transaction id of its payment.",
        ));
    }
    if base.outcome == Outcome::Unverified && !is_alone(case) {
        return None;
    }
    if let Some(paid) = sums.paid
        && sums.recorded.max(sums.refunded) - paid > tolerance
    {
        return Some(too_much(&sums, paid, at_stake));
    }
    if unknown > Decimal::ZERO {
        return Some(Finding::new(
            Outcome::Unverified,
            unknown.max(at_stake),
            format!(
                "It is not known whether a refund of {} was made.",
                kronur(unknown)
            ),
            "Make the same call again, with its key (refund_cart).",
        ));
    }
    if !are_sent_known && sums.recorded - sums.refunded > tolerance {
        let may_be_settled = is_sold_elsewhere || may_be_settled(case, &sums);
        return may_be_settled.then(|| unconfirmed(&sums, at_stake));
    }
    let found = if is_sold_elsewhere {
        Some(sale_elsewhere(case, &sums))
    } else {
        match base.outcome {
            // Nothing was paid, and what is refunded is tolerated.
            _ if sums.paid.is_none_or(|paid| paid.is_zero()) => None,
            Outcome::Matched | Outcome::AmountMismatch => recorded_order(case, &sums),
            Outcome::PaidNotRecorded | Outcome::DuplicatePayment => overpaid(case, &sums),
            _ => None,
        }
    }?;
    if found.outcome.is_in_order() && open > Decimal::ZERO {
        return Some(Finding::new(
            Outcome::StillOpen,
            open,
            format!("A refund of {} is open in the shop.", kronur(open)),
            "Make the refund, or close it.",
        ));
    }
    Some(found)
}

/// Whether there are refunds, and neither an order nor a payment that was classified before.
fn is_alone(case: &Case<'_>) -> bool {
    case.finding.reason.is_empty()
}

/// What was paid; `None` if no cart says it.
fn paid(case: &Case<'_>) -> Option<Decimal> {
    let is_known = (case.carts.iter())
        .all(|cart| !cart.is_failed() && (!cart.is_paid() || cart.amount.is_some()));
    (is_known && !(case.carts.is_empty() && is_alone(case))).then(|| paid_in(&case.carts))
}

/// A refund that is canceled in the shop, or of 0 kr.
fn nothing() -> Finding {
    Finding::new(
        Outcome::Matched,
        Decimal::ZERO,
        "Nothing is refunded on either side.",
        "",
    )
}

fn too_much(sums: &Sums, paid: Decimal, at_stake: Decimal) -> Finding {
    let most = sums.recorded.max(sums.refunded);
    let what = if sums.refunded == most {
        "refunded at Netgíró"
    } else {
        "recorded as refunded"
    };
    let reason = if paid.is_zero() {
        format!("{} {what}; nothing was paid.", kronur(most))
    } else {
        format!("{} {what}; {} paid.", kronur(most), kronur(paid))
    };
    Finding::new(
        Outcome::RefundedTooMuch,
        (most - paid).max(at_stake),
        reason,
        "Find out whether a refund is there twice, or belongs to another order.",
    )
}

/// Whether everything would be in order if Netgíró had refunded what the shop recorded.
fn may_be_settled(case: &Case<'_>, sums: &Sums) -> bool {
    match case.finding.outcome {
        Outcome::PaidNotRecorded | Outcome::DuplicatePayment => {
            let owed = owed_at_most(&case.orders).unwrap_or_default();
            (sums.paid).is_some_and(|paid| paid - owed - sums.recorded <= sums.tolerance)
        }
        outcome => outcome.is_in_order(),
    }
}

/// The shop recorded a refund, and nothing says whether Netgíró made it.
fn unconfirmed(sums: &Sums, at_stake: Decimal) -> Finding {
    Finding::new(
        Outcome::Unverified,
        (sums.recorded - sums.refunded).max(at_stake),
        format!(
            "{} recorded as refunded; whether Netgíró refunded it is not known.",
            kronur(sums.recorded)
        ),
        "Give the refunds that were sent (refunds), or look into Netgíró's merchant portal.",
    )
}

/// Refunds whose sale is not among the orders.
fn sale_elsewhere(case: &Case<'_>, sums: &Sums) -> Finding {
    if (sums.recorded - sums.refunded).abs() > sums.tolerance {
        return refunds_differ(case, sums, Decimal::ZERO);
    }
    Finding::new(
        in_order(sums, sums.paid.unwrap_or_default()),
        Decimal::ZERO,
        "Refunded on both sides; the sale is not among the orders.",
        "",
    )
}

/// An order that the shop recorded as paid, and its payment.
fn recorded_order(case: &Case<'_>, sums: &Sums) -> Option<Finding> {
    let paid = sums.paid?;
    let is_tolerated = |amount: Decimal| amount.abs() <= sums.tolerance;
    let apart = paid - recorded_as_paid(&case.orders);
    let refunds_apart = sums.refunded - sums.recorded;
    let left_apart = apart - refunds_apart;
    let agreed = if is_tolerated(apart) && is_tolerated(refunds_apart) {
        Some(if in_order(sums, paid) == Outcome::Refunded {
            "Paid and refunded in full, on both sides.".to_owned()
        } else {
            format!(
                "Paid on both sides; {} of it refunded, on both sides.",
                kronur(sums.refunded)
            )
        })
    } else if sums.recorded.is_zero() && is_tolerated(left_apart) {
        // Too much was paid and given back; or the shop changed the order's amount.
        Some(format!(
            "Paid {}, {} of it refunded; the shop recorded what is left.",
            kronur(paid),
            kronur(sums.refunded)
        ))
    } else {
        None
    };
    if let Some(reason) = agreed {
        return Some(Finding::new(
            in_order(sums, paid),
            Decimal::ZERO,
            reason,
            "",
        ));
    }
    if !is_tolerated(refunds_apart) && (is_tolerated(apart) || !sums.recorded.is_zero()) {
        return Some(refunds_differ(case, sums, Decimal::ZERO));
    }
    let ours = paid - sums.refunded - left_apart;
    let (word, action) = if left_apart.is_sign_negative() {
        (
            "too little",
            "Collect the difference, or correct the order.",
        )
    } else {
        ("too much", "Refund the difference, or correct the order.")
    };
    Some(Finding::new(
        Outcome::AmountMismatch,
        left_apart.abs(),
        format!(
            "After refunds, {} recorded and {} left at Netgíró: {} {word}.",
            kronur(ours),
            kronur(ours + left_apart),
            kronur(left_apart.abs()),
        ),
        action,
    ))
}

/// Payments that the shop did not record, or more of them than it asked for: what is too much can be refunded.
fn overpaid(case: &Case<'_>, sums: &Sums) -> Option<Finding> {
    let paid = sums.paid?;
    let owed = owed_at_most(&case.orders).unwrap_or_default();
    if owed - paid > sums.tolerance {
        return None;
    }
    let left = paid - sums.refunded;
    let too_much = left - owed;
    let refunds_apart = sums.refunded - sums.recorded;
    let recorded_less = -refunds_apart > sums.tolerance;
    if too_much > sums.tolerance {
        return if recorded_less {
            Some(refunds_differ(case, sums, too_much))
        } else if sums.refunded.is_zero() {
            None
        } else {
            Some(repaid_in_part(case, sums, too_much))
        };
    }
    let books = recorded_as_paid(&case.orders) - sums.recorded;
    if refunds_apart.abs() > sums.tolerance && (books - left).abs() > sums.tolerance {
        return Some(refunds_differ(case, sums, Decimal::ZERO));
    }
    let outcome = in_order(sums, paid);
    let reason = if outcome == Outcome::Refunded {
        "Paid at Netgíró, and refunded in full.".to_owned()
    } else {
        format!(
            "Paid {}, {} of it refunded; the shop recorded what is left.",
            kronur(paid),
            kronur(sums.refunded)
        )
    };
    Some(Finding::new(outcome, Decimal::ZERO, reason, ""))
}

/// What is in the class of `overpaid` still, after a refund of a part.
fn repaid_in_part(case: &Case<'_>, sums: &Sums, too_much: Decimal) -> Finding {
    let base = &case.finding;
    let refunded = kronur(sums.refunded);
    let (reason, action) = match (base.outcome, case.carts.as_slice(), case.orders.as_slice()) {
        (Outcome::DuplicatePayment, [_], _) => (
            format!(
                "Its reference is paid by another transaction already; {refunded} of this payment is refunded."
            ),
            "Refund the rest of this payment.",
        ),
        (Outcome::DuplicatePayment, carts, orders) => (
            format!(
                "Its reference is paid {} times, {} in all, {refunded} of it refunded; {} is recorded as paid.",
                carts.len(),
                kronur(sums.paid.unwrap_or_default()),
                kronur(owed_at_most(orders).unwrap_or_default())
            ),
            base.action,
        ),
        (_, _, [(_, order), ..]) => (
            format!(
                "Paid at Netgíró, {refunded} of it refunded; {} in the shop.",
                order.recorded.as_str()
            ),
            base.action,
        ),
        _ => (
            format!("Paid at Netgíró, {refunded} of it refunded; the shop has no such order."),
            base.action,
        ),
    };
    Finding::new(base.outcome, too_much, reason, action)
}

/// One side refunded more than the other.
fn refunds_differ(case: &Case<'_>, sums: &Sums, at_stake: Decimal) -> Finding {
    let refunds_apart = sums.refunded - sums.recorded;
    let (recorded, refunded) = (kronur(sums.recorded), kronur(sums.refunded));
    let at_stake = refunds_apart.abs().max(at_stake);
    if refunds_apart > Decimal::ZERO {
        return if is_alone(case) && case.refunds.rows.is_empty() {
            Finding::new(
                Outcome::RefundedNotRecorded,
                at_stake,
                format!("{refunded} refunded at Netgíró; the shop has no such order."),
                "Find the order, and record the refund.",
            )
        } else {
            Finding::new(
                Outcome::RefundedNotRecorded,
                at_stake,
                format!("{refunded} refunded at Netgíró; {recorded} recorded as refunded."),
                "Record the refund.",
            )
        };
    }
    let reason = match case.refunds.rows.len() {
        0 | 1 => format!("{recorded} recorded as refunded; {refunded} refunded at Netgíró."),
        many => format!(
            "{recorded} recorded as refunded in {many} rows; {refunded} refunded at Netgíró."
        ),
    };
    Finding::new(
        Outcome::RecordedNotRefunded,
        at_stake,
        reason,
        "Find out whether the refund was sent; if not, send it (refund_cart), or remove the record.",
    )
}

fn in_order(sums: &Sums, paid: Decimal) -> Outcome {
    if paid - sums.refunded > sums.tolerance {
        Outcome::PartlyRefunded
    } else {
        Outcome::Refunded
    }
}
