//! wait and settle: a cart followed to its end, with a line that shows how far it has come.

use std::fs;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::{CartPoll, CartRef, Client, ErrorKind, WaitOptions, Watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::arguments::Given;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::{Failure, Going};
use crate::input;
use crate::interrupt::Interrupt;
pub(super) use crate::progress::Progress;

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
    let cart = start(given, interrupt)?;
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
fn start(given: &Given, interrupt: &Interrupt) -> Result<CartRef, Failure> {
    let kept = given
        .path("resume")
        .filter(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0));
    match (given.argument()?, given.text("poll")?, kept) {
        (Some(id), None, None) => cart::about(given, id),
        (None, Some(token), None) => of_poll(given, token),
        (id, None, Some(path)) => {
            let text = input::text(path, interrupt)?;
            let kept = of_poll(given, text.trim())?;
            if let Some(id) = id
                && cart::about(given, id)?.transaction_id() != kept.transaction_id()
            {
                return Err(given.usage(format!(
                    "{} is about another cart: {}",
                    path.display(),
                    kept.transaction_id()
                )));
            }
            Ok(kept)
        }
        (None, None, None) => Err(given.usage(match given.path("resume") {
            Some(path) => format!("{} holds nothing to go on from: give CART", path.display()),
            None => "CART is missing: a transaction id, or --poll, or --resume".to_owned(),
        })),
        _ => Err(given.usage("give one of CART, --poll and --resume FILE")),
    }
}

fn of_poll(given: &Given, token: &str) -> Result<CartRef, Failure> {
    if cart::expected(given)?.is_some() {
        return Err(given.usage(
            "--amount and --reference go with a transaction id: what is gone on from knows its own",
        ));
    }
    Ok(CartRef::from(&CartPoll::from_json(token)?))
}

/// Keeps what the wait can be taken up from, if that is wanted.
pub(super) fn keep(given: &Given, cart: &CartRef, wait: WaitOptions) -> Result<(), Failure> {
    let Some(path) = given.path("resume") else {
        return Ok(());
    };
    let poll = CartPoll::new(cart.clone(), wait, Timestamp::now());
    write(path, &poll).map_err(|error| Failure::file("written", path, error))
}

/// Writes all of it, or leaves the file as it was.
fn write(path: &Path, poll: &CartPoll) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    fs::write(&name, poll.to_json() + "\n")?;
    fs::rename(&name, path)
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
    let kept = file.map_or(Ok(()), |path| write(path, watch.poll()));
    let going = |poll: &CartPoll| Going {
        command: if settles { "settle" } else { "wait" },
        poll: Some(poll.clone()),
        file: file.filter(|_| kept.is_ok()).map(Into::into),
        changes: settles && progress.is_over(),
    };
    match ended {
        Ended::Interrupted => Err(Failure::Interrupted(Box::new(going(watch.poll())))),
        Ended::Failed(error) => {
            let goes_on = matches!(error.kind(), ErrorKind::WaitTimeout | ErrorKind::Unresolved);
            let going = match error.poll().filter(|_| goes_on) {
                Some(poll) => going(poll),
                None => Going {
                    changes: settles,
                    ..Going::default()
                },
            };
            Err(Failure::Client(Box::new(error), Box::new(going)))
        }
        Ended::Known(exit) => {
            if let (Err(error), Some(path)) = (&kept, file) {
                console.complain(format_args!(
                    "netgiro: {} could not be written: {error}",
                    path.display()
                ));
            }
            Ok(exit)
        }
    }
}

enum Ended {
    Known(Exit),
    Failed(netgiro::Error),
    Interrupted,
}

async fn watched(
    watch: &mut Watch,
    console: &mut Console,
    interrupt: &Interrupt,
    progress: &Progress,
) -> Ended {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // One future for each change: to drop it at a tick would be to drop the request it has sent.
        let mut next = pin!(watch.next());
        let change = loop {
            tokio::select! {
                biased;
                () = interrupt.come() => return Ended::Interrupted,
                change = &mut next => break change,
                _ = ticks.tick(), if console.is_live() => console.show_progress(progress.line()),
            }
        };
        match change {
            Some(Ok(state)) => cart::tell(console, &state),
            Some(Err(error)) => return Ended::Failed(error),
            None => break,
        }
    }
    watch.state().map_or(Ended::Interrupted, |state| {
        Ended::Known(Exit::of_payment(state.status))
    })
}
