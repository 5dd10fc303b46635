//! A hosted checkout to be created.

use napi_derive::napi;
use netgiro::{NewCheckout, Result};

use crate::arguments::amount::{AmountInput, amount};

/// A hosted checkout to be created.
#[napi(object, object_to_js = false)]
pub struct NewCheckoutInput {
    /// Whole krónur.
    pub amount: AmountInput,
    /// The shop's order id.
    pub reference: String,
    /// Where the customer's browser goes after paying.
    pub success_url: String,
    /// Where the customer's browser goes after canceling.
    pub cancel_url: String,
    /// Where the server reports that the customer paid.
    pub callback_url: Option<String>,
    /// Whether the money is held until it is captured.
    pub manual_capture: Option<bool>,
}

pub(crate) fn new_checkout(input: NewCheckoutInput) -> Result<NewCheckout> {
    let mut checkout = NewCheckout::new(
        amount("amount", &input.amount)?,
        input.reference,
        input.success_url,
        input.cancel_url,
    );
    checkout.callback_url = input.callback_url;
    checkout.manual_capture = input.manual_capture.unwrap_or(checkout.manual_capture);
    Ok(checkout)
}
