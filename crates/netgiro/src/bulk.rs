//! Waiting for many carts at once: one heap of due times, and a bounded number of checks under way.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::time::sleep;

use crate::cart::{CartRef, CheckResult};
use crate::client::Client;
use crate::poll::{CartPoll, Seen, WaitOptions, until};
use crate::watch::Clock;

struct Checked {
    at: usize,
    sent_at: Timestamp,
    seen: Seen,
}

/// Many carts being waited for; gives each as it settles.
pub struct WaitMany {
    client: Client,
    clock: Clock,
    polls: Vec<Option<CartPoll>>,
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    under_way: FuturesUnordered<BoxFuture<'static, Checked>>,
    concurrency: usize,
    done: usize,
}

impl WaitMany {
    pub(crate) fn new(
        client: Client,
        carts: Vec<CartRef>,
        options: WaitOptions,
        concurrency: usize,
    ) -> Self {
        let clock = Clock::start();
        let now = clock.now();
        let polls: Vec<_> = carts
            .into_iter()
            .map(|cart| Some(CartPoll::new(cart, options, now)))
            .collect();
        let due = polls
            .iter()
            .enumerate()
            .filter_map(|(at, poll)| Some(Reverse((poll.as_ref()?.next_check_at(), at))))
            .collect();
        Self {
            client,
            clock,
            polls,
            due,
            under_way: FuturesUnordered::new(),
            concurrency,
            done: 0,
        }
    }

    /// How many carts there are in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.polls.len()
    }

    /// How many of them have been given.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// The next cart that settled, or whose wait ended in an error; `None` after the last.
    ///
    /// May be dropped and called again.
    pub async fn next(&mut self) -> Option<CheckResult> {
        loop {
            if let Some(result) = self.start_due() {
                return Some(result);
            }
            let next_due = match self.due.peek() {
                Some(Reverse((due, _))) if self.under_way.len() < self.concurrency => Some(*due),
                _ => None,
            };
            let checked = match (next_due, self.under_way.is_empty()) {
                (None, true) => return None,
                (None, false) => self.under_way.next().await,
                (Some(due), true) => {
                    sleep(until(due, self.clock.now())).await;
                    None
                }
                (Some(due), false) => {
                    tokio::select! {
                        checked = self.under_way.next() => checked,
                        () = sleep(until(due, self.clock.now())) => None,
                    }
                }
            };
            if let Some(result) = checked.and_then(|checked| self.take_in(checked)) {
                return Some(result);
            }
        }
    }

    /// Starts the checks that are due; gives a cart that was settled from the start.
    fn start_due(&mut self) -> Option<CheckResult> {
        let now = self.clock.now();
        while self.under_way.len() < self.concurrency {
            let &Reverse((due, at)) = self.due.peek()?;
            if due > now {
                return None;
            }
            self.due.pop();
            let Some(poll) = self.polls.get_mut(at).and_then(Option::as_mut) else {
                continue;
            };
            if let (true, Some(state)) = (poll.is_done(), poll.state().cloned()) {
                return self.give(at, Ok(state));
            }
            let client = self.client.clone();
            let cart = poll.cart();
            let sent_at = now.max(poll.next_check_at());
            self.under_way.push(Box::pin(async move {
                let seen = client.check(&cart, 1).await.into();
                Checked { at, sent_at, seen }
            }));
        }
        None
    }

    /// Takes an answer in; gives the cart when it is settled.
    fn take_in(&mut self, checked: Checked) -> Option<CheckResult> {
        let Checked { at, sent_at, seen } = checked;
        let place = self.polls.get_mut(at)?;
        let poll = place.take()?;
        let outcome = match self.client.step(&poll, seen, sent_at, self.clock.now()) {
            Ok(next) if !next.is_done() => {
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

    fn give(&mut self, at: usize, outcome: crate::Result<crate::CartState>) -> Option<CheckResult> {
        let poll = self.polls.get_mut(at)?.take()?;
        self.done += 1;
        Some(CheckResult {
            transaction_id: poll.transaction_id(),
            outcome,
        })
    }
}
