//! wait and settle: a cart followed to its end, with a line that shows how far it has come.

use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::{CartPoll, CartRef, Client, ErrorKind, WaitOptions, Watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::arguments::Given;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, ResumeHint};
use crate::interrupt::Interrupt;
pub(super) use crate::progress::Progress;
use crate::resume::{self, Held};

use super::cart;

/// How often the progress is shown anew.
const TICK: Duration = Duration::from_secs(1);

pub(super) fn follow(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
    settles: bool,
) -> Result<Exit, Failure> {
    let wait = options(given)?;
    let cart = start(given)?;
    let progress = Progress::new(wait.timeout, settles);
    let client = cart::client(given, Some(progress.observer()))?;
    keep(given, &cart, wait)?;
    to_the_end(
        given, console, interrupt, &client, cart, wait, settles, &progress,
    )
}

/// How long to wait.
pub(super) fn options(given: &Given) -> Result<WaitOptions, Failure> {
    let mut options = WaitOptions::default();
    if let Some(timeout) = given.seconds("timeout")? {
        options.timeout = timeout;
    }
    Ok(options)
}

/// What to follow: a cart by its id, or where an earlier wait came to.
fn start(given: &Given) -> Result<CartRef, Failure> {
    let held = given
        .path("resume")
        .map(|path| Ok::<_, Failure>((path, resume::read(path)?)))
        .transpose()?;
    match (given.argument()?, given.text("poll")?, held) {
        (Some(id), None, None | Some((_, Held::Nothing))) => cart::about(given, id),
        (None, Some(token), None | Some((_, Held::Nothing))) => of_poll(given, token),
        (None, None, Some((path, Held::Insert(intent)))) => Err(intent.is_open(path)),
        // Somebody has looked the cart up.
        (Some(id), None, Some((path, Held::Insert(intent)))) => {
            let order = (intent.amount, intent.reference.as_str());
            if cart::expected(given)?.is_some_and(|expected| expected != order) {
                return Err(given.usage(format!(
                    "{} is about another order: {} kr. for reference {:?}",
                    path.display(),
                    intent.amount,
                    intent.reference
                )));
            }
            cart::of_order(id, order)
        }
        (id, None, Some((path, Held::Cart(poll)))) => {
            refuse_order(given)?;
            if let Some(id) = id
                && cart::about(given, id)?.transaction_id() != poll.transaction_id()
            {
                return Err(given.usage(format!(
                    "{} is about another cart: {}",
                    path.display(),
                    poll.transaction_id()
                )));
            }
            Ok(CartRef::from(&*poll))
        }
        (None, None, None) => {
            Err(given.usage("CART is missing: a transaction id, or --poll, or --resume"))
        }
        (None, None, Some((path, Held::Nothing))) => Err(given.usage(format!(
            "{} holds nothing to go on from: give CART",
            path.display()
        ))),
        _ => Err(given.usage("give one of CART, --poll and --resume FILE")),
    }
}

fn of_poll(given: &Given, token: &str) -> Result<CartRef, Failure> {
    refuse_order(given)?;
    Ok(CartRef::from(&CartPoll::from_json(token)?))
}

fn refuse_order(given: &Given) -> Result<(), Failure> {
    if cart::expected(given)?.is_some() {
        return Err(given.usage(
            "--amount and --reference go with a transaction id: what is gone on from knows its own",
        ));
    }
    Ok(())
}

/// Keeps what the wait can be taken up from, if that is wanted.
pub(super) fn keep(given: &Given, cart: &CartRef, wait: WaitOptions) -> Result<(), Failure> {
    let Some(path) = given.path("resume") else {
        return Ok(());
    };
    let poll = CartPoll::new(cart.clone(), wait, Timestamp::now());
    resume::store(path, &poll).map_err(|error| Failure::file("written", path, error))
}

/// Follows a cart until it ends, or Ctrl-C.
#[expect(
    clippy::too_many_arguments,
    reason = "insert goes on with what it has made for itself"
)]
pub(super) fn to_the_end(
    given: &Given,
    console: &mut Console,
    interrupt: &Interrupt,
    client: &Client,
    cart: CartRef,
    wait: WaitOptions,
    settles: bool,
    progress: &Progress,
) -> Result<Exit, Failure> {
    let mut watch = if settles {
        client.watch_settling(cart, wait)
    } else {
        client.watch_cart(cart, wait)
    };
    let ended = cart::run(watched(&mut watch, console, interrupt, progress))?;
    console.hide_progress();
    let file = given.path("resume");
    let kept = file.map_or(Ok(()), |path| resume::store(path, watch.poll()));
    let hint = |poll: &CartPoll| ResumeHint {
        command: if settles { "settle" } else { "wait" },
        poll: Some(poll.clone()),
        file: file.filter(|_| kept.is_ok()).map(Into::into),
        changes: settles && progress.is_over(),
    };
    match ended {
        WaitOutcome::Interrupted => Err(Failure::Interrupted(Box::new(hint(watch.poll())))),
        WaitOutcome::Failed(error) => {
            let goes_on = matches!(error.kind(), ErrorKind::WaitTimeout | ErrorKind::Unresolved);
            let hint = match error.poll().filter(|_| goes_on) {
                Some(poll) => hint(poll),
                None => ResumeHint {
                    changes: settles,
                    ..ResumeHint::default()
                },
            };
            Err(Failure::Client(Box::new(error), Box::new(hint)))
        }
        WaitOutcome::Known(exit) => {
            if let (Err(error), Some(path)) = (&kept, file) {
                console.print_error(format_args!(
                    "netgiro: {} could not be written: {error}",
                    path.display()
                ));
            }
            Ok(exit)
        }
    }
}

enum WaitOutcome {
    Known(Exit),
    Failed(netgiro::Error),
    Interrupted,
}

async fn watched(
    watch: &mut Watch,
    console: &mut Console,
    interrupt: &Interrupt,
    progress: &Progress,
) -> WaitOutcome {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // One future for each change: to drop it at a tick would be to drop the request it has sent.
        let mut next = pin!(watch.next());
        let change = loop {
            tokio::select! {
                biased;
                () = interrupt.come() => return WaitOutcome::Interrupted,
                change = &mut next => break change,
                _ = ticks.tick(), if console.is_live() => console.show_progress(progress.line()),
            }
        };
        match change {
            Some(Ok(state)) => cart::report(console, &state),
            Some(Err(error)) => return WaitOutcome::Failed(error),
            None => break,
        }
    }
    watch.state().map_or(WaitOutcome::Interrupted, |state| {
        WaitOutcome::Known(Exit::of_payment(state.status))
    })
}
