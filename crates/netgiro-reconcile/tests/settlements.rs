//! Bank transfers against paid carts, decided by the core.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use jiff::Timestamp;
use netgiro::{CartStatus, ErrorKind, Settlement, SettlementItem};
use netgiro_reconcile::{
    CartKey, Check, Order, ReconcileOptions, Recorded, Refund, Refunds, Settled, SettledItem,
    SettlementOutcome, reconcile_settlements,
};
use rust_decimal::Decimal;
use uuid::Uuid;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + hour * 3600).unwrap()
}

fn paid(number: i64, amount: i64, hour: i64) -> Check {
    Check {
        transaction_id: Uuid::from_u128(number.unsigned_abs().into()),
        outcome: Ok(CartStatus::Confirmed),
        amount: Some(amount.into()),
        reference: Some(format!("order-{number}")),
        created: Some(at(hour)),
        invoice_number: Some(number),
        checked_at: Some(at(100)),
    }
}

fn sale(number: i64, amount: i64, hour: i64) -> SettlementItem {
    SettlementItem {
        total_amount: Some(amount.into()),
        cost_amount: Some(10.into()),
        created: Some(at(hour)),
        loan_number: Some(format!("L-{number}")),
    }
}

fn item(number: i64, amount: i64, hour: i64) -> SettledItem {
    SettledItem {
        item: sale(number, amount, hour),
        cart: Some(CartKey::InvoiceNumber(number)),
    }
}

fn settled(number: i64, total: i64, items: Vec<SettledItem>) -> Settled {
    let settlement = Settlement {
        number: Some(format!("100000-{number:06}")),
        total_amount: Some(total.into()),
        ..Settlement::default()
    };
    Settled { settlement, items }
}

const OPTIONS: ReconcileOptions = ReconcileOptions {
    tolerance: Decimal::ZERO,
    from: None,
    until: None,
    now: Timestamp::UNIX_EPOCH,
};

#[test]
fn each_cart_and_each_item_is_in_one_class() {
    let checks = [
        paid(1, 100, 0),
        paid(2, 200, 1),
        paid(3, 400, 2),
        paid(4, 800, 3),
    ];
    let transfers = [
        settled(7, 100, vec![item(1, 100, 0)]),
        settled(8, 2001, vec![item(3, 399, 2), item(9, 1600, 2)]),
    ];
    let options = ReconcileOptions {
        now: at(5),
        ..OPTIONS
    };
    let done = reconcile_settlements(
        &transfers,
        &checks,
        &[],
        &Refunds::default(),
        &options,
        None,
    )
    .unwrap();
    let found: Vec<_> = (done.rows.iter())
        .map(|row| (row.outcome.as_str(), row.invoice_number))
        .collect();
    let wanted = [
        ("missing", Some(2)),
        ("amount_mismatch", Some(3)),
        ("unknown_cart", None),
        ("not_settled_yet", Some(4)),
        ("settled", Some(1)),
    ];
    assert_eq!(found, wanted);
    assert_eq!(done.rows[3].age, Some(jiff::SignedDuration::from_hours(2)));
    assert_eq!(done.rows[2].settlements, ["100000-000008"]);
    assert_eq!(done.rows[2].loan_numbers, ["L-9"]);
    let differences: Vec<_> = done.transfers.iter().map(|one| one.difference).collect();
    assert_eq!(differences, [Some(0.into()), Some(2.into())]);
    assert_eq!(done.total.paid_amount, Decimal::from(1500));
    assert_eq!(done.total.settled_amount, Decimal::from(2099));
    assert_eq!(done.total.cost_amount, Decimal::from(30));
    let rows: usize = done.totals.iter().map(|(_, total)| total.rows).sum();
    assert_eq!((rows, done.totals.len()), (5, SettlementOutcome::ALL.len()));

    // Orders of the first three hours only: the unknown item may be one of another day's.
    let days = Some((at(0), at(1)));
    let done = reconcile_settlements(
        &transfers,
        &checks,
        &[],
        &Refunds::default(),
        &options,
        days,
    )
    .unwrap();
    assert_eq!((done.rows.len(), done.left_out), (4, 1));
    let until = ReconcileOptions {
        until: Some(at(1)),
        ..options
    };
    let done =
        reconcile_settlements(&transfers, &checks, &[], &Refunds::default(), &until, None).unwrap();
    assert_eq!((done.rows.len(), done.left_out), (1, 4));
    assert_eq!(done.rows[0].invoice_number, Some(1));
}

#[test]
fn the_time_of_payment_decides_what_is_left_out() {
    let checks = [paid(1, 100, 1), paid(2, 200, 2), paid(3, 300, 3)];
    let invoices = |from: Option<i64>, until: Option<i64>| {
        let options = ReconcileOptions {
            from: from.map(at),
            until: until.map(at),
            now: at(4),
            ..OPTIONS
        };
        let done =
            reconcile_settlements(&[], &checks, &[], &Refunds::default(), &options, None).unwrap();
        assert_eq!(done.left_out, 3 - done.rows.len());
        let invoices = done.rows.iter().map(|row| row.invoice_number.unwrap());
        invoices.collect::<Vec<_>>()
    };
    assert_eq!(invoices(None, None), [3, 2, 1]);
    assert_eq!(invoices(Some(2), None), [3, 2]);
    assert_eq!(invoices(None, Some(2)), [1]);
    assert_eq!(invoices(Some(2), Some(3)), [2]);
}

#[test]
fn an_item_of_another_day_may_be_for_a_cart_of_another_day() {
    let items = (1..=4).map(|hour| item(hour, 100 * hour, hour)).collect();
    let transfers = [settled(7, 1000, items)];
    let days = Some((at(2), at(3)));
    let done =
        reconcile_settlements(&transfers, &[], &[], &Refunds::default(), &OPTIONS, days).unwrap();
    let found: Vec<_> = (done.rows.iter())
        .map(|row| (row.outcome.as_str(), row.loan_numbers.join(" ")))
        .collect();
    let wanted = [("unknown_cart", "L-3"), ("unknown_cart", "L-2")];
    assert_eq!(found, wanted.map(|(word, loan)| (word, loan.to_owned())));
    assert_eq!(done.left_out, 2);
}

#[test]
fn a_cart_waits_for_its_settlement_until_a_later_one_is_settled_or_a_month_is_over() {
    let month = 31 * 24;
    let checks = [paid(1, 100, 0), paid(2, 200, 1), paid(3, 300, 1)];
    let rows = |transfers: &[Settled], now: Timestamp| {
        let options = ReconcileOptions { now, ..OPTIONS };
        let done =
            reconcile_settlements(transfers, &checks, &[], &Refunds::default(), &options, None)
                .unwrap();
        let rows = (done.rows.into_iter())
            .map(|row| (row.invoice_number.unwrap(), row.outcome, row.reason));
        rows.collect::<Vec<_>>()
    };
    let waiting = |number| {
        let reason = "Paid, and in no settlement yet.".to_owned();
        (number, SettlementOutcome::NotSettledYet, reason)
    };
    let missing = |number, reason: &str| (number, SettlementOutcome::Missing, reason.to_owned());
    let settled_first = [settled(7, 100, vec![item(1, 100, 0)])];
    let settled_third = [settled(7, 300, vec![item(3, 300, 1)])];
    let third = (
        3,
        SettlementOutcome::Settled,
        "Settled as it was paid.".to_owned(),
    );

    // That another one waits as well says nothing.
    assert_eq!(
        rows(&settled_first, at(2))[..2],
        [waiting(3), waiting(2)],
        "nothing of a later time is settled"
    );
    // What was paid in the same instant may be in the next settlement; what was paid before it should be in this one.
    let passed_over = "Paid, and in no settlement; what was paid later is.";
    assert_eq!(
        rows(&settled_third, at(2)),
        [missing(1, passed_over), waiting(2), third]
    );
    let late = "Paid more than a month ago, and in no settlement.";
    assert_eq!(
        rows(&[], at(month)),
        [waiting(3), waiting(2), waiting(1)],
        "a month, and no more"
    );
    assert_eq!(
        rows(&[], at(month + 1)),
        [missing(1, late), waiting(3), waiting(2)]
    );
}

#[test]
fn settled_twice_is_not_settled_with_another_amount() {
    let row = |amounts: &[i64]| {
        let items = amounts.iter().map(|amount| item(1, *amount, 0)).collect();
        let transfers = [settled(7, amounts.iter().sum(), items)];
        let done = reconcile_settlements(
            &transfers,
            &[paid(1, 1000, 0)],
            &[],
            &Refunds::default(),
            &OPTIONS,
            None,
        )
        .unwrap();
        assert_eq!((done.rows.len(), done.rows[0].items), (1, amounts.len()));
        (done.rows[0].outcome.as_str(), done.rows[0].reason.clone())
    };
    for (amounts, outcome, reason) in [
        (&[1000][..], "settled", "Settled as it was paid."),
        (&[600, 400], "settled", "Settled as it was paid."),
        (
            &[1000, 1000],
            "duplicate",
            "Paid 1.000 kr., settled 2.000 kr. in 2 items.",
        ),
        (
            &[600, 300],
            "amount_mismatch",
            "Paid 1.000 kr., settled 900 kr. in 2 items.",
        ),
        (
            &[1001],
            "amount_mismatch",
            "Paid 1.000 kr., settled 1.001 kr.",
        ),
        (&[999], "amount_mismatch", "Paid 1.000 kr., settled 999 kr."),
    ] {
        assert_eq!(row(amounts), (outcome, reason.to_owned()), "{amounts:?}");
    }
}

#[test]
fn a_missing_amount_is_not_compared() {
    let outcome = |check: Check, items: Vec<SettledItem>| {
        let transfers = [settled(7, 1000, items)];
        let done = reconcile_settlements(
            &transfers,
            &[check],
            &[],
            &Refunds::default(),
            &OPTIONS,
            None,
        )
        .unwrap();
        assert_eq!(done.rows.len(), 1);
        done.rows[0].outcome.as_str()
    };
    let mut untold = item(1, 1, 0);
    untold.item.total_amount = None;
    assert_eq!(outcome(paid(1, 100, 0), vec![untold.clone()]), "unverified");
    let items = vec![item(1, 100, 0), untold];
    assert_eq!(outcome(paid(1, 100, 0), items), "unverified");
    let mut check = paid(1, 100, 0);
    check.amount = None;
    assert_eq!(outcome(check, vec![item(1, 100, 0)]), "unverified");
}

#[test]
fn a_denied_payment_does_not_count() {
    let mut denied = paid(1, 100, 0);
    denied.outcome = Ok(CartStatus::Canceled);
    denied.checked_at = Some(at(101));
    let checks = [paid(1, 100, 0), denied];
    let transfers = [settled(7, 100, vec![item(1, 100, 0)])];
    let done = reconcile_settlements(
        &transfers,
        &checks,
        &[],
        &Refunds::default(),
        &OPTIONS,
        None,
    )
    .unwrap();
    assert_eq!(done.rows.len(), 1);
    assert_eq!(done.rows[0].outcome, SettlementOutcome::UnknownCart);
}

#[test]
fn invalid_amounts_are_refused() {
    for amount in ["1e13", "0.0000001", "-1e13"] {
        let mut wrong = item(1, 1, 0);
        wrong.item.total_amount =
            Some(Decimal::from_scientific(amount).unwrap_or_else(|_| amount.parse().unwrap()));
        let transfers = [settled(7, 100, vec![wrong])];
        let refused =
            reconcile_settlements(&transfers, &[], &[], &Refunds::default(), &OPTIONS, None)
                .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{amount}");
    }
}

#[test]
fn the_largest_and_the_smallest_amounts_are_accepted() {
    for amount in ["1e12", "-1e12", "0.000001", "0.1000000"] {
        let amount = Decimal::from_scientific(amount).unwrap_or_else(|_| amount.parse().unwrap());
        let mut one = item(1, 1, 0);
        one.item.total_amount = Some(amount);
        let transfers = [settled(7, 0, vec![one])];
        let done = reconcile_settlements(&transfers, &[], &[], &Refunds::default(), &OPTIONS, None)
            .unwrap();
        assert_eq!(done.rows[0].settled_amount, Some(amount));
        assert_eq!(done.transfers[0].difference, Some(-amount));
    }
}

#[test]
fn an_item_without_a_known_cart_is_unverified() {
    let checks = [paid(1, 100, 0), paid(2, 200, 1)];
    let mut alone = item(1, 100, 0);
    alone.cart = None;
    let transfers = [settled(7, 100, vec![alone.clone()])];
    let options = ReconcileOptions {
        now: at(2_000),
        ..OPTIONS
    };
    let outcomes = |transfers: &[Settled]| {
        let done =
            reconcile_settlements(transfers, &checks, &[], &Refunds::default(), &options, None)
                .unwrap();
        let outcomes = done.rows.iter().map(|row| row.outcome.as_str());
        outcomes.collect::<Vec<_>>()
    };
    // A cart may be in the item that nobody joins: neither is anything else than not known.
    assert_eq!(outcomes(&transfers), ["unverified"; 3]);
    // Without items there is nothing to join.
    assert_eq!(outcomes(&[]), ["missing"; 2]);
    // One that is joined shows how: what is joined to nothing is told apart.
    let transfers = [settled(7, 200, vec![alone, item(1, 100, 0)])];
    assert_eq!(outcomes(&transfers), ["missing", "unverified", "settled"]);
}

#[test]
fn an_item_may_name_its_cart_in_each_way() {
    let mut third = paid(3, 400, 2);
    third.invoice_number = None;
    let checks = [paid(1, 100, 0), paid(2, 200, 1), third.clone()];
    let named = |number, amount, cart| SettledItem {
        item: sale(number, amount, 0),
        cart: Some(cart),
    };
    let transfers = [settled(
        7,
        1500,
        vec![
            named(71, 100, CartKey::TransactionId(checks[0].transaction_id)),
            named(72, 200, CartKey::Reference("order-2".to_owned())),
            named(73, 1200, CartKey::NoCart("L-73".to_owned())),
        ],
    )];
    let done = reconcile_settlements(
        &transfers,
        &checks,
        &[],
        &Refunds::default(),
        &OPTIONS,
        None,
    )
    .unwrap();
    let found: Vec<_> = (done.rows.iter())
        .map(|row| row.loan_numbers.join(" ") + row.outcome.as_str())
        .collect();
    assert_eq!(
        found,
        [
            "L-73unknown_cart",
            "not_settled_yet",
            "L-72settled",
            "L-71settled"
        ]
    );

    // A cart whose check does not hold what items name carts by is not known to be missing.
    let transfers = [settled(7, 100, vec![item(1, 100, 0)])];
    let done = reconcile_settlements(
        &transfers,
        &[third],
        &[],
        &Refunds::default(),
        &OPTIONS,
        None,
    )
    .unwrap();
    let outcomes: Vec<_> = done.rows.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(outcomes, ["unknown_cart", "unverified"]);
}

#[test]
fn carts_with_one_name_are_not_separated() {
    let mut again = paid(2, 100, 1);
    again.reference = Some("order-1".to_owned());
    let checks = [paid(1, 100, 0), again, paid(3, 100, 2)];
    let by_reference = SettledItem {
        cart: Some(CartKey::Reference("order-1".to_owned())),
        ..item(1, 100, 0)
    };
    let transfers = [settled(
        7,
        300,
        vec![by_reference, item(2, 100, 1), item(3, 100, 2)],
    )];
    let done = reconcile_settlements(
        &transfers,
        &checks,
        &[],
        &Refunds::default(),
        &OPTIONS,
        None,
    )
    .unwrap();
    let found: Vec<_> = (done.rows.iter())
        .map(|row| {
            let carts = row.transaction_ids.iter().map(Uuid::as_u128);
            (row.outcome.as_str(), carts.collect::<Vec<_>>(), row.items)
        })
        .collect();
    assert_eq!(
        found,
        [("unverified", vec![1, 2], 2), ("settled", vec![3], 1)]
    );
}

#[test]
fn what_was_refunded_may_be_taken_back() {
    let order = |amount: i64, is_refund: bool, refunded: i64, reference: &str| Order {
        reference: Some(reference.to_owned()),
        transaction_id: None,
        amount: amount.into(),
        is_refund,
        refunded: refunded.into(),
        recorded: Recorded::Paid,
        created: None,
    };
    let sold = || order(1000, false, 0, "order-1");
    let sent = |amount: i64| Refund {
        transaction_id: Some(Uuid::from_u128(1)),
        reference: None,
        amount: amount.into(),
        idempotency_key: None,
        is_made: true,
        created: None,
    };
    let in_rows = vec![sold(), order(400, true, 0, "order-1")];
    let beside = vec![order(1000, false, 400, "order-1")];
    for (orders, refunds, items, outcome, reason) in [
        (
            in_rows.clone(),
            None,
            vec![1000, -400],
            SettlementOutcome::Settled,
            "less 400 kr. refunded.",
        ),
        (
            beside,
            None,
            vec![600],
            SettlementOutcome::Settled,
            "less 400 kr. refunded.",
        ),
        (
            vec![sold()],
            Some(vec![sent(400)]),
            vec![1000, -400],
            SettlementOutcome::Settled,
            "less 400 kr. refunded.",
        ),
        (
            in_rows.clone(),
            Some(vec![sent(400)]),
            vec![1000],
            SettlementOutcome::NotSettledYet,
            "400 kr. is in no settlement yet.",
        ),
        (
            in_rows.clone(),
            None,
            vec![1000, -300],
            SettlementOutcome::NotSettledYet,
            "100 kr. is in no settlement yet.",
        ),
        (
            in_rows,
            None,
            vec![1000, -500],
            SettlementOutcome::AmountMismatch,
            "less 500 kr.; 400 kr. is known to be refunded.",
        ),
        (
            vec![sold()],
            None,
            vec![1000, -400],
            SettlementOutcome::AmountMismatch,
            "less 400 kr.; 0 kr. is known to be refunded.",
        ),
        (
            vec![sold()],
            Some(vec![sent(400)]),
            vec![1000, 1000, -400],
            SettlementOutcome::Duplicate,
            "in 3 items.",
        ),
    ] {
        let total = items.iter().sum();
        let items = items.into_iter().map(|amount| item(1, amount, 0)).collect();
        let refunds = Refunds {
            sent: refunds,
            settled: Vec::new(),
        };
        let checks = [paid(1, 1000, 0)];
        let transfers = [settled(1, total, items)];
        let done =
            reconcile_settlements(&transfers, &checks, &orders, &refunds, &OPTIONS, None).unwrap();
        assert_eq!(done.rows[0].outcome, outcome, "{}", done.rows[0].reason);
        assert!(
            done.rows[0].reason.ends_with(reason),
            "{}",
            done.rows[0].reason
        );
        assert_eq!(done.total.settled_amount, Decimal::from(total));
    }
}

#[test]
fn a_refund_of_a_shared_reference_is_nobodys() {
    let refund = Order {
        reference: Some("order-1".to_owned()),
        transaction_id: None,
        amount: 400.into(),
        is_refund: true,
        refunded: 0.into(),
        recorded: Recorded::Paid,
        created: None,
    };
    let mut second = paid(2, 1000, 0);
    second.reference = Some("order-1".to_owned());
    let transfers = [settled(1, 600, vec![item(1, 1000, 0), item(1, -400, 0)])];
    let class = |checks: &[Check]| {
        let orders = [refund.clone()];
        let done = reconcile_settlements(
            &transfers,
            checks,
            &orders,
            &Refunds::default(),
            &OPTIONS,
            None,
        );
        let rows = done.unwrap().rows;
        let row = rows.into_iter().find(|row| row.items == 2).unwrap();
        row.outcome
    };
    assert_eq!(class(&[paid(1, 1000, 0)]), SettlementOutcome::Settled);
    let twice = [paid(1, 1000, 0), second];
    assert_eq!(class(&twice), SettlementOutcome::AmountMismatch);
}
