//! The order of rows: what costs most first, what is in order last.

use std::cmp::Reverse;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::model::{Outcome, Row};

/// What tells most rows apart, without a look at the row itself, which is elsewhere in memory.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_in_order: bool,
    at_stake: Reverse<Decimal>,
    outcome: Outcome,
    created: Option<Timestamp>,
    /// The beginning of its first reference.
    reference: u128,
}

/// Sorts rows; the order depends on nothing but them.
pub(crate) fn ranked(rows: Vec<Row>) -> Vec<Row> {
    let mut ranked: Vec<_> = rows
        .into_iter()
        .map(|row| (rank(&row), Box::new(row)))
        .collect();
    ranked.sort_unstable_by(|(one, row), (other, beside)| {
        one.cmp(other)
            .then_with(|| row.references.cmp(&beside.references))
            .then_with(|| row.transaction_ids.cmp(&beside.transaction_ids))
            .then_with(|| row.order_amount.cmp(&beside.order_amount))
            .then_with(|| row.recorded.cmp(&beside.recorded))
            .then_with(|| row.orders.cmp(&beside.orders))
    });
    ranked.into_iter().map(|(_, row)| *row).collect()
}

fn rank(row: &Row) -> Rank {
    Rank {
        is_in_order: row.outcome.is_in_order(),
        at_stake: Reverse(row.at_stake),
        outcome: row.outcome,
        created: row.created,
        reference: beginning(row.references.first().map_or("", String::as_str)),
    }
}

/// The first bytes of a text as a number, which is less where the text is.
fn beginning(text: &str) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::beginning;
    use crate::{Order, ReconcileOptions, Recorded, Refunds, reconcile};

    #[test]
    fn the_beginning_of_a_text_is_less_where_the_text_is() {
        let texts = [
            "", "a", "a\u{1}", "ab", "order-1", "order-10", "order-2", "ö",
        ];
        assert!(texts.is_sorted_by_key(|text| beginning(text)));
        let long = "an order with a long reference";
        assert_eq!(beginning(long), beginning(&long[..16]));
    }

    #[test]
    fn references_that_begin_alike_are_told_apart_by_the_rest() {
        let names = ["c", "a", "b"].map(|end| format!("an order with a long reference {end}"));
        let orders = names.map(|name| Order {
            reference: Some(name),
            transaction_id: None,
            amount: Decimal::ONE,
            is_refund: false,
            refunded: Decimal::ZERO,
            recorded: Recorded::Paid,
            created: None,
        });
        let options = ReconcileOptions {
            tolerance: Decimal::ZERO,
            from: None,
            until: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let done = reconcile(&orders, &[], &Refunds::default(), &options).unwrap();
        let references: Vec<_> = done.rows.iter().map(|row| &row.references[0]).collect();
        assert_eq!(references.len(), 3);
        assert!(references.is_sorted());
    }
}
