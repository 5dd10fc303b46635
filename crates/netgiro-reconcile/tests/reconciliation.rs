//! Orders against checks: the groups of `tests/vectors/reconciliation.json`, and what is said of each.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test may stop at the first surprise, and the vectors have passed their schema"
)]

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use netgiro::{CartStatus, ErrorKind};
use netgiro_reconcile::{
    CartKey, Check, Order, Outcome, ReconcileOptions, Reconciled, Recorded, Refund, Refunds, Row,
    Total, reconcile,
};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

const OPTIONS: ReconcileOptions = ReconcileOptions {
    tolerance: Decimal::ZERO,
    from: None,
    until: None,
    now: Timestamp::UNIX_EPOCH,
};

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + hour * 3600).unwrap()
}

fn order(cart: u128, amount: i64, recorded: Recorded) -> Order {
    Order {
        reference: Some("a".to_owned()),
        transaction_id: Some(Uuid::from_u128(cart)),
        amount: amount.into(),
        is_refund: false,
        refunded: Decimal::ZERO,
        recorded,
        created: Some(at(0)),
    }
}

fn check(cart: u128, status: CartStatus) -> Check {
    Check {
        transaction_id: Uuid::from_u128(cart),
        outcome: Ok(status),
        amount: Some(1000.into()),
        reference: Some("a".to_owned()),
        created: Some(at(1)),
        invoice_number: None,
        checked_at: Some(at(2)),
    }
}

fn only(orders: &[Order], checks: &[Check]) -> Row {
    let done = reconcile(orders, checks, &Refunds::default(), &OPTIONS).unwrap();
    assert_eq!(done.rows.len(), 1, "{:?}", done.rows);
    done.rows.into_iter().next().unwrap()
}

// ---- the vectors ---------------------------------------------------------------------------------

fn some(word: &str) -> Option<String> {
    (word != "-").then(|| word.to_owned())
}

fn read_order(line: &str) -> Order {
    let words: Vec<_> = line.split(' ').collect();
    Order {
        reference: some(words[0]),
        transaction_id: some(words[1]).map(|id| Uuid::from_u128(id.parse().unwrap())),
        amount: words[2].trim_start_matches('-').parse().unwrap(),
        is_refund: words[2].starts_with('-'),
        refunded: words
            .get(4)
            .map_or(Decimal::ZERO, |amount| amount.parse().unwrap()),
        recorded: words[3].parse().unwrap(),
        created: None,
    }
}

fn read_check(line: &str) -> Check {
    let words: Vec<_> = line.split(' ').collect();
    Check {
        transaction_id: Uuid::from_u128(words[0].parse().unwrap()),
        outcome: match words[1] {
            "failed" => Err("no answer in time".to_owned()),
            status => Ok(status.parse().unwrap()),
        },
        amount: some(words[2]).map(|amount| amount.parse().unwrap()),
        reference: some(words[3]),
        created: None,
        invoice_number: None,
        checked_at: None,
    }
}

fn read_refund(line: &str) -> Refund {
    let words: Vec<_> = line.split(' ').collect();
    Refund {
        transaction_id: some(words[0]).map(|id| Uuid::from_u128(id.parse().unwrap())),
        reference: some(words[1]),
        amount: words[2].parse().unwrap(),
        idempotency_key: None,
        is_made: words[3] == "made",
        created: None,
    }
}

fn read_taken_back(line: &str) -> (CartKey, Decimal) {
    let (name, amount) = line.split_once(' ').unwrap();
    let key = match name.parse() {
        Ok(id) => CartKey::TransactionId(Uuid::from_u128(id)),
        Err(_) => CartKey::Reference(name.to_owned()),
    };
    (key, amount.parse().unwrap())
}

fn read_refunds(case: &Value) -> Refunds {
    let refunds = &case["refunds"];
    Refunds {
        sent: (!refunds.is_null()).then(|| lines(refunds).into_iter().map(read_refund).collect()),
        settled: lines(&case["taken_back"])
            .into_iter()
            .map(read_taken_back)
            .collect(),
    }
}

fn written(row: &Row) -> String {
    let among = |numbers: Vec<String>| {
        if numbers.is_empty() {
            "-".to_owned()
        } else {
            numbers.join(",")
        }
    };
    let orders = row.places().iter().map(ToString::to_string).collect();
    let carts = row.transaction_ids.iter();
    let carts = carts.map(|id| id.as_u128().to_string()).collect();
    let (outcome, stake) = (row.outcome, row.at_stake.normalize());
    format!("{outcome} {} {} {stake}", among(orders), among(carts))
}

fn lines(value: &Value) -> Vec<&str> {
    let lines = value.as_array().unwrap().iter();
    lines.map(|line| line.as_str().unwrap()).collect()
}

#[test]
fn every_order_and_every_payment_is_in_the_class_that_the_vectors_say() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/reconciliation.json");
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = document["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let orders: Vec<_> = lines(&case["orders"]).into_iter().map(read_order).collect();
        let checks: Vec<_> = lines(&case["checks"]).into_iter().map(read_check).collect();
        let options = ReconcileOptions {
            tolerance: case["tolerance"].as_i64().unwrap().into(),
            ..OPTIONS
        };
        let done = reconcile(&orders, &checks, &Refunds::default(), &options).unwrap();
        let mut found: Vec<_> = done.rows.iter().map(written).collect();
        let mut expected = lines(&case["expect"]);
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!(
                "{}: {found:?} rather than {expected:?}",
                case["name"]
            ));
        }
        adds_up(&done, &orders, &checks);
        // Where a check stands in the input changes nothing.
        let turned: Vec<_> = checks.iter().rev().cloned().collect();
        assert_eq!(
            reconcile(&orders, &turned, &Refunds::default(), &options)
                .unwrap()
                .rows,
            done.rows
        );
    }
    assert!(cases.len() > 300);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_refund_is_in_the_class_that_the_vectors_say() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/reconciliation.json");
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = document["refund_cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let orders: Vec<_> = lines(&case["orders"]).into_iter().map(read_order).collect();
        let checks: Vec<_> = lines(&case["checks"]).into_iter().map(read_check).collect();
        let refunds = read_refunds(case);
        let options = ReconcileOptions {
            tolerance: case["tolerance"].as_i64().unwrap().into(),
            ..OPTIONS
        };
        let done = reconcile(&orders, &checks, &refunds, &options)
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        let mut found: Vec<_> = (done.rows.iter())
            .map(|row| {
                let amount = |amount: Option<Decimal>| amount.unwrap_or_default().normalize();
                let recorded = amount(row.recorded_refund_amount);
                format!(
                    "{} {recorded} {}",
                    written(row),
                    amount(row.refunded_amount)
                )
            })
            .collect();
        let mut expected = lines(&case["expect"]);
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!("{case}:\n  {found:?}"));
        }
        for row in &done.rows {
            assert!(!row.reason.is_empty(), "{case}");
            assert_eq!(row.action.is_empty(), row.outcome.is_in_order(), "{case}");
            assert!(
                !row.outcome.is_in_order() || row.at_stake.is_zero(),
                "{case}"
            );
        }
        let turned = Refunds {
            sent: (refunds.sent.as_ref()).map(|sent| sent.iter().rev().cloned().collect()),
            ..refunds
        };
        let again = reconcile(&orders, &checks, &turned, &options).unwrap();
        assert_eq!(again.rows, done.rows);
    }
    assert!(cases.len() > 300);
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn adds_up(done: &Reconciled, orders: &[Order], checks: &[Check]) {
    let paid = |check: &&Check| check.outcome == Ok(CartStatus::Confirmed);
    let payments: Vec<_> = checks.iter().filter(paid).collect();
    let recorded = orders.iter().filter(|one| one.recorded == Recorded::Paid);
    let total = Total {
        rows: done.rows.len(),
        orders: orders.len(),
        order_amount: orders.iter().map(|order| order.amount).sum(),
        recorded_amount: recorded.map(|order| order.amount).sum(),
        payments: payments.len(),
        paid_amount: payments.iter().filter_map(|check| check.amount).sum(),
        recorded_refund_amount: Decimal::ZERO,
        refunded_amount: Decimal::ZERO,
        at_stake: done.rows.iter().map(|row| row.at_stake).sum(),
    };
    assert_eq!(done.total, total);
    assert_eq!(done.left_out, 0);
    let classes: Vec<_> = done.totals.iter().map(|(outcome, _)| *outcome).collect();
    assert_eq!(classes, Outcome::ALL);
    for (outcome, total) in &done.totals {
        let rows = || done.rows.iter().filter(|row| row.outcome == *outcome);
        let expected = Total {
            rows: rows().count(),
            orders: rows().map(|row| row.orders.len()).sum(),
            order_amount: rows().filter_map(|row| row.order_amount).sum(),
            recorded_amount: rows().map(|row| row.recorded_amount).sum(),
            payments: rows().map(|row| row.payments).sum(),
            paid_amount: rows().filter_map(|row| row.paid_amount).sum(),
            recorded_refund_amount: rows().filter_map(|row| row.recorded_refund_amount).sum(),
            refunded_amount: rows().filter_map(|row| row.refunded_amount).sum(),
            at_stake: rows().map(|row| row.at_stake).sum(),
        };
        assert_eq!(*total, expected, "{outcome}");
    }
}

// ---- what a row says -----------------------------------------------------------------------------

#[test]
fn a_row_says_why_and_what_to_do() {
    use CartStatus::{AwaitingCallback, Canceled, Confirmed, Declined, NeedsCode, NotFound};
    use CartStatus::{Pending, Reserved, Unknown};
    use Recorded::{Canceled as Closed, Open, Paid};
    let cases = [
        (Confirmed, Paid, "Paid on both sides.", ""),
        (
            Confirmed,
            Open,
            "Paid at Netgíró; open in the shop.",
            "Record the payment, and deliver the order.",
        ),
        (
            Confirmed,
            Closed,
            "Paid at Netgíró; canceled in the shop.",
            "Deliver the order after all, or refund the customer.",
        ),
        (
            Canceled,
            Paid,
            "Recorded as paid; canceled at Netgíró.",
            "Stop the delivery, or collect the payment.",
        ),
        (
            Declined,
            Open,
            "Open in the shop; declined at Netgíró, nothing was paid.",
            "Close the order, or ask the customer again.",
        ),
        (
            Declined,
            Closed,
            "Canceled in the shop; declined at Netgíró.",
            "",
        ),
        (
            NotFound,
            Paid,
            "Netgíró knows no such cart; paid in the shop.",
            "Compare the transaction id, the keys and the environment (test or production).",
        ),
        (
            Pending,
            Paid,
            "Recorded as paid; waiting for the customer at Netgíró.",
            "Hold the delivery until the customer has paid.",
        ),
        (
            NeedsCode,
            Paid,
            "Recorded as paid; waiting for the customer's SMS code at Netgíró.",
            "Confirm the cart with the customer's code (confirm_cart), or cancel it.",
        ),
        (
            Reserved,
            Open,
            "Open in the shop; reserved, not confirmed at Netgíró.",
            "Confirm the cart (confirm_cart), or cancel it.",
        ),
        (
            AwaitingCallback,
            Open,
            "Open in the shop; waiting for the shop's callback at Netgíró.",
            "Answer the callback with 200, or cancel the cart.",
        ),
        (
            Pending,
            Open,
            "Open in the shop; waiting for the customer at Netgíró.",
            "Wait for the customer, or cancel the cart.",
        ),
        (
            Pending,
            Closed,
            "Canceled in the shop; waiting for the customer at Netgíró, and can still be paid.",
            "Cancel the cart (cancel_cart), and read the answer.",
        ),
        (
            Unknown,
            Paid,
            "It could not be told whether it is paid: Netgíró answered with a result code that is not known.",
            "Check it again.",
        ),
    ];
    for (status, recorded, reason, action) in cases {
        let row = only(&[order(1, 1000, recorded)], &[check(1, status)]);
        assert_eq!((&*row.reason, row.action), (reason, action));
        assert_eq!(row.recorded, [recorded]);
        let word = if status == Unknown {
            "failed"
        } else {
            status.as_str()
        };
        assert_eq!(row.payment_states, [word]);
    }
}

#[test]
fn amounts_that_differ_are_named_in_kronur() {
    let tolerance = |tolerance: &str| ReconcileOptions {
        tolerance: tolerance.parse().unwrap(),
        ..OPTIONS
    };
    for (amount, recorded, allowed, reason, action) in [
        (
            "998",
            Recorded::Paid,
            "0",
            "Recorded as 1.000 kr., paid 998 kr.: 2 kr. too little.",
            "Collect the difference, or correct the order.",
        ),
        (
            "1500.5",
            Recorded::Paid,
            "0",
            "Recorded as 1.000 kr., paid 1.500,5 kr.: 500,5 kr. too much.",
            "Refund the difference, or correct the order.",
        ),
        (
            "998",
            Recorded::Paid,
            "2",
            "Paid on both sides; 2 kr. apart, which is tolerated.",
            "",
        ),
        (
            "998",
            Recorded::Open,
            "0",
            "Paid at Netgíró, and 998 kr. rather than 1.000 kr.; open in the shop.",
            "Record the payment, and deliver the order.",
        ),
        (
            "998",
            Recorded::Open,
            "2",
            "Paid at Netgíró; open in the shop.",
            "Record the payment, and deliver the order.",
        ),
    ] {
        let mut paid = check(1, CartStatus::Confirmed);
        paid.amount = Some(amount.parse().unwrap());
        let orders = [order(1, 1000, recorded)];
        let row = &reconcile(&orders, &[paid], &Refunds::default(), &tolerance(allowed))
            .unwrap()
            .rows[0];
        assert_eq!((&*row.reason, row.action), (reason, action));
    }
}

#[test]
fn a_cart_without_an_order_says_so() {
    let row = only(&[], &[check(1, CartStatus::AwaitingCallback)]);
    assert_eq!(
        row.reason,
        "Waiting for the shop's callback at Netgíró; the shop has no such order."
    );
    assert_eq!(
        (row.outcome, row.at_stake),
        (Outcome::StillOpen, 1000.into())
    );
    assert_eq!((row.order_amount, row.paid_amount), (None, None));
    assert_eq!(
        (row.references, row.created),
        (vec!["a".to_owned()], Some(at(1)))
    );
    let row = only(&[], &[check(1, CartStatus::Confirmed)]);
    assert_eq!((row.payments, row.paid_amount), (1, Some(1000.into())));
    assert_eq!((row.created, row.paid_at), (Some(at(1)), Some(at(1))));
}

#[test]
fn an_order_that_does_not_say_when_it_was_made_has_no_age() {
    let mut undated = order(1, 1000, Recorded::Paid);
    undated.created = None;
    let row = only(&[undated], &[check(1, CartStatus::Confirmed)]);
    assert_eq!(
        (row.created, row.age, row.paid_at),
        (None, None, Some(at(1)))
    );
}

#[test]
fn groups_name_what_is_recorded_and_what_is_paid() {
    let claimed = [
        order(1, 1000, Recorded::Paid),
        order(1, 3000, Recorded::Open),
    ];
    let row = only(&claimed, &[check(1, CartStatus::Confirmed)]);
    assert_eq!(
        row.reason,
        "Its transaction id is on 2 orders: 1.000 kr. recorded as paid, 1.000 kr. paid."
    );
    assert_eq!(row.difference(), Some(Decimal::from(-3000)));

    let twice = [
        check(1, CartStatus::Confirmed),
        check(2, CartStatus::Confirmed),
    ];
    let mut nobodys = order(1, 1000, Recorded::Paid);
    nobodys.transaction_id = None;
    let row = only(&[nobodys.clone()], &twice);
    assert_eq!(
        row.reason,
        "Its reference is paid 2 times, 2.000 kr. in all; 1.000 kr. is recorded as paid."
    );
    nobodys.recorded = Recorded::Open;
    let row = only(&[nobodys.clone()], &twice);
    assert_eq!(
        row.reason,
        "Its reference is paid 2 times, 2.000 kr. in all; none of it is recorded."
    );
    assert_eq!(
        row.action,
        "Find out which payment is the order's, and refund the others."
    );

    nobodys.recorded = Recorded::Paid;
    let row = only(
        &[nobodys.clone(), nobodys],
        &[check(1, CartStatus::Confirmed)],
    );
    assert_eq!(
        row.reason,
        "2 orders have its reference and no transaction id: 2.000 kr. recorded as paid, 1.000 kr. paid."
    );
}

// ---- several checks of one cart ------------------------------------------------------------------

#[test]
fn the_latest_answer_counts_and_a_denied_payment_does_not() {
    let later = |mut check: Check, hour: i64| {
        check.checked_at = Some(at(hour));
        check
    };
    let failed = |why: &str| Check {
        outcome: Err(why.to_owned()),
        amount: None,
        reference: None,
        created: None,
        checked_at: None,
        ..check(1, CartStatus::Unknown)
    };
    let other_amount = Check {
        amount: Some(999.into()),
        ..check(1, CartStatus::Confirmed)
    };
    let absurd = Check {
        amount: Some("-5".parse().unwrap()),
        ..check(1, CartStatus::Confirmed)
    };
    let (paid, pending) = (
        check(1, CartStatus::Confirmed),
        check(1, CartStatus::Pending),
    );
    let canceled = check(1, CartStatus::Canceled);
    for (checks, payment_state, reason) in [
        (
            vec![pending.clone(), later(paid.clone(), 3)],
            "confirmed",
            "Paid on both sides.",
        ),
        (
            vec![pending.clone(), paid.clone()],
            "confirmed",
            "Paid on both sides.",
        ),
        (
            vec![paid.clone(), paid.clone()],
            "confirmed",
            "Paid on both sides.",
        ),
        (
            vec![paid.clone(), failed("late")],
            "confirmed",
            "Paid on both sides.",
        ),
        (
            vec![paid.clone(), later(canceled.clone(), 3)],
            "failed",
            "It could not be told whether it is paid: one check says that it is paid, a later one that it is not.",
        ),
        (
            vec![paid.clone(), later(pending.clone(), 3)],
            "failed",
            "It could not be told whether it is paid: one check says that it is paid, a later one that it is not.",
        ),
        (
            vec![paid, other_amount],
            "failed",
            "It could not be told whether it is paid: checks of it tell of different amounts.",
        ),
        (
            vec![absurd],
            "failed",
            "It could not be told whether it is paid: the amount that Netgíró tells is none.",
        ),
        (
            vec![pending.clone(), later(canceled.clone(), 3)],
            "canceled",
            "Recorded as paid; canceled at Netgíró.",
        ),
        (
            vec![later(canceled.clone(), 1), later(pending.clone(), 3)],
            "pending",
            "Recorded as paid; waiting for the customer at Netgíró.",
        ),
        (
            vec![pending.clone(), canceled],
            "canceled",
            "Recorded as paid; canceled at Netgíró.",
        ),
        (
            vec![pending, failed("late"), failed("not now")],
            "failed",
            "It could not be told whether it is paid: late.",
        ),
    ] {
        let orders = [order(1, 1000, Recorded::Paid)];
        let row = only(&orders, &checks);
        assert_eq!(
            (&*row.reason, row.payment_states.as_slice()),
            (reason, [payment_state].as_slice())
        );
        let turned: Vec<_> = checks.into_iter().rev().collect();
        assert_eq!(only(&orders, &turned), row);
    }
}

#[test]
fn of_two_answers_at_one_instant_the_more_certain_one_counts() {
    use CartStatus::{AwaitingCallback, Canceled, Confirmed};
    for (one, other, payment_state) in [
        (Canceled, Confirmed, "confirmed"),
        (AwaitingCallback, Canceled, "canceled"),
    ] {
        let orders = [order(1, 1000, Recorded::Paid)];
        let row = only(&orders, &[check(1, one), check(1, other)]);
        assert_eq!(row.payment_states, [payment_state]);
        assert_eq!(only(&orders, &[check(1, other), check(1, one)]), row);
    }
}

#[test]
fn the_reason_of_a_failed_check_hides_customers_numbers() {
    let failed = Check {
        outcome: Err("nothing is known of 822-3281".to_owned()),
        ..check(1, CartStatus::Unknown)
    };
    let reason = only(&[order(1, 1000, Recorded::Paid)], &[failed]).reason;
    assert!(
        reason.contains("nothing is known of ") && !reason.contains("822"),
        "{reason}"
    );
}

#[test]
fn a_blank_reference_is_missing() {
    let mut blank = check(1, CartStatus::Confirmed);
    blank.reference = Some("  ".to_owned());
    assert_eq!(
        only(&[order(1, 1000, Recorded::Paid)], &[blank]).outcome,
        Outcome::Matched
    );
    let mut padded = check(1, CartStatus::Confirmed);
    padded.reference = Some(" a ".to_owned());
    assert_eq!(
        only(&[order(1, 1000, Recorded::Paid)], &[padded]).outcome,
        Outcome::Matched
    );
}

// ---- days, order and what is refused -------------------------------------------------------------

#[test]
fn a_window_leaves_out_what_was_made_before_or_after_it() {
    let mut orders = [
        order(1, 1000, Recorded::Open),
        order(2, 2000, Recorded::Open),
        order(3, 4000, Recorded::Open),
    ];
    for (order, (hour, reference)) in orders.iter_mut().zip([(0, "a"), (5, "b"), (9, "c")]) {
        order.created = Some(at(hour));
        order.reference = Some(reference.to_owned());
    }
    let mut loose = check(9, CartStatus::Confirmed);
    loose.reference = None;
    loose.created = Some(at(9));
    let within = |from: Option<i64>, until: Option<i64>| {
        let options = ReconcileOptions {
            from: from.map(at),
            until: until.map(at),
            now: at(7),
            ..OPTIONS
        };
        reconcile(&orders, &[loose.clone()], &Refunds::default(), &options).unwrap()
    };
    let done = within(Some(5), Some(9));
    assert_eq!((done.rows.len(), done.left_out), (1, 2));
    assert_eq!(done.rows[0].orders, [1]);
    assert_eq!(done.rows[0].age, Some(SignedDuration::from_hours(2)));
    assert_eq!(done.total.orders, 1);
    let done = within(Some(9), None);
    assert_eq!((done.rows.len(), done.left_out), (2, 2));
    let ages: Vec<_> = done.rows.iter().map(|row| row.age).collect();
    assert_eq!(ages, [Some(SignedDuration::ZERO); 2]);
    assert_eq!(within(None, Some(5)).left_out, 2);
    assert_eq!(within(None, None).rows.len(), 4);
}

#[test]
fn what_costs_most_comes_first_and_what_matched_last() {
    let mut orders = vec![
        order(1, 9000, Recorded::Paid),
        order(2, 100, Recorded::Paid),
        order(3, 500, Recorded::Paid),
        order(4, 500, Recorded::Open),
        order(5, 500, Recorded::Paid),
    ];
    for (order, reference) in orders.iter_mut().zip(["a", "b", "c", "d", "e"]) {
        order.reference = Some(reference.to_owned());
    }
    orders[4].created = Some(at(-1));
    let mut checks = vec![
        check(1, CartStatus::Confirmed),
        check(2, CartStatus::Canceled),
        check(3, CartStatus::Canceled),
        check(4, CartStatus::Confirmed),
        check(5, CartStatus::Canceled),
    ];
    for (check, (order, reference)) in checks
        .iter_mut()
        .zip(orders.iter().zip(["a", "b", "c", "d", "e"]))
    {
        check.reference = Some(reference.to_owned());
        check.amount = Some(order.amount);
    }
    let done = reconcile(&orders, &checks, &Refunds::default(), &OPTIONS).unwrap();
    let found: Vec<_> = (done.rows.iter())
        .map(|row| row.references[0].as_str())
        .collect();
    assert_eq!(found, ["d", "e", "c", "b", "a"]);
    assert_eq!(done.rows[0].outcome, Outcome::PaidNotRecorded);
}

#[test]
fn invalid_amounts_are_refused() {
    let million = Decimal::from(1_000_000);
    for (amount, is_refused) in [
        ("0", false),
        ("-0.00", false),
        ("0.000001", false),
        ("0.0000010", false),
        ("1000000000000", false),
        ("0.0000001", true),
        ("1000000000000.000001", true),
        ("-1", true),
    ] {
        let amount: Decimal = amount.parse().unwrap();
        let orders = [
            order(1, 1000, Recorded::Paid),
            Order {
                amount,
                ..order(2, 1, Recorded::Open)
            },
        ];
        let refused = reconcile(&orders, &[], &Refunds::default(), &OPTIONS);
        assert_eq!(refused.is_err(), is_refused, "{amount}");
        if let Err(error) = refused {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.message().contains("row 2"), "{error}");
        }
        let options = ReconcileOptions {
            tolerance: amount,
            ..OPTIONS
        };
        let refused = reconcile(&[], &[], &Refunds::default(), &options);
        assert_eq!(refused.is_err(), is_refused, "{amount}");
    }
    let below = Order {
        refunded: Decimal::NEGATIVE_ONE,
        ..order(1, 1000, Recorded::Paid)
    };
    let refused = reconcile(&[below], &[], &Refunds::default(), &OPTIONS).unwrap_err();
    assert!(refused.message().contains("row 1"), "{refused}");
    let large = vec![order(1, 1_000_000, Recorded::Open); 3];
    let done = reconcile(&large, &[], &Refunds::default(), &OPTIONS).unwrap();
    assert_eq!(done.total.order_amount, million * Decimal::from(3));
}

#[test]
fn the_shops_state_is_one_of_three_words() {
    for recorded in Recorded::ALL {
        assert_eq!(recorded.as_str().parse::<Recorded>().unwrap(), *recorded);
    }
    let refused = "delivered".parse::<Recorded>().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    assert!(refused.message().contains("open"), "{refused}");
}

#[test]
fn a_check_is_what_a_result_or_a_state_says() {
    let id = Uuid::from_u128(1);
    let failed = netgiro::CheckResult {
        transaction_id: id,
        outcome: Err(netgiro::Error::new(ErrorKind::Timeout, "no answer in time")),
    };
    let read = Check::from(&failed);
    assert_eq!(
        (read.transaction_id, read.amount, read.checked_at),
        (id, None, None)
    );
    assert!(read.outcome.unwrap_err().contains("no answer in time"));

    let state = netgiro::CartState::of(Uuid::from_u128(2), CartStatus::Pending, at(3));
    let asked = netgiro::CheckResult {
        transaction_id: id,
        outcome: Ok(state.clone()),
    };
    let read = Check::from(&asked);
    assert_eq!(
        read.transaction_id,
        Uuid::from_u128(2),
        "a state is about its own cart"
    );
    assert_eq!(
        (read.outcome, read.checked_at),
        (Ok(CartStatus::Pending), Some(at(3)))
    );
    assert_eq!(Check::from(&state).transaction_id, Uuid::from_u128(2));
}

// ---- refunds -------------------------------------------------------------------------------------

fn returned(cart: u128, amount: i64) -> Order {
    Order {
        is_refund: true,
        ..order(cart, amount, Recorded::Paid)
    }
}

fn sent(cart: u128, amount: i64, key: &str) -> Refund {
    Refund {
        transaction_id: Some(Uuid::from_u128(cart)),
        reference: None,
        amount: amount.into(),
        idempotency_key: Some(key.to_owned()),
        is_made: true,
        created: None,
    }
}

fn with_sent(orders: &[Order], sent: Vec<Refund>) -> netgiro::Result<Reconciled> {
    let refunds = Refunds {
        sent: Some(sent),
        settled: Vec::new(),
    };
    reconcile(
        orders,
        &[check(1, CartStatus::Confirmed)],
        &refunds,
        &OPTIONS,
    )
}

#[test]
fn a_key_is_one_refund_however_often_it_was_sent() {
    let orders = [order(1, 1000, Recorded::Paid), returned(1, 400)];
    let made = sent(1, 400, "a");
    let unknown = Refund {
        is_made: false,
        ..made.clone()
    };
    for refunds in [
        vec![made.clone()],
        vec![made.clone(), made.clone()],
        vec![made.clone(), unknown.clone()],
        vec![unknown, made.clone()],
    ] {
        let done = with_sent(&orders, refunds).unwrap();
        assert_eq!(done.rows[0].outcome, Outcome::PartlyRefunded);
        assert_eq!(done.rows[0].refunded_amount, Some(400.into()));
        assert_eq!((done.total.orders, done.rows[0].places()), (1, vec![0, 1]));
    }
    let done = with_sent(&orders, vec![made.clone(), sent(1, 400, "b")]).unwrap();
    assert_eq!(done.rows[0].outcome, Outcome::RefundedNotRecorded);
    for other in [sent(1, 401, "a"), sent(2, 400, "a")] {
        let refused = with_sent(&orders, vec![made.clone(), other]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert!(refused.message().contains("refunds, row 2"), "{refused}");
    }
    let refused = with_sent(&orders, vec![sent(1, -1, "a")]).unwrap_err();
    assert!(refused.message().contains("refunds, row 1"), "{refused}");
}

#[test]
fn a_refund_is_what_refund_cart_returned() {
    let refund = netgiro::Refund {
        transaction_id: Uuid::from_u128(1),
        amount: netgiro::Amount::new(400).unwrap(),
        idempotency_key: "a".to_owned(),
        message: None,
    };
    let read = Refund::from(&refund);
    assert_eq!(
        (read.transaction_id, read.amount),
        (Some(refund.transaction_id), 400.into())
    );
    assert_eq!(read.idempotency_key.as_deref(), Some("a"));
    assert!(read.is_made);
}

#[test]
fn an_order_and_its_refund_are_in_the_windows_of_both() {
    let sold = order(1, 1000, Recorded::Paid);
    let mut back = returned(1, 400);
    back.created = Some(at(10));
    let paid = [check(1, CartStatus::Confirmed)];
    let within = |orders: &[Order], from: i64, until: i64| {
        let options = ReconcileOptions {
            from: Some(at(from)),
            until: Some(at(until)),
            now: at(20),
            ..OPTIONS
        };
        let refunds = Refunds {
            sent: Some(vec![sent(1, 400, "a")]),
            settled: Vec::new(),
        };
        reconcile(orders, &paid, &refunds, &options).unwrap()
    };
    let both = [sold, back.clone()];
    for (from, until) in [(0, 5), (9, 12)] {
        let done = within(&both, from, until);
        assert_eq!(done.rows[0].outcome, Outcome::PartlyRefunded);
        assert_eq!(done.rows[0].created, Some(at(0)));
    }
    let done = within(&both, 12, 15);
    assert_eq!((done.rows.len(), done.left_out), (0, 1));
    assert_eq!(within(&[back], 9, 12).rows[0].created, Some(at(10)));
}
