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

mod amount;
mod bulk;
mod callback;
mod cart;
mod check_many;
mod client;
mod customer;
mod diagnosis;
mod duration;
mod error;
mod events;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod json_text;
mod nonce;
mod options;
mod pace;
mod packed;
mod poll;
mod proxy;
pub mod reconcile;
mod replay;
mod results;
mod secret;
mod settlement;
mod signature;
mod status;
mod tls;
mod transport;
mod wait_many;
mod watch;
mod wire;

pub use amount::{Amount, Given};
pub use bulk::BulkOptions;
pub use callback::Callback;
pub use cart::{
    Cart, CartItem, CartRef, CartState, CheckResult, ConfirmationType, NewCart, PaymentInfo,
};
pub use check_many::CheckMany;
pub use client::Client;
pub use customer::{CustomerId, CustomerIdKind, mask_within as mask_customer_ids};
pub use duration::{milliseconds, seconds};
pub use error::{Error, ErrorKind, RequestSent, Result};
pub use events::{Event, Observer, PollEvent, RequestEvent};
pub use options::{ClientOptions, Environment, ResponseVerification};
pub use poll::{CartPoll, PollPolicy, Seen, WaitOptions};
pub use replay::{MemoryReplayGuard, ReplayGuard};
pub use results::{CheckResults, Tally};
pub use secret::Secret;
pub use settlement::{Settlement, SettlementItem, day};
pub use signature::{is_signing_header, sign};
pub use status::{CartStatus, ResultCode};
pub use wait_many::WaitMany;
pub use watch::Watch;
