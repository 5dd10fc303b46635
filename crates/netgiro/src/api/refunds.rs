//! Refunds and transactions, of V2.

use crate::api::{ATTEMPTS, Api};
use crate::http::transport::Request;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::refund::{NewRefund, Refund};
use crate::model::transaction::Transaction;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::Response;
use crate::protocol::v2::{cart, may_have_taken_effect, refund as protocol, transaction};

impl Api {
    pub(crate) async fn refund_cart(&self, cart: &CartRef, refund: &NewRefund) -> Result<Refund> {
        let outcome = self.refund_once(cart, refund).await;
        outcome.map_err(|error| error.of_call(FailedCall::Refund))
    }

    async fn refund_once(&self, cart: &CartRef, refund: &NewRefund) -> Result<Refund> {
        let transaction_id = cart.transaction_id;
        refund.validate()?;
        cart.check_part(refund.amount)?;
        let url = self.settings.v2_url("transaction/refund")?;
        let body = protocol::refund_request(transaction_id, refund)?.into();
        self.refund_keys.claim(transaction_id, refund)?;
        let request = Request {
            endpoint: Endpoint::Refund,
            url: &url,
            body: Some(&body),
            insert: None,
        };
        let read = |response: Response| protocol::read(&response, transaction_id, refund);
        let mut in_doubt = false;
        let attempt_failed = |error: &Error| in_doubt |= may_have_taken_effect(error);
        self.call_until(
            self.deadline(),
            &request,
            Some(transaction_id),
            ATTEMPTS,
            read,
            attempt_failed,
        )
        .await
        .map_err(|error| protocol::failure(error, in_doubt, refund))
    }

    pub(crate) async fn transaction(&self, cart: &CartRef) -> Result<Transaction> {
        let mut url = self.settings.v2_url("transaction/details")?;
        cart::push_id(&mut url, cart.transaction_id)?;
        let request = Request {
            endpoint: Endpoint::Details,
            url: &url,
            body: None,
            insert: None,
        };
        let read = |response: Response| transaction::read(&response, cart);
        self.call(&request, Some(cart.transaction_id), ATTEMPTS, read)
            .await
            .map_err(|error| error.of_call(FailedCall::Follow))
    }
}
