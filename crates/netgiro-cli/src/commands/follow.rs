//! wait and settle: a cart followed to its end, with a line that shows how far it has come.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::{CartPoll, CartRef, Client, ErrorKind, WaitOptions, Watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::arguments::{FollowArgs, OrderArgs};
use crate::console::{Console, kronur};
use crate::exit::Exit;
use crate::failure::{Failure, ResumeHint};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::resume::{self, Content};

use super::session;

/// How often the progress is shown anew.
const TICK: Duration = Duration::from_secs(1);

pub(super) fn follow(
    args: &FollowArgs,
    console: &mut Console,
    interrupt: &Interrupt,
    settles: bool,
) -> Result<Exit, Failure> {
    let wait = options(args.timeout);
    let cart = start(args)?;
    let progress = Progress::new(wait.timeout, settles);
    let client = session::client(&args.connection, Some(progress.observer()))?;
    let file = args.resume.as_deref();
    store(file, &cart, wait)?;
    let follow = Follow {
        client: &client,
        wait,
        settles,
        file,
        progress: &progress,
    };
    follow.run(cart, console, interrupt)
}

/// How long to wait.
pub(super) fn options(timeout: Option<Duration>) -> WaitOptions {
    let mut options = WaitOptions::default();
    options.timeout = timeout.unwrap_or(options.timeout);
    options
}

/// What to follow: a cart by its id, or where an earlier wait came to.
fn start(args: &FollowArgs) -> Result<CartRef, Failure> {
    let held = args
        .resume
        .as_deref()
        .map(|path| Ok::<_, Failure>((path, resume::read(path)?)))
        .transpose()?;
    match (args.cart.as_deref(), args.poll.as_deref(), held) {
        (Some(id), None, None | Some((_, Content::Nothing))) => session::cart_ref(id, &args.order),
        (None, Some(token), None | Some((_, Content::Nothing))) => from_poll(&args.order, token),
        (None, None, Some((path, Content::Insert(intent)))) => Err(intent.error(path)),
        // Somebody has looked the cart up.
        (Some(id), None, Some((path, Content::Insert(intent)))) => {
            let order = (intent.amount, intent.reference.as_str());
            if session::expected(&args.order)?.is_some_and(|expected| expected != order) {
                return Err(Failure::usage(format!(
                    "{} is about another order: {} for reference {:?}",
                    path.display(),
                    kronur(intent.amount),
                    intent.reference
                )));
            }
            session::with_order(id, order)
        }
        (id, None, Some((path, Content::Cart(poll)))) => {
            refuse_order(&args.order)?;
            if let Some(id) = id
                && session::cart_ref(id, &args.order)?.transaction_id() != poll.transaction_id()
            {
                return Err(Failure::usage(format!(
                    "{} is about another cart: {}",
                    path.display(),
                    poll.transaction_id()
                )));
            }
            Ok(CartRef::from(&*poll))
        }
        (None, None, None) => Err(Failure::usage(
            "CART is missing: a transaction id, or --poll, or --resume",
        )),
        (None, None, Some((path, Content::Nothing))) => Err(Failure::usage(format!(
            "{} holds nothing to continue from: give CART",
            path.display()
        ))),
        _ => Err(Failure::usage("give one of CART, --poll and --resume FILE")),
    }
}

fn from_poll(order: &OrderArgs, token: &str) -> Result<CartRef, Failure> {
    refuse_order(order)?;
    Ok(CartRef::from(&CartPoll::from_json(token)?))
}

fn refuse_order(order: &OrderArgs) -> Result<(), Failure> {
    if session::expected(order)?.is_some() {
        return Err(Failure::usage(
            "--amount and --reference go with a transaction id: a poll and a resumed file have their own",
        ));
    }
    Ok(())
}

/// Writes to the file of `--resume`, if one was given, what a later wait continues from.
pub(super) fn store(file: Option<&Path>, cart: &CartRef, wait: WaitOptions) -> Result<(), Failure> {
    let Some(path) = file else {
        return Ok(());
    };
    let poll = CartPoll::new(cart.clone(), wait, Timestamp::now());
    resume::store(path, &poll).map_err(|error| Failure::file("written", path, error))
}

/// How a cart is followed.
pub(super) struct Follow<'a> {
    pub(super) client: &'a Client,
    pub(super) wait: WaitOptions,
    /// Whether a cart that is still open at the deadline is canceled.
    pub(super) settles: bool,
    /// The file of `--resume`.
    pub(super) file: Option<&'a Path>,
    pub(super) progress: &'a Progress,
}

impl Follow<'_> {
    /// Follows a cart until it ends, or Ctrl-C.
    pub(super) fn run(
        &self,
        cart: CartRef,
        console: &mut Console,
        interrupt: &Interrupt,
    ) -> Result<Exit, Failure> {
        let mut watch = if self.settles {
            self.client.watch_settling(cart, self.wait)
        } else {
            self.client.watch_cart(cart, self.wait)
        };
        let outcome = session::block_on(watched(&mut watch, console, interrupt, self.progress))?;
        console.hide_progress();
        let stored = self
            .file
            .map_or(Ok(()), |path| resume::store(path, watch.poll()));
        let hint = |poll: &CartPoll| ResumeHint {
            command: if self.settles { "settle" } else { "wait" },
            poll: Some(poll.clone()),
            file: self.file.filter(|_| stored.is_ok()).map(Into::into),
            changes: self.settles && self.progress.is_over(),
            ..ResumeHint::default()
        };
        match outcome {
            WaitOutcome::Interrupted => Err(Failure::Interrupted(Box::new(hint(watch.poll())))),
            WaitOutcome::Failed(error) => {
                let can_resume =
                    matches!(error.kind(), ErrorKind::WaitTimeout | ErrorKind::Unresolved);
                let hint = match error.poll().filter(|_| can_resume) {
                    Some(poll) => hint(poll),
                    None => ResumeHint {
                        changes: self.settles,
                        ..ResumeHint::default()
                    },
                };
                Err(Failure::Client(Box::new(error), Box::new(hint)))
            }
            WaitOutcome::Known(exit) => {
                if let (Err(error), Some(path)) = (&stored, self.file) {
                    console.print_error(format_args!(
                        "netgiro: {} could not be written: {error}",
                        path.display()
                    ));
                }
                Ok(exit)
            }
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
                () = interrupt.requested() => return WaitOutcome::Interrupted,
                change = &mut next => break change,
                _ = ticks.tick(), if console.is_live() => console.show_progress(progress.line()),
            }
        };
        match change {
            Some(Ok(state)) => session::report(console, &state),
            Some(Err(error)) => return WaitOutcome::Failed(error),
            None => break,
        }
    }
    watch.state().map_or(WaitOutcome::Interrupted, |state| {
        WaitOutcome::Known(Exit::of_payment(state.status))
    })
}
