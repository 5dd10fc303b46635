//! A process of a shop: it has chance of its own, and may die between any two steps.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    static CURRENT: Cell<Option<Actor>> = const { Cell::new(None) };
}

/// Who acts: a checkout, and which of those that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Actor {
    pub(super) checkout: u32,
    /// 0 is the shop's worker, 1 a customer who breaks off, 2 refunds; from 100 on callbacks, from 1,000 on messages.
    pub(super) follower: u32,
}

/// Who is acting at this moment.
pub(super) fn current() -> Option<Actor> {
    CURRENT.get()
}

/// A future that is polled as a process; gives `None` where the process died.
pub(super) struct Process<F> {
    actor: Actor,
    /// The state of the generator that the product draws its jitter from.
    jitter: u64,
    /// After how many steps it dies.
    steps_left: Option<u32>,
    /// `None` once it is dead.
    running: Option<Pin<Box<F>>>,
}

impl<F> Process<F> {
    pub(super) fn new(
        actor: Actor,
        jitter: u64,
        dies_after: Option<u32>,
        running: Pin<Box<F>>,
    ) -> Self {
        Self {
            actor,
            jitter,
            steps_left: dies_after,
            running: Some(running),
        }
    }
}

impl<F: Future> Future for Process<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let others = fastrand::get_seed();
        fastrand::seed(this.jitter);
        let before = CURRENT.replace(Some(this.actor));
        let outcome = match (&mut this.running, this.steps_left) {
            (None, _) => Poll::Ready(None),
            (running, Some(0)) => {
                *running = None;
                Poll::Ready(None)
            }
            (Some(running), _) => running.as_mut().poll(context).map(Some),
        };
        this.steps_left = this.steps_left.map(|left| left.saturating_sub(1));
        CURRENT.set(before);
        this.jitter = fastrand::get_seed();
        fastrand::seed(others);
        outcome
    }
}

impl Actor {
    /// A number for a start of its, which no other start of the checkout has.
    pub(super) fn start(self, start: u32) -> u32 {
        self.follower.min(1_000) * 1_000 + start
    }

    /// How probable it is that a start of its dies: messages are many, and each is short.
    pub(super) fn mortality(self) -> f64 {
        if self.follower < 1_000 { 0.12 } else { 0.02 }
    }

    /// A name for the trace.
    pub(super) fn name(self) -> String {
        match self.follower {
            0 => "the worker".to_owned(),
            1 => "the customer's page".to_owned(),
            2 => "the refund".to_owned(),
            100..1_000 => format!("callback {}", self.follower - 100),
            _ => format!("message {}", self.follower - 1_000),
        }
    }
}
