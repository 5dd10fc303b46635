//! Replay guards. JavaScript asks its own, which may have to ask a database; here are the one in memory, and what notes
//! the question.

use std::sync::{Mutex, PoisonError};

use napi_derive::napi;
use netgiro::{MemoryReplayGuard, ReplayGuard, Result};

use crate::arguments::whole;
use crate::views::error::refusal_of;

/// Notes what a guard is asked, and answers as it was told to.
pub(crate) struct Note {
    seen: bool,
    /// The nonce and the signature.
    asked: Mutex<Option<(String, String)>>,
}

impl Note {
    pub(crate) fn new(seen: bool) -> Self {
        Self {
            seen,
            asked: Mutex::default(),
        }
    }

    pub(crate) fn taken(self) -> Option<(String, String)> {
        self.asked
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReplayGuard for Note {
    fn is_first(&self, nonce: &str, signature: &str) -> Result<bool> {
        let question = (nonce.to_owned(), signature.to_owned());
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(question);
        Ok(!self.seen)
    }
}

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
