//! `CartState`, as an array of its members: JavaScript reads that in half the time of an object, and it is what most
//! answers consist of. `node/values.ts` has the same order.

use std::borrow::Borrow;

use netgiro::{CartState, PaymentInfo};
use serde::{Serialize, Serializer};

use crate::views::scalars::Instant;

/// A state, owned or borrowed.
pub(crate) struct StateView<T>(pub(crate) T);

impl<T: Borrow<CartState>> Serialize for StateView<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = self.0.borrow();
        (
            state.transaction_id,
            state.status.as_str(),
            state.result_code,
            state.payment_successful,
            &state.message,
            state.payment.as_deref().map(PaymentView),
            &state.reference_id,
            Instant(state.checked_at),
            state.is_final(),
            state.is_paid(),
            state.api.as_str(),
        )
            .serialize(serializer)
    }
}

struct PaymentView<'a>(&'a PaymentInfo);

macro_rules! member_view {
    (Instant, $member:expr) => {
        $member.map(Instant)
    };
    ($kind:ident, $member:expr) => {
        &$member
    };
}

macro_rules! payment_view {
    ($( $(#[$meta:meta])* $member:ident: $kind:ident = $wire:literal, )+) => {
        impl Serialize for PaymentView<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ($( member_view!($kind, self.0.$member), )+).serialize(serializer)
            }
        }
    };
}

netgiro::payment_members!(payment_view);
