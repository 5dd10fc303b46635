//! Puts every order and every payment in one class, and refuses a report that does not add up.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use netgiro::{Error, ErrorKind, Result};

use crate::carts::{self, Cart};
use crate::cases::{Case, recorded_as_paid};
use crate::model::{
    Check, Order, Outcome, ReconcileOptions, Reconciled, Recorded, Refunds, Row, Total, is_amount,
    sorted,
};
use crate::{grouping, ranking, refunds};

/// Puts every order, every payment and every refund in exactly one class.
///
/// Refuses amounts below 0, above 10¹² or with more than six decimals; rows in the message count from 1.
pub fn reconcile(
    orders: &[Order],
    checks: &[Check],
    refunds: &Refunds,
    options: &ReconcileOptions,
) -> Result<Reconciled> {
    if !is_amount(options.tolerance) {
        let message = format!(
            "tolerance must be krónur from 0 on; got {}",
            options.tolerance
        );
        return Err(Error::invalid_request(message));
    }
    let is_read = |order: &Order| is_amount(order.amount) && is_amount(order.refunded);
    if let Some(at) = orders.iter().position(|order| !is_read(order)) {
        return Err(Error::invalid_request(format!(
            "row {}: an amount must be krónur from 0 on, with at most six decimals",
            at + 1
        )));
    }
    let sent = refunds::distinct(refunds.sent.as_deref().unwrap_or_default())?;
    let (rows, sold): (Vec<_>, Vec<_>) =
        (orders.iter().enumerate()).partition(|(_, order)| order.is_refund);
    let carts = carts::from_checks(checks);
    let mut cases = grouping::of(&sold, &carts, options.tolerance);
    let counted = sent.len();
    refunds::add(&mut cases, &carts, rows, sent, refunds, options.tolerance);

    let is_within = |at: Timestamp| {
        options.from.is_none_or(|from| from <= at) && options.until.is_none_or(|until| at < until)
    };
    let is_wanted = |case: &Case<'_>| {
        let orders = case.orders.iter().map(|(_, order)| order.created);
        let rows = case.refunds.rows.iter().map(|(_, row)| row.created);
        let sent = case.refunds.sent.iter().map(|refund| refund.created);
        if case.orders.is_empty() && case.refunds.rows.is_empty() && case.refunds.sent.is_empty() {
            let mut payments = case.carts.iter().filter_map(|cart| cart.created);
            payments.next().is_none_or(is_within)
        } else if case.orders.is_empty() {
            rows.chain(sent).any(|at| at.is_none_or(is_within))
        } else {
            // What was sold before and is refunded now belongs to both times.
            let dated = rows.chain(sent).flatten();
            (orders.clone().any(|at| at.is_none_or(is_within))) || dated.into_iter().any(is_within)
        }
    };
    let (wanted, others): (Vec<_>, Vec<_>) = cases.into_iter().partition(is_wanted);
    let left_out = others.iter().map(|case| case.orders.len()).sum();

    // The input, counted before it becomes rows.
    let mut total = Total {
        rows: wanted.len(),
        ..Total::default()
    };
    let is_whole = is_whole(wanted.iter().chain(&others), orders.len(), &carts, counted);
    for case in &wanted {
        total.orders += case.orders.len();
        for (_, order) in &case.orders {
            total.order_amount += order.amount;
            if order.recorded == Recorded::Paid {
                total.recorded_amount += order.amount;
            }
        }
        for cart in case.carts.iter().filter(|cart| cart.is_paid()) {
            total.payments += 1;
            total.paid_amount += cart.amount.unwrap_or_default();
        }
        total.recorded_refund_amount += case.recorded_refunds();
        total.refunded_amount += case.known_refunds();
        total.at_stake += case.finding.at_stake;
    }

    let rows = wanted.into_iter().map(|case| row(case, options.now));
    let rows = ranking::ranked(rows.collect());
    let totals: Vec<_> = Outcome::ALL
        .iter()
        .map(|&outcome| {
            let of_it = rows.iter().filter(|row| row.outcome == outcome);
            (outcome, Total::of(of_it))
        })
        .collect();
    balances(is_whole, Total::of(rows.iter()), total)?;
    Ok(Reconciled {
        rows,
        totals,
        total,
        left_out,
    })
}

/// Whether each order and each refund is in exactly one case, no cart is in two, and each paid cart is in one.
fn is_whole<'a>(
    cases: impl Iterator<Item = &'a Case<'a>>,
    orders: usize,
    carts: &[Cart<'_>],
    refunds: usize,
) -> bool {
    let mut sent = 0;
    let mut places = Vec::with_capacity(orders);
    let mut seen = HashSet::with_capacity(carts.len());
    for case in cases {
        places.extend(
            case.orders
                .iter()
                .chain(&case.refunds.rows)
                .map(|(at, _)| *at),
        );
        sent += case.refunds.sent.len();
        if !case.carts.iter().all(|cart| seen.insert(cart.id)) {
            return false;
        }
    }
    places.sort_unstable();
    places.into_iter().eq(0..orders)
        && sent == refunds
        && carts
            .iter()
            .all(|cart| !cart.is_paid() || seen.contains(&cart.id))
}

/// Refuses a report that does not add up.
fn balances(is_whole: bool, rows: Total, input: Total) -> Result<()> {
    if is_whole && rows == input {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Protocol,
        "the classes do not add up to what went in: this is a bug in netgiro, and the report would \
         be wrong",
    ))
}

fn row(case: Case<'_>, now: Timestamp) -> Row {
    let recorded_refunds = Some(case.recorded_refunds()).filter(|amount| !amount.is_zero());
    let known_refunds = Some(case.known_refunds()).filter(|amount| !amount.is_zero());
    let Case {
        orders,
        carts,
        refunds,
        finding,
    } = case;
    let paid: Vec<_> = carts.iter().filter(|cart| cart.is_paid()).collect();
    let created = orders.iter().filter_map(|(_, order)| order.created).min();
    let paid_at = paid.iter().filter_map(|cart| cart.created).min();
    let of_rows = refunds.rows.iter().map(|(_, row)| row.created);
    let of_sent = refunds.sent.iter().map(|refund| refund.created);
    let created = match created {
        None if orders.is_empty() => (of_rows.chain(of_sent).flatten().min())
            .or_else(|| carts.iter().filter_map(|cart| cart.created).min()),
        created => created,
    };
    let mut references = sorted(
        orders
            .iter()
            .filter_map(|(_, order)| order.reference.as_deref()),
    );
    if references.is_empty() {
        references = sorted(carts.iter().filter_map(|cart| cart.reference));
    }
    let rows = || refunds.rows.iter().map(|(_, row)| *row);
    if references.is_empty() {
        let of_rows = rows().filter_map(|row| row.reference.as_deref());
        let of_sent = (refunds.sent.iter()).filter_map(|refund| refund.reference.as_deref());
        references = sorted(of_rows.chain(of_sent));
    }
    let mut ids = sorted(
        (orders.iter().filter_map(|(_, order)| order.transaction_id))
            .chain(carts.iter().map(|cart| cart.id)),
    );
    if ids.is_empty() {
        let of_sent = (refunds.sent.iter()).filter_map(|refund| refund.transaction_id);
        ids = sorted(rows().filter_map(|row| row.transaction_id).chain(of_sent));
    }
    Row {
        outcome: finding.outcome,
        references: references.into_iter().map(str::to_owned).collect(),
        transaction_ids: ids,
        recorded: sorted(orders.iter().map(|(_, order)| order.recorded)),
        payment_states: sorted(carts.iter().map(|cart| cart.word())),
        order_amount: (!orders.is_empty())
            .then(|| orders.iter().map(|(_, order)| order.amount).sum()),
        recorded_amount: recorded_as_paid(&orders),
        payments: paid.len(),
        paid_amount: paid
            .iter()
            .filter_map(|cart| cart.amount)
            .reduce(|sum, more| sum + more),
        recorded_refund_amount: recorded_refunds,
        refunded_amount: known_refunds,
        at_stake: finding.at_stake,
        reason: finding.reason,
        action: finding.action,
        created,
        paid_at,
        age: created.map(|at| now.duration_since(at).max(SignedDuration::ZERO)),
        orders: sorted(orders.into_iter().map(|(at, _)| at)),
        refunds: sorted(refunds.rows.into_iter().map(|(at, _)| at)),
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use uuid::Uuid;

    use super::{balances, is_whole};
    use crate::carts::{Cart, PaymentState};
    use crate::cases::Case;
    use crate::model::{Order, Outcome, Recorded, Total};
    use crate::rules::Finding;

    fn cart(id: u128, payment: PaymentState) -> Cart<'static> {
        Cart {
            id: Uuid::from_u128(id),
            payment,
            amount: None,
            reference: None,
            created: None,
            invoice_number: None,
        }
    }

    #[test]
    fn a_case_that_is_lost_or_counted_twice_is_noticed() {
        let order = Order {
            reference: None,
            transaction_id: None,
            amount: Decimal::ONE,
            is_refund: false,
            refunded: Decimal::ZERO,
            recorded: Recorded::Paid,
            created: None,
        };
        let carts = [cart(1, PaymentState::Paid), cart(2, PaymentState::NotFound)];
        let [paid, unpaid] = &carts;
        let whole = |cases: &[(&[usize], &[&Cart<'_>])]| {
            let cases: Vec<_> = cases
                .iter()
                .map(|(orders, carts)| {
                    let orders = orders.iter().map(|at| (*at, &order)).collect();
                    let matched = Finding::new(Outcome::Matched, Decimal::ZERO, "", "");
                    Case::new(orders, carts.to_vec(), matched)
                })
                .collect();
            is_whole(cases.iter(), 2, &carts, 0) && !is_whole(cases.iter(), 2, &carts, 1)
        };
        assert!(
            whole(&[(&[0], &[paid]), (&[1], &[])]),
            "an unpaid cart may be left out"
        );
        assert!(whole(&[(&[1], &[unpaid]), (&[0], &[paid])]));
        assert!(!whole(&[(&[0], &[paid])]), "an order is lost");
        assert!(
            !whole(&[(&[0], &[paid]), (&[0, 1], &[])]),
            "an order is there twice"
        );
        assert!(
            !whole(&[(&[0], &[]), (&[1], &[unpaid])]),
            "a payment is lost"
        );
        assert!(
            !whole(&[(&[0], &[paid]), (&[1], &[paid])]),
            "a payment is there twice"
        );
    }

    #[test]
    fn a_report_that_does_not_add_up_is_refused() {
        let one = Total {
            rows: 1,
            ..Total::default()
        };
        assert!(balances(true, one, one).is_ok());
        assert!(balances(false, one, one).is_err());
        assert!(balances(true, one, Total::default()).is_err());
        assert!(balances(false, one, Total::default()).is_err());
    }
}
