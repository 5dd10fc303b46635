//! Ctrl-C, as the host of the command passes it on.

use std::sync::Arc;

use tokio::sync::watch;

/// Asks a running command to stop. Clones are the same interrupt.
///
/// Signals are the host's: Python and Node have handlers of their own, which a library must not replace.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<watch::Sender<bool>>);

impl Default for Interrupt {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Interrupt {
    /// Asks the command to stop.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has been asked.
    pub(crate) fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is asked.
    pub(crate) async fn come(&self) {
        // The sender is held here, so this ends for no other reason.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
