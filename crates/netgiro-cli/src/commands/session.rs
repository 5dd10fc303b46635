//! What the commands share: the client, its calls, the cart that a command names, and how a cart's state is reported.

use std::future::Future;

use netgiro::{
    Amount, AmountInput, ApiVersion, Cart, CartRef, CartState, CartStatus, Client, ClientOptions,
    Error, Observer,
};
use tokio::runtime::Builder;

use crate::arguments::{ConnectionArgs, OrderArgs};
use crate::console::{Console, kronur, sanitize};
use crate::failure::{Failure, ResumeHint};
use crate::interrupt::Interrupt;
use crate::records::StateRecord;
use crate::simulators::control::Control;
use crate::simulators::registry;

/// An order: its amount and its reference.
pub(super) type Order<'a> = (Amount, &'a str);

/// Runs a future on this thread.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Machine(format!("the event loop cannot be created: {error}")))?;
    let outcome = runtime.block_on(work);
    // Does not wait for a DNS lookup that may still run.
    runtime.shutdown_background();
    Ok(outcome)
}

/// Runs a future on this thread, until Ctrl-C.
pub(super) fn run<T>(
    interrupt: &Interrupt,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    block_on(async {
        tokio::select! {
            biased;
            () = interrupt.requested() => Err(Failure::Interrupted(Box::default())),
            outcome = work => outcome,
        }
    })?
}

/// Runs a call that changes a cart until it ends, which takes seconds at most: after an interruption its effect would
/// be unknown.
pub(super) fn run_to_end<T>(
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
    if interrupt.is_requested() {
        return Err(Failure::Interrupted(hint(false)));
    }
    let _guard = interrupt.handle_second();
    let outcome = block_on(async {
        let mut call = std::pin::pin!(call);
        tokio::select! {
            biased;
            outcome = &mut call => return Some(outcome),
            () = interrupt.requested() => {}
        }
        console.print_error(
            "netgiro: the request is in flight: waiting for its answer, because its effect would be unknown. \
             Press Ctrl-C again to give up.",
        );
        tokio::select! {
            biased;
            outcome = &mut call => Some(outcome),
            () = interrupt.requested_twice() => None,
        }
    })?;
    match outcome {
        Some(outcome) => outcome.map_err(|error| Failure::Client(Box::new(error), hint(true))),
        None => Err(Failure::Interrupted(hint(true))),
    }
}

/// The client that the environment describes, changed by the command's options.
pub(super) fn client(args: &ConnectionArgs, observer: Option<Observer>) -> Result<Client, Failure> {
    Ok(Client::new(options(args, observer)?)?)
}

/// The options of that client.
pub(super) fn options(
    args: &ConnectionArgs,
    observer: Option<Observer>,
) -> Result<ClientOptions, Failure> {
    let mut options = ClientOptions::from_env()?;
    change(&mut options, args);
    options.observer = observer;
    Ok(options)
}

/// Changes what the environment describes by the command's options.
pub(super) fn change(options: &mut ClientOptions, args: &ConnectionArgs) {
    if let Some(environment) = args.environment {
        options.environment = environment;
        // The base URL in the variable belongs to the environment in the variable.
        options.base_url = None;
    }
    if let Some(api) = args.api {
        options.api = api;
    }
    if args.base_url.is_some() {
        options.base_url.clone_from(&args.base_url);
    }
    if let Some(policy) = args.payment_info {
        options.payment_info = policy;
    }
    options.ca_file.clone_from(&args.ca_file);
}

/// The control of the simulator at this base URL; `None` if the URL is not of this machine and no command has started a
/// simulator with it.
pub(super) fn simulator_at(url: &str) -> Result<Option<Control>, Failure> {
    if let Some(known) = registry::with_url(url) {
        return Control::new(&known.local_url, known.ca_file).map(Some);
    }
    let is_here = url::Url::parse(url).is_ok_and(|url| match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    });
    is_here.then(|| Control::new(url, None)).transpose()
}

/// The cart with this transaction id, and its order where that was given.
pub(super) fn cart_ref(transaction_id: &str, order: &OrderArgs) -> Result<CartRef, Failure> {
    match expected(order)? {
        None => Ok(transaction_id.parse()?),
        Some(order) => with_order(transaction_id, order),
    }
}

/// The cart of an order.
pub(super) fn with_order(
    transaction_id: &str,
    (amount, reference): Order<'_>,
) -> Result<CartRef, Failure> {
    let cart: CartRef = transaction_id.parse()?;
    Ok(CartRef::from(&Cart {
        transaction_id: cart.transaction_id(),
        reference: reference.to_owned(),
        amount,
        check_interval: None,
        message: None,
        reference_id: None,
    }))
}

/// The order that a response must be about, if it was given.
pub(super) fn expected(order: &OrderArgs) -> Result<Option<Order<'_>>, Failure> {
    order
        .amount
        .as_deref()
        .zip(order.reference.as_deref())
        .map(|(text, reference)| Ok((amount("--amount", text)?, reference)))
        .transpose()
}

/// Parses an amount; `name` names it in an error.
pub(super) fn amount(name: &str, text: &str) -> Result<Amount, Failure> {
    let given = text
        .parse()
        .map_or(AmountInput::Text(text), AmountInput::Integer);
    Ok(Amount::parse(name, given)?)
}

/// Writes a cart's state.
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
        CartStatus::Reserved => match state.api {
            ApiVersion::V1 => format!("yours to confirm: netgiro confirm {id}"),
            ApiVersion::V2 => format!("yours to capture: netgiro capture {id}"),
        },
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
        .map(|amount| format!(": {}", kronur(amount)))
        .unwrap_or_default();
    let reference = payment
        .and_then(|payment| payment.reference_number.as_deref())
        .map(|reference| format!(" for {}", sanitize(reference)))
        .unwrap_or_default();
    format!("paid{amount}{reference}")
}
