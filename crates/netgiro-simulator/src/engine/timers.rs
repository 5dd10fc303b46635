//! What happens as time passes.

use crate::engine::cart::Cart;
use crate::engine::state::{Engine, Timer};
use crate::model::customer::Behaviour;
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    /// Runs all timers that are due, in order, each at its own time.
    pub(crate) fn run_until(&mut self, now: Timestamp) {
        while let Some(entry) = self.timers.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                break;
            }
            match entry.remove() {
                Timer::Lifetime(id) => {
                    if self.find_mut(id).is_some_and(Cart::lifetime_is_over) {
                        self.canceled(id, at);
                    }
                }
                Timer::Hold(id) => {
                    if self.find_mut(id).is_some_and(Cart::hold_is_over) {
                        self.canceled(id, at);
                    }
                }
                Timer::Reaction(id) => self.react(id, at),
                Timer::Repetition(job) => self.send(job, at),
                Timer::Decision(id, confirms) => {
                    // It fails for a cart that has ended before.
                    let _ = if confirms {
                        self.confirm(id, at)
                    } else {
                        self.decline(id, at)
                    };
                }
            }
        }
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.timers.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn schedule(&mut self, at: Timestamp, timer: Timer) {
        self.timers.insert((at, self.timer_count), timer);
        self.timer_count += 1;
    }

    /// A customer who answers automatically does so, unless the cart has ended before.
    fn react(&mut self, id: Uuid, now: Timestamp) {
        let behaviour = self.find(id).map(|cart| cart.order.customer.behaviour);
        let _ = match behaviour {
            Some(Behaviour::Approves) => self.confirm(id, now),
            Some(Behaviour::Declines) => self.decline(id, now),
            _ => Ok(()),
        };
    }
}
