//! Waiting for many carts at once: one heap of due times, and a bounded number of checks in flight.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use crate::api::Api;
use crate::bulk::concurrency::Concurrency;
use crate::bulk::first_checks::pause_between;
use crate::bulk::rate_limiter::RateLimiter;
use crate::bulk::{BulkOptions, InFlight, Resumed};
use crate::follow::clock::Clock;
use crate::follow::step::{outcome_of, take_in};
use crate::model::cart::CheckResult;
use crate::model::cart::state::CartState;
use crate::model::error::Result;
use crate::model::poll::CartPoll;
use crate::model::poll::cart_ref::CartRef;
use crate::model::poll::outcome::CheckOutcome;
use crate::model::poll::policy::WaitOptions;
use crate::model::poll::schedule::until;

struct Checked {
    at: usize,
    started: Instant,
    sent_at: Timestamp,
    seen: CheckOutcome,
}

/// Many carts being waited for; gives each as it settles.
pub struct WaitMany {
    api: Api,
    clock: Clock,
    known: Resumed,
    polls: Vec<Option<CartPoll>>,
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    in_flight: InFlight<Checked>,
    /// The rate of all carts together, where the caller set one; each cart also keeps to its own schedule.
    limiter: Option<RateLimiter>,
    concurrency: Concurrency,
    total: usize,
    done: usize,
}

impl WaitMany {
    pub(crate) fn new(
        api: Api,
        carts: Vec<CartRef>,
        options: WaitOptions,
        mut bulk: BulkOptions,
    ) -> Result<Self> {
        bulk.check()?;
        let total = carts.len();
        let (known, open) = bulk.split(&api, carts, |state| {
            !state.status.is_waiting() && !state.may_be_missing()
        })?;
        let clock = Clock::start(api.settings().machine.now());
        let now = clock.now();
        let polls: Vec<_> = open
            .into_iter()
            .map(|(_, cart)| Some(CartPoll::new(cart, options, now)))
            .collect();
        let due = first_checks(&polls, now);
        Ok(Self {
            api,
            clock,
            known,
            polls,
            due,
            in_flight: InFlight::new(),
            limiter: bulk
                .rate
                .map(|rate| RateLimiter::new(Some(rate), Instant::now())),
            concurrency: Concurrency::new(bulk.concurrency),
            total,
            done: 0,
        })
    }

    /// How many carts there are in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many of them have been given.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// The next cart that settled, or whose wait ended in an error; `None` after the last. What was
    /// known to be settled comes first.
    ///
    /// May be dropped and called again.
    pub async fn next(&mut self) -> Option<CheckResult> {
        if let Some((_, result)) = self.known.next() {
            self.done += 1;
            return Some(result);
        }
        loop {
            if let Some(result) = self.start_due() {
                return Some(result);
            }
            let checked = match (self.next_start(), self.in_flight.is_empty()) {
                (None, true) => return None,
                (None, false) => self.in_flight.next().await,
                (Some(at), true) => {
                    sleep_until(at).await;
                    None
                }
                (Some(at), false) => {
                    tokio::select! {
                        checked = self.in_flight.next() => checked,
                        () = sleep_until(at) => None,
                    }
                }
            };
            if let Some(result) = checked.and_then(|checked| self.take_in(checked)) {
                return Some(result);
            }
        }
    }

    /// When the next check is due, unless an answer has to come first.
    fn next_start(&self) -> Option<Instant> {
        if self.in_flight.len() >= self.concurrency.limit() {
            return None;
        }
        let Reverse((due, _)) = self.due.peek()?;
        let due = Instant::now() + until(*due, self.clock.now());
        Some(
            self.limiter
                .as_ref()
                .map_or(due, |limiter| due.max(limiter.not_before())),
        )
    }

    /// Starts the checks that are due; gives a cart that was settled from the start.
    fn start_due(&mut self) -> Option<CheckResult> {
        let now = self.clock.now();
        while self.in_flight.len() < self.concurrency.limit() {
            let &Reverse((due, at)) = self.due.peek()?;
            let started = Instant::now();
            let is_held_back = |limiter: &RateLimiter| limiter.not_before() > started;
            if due > now || self.limiter.as_ref().is_some_and(is_held_back) {
                return None;
            }
            self.due.pop();
            let Some(poll) = self.polls.get_mut(at).and_then(Option::as_mut) else {
                continue;
            };
            if let Some(outcome) = outcome_of(&self.api, poll).transpose() {
                return self.give(at, outcome);
            }
            if let Some(limiter) = &mut self.limiter {
                limiter.on_send(started);
            }
            let api = self.api.clone();
            let cart = poll.cart();
            let sent_at = now.max(poll.next_check_at());
            self.in_flight.push(Box::pin(async move {
                let seen = api.check(&cart, 1).await.into();
                Checked {
                    at,
                    started,
                    sent_at,
                    seen,
                }
            }));
        }
        None
    }

    /// Takes an answer in; gives the cart when it is settled.
    fn take_in(&mut self, checked: Checked) -> Option<CheckResult> {
        let Checked {
            at,
            started,
            sent_at,
            seen,
        } = checked;
        let answered = Instant::now();
        let failure = match &seen {
            CheckOutcome::Error(error) => Some(error),
            _ => None,
        };
        let is_answer = failure.is_none();
        if let Some(limiter) = &mut self.limiter {
            limiter.on_response(failure, started, answered);
        }
        let place = self.polls.get_mut(at)?;
        let poll = place.take()?;
        let now = self.clock.now();
        let outcome = match take_in(&self.api, &poll, seen, sent_at, now) {
            Ok(next) if !next.is_done() => {
                // How long a failure takes says nothing of how long an answer does.
                if is_answer {
                    let carts = self.due.len() + self.in_flight.len() + 1;
                    let interval = until(next.next_check_at(), now);
                    self.concurrency
                        .on_answer(carts, answered - started, interval);
                }
                self.due.push(Reverse((next.next_check_at(), at)));
                *place = Some(next);
                return None;
            }
            Ok(next) => Ok(next.state().cloned()?),
            Err(error) => Err(error),
        };
        *place = Some(poll);
        self.give(at, outcome)
    }

    fn give(&mut self, at: usize, outcome: Result<CartState>) -> Option<CheckResult> {
        let poll = self.polls.get_mut(at)?.take()?;
        self.done += 1;
        Some(CheckResult {
            transaction_id: poll.transaction_id(),
            outcome,
        })
    }
}

/// When each cart is checked first: those that are due by now one after another, the others in their time.
fn first_checks(
    polls: &[Option<CartPoll>],
    now: Timestamp,
) -> BinaryHeap<Reverse<(Timestamp, usize)>> {
    let (mut overdue, mut interval) = (0, Duration::MAX);
    for poll in polls.iter().flatten().filter(|poll| poll.is_due(now)) {
        overdue += 1;
        interval = interval.min(poll.base()).min(until(poll.deadline(), now));
    }
    let pause = pause_between(overdue, interval);
    let mut next = now;
    let due = polls.iter().enumerate().filter_map(|(at, poll)| {
        let poll = poll.as_ref()?;
        if !poll.is_due(now) {
            return Some(Reverse((poll.next_check_at(), at)));
        }
        let first = next;
        next = first.saturating_add(pause).unwrap_or(first);
        Some(Reverse((first, at)))
    });
    due.collect()
}
