//! What really happens: held against the invariants at each event, and written down where a trace is wanted.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::Notify;

use crate::invariants::{Attention, Checkout, Invariant, Millis, Report, Truth, Violation};
use crate::simulation::plan::FaultId;
use crate::simulation::process::Actor;

/// The longest delay that the product may schedule: a long Retry-After, and a queue that is late.
const LONGEST_DELAY: Millis = 200_000;
/// How many checks may come at once where a call is sent again, or a poll is begun anew.
const BURST: Millis = 6;

/// How often one follower of a checkout may ask.
#[derive(Debug, Default)]
struct Pace {
    /// When the checks so far have used up their time.
    used_until: Millis,
    is_settling: bool,
}

/// Who is going to do something about a checkout.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// How many processes are at it.
    pub(super) running: u32,
    /// When each message about it is delivered.
    pub(super) messages: BTreeMap<u32, Millis>,
    /// The followers that will start from what is stored.
    pub(super) stored: BTreeSet<u32>,
}

impl Following {
    fn attention(&self) -> Attention {
        match (self.running, self.messages.values().min()) {
            (0, Some(at)) => Attention::Due(*at),
            (0, None) if !self.stored.is_empty() => Attention::Stored,
            (0, None) => Attention::None,
            _ => Attention::Busy,
        }
    }
}

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in milliseconds since the run began.
    pub at: Millis,
    /// The checkout.
    pub checkout: u32,
    /// What happened.
    pub text: String,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    checkouts: BTreeMap<u32, Checkout>,
    following: BTreeMap<u32, Following>,
    paces: BTreeMap<Actor, Pace>,
    /// The faults that have struck.
    pub(super) struck: BTreeSet<FaultId>,
    pub(super) violation: Option<(Millis, Violation)>,
    /// How many requests there were.
    pub(super) requests: u64,
    trace: Option<Vec<Line>>,
}

impl Record {
    pub(super) fn new(is_traced: bool) -> Self {
        Self {
            trace: is_traced.then(Vec::new),
            ..Self::default()
        }
    }

    pub(super) fn take_trace(&mut self) -> Vec<Line> {
        self.trace.take().unwrap_or_default()
    }

    pub(super) fn note(&mut self, at: Millis, checkout: u32, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(Line {
                at,
                checkout,
                text: text(),
            });
        }
    }

    /// Changes what is known of a checkout, and holds it against the invariants.
    pub(super) fn change(
        &mut self,
        now: Millis,
        number: u32,
        stop: &Notify,
        change: impl FnOnce(&mut Checkout),
    ) {
        let checkout = self.checkouts.entry(number).or_default();
        change(checkout);
        if let Some(invariant) = checkout.broken(now, LONGEST_DELAY) {
            self.violated(now, number, invariant, stop);
        }
    }

    /// Changes who is going to do something about a checkout.
    pub(super) fn follow(
        &mut self,
        now: Millis,
        number: u32,
        stop: &Notify,
        change: impl FnOnce(&mut Following),
    ) {
        let following = self.following.entry(number).or_default();
        change(following);
        let attention = following.attention();
        self.change(now, number, stop, |checkout| checkout.attention = attention);
    }

    pub(super) fn violated(
        &mut self,
        now: Millis,
        number: u32,
        invariant: Invariant,
        stop: &Notify,
    ) {
        if self.violation.is_some() {
            return;
        }
        let checkout = self.checkouts.entry(number).or_default();
        let violation = Violation {
            invariant,
            checkout: number as usize,
            record: format!("{checkout:?}"),
        };
        self.note(now, number, || format!("VIOLATED: {invariant}"));
        self.violation = Some((now, violation));
        stop.notify_one();
    }

    /// Holds every checkout against what must be so at the end.
    pub(super) fn end(&mut self, now: Millis, stop: &Notify) {
        let broken: Vec<_> = self
            .checkouts
            .iter()
            .filter_map(|(number, checkout)| {
                let broken = checkout.broken(now, LONGEST_DELAY);
                Some((*number, broken.or_else(|| checkout.broken_at_end())?))
            })
            .collect();
        for (number, invariant) in broken {
            self.violated(now, number, invariant, stop);
        }
    }

    /// How many carts the server has inserted.
    pub(super) fn inserts(&self, number: u32) -> u8 {
        let checkout = self.checkouts.get(&number);
        checkout.map_or(0, |checkout| checkout.inserts)
    }

    /// How many refunds the server has made.
    pub(super) fn refunds(&self, number: u32) -> u8 {
        let checkout = self.checkouts.get(&number);
        checkout.map_or(0, |checkout| checkout.refunds.values().sum())
    }

    pub(super) fn truth(&self, number: u32) -> Truth {
        let checkout = self.checkouts.get(&number);
        checkout.map_or(Truth::Absent, |checkout| checkout.truth)
    }

    /// A check leaves a shop whose poll has this interval at least.
    pub(super) fn sent_check(&mut self, now: Millis, actor: Actor, base: Millis, stop: &Notify) {
        let pace = self.paces.entry(actor).or_default();
        // A call of the shop's own is sent up to three times at once; while a cart is settled, cancel and check come in turn.
        let share = if pace.is_settling {
            base / 6
        } else {
            base * 9 / 10
        };
        pace.used_until = pace.used_until.max(now) + share;
        let not_before = pace.used_until - BURST * base;
        self.change(now, actor.checkout, stop, |checkout| {
            checkout.not_before = not_before;
            checkout.sent_check(now);
        });
    }

    /// From now on it also makes other calls than the checks of a poll.
    pub(super) fn settles(&mut self, actor: Actor) {
        self.paces.entry(actor).or_default().is_settling = true;
    }
}

/// What the server holds of a cart with this status.
pub(super) fn truth_of(status: netgiro::CartStatus) -> Truth {
    match status {
        netgiro::CartStatus::Confirmed => Truth::Paid,
        status if status.is_final() => Truth::Unpaid,
        _ => Truth::Open,
    }
}

/// What a shop is told of a cart that has ended with this status.
pub(super) fn report_of(status: netgiro::CartStatus) -> Report {
    match status {
        netgiro::CartStatus::Confirmed => Report::Paid,
        status if status.is_final() => Report::Unpaid,
        _ => Report::Undecided,
    }
}
