//! A refund to be made.

use napi_derive::napi;
use netgiro::{NewRefund, Result};

use crate::arguments::amount::{AmountInput, amount};

/// A refund to be made.
#[napi(object, object_to_js = false)]
pub struct NewRefundInput {
    /// Whole krónur.
    pub amount: AmountInput,
    /// The shop's name of this refund.
    pub idempotency_key: String,
    /// Shown in the merchant portal.
    pub description: Option<String>,
}

pub(crate) fn new_refund(input: NewRefundInput) -> Result<NewRefund> {
    let mut refund = NewRefund::new(amount("amount", &input.amount)?, input.idempotency_key);
    refund.description = input.description;
    Ok(refund)
}
