//! The replay guard in memory. JavaScript asks its own, which may have to ask a database.

use napi_derive::napi;
use netgiro::{MemoryReplayGuard, ReplayGuard};

use crate::arguments::whole;
use crate::views::error::refusal_of;

/// The core's guard in memory.
#[napi]
pub struct NativeReplayGuard {
    guard: MemoryReplayGuard,
}

/// Makes a guard that remembers so many callbacks, or gives JSON text when it cannot.
#[napi(catch_unwind)]
pub fn make_replay_guard(
    capacity: Option<f64>,
) -> napi::bindgen_prelude::Either<NativeReplayGuard, String> {
    use napi::bindgen_prelude::Either;

    let guard = match capacity.map(|capacity| whole("capacity", capacity)) {
        None => MemoryReplayGuard::default(),
        Some(Ok(capacity)) => MemoryReplayGuard::new(capacity),
        Some(Err(error)) => return Either::B(refusal_of(&error)),
    };
    Either::A(NativeReplayGuard { guard })
}

#[napi]
impl NativeReplayGuard {
    /// Records a callback; false if it has been recorded before.
    #[napi(catch_unwind)]
    pub fn is_first(&self, nonce: String, signature: String) -> bool {
        // It never fails; were it to, nothing would be accepted.
        self.guard.is_first(&nonce, &signature).unwrap_or(false)
    }
}
