//! What the server holds about a payment.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::error::Error;
use crate::model::text::quote;
use crate::model::text::words::words;
use crate::model::values::decimal;

/// What the server holds about a payment. Every member can be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentInfo {
    /// The server's id of the cart.
    pub transaction_id: Option<Uuid>,
    /// The number of the invoice.
    pub invoice_number: Option<i64>,
    /// The shop's order id.
    pub reference_number: Option<String>,
    /// 1 unconfirmed, 2 confirmed, 5 canceled.
    pub status_id: Option<i64>,
    /// When the payment was created.
    pub created: Option<Timestamp>,
    /// The total in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub total_amount: Option<Decimal>,
    /// The discount in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub discount_amount: Option<Decimal>,
    /// The cost of shipping in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub shipping_amount: Option<Decimal>,
    /// The cost of handling in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub handling_amount: Option<Decimal>,
    /// The number of the customer's account.
    pub account_number: Option<i64>,
    /// In how many parts the customer pays.
    pub number_of_installments: Option<i64>,
    /// Whether the customer's identity was confirmed.
    pub client_identity_confirmed: Option<bool>,
    /// The shop's own name for the place of sale.
    pub location_id: Option<String>,
    /// The shop's own name for the till.
    pub register_id: Option<String>,
}

impl PaymentInfo {
    /// Why it is not about this cart, which was asked about.
    pub(crate) fn another_cart(&self, asked: Uuid) -> Option<String> {
        let id = self.transaction_id.filter(|id| *id != asked)?;
        Some(format!(
            "PaymentInfo is about the cart {id}, asked was {asked}"
        ))
    }
}

words! {
    /// What to do about an answer that says "paid" and not what was paid.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub enum PaymentInfoPolicy {
        /// It is refused: a paid answer must name the amount and the reference.
        Required = "required",
        /// It is paid; what it names of amount and reference is compared, where those of the order are known.
        #[default]
        IfPresent = "if_present",
    }

    /// Every policy.
    const ALL;
    argument "payment_info", quote::word, Error::configuration;
}
