//! Mutations of the product: what it decides is altered on its way to a model, to show that a check can fail.

use crate::invariants::Invariant;

/// One way to do it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// "Pending" is read as paid: `Success` is taken for it.
    SuccessIsPaid,
    /// "Canceled" is believed when it is seen first, by a cart that may not be there yet.
    BelievesMissing,
    /// The cancel's answer is not read: it was sent, so the cart is canceled.
    CancelIsNotRead,
    /// A cancel of V2 is sent whatever the status before it says.
    CancelsWhatIsPaid,
    /// The poll begins anew with each step, without its token.
    PollWithoutToken,
    /// The next step comes in half of its delay.
    HalfTheDelay,
    /// The wait ends an interval before its deadline.
    EndsEarly,
    /// What was stored is not read after a crash.
    ForgetsAfterCrash,
    /// The end is found and nobody is told.
    TellsNobody,
    /// The shop is told without a claim in the ledger.
    TellsWithoutClaim,
    /// A refusal is read in an InsertCart's lost answer.
    LostInsertIsRefused,
    /// A refusal is read in a refund's lost answer.
    LostRefundIsRefused,
    /// A callback is acknowledged before it is recorded.
    AcknowledgesFirst,
    /// The replay guard is not asked.
    AsksNoGuard,
}

impl Mutation {
    /// Every mutation.
    pub const ALL: [Self; 14] = [
        Self::SuccessIsPaid,
        Self::BelievesMissing,
        Self::CancelIsNotRead,
        Self::CancelsWhatIsPaid,
        Self::PollWithoutToken,
        Self::HalfTheDelay,
        Self::EndsEarly,
        Self::ForgetsAfterCrash,
        Self::TellsNobody,
        Self::TellsWithoutClaim,
        Self::LostInsertIsRefused,
        Self::LostRefundIsRefused,
        Self::AcknowledgesFirst,
        Self::AsksNoGuard,
    ];

    /// The invariants of which each mutation breaks one.
    #[must_use]
    pub const fn breaks(self) -> &'static [Invariant] {
        match self {
            Self::SuccessIsPaid => &[Invariant::PaidIsPaid],
            Self::BelievesMissing | Self::CancelIsNotRead => &[Invariant::UnpaidIsUnpaid],
            Self::CancelsWhatIsPaid => &[Invariant::SeenIsKept],
            Self::HalfTheDelay => &[Invariant::NeverHot],
            Self::EndsEarly => &[Invariant::WaitsItsTime],
            // It asks at once, every time, and has no deadline: whichever is found first.
            Self::PollWithoutToken => &[Invariant::NeverHot, Invariant::EveryCartEnds],
            // The cart may have ended by then.
            Self::ForgetsAfterCrash => &[Invariant::OpenIsAsked, Invariant::EveryCartEnds],
            Self::TellsNobody => &[Invariant::EveryCartEnds],
            Self::TellsWithoutClaim => &[Invariant::ToldOnce],
            Self::LostInsertIsRefused => &[Invariant::OneInsert],
            Self::LostRefundIsRefused => &[Invariant::OneRefund],
            Self::AcknowledgesFirst => &[Invariant::RecordedFirst],
            Self::AsksNoGuard => &[Invariant::NoReplay],
        }
    }
}
