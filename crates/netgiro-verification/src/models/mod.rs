//! The systems that are explored. Each steps the product's own code, between a shop, a network and a server that do
//! whatever they may.

pub mod callbacks;
pub mod canceling;
pub mod following_up;
pub mod inserting;
pub mod polling;
pub mod refunding;
pub mod settling;

use jiff::Timestamp;

use crate::invariants::{Attention, Checkout, Millis, Truth, World};

/// The instant of a run's beginning, by a clock that is never wrong: 2026-01-01.
const BEGINNING: i64 = 1_767_225_600_000;

/// What a clock says that is so far ahead of the true one.
fn instant(now: Millis, ahead: Millis) -> Timestamp {
    Timestamp::from_millisecond(BEGINNING + now + ahead).unwrap_or(Timestamp::MAX)
}

fn millis(duration: std::time::Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// The only checkout of a world.
#[expect(clippy::indexing_slicing, reason = "the vector is not empty")]
fn one(world: &mut World) -> &mut Checkout {
    if world.checkouts.is_empty() {
        world.checkouts.push(Checkout::default());
    }
    &mut world.checkouts[0]
}

/// A checkout whose cart was just inserted, and is checked next.
fn open_checkout() -> Checkout {
    let mut checkout = Checkout::default();
    checkout.inserted();
    checkout.attention = Attention::Due(0);
    checkout
}

/// Whether nothing more can happen to a checkout: the shop was told, or does nothing any more. What was told of a cart that
/// is still open may be wrong yet.
fn is_over(checkout: &Checkout) -> bool {
    if checkout.told.is_empty() {
        checkout.attention == Attention::None
    } else {
        checkout.truth != Truth::Open
    }
}
