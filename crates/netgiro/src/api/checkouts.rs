//! Hosted checkouts.

use crate::api::{ATTEMPTS, Api};
use crate::http::transport::Request;
use crate::model::checkout::{Checkout, NewCheckout};
use crate::model::customer_message::FailedCall;
use crate::model::error::Result;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::Response;
use crate::protocol::v2::checkout as protocol;

impl Api {
    pub(crate) async fn create_checkout(&self, checkout: &NewCheckout) -> Result<Checkout> {
        let outcome = self.create_checkout_once(checkout).await;
        outcome.map_err(|error| {
            protocol::outcome_unknown(error, checkout).of_call(FailedCall::Checkout)
        })
    }

    async fn create_checkout_once(&self, checkout: &NewCheckout) -> Result<Checkout> {
        checkout.validate()?;
        let body = protocol::checkout_request(checkout)?.into();
        let url = &self.settings.hosted_payment_url;
        let request = Request {
            endpoint: Endpoint::HostedPayment,
            url,
            body: Some(&body),
            insert: None,
        };
        let may_be_http = url.scheme() == "http";
        let read = |response: Response| protocol::read(&response, checkout, may_be_http);
        self.call(&request, None, ATTEMPTS, read).await
    }
}
