//! The `netgiro` package for Python: converts, calls the core, and maps its errors.
//!
//! What is decided about carts is decided in the crate `netgiro`. Here is what is Python's own: its
//! values and exceptions, blocking with the interpreter let go, event loops, signals and forks.

#![allow(
    clippy::doc_markdown,
    reason = "doc comments of classes and methods are what help() shows in Python"
)]

mod awaitable;
mod callback;
mod client;
mod convert;
mod errors;
mod event;
mod logging;
mod mailbox;
mod panics;
mod poll;
mod replay;
mod runtime;
mod simulator;
mod slot;
mod stream;
mod values;

/// What `netgiro/__init__.py` hands on. No state here relies on the GIL.
#[pyo3::pymodule(gil_used = false)]
mod _netgiro {
    #[pymodule_export]
    use crate::callback::{Callback, sign};
    #[pymodule_export]
    use crate::client::{AsyncClient, Client};
    #[pymodule_export]
    use crate::poll::{CartPoll, PollPolicy};
    #[pymodule_export]
    use crate::replay::MemoryReplayGuard;
    #[pymodule_export]
    use crate::simulator::{SimulatedCallback, SimulatedCart, SimulatedRequest, Simulator};
    #[pymodule_export]
    use crate::stream::{AsyncStream, SyncStream};
    #[pymodule_export]
    use crate::values::{Cart, CartItem, CartState, CheckResult, PaymentInfo};

    #[cfg(feature = "panic-test")]
    #[pymodule_export]
    use crate::client::{panic_in_a_call, panic_in_an_iterator};
    #[cfg(feature = "panic-test")]
    #[pymodule_export]
    use crate::panics::panic_at_once;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
