//! The request for a hosted checkout, and what its answer means.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::checkout::{Checkout, NewCheckout};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::text::quote;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::json::beginning;
use crate::protocol::request::to_json;
use crate::protocol::response::{Response, refusal};
use crate::protocol::v2::may_have_taken_effect;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CheckoutRequest<'a> {
    amount: i64,
    reference: &'a str,
    success_url: &'a str,
    cancel_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
    manual_capture: bool,
}

pub(crate) fn checkout_request(checkout: &NewCheckout) -> Result<Vec<u8>> {
    to_json(&CheckoutRequest {
        amount: checkout.amount.kronur(),
        reference: &checkout.reference,
        success_url: &checkout.success_url,
        cancel_url: &checkout.cancel_url,
        callback_url: checkout.callback_url.as_deref(),
        manual_capture: checkout.manual_capture,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CheckoutResponse {
    success: Option<bool>,
    message: Option<String>,
    checkout_url: Option<String>,
}

/// Reads an answer with a 2xx status. `may_be_http`: whether the page may be without TLS, as a simulator's is.
pub(crate) fn read(
    response: &Response,
    checkout: &NewCheckout,
    may_be_http: bool,
) -> Result<Checkout> {
    let wire: CheckoutResponse = response.parse()?;
    let Some(success) = wire.success else {
        return Err(response.error(
            ErrorKind::Server,
            format!("the body is not the API's: {}", beginning(&response.body)),
        ));
    };
    match (success, wire.checkout_url) {
        (true, Some(url)) if is_page(&url, may_be_http) => Ok(Checkout {
            checkout_url: url,
            reference: checkout.reference.clone(),
            amount: checkout.amount,
        }),
        (true, Some(url)) => Err(response.error(
            ErrorKind::Protocol,
            format!("CheckoutUrl is no https URL: {}", quote::url(&url)),
        )),
        (true, None) => Err(response.error(ErrorKind::Protocol, "the body lacks CheckoutUrl")),
        (false, None) => Err(response.error(
            ErrorKind::Api,
            refusal(Endpoint::HostedPayment, wire.message.as_deref()),
        )),
        (false, Some(_)) => Err(response.error(
            ErrorKind::Protocol,
            "the body has Success false and a CheckoutUrl",
        )),
    }
}

fn is_page(text: &str, may_be_http: bool) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.has_host() && (url.scheme() == "https" || (may_be_http && url.scheme() == "http"))
    })
}

/// What a failure means: unless the server clearly said no, the checkout may exist.
pub(crate) fn outcome_unknown(error: Error, checkout: &NewCheckout) -> Error {
    if !may_have_taken_effect(&error) {
        return error;
    }
    checkout.outcome_unknown(error.message()).caused_by(error)
}
