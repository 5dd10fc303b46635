//! How soon a cart may be asked about again: the schedule's rule, written down a second time and in another way.

use crate::answers::{RETRY_AFTER, Reply};
use crate::invariants::Millis;

const LONGEST_INTERVAL: Millis = 60_000;
const SLOW_INTERVAL: Millis = 10_000;
const LONGEST_BACKOFF: Millis = 30_000;

/// What the server's answers so far ask of the next delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pace {
    interval: Millis,
    failures: u32,
    /// How often the interval is doubled.
    doublings: u32,
    good: u32,
    /// Good checks since the interval began to grow.
    slow: u32,
}

impl Pace {
    /// A pace of a cart whose server, or policy, wants so much time between two checks.
    #[must_use]
    pub const fn new(interval: Millis) -> Self {
        Self {
            interval,
            failures: 0,
            doublings: 0,
            good: 0,
            slow: 0,
        }
    }

    /// The least delay after an answer, with as much jitter as there is or none; late in a wait it grows.
    pub fn after(&mut self, reply: Reply, has_jitter: bool, is_late: bool) -> Millis {
        if !reply.is_failure() {
            self.failures = 0;
            self.good += 1;
            if self.good >= 5 && self.doublings > 0 {
                self.doublings -= 1;
                self.good = 0;
            }
            // Nothing but whether it is still at its fifth matters of it.
            self.good = self.good.min(5);
            if !is_late {
                return self.base();
            }
            self.slow = (self.slow + 1).min(8);
            let grown = self.base() * Millis::pow(3, self.slow) / Millis::pow(2, self.slow);
            return grown.min(SLOW_INTERVAL.max(self.base()));
        }
        self.good = 0;
        self.failures = (self.failures + 1).min(8);
        if matches!(reply, Reply::TooMany | Reply::Busy) {
            self.doublings = (self.doublings + 1).min(3);
        }
        let asked = match reply {
            Reply::TooMany => Millis::try_from(RETRY_AFTER.as_millis()).unwrap_or_default(),
            _ => 0,
        };
        let backed_off = (self.base() << self.failures).min(LONGEST_BACKOFF);
        let delay = if has_jitter {
            backed_off.max(self.base())
        } else {
            self.base()
        };
        delay.max(asked)
    }

    fn base(self) -> Millis {
        (self.interval << self.doublings).min(LONGEST_INTERVAL)
    }
}
