//! Settling, and the cancels of V2.

use std::time::Duration;

use jiff::Timestamp;

use super::Call;
use crate::follow::{settling, step};
use crate::model::cart::state::CartState;
use crate::model::error::{Error, Result};
use crate::model::poll::CartPoll;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::v2::change::{AfterChange, AfterStatus, Change};

/// The poll of a step whose check was sent at `sent_at` and answered `now`.
#[must_use]
pub fn dated_by_answer(
    poll: &CartPoll,
    sent_at: Timestamp,
    now: Timestamp,
    server_now: Option<Timestamp>,
) -> CartPoll {
    step::dated_by_answer(poll, sent_at, now, server_now)
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettlingAction {
    /// Send a cancel, once.
    Cancel,
    /// Send a check, up to so many times.
    Check(u32),
    /// Wait this long.
    Wait(Duration),
    /// Nothing: the poll's state is the end of the cart.
    End,
}

/// A cart that is canceled and checked in turn, until the server clearly says how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settling(settling::Settling);

impl Settling {
    /// Begins where polling ended with this error.
    pub fn after(error: Error, poll: &mut CartPoll) -> Result<Self> {
        settling::Settling::after(error, poll).map(Self)
    }

    /// How long it goes on before it gives up.
    #[must_use]
    pub fn patience(poll: &CartPoll) -> Duration {
        settling::Settling::patience(poll)
    }

    /// What is to be done next.
    #[must_use]
    pub fn action(&self) -> SettlingAction {
        match self.0.action() {
            settling::SettlingAction::Cancel => SettlingAction::Cancel,
            settling::SettlingAction::Check(attempts) => SettlingAction::Check(attempts),
            settling::SettlingAction::Wait(delay) => SettlingAction::Wait(delay),
            settling::SettlingAction::End => SettlingAction::End,
        }
    }

    /// Begins a new turn.
    pub fn begin_turn(&mut self) {
        self.0.begin_turn();
    }

    /// The cancel that has called the cart paid.
    #[must_use]
    pub fn called_paid_by(&self) -> Option<Call> {
        self.0.called_paid_by().map(|by| match by {
            Endpoint::Cancel => Call::Cancel,
            _ => Call::CancelCart,
        })
    }

    /// Takes the answer to the cancel.
    pub fn canceled(
        &mut self,
        poll: &mut CartPoll,
        answer: Option<Result<Option<CartState>>>,
        call: Call,
        sent_at: Timestamp,
    ) -> Result<SettlingAction> {
        self.0.canceled(poll, answer, call.endpoint(), sent_at)?;
        Ok(self.action())
    }

    /// Takes the answer to the check.
    pub fn checked(
        &mut self,
        poll: &mut CartPoll,
        answer: Option<Result<CartState>>,
        sent_at: Timestamp,
        left: Duration,
        jitter: f64,
    ) -> Result<SettlingAction> {
        self.0.checked(poll, answer, sent_at, left, jitter)?;
        Ok(self.action())
    }
}

/// What follows a cancel of V2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AfterCancel {
    /// Nothing.
    End(Result<CartState>),
    /// A status, which is the outcome; held against a "paid" of the cancel's where `true`.
    Confirm(bool),
    /// A status, which decides whether the cancel was made.
    Doubt(Error),
    /// The cancel may be sent again; otherwise it has failed with this.
    MayRepeat(Error),
}

/// What the answer to a cancel of V2 means that `cancel_cart` has sent.
#[must_use]
pub fn after_cancel(answer: Result<CartState>) -> AfterCancel {
    match Change::Cancel.after_sending(answer) {
        AfterChange::End(outcome) => AfterCancel::End(outcome),
        AfterChange::Confirm(by) => AfterCancel::Confirm(by.is_some()),
        AfterChange::Doubt(failure) => AfterCancel::Doubt(failure),
    }
}

/// What the status means that was asked for after the failure of a cancel of V2.
#[must_use]
pub fn after_status(failure: Error, status: Result<CartState>) -> AfterCancel {
    match Change::Cancel.after_status(failure, status) {
        AfterStatus::End(outcome) => AfterCancel::End(outcome),
        AfterStatus::MayRepeat(failure) => AfterCancel::MayRepeat(failure),
    }
}
