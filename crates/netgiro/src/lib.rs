//! Take payments with Netgíró: insert a cart, follow it, settle it. An unofficial client.
//!
//! ```
//! # async fn shop(app_key: &str, secret_key: &str, base_url: &str) -> Result<(), netgiro::Error> {
//! use netgiro::{Amount, Client, ClientOptions, NewCart, WaitOptions};
//!
//! let options = ClientOptions::new(app_key, secret_key);
//! # let options = { let mut options = options; options.base_url = Some(base_url.to_owned()); options };
//! let client = Client::new(options)?;
//!
//! let order = NewCart::new(Amount::new(4990)?, "order-1001", "811-1111".parse()?);
//! let cart = client.insert_cart(&order).await?;
//! let state = client.settle_cart(&cart, WaitOptions::default()).await?;
//! assert!(state.is_paid());
//! # Ok(())
//! # }
//! # let simulator = netgiro_simulator::Simulator::start(Default::default()).unwrap();
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
//! #     .block_on(shop(simulator.app_key(), simulator.secret_key(), simulator.url())).unwrap();
//! ```
//!
//! Every future runs on tokio. What is decided about carts, errors and schedules is decided here;
//! the Python and Node packages of the same name wrap this crate.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod api;
mod bulk;
mod callback;
mod client;
mod doctor;
mod events;
mod follow;
mod http;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod model;
mod options;
mod protocol;
#[doc(hidden)]
pub mod webhook;

/// A client whose network and clock are given. No part of the interface: it changes without notice.
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation {
    pub use crate::http::machine::broken_off::BrokenOff;
    pub use crate::http::machine::simulation::SimulatedMachine;
}
pub use bulk::BulkOptions;
/// The loop of a binding's background thread. Not part of the public API.
#[doc(hidden)]
pub mod background {
    pub use crate::http::background_jobs::{Job, run};
}
/// Single requests, for the command line. Not part of the public API.
#[doc(hidden)]
pub mod raw {
    pub use crate::http::raw::{RawClient, RawError, RawResponse};
    pub use crate::protocol::nonce::single as nonce;
}
/// How many carts are waited for. Not part of the public API.
#[doc(hidden)]
pub mod waiting {
    pub use crate::bulk::concurrency::concurrency;
    pub use crate::bulk::first_checks::pause_between;
}
#[doc(hidden)]
pub use model::backoff::backoff;
pub use model::values::amount::{Amount, AmountInput};
/// How a caller's word is matched with the names of an enum. Not part of the public API.
#[doc(hidden)]
pub mod words {
    pub use crate::model::text::quote::text as quoted;
    pub use crate::model::text::words::{one_of, word};
}

pub use bulk::check_many::CheckMany;
pub use bulk::columns;
pub use bulk::results::{CheckResults, Tally};
pub use bulk::wait_many::WaitMany;
pub use callback::redirect::Redirect;
pub use callback::replay_guard::{MemoryReplayGuard, ReplayGuard};
pub use callback::{Callback, is_callback_header};
pub use client::Client;
#[doc(hidden)]
pub use doctor::DoctorClient;
pub use doctor::{DoctorCheck, DoctorOptions, DoctorReport, doctor};
pub use events::{Event, Observer, PollEvent, RequestEvent};
pub use follow::Watch;
pub use http::insert_attempt::{Abandoned, InsertAttempt};
pub use model::api_version::ApiVersion;
pub use model::cart::new_cart::{CartItem, ConfirmationType, NewCart};
pub use model::cart::payment_info::{PaymentInfo, PaymentInfoPolicy};
pub use model::cart::state::CartState;
pub use model::cart::{Cart, CheckResult, check_reference};
pub use model::checkout::{Checkout, NewCheckout};
pub use model::customer_message::Language;
/// What bindings need to know of an error of theirs. Not part of the public API.
#[doc(hidden)]
pub use model::customer_message::{FailedCall, Failure};
pub use model::error::{Error, ErrorKind, RequestSent, Result};
pub use model::poll::CartPoll;
pub use model::poll::cart_ref::CartRef;
pub use model::poll::outcome::CheckOutcome;
pub use model::poll::policy::{PollPolicy, WaitOptions};
pub use model::refund::{NewRefund, Refund};
pub use model::settlement::{Settlement, SettlementItem, day};
pub use model::status::{CartStatus, ResultCode};
pub use model::text::csv::csv_cell;
pub use model::text::kronur::{kronur, number as icelandic_number};
pub use model::text::masking::mask_within as mask_customer_ids;
pub use model::transaction::{Transaction, TransactionStatus};
pub use model::values::customer::{CustomerId, CustomerIdKind, mask as mask_customer_id};
pub use model::values::decimal::exact_decimal;
pub use model::values::duration::{milliseconds, seconds};
pub use model::values::secret::Secret;
#[doc(hidden)]
pub use options::variable;
pub use options::{ClientOptions, Environment, ResponseVerification};
pub use protocol::signature::sign;
