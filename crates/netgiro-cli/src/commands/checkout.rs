//! Hosted checkouts.

use netgiro::{Error, NewCheckout};

use crate::arguments::CheckoutArgs;
use crate::console::{Console, kronur, sanitize};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::records::CheckoutRecord;

use super::session::{amount, client, run_to_end};

pub(super) fn create(
    args: &CheckoutArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let mut checkout = NewCheckout::new(
        amount("AMOUNT", &args.amount)?,
        &*args.reference,
        &*args.success_url,
        &*args.cancel_url,
    );
    checkout.callback_url.clone_from(&args.callback_url);
    checkout.manual_capture = args.manual_capture;
    checkout.validate().map_err(named)?;
    let client = client(&args.connection, None)?;
    let call = client.create_checkout(&checkout);
    let created = match run_to_end("checkout", console, interrupt, call) {
        // A second Ctrl-C: the request may have been sent.
        Err(Failure::Interrupted(hint)) if hint.changes => return Err(checkout.abandon().into()),
        outcome => outcome?,
    };
    console.result(
        &CheckoutRecord::from(&created),
        format_args!(
            "{}  {} for {}",
            sanitize(&created.checkout_url),
            kronur(created.amount),
            sanitize(&created.reference)
        ),
    );
    Ok(Exit::Done)
}

/// The reference is no option here, as it is elsewhere.
fn named(error: Error) -> Error {
    match error.message().strip_prefix("reference ") {
        Some(rest) => Error::new(error.kind(), format!("REFERENCE {rest}")),
        None => error,
    }
}
