//! V2's requests.

use crate::model::customer::Customer;
use crate::model::order::{Api, Order};
use crate::model::transaction::{CaptureRequest, RefundRequest, Refusal};
use crate::protocol::request::{Invalid, Members};
use netgiro::ConfirmationType;
use serde_json::Value;

impl Members {
    /// Parses a `Payment`.
    pub(crate) fn payment(&self, minimum_amount: i64) -> Result<Order, Refusal> {
        let amount = self.positive("Amount")?;
        let amount = amount.ok_or_else(|| not_positive("Amount"))?;
        let reference = self.filled_text("Reference")?;
        let customer_id = self.filled_text("CustomerIdentifier")?;
        let is_manual = self.flag("ManualCapture")?;
        let url = |name| Ok::<_, Invalid>(self.text(name)?.filter(|url| !url.is_empty()));
        let callback_url = url("CallbackUrl")?;
        let callback_cancel_url = url("CallbackCancelUrl")?;
        if amount < minimum_amount {
            return Err(Refusal::not_allowed(format!(
                "Amount is below the minimum of {minimum_amount}"
            )));
        }
        let customer = Customer::find_v2(&customer_id)
            .ok_or_else(|| Refusal::not_allowed("Customer does not exist"))?;
        Ok(Order {
            api: Api::V2,
            amount,
            reference,
            customer,
            confirmation: if is_manual {
                ConfirmationType::Manual
            } else if callback_url.is_some() {
                ConfirmationType::ServerCallback
            } else {
                ConfirmationType::Automatic
            },
            callback_url,
            callback_cancel_url,
            location_id: None,
            register_id: None,
        })
    }

    /// Parses a `Capture`.
    pub(crate) fn capture(&self) -> Result<CaptureRequest, Refusal> {
        Ok(CaptureRequest {
            transaction_id: self.v2_transaction_id()?,
            amount: self.positive("Amount")?,
        })
    }

    /// The transaction that a call of V2 names.
    pub(crate) fn v2_transaction_id(&self) -> Result<String, Refusal> {
        Ok(self.filled_text("TransactionId")?)
    }

    /// Parses a `Refund`.
    pub(crate) fn refund(&self) -> Result<RefundRequest, Refusal> {
        let transaction_id = self.filled_text("TransactionId")?;
        let amount = self.integer("RefundAmount")?.unwrap_or_default();
        let idempotency_key = self.filled_text("IdempotencyKey")?;
        let description = self.text("Description")?;
        if amount <= 0 {
            return Err(not_positive("RefundAmount").into());
        }
        Ok(RefundRequest {
            transaction_id,
            amount,
            idempotency_key,
            description,
        })
    }

    fn filled_text(&self, name: &str) -> Result<String, Invalid> {
        self.text(name)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| Invalid::plain(format!("{name} must not be empty")))
    }

    /// An amount in whole krónur, which may be written as a decimal: `4990.00`.
    fn positive(&self, name: &str) -> Result<Option<i64>, Invalid> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let amount = self
            .whole(value)
            .or_else(|| value.as_f64().and_then(whole_kronur))
            .ok_or_else(|| Invalid::plain(format!("{name} must be whole krónur")))?;
        if amount <= 0 {
            return Err(not_positive(name));
        }
        Ok(Some(amount))
    }

    fn flag(&self, name: &str) -> Result<bool, Invalid> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Invalid::plain(format!("{name} must be true or false"))),
        }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid.message)
    }
}

fn not_positive(name: &str) -> Invalid {
    Invalid::plain(format!("{name} must be greater than 0"))
}

fn whole_kronur(decimal: f64) -> Option<i64> {
    let is_whole = decimal.fract() == 0.0 && decimal.abs() <= f64::from(i32::MAX);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and in the range of 32 bits"
    )]
    is_whole.then_some(decimal as i64)
}
