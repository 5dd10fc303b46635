//! The form of the hosted checkout, which the customer's browser posts.

use crate::model::codes;
use crate::model::customer::Customer;
use crate::model::order::{Api, Order, ReturnUrls};
use crate::protocol::request::{Invalid, Members, confirmation_type};
use crate::protocol::signature::Keys;
use netgiro::ConfirmationType;
use url::Url;

impl Members {
    /// Checks the signature among the fields; the error says what is wrong.
    pub(crate) fn check_form(&self, keys: &Keys<'_>) -> Result<(), String> {
        let field = |name| self.required_text(name).map_err(|invalid| invalid.message);
        let application = field("ApplicationID")?;
        let signature = field("Signature")?;
        let reference = self.form_reference().map_err(|invalid| invalid.message)?;
        let amount = field("TotalAmount")?;
        if !application.eq_ignore_ascii_case(keys.app_key) {
            return Err(format!("Unknown application {application}"));
        }
        let expected = keys.sign_texts(&[&reference, &amount, &application]);
        if !signature.eq_ignore_ascii_case(&expected) {
            return Err(format!(
                "Signature does not match ReferenceNumber {reference}, TotalAmount {amount} and ApplicationID \
                 {application}"
            ));
        }
        Ok(())
    }

    /// Parses a `HostedForm`.
    pub(crate) fn hosted_form(&self, minimum_amount: i64) -> Result<Order, Invalid> {
        let amount = self
            .integer("TotalAmount")?
            .filter(|amount| *amount >= minimum_amount)
            .ok_or_else(|| {
                let message = format!("TotalAmount must be at least {minimum_amount}");
                Invalid::new(codes::BELOW_MINIMUM, message)
            })?;
        let confirmation = match self.field("ConfirmationType")? {
            None => Some(ConfirmationType::Automatic),
            Some(number) => number.parse().ok().and_then(confirmation_type),
        };
        let confirmation = confirmation.ok_or_else(|| {
            Invalid::new(
                codes::BAD_CONFIRMATION_TYPE,
                "ConfirmationType must be 0, 1 or 2",
            )
        })?;
        // With the other types nothing waits for it.
        let callback_url = match confirmation {
            ConfirmationType::ServerCallback => Some(self.filled_text("PaymentConfirmedURL")?),
            _ => None,
        };
        let prefix = self.field("PrefixUrlParameters")?;
        Ok(Order {
            api: Api::Form,
            amount,
            reference: self.form_reference()?,
            customer: Customer::unknown(),
            confirmation,
            callback_url,
            callback_cancel_url: None,
            location_id: self.field("LocationId")?,
            register_id: self.field("RegisterId")?,
            return_urls: Some(ReturnUrls {
                success: self.address_field("PaymentSuccessfulURL")?,
                cancel: self.address_field("PaymentCancelledURL")?,
                is_prefixed: prefix.is_some_and(|text| text.eq_ignore_ascii_case("true")),
            }),
        })
    }

    /// The order's id at the shop. `OrderId` is an older name, and still sent by a published plugin.
    fn form_reference(&self) -> Result<String, Invalid> {
        match self.field("ReferenceNumber")? {
            Some(reference) => Ok(reference),
            None => self
                .field("OrderId")?
                .ok_or_else(|| Invalid::plain("ReferenceNumber is required")),
        }
    }

    /// A field, which may be empty.
    fn field(&self, name: &str) -> Result<Option<String>, Invalid> {
        Ok(self.text(name)?.filter(|text| !text.is_empty()))
    }

    fn address_field(&self, name: &str) -> Result<Option<Url>, Invalid> {
        match self.field(name)? {
            None => Ok(None),
            Some(_) => self.web_address(name).map(Some),
        }
    }
}
