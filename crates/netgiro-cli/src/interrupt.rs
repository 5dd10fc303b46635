//! Ctrl-C, as the command's host passes it on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Asks a running command to stop. Clones are the same interrupt.
///
/// The host handles signals: Python and Node have their own handlers, which a library must not replace.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How often the host has asked.
    asked: watch::Sender<u32>,
    /// How many guards make the command end by itself at the second request.
    second_handlers: AtomicUsize,
}

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(Inner {
            asked: watch::Sender::new(0),
            second_handlers: AtomicUsize::new(0),
        }))
    }
}

impl Interrupt {
    /// Asks the command to stop. Returns whether it does so by itself; if not, end the process without it.
    #[must_use]
    pub fn interrupt(&self) -> bool {
        // Read first: the command may drop its guard as soon as it is asked.
        let handles_second = self.0.second_handlers.load(Ordering::Acquire) > 0;
        let mut times = 0;
        self.0.asked.send_modify(|asked| {
            *asked = asked.saturating_add(1);
            times = *asked;
        });
        times < 2 || (times == 2 && handles_second)
    }

    /// Whether the command was asked to stop.
    pub(crate) fn is_requested(&self) -> bool {
        *self.0.asked.borrow() > 0
    }

    /// Waits until the command is asked to stop.
    pub(crate) async fn requested(&self) {
        self.requested_times(1).await;
    }

    /// Waits until the command is asked a second time.
    pub(crate) async fn requested_twice(&self) {
        self.requested_times(2).await;
    }

    async fn requested_times(&self, times: u32) {
        // The sender is alive, so this cannot fail.
        let _ = self
            .0
            .asked
            .subscribe()
            .wait_for(|asked| *asked >= times)
            .await;
    }

    /// Until the guard is dropped, the command also ends by itself when it is asked twice, and reports first what it
    /// has done.
    pub(crate) fn handle_second(&self) -> SecondHandled<'_> {
        self.0.second_handlers.fetch_add(1, Ordering::AcqRel);
        SecondHandled(self)
    }
}

/// While it lives, the command ends by itself at a second Ctrl-C.
pub(crate) struct SecondHandled<'a>(&'a Interrupt);

impl Drop for SecondHandled<'_> {
    fn drop(&mut self) {
        self.0.0.second_handlers.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::Interrupt;

    #[test]
    fn a_command_is_left_behind_unless_it_says_first_what_it_did() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.is_requested());
        assert!(interrupt.interrupt() && interrupt.is_requested());
        assert!(!interrupt.interrupt());

        let interrupt = Interrupt::default();
        let guard = interrupt.handle_second();
        drop(interrupt.handle_second());
        assert!(interrupt.interrupt() && interrupt.interrupt());
        assert!(!interrupt.interrupt());
        drop(guard);

        let interrupt = Interrupt::default();
        drop(interrupt.handle_second());
        assert!(interrupt.interrupt() && !interrupt.interrupt());
    }
}
