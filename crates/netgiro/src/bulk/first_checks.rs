//! When carts that are all due are checked first.

use std::time::Duration;

/// The longest pause between two carts: a few of them need not wait for an interval.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// The pause between the first checks of so many carts that are due: they are spread over an interval.
///
/// Without it all of them are checked at once, and again at once an interval later, since each keeps to its own
/// schedule: most checks would be late. The last one is sent before the first cart is due again.
#[must_use]
pub fn pause_between(due: u32, interval: Duration) -> Duration {
    (interval / due.max(1)).min(LONGEST_PAUSE)
}
