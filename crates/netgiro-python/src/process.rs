//! What belongs to one process, and what a process that was forked must leave alone.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; what a panic left behind is still sound, since no guard here spans a call that can panic.
///
/// Only threads that are attached to the interpreter lock what is shared between threads of Python,
/// so that no lock is held while the process forks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that only the process that made it may use or drop.
pub(crate) struct ProcessBound<T> {
    process: u32,
    value: Option<T>,
}

impl<T> ProcessBound<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            process: std::process::id(),
            value: Some(value),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// The value, in the process that made it.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_ours())
    }

    pub(crate) fn into_inner(mut self) -> Option<T> {
        if self.is_ours() {
            self.value.take()
        } else {
            None
        }
    }
}

impl<T> Drop for ProcessBound<T> {
    fn drop(&mut self) {
        // To ask which process this is takes a system call.
        if self.value.is_some() && !self.is_ours() {
            std::mem::forget(self.value.take());
        }
    }
}
