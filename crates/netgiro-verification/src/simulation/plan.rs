//! What a run simulates: all of it follows from the plan.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A run of the simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// How many shops there are.
    pub shops: u32,
    /// How many checkouts begin in an hour.
    pub checkouts: u32,
    /// The checkouts that take place; `None` for all of them.
    pub only: Option<BTreeSet<u32>>,
    /// The faults that strike; `None` for all that the seed has.
    pub faults: Option<BTreeSet<FaultId>>,
    /// What the shops do wrong, to see that it is found.
    pub mistake: Option<Mistake>,
    /// Whether a trace is written.
    pub is_traced: bool,
}

impl Plan {
    /// An hour of a few shops.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            shops: 20,
            checkouts: 1_000,
            only: None,
            faults: None,
            mistake: None,
            is_traced: false,
        }
    }

    pub(super) fn strikes(&self, fault: FaultId) -> bool {
        self.faults
            .as_ref()
            .is_none_or(|faults| faults.contains(&fault))
    }
}

/// One thing that goes wrong, known by its checkout, its kind and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId {
    /// The checkout that it befalls.
    pub checkout: u32,
    /// What goes wrong.
    pub kind: FaultKind,
    /// Which connection, request, callback, start or message of the checkout it befalls.
    pub number: u32,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// A connection is refused.
    Connection,
    /// A request or its answer goes wrong.
    Request,
    /// A callback goes wrong.
    Callback,
    /// A process dies.
    Crash,
    /// A message of a queue comes twice, early or late.
    Message,
}

impl FaultKind {
    const ALL: [(Self, char); 5] = [
        (Self::Connection, 'c'),
        (Self::Request, 'r'),
        (Self::Callback, 'b'),
        (Self::Crash, 'x'),
        (Self::Message, 'm'),
    ];
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = FaultKind::ALL.iter().find(|(kind, _)| *kind == self.kind);
        let letter = letter.map_or('?', |(_, letter)| *letter);
        write!(f, "{}{letter}{}", self.checkout, self.number)
    }
}

impl FromStr for FaultId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let split = FaultKind::ALL.iter().find_map(|(kind, letter)| {
            let (checkout, number) = text.split_once(*letter)?;
            Some(Self {
                checkout: checkout.parse().ok()?,
                kind: *kind,
                number: number.parse().ok()?,
            })
        });
        split.ok_or_else(|| format!("{text:?} is no fault, such as 17r3"))
    }
}

/// What a shop can do wrong. A simulation of shops that do must find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It believes the callback, and does not ask.
    BelievesCallbacks,
    /// It does not read the cancel's answer.
    IgnoresCancelAnswer,
    /// It inserts an order again whose outcome is unknown.
    InsertsAgain,
    /// It gives each attempt at a refund another key.
    ChangesRefundKey,
    /// It does not look whether an order is claimed.
    IgnoresClaims,
    /// It acknowledges a message before the next one is sent.
    LosesMessages,
    /// It does not wait between two checks.
    DoesNotWait,
    /// It gives up in half the time.
    GivesUpEarly,
    /// It answers a callback before it is recorded.
    AnswersFirst,
    /// It has no replay guard.
    HasNoGuard,
    /// It never starts again after a crash.
    NeverRestarts,
}

impl Mistake {
    /// Every mistake.
    pub const ALL: [Self; 11] = [
        Self::BelievesCallbacks,
        Self::IgnoresCancelAnswer,
        Self::InsertsAgain,
        Self::ChangesRefundKey,
        Self::IgnoresClaims,
        Self::LosesMessages,
        Self::DoesNotWait,
        Self::GivesUpEarly,
        Self::AnswersFirst,
        Self::HasNoGuard,
        Self::NeverRestarts,
    ];
}

#[cfg(test)]
mod tests {
    use super::{FaultId, FaultKind};

    #[test]
    fn a_fault_is_read_as_it_is_written() {
        let fault = FaultId {
            checkout: 17,
            kind: FaultKind::Crash,
            number: 3,
        };
        assert_eq!(fault.to_string(), "17x3");
        assert_eq!("17x3".parse(), Ok(fault));
        assert!("17z3".parse::<FaultId>().is_err());
        assert!("x3".parse::<FaultId>().is_err());
    }
}
