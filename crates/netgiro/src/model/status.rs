//! The one table from result code to meaning.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::error::Error;
use crate::model::text::quote;
use crate::model::text::words::words;

words! {
    /// Where a cart stands.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[non_exhaustive]
    pub enum CartStatus {
        /// Waiting for the customer.
        Pending = "pending",
        /// The merchant must send the customer's SMS code with `confirm_cart`.
        NeedsCode = "needs_code",
        /// Reserved: the merchant must `confirm_cart`.
        Reserved = "reserved",
        /// Reserved: the merchant's callback endpoint has not acknowledged yet.
        AwaitingCallback = "awaiting_callback",
        /// Paid.
        Confirmed = "confirmed",
        /// Canceled, expired, or never known: nothing was paid.
        Canceled = "canceled",
        /// The customer declined.
        Declined = "declined",
        /// The server knows no such cart.
        NotFound = "not_found",
        /// A result code this version does not know; never paid, never canceled.
        Unknown = "unknown",
    }

    /// Every status, in the order of the table.
    const ALL;
    argument "status", quote::text, Error::invalid_request;
}

impl CartStatus {
    /// Whether the cart can no longer change.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Confirmed | Self::Canceled | Self::Declined | Self::NotFound
        )
    }

    /// Whether the cart is paid: true for `confirmed` alone.
    #[must_use]
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Confirmed)
    }

    /// Whether the cart is there, and not decided yet.
    pub(crate) const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::NeedsCode | Self::Reserved | Self::AwaitingCallback
        )
    }

    /// Whether waiting alone can still change the cart.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::AwaitingCallback | Self::Unknown)
    }

    /// The status a result code stands for; `Unknown` for codes outside the table.
    #[must_use]
    pub fn of_code(code: i64) -> Self {
        ResultCode::find(code)
            .and_then(|known| known.status)
            .unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for CartStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A result code of the API, what it means, and the cart status it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultCode {
    /// The number on the wire.
    pub code: i64,
    /// What it means.
    pub meaning: &'static str,
    /// The status of a cart answered with it; `None` when it says nothing about a cart.
    pub status: Option<CartStatus>,
}

impl ResultCode {
    /// The known codes.
    pub const ALL: &'static [Self] = &[
        Self::call(Self::SUCCESS, "the call succeeded"),
        Self::call(400, "generic error"),
        Self::call(Self::SERVER_ERROR, "error on request"),
        Self::cart(Self::CONFIRMED, "payment confirmed", CartStatus::Confirmed),
        Self::cart(
            Self::ALREADY_CONFIRMED,
            "already confirmed",
            CartStatus::Confirmed,
        ),
        Self::cart(Self::CANCELED, "payment canceled", CartStatus::Canceled),
        Self::cart(10202, "already canceled", CartStatus::Canceled),
        Self::cart(10302, "customer declined", CartStatus::Declined),
        Self::cart(10307, "customer declined", CartStatus::Declined),
        Self::cart(10422, "customer declined", CartStatus::Declined),
        Self::cart(10423, "customer declined", CartStatus::Declined),
        Self::cart(10304, "cart not valid", CartStatus::NotFound),
        Self::call(Self::AMOUNT_TOO_LOW, "amount below the minimum"),
        Self::call(Self::NO_CUSTOMER, "customer does not exist"),
        Self::cart(Self::NO_SUCH_CART, "cart not found", CartStatus::NotFound),
        Self::cart(10425, "waiting for the customer", CartStatus::Pending),
        Self::cart(
            10426,
            "reserved, waiting for the merchant's ConfirmCart",
            CartStatus::Reserved,
        ),
        Self::call(10427, "confirmation type not valid"),
        Self::cart(
            10428,
            "additional confirmation needed (SMS code)",
            CartStatus::NeedsCode,
        ),
        Self::cart(
            10429,
            "reserved, waiting for the callback's acknowledgement",
            CartStatus::AwaitingCallback,
        ),
    ];

    pub(crate) const SUCCESS: i64 = 200;
    pub(crate) const SERVER_ERROR: i64 = 500;
    pub(crate) const CONFIRMED: i64 = 10200;
    pub(crate) const ALREADY_CONFIRMED: i64 = 10203;
    /// Also the answer for a cart that the server does not have, or does not have yet.
    pub(crate) const CANCELED: i64 = 10201;
    pub(crate) const NO_SUCH_CART: i64 = 10424;
    pub(crate) const AMOUNT_TOO_LOW: i64 = 10305;
    pub(crate) const NO_CUSTOMER: i64 = 10306;

    const fn call(code: i64, meaning: &'static str) -> Self {
        Self {
            code,
            meaning,
            status: None,
        }
    }

    const fn cart(code: i64, meaning: &'static str, status: CartStatus) -> Self {
        Self {
            code,
            meaning,
            status: Some(status),
        }
    }

    /// The entry for a number, when it is known.
    #[must_use]
    pub fn find(code: i64) -> Option<&'static Self> {
        Self::ALL.iter().find(|known| known.code == code)
    }
}
