//! What belongs to one process, and what a process that was forked must leave alone.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; what a panic left behind is still sound, since no guard here spans a call that can panic.
///
/// Only threads that are attached to the interpreter lock what is shared between threads of Python,
/// so that no lock is held while the process forks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process. To ask which one this is takes a system call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Self {
        Self(std::process::id())
    }
}

/// A value that only the process that made it may use or drop.
pub(crate) struct ProcessBound<T> {
    process: Process,
    value: Option<T>,
}

impl<T> ProcessBound<T> {
    /// A value that belongs to `process`, which is the current one.
    pub(crate) fn new(process: Process, value: T) -> Self {
        Self {
            process,
            value: Some(value),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.process == Process::current()
    }

    /// The value, if it belongs to `process`, which is the current one.
    pub(crate) fn get(&self, process: Process) -> Option<&T> {
        self.value.as_ref().filter(|_| self.process == process)
    }

    /// As [`get`](Self::get), to change it.
    pub(crate) fn get_mut(&mut self, process: Process) -> Option<&mut T> {
        self.value.as_mut().filter(|_| self.process == process)
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
        if self.value.is_some() && !self.is_ours() {
            std::mem::forget(self.value.take());
        }
    }
}
