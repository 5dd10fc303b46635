//! What comes twice, word for word the same and still signed: callbacks, and answers.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

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

/// Which cart each answer with a final status was about, for the latest few thousand of them.
///
/// An answer's signature covers neither the request nor, where there is no PaymentInfo, the cart: the
/// answer "canceled" about one cart would verify as one about any other. It is believed about the
/// first cart it came for.
///
/// Without a lock, since a process that forks must not leave one closed in its child.
pub(crate) struct FinalAnswers(Box<[AtomicU64]>);

impl FinalAnswers {
    const SLOTS: u64 = 4096;

    /// Whether the answer with this signature has not been about another cart before.
    pub(crate) fn are_first(&self, signature: &str, cart: Uuid) -> bool {
        let seal = signature
            .get(..16)
            .and_then(|start| u64::from_str_radix(start, 16).ok())
            .unwrap_or_default();
        let (upper, lower) = cart.as_u64_pair();
        let folded = upper ^ lower;
        let cart = (folded ^ (folded >> 32)) & 0xffff_ffff;
        // The upper half says which answer it is, the lower half which cart it was about.
        let tag = seal & !0xffff_ffff;
        let entry = tag | cart;
        let slot = usize::try_from(seal % Self::SLOTS)
            .ok()
            .and_then(|at| self.0.get(at));
        let Some(slot) = slot else { return true };
        slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            (held & !0xffff_ffff != tag).then_some(entry)
        })
        .map_or_else(|held| held == entry, |_| true)
    }
}

impl Default for FinalAnswers {
    fn default() -> Self {
        Self((0..Self::SLOTS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl fmt::Debug for FinalAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FinalAnswers")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::FinalAnswers;

    #[test]
    fn an_answer_is_believed_about_one_cart_alone() {
        let answers = FinalAnswers::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let signature = "8ff35684c44ae5279f16f5b024b80a7f4de18f45b71aafc9c03a2f07ac3e9856";
        assert!(answers.are_first(signature, one));
        assert!(answers.are_first(signature, one));
        assert!(!answers.are_first(signature, other));
        assert!(!answers.are_first(signature, other));
        assert!(answers.are_first(&signature.replace('8', "9"), other));
    }
}
