//! The look-up of a cart by its reference, and what its answer means.
//!
//! Netgíró last documented it in 2020, and never its answer: what is read here is CheckCart's form, or the same members
//! without PaymentInfo around them. Either is no more than a reason to check the cart that it names.

use serde_json::value::RawValue;
use url::Url;

use crate::model::cart::Cart;
use crate::model::cart::payment_info::PaymentInfo;
use crate::model::error::{ErrorKind, Result};
use crate::model::status::ResultCode;
use crate::model::values::amount::Amount;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::payment_info::payment_info;
use crate::protocol::response::{CartResponse, Response, refusal};

/// Adds the query to the look-up's URL.
pub(crate) fn set_query(url: &mut Url, reference: &str) {
    (url.query_pairs_mut()).append_pair("ReferenceNumber", reference);
}

/// Reads an answer with a 2xx status about an order with this reference and amount. `None` only if the server says that it has
/// no such cart: whatever else names none is an error, since nobody may conclude from it that the customer was not asked.
pub(crate) fn read(response: &Response, reference: &str, amount: Amount) -> Result<Option<Cart>> {
    let wire: CartResponse<'_> = response.parse()?;
    let (success, code) = response.outcome(&wire)?;
    let wrong = |kind, why: String| Err(response.error(kind, why).with_result_code(code));
    let payment = match payment(response, wire.payment_info) {
        Ok(payment) => payment,
        Err(why) => return wrong(ErrorKind::Protocol, why),
    };
    let Some(payment) = payment else {
        if code == ResultCode::NO_SUCH_CART {
            return Ok(None);
        }
        let why = refusal(Endpoint::GetByReference, wire.message.as_deref());
        let error = response.error(ErrorKind::Api, why).with_result_code(code);
        return Err(error.with_retryable(code == ResultCode::SERVER_ERROR));
    };
    if !success || code == ResultCode::NO_SUCH_CART {
        let why = format!(
            "GetByReference's answer contradicts itself: Success {success} and result code {code} with a payment"
        );
        return wrong(ErrorKind::Protocol, why);
    }
    let Some(transaction_id) = payment.transaction_id.filter(|id| !id.is_nil()) else {
        let why = "GetByReference's answer names no cart".to_owned();
        return wrong(ErrorKind::Protocol, why);
    };
    match &payment.reference_number {
        Some(named) if named == reference => {}
        Some(named) => {
            let why = format!(
                "Netgíró names cart {transaction_id} with reference {named:?}, asked was {reference:?}: look into it"
            );
            return wrong(ErrorKind::Mismatch, why);
        }
        None => {
            let why = "GetByReference's answer does not name the reference".to_owned();
            return wrong(ErrorKind::Protocol, why);
        }
    }
    if let Some(named) = payment.total_amount.filter(|named| *named != amount) {
        let why = format!(
            "Netgíró holds {named} kr. for cart {transaction_id} with reference {reference:?}, the order is {amount} kr.: \
             look into it"
        );
        return wrong(ErrorKind::Mismatch, why);
    }
    Ok(Some(Cart {
        transaction_id,
        reference: reference.to_owned(),
        amount,
        check_interval: None,
        message: None,
        reference_id: response.reference_id.clone(),
    }))
}

/// The payment that an answer names: its PaymentInfo, or else its own members.
fn payment(response: &Response, info: Option<&RawValue>) -> Result<Option<PaymentInfo>, String> {
    if info.is_some() {
        return payment_info(info);
    }
    let whole: Option<&RawValue> = serde_json::from_slice(&response.body).ok();
    let named = payment_info(whole)?;
    Ok(named.filter(|payment| payment.transaction_id.is_some_and(|id| !id.is_nil())))
}
