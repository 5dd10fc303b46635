//! Replay guards. JavaScript asks its own, which may have to ask a database; here are the one in memory, and one that
//! records the question.

use std::sync::{Mutex, PoisonError};

use napi_derive::napi;
use netgiro::{MemoryReplayGuard, ReplayGuard, Result};

use crate::arguments::scalars::whole;
use crate::reply::{Made, made};

/// Records what a guard is asked, and answers what it was made with.
pub(crate) struct RecordingGuard {
    seen: bool,
    /// The nonce and the signature.
    asked: Mutex<Option<(String, String)>>,
}

impl RecordingGuard {
    pub(crate) fn new(seen: bool) -> Self {
        Self {
            seen,
            asked: Mutex::default(),
        }
    }

    pub(crate) fn into_question(self) -> Option<(String, String)> {
        self.asked
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReplayGuard for RecordingGuard {
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
