//! `CartPoll`: its JSON text is the poll, in both directions; JavaScript has a frozen view of it besides.

use napi_derive::napi;
use netgiro::{Amount, CartPoll, Result};
use serde::Serialize;

use crate::arguments::cart::{CartInput, cart_ref};
use crate::arguments::poll::{CheckOutcomeInput, check_outcome};
use crate::arguments::scalars::instant;
use crate::arguments::wait::{WaitInput, wait_options};
use crate::reply::reply;
use crate::views::poll::PollView;

/// Starts a poll of a cart at an instant in epoch milliseconds, or now.
#[napi(catch_unwind)]
pub fn start_poll(cart: CartInput, wait: WaitInput, now: Option<f64>) -> String {
    let poll = cart_ref(&cart).and_then(|cart| {
        Ok(CartPoll::new(
            cart,
            wait_options(&wait)?,
            instant("now", now)?,
        ))
    });
    reply(&poll.map(PollView))
}

/// Reads a poll's JSON text.
#[napi(catch_unwind)]
pub fn read_poll(token: String) -> String {
    reply(&CartPoll::from_json(&token).map(PollView))
}

/// The poll after a check; instants are epoch milliseconds, `None` is now.
#[napi(catch_unwind)]
pub fn answer_poll(
    token: String,
    seen: CheckOutcomeInput,
    sent_at: Option<f64>,
    now: Option<f64>,
    jitter: Option<f64>,
) -> String {
    let answered = || -> Result<CartPoll> {
        let now = instant("now", now)?;
        let sent_at = match sent_at {
            Some(sent_at) => instant("sentAt", Some(sent_at))?,
            None => now,
        };
        let jitter = jitter.unwrap_or_else(fastrand::f64);
        CartPoll::from_json(&token)?.answered(check_outcome(seen)?, sent_at, now, jitter)
    };
    reply(&answered().map(PollView))
}

/// The poll on the clock of whoever takes its next step: the core's `on_clock`.
#[napi(catch_unwind)]
pub fn poll_on_clock(token: String, now: f64, server_now: Option<f64>) -> String {
    let moved = || -> Result<CartPoll> {
        let server_now = server_now.map(|at| instant("serverNow", Some(at)));
        let now = instant("now", Some(now))?;
        Ok(CartPoll::from_json(&token)?.on_clock(now, server_now.transpose()?))
    };
    reply(&moved().map(PollView))
}

/// How long to wait before the next step, in milliseconds: the core's `delay`.
#[napi(catch_unwind)]
pub fn poll_delay(token: String, now: Option<f64>) -> String {
    let delay = || -> Result<u64> {
        let delay = CartPoll::from_json(&token)?.delay(instant("now", now)?);
        Ok(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
    };
    reply(&delay())
}

/// What is known of a cart, as it is compared.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CartRefView<'a> {
    transaction_id: String,
    amount: Option<i64>,
    reference: Option<&'a str>,
}

/// Reads a cart: its id, its amount and its reference as the core holds them.
#[napi(catch_unwind)]
pub fn read_cart(input: CartInput) -> String {
    let cart = cart_ref(&input);
    reply(
        &cart.as_ref().map_err(Clone::clone).map(|cart| CartRefView {
            transaction_id: cart.transaction_id().to_string(),
            amount: cart.amount().map(Amount::kronur),
            reference: cart.reference(),
        }),
    )
}
