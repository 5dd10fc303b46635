//! What bulk calls have in common: how many checks at a time, how fast, how long a failed one is tried
//! again, and what is known already.

pub(crate) mod check_many;
pub(crate) mod circuit_breaker;
pub mod columns;
pub(crate) mod concurrency;
pub(crate) mod first_checks;
pub(crate) mod packed;
pub(crate) mod rate_limiter;
pub(crate) mod results;
pub(crate) mod wait_many;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::api::Api;
use crate::bulk::rate_limiter::RateLimiter;
use crate::bulk::results::CheckResults;
use crate::model::cart::CheckResult;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, Result};
use crate::model::poll::cart_ref::CartRef;

/// How a bulk call goes about its checks.
#[derive(Clone, Debug)]
pub struct BulkOptions {
    /// How many checks may be in flight at a time. `None` for 32; for `wait_many` up to 256 where its carts need more to
    /// be checked in time.
    pub concurrency: Option<usize>,
    /// How many checks are sent a second at the most, evenly spaced; `None` for as fast as answers come.
    ///
    /// Where the server answers that it is too much (HTTP 429), `check_many` halves its pace, and
    /// recovers it by a tenth a second. `wait_many` does so when a rate is given; without one each of
    /// its carts slows down by itself.
    pub rate: Option<f64>,
    /// For how long after its first check a cart is checked again where the check failed in a way
    /// that may pass: no connection, no answer in time, HTTP 429 and 5xx, a broken answer. The client's
    /// own timeout is for one check. Of `check_many` alone: `wait_many` goes on to its own deadline.
    pub retry_for: Duration,
    /// Results to go on from: what is known by them is not asked again. `wait_many` asks once more about carts
    /// that they have as not found, or as canceled by a check that may have come too early.
    pub resume: Option<Arc<CheckResults>>,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            concurrency: None,
            rate: None,
            retry_for: Duration::from_secs(30),
            resume: None,
        }
    }
}

impl BulkOptions {
    /// How many checks may be in flight where nobody says.
    pub(crate) const CONCURRENCY: usize = 32;

    pub(crate) fn check(&self) -> Result<()> {
        if self.concurrency == Some(0) {
            return Err(Error::invalid_request(
                "concurrency must be at least 1; got 0",
            ));
        }
        RateLimiter::check(self.rate)
    }

    /// The carts whose result is known, each with its place, and those to be checked.
    ///
    /// A state that tells of another amount or reference than the cart's is not known: asked again,
    /// it comes as the mismatch that it is. Nor is a paid one that lacks what the client requires.
    pub(crate) fn split(
        &mut self,
        api: &Api,
        carts: Vec<CartRef>,
        is_known: impl Fn(&CartState) -> bool,
    ) -> Result<(Resumed, Vec<(usize, CartRef)>)> {
        let all = carts.into_iter().enumerate();
        let Some(results) = self.resume.take() else {
            return Ok((Resumed::default(), all.collect()));
        };
        for result in results.iter() {
            result.validate()?;
        }
        let places = results.places();
        let mut at = Vec::new();
        let mut open = Vec::new();
        for (here, mut cart) in all {
            let found = places.get(&cart.transaction_id).copied();
            let result = found.and_then(|there| Some((there, results.get(there)?)));
            match result.map(|(there, result)| (there, result.outcome)) {
                Some((there, Ok(state))) if is_of(api, &state, &cart) => {
                    if is_known(&state) {
                        at.push((here, there));
                        continue;
                    }
                    cart.doubted_at = state.may_be_missing().then_some(state.checked_at);
                }
                Some((_, Err(error))) if cart.poll.is_none() => {
                    // A wait that was cut short goes on from where it was.
                    cart.poll = error.poll().cloned().map(Box::new);
                }
                _ => {}
            }
            open.push((here, cart));
        }
        let known = Resumed {
            results,
            at: at.into_iter(),
        };
        Ok((known, open))
    }
}

fn is_of(api: &Api, state: &CartState, cart: &CartRef) -> bool {
    let mismatch = cart.mismatch(state.payment.as_deref());
    mismatch.is_none() && api.unnamed(state, cart).is_none()
}

/// Results that need not be asked for.
#[derive(Debug, Default)]
pub(crate) struct Resumed {
    results: Arc<CheckResults>,
    at: std::vec::IntoIter<(usize, usize)>,
}

impl Iterator for Resumed {
    type Item = (usize, CheckResult);

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.at.next();
        if next.is_none() && !self.results.is_empty() {
            // Thousands of results that nobody needs any more.
            self.results = Arc::default();
        }
        let (here, there) = next?;
        Some((here, self.results.get(there)?))
    }
}

/// The checks in flight.
pub(crate) type InFlight<T> = FuturesUnordered<BoxFuture<'static, T>>;
