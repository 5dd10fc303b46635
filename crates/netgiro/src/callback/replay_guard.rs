//! Callbacks that come twice, word for word the same and still signed.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::error::Result;

/// Remembers the callbacks that were accepted, so that none is accepted twice.
///
/// Implement it on what all processes of a shop share: `SET NX` in Redis, or a unique column in the
/// database. Use [`MemoryReplayGuard`] where there is one process.
///
/// A signature never expires, so whoever has read a callback can send it again. A handler that is
/// idempotent (records the cart as paid, however often it hears so) needs no guard. One that is not
/// should know that a callback which was seen but not answered with 200 may come again word for word,
/// and that the guard then refuses it: answer 200 to what has been recorded.
pub trait ReplayGuard: Send + Sync {
    /// Records a callback; `false` if it has been recorded before.
    ///
    /// The check and the recording must be one step, since two copies may come at once. `signature` is
    /// in lowercase; it covers the nonce, so to keep the signature alone is enough.
    fn is_first(&self, nonce: &str, signature: &str) -> Result<bool>;
}

/// A guard in this process's memory: bounded, the oldest callbacks are forgotten first.
///
/// ```
/// use netgiro::{MemoryReplayGuard, ReplayGuard};
///
/// let guard = MemoryReplayGuard::default();
/// assert!(guard.is_first("638412345678901234", "dd6ea64e")?);
/// assert!(!guard.is_first("638412345678901234", "dd6ea64e")?);
/// # Ok::<(), netgiro::Error>(())
/// ```
#[derive(Debug)]
pub struct MemoryReplayGuard {
    capacity: usize,
    seen: Mutex<SeenSignatures>,
}

#[derive(Debug, Default)]
struct SeenSignatures {
    signatures: HashSet<Arc<str>>,
    oldest_first: VecDeque<Arc<str>>,
}

impl MemoryReplayGuard {
    /// A guard that remembers this many callbacks, at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            seen: Mutex::default(),
        }
    }
}

impl Default for MemoryReplayGuard {
    /// Remembers 100,000 callbacks, in about 15 MB when full.
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl ReplayGuard for MemoryReplayGuard {
    fn is_first(&self, _nonce: &str, signature: &str) -> Result<bool> {
        // Each change leaves the two in step, so a panic elsewhere under the lock does no harm.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let signature: Arc<str> = signature.into();
        if !seen.signatures.insert(Arc::clone(&signature)) {
            return Ok(false);
        }
        seen.oldest_first.push_back(signature);
        if seen.oldest_first.len() > self.capacity
            && let Some(oldest) = seen.oldest_first.pop_front()
        {
            seen.signatures.remove(&oldest);
        }
        Ok(true)
    }
}
