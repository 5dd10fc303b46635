//! The replay guard in memory. JavaScript asks its own, which may have to ask a database.

use napi_derive::napi;
use netgiro::{MemoryReplayGuard, ReplayGuard};

use crate::arguments::scalars::whole;
use crate::reply::{Made, made};

/// The core's guard in memory.
#[napi]
pub struct NativeReplayGuard {
    guard: MemoryReplayGuard,
}

/// Makes a guard that remembers so many callbacks, or gives JSON text when it cannot.
#[napi(catch_unwind)]
pub fn make_replay_guard(capacity: Option<f64>) -> Made<NativeReplayGuard> {
    let guard = match capacity.map(|capacity| whole("capacity", capacity)) {
        None => Ok(MemoryReplayGuard::default()),
        Some(capacity) => capacity.map(MemoryReplayGuard::new),
    };
    made(guard.map(|guard| NativeReplayGuard { guard }))
}

#[napi]
impl NativeReplayGuard {
    /// Records a callback; false if it has been recorded before.
    #[napi(catch_unwind)]
    pub fn is_first(&self, nonce: String, signature: String) -> bool {
        // It never fails; if it did, nothing would be accepted.
        self.guard.is_first(&nonce, &signature).unwrap_or(false)
    }
}
