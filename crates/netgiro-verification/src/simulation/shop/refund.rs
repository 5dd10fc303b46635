//! Refunds: the key is stored before the refund is sent, and the same call is made until its outcome is known.

use std::sync::Arc;

use netgiro::{ErrorKind, NewRefund};

use crate::invariants::Invariant;
use crate::simulation::plan::Mistake;
use crate::simulation::shop::{Shop, ShopProcess};
use crate::simulation::storage::StoredOrder;
use crate::simulation::world::{World, pause};

/// How often the call is made until a person looks.
const TRIES: u32 = 40;

/// Begins the refund of a cart that is paid, where the order has one; once.
pub(super) fn begin(world: &Arc<World>, shop: &Arc<Shop>, stored: &Arc<StoredOrder>) {
    let is_first = stored.now(|row| {
        row.refunds += 1;
        row.refunds == 1
    });
    if stored.order.refund.is_some() && is_first {
        let (world, shop, stored) = (Arc::clone(world), Arc::clone(shop), Arc::clone(stored));
        tokio::spawn(run(world, shop, stored));
    }
}

async fn run(world: Arc<World>, shop: Arc<Shop>, stored: Arc<StoredOrder>) {
    let _task = world.task();
    pause(5_000).await;
    for start in 0.. {
        let Some(process) = ShopProcess::new(&world, &shop, &stored, 2, start) else {
            return;
        };
        let outcome = world
            .run(process.actor, start, start, Box::pin(process.refund(start)))
            .await;
        if outcome.is_some() {
            process.ended();
            return;
        }
        process.died(true);
        pause(world.restart_delay(process.actor, start)).await;
    }
}

impl ShopProcess {
    async fn refund(&self, start: u32) {
        let cart = self.stored.now(|row| row.cart.clone());
        let (Some(cart), Some(amount)) = (cart, self.stored.order.refund) else {
            return;
        };
        let key = format!("order-{}-return", self.stored.number);
        // After a call whose outcome nobody knows, a refusal does not say that nothing was refunded.
        let mut was_unknown = start > 0;
        for attempt in 0..TRIES {
            let key = if self.world.makes(Mistake::ChangesRefundKey) {
                format!("{key}-{start}-{attempt}")
            } else {
                key.clone()
            };
            let refund = NewRefund::new(amount, key);
            match self.host.client.refund_cart(&cart, &refund).await {
                Ok(_) => {
                    self.note(|| "the refund is made".to_owned());
                    self.must_be_made(true);
                    return;
                }
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown || error.retryable() => {
                    self.note(|| format!("the refund is not known: {error}"));
                    if error.kind() == ErrorKind::OutcomeUnknown {
                        was_unknown = true;
                    } else if !was_unknown {
                        self.must_be_made(false);
                    }
                }
                Err(error) => {
                    self.note(|| format!("the refund is refused: {error}"));
                    if !was_unknown {
                        self.must_be_made(false);
                    }
                    return;
                }
            }
            pause(20_000).await;
        }
    }

    /// The shop learns whether the refund is made: the server must hold it so.
    fn must_be_made(&self, is_made: bool) {
        let of = self.actor.checkout;
        let made = self.world.record().refunds(of);
        if (made > 0) != is_made {
            self.world.violated(of, Invariant::OneRefund);
        }
    }
}
