//! The worker: inserts the cart, and follows it to its end.

use std::sync::Arc;

use netgiro::{
    ApiVersion, Cart, CartPoll, CartRef, CartState, CartStatus, Error, ErrorKind, WaitOptions,
};
use tokio::time::Duration;

use crate::invariants::{Invariant, Millis, Report};
use crate::simulation::order::WorkerMode;
use crate::simulation::plan::Mistake;
use crate::simulation::record::report_of;
use crate::simulation::shop::{Shop, ShopProcess, queue};
use crate::simulation::world::{World, pause};

/// How long an order stays in doubt until a person looks: no cart lives on by then, and no callback comes.
const DOUBT: Millis = 500_000;
/// How often a call is made again until a person looks.
const TRIES: u32 = 60;
/// How long the last check of a wait and settling may take after the deadline: a call is over in ten seconds, and settling in
/// a minute.
const LONGEST_END: Millis = 100_000;
/// How much earlier than its deadline a wait may send its last check: what is lost by counting in milliseconds.
const ROUNDING: Millis = 1_000;

/// Lets an order come.
pub(in crate::simulation) async fn begin(world: Arc<World>, shop: Arc<Shop>, number: u32) {
    let Some(stored) = shop.stored(number) else {
        return;
    };
    let _task = world.task();
    tokio::time::sleep(stored.order.comes).await;
    world.note(number, || format!("{:?}", stored.order));
    for start in 0.. {
        let Some(process) = ShopProcess::new(&world, &shop, stored, 0, start) else {
            return;
        };
        if world
            .run(process.actor, start, start, Box::pin(process.work()))
            .await
            .is_some()
        {
            process.ended();
            return;
        }
        process.died(true);
        if world.makes(Mistake::NeverRestarts) {
            return;
        }
        pause(world.restart_delay(process.actor, start)).await;
    }
}

impl ShopProcess {
    /// The worker's program, from what is stored.
    async fn work(&self) {
        let now = self.world.millis();
        let (intended, cart) = self
            .stored
            .write(|row| {
                let before = row.intended;
                row.intended = before.or(Some(now));
                (before, row.cart.clone())
            })
            .await;
        let cart = match (intended, cart) {
            (_, Some(cart)) => cart,
            (None, None) => match self.insert().await {
                Some(cart) => cart,
                None => return,
            },
            // The process that meant to insert it is gone.
            (Some(_), None) => match self.look_for_cart().await {
                Some(cart) => cart,
                None => return,
            },
        };
        let began = intended.unwrap_or(now);
        let waits = i64::try_from(self.stored.order.timeout.as_millis()).unwrap_or(i64::MAX);
        let deadline = began + waits;
        match self.worker_mode() {
            WorkerMode::Settles => self.settle(&cart, deadline).await,
            WorkerMode::Waits => self.wait(&cart, deadline).await,
            WorkerMode::Queue => {
                let poll = CartPoll::new(&cart, self.left(deadline), self.now());
                queue::begin(self, &poll, deadline).await;
            }
        }
    }

    /// How it follows the cart: by a way on which its mistake shows, where it makes one.
    fn worker_mode(&self) -> WorkerMode {
        match self.world.plan.mistake {
            Some(Mistake::IgnoresCancelAnswer | Mistake::GivesUpEarly) => WorkerMode::Waits,
            Some(Mistake::LosesMessages | Mistake::DoesNotWait) => WorkerMode::Queue,
            _ => self.stored.order.worker_mode,
        }
    }

    async fn insert(&self) -> Option<Cart> {
        let inserts_again = self.world.makes(Mistake::InsertsAgain);
        loop {
            match self.host.client.insert_cart(&self.stored.order.cart).await {
                Ok(cart) => {
                    self.note(|| format!("has cart {}", cart.transaction_id));
                    self.stored.write(|row| row.cart = Some(cart.clone())).await;
                    return Some(cart);
                }
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                    self.note(|| format!("the order is in doubt: {}", error.message()));
                    if !inserts_again {
                        return self.look_for_cart().await;
                    }
                }
                Err(error) => {
                    self.note(|| format!("nobody was asked: {}", error.message()));
                    self.stored.set_refused();
                    if self.world.record().inserts(self.actor.checkout) > 0 {
                        let of = self.actor.checkout;
                        self.world.violated(of, Invariant::OneInsert);
                    }
                    self.conclude(Report::Unpaid).await;
                    return None;
                }
            }
        }
    }

    /// Looks for the cart of an order that is in doubt, until a person has to.
    async fn look_for_cart(&self) -> Option<Cart> {
        let order = &self.stored.order.cart;
        let intended = self.stored.now(|row| row.intended.unwrap_or_default());
        while self.world.millis() < intended + DOUBT {
            if self.stored.now(|row| row.told.is_some()) {
                return None;
            }
            let client = &self.host.client;
            let found = client
                .find_by_reference(&order.reference, order.amount)
                .await;
            if let Ok(Some(cart)) = found {
                self.note(|| format!("finds cart {}", cart.transaction_id));
                self.stored.write(|row| row.cart = Some(cart.clone())).await;
                return Some(cart);
            }
            pause(45_000).await;
        }
        self.conclude(Report::Undecided).await;
        None
    }

    /// What is left until the deadline.
    fn left(&self, deadline: Millis) -> WaitOptions {
        let left = u64::try_from(deadline - self.world.millis()).unwrap_or(1);
        WaitOptions {
            timeout: Duration::from_millis(left),
            policy: None,
        }
    }

    /// The cart as far as the worker has followed it.
    fn resumed(&self, cart: &Cart) -> CartRef {
        let kept = self.stored.now(|row| row.poll.clone());
        match kept.and_then(|kept| CartPoll::from_json(&kept).ok()) {
            Some(poll) => CartRef::from(&poll),
            None => CartRef::from(cart),
        }
    }

    async fn keep(&self, poll: &CartPoll) {
        let kept = poll.to_json();
        self.stored.write(|row| row.poll = Some(kept)).await;
    }

    async fn settle(&self, cart: &Cart, deadline: Millis) {
        for _ in 0..TRIES {
            let client = &self.host.client;
            let mut watch = client.watch_settling(self.resumed(cart), self.left(deadline));
            let mut failure = None;
            let latest = self.latest_end(deadline);
            while let Some(change) = watch.next().await {
                failure = change.err();
                self.keep(watch.poll()).await;
            }
            self.ends_by(latest);
            if let Some(state) = watch.state() {
                self.finish(cart, state).await;
                return;
            }
            let Some(error) = failure else { break };
            self.note(|| format!("could not settle: {error}"));
            self.gave_up(deadline, ROUNDING);
            if error.kind() != ErrorKind::Unresolved {
                break;
            }
            pause(20_000).await;
        }
        self.conclude(Report::Undecided).await;
    }

    async fn wait(&self, cart: &Cart, deadline: Millis) {
        let gives_up = if self.world.makes(Mistake::GivesUpEarly) {
            deadline - (deadline - self.world.millis()) / 2
        } else {
            deadline
        };
        let client = &self.host.client;
        let mut watch = client.watch_cart(self.resumed(cart), self.left(gives_up));
        let mut failure: Option<Error> = None;
        let latest = self.latest_end(deadline);
        while let Some(change) = watch.next().await {
            failure = change.err();
            self.keep(watch.poll()).await;
        }
        self.ends_by(latest);
        if let Some(state) = watch.state() {
            self.finish(cart, state).await;
            return;
        }
        if failure.is_some() {
            self.gave_up(deadline, ROUNDING);
        }
        self.cancel(cart).await;
    }

    /// When a wait that goes on now must have ended.
    fn latest_end(&self, deadline: Millis) -> Millis {
        deadline.max(self.world.millis()) + LONGEST_END
    }

    /// A wait has ended, which must be by then.
    fn ends_by(&self, latest: Millis) {
        if self.world.millis() > latest {
            let of = self.actor.checkout;
            self.world.violated(of, Invariant::WaitsItsTime);
        }
    }

    /// Writes down that a wait has ended undecided.
    pub(super) fn gave_up(&self, deadline: Millis, tolerance: Millis) {
        if self.stored.may_end_early() {
            return;
        }
        let sent = self.stored.last_call(self.actor);
        self.note(|| format!("gives up, with a check at {sent} for the deadline {deadline}"));
        self.world.change(self.actor.checkout, |checkout| {
            checkout.gave_up = Some((deadline - tolerance, sent));
        });
    }

    /// Cancels until the answer says how the cart ended.
    async fn cancel(&self, cart: &Cart) {
        self.world.record().settles(self.actor);
        for _ in 0..TRIES {
            let outcome = self.host.client.cancel_cart(cart).await;
            if self.world.makes(Mistake::IgnoresCancelAnswer) {
                self.conclude(Report::Unpaid).await;
                return;
            }
            match outcome {
                Ok(state) if state.is_final() => {
                    self.conclude(report_of(state.status)).await;
                    return;
                }
                Ok(state) if state.status == CartStatus::Reserved => {
                    self.deliver_or_not(cart).await;
                    return;
                }
                Ok(state) => {
                    self.note(|| format!("it is {}", state.status));
                    // No replica of V2 lags behind.
                    if self.shop.plan().api == ApiVersion::V2 && state.status == CartStatus::Pending
                    {
                        let of = self.actor.checkout;
                        self.world.violated(of, Invariant::EveryCartEnds);
                    }
                }
                Err(error) => self.note(|| format!("could not cancel: {error}")),
            }
            pause(10_000).await;
        }
        self.conclude(Report::Undecided).await;
    }

    /// The cart has ended, or it is the shop's move.
    pub(super) async fn finish(&self, cart: &Cart, state: &CartState) {
        if state.is_final() {
            self.conclude(report_of(state.status)).await;
        } else {
            self.deliver_or_not(cart).await;
        }
    }

    /// Captures what is reserved, or cancels it.
    pub(super) async fn deliver_or_not(&self, cart: &Cart) {
        let client = &self.host.client;
        self.world.record().settles(self.actor);
        for _ in 0..TRIES {
            let outcome = if self.stored.order.delivers {
                client.capture_cart(cart, None).await
            } else {
                client.cancel_cart(cart).await
            };
            let state = match outcome {
                Ok(state) => Ok(state),
                Err(error) => {
                    self.note(|| format!("could not capture or cancel: {error}"));
                    client.check_cart(cart).await
                }
            };
            if let Ok(state) = state
                && state.is_final()
            {
                self.conclude(report_of(state.status)).await;
                return;
            }
            pause(15_000).await;
        }
        self.conclude(Report::Undecided).await;
    }
}
