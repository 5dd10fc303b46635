//! Hosted checkouts: pages of Netgíró's where a customer signs in and pays.

use crate::model::cart::new_cart::absolute_url;
use crate::model::cart::require_reference;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::values::amount::Amount;

/// A hosted checkout to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewCheckout {
    /// What the customer is asked to pay.
    pub amount: Amount,
    /// The shop's order id, without control characters.
    pub reference: String,
    /// Where the customer's browser goes after paying.
    pub success_url: String,
    /// Where the customer's browser goes after canceling.
    pub cancel_url: String,
    /// Where the server reports that the customer paid. With it, the payment is made by the 2xx of this URL.
    pub callback_url: Option<String>,
    /// Whether the money is held until the shop captures it.
    pub manual_capture: bool,
}

/// A hosted checkout that Netgíró has created.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkout {
    /// Where to send the customer's browser.
    pub checkout_url: String,
    /// The shop's order id, as sent.
    pub reference: String,
    /// The amount, as sent.
    pub amount: Amount,
}

impl NewCheckout {
    /// A checkout with everything that is required; set the other fields as needed.
    #[must_use]
    pub fn new(
        amount: Amount,
        reference: impl Into<String>,
        success_url: impl Into<String>,
        cancel_url: impl Into<String>,
    ) -> Self {
        Self {
            amount,
            reference: reference.into(),
            success_url: success_url.into(),
            cancel_url: cancel_url.into(),
            callback_url: None,
            manual_capture: false,
        }
    }

    /// What is known of this checkout for a caller that stops waiting for its call, by a cancelled task or Ctrl-C:
    /// `outcome_unknown`, with the reference.
    #[must_use]
    pub fn abandon(&self) -> Error {
        self.outcome_unknown("the call was given up before its answer came")
            .with_request_sent(RequestSent::Maybe)
            .of_call(FailedCall::Checkout)
    }

    /// What `create_checkout` fails with when the server may have the checkout.
    pub(crate) fn outcome_unknown(&self, why: &str) -> Error {
        let reference = &self.reference;
        let message = format!(
            "it is not known whether the checkout for reference {reference:?} was created: {why}. Its page is not known \
             either, so no customer can have paid on it"
        );
        Error::new(ErrorKind::OutcomeUnknown, message).with_reference(reference)
    }

    /// Refuses what the server would refuse; `create_checkout` does so before anything is sent.
    pub fn validate(&self) -> Result<()> {
        require_reference(&self.reference)?;
        absolute_url("success_url", Some(&self.success_url))?;
        absolute_url("cancel_url", Some(&self.cancel_url))?;
        absolute_url("callback_url", self.callback_url.as_deref())
    }
}
