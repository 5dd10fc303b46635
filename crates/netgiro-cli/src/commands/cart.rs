//! The calls of the checkout: insert, check, cancel, confirm.

use std::future::Future;
use std::path::Path;

use netgiro::{
    Amount, Cart, CartItem, CartRef, CartState, CartStatus, Client, ClientOptions, CustomerId,
    Error, ErrorKind, Given as GivenAmount, InsertAttempt, NewCart, Observer,
};
use tokio::runtime::Builder;
use uuid::Uuid;

use crate::arguments::Given;
use crate::console::{Console, sanitize};
use crate::exit::Exit;
use crate::failure::{Failure, ResumeHint};
use crate::input;
use crate::interrupt::Interrupt;
use crate::records::{CartRecord, StateRecord};
use crate::resume::Claim;

use super::follow;

pub(super) fn insert(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let settles = given.flag("settle");
    let follows = settles || given.flag("wait");
    if settles && given.flag("wait") {
        return Err(given.usage("--wait and --settle were both given: choose one"));
    }
    if !follows && given.flag("timeout") {
        return Err(given.usage("--timeout goes with --wait or --settle"));
    }
    let wait = follow::options(given)?;
    let order = order(given, interrupt)?;
    order.validate()?;
    let followed = follow::Progress::new(wait.timeout, settles);
    let client = client(given, Some(followed.observer()))?;
    let customer = order.customer_id.to_string();
    let file = given.path("resume");
    // On the disk before the customer can be asked.
    let claim = file.map(|path| Claim::new(path, &order)).transpose()?;
    let heeds = interrupt.heed_the_second();
    let attempt = InsertAttempt::new(order);
    let inserted = uninterrupted("insert", console, interrupt, client.insert(&attempt))
        .map_err(|failure| of_insert(failure, &attempt, file));
    let cart = match inserted {
        Ok(cart) => cart,
        Err(failure) => {
            let (Some(claim), Some(path)) = (claim, file) else {
                return Err(failure);
            };
            // What was written before stays then, and says that the outcome is unknown.
            if let Err(error) = claim.failed(&failure) {
                console.print_error(format_args!(
                    "netgiro: {} could not be written: {error}",
                    path.display()
                ));
            }
            return Err(failure);
        }
    };
    let kept = follow::keep(given, &CartRef::from(&cart), wait);
    let message = cart.message.as_deref().filter(|it| !it.trim().is_empty());
    console.result(
        &CartRecord::from(&cart),
        format_args!(
            "{}  {customer} was asked for {} kr. for {}{}",
            cart.transaction_id,
            cart.amount,
            sanitize(&cart.reference),
            message
                .map(|it| format!(": {}", sanitize(it)))
                .unwrap_or_default()
        ),
    );
    drop(heeds);
    kept?;
    if !follows {
        return Ok(Exit::Done);
    }
    let cart = CartRef::from(&cart);
    follow::to_the_end(
        given, console, interrupt, &client, cart, wait, settles, &followed,
    )
}

/// What an insert failed with; one that was interrupted, by whether the customer may have been asked.
fn of_insert(failure: Failure, attempt: &InsertAttempt, file: Option<&Path>) -> Failure {
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

fn order(given: &Given, interrupt: &Interrupt) -> Result<NewCart, Failure> {
    let amount = amount(given)?.ok_or_else(|| given.usage("--amount is missing"))?;
    let reference = given.required("reference")?;
    let customer = given.required("customer")?;
    let customer: CustomerId = if customer == "-" {
        input::text("-".as_ref(), interrupt)?.trim().parse()?
    } else {
        customer.parse()?
    };
    let mut order = NewCart::new(amount, reference, customer);
    if let Some(kind) = given.text("confirmation-type")? {
        order.confirmation_type = kind.parse()?;
    }
    order.callback_url = given.owned("callback-url")?;
    order.callback_cancel_url = given.owned("callback-cancel-url")?;
    order.description = given.owned("description")?;
    order.location_id = given.owned("location-id")?;
    order.register_id = given.owned("register-id")?;
    order.items = given
        .texts("item")?
        .into_iter()
        .map(|text| item(given, text))
        .collect::<Result<_, _>>()?;
    Ok(order)
}

/// A line of a cart, from `PRICE:QUANTITY:NAME`.
fn item(given: &Given, text: &str) -> Result<CartItem, Failure> {
    let mut parts = text.splitn(3, ':').map(str::trim);
    let (Some(price), Some(quantity), Some(name)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(given.usage(format!(
            "--item must be PRICE:QUANTITY:NAME, such as 990:2:Coffee; got {text:?}"
        )));
    };
    let price = kronur("the price of --item", price)?;
    Ok(CartItem::new(name, price, quantity, None)?)
}

pub(super) fn check(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let (client, cart) = (client(given, None)?, cart(given)?);
    let checked = run(async {
        tokio::select! {
            biased;
            () = interrupt.come() => Err(Failure::Interrupted(Box::<ResumeHint>::default())),
            state = client.check_cart(cart) => Ok(state?),
        }
    })??;
    report(console, &checked);
    Ok(Exit::of_payment(checked.status))
}

pub(super) fn cancel(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let (client, cart) = (client(given, None)?, cart(given)?);
    let state = uninterrupted("cancel", console, interrupt, client.cancel_cart(cart))?;
    report(console, &state);
    if state.is_paid() {
        console.print_error(
            "netgiro: too late to cancel: the customer was first, and the cart is paid",
        );
    }
    Ok(Exit::of_cancellation(state.status))
}

pub(super) fn confirm(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let (client, cart) = (client(given, None)?, cart(given)?);
    let code = given.text("code")?;
    let call = client.confirm_cart(cart, code);
    let state = uninterrupted("confirm", console, interrupt, call)?;
    report(console, &state);
    Ok(Exit::of_payment(state.status))
}

/// Carries out a call that changes something to its end, which takes seconds at the most: to break it off would be not
/// to know what it did.
fn uninterrupted<T>(
    command: &'static str,
    console: &mut Console,
    interrupt: &Interrupt,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let hint = |changes| {
        Box::new(ResumeHint {
            command,
            changes,
            ..ResumeHint::default()
        })
    };
    if interrupt.has_come() {
        return Err(Failure::Interrupted(hint(false)));
    }
    let _heeds = interrupt.heed_the_second();
    let outcome = run(async {
        let mut call = std::pin::pin!(call);
        tokio::select! {
            biased;
            outcome = &mut call => return Some(outcome),
            () = interrupt.come() => {}
        }
        console.print_error(
            "netgiro: the call is under way: waiting for its answer, since nobody would know what it did. \
             Ctrl-C again gives up on it.",
        );
        tokio::select! {
            biased;
            outcome = &mut call => Some(outcome),
            () = interrupt.come_again() => None,
        }
    })?;
    match outcome {
        Some(outcome) => outcome.map_err(|error| Failure::Client(Box::new(error), hint(true))),
        None => Err(Failure::Interrupted(hint(true))),
    }
}

/// Runs a future on this thread.
pub(super) fn run<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Machine(format!("no event loop could be made: {error}")))?;
    let outcome = runtime.block_on(work);
    // Without waiting for a look-up of a name that may still be under way.
    runtime.shutdown_background();
    Ok(outcome)
}

/// The client of the environment, as the command's options have it.
pub(super) fn client(given: &Given, observer: Option<Observer>) -> Result<Client, Failure> {
    let mut options = ClientOptions::from_env()?;
    if let Some(environment) = given.text("environment")? {
        options.environment = environment.parse()?;
        // The variable's base URL is the variable's environment's.
        options.base_url = None;
    }
    if let Some(url) = given.owned("base-url")? {
        options.base_url = Some(url);
    }
    if let Some(policy) = given.text("payment-info")? {
        options.payment_info = policy.parse()?;
    }
    options.ca_file = given.path("ca-file").map(Into::into);
    options.observer = observer;
    Ok(Client::new(options)?)
}

/// The cart that the command's argument names, with what is known of its order.
pub(super) fn cart(given: &Given) -> Result<CartRef, Failure> {
    about(given, given.required_argument()?)
}

pub(super) fn about(given: &Given, transaction_id: &str) -> Result<CartRef, Failure> {
    match expected(given)? {
        None => Ok(transaction_id.parse()?),
        Some(order) => of_order(transaction_id, order),
    }
}

/// The cart of an order.
pub(super) fn of_order(
    transaction_id: &str,
    (amount, reference): (Amount, &str),
) -> Result<CartRef, Failure> {
    let cart: CartRef = transaction_id.parse()?;
    Ok(CartRef::from(&known(
        cart.transaction_id(),
        amount,
        reference,
    )))
}

/// The order that an answer must be about, if it was said.
pub(super) fn expected(given: &Given) -> Result<Option<(Amount, &str)>, Failure> {
    match (amount(given)?, given.text("reference")?) {
        (None, None) => Ok(None),
        (Some(amount), Some(reference)) => Ok(Some((amount, reference))),
        _ => Err(given.usage("--amount and --reference go together")),
    }
}

fn known(transaction_id: Uuid, amount: Amount, reference: &str) -> Cart {
    Cart {
        transaction_id,
        reference: reference.to_owned(),
        amount,
        check_interval: None,
        message: None,
        reference_id: None,
    }
}

fn amount(given: &Given) -> Result<Option<Amount>, Failure> {
    given
        .text("amount")?
        .map(|text| kronur("--amount", text))
        .transpose()
}

fn kronur(name: &str, text: &str) -> Result<Amount, Failure> {
    let given = text
        .parse()
        .map_or(GivenAmount::Text(text), GivenAmount::Integer);
    Ok(Amount::parse(name, given)?)
}

/// Writes where a cart stands.
pub(super) fn report(console: &mut Console, state: &CartState) {
    let line = format!(
        "{}  {}  {}",
        state.transaction_id,
        console.status(state.status),
        meaning(state)
    );
    console.result(&StateRecord::from(state), line);
}

/// What a status means to the shop, and what to do.
fn meaning(state: &CartState) -> String {
    let id = state.transaction_id;
    match state.status {
        CartStatus::Pending => "the customer has not answered".to_owned(),
        CartStatus::NeedsCode => {
            format!("send the customer's SMS code: netgiro confirm {id} --code CODE")
        }
        CartStatus::Reserved => format!("yours to confirm: netgiro confirm {id}"),
        CartStatus::AwaitingCallback => "the callback URL has not answered 200 yet".to_owned(),
        CartStatus::Confirmed => paid(state),
        CartStatus::Canceled => "nothing was charged".to_owned(),
        CartStatus::Declined => "the customer declined: nothing was charged".to_owned(),
        CartStatus::NotFound => "Netgíró has no such cart: nothing was charged".to_owned(),
        _ => match state.result_code {
            Some(code) => format!(
                "result code {code}, which this version does not know: neither paid nor canceled"
            ),
            None => "neither paid nor canceled".to_owned(),
        },
    }
}

fn paid(state: &CartState) -> String {
    let payment = state.payment.as_deref();
    let amount = payment
        .and_then(|payment| payment.total_amount)
        .map(|amount| format!(": {amount} kr."))
        .unwrap_or_default();
    let reference = payment
        .and_then(|payment| payment.reference_number.as_deref())
        .map(|reference| format!(" for {}", sanitize(reference)))
        .unwrap_or_default();
    format!("paid{amount}{reference}")
}
