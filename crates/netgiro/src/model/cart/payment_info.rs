//! What the server holds about a payment.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::error::Error;
use crate::model::text::quote;
use crate::model::text::words::words;
use crate::model::values::decimal;

/// Passes the members of a payment on to a macro: what each is called here and by the API, and its kind.
#[doc(hidden)]
#[macro_export]
macro_rules! payment_members {
    ($with:ident) => {
        $with! {
            /// The server's id of the cart.
            transaction_id: Id = "TransactionId",
            /// The number of the invoice.
            invoice_number: Integer = "InvoiceNumber",
            /// The shop's order id.
            reference_number: Text = "ReferenceNumber",
            /// 1 unconfirmed, 2 confirmed, 5 canceled.
            status_id: Integer = "StatusId",
            /// When the payment was created.
            created: Instant = "Created",
            /// The total in krónur.
            #[serde(deserialize_with = "decimal::kept")]
            total_amount: Amount = "TotalAmount",
            /// The discount in krónur.
            #[serde(deserialize_with = "decimal::kept")]
            discount_amount: Amount = "DiscountAmount",
            /// The cost of shipping in krónur.
            #[serde(deserialize_with = "decimal::kept")]
            shipping_amount: Amount = "ShippingAmount",
            /// The cost of handling in krónur.
            #[serde(deserialize_with = "decimal::kept")]
            handling_amount: Amount = "HandlingAmount",
            /// The number of the customer's account.
            account_number: Integer = "AccountNumber",
            /// In how many parts the customer pays.
            number_of_installments: Integer = "NumberOfInstallments",
            /// Whether the customer's identity was confirmed.
            client_identity_confirmed: Flag = "ClientIdentityConfirmed",
            /// The shop's own name for the place of sale.
            location_id: Text = "LocationId",
            /// The shop's own name for the till.
            register_id: Text = "RegisterId",
        }
    };
}

pub(crate) use payment_members;

/// The type that a member of this kind has.
macro_rules! of_kind {
    (Id) => {
        Uuid
    };
    (Integer) => {
        i64
    };
    (Text) => {
        String
    };
    (Instant) => {
        Timestamp
    };
    (Amount) => {
        Decimal
    };
    (Flag) => {
        bool
    };
}

macro_rules! payment_info {
    ($( $(#[$meta:meta])* $member:ident: $kind:ident = $wire:literal, )+) => {
        /// What the server holds about a payment. Every member can be missing.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(default)]
        pub struct PaymentInfo {
            $( $(#[$meta])* pub $member: Option<of_kind!($kind)>, )+
        }
    };
}

payment_members!(payment_info);

impl PaymentInfo {
    /// Why it is not about this cart, which was checked.
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
