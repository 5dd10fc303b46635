//! The invariants, over a record of what really happened.
//!
//! Whoever runs shops against a server writes down what the server holds, what was sent and what the shop was told:
//! [`Checkout`] has a method for each. [`check`] says at any moment whether something is wrong, and [`check_end`] once
//! nothing more can happen. The record knows neither how time passes nor who decides what comes next.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

/// Milliseconds since the run began, by a clock that is never wrong.
pub type Millis = i64;

/// What must hold. Each has a mutation of the product that breaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// The shop is told "paid" only of a cart that the server holds paid at that moment.
    PaidIsPaid,
    /// The shop is never told "unpaid" of a cart that is paid, or becomes paid later.
    UnpaidIsUnpaid,
    /// A cancel of the shop's does not undo a payment that the shop has seen.
    SeenIsKept,
    /// The server has processed one InsertCart for one intent.
    OneInsert,
    /// The server has processed one refund for one key.
    OneRefund,
    /// The shop's function succeeds once for a cart.
    ToldOnce,
    /// A cart that may still be paid, and about which the shop was told nothing, is going to be asked about: within the
    /// longest delay there is.
    OpenIsAsked,
    /// No check is sent before the schedule allows it.
    NeverHot,
    /// A wait ends undecided only with the answer to a check that was sent at its deadline or after it.
    WaitsItsTime,
    /// A callback is acknowledged only once it is recorded.
    RecordedFirst,
    /// A callback that was acknowledged is not accepted again.
    NoReplay,
    /// Every cart ends, and the shop is told how, or that a person has to look.
    EveryCartEnds,
}

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 12] = [
        Self::PaidIsPaid,
        Self::UnpaidIsUnpaid,
        Self::SeenIsKept,
        Self::OneInsert,
        Self::OneRefund,
        Self::ToldOnce,
        Self::OpenIsAsked,
        Self::NeverHot,
        Self::WaitsItsTime,
        Self::RecordedFirst,
        Self::NoReplay,
        Self::EveryCartEnds,
    ];

    /// The sentence that must hold.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaidIsPaid => "paid is told only of what the server holds paid",
            Self::UnpaidIsUnpaid => "unpaid is never told of what is paid or becomes it",
            Self::SeenIsKept => "a payment that the shop has seen is not undone by it",
            Self::OneInsert => "one InsertCart for one intent",
            Self::OneRefund => "one refund for one key",
            Self::ToldOnce => "the shop is told once",
            Self::OpenIsAsked => "what is open is asked about again",
            Self::NeverHot => "no schedule is hot",
            Self::WaitsItsTime => "a wait ends with a check at its deadline",
            Self::RecordedFirst => "a callback is recorded before it is acknowledged",
            Self::NoReplay => "an acknowledged callback is not accepted again",
            Self::EveryCartEnds => "every cart ends",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An invariant that does not hold, and of which checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// The checkout's index in the world.
    pub checkout: usize,
    /// What is known of the checkout.
    pub record: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            invariant,
            checkout,
            record,
        } = self;
        write!(f, "not so: {invariant}; checkout {checkout}: {record}")
    }
}

impl Error for Violation {}

/// What the server holds for an intent of the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Nothing yet.
    #[default]
    Absent,
    /// A cart that may still be paid.
    Open,
    /// A payment.
    Paid,
    /// A cart that can no longer be paid.
    Unpaid,
}

/// What the shop is told about the end of a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// Paid.
    Paid,
    /// Canceled, declined or not found.
    Unpaid,
    /// That a person has to look: the wait is over, or the cart could not be settled.
    Undecided,
}

/// What the shop is going to do about a cart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Attention {
    /// Nothing at all.
    #[default]
    None,
    /// The next step comes then.
    Due(Millis),
    /// A step is being taken.
    Busy,
    /// The process is down; what it had stored names the cart, and is read at the next start.
    Stored,
}

/// A callback of the server, known by its signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CallbackRecord {
    /// How often the shop has recorded it.
    pub recorded: u8,
    /// How often it was answered by 200.
    pub acknowledged: u8,
}

/// One intent of the shop to be paid, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Checkout {
    /// What the server holds.
    pub truth: Truth,
    /// Whether a cancel of the shop's has undone a payment that it had seen before.
    pub was_undone: bool,
    /// How often the server has processed InsertCart for it.
    pub inserts: u8,
    /// The refunds that the server has processed, by the number of their key.
    pub refunds: BTreeMap<u32, u8>,
    /// The callbacks that were sent, by the number of their signature.
    pub callbacks: BTreeMap<u32, CallbackRecord>,
    /// What the shop was told, and what the server held then.
    pub told: Vec<(Report, Truth)>,
    /// How often the shop was told and crashed before it could note it: nobody can know that it was told then.
    pub lost_notes: u8,
    /// What the shop is going to do about it.
    pub attention: Attention,
    /// Before this, the schedule allows no check.
    pub not_before: Millis,
    /// The checks that were sent before that.
    pub hurried: u8,
    /// A wait that ended undecided: its deadline, and when the check was sent whose answer ended it.
    pub gave_up: Option<(Millis, Millis)>,
}

impl Checkout {
    /// The server has processed an InsertCart.
    pub fn inserted(&mut self) {
        self.inserts = self.inserts.saturating_add(1);
        self.truth = Truth::Open;
    }

    /// The server has processed a refund.
    pub fn refunded(&mut self, key: u32) {
        let processed = self.refunds.entry(key).or_default();
        *processed = processed.saturating_add(1);
    }

    /// The shop was told how the cart ended.
    pub fn tell(&mut self, report: Report) {
        self.told.push((report, self.truth));
    }

    /// A check was sent.
    pub fn sent_check(&mut self, at: Millis) {
        if at < self.not_before {
            self.hurried = self.hurried.saturating_add(1);
        }
    }

    /// What does not hold, whatever may still happen; `longest` is the longest delay until a next step.
    #[must_use]
    pub fn broken(&self, now: Millis, longest: Millis) -> Option<Invariant> {
        let told = |report| self.told.iter().filter(move |(said, _)| *said == report);
        let has_wrong_paid = told(Report::Paid).any(|(_, truth)| *truth != Truth::Paid);
        let has_wrong_unpaid = told(Report::Unpaid).any(|(_, truth)| *truth == Truth::Paid)
            || (self.truth == Truth::Paid && told(Report::Unpaid).next().is_some());
        let is_left = self.truth == Truth::Open
            && self.told.is_empty()
            && match self.attention {
                Attention::None => true,
                Attention::Due(at) => at > now.saturating_add(longest),
                Attention::Busy | Attention::Stored => false,
            };
        let callbacks = || self.callbacks.values();
        [
            (has_wrong_paid, Invariant::PaidIsPaid),
            (has_wrong_unpaid, Invariant::UnpaidIsUnpaid),
            (self.was_undone, Invariant::SeenIsKept),
            (self.inserts > 1, Invariant::OneInsert),
            (
                self.refunds.values().any(|&processed| processed > 1),
                Invariant::OneRefund,
            ),
            (
                self.told.len() > 1 + usize::from(self.lost_notes),
                Invariant::ToldOnce,
            ),
            (is_left, Invariant::OpenIsAsked),
            (self.hurried > 0, Invariant::NeverHot),
            (
                self.gave_up.is_some_and(|(deadline, sent)| sent < deadline),
                Invariant::WaitsItsTime,
            ),
            (
                callbacks().any(|it| it.acknowledged > it.recorded),
                Invariant::RecordedFirst,
            ),
            (
                callbacks().any(|it| it.acknowledged > 1),
                Invariant::NoReplay,
            ),
        ]
        .into_iter()
        .find_map(|(is_broken, invariant)| is_broken.then_some(invariant))
    }

    /// What does not hold once nothing more can happen.
    #[must_use]
    pub fn broken_at_end(&self) -> Option<Invariant> {
        let is_over = match self.truth {
            Truth::Absent => true,
            Truth::Open => self
                .told
                .iter()
                .any(|(report, _)| *report == Report::Undecided),
            Truth::Paid | Truth::Unpaid => !self.told.is_empty(),
        };
        (!is_over).then_some(Invariant::EveryCartEnds)
    }
}

/// All checkouts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct World {
    /// What time it really is.
    pub now: Millis,
    /// The longest delay until a next step that the product may schedule.
    pub longest_delay: Millis,
    /// The checkouts.
    pub checkouts: Vec<Checkout>,
}

/// Whether everything holds that must hold at any moment.
///
/// # Errors
///
/// The first invariant that does not.
pub fn check(world: &World) -> Result<(), Violation> {
    first(world, |it| it.broken(world.now, world.longest_delay))
}

/// Whether everything holds that must hold once nothing more can happen.
///
/// # Errors
///
/// The first invariant that does not.
pub fn check_end(world: &World) -> Result<(), Violation> {
    check(world)?;
    first(world, Checkout::broken_at_end)
}

fn first(world: &World, broken: impl Fn(&Checkout) -> Option<Invariant>) -> Result<(), Violation> {
    let mut checkouts = world.checkouts.iter().enumerate();
    let found = checkouts.find_map(|(index, checkout)| {
        Some(Violation {
            invariant: broken(checkout)?,
            checkout: index,
            record: format!("{checkout:?}"),
        })
    });
    found.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::{Attention, Checkout, Invariant, Report, Truth, World, check, check_end};

    fn world(checkout: Checkout) -> World {
        World {
            now: 0,
            longest_delay: 1_000,
            checkouts: vec![checkout],
        }
    }

    fn broken(change: impl FnOnce(&mut Checkout)) -> Option<Invariant> {
        let mut checkout = Checkout {
            attention: Attention::Busy,
            ..Checkout::default()
        };
        checkout.inserted();
        change(&mut checkout);
        check(&world(checkout)).err().map(|found| found.invariant)
    }

    #[test]
    fn each_invariant_is_broken_by_what_it_forbids() {
        assert_eq!(broken(|_| {}), None);
        let paid = |it: &mut Checkout| it.truth = Truth::Paid;
        let callback = |recorded, acknowledged| {
            move |it: &mut Checkout| {
                let callback = it.callbacks.entry(1).or_default();
                (callback.recorded, callback.acknowledged) = (recorded, acknowledged);
            }
        };
        let found = [
            broken(|it| it.tell(Report::Paid)),
            broken(|it| {
                it.tell(Report::Unpaid);
                paid(it);
            }),
            broken(|it| it.was_undone = true),
            broken(Checkout::inserted),
            broken(|it| (0..2).for_each(|_| it.refunded(1))),
            broken(|it| {
                paid(it);
                (0..2).for_each(|_| it.tell(Report::Paid));
            }),
            broken(|it| it.attention = Attention::Due(1_001)),
            broken(|it| {
                it.not_before = 1;
                it.sent_check(0);
            }),
            broken(|it| it.gave_up = Some((1, 0))),
            broken(callback(0, 1)),
            broken(callback(2, 2)),
        ];
        let forbidden = Invariant::ALL.map(Some);
        assert_eq!(found, forbidden[..found.len()]);
    }

    #[test]
    fn a_cart_that_nobody_was_told_of_has_not_ended() {
        let mut checkout = Checkout {
            attention: Attention::Stored,
            ..Checkout::default()
        };
        let ended = |checkout: &Checkout| check_end(&world(checkout.clone())).is_ok();
        assert!(ended(&checkout));
        checkout.inserted();
        assert!(!ended(&checkout));
        checkout.truth = Truth::Paid;
        assert!(!ended(&checkout));
        checkout.tell(Report::Undecided);
        assert!(ended(&checkout));
    }
}
