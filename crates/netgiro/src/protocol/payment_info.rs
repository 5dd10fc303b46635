//! The PaymentInfo of a response or a callback.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::cart::payment_info::PaymentInfo;
use crate::model::text::quote;
use crate::protocol::json::{decimal, instant, object};

/// Reads the PaymentInfo of an answer or a callback.
pub(crate) fn payment_info(raw: Option<&RawValue>) -> Result<Option<PaymentInfo>, String> {
    let Some(raw) = raw else { return Ok(None) };
    let wire: PaymentInfoWire<'_> = object(raw.get())
        .map_err(|error| format!("PaymentInfo has wrong data: {}", quote::json(&error)))?;
    PaymentInfo::try_from(wire).map(Some)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentInfoWire<'a> {
    transaction_id: Option<Uuid>,
    invoice_number: Option<i64>,
    reference_number: Option<String>,
    status_id: Option<i64>,
    created: Option<String>,
    #[serde(borrow)]
    total_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    discount_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    shipping_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    handling_amount: Option<&'a RawValue>,
    account_number: Option<i64>,
    number_of_installments: Option<i64>,
    client_identity_confirmed: Option<bool>,
    location_id: Option<String>,
    register_id: Option<String>,
}

impl TryFrom<PaymentInfoWire<'_>> for PaymentInfo {
    type Error = String;

    fn try_from(wire: PaymentInfoWire<'_>) -> Result<Self, String> {
        Ok(Self {
            transaction_id: wire.transaction_id,
            invoice_number: wire.invoice_number,
            reference_number: wire.reference_number,
            status_id: wire.status_id,
            created: wire.created.as_deref().and_then(instant),
            total_amount: decimal("TotalAmount", wire.total_amount)?,
            discount_amount: decimal("DiscountAmount", wire.discount_amount)?,
            shipping_amount: decimal("ShippingAmount", wire.shipping_amount)?,
            handling_amount: decimal("HandlingAmount", wire.handling_amount)?,
            account_number: wire.account_number,
            number_of_installments: wire.number_of_installments,
            client_identity_confirmed: wire.client_identity_confirmed,
            location_id: wire.location_id,
            register_id: wire.register_id,
        })
    }
}
