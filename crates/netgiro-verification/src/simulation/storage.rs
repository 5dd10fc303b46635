//! What a shop has stored about an order. It outlives every process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use netgiro::Cart;
use uuid::Uuid;

use crate::invariants::{Millis, Report};
use crate::simulation::order::Order;
use crate::simulation::process::Actor;
use crate::simulation::world::pause;

/// How long a claim holds that is not renewed.
const LEASE: Millis = 600_000;
/// How long after a status its shop may be told what it said: a call, and a wait for the ledger.
const OVERTAKEN_FOR: Millis = 60_000;
/// Before every run.
const NEVER: Millis = -1_000_000_000;

/// How many connections, requests and callbacks there were of a checkout.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU32,
    pub(super) requests: AtomicU32,
    pub(super) callbacks: AtomicU32,
    /// Answers that were signed wrongly, and answers that refused the keys.
    pub(super) forged: AtomicU32,
    pub(super) refused: AtomicU32,
}

/// Counts one more; gives how many there were before.
pub(super) fn next(counter: &AtomicU32) -> u32 {
    counter.fetch_add(1, Ordering::Relaxed)
}

/// An order in the shop, and what the run knows of it.
pub(super) struct StoredOrder {
    pub(super) number: u32,
    pub(super) order: Order,
    pub(super) counters: Counters,
    row: Mutex<Row>,
    /// What no database holds: when each process made its last call, and which ones are telling the shop.
    calls: Mutex<BTreeMap<Actor, Millis>>,
    telling: Mutex<BTreeSet<Actor>>,
    /// Whether the shop was told that its InsertCart has asked nobody.
    was_refused: AtomicBool,
    /// When a cancel of V2 has overtaken a payment.
    overtaken_at: AtomicI64,
}

/// The row of an order.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Since when the shop has meant to insert the cart.
    pub(super) intended: Option<Millis>,
    pub(super) cart: Option<Cart>,
    /// The poll of the worker.
    pub(super) poll: Option<String>,
    pub(super) told: Option<Report>,
    pub(super) ledger: Ledger,
    /// The carts of callbacks that were recorded.
    pub(super) recorded: BTreeSet<Uuid>,
    /// What the replay guard has seen.
    pub(super) seen: BTreeSet<String>,
    /// How many refunds were begun.
    pub(super) refunds: u32,
    /// How many messages were sent.
    pub(super) messages: u32,
    /// The signatures of callbacks, in the order in which they came.
    pub(super) signatures: Vec<String>,
}

/// Which process tells the shop how a cart ended.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    holder: Option<String>,
    until: Millis,
    pub(super) is_done: bool,
}

impl Ledger {
    /// Whether the cart is claimed, and whether it is done.
    pub(super) fn claim(&mut self, holder: &str, now: Millis) -> (bool, bool) {
        let is_free = self.holder.as_deref().is_none_or(|by| by == holder) || self.until < now;
        let is_claimed = is_free && !self.is_done;
        if is_claimed {
            self.holder = Some(holder.to_owned());
            self.until = now + LEASE;
        }
        (is_claimed, self.is_done)
    }

    pub(super) fn release(&mut self, holder: &str) {
        if self.holder.as_deref() == Some(holder) {
            self.holder = None;
        }
    }
}

impl StoredOrder {
    pub(super) fn new(number: u32, order: Order) -> Self {
        Self {
            number,
            order,
            counters: Counters::default(),
            row: Mutex::default(),
            calls: Mutex::default(),
            telling: Mutex::default(),
            was_refused: AtomicBool::new(false),
            overtaken_at: AtomicI64::new(NEVER),
        }
    }

    /// A cancel of V2, sent after a status that was open, has undone a payment that came meanwhile.
    pub(super) fn payment_was_overtaken(&self, at: Millis) {
        self.overtaken_at.store(at, Ordering::Relaxed);
    }

    /// Whether that happened so shortly before `now` that a status which said "paid" may have been on its way.
    pub(super) fn was_overtaken_before(&self, now: Millis) -> bool {
        now - OVERTAKEN_FOR <= self.overtaken_at.load(Ordering::Relaxed)
    }

    /// The shop is told that nobody was asked.
    pub(super) fn set_refused(&self) {
        self.was_refused.store(true, Ordering::Relaxed);
    }

    pub(super) fn was_refused(&self) -> bool {
        self.was_refused.load(Ordering::Relaxed)
    }

    /// Whether answers of the server's may have ended a wait before its deadline: one that refused the keys, as it does where
    /// a request comes twice, or three that were signed wrongly.
    pub(super) fn may_end_early(&self) -> bool {
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        count(&self.counters.refused) > 0 || count(&self.counters.forged) >= 3
    }

    pub(super) fn has_callback(&self) -> bool {
        self.order.cart.callback_url.is_some()
    }

    /// What the answer to InsertCart said of the time between two checks, where the shop has read it.
    pub(super) fn check_interval(&self) -> Option<Millis> {
        let interval = self.now(|row| row.cart.as_ref()?.check_interval)?;
        Millis::try_from(interval.as_millis()).ok()
    }

    /// Looks at the row, or changes it, at once.
    pub(super) fn now<T>(&self, action: impl FnOnce(&mut Row) -> T) -> T {
        action(&mut lock(&self.row))
    }

    /// The same by a statement that takes its time: a process may die before it and after it.
    pub(super) async fn write<T>(&self, action: impl FnOnce(&mut Row) -> T) -> T {
        pause(1).await;
        let outcome = self.now(action);
        tokio::task::yield_now().await;
        outcome
    }

    /// A process makes a call, whether or not it will be connected.
    pub(super) fn asks(&self, actor: Actor, at: Millis) {
        lock(&self.calls).insert(actor, at);
    }

    pub(super) fn last_call(&self, actor: Actor) -> Millis {
        lock(&self.calls).get(&actor).copied().unwrap_or_default()
    }

    /// Notes whether a process has told the shop, and not yet noted so; gives whether it had.
    pub(super) fn set_telling(&self, actor: Actor, is_telling: bool) -> bool {
        let mut telling = lock(&self.telling);
        if is_telling {
            !telling.insert(actor)
        } else {
            telling.remove(&actor)
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
