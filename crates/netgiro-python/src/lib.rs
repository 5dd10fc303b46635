//! The `netgiro` package for Python: converts, calls the core, and maps its errors.
//!
//! The crate `netgiro` decides everything about carts. Here is what is Python's own: its values and
//! exceptions, blocking with the interpreter let go, event loops, signals and forks.

#![allow(
    clippy::doc_markdown,
    reason = "doc comments of classes and methods are what help() shows in Python"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

mod bulk;
mod client;
mod command;
mod convert;
mod customer_message;
mod doctor;
mod errors;
mod panics;
mod process;
mod reconcile;
mod replay;
mod runtime;
mod simulator;
mod to_python;
mod values;
mod webhook;

/// What `netgiro/__init__.py` hands on. No state here relies on the GIL.
#[pyo3::pymodule(gil_used = false)]
mod _netgiro {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;

    /// Refuses to be loaded in a subinterpreter: a thread that comes back to Python from waiting would
    /// come back to the main one.
    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        #[expect(unsafe_code, reason = "PyO3 has no other way to ask")]
        // SAFETY: the calling thread is attached to an interpreter, as the module that it is given proves.
        let interpreter =
            unsafe { pyo3::ffi::PyInterpreterState_GetID(pyo3::ffi::PyInterpreterState_Get()) };
        if interpreter == 0 {
            return Ok(());
        }
        Err(PyImportError::new_err(
            "netgiro does not support subinterpreters: import it in the main interpreter \
             (with uWSGI: --single-interpreter, with mod_wsgi: WSGIApplicationGroup %{GLOBAL})",
        ))
    }

    #[pymodule_export]
    use crate::bulk::results::CheckResults;
    #[pymodule_export]
    use crate::client::base::server_now;
    #[pymodule_export]
    use crate::client::{AsyncClient, Client};
    #[pymodule_export]
    use crate::command::command;
    #[pymodule_export]
    use crate::customer_message::{customer_message, error_customer_message};
    #[pymodule_export]
    use crate::doctor::{DoctorCheck, DoctorReport, doctor};
    #[pymodule_export]
    use crate::reconcile::settlements::reconcile_settlements;
    #[pymodule_export]
    use crate::reconcile::{
        csv_cell, icelandic_number, mask_customer_id, mask_customer_ids, reconcile_columns,
    };
    #[pymodule_export]
    use crate::replay::MemoryReplayGuard;
    #[pymodule_export]
    use crate::runtime::iterators::{AsyncStream, SyncStream};
    #[pymodule_export]
    use crate::simulator::Simulator;
    #[pymodule_export]
    use crate::simulator::records::{
        SimulatedCallback, SimulatedCart, SimulatedRefund, SimulatedRequest,
    };
    #[pymodule_export]
    use crate::values::callback::{Callback, sign};
    #[pymodule_export]
    use crate::values::cart::Cart;
    #[pymodule_export]
    use crate::values::cart_item::CartItem;
    #[pymodule_export]
    use crate::values::cart_state::CartState;
    #[pymodule_export]
    use crate::values::check_result::CheckResult;
    #[pymodule_export]
    use crate::values::json::is_json_mode;
    #[pymodule_export]
    use crate::values::new_cart::check_new_cart;
    #[pymodule_export]
    use crate::values::payment_info::PaymentInfo;
    #[pymodule_export]
    use crate::values::poll::CartPoll;
    #[pymodule_export]
    use crate::values::poll::policy::PollPolicy;
    #[pymodule_export]
    use crate::values::poll::steps::{backoff, poll_dated, poll_delay, poll_on_clock};
    #[pymodule_export]
    use crate::values::v2::checkout::{Checkout, Redirect};
    #[pymodule_export]
    use crate::values::v2::refund::Refund;
    #[pymodule_export]
    use crate::values::v2::transaction::Transaction;
    #[pymodule_export]
    use crate::webhook::{
        CallbackRequest, CallbackRoute, FollowUp, callback_answer, replay_key, replayed,
    };

    #[cfg(feature = "panic-test")]
    #[pymodule_export]
    use crate::client::base::{panic_in_a_call, panic_in_an_iterator};
    #[cfg(feature = "panic-test")]
    #[pymodule_export]
    use crate::panics::panic_at_once;

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    const CALLBACK_MAX_BODY: usize = netgiro::webhook::MAX_BODY;
}
