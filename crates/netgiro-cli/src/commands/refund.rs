//! Refunds and transactions.

use netgiro::{CartRef, NewRefund, Transaction, TransactionStatus};

use crate::arguments::{RefundArgs, TransactionArgs};
use crate::console::{Console, kronur, sanitize};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::records::{RefundRecord, TransactionRecord};

use super::session::{amount, client, run, run_to_end};

pub(super) fn refund(
    args: &RefundArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let cart: CartRef = args.transaction_id.parse()?;
    let mut refund = NewRefund::new(amount("AMOUNT", &args.amount)?, &*args.key);
    refund.description.clone_from(&args.description);
    let client = client(&args.connection, None)?;
    let call = client.refund_cart(cart, &refund);
    let done = match run_to_end("refund", console, interrupt, call) {
        // A second Ctrl-C: the request may have been sent.
        Err(Failure::Interrupted(hint)) if hint.changes => return Err(refund.abandon().into()),
        outcome => outcome?,
    };
    console.result(
        &RefundRecord::from(&done),
        format_args!(
            "{}  {} refunded, with the key {}",
            done.transaction_id,
            kronur(done.amount),
            sanitize(&done.idempotency_key)
        ),
    );
    Ok(Exit::Done)
}

pub(super) fn transaction(
    args: &TransactionArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let cart: CartRef = args.transaction_id.parse()?;
    let client = client(&args.connection, None)?;
    let transaction = run(interrupt, async { Ok(client.get_transaction(cart).await?) })?;
    console.result(
        &TransactionRecord::from(&transaction),
        format_args!(
            "{}  {}  {}",
            transaction.transaction_id,
            transaction.status.as_str(),
            facts(&transaction)
        ),
    );
    Ok(Exit::of_transaction(transaction.status))
}

/// What else is known of a transaction.
fn facts(transaction: &Transaction) -> String {
    let refundable = match transaction.is_refundable {
        Some(true) => Some("can be refunded".to_owned()),
        Some(false) => Some("cannot be refunded".to_owned()),
        None => None,
    };
    let settled = transaction
        .settlement_date
        .map(|at| format!("goes to the shop on {}", at.strftime("%Y-%m-%d")))
        .or_else(|| {
            let is_paid = transaction.status == TransactionStatus::Paid;
            is_paid.then(|| "not settled yet".to_owned())
        });
    [transaction.total_amount.map(kronur), refundable, settled]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}
