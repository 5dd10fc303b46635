//! Following one cart: polling driven by a clock, and settling at the end of it.

pub(crate) mod clock;
pub(crate) mod settling;
pub(crate) mod step;

use futures_util::Stream;
use futures_util::stream;
use tokio::time::{Instant, sleep, timeout_at};

use crate::api::Api;
use crate::events::PollEvent;
use crate::follow::clock::Clock;
use crate::follow::settling::{Settling, SettlingAction};
use crate::follow::step::{outcome_of, take_in};
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::CartPoll;
use crate::model::poll::cart_ref::CartRef;
use crate::model::poll::outcome::CheckOutcome;
use crate::model::poll::policy::WaitOptions;
use crate::model::poll::schedule::until;
use crate::model::status::CartStatus;

/// A cart being followed: gives a state for each change, then ends.
#[derive(Debug)]
pub struct Watch {
    api: Api,
    poll: CartPoll,
    clock: Clock,
    settles: bool,
    /// From when polling has reached its deadline, where the cart is settled then.
    settling: Option<Settling>,
    reported: Option<(CartStatus, Option<i64>)>,
    outcome: Option<CartState>,
    has_ended: bool,
}

impl Watch {
    pub(crate) fn new(api: Api, cart: CartRef, options: WaitOptions, settles: bool) -> Self {
        let clock = Clock::start(api.settings().machine.now());
        let poll = CartPoll::new(cart, options, clock.now());
        Self {
            api,
            poll,
            clock,
            settles,
            settling: None,
            reported: None,
            outcome: None,
            has_ended: false,
        }
    }

    /// The next change of the cart; `None` after the last. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Result<CartState>> {
        while !self.has_ended {
            let step = if self.settling.is_some() {
                self.resolve().await
            } else {
                self.step().await
            };
            if let Err(error) = step {
                self.has_ended = true;
                return Some(Err(error));
            }
            let state = self.outcome.as_ref().or(self.poll.believed());
            let shown = state.map(|state| (state.status, state.result_code));
            self.has_ended = self.outcome.is_some();
            if shown.is_some() && shown != self.reported {
                self.reported = shown;
                return state.cloned().map(Ok);
            }
        }
        None
    }

    /// The state the watch ended with.
    #[must_use]
    pub fn state(&self) -> Option<&CartState> {
        self.outcome.as_ref()
    }

    /// How far the polling has come: what to resume from when the watch is left before its end.
    #[must_use]
    pub fn poll(&self) -> &CartPoll {
        &self.poll
    }

    /// Follows the cart to the end, and gives its last state.
    pub async fn finish(mut self) -> Result<CartState> {
        while let Some(change) = self.next().await {
            change?;
        }
        self.outcome.ok_or_else(|| {
            Error::invalid_request("this watch has already ended, with the error it gave")
        })
    }

    /// The watch as a stream of changes.
    pub fn into_stream(self) -> impl Stream<Item = Result<CartState>> + Send {
        stream::unfold(self, |mut watch| async move {
            watch.next().await.map(|change| (change, watch))
        })
    }

    /// One check, when it is due.
    async fn step(&mut self) -> Result<()> {
        if !self.poll.is_done() {
            sleep(until(self.poll.next_check_at(), self.clock.now())).await;
            let sent_at = self.clock.now().max(self.poll.next_check_at());
            let seen = CheckOutcome::from(self.api.check(&self.poll.cart(), 1).await);
            match take_in(&self.api, &self.poll, seen, sent_at, self.clock.now()) {
                Ok(poll) => self.poll = poll,
                Err(error) if self.settles => {
                    self.settling = Some(Settling::after(error, &mut self.poll)?);
                }
                Err(error) => return Err(error),
            }
        }
        self.outcome = outcome_of(&self.api, &self.poll)?;
        Ok(())
    }

    /// Cancels, and asks until the server clearly says how the cart ended.
    async fn resolve(&mut self) -> Result<()> {
        let give_up_at = Instant::now() + Settling::patience(&self.poll);
        let cart = self.poll.cart();
        if let Some(settling) = &mut self.settling {
            settling.begin_turn();
        }
        while let Some(settling) = &mut self.settling {
            let poll = &mut self.poll;
            let sent_at = self.clock.now();
            let step = match settling.action() {
                SettlingAction::Cancel => {
                    let answer = timeout_at(give_up_at, self.api.cancel(&cart)).await.ok();
                    settling.canceled(poll, answer, self.api.cancel_endpoint(), sent_at)
                }
                SettlingAction::Check(attempts) => {
                    let by = settling.called_paid_by();
                    let checked = self.api.check_after(by, &cart, attempts);
                    let answer = timeout_at(give_up_at, checked).await.ok();
                    let left = give_up_at.saturating_duration_since(Instant::now());
                    settling.checked(poll, answer, sent_at, left, fastrand::f64())
                }
                SettlingAction::Wait(delay) => {
                    sleep(delay).await;
                    settling.begin_turn();
                    continue;
                }
                SettlingAction::End => break,
            };
            if let Err(error) = step {
                self.report(Err(error.kind()));
                return Err(error);
            }
        }
        if let Some(state) = self.poll.state() {
            self.report(Ok(state.status));
        }
        self.outcome = self.poll.state().cloned();
        Ok(())
    }

    fn report(&self, outcome: Result<CartStatus, ErrorKind>) {
        let cart = self.poll.transaction_id();
        self.api.observe_poll(|| PollEvent::settled(cart, outcome));
    }
}
