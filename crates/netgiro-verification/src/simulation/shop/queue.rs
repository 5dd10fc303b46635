//! The queue: the poll is in the message, and each message takes it one check further, as `netgiro.celery` and
//! `netgiro/bullmq` do.

use std::sync::Arc;

use netgiro::webhook::{FollowUp, FollowUpAction, FollowUpOutcome};
use netgiro::{CartPoll, CheckOutcome, ErrorKind, WaitOptions};
use tokio::time::Duration;

use crate::invariants::{Invariant, Millis, Report};
use crate::simulation::draw::{About, draw, happens};
use crate::simulation::plan::{FaultKind, Mistake};
use crate::simulation::shop::{Shop, ShopProcess};
use crate::simulation::storage::StoredOrder;
use crate::simulation::world::{World, pause};

/// The first follower that is a message of a queue.
const FOLLOWERS: u32 = 1_000;
/// The first chain of a message that was delivered again.
const REDELIVERED: u32 = 1_000_000;
/// How much earlier than its deadline a poll may send its last check: it goes between machines whose clocks differ, and
/// believes no more than the intervals that it has scheduled where it does not know the server's.
const CLOCKS: Millis = 35_000;

/// A message about a cart.
#[derive(Clone, Debug)]
struct Message {
    /// Which of the copies of a poll it takes further.
    chain: u32,
    poll: String,
    failures: u32,
    /// When the poll must end, by a clock that is never wrong.
    deadline: Millis,
}

/// Sends the first message about a cart.
pub(super) async fn begin(process: &ShopProcess, poll: &CartPoll, deadline: Millis) {
    let message = Message {
        chain: process.stored.now(|row| row.messages),
        poll: poll.to_json(),
        failures: 0,
        deadline,
    };
    pause(1).await;
    send(
        &process.world,
        &process.shop,
        &process.stored,
        message,
        Duration::ZERO,
    );
}

/// Sends a message, to be delivered after a delay.
fn send(
    world: &Arc<World>,
    shop: &Arc<Shop>,
    stored: &Arc<StoredOrder>,
    message: Message,
    delay: Duration,
) {
    let number = stored.now(|row| {
        row.messages += 1;
        row.messages - 1
    });
    let mut chance = draw(world.plan.seed, About::Message, stored.number, number);
    let is_odd = happens(&mut chance, 0.12);
    let (what, by) = (chance.u32(0..3), chance.u64(100..20_000));
    let is_odd = is_odd && world.strikes(FaultKind::Message, stored.number, number);
    let normal = delay + Duration::from_millis(3);
    let (first, second) = match (is_odd, what) {
        (false, _) => (normal, None),
        (_, 0) => (normal + Duration::from_millis(by), None),
        (_, 1) => (delay / 2, None),
        _ => (normal, Some(normal + Duration::from_millis(by))),
    };
    if is_odd {
        world.note(stored.number, || match second {
            Some(second) => format!("message {number} comes after {first:?} and after {second:?}"),
            None => format!("message {number} comes after {first:?}, not after {delay:?}"),
        });
    }
    let deliver = |message: Message, copy: u32, delay: Duration| {
        let key = number * 2 + copy;
        let at = world.millis() + i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
        world.follow(stored.number, |it| {
            it.messages.insert(key, at);
        });
        let delivering = deliver(
            (Arc::clone(world), Arc::clone(shop), Arc::clone(stored)),
            message,
            key,
            delay,
        );
        tokio::spawn(delivering);
    };
    if let Some(second) = second {
        let copy = Message {
            chain: number + 1,
            ..message.clone()
        };
        deliver(copy, 1, second);
    }
    deliver(message, 0, first);
}

/// Delivers a message until a worker has done with it.
async fn deliver(
    (world, shop, stored): (Arc<World>, Arc<Shop>, Arc<StoredOrder>),
    mut message: Message,
    key: u32,
    delay: Duration,
) {
    let _task = world.task();
    tokio::time::sleep(delay).await;
    for attempt in 0.. {
        let start = key * 8 + attempt.min(7);
        let follower = FOLLOWERS + message.chain;
        let Some(process) = ShopProcess::new(&world, &shop, &stored, follower, start) else {
            return;
        };
        let outcome = world
            .run(
                process.actor,
                start,
                attempt,
                Box::pin(process.take(&message)),
            )
            .await;
        let is_lost = outcome.is_none() && world.makes(Mistake::LosesMessages);
        if outcome.is_some() || is_lost {
            world.follow(stored.number, |it| {
                it.messages.remove(&key);
            });
            if is_lost {
                process.died(false);
            } else {
                process.ended();
            }
            return;
        }
        // The broker delivers it again when its worker has been silent for long enough.
        let again = world.restart_delay(process.actor, start);
        let at = world.millis() + i64::try_from(again).unwrap_or(i64::MAX);
        world.follow(stored.number, |it| {
            it.messages.insert(key, at);
        });
        process.died(false);
        pause(again).await;
        // It may have sent the next message before it died: then there are two of the poll.
        message.chain = REDELIVERED + start;
    }
}

impl ShopProcess {
    /// A worker takes a message.
    async fn take(&self, message: &Message) {
        let Ok(poll) = CartPoll::from_json(&message.poll) else {
            self.note(|| "a message cannot be read: a person should look at it".to_owned());
            self.gave_up(Millis::MAX, 0);
            self.conclude(Report::Undecided).await;
            return;
        };
        if self.world.makes(Mistake::DoesNotWait) {
            for _ in 0..30 {
                let _ = self.host.client.check_cart(&poll).await;
            }
        }
        let mut follow_up = FollowUp::in_messages(poll, message.failures);
        loop {
            let outcome = match follow_up.action() {
                FollowUpAction::Check => self.step(follow_up.poll(), message.deadline).await,
                FollowUpAction::Settle => self.settle_message(follow_up.poll()).await,
                FollowUpAction::Call => {
                    self.call(follow_up.poll()).await;
                    FollowUpOutcome::Done
                }
                FollowUpAction::Wait(delay) => {
                    let next = Message {
                        poll: follow_up.poll().to_json(),
                        failures: follow_up.failures(),
                        ..message.clone()
                    };
                    pause(1).await;
                    send(&self.world, &self.shop, &self.stored, next, delay);
                    tokio::task::yield_now().await;
                    return;
                }
                FollowUpAction::End => break,
                _ => FollowUpOutcome::Done,
            };
            let is_over = matches!(
                outcome,
                FollowUpOutcome::Failed(Some(ErrorKind::WaitTimeout), _)
            );
            let action = follow_up.step(outcome, self.now(), Duration::ZERO);
            // Who has waited for long enough settles, and does not go on asking until the cart expires.
            if is_over && action != FollowUpAction::Settle {
                let of = self.actor.checkout;
                self.world.violated(of, Invariant::EveryCartEnds);
            }
        }
        if !follow_up.poll().is_done() {
            self.note(|| "a person should look at it".to_owned());
            self.gave_up(message.deadline, CLOCKS);
            self.conclude(Report::Undecided).await;
        }
    }

    /// One check of a poll.
    pub(super) async fn step(&self, poll: &CartPoll, deadline: Millis) -> FollowUpOutcome {
        match self.host.client.poll_step(poll).await {
            Ok(poll) => FollowUpOutcome::Checked(Box::new(poll)),
            Err(error) => {
                self.note(|| format!("a check failed: {error}"));
                if error.kind() == ErrorKind::WaitTimeout {
                    self.gave_up(deadline, CLOCKS);
                }
                let poll = error.poll().cloned().map(Box::new);
                FollowUpOutcome::Failed(Some(error.kind()), poll)
            }
        }
    }

    /// Cancels at the deadline, and reads the answer.
    async fn settle_message(&self, poll: &CartPoll) -> FollowUpOutcome {
        let at_once = WaitOptions {
            timeout: Duration::from_millis(1),
            policy: None,
        };
        let settled = self.host.client.settle_cart(poll, at_once).await;
        let now = self.now();
        let answered = settled.and_then(|state| {
            let seen = CheckOutcome::AfterCancel(state);
            poll.answered(seen, now, now, fastrand::f64())
        });
        match answered {
            Ok(poll) => FollowUpOutcome::Checked(Box::new(poll)),
            Err(error) => {
                self.note(|| format!("could not settle: {error}"));
                let poll = error.poll().cloned().map(Box::new);
                FollowUpOutcome::Failed(Some(error.kind()), poll)
            }
        }
    }

    /// The shop's function: the cart has ended, or it is the shop's move.
    async fn call(&self, poll: &CartPoll) {
        let cart = self.stored.now(|row| row.cart.clone());
        if let (Some(cart), Some(state)) = (cart, poll.state()) {
            self.finish(&cart, state).await;
        }
    }
}
