//! What all parts of a run share: the clock, the plan, the record.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::{Duration, Instant, sleep};

use crate::invariants::{Checkout, Invariant, Millis};
use crate::simulation::draw::{About, draw, happens};
use crate::simulation::plan::{FaultId, FaultKind, Mistake, Plan};
use crate::simulation::process::{Actor, Process};
use crate::simulation::record::{Following, Record};

/// When every run begins: a working day in Reykjavík.
const BEGINNING: i64 = 1_767_607_200_000;

/// What all parts of a run share.
pub(super) struct World {
    pub(super) plan: Plan,
    /// Wakes whoever drives the run when an invariant is broken.
    pub(super) stop: Notify,
    began: Instant,
    record: Mutex<Record>,
    tasks: AtomicU32,
}

/// Something that goes on.
pub(super) struct Task(Arc<World>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.tasks.fetch_sub(1, Ordering::Relaxed);
    }
}

impl World {
    /// A world that begins now, on a runtime whose time is paused.
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            record: Mutex::new(Record::new(plan.is_traced)),
            plan,
            stop: Notify::new(),
            began: Instant::now(),
            tasks: AtomicU32::new(0),
        })
    }

    /// Milliseconds since the beginning.
    pub(super) fn millis(&self) -> Millis {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// What a clock says that is ahead by this.
    pub(super) fn now(&self, ahead: SignedDuration) -> Timestamp {
        let now = Timestamp::from_millisecond(BEGINNING + self.millis()).unwrap_or(Timestamp::MAX);
        now.saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// When a clock that is ahead by this will say so.
    pub(super) fn instant(&self, at: Timestamp, ahead: SignedDuration) -> Instant {
        let left = at.duration_since(self.now(ahead));
        Instant::now() + Duration::try_from(left).unwrap_or_default()
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a line into the trace.
    pub(super) fn note(&self, checkout: u32, text: impl FnOnce() -> String) {
        if !self.plan.is_traced {
            return;
        }
        let now = self.millis();
        self.record().note(now, checkout, text);
    }

    pub(super) fn change(&self, checkout: u32, change: impl FnOnce(&mut Checkout)) {
        let now = self.millis();
        self.record().change(now, checkout, &self.stop, change);
    }

    pub(super) fn follow(&self, checkout: u32, change: impl FnOnce(&mut Following)) {
        let now = self.millis();
        self.record().follow(now, checkout, &self.stop, change);
    }

    pub(super) fn violated(&self, checkout: u32, invariant: Invariant) {
        let now = self.millis();
        self.record().violated(now, checkout, invariant, &self.stop);
    }

    /// Nothing more can happen: what must be so then?
    pub(super) fn end(&self) {
        let now = self.millis();
        self.record().end(now, &self.stop);
    }

    pub(super) fn makes(&self, mistake: Mistake) -> bool {
        self.plan.mistake == Some(mistake)
    }

    /// Whether a fault that chance has decided on strikes, which not all do once a run is being shrunk.
    pub(super) fn strikes(&self, kind: FaultKind, checkout: u32, number: u32) -> bool {
        let fault = FaultId {
            checkout,
            kind,
            number,
        };
        let strikes = self.plan.strikes(fault);
        if strikes {
            self.record().struck.insert(fault);
        }
        strikes
    }

    /// Runs the `start`-th start of a process until it ends or dies, which it does not after some attempts, so that every
    /// run ends; gives `None` where it died.
    pub(super) async fn run<T>(
        &self,
        actor: Actor,
        start: u32,
        attempt: u32,
        process: Pin<Box<impl Future<Output = T>>>,
    ) -> Option<T> {
        const MORTAL: u32 = 6;
        let of = actor.checkout;
        let number = actor.start(start);
        let mut chance = draw(self.plan.seed, About::Crash, of, number);
        let dies = attempt < MORTAL && happens(&mut chance, actor.mortality());
        // Half of them die early on, since most processes are short.
        let most = if chance.bool() { 12 } else { 120 };
        let steps = chance.u32(1..most);
        let fault = FaultId {
            checkout: of,
            kind: FaultKind::Crash,
            number,
        };
        let dies_after = (dies && self.plan.strikes(fault)).then_some(steps);
        let jitter = draw(self.plan.seed, About::Jitter, of, number).u64(..);
        self.follow(of, |it| it.running += 1);
        let outcome = Process::new(actor, jitter, dies_after, process).await;
        if outcome.is_none() {
            self.record().struck.insert(fault);
            self.note(of, || format!("{} dies", actor.name()));
        }
        outcome
    }

    /// How long it takes until a process that died is started again, in milliseconds.
    pub(super) fn restart_delay(&self, actor: Actor, start: u32) -> u64 {
        let number = actor.start(start);
        draw(self.plan.seed, About::Restart, actor.checkout, number).u64(500..60_000)
    }

    /// Notes that something goes on until what this gives is dropped.
    pub(super) fn task(self: &Arc<Self>) -> Task {
        self.tasks.fetch_add(1, Ordering::Relaxed);
        Task(Arc::clone(self))
    }

    /// Whether anything goes on.
    pub(super) fn is_busy(&self) -> bool {
        self.tasks.load(Ordering::Relaxed) > 0
    }

    /// The process that [`run`](Self::run) ran is gone; `is_stored` says whether it will start again.
    pub(super) fn ended(&self, actor: Actor, is_stored: bool) {
        self.follow(actor.checkout, |it| {
            it.running = it.running.saturating_sub(1);
            if is_stored {
                it.stored.insert(actor.follower);
            } else {
                it.stored.remove(&actor.follower);
            }
        });
    }
}

/// Waits for so many milliseconds.
pub(super) async fn pause(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds)).await;
}
