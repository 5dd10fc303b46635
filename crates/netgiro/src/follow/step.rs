//! One step of a poll: a check where it is due, taken in and observed.

use jiff::Timestamp;

use crate::api::Api;
use crate::events::PollEvent;
use crate::follow::clock::Clock;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, Result};
use crate::model::poll::CartPoll;
use crate::model::poll::outcome::CheckOutcome;

/// Takes a poll one check further, by whatever clocks it was kept.
pub(crate) async fn step(api: &Api, poll: &CartPoll) -> Result<CartPoll> {
    if poll.is_done() {
        return outcome_of(api, poll).map(|_| poll.clone());
    }
    let settings = api.settings();
    let server_clock = &settings.server_clock;
    let clock = Clock::start(settings.machine.now());
    let sent_at = clock.now();
    let ours = poll.on_clock(sent_at, server_clock.now());
    if !ours.is_due(sent_at) {
        return Ok(ours);
    }
    let seen = CheckOutcome::from(api.check(&poll.cart(), 1).await);
    let now = clock.now();
    let ours = dated_by_answer(poll, sent_at, now, server_clock.now());
    take_in(api, &ours, seen, sent_at, now)
}

/// The poll on the clock of whoever sent a check at `sent_at` and got its answer `now`, when the server's clock is known to
/// say `server_now`: the answer says how late the check was, where nothing did so before.
pub(crate) fn dated_by_answer(
    poll: &CartPoll,
    sent_at: Timestamp,
    now: Timestamp,
    server_now: Option<Timestamp>,
) -> CartPoll {
    let took = now.duration_since(sent_at);
    let server_sent_at = server_now.and_then(|server| server.checked_sub(took).ok());
    poll.on_clock(sent_at, server_sent_at)
        .dated(sent_at, server_sent_at)
}

/// Takes what a check saw into its poll, and reports the step.
pub(crate) fn take_in(
    api: &Api,
    poll: &CartPoll,
    seen: CheckOutcome,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<CartPoll> {
    let failure = seen.failure();
    let step = poll.answered(seen, sent_at, now, fastrand::f64());
    api.observe_poll(|| PollEvent::of(poll, failure, &step));
    step
}

/// The state that a poll has ended with, as this client takes it from one that was kept.
pub(crate) fn outcome_of(api: &Api, poll: &CartPoll) -> Result<Option<CartState>> {
    let Some(state) = poll.state().filter(|_| poll.is_done()) else {
        return Ok(None);
    };
    match api.unnamed(state, &poll.cart()) {
        None => Ok(Some(state.clone())),
        Some(what) => Err(Error::invalid_request(format!(
            "this poll ended with cart {} paid, and {what}: payment_info is \"required\"",
            state.transaction_id
        ))),
    }
}
