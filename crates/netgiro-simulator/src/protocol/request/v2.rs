//! The requests of V2 and of the hosted checkout.

use crate::model::customer::Customer;
use crate::model::order::{Api, Order, ReturnUrls};
use crate::model::transaction::{CaptureRequest, RefundRequest, Refusal};
use crate::protocol::request::{Invalid, Members};
use netgiro::ConfirmationType;
use serde_json::Value;
use url::Url;

const LONGEST_REASON: usize = 100;

impl Members {
    /// Parses a `Payment`.
    pub(crate) fn payment(&self, minimum_amount: i64) -> Result<Order, Refusal> {
        let amount = self.positive("Amount")?;
        let amount = amount.ok_or_else(|| not_positive("Amount"))?;
        let reference = self.filled_text("Reference")?;
        let customer_id = self.filled_text("CustomerIdentifier")?;
        let order = self.order_v2(Api::V2, amount, reference, minimum_amount)?;
        let customer = Customer::find_v2(&customer_id)
            .ok_or_else(|| Refusal::not_allowed("Customer does not exist"))?;
        Ok(Order { customer, ..order })
    }

    /// Parses a `HostedPayment`.
    pub(crate) fn hosted_payment(&self, minimum_amount: i64) -> Result<Order, Refusal> {
        let amount = self.integer("Amount")?.filter(|amount| *amount > 0);
        let amount = amount.ok_or_else(|| not_positive("Amount"))?;
        let reference = self.filled_text("Reference")?;
        let return_urls = ReturnUrls {
            success: Some(self.web_address("SuccessUrl")?),
            cancel: Some(self.web_address("CancelUrl")?),
            is_prefixed: false,
        };
        Ok(Order {
            return_urls: Some(return_urls),
            ..self.order_v2(Api::Hosted, amount, reference, minimum_amount)?
        })
    }

    /// The members that V2 and the hosted checkout have in common.
    fn order_v2(
        &self,
        api: Api,
        amount: i64,
        reference: String,
        minimum_amount: i64,
    ) -> Result<Order, Refusal> {
        let is_manual = self.flag("ManualCapture")?;
        let url = |name| Ok::<_, Invalid>(self.text(name)?.filter(|url| !url.is_empty()));
        let callback_url = url("CallbackUrl")?;
        let callback_cancel_url = url("CallbackCancelUrl")?;
        if amount < minimum_amount {
            return Err(Refusal::not_allowed(format!(
                "Amount is below the minimum of {minimum_amount}"
            )));
        }
        Ok(Order {
            api,
            amount,
            reference,
            customer: Customer::unknown(),
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
            return_urls: None,
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

    /// Parses a `PartnerRefund`.
    pub(crate) fn partner_refund(&self) -> Result<RefundRequest, Refusal> {
        let reason = self.text("reason")?;
        if (reason.as_ref()).is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
            let message = format!("reason must not have more than {LONGEST_REASON} characters");
            return Err(Refusal::Invalid(message));
        }
        Ok(RefundRequest {
            description: reason,
            ..self.refund()?
        })
    }

    pub(super) fn filled_text(&self, name: &str) -> Result<String, Invalid> {
        self.text(name)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| Invalid::plain(format!("{name} must not be empty")))
    }

    /// A URL that a browser may be sent to.
    pub(super) fn web_address(&self, name: &str) -> Result<Url, Invalid> {
        let text = self.filled_text(name)?;
        Url::parse(&text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| Invalid::plain(format!("{name} must be a URL with http or https")))
    }

    /// An amount in whole krónur, which may be written as a decimal: `4990.00`.
    pub(crate) fn positive(&self, name: &str) -> Result<Option<i64>, Invalid> {
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
