//! Puts every order and every payment in one class, and refuses a report that does not add up.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use netgiro::{Error, ErrorKind, Result};

use crate::carts::{self, Cart};
use crate::grouping::{self, Case};
use crate::model::{
    Check, Order, Outcome, ReconcileOptions, Reconciled, Recorded, Row, Total, is_amount, sorted,
};

/// Puts every order and every payment in exactly one class.
///
/// Refuses amounts below 0, above 10¹² or with more than six decimals; rows in the message count from 1.
pub fn reconcile(
    orders: &[Order],
    checks: &[Check],
    options: &ReconcileOptions,
) -> Result<Reconciled> {
    if !is_amount(options.tolerance) {
        let message = format!(
            "tolerance must be krónur from 0 on; got {}",
            options.tolerance
        );
        return Err(Error::invalid_request(message));
    }
    if let Some(at) = orders.iter().position(|order| !is_amount(order.amount)) {
        return Err(Error::invalid_request(format!(
            "row {}: an order's amount must be krónur from 0 on, with at most six decimals",
            at + 1
        )));
    }
    let carts = carts::from_checks(checks);
    let cases = grouping::of(orders, &carts, options.tolerance);

    let is_within = |at: Timestamp| {
        options.from.is_none_or(|from| from <= at) && options.until.is_none_or(|until| at < until)
    };
    let is_wanted = |case: &Case<'_>| {
        if case.orders.is_empty() {
            let mut payments = case.carts.iter().filter_map(|cart| cart.created);
            payments.next().is_none_or(is_within)
        } else {
            let mut made = case.orders.iter().map(|(_, order)| order.created);
            made.any(|at| at.is_none_or(is_within))
        }
    };
    let (wanted, others): (Vec<_>, Vec<_>) = cases.into_iter().partition(is_wanted);
    let left_out = others.iter().map(|case| case.orders.len()).sum();

    // The input, counted before it becomes rows.
    let mut total = Total {
        rows: wanted.len(),
        ..Total::default()
    };
    let is_whole = is_whole(wanted.iter().chain(&others), orders.len(), &carts);
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
        total.at_stake += case.finding.at_stake;
    }

    let mut rows: Vec<Row> = wanted
        .into_iter()
        .map(|case| row(case, options.now))
        .collect();
    rows.sort_unstable_by(|one, other| {
        let matched = |row: &Row| row.outcome == Outcome::Matched;
        matched(one)
            .cmp(&matched(other))
            .then_with(|| other.at_stake.cmp(&one.at_stake))
            .then_with(|| one.outcome.cmp(&other.outcome))
            .then_with(|| one.created.cmp(&other.created))
            .then_with(|| one.references.cmp(&other.references))
            .then_with(|| one.transaction_ids.cmp(&other.transaction_ids))
            .then_with(|| one.order_amount.cmp(&other.order_amount))
            .then_with(|| one.recorded.cmp(&other.recorded))
            .then_with(|| one.orders.cmp(&other.orders))
    });
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

/// Whether each order is in exactly one case, no cart is in two, and each paid cart is in one.
fn is_whole<'a>(
    cases: impl Iterator<Item = &'a Case<'a>>,
    orders: usize,
    carts: &[Cart<'_>],
) -> bool {
    let mut places = Vec::with_capacity(orders);
    let mut seen = HashSet::with_capacity(carts.len());
    for case in cases {
        places.extend(case.orders.iter().map(|(at, _)| *at));
        if !case.carts.iter().all(|cart| seen.insert(cart.id)) {
            return false;
        }
    }
    places.sort_unstable();
    places.into_iter().eq(0..orders)
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
    let Case {
        orders,
        carts,
        finding,
    } = case;
    let paid: Vec<_> = carts.iter().filter(|cart| cart.is_paid()).collect();
    let created = orders.iter().filter_map(|(_, order)| order.created).min();
    let paid_at = paid.iter().filter_map(|cart| cart.created).min();
    let created = match created {
        None if orders.is_empty() => carts.iter().filter_map(|cart| cart.created).min(),
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
    let ids = orders.iter().filter_map(|(_, order)| order.transaction_id);
    Row {
        outcome: finding.outcome,
        references: references.into_iter().map(str::to_owned).collect(),
        transaction_ids: sorted(ids.chain(carts.iter().map(|cart| cart.id))),
        recorded: sorted(orders.iter().map(|(_, order)| order.recorded)),
        payment_states: sorted(carts.iter().map(|cart| cart.word())),
        order_amount: (!orders.is_empty())
            .then(|| orders.iter().map(|(_, order)| order.amount).sum()),
        recorded_amount: grouping::recorded_as_paid(&orders),
        payments: paid.len(),
        paid_amount: paid
            .iter()
            .filter_map(|cart| cart.amount)
            .reduce(|sum, more| sum + more),
        at_stake: finding.at_stake,
        reason: finding.reason,
        action: finding.action,
        created,
        paid_at,
        age: created.map(|at| now.duration_since(at).max(SignedDuration::ZERO)),
        orders: sorted(orders.into_iter().map(|(at, _)| at)),
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use uuid::Uuid;

    use super::{balances, is_whole};
    use crate::carts::{Cart, PaymentState};
    use crate::grouping::Case;
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
            recorded: Recorded::Paid,
            created: None,
        };
        let carts = [cart(1, PaymentState::Paid), cart(2, PaymentState::NotFound)];
        let [paid, unpaid] = &carts;
        let whole = |cases: &[(&[usize], &[&Cart<'_>])]| {
            let cases: Vec<_> = cases
                .iter()
                .map(|(orders, carts)| Case {
                    orders: orders.iter().map(|at| (*at, &order)).collect(),
                    carts: carts.to_vec(),
                    finding: Finding::new(Outcome::Matched, Decimal::ZERO, "", ""),
                })
                .collect();
            is_whole(cases.iter(), 2, &carts)
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
