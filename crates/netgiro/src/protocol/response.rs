//! What a response about a cart means.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::api_version::ApiVersion;
use crate::model::cart::payment_claim::PaymentClaim;
use crate::model::cart::payment_info::PaymentInfoPolicy;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::status::{CartStatus, ResultCode};
use crate::model::text::masking::mask_within;
use crate::protocol::consistency::{
    contradiction, drops_a_paid_one, is_believed, is_refusal, unnamed,
};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::json::{beginning, parse};
use crate::protocol::payment_info::payment_info;

/// What came back from a call, verified, with a 2xx status.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) http_status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) reference_id: Option<String>,
    /// The signature, where it was verified.
    pub(crate) signature: Option<String>,
    pub(crate) received_at: Timestamp,
}

impl Response {
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        let error = Error::new(kind, message);
        // The server may give a sound answer when it is asked again.
        let retryable = error.retryable() || kind == ErrorKind::Protocol;
        error
            .with_retryable(retryable)
            .with_http_status(self.http_status)
            .with_reference_id(self.reference_id.clone())
            .with_request_sent(RequestSent::Yes)
    }

    pub(crate) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        parse(&self.body).map_err(|(kind, message)| self.error(kind, message))
    }

    /// `Success` and `ResultCode`, which every answer about a cart has.
    pub(crate) fn outcome(&self, wire: &CartResponse<'_>) -> Result<(bool, i64)> {
        match (wire.success, wire.result_code) {
            (Some(success), Some(code)) => Ok((success, code)),
            (None, Some(_)) => Err(self.error(ErrorKind::Protocol, "the body lacks Success")),
            (_, None) => Err(self.error(
                ErrorKind::Server,
                format!("the body is not the API's: {}", beginning(&self.body)),
            )),
        }
    }

    /// Where the cart stands after CheckCart, ConfirmCart or CancelCart.
    pub(crate) fn into_state(
        self,
        endpoint: Endpoint,
        expected: &Expected<'_>,
    ) -> Result<CartState> {
        let Expected {
            cart,
            payment_info: policy,
            called_paid_by,
        } = *expected;
        let wire: CartResponse<'_> = self.parse()?;
        let (success, code) = self.outcome(&wire)?;
        let payment = payment_info(wire.payment_info)
            .map_err(|why| self.error(ErrorKind::Protocol, why).with_result_code(code))?;
        let claim = PaymentClaim {
            success,
            payment_successful: wire.payment_successful,
            code,
            status_id: payment.as_ref().and_then(|payment| payment.status_id),
        };
        let named = payment.as_ref();
        let contradiction = contradiction(&claim, endpoint)
            .or_else(|| named?.another_cart(cart.transaction_id))
            .or_else(|| drops_a_paid_one(called_paid_by, code));
        if let Some(why) = contradiction {
            return Err(self
                .error(
                    ErrorKind::Protocol,
                    format!("{}'s answer contradicts itself: {why}", endpoint.name()),
                )
                .with_result_code(code));
        }
        if let Some(why) = cart.mismatch(payment.as_ref()) {
            return Err(self.error(ErrorKind::Mismatch, why).with_result_code(code));
        }
        if is_refusal(&claim, endpoint) {
            return Err(self
                .error(ErrorKind::Api, refusal(endpoint, wire.message.as_deref()))
                .with_result_code(code)
                .with_retryable(code == ResultCode::SERVER_ERROR));
        }
        let status = CartStatus::of_code(code);
        if status.is_paid()
            && is_believed(endpoint, code)
            && let Some(what) = unnamed(policy, payment.as_ref(), cart)
        {
            return Err(self
                .error(
                    ErrorKind::Protocol,
                    format!(
                        "{}'s answer says that the cart is paid, and {what}: payment_info is \"required\"",
                        endpoint.name()
                    ),
                )
                .with_result_code(code));
        }
        Ok(CartState {
            transaction_id: cart.transaction_id,
            status,
            result_code: Some(code),
            payment_successful: wire.payment_successful,
            message: wire.message.as_deref().map(mask_within),
            payment: payment.map(Box::new),
            reference_id: self.reference_id,
            checked_at: self.received_at,
            api: ApiVersion::V1,
        })
    }
}

/// What a response about a cart is held against.
pub(crate) struct Expected<'a> {
    pub(crate) cart: &'a CartRef,
    pub(crate) payment_info: PaymentInfoPolicy,
    /// The call whose answer has just called the cart paid, and was not believed.
    pub(crate) called_paid_by: Option<Endpoint>,
}

pub(crate) fn refusal(endpoint: Endpoint, message: Option<&str>) -> String {
    match message {
        Some(message) if !message.trim().is_empty() => {
            format!(
                "Netgíró refused {}: {}",
                endpoint.name(),
                mask_within(message)
            )
        }
        _ => format!("Netgíró refused {}", endpoint.name()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CartResponse<'a> {
    pub(crate) success: Option<bool>,
    pub(crate) payment_successful: Option<bool>,
    pub(crate) result_code: Option<i64>,
    pub(crate) message: Option<String>,
    #[serde(borrow)]
    pub(crate) payment_info: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, refusal};

    #[test]
    fn a_refusal_without_words_has_no_colon() {
        for said in [None, Some(""), Some("  ")] {
            assert_eq!(
                refusal(Endpoint::CheckCart, said),
                "Netgíró refused CheckCart"
            );
        }
        assert_eq!(
            refusal(Endpoint::CheckCart, Some("no")),
            "Netgíró refused CheckCart: no"
        );
    }
}
