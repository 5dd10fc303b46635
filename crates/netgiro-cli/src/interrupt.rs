//! Ctrl-C, as the host of the command passes it on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Asks a running command to stop. Clones are the same interrupt.
///
/// Signals are the host's: Python and Node have handlers of their own, which a library must not replace.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How often it was asked.
    asked: watch::Sender<u32>,
    /// How many parts of the command have it end by itself when it is asked twice.
    heed_the_second: AtomicUsize,
}

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(Inner {
            asked: watch::Sender::new(0),
            heed_the_second: AtomicUsize::new(0),
        }))
    }
}

impl Interrupt {
    /// Asks the command to stop. Gives whether it does so by itself; if not, leave it behind.
    #[must_use]
    pub fn interrupt(&self) -> bool {
        // Looked at first: the command may be past it as soon as it has been asked.
        let heeds_the_second = self.0.heed_the_second.load(Ordering::Acquire) > 0;
        let mut times = 0;
        self.0.asked.send_modify(|asked| {
            *asked = asked.saturating_add(1);
            times = *asked;
        });
        times < 2 || (times == 2 && heeds_the_second)
    }

    /// Whether it has been asked.
    pub(crate) fn has_come(&self) -> bool {
        *self.0.asked.borrow() > 0
    }

    /// Waits until it is asked.
    pub(crate) async fn come(&self) {
        self.come_times(1).await;
    }

    /// Waits until it is asked a second time.
    pub(crate) async fn come_again(&self) {
        self.come_times(2).await;
    }

    async fn come_times(&self, times: u32) {
        // The sender is held here, so this ends for no other reason.
        let _ = self
            .0
            .asked
            .subscribe()
            .wait_for(|asked| *asked >= times)
            .await;
    }

    /// From now on until this is dropped, the command ends by itself also when it is asked twice: what it has done is to
    /// be said first.
    pub(crate) fn heed_the_second(&self) -> HeedsTheSecond<'_> {
        self.0.heed_the_second.fetch_add(1, Ordering::AcqRel);
        HeedsTheSecond(self)
    }
}

/// While it lives, a second Ctrl-C ends the command properly.
pub(crate) struct HeedsTheSecond<'a>(&'a Interrupt);

impl Drop for HeedsTheSecond<'_> {
    fn drop(&mut self) {
        self.0.0.heed_the_second.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::Interrupt;

    #[test]
    fn a_command_is_left_behind_unless_it_says_first_what_it_did() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.has_come());
        assert!(interrupt.interrupt() && interrupt.has_come());
        assert!(!interrupt.interrupt());

        let interrupt = Interrupt::default();
        let heeds = interrupt.heed_the_second();
        drop(interrupt.heed_the_second());
        assert!(interrupt.interrupt() && interrupt.interrupt());
        assert!(!interrupt.interrupt());
        drop(heeds);

        let interrupt = Interrupt::default();
        drop(interrupt.heed_the_second());
        assert!(interrupt.interrupt() && !interrupt.interrupt());
    }
}
