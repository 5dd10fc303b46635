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
    CartKey, Check, ReconcileOptions, Settled, SettledItem, SettlementOutcome,
    reconcile_settlements,
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
    let done = reconcile_settlements(&transfers, &checks, &options, None).unwrap();
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
    let done = reconcile_settlements(&transfers, &checks, &options, days).unwrap();
    assert_eq!((done.rows.len(), done.left_out), (4, 1));
    let until = ReconcileOptions {
        until: Some(at(1)),
        ..options
    };
    let done = reconcile_settlements(&transfers, &checks, &until, None).unwrap();
    assert_eq!((done.rows.len(), done.left_out), (1, 4));
}

#[test]
fn a_payment_that_is_denied_is_no_payment() {
    let mut denied = paid(1, 100, 0);
    denied.outcome = Ok(CartStatus::Canceled);
    denied.checked_at = Some(at(101));
    let checks = [paid(1, 100, 0), denied];
    let transfers = [settled(7, 100, vec![item(1, 100, 0)])];
    let done = reconcile_settlements(&transfers, &checks, &OPTIONS, None).unwrap();
    assert_eq!(done.rows.len(), 1);
    assert_eq!(done.rows[0].outcome, SettlementOutcome::UnknownCart);
}

#[test]
fn amounts_that_are_none_are_refused() {
    for amount in ["1e13", "0.0000001", "-1e13"] {
        let mut wrong = item(1, 1, 0);
        wrong.item.total_amount =
            Some(Decimal::from_scientific(amount).unwrap_or_else(|_| amount.parse().unwrap()));
        let transfers = [settled(7, 100, vec![wrong])];
        let refused = reconcile_settlements(&transfers, &[], &OPTIONS, None).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{amount}");
    }
}

#[test]
fn what_nobody_joins_is_unverified() {
    let checks = [paid(1, 100, 0), paid(2, 200, 1)];
    let mut alone = item(1, 100, 0);
    alone.cart = None;
    let transfers = [settled(7, 100, vec![alone.clone()])];
    let options = ReconcileOptions {
        now: at(2_000),
        ..OPTIONS
    };
    let outcomes = |transfers: &[Settled]| {
        let done = reconcile_settlements(transfers, &checks, &options, None).unwrap();
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
    let done = reconcile_settlements(&transfers, &checks, &OPTIONS, None).unwrap();
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
    let done = reconcile_settlements(&transfers, &[third], &OPTIONS, None).unwrap();
    let outcomes: Vec<_> = done.rows.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(outcomes, ["unknown_cart", "unverified"]);
}

#[test]
fn carts_of_one_name_are_not_told_apart() {
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
    let done = reconcile_settlements(&transfers, &checks, &OPTIONS, None).unwrap();
    let found: Vec<_> = (done.rows.iter())
        .map(|row| (row.outcome.as_str(), row.transaction_ids.len(), row.items))
        .collect();
    assert_eq!(found, [("unverified", 2, 2), ("settled", 1, 1)]);
}
