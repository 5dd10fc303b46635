//! InsertCart, whose outcome may stay unknown.

use crate::api::{ATTEMPTS, Api};
use crate::events::{Event, Observer};
use crate::http::insert_attempt::{self, InsertAttempt};
use crate::http::transport::Request;
use crate::model::api_version::ApiVersion;
use crate::model::cart::Cart;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::Response;
use crate::protocol::{insert_response, request, v2};

impl Api {
    pub(crate) async fn insert(&self, attempt: &InsertAttempt) -> Result<Cart> {
        let outcome = self.insert_once(attempt).await;
        outcome.map_err(|error| error.of_call(FailedCall::Insert))
    }

    async fn insert_once(&self, attempt: &InsertAttempt) -> Result<Cart> {
        let cart = attempt.cart();
        let api = self.settings.api;
        cart.validate_for(api)?;
        let (endpoint, url, body) = match api {
            ApiVersion::V1 => (
                Endpoint::InsertCart,
                self.settings.checkout_url(Endpoint::InsertCart).clone(),
                request::insert_cart_request(cart)?,
            ),
            ApiVersion::V2 => (
                Endpoint::Payment,
                self.settings.v2_url("checkout/payment")?,
                v2::cart::payment_request(cart)?,
            ),
        };
        let body = body.into();
        let request = Request {
            endpoint,
            url: &url,
            body: Some(&body),
            insert: Some(attempt),
        };
        let read = |response: Response| match api {
            ApiVersion::V1 => {
                insert_response::read(response, cart).map(|(cart, code)| (cart, Some(code)))
            }
            ApiVersion::V2 => v2::cart::read_payment(response, cart).map(|cart| (cart, None)),
        };
        attempt.begin(endpoint)?;
        let reports = ReportIfDropped { api: self, attempt };
        let outcome = self
            .call(&request, None, ATTEMPTS, read)
            .await
            .map(|(cart, _)| cart)
            .map_err(|error| outcome_unknown(error, &cart.reference).of_call(FailedCall::Insert));
        attempt.end(&outcome);
        drop(reports);
        outcome
    }
}

/// What a failure of InsertCart means: unless the server clearly said no, the cart may exist.
pub(crate) fn outcome_unknown(error: Error, reference: &str) -> Error {
    let may_exist = error.request_sent() != RequestSent::No
        && matches!(
            error.kind(),
            ErrorKind::Timeout | ErrorKind::Server | ErrorKind::Signature | ErrorKind::Protocol
        );
    if !may_exist {
        return error;
    }
    insert_attempt::outcome_unknown(reference, error.message()).caused_by(error)
}

/// Reports an InsertCart whose future is dropped when the customer may have been asked already.
struct ReportIfDropped<'a> {
    api: &'a Api,
    attempt: &'a InsertAttempt,
}

impl Drop for ReportIfDropped<'_> {
    fn drop(&mut self) {
        if self.attempt.has_ended() {
            return;
        }
        if let Some(Event::Request(event)) = self.attempt.abandon().and_then(|it| it.event) {
            Observer::request(self.api.settings.observer.as_ref(), || event);
        }
    }
}
