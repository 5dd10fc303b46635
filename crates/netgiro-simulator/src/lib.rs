//! A local Netgíró for tests.
//!
//! [`Simulator::start`] opens a server on a loopback port, in this process and on a thread of its own. It keeps
//! carts, checks the signature of every request, signs its responses and callbacks, and responds as the real API
//! does.
//! The customer is you: [`Simulator::confirm`], [`Simulator::decline`] and [`Simulator::expire`] say what happens on
//! the phone, and [`Simulator::advance`] lets time pass.
//!
//! ```
//! use netgiro_simulator::{Simulator, SimulatorOptions};
//! use std::time::Duration;
//!
//! let simulator = Simulator::start(SimulatorOptions { seed: 7, ..SimulatorOptions::default() })?;
//! assert!(simulator.url().starts_with("http://127.0.0.1:"));
//!
//! // A client made with simulator.url(), app_key() and secret_key() inserts carts here.
//! for cart in simulator.carts() {
//!     simulator.confirm(cart.transaction_id)?;
//! }
//! simulator.advance(Duration::from_secs(180))?; // carts without an answer expire
//! simulator.close();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Customers
//!
//! | customer id | behaviour |
//! |---|---|
//! | a phone number (7 digits, first 6, 7 or 8) | is asked on the phone, and waits for `confirm` or `decline` |
//! | `8111111` | approves by itself, [`SimulatorOptions::reaction`] after the cart was inserted |
//! | `8222222` | declines by itself, likewise |
//! | a kennitala (10 digits) | gets an SMS code, [`SimulatedCart::sms_code`], for `ConfirmCart` |
//! | `2222222229` | gets a code too, but has no credit: `ConfirmCart` with the code is answered 10302 |
//! | an app code (`500004` and 4 characters) | has agreed already: there is nobody left to ask |
//!
//! In V2 ten digits are an access code, never a kennitala. It has agreed already, as has a barcode, which is an app
//! code.
//!
//! # Faults and storms
//!
//! [`Simulator::add_fault`] makes the next calls fail as a [`Fault`] describes: connections refused, closed, reset or
//! silent at any point, HTTP statuses, corrupted bodies, wrong signatures. [`Simulator::storm`] makes a share of all
//! calls fail and customers answer at random, both decided by a seed; [`Simulator::clear_faults`] ends either.
//!
//! # Where the API's documentation is silent
//!
//! * A reservation (confirmation type manual) does not run out by itself; `CancelCart` releases it and answers 10201.
//! * While a callback is unacknowledged, `CancelCart` answers `Success` false with 10429: the payment is still open.
//! * A callback left unacknowledged twice cancels the sale only where the acknowledgement creates the payment
//!   (confirmation type server callback). A cart that is paid or reserved without it stays so.
//! * `CallbackCancelUrl` is called when the customer declines; not for the merchant's own `CancelCart`, nor at expiry.
//! * Inside a callback `PaymentSuccessful` and `ResultCode` say what `CheckCart` would say at that moment.
//! * A settlement holds the sales of a day, is made up at its end (UTC) and is transferred the day after; its number is
//!   made from that day. `Amount` is `TotalAmount` less `CostAmount`, an item's `LoanNumber` is `L-` and its payment's
//!   invoice number, and the days of `dateFrom` and `dateTo` are those on which settlements were made up, both included.
//! * A refund is an item of the settlement of the day on which it was made, with the negative amount, the refund's date,
//!   the payment's `LoanNumber` and no cost: Netgíró keeps what the sale cost. It reduces `TotalAmount` and `Amount`, and
//!   is not counted in `NumberOfSales`.
//! * V2 refuses a call with HTTP 400, `Success` false and a `Message`, and has no result codes. An idempotency key belongs
//!   to the shop, lives for ever, and is taken by a refund that was made, not by one that was refused; a repeated refund
//!   is answered before the state of the payment is looked at. Refunds never exceed the payment.
//! * A cart made over V1 and one made over V2 are the same for both: each can be checked, captured and canceled over the
//!   other. Only the callbacks are those of the API that made it. V2 calls a declined or expired cart `Cancelled`.
//! * With a `CallbackUrl` and without `ManualCapture` a sale of V2 is `Pending` until the callback is acknowledged, also
//!   after an access code. With `ManualCapture` the callback is sent when the customer accepts, not at the capture.
//! * A callback of V2 that is left unacknowledged twice cancels the sale, even a captured one. `CallbackCancelUrl` is
//!   called whenever a sale of V2 is canceled: by its customer, the merchant, time, or a callback.
//! * A hold of V2 is captured once: the rest is free again. It ends after [`SimulatorOptions::hold_lifetime`].
//! * A paid sale that V2 cancels is in no settlement if that was on the same day (UTC); otherwise what was not refunded is
//!   a negative item of the day of the cancel.
//! * The hosted checkout takes `CallbackCancelUrl` as V2 does. Its `CheckoutUrl` ends in the transaction's id. The redirect
//!   of a hold says `Status` 1, and there is none until a callback that makes the payment is acknowledged.
//! * A form opens a checkout as JSON does. `PaymentConfirmedURL` is called with confirmation type 1 alone, once more if it
//!   does not answer 200, and then the sale is canceled. Redirects and callbacks also have the older `orderid`,
//!   `confirmationCode` and `signature`, and `success`, unless the sale is canceled, as the published Magento plugin reads
//!   it. Items, `Iframe`, `Message`, `CustomerId` and the offer's times are not looked at.
//! * `transactions` takes `POST` with JSON, and `GET` with a query. A sale is `new` until its customer has accepted, and then
//!   `unpaid` until it is paid. A malformed request is answered with 500, as any other error.
//! * `payment/GetByReference` answers as `CheckCart` does, with 200 and the payment of the newest cart with the reference,
//!   or 10424; [`SimulatorOptions::reference_lookup`] says what it sees.
//! * `payment/Change` refunds the difference between the amount and what is left; `payment/Cancel` cancels as V2 does, and
//!   takes no fee.
//! * The code of `Account/RequestConfirmation` is `500004` and 4 digits: an access code of V2, and a barcode for V1. It can be
//!   used again for its five minutes. Other codes are those of an app, and never expire.
//! * The Partner API answers a refusal with HTTP 400. Its keys are V2's.
//! * `IsRefundable` is true as long as a refund of a króna would be made. A payment stays `paid` when all of it is
//!   refunded. A cart that waits for its customer or its callback is `unpaid`.
//! * `ConfirmCart` before the customer has agreed, or without the SMS code, answers the code that `CheckCart` gives.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "embedded")]
mod embedded;
mod engine;
mod faults;
mod http;
mod model;
mod protocol;
mod simulator;

#[cfg(feature = "embedded")]
#[doc(hidden)]
pub use embedded::{EmbeddedCallback, EmbeddedRequest, EmbeddedResponse, EmbeddedSimulator};
pub use faults::fault::Fault;
pub use faults::forms::{BodyAs, DropAt, DropBy};
pub use faults::storm::Storm;
pub use model::endpoint::Endpoint;
pub use model::error::SimulatorError;
pub use model::options::{
    ReferenceLookup, RepeatedCall, ResponseSignatures, SimulatorOptions, Tls,
};
pub use model::records::{SimulatedCallback, SimulatedCart, SimulatedRefund, SimulatedRequest};
pub use simulator::Simulator;
