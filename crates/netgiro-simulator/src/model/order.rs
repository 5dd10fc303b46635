//! A merchant's order, and what the API answers about its cart.

use crate::model::customer::Customer;
use jiff::Timestamp;
use netgiro::ConfirmationType;
use url::Url;
use uuid::Uuid;

/// The API over which a cart was made, which decides its callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    V1,
    V2,
    Hosted,
    /// The hosted checkout, opened by a form.
    Form,
}

/// Where the hosted checkout sends its customer. A form may leave either out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReturnUrls {
    pub(crate) success: Option<Url>,
    pub(crate) cancel: Option<Url>,
    /// Whether the names of what a form's shop is told have a prefix.
    pub(crate) is_prefixed: bool,
}

/// What an `InsertCart` or a `Payment` orders.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) api: Api,
    pub(crate) amount: i64,
    pub(crate) reference: String,
    pub(crate) customer: Customer,
    pub(crate) confirmation: ConfirmationType,
    pub(crate) callback_url: Option<String>,
    pub(crate) callback_cancel_url: Option<String>,
    pub(crate) location_id: Option<String>,
    pub(crate) register_id: Option<String>,
    /// Of the hosted checkout alone.
    pub(crate) return_urls: Option<ReturnUrls>,
}

/// The content of a response about a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CartResponse {
    pub(crate) success: bool,
    /// Absent in responses to `CancelCart`.
    pub(crate) paid: Option<bool>,
    pub(crate) code: i64,
    pub(crate) payment: Option<Payment>,
}

impl CartResponse {
    pub(crate) fn without_payment(success: bool, paid: Option<bool>, code: i64) -> Self {
        Self {
            success,
            paid,
            code,
            payment: None,
        }
    }
}

/// The payment made by a cart, or the reservation for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) transaction_id: Uuid,
    pub(crate) invoice_number: i64,
    pub(crate) reference: String,
    pub(crate) status_id: i64,
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) identity_confirmed: Option<bool>,
    pub(crate) location_id: Option<String>,
    pub(crate) register_id: Option<String>,
}

/// An item of a settlement: a payment, or a refund with a negative amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettledItem {
    /// When it was made, which decides the settlement.
    pub(crate) at: Timestamp,
    /// The date that the item shows.
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) invoice_number: i64,
}
