//! What follows a callback's 200, as the product's state machine has it.

use netgiro::webhook::{FollowUp, FollowUpAction, FollowUpOutcome};
use tokio::time::Instant;
use uuid::Uuid;

use crate::invariants::{Millis, Report};
use crate::simulation::record::report_of;
use crate::simulation::shop::ShopProcess;
use crate::simulation::world::pause;

impl ShopProcess {
    /// Follows the cart of a callback to its end.
    pub(super) async fn follow(&self, cart: Uuid) {
        let began = Instant::now();
        let mut follow_up = FollowUp::after_callback(self.cart_ref(cart), self.now());
        let holder = self.actor.name();
        loop {
            let action = follow_up.action();
            let outcome = match action {
                FollowUpAction::Claim => self.try_to_claim(&holder).await,
                FollowUpAction::Check => self.step(follow_up.poll(), Millis::MIN).await,
                FollowUpAction::Call => {
                    let state = follow_up.poll().state();
                    let report = state.map_or(Report::Undecided, |state| report_of(state.status));
                    if report == Report::Undecided {
                        // It is called with an end alone.
                        self.gave_up(Millis::MAX, 0);
                    }
                    self.learn(cart).await;
                    self.tell(report, false).await;
                    FollowUpOutcome::Done
                }
                FollowUpAction::Done => self.note_done().await,
                FollowUpAction::Release => {
                    self.stored.write(|row| row.ledger.release(&holder)).await;
                    FollowUpOutcome::Done
                }
                FollowUpAction::Wait(delay) => {
                    tokio::time::sleep(delay).await;
                    FollowUpOutcome::Done
                }
                FollowUpAction::Settle => FollowUpOutcome::Failed(None, None),
                FollowUpAction::End => break,
            };
            follow_up.step(outcome, self.now(), began.elapsed());
        }
    }

    async fn try_to_claim(&self, holder: &str) -> FollowUpOutcome {
        if Self::fails() {
            pause(5).await;
            return FollowUpOutcome::Failed(None, None);
        }
        let (is_claimed, _) = self.claim(holder).await;
        FollowUpOutcome::Claimed(is_claimed)
    }

    async fn note_done(&self) -> FollowUpOutcome {
        if Self::fails() {
            pause(5).await;
            return FollowUpOutcome::Failed(None, None);
        }
        self.stored.write(|row| row.ledger.is_done = true).await;
        self.stored.set_telling(self.actor, false);
        FollowUpOutcome::Done
    }

    /// Keeps the cart of an order whose InsertCart had no answer.
    async fn learn(&self, cart: Uuid) {
        let client = &self.host.client;
        if self.stored.now(|row| row.cart.is_some()) {
            return;
        }
        let order = &self.stored.order.cart;
        let found = client
            .find_by_reference(&order.reference, order.amount)
            .await;
        if let Ok(Some(found)) = found
            && found.transaction_id == cart
        {
            self.stored.write(|row| row.cart = Some(found)).await;
        }
    }
}
