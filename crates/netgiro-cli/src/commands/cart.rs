//! The calls of the checkout: insert, check, cancel, confirm, capture, void.

use std::path::Path;

use netgiro::{CartItem, CartRef, Client, CustomerId, ErrorKind, InsertAttempt, NewCart};

use crate::arguments::{CaptureArgs, CartArgs, ConfirmArgs, InsertArgs, TransactionArgs};
use crate::console::{Console, kronur, sanitize};
use crate::exit::Exit;
use crate::failure::{Failure, ResumeHint};
use crate::input;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::records::CartRecord;
use crate::resume::Claim;

use super::follow::{self, Follow};
use super::session::{self, amount, cart_ref, client, report, run, run_to_end};

pub(super) fn insert(
    args: &InsertArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let wait = follow::options(args.timeout);
    let order = order(args, interrupt)?;
    let progress = Progress::new(wait.timeout, args.settle);
    let options = session::options(&args.connection, Some(progress.observer()))?;
    order.validate_for(options.api)?;
    let client = Client::new(options)?;
    let customer = order.customer_id.to_string();
    let file = args.resume.as_deref();
    // Written before the customer can be asked.
    let claim = file.map(|path| Claim::new(path, &order)).transpose()?;
    let guard = interrupt.handle_second();
    let attempt = InsertAttempt::new(order);
    let inserted = run_to_end("insert", console, interrupt, client.insert(&attempt))
        .map_err(|failure| insert_failure(failure, &attempt, file));
    let cart = match inserted {
        Ok(cart) => cart,
        Err(failure) => {
            let (Some(claim), Some(path)) = (claim, file) else {
                return Err(failure);
            };
            // Then the file still says that the outcome is unknown.
            if let Err(error) = claim.failed(&failure) {
                console.print_error(format_args!(
                    "netgiro: {} could not be written: {error}",
                    path.display()
                ));
            }
            return Err(failure);
        }
    };
    let stored = follow::store(file, &CartRef::from(&cart), wait);
    let message = cart.message.as_deref().filter(|it| !it.trim().is_empty());
    console.result(
        &CartRecord::from(&cart),
        format_args!(
            "{}  {customer} was asked for {} for {}{}",
            cart.transaction_id,
            kronur(cart.amount),
            sanitize(&cart.reference),
            message
                .map(|it| format!(": {}", sanitize(it)))
                .unwrap_or_default()
        ),
    );
    drop(guard);
    stored?;
    if !args.wait && !args.settle {
        return Ok(Exit::Done);
    }
    let follow = Follow {
        client: &client,
        wait,
        settles: args.settle,
        file,
        progress: &progress,
    };
    follow.run(CartRef::from(&cart), console, interrupt)
}

/// The failure of an insert; of an interrupted one, by whether the customer may have been asked.
fn insert_failure(failure: Failure, attempt: &InsertAttempt, file: Option<&Path>) -> Failure {
    let error = match failure {
        Failure::Client(error, _) if error.kind() == ErrorKind::OutcomeUnknown => error,
        Failure::Interrupted(_) => match attempt.abandon().map(|abandoned| abandoned.error) {
            Some(error) if error.kind() == ErrorKind::OutcomeUnknown => Box::new(error),
            _ => return Failure::Interrupted(Box::default()),
        },
        other => return other,
    };
    let hint = file.map(ResumeHint::of_open_insert).unwrap_or_default();
    Failure::Client(error, Box::new(hint))
}

fn order(args: &InsertArgs, interrupt: &Interrupt) -> Result<NewCart, Failure> {
    let amount = amount("--amount", &args.amount)?;
    let customer = CustomerId::one_of(
        given(args.customer.as_deref(), interrupt)?.as_deref(),
        given(args.access_code.as_deref(), interrupt)?.as_deref(),
        given(args.barcode.as_deref(), interrupt)?.as_deref(),
    )?;
    let mut order = NewCart::new(amount, &*args.reference, customer);
    order.confirmation_type = args.confirmation_type;
    order.callback_url.clone_from(&args.callback_url);
    order
        .callback_cancel_url
        .clone_from(&args.callback_cancel_url);
    order.description.clone_from(&args.description);
    order.location_id.clone_from(&args.location_id);
    order.register_id.clone_from(&args.register_id);
    order.items = args
        .items
        .iter()
        .map(|text| item(text))
        .collect::<Result<_, _>>()?;
    Ok(order)
}

/// What an option says, or standard input for `-`.
fn given(text: Option<&str>, interrupt: &Interrupt) -> Result<Option<String>, Failure> {
    let text = match text {
        Some("-") => Some(input::text("-".as_ref(), interrupt)?.trim().to_owned()),
        text => text.map(str::to_owned),
    };
    Ok(text)
}

/// A line of a cart, from `PRICE:QUANTITY:NAME`.
fn item(text: &str) -> Result<CartItem, Failure> {
    let mut parts = text.splitn(3, ':').map(str::trim);
    let (Some(price), Some(quantity), Some(name)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(Failure::usage(format!(
            "--item must be PRICE:QUANTITY:NAME, such as 990:2:Coffee; got {text:?}"
        )));
    };
    let price = amount("the price of --item", price)?;
    Ok(CartItem::new(name, price, quantity, None)?)
}

pub(super) fn check(
    args: &CartArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let client = client(&args.connection, None)?;
    let cart = cart_ref(&args.cart, &args.order)?;
    let state = run(interrupt, async { Ok(client.check_cart(cart).await?) })?;
    report(console, &state);
    Ok(Exit::of_payment(state.status))
}

pub(super) fn cancel(
    args: &CartArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let client = client(&args.connection, None)?;
    let cart = cart_ref(&args.cart, &args.order)?;
    let state = run_to_end("cancel", console, interrupt, client.cancel_cart(cart))?;
    report(console, &state);
    if state.is_paid() {
        console.print_error(
            "netgiro: too late to cancel: the customer was first, and the cart is paid",
        );
    }
    Ok(Exit::of_cancellation(state.status))
}

pub(super) fn confirm(
    ConfirmArgs { code, cart: args }: &ConfirmArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let client = client(&args.connection, None)?;
    let cart = cart_ref(&args.cart, &args.order)?;
    let call = client.confirm_cart(cart, code.as_deref());
    let state = run_to_end("confirm", console, interrupt, call)?;
    report(console, &state);
    Ok(Exit::of_payment(state.status))
}

pub(super) fn capture(
    args: &CaptureArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let client = client(&args.connection, None)?;
    let cart: CartRef = args.transaction_id.parse()?;
    let part = args.amount.as_deref();
    let part = part.map(|text| amount("--amount", text)).transpose()?;
    let call = client.capture_cart(cart, part);
    let state = run_to_end("capture", console, interrupt, call)?;
    report(console, &state);
    Ok(Exit::of_payment(state.status))
}

pub(super) fn void(
    args: &TransactionArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let client = client(&args.connection, None)?;
    let cart: CartRef = args.transaction_id.parse()?;
    let state = run_to_end("void", console, interrupt, client.void_cart(cart))?;
    report(console, &state);
    Ok(Exit::of_cancellation(state.status))
}
