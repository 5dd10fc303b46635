//! The calls about a cart that was inserted, and whose word on it is believed. Those of V2 are in `cart_v2`.

use bytes::Bytes;

use crate::api::{ATTEMPTS, Api};
use crate::http::transport::Request;
use crate::model::api_version::ApiVersion;
use crate::model::cart::check_reference;
use crate::model::cart::state::CartState;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::values::amount::Amount;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::{Expected, Response};
use crate::protocol::{consistency, request};

impl Api {
    /// Where a cart stands, asked up to `attempts` times.
    pub(crate) async fn check(&self, cart: &CartRef, attempts: u32) -> Result<CartState> {
        self.check_after(None, cart, attempts).await
    }

    /// The same, perhaps after another call's answer that the cart is paid.
    pub(crate) async fn check_after(
        &self,
        called_paid_by: Option<Endpoint>,
        cart: &CartRef,
        attempts: u32,
    ) -> Result<CartState> {
        if self.settings.api == ApiVersion::V2 {
            return self.status_of(called_paid_by, cart, attempts).await;
        }
        let body = request::cart_request(cart.transaction_id, None)?.into();
        let expected = Expected {
            called_paid_by,
            ..self.expected(cart)
        };
        self.cart_call(Endpoint::CheckCart, &expected, &body, attempts)
            .await
    }

    /// CancelCart, and CheckCart where it calls the cart paid; of V2 a status first.
    pub(crate) async fn cancel_cart(&self, cart: &CartRef) -> Result<CartState> {
        if self.settings.api == ApiVersion::V2 {
            return self.cancel_open(cart).await;
        }
        self.change(Endpoint::CancelCart, cart, None).await
    }

    /// ConfirmCart, and CheckCart where it was confirmed before; of V2 a capture.
    pub(crate) async fn confirm_cart(
        &self,
        cart: &CartRef,
        identifier: Option<&str>,
    ) -> Result<CartState> {
        if identifier.is_some_and(|code| code.trim().is_empty()) {
            return Err(Error::invalid_request(
                "identifier must be the code that the customer was sent, or be left out; got an empty text",
            ));
        }
        if self.settings.api == ApiVersion::V1 {
            return self.change(Endpoint::ConfirmCart, cart, identifier).await;
        }
        if identifier.is_some() {
            return Err(Error::invalid_request(
                "identifier cannot be sent: V2 sends its customers no codes; leave it out",
            ));
        }
        self.capture(cart, None).await
    }

    /// A capture of V2; ConfirmCart of V1, which knows no other amount than the cart's.
    pub(crate) async fn capture_cart(
        &self,
        cart: &CartRef,
        amount: Option<Amount>,
    ) -> Result<CartState> {
        if self.settings.api == ApiVersion::V2 {
            return self.capture(cart, amount).await;
        }
        if amount.is_some() {
            return Err(Error::invalid_request(
                "amount cannot be given: V1 captures all of a cart; leave it out, or use api \"v2\"",
            ));
        }
        self.confirm_cart(cart, None).await
    }

    /// A cancel, sent once, in the course of settling; `None` where it says that the cart is paid, which only a check is
    /// believed to say.
    pub(crate) async fn cancel(&self, cart: &CartRef) -> Result<Option<CartState>> {
        if self.settings.api == ApiVersion::V2 {
            return self.cancel_unless_paid(cart).await;
        }
        self.attempt_change(Endpoint::CancelCart, cart, None, 1)
            .await
    }

    /// The call that [`cancel`](Self::cancel) makes.
    pub(crate) fn cancel_endpoint(&self) -> Endpoint {
        match self.settings.api {
            ApiVersion::V1 => Endpoint::CancelCart,
            ApiVersion::V2 => Endpoint::Cancel,
        }
    }

    /// ConfirmCart or CancelCart; where its "paid" is not believed, CheckCart is asked.
    async fn change(
        &self,
        endpoint: Endpoint,
        cart: &CartRef,
        identifier: Option<&str>,
    ) -> Result<CartState> {
        let changed = self
            .attempt_change(endpoint, cart, identifier, ATTEMPTS)
            .await?;
        if let Some(state) = changed {
            return Ok(state);
        }
        let checked = self.check_after(Some(endpoint), cart, ATTEMPTS).await;
        checked.map_err(|error| match error.request_sent() {
            RequestSent::No => never_checked(endpoint, error).called_paid(),
            _ => error.called_paid(),
        })
    }

    /// ConfirmCart or CancelCart; `None` where it says that the cart is paid, and is not believed.
    async fn attempt_change(
        &self,
        endpoint: Endpoint,
        cart: &CartRef,
        identifier: Option<&str>,
        attempts: u32,
    ) -> Result<Option<CartState>> {
        let body = request::cart_request(cart.transaction_id, identifier)?.into();
        let expected = self.expected(cart);
        let state = self.cart_call(endpoint, &expected, &body, attempts).await?;
        Ok(consistency::believed(endpoint, state))
    }

    fn expected<'a>(&self, cart: &'a CartRef) -> Expected<'a> {
        Expected {
            cart,
            payment_info: self.settings.payment_info,
            called_paid_by: None,
        }
    }

    /// Sends a request about a cart, and reads where the cart stands.
    async fn cart_call(
        &self,
        endpoint: Endpoint,
        expected: &Expected<'_>,
        body: &Bytes,
        attempts: u32,
    ) -> Result<CartState> {
        if let Some(reference) = &expected.cart.reference {
            check_reference(reference)?;
        }
        let read = |mut response: Response| {
            let signature = response.signature.take();
            let state = response.into_state(endpoint, expected)?;
            self.refuse_if_replayed(endpoint, signature, state)
        };
        let transaction_id = Some(expected.cart.transaction_id);
        let request = self.checkout(endpoint, body);
        let answer = self.call(&request, transaction_id, attempts, read).await;
        answer.map_err(|error| {
            error.of_call(match endpoint {
                Endpoint::ConfirmCart => FailedCall::Confirm,
                _ => FailedCall::Follow,
            })
        })
    }

    /// A request of the checkout.
    pub(super) fn checkout<'a>(&'a self, endpoint: Endpoint, body: &'a Bytes) -> Request<'a> {
        Request {
            endpoint,
            url: self.settings.checkout_url(endpoint),
            body: Some(body),
            insert: None,
        }
    }

    /// Refuses a final state that came before with the same signature, as another cart's.
    fn refuse_if_replayed(
        &self,
        endpoint: Endpoint,
        signature: Option<String>,
        state: CartState,
    ) -> Result<CartState> {
        let responses = &self.settings.final_responses;
        let is_another = |signature: String| !responses.insert(&signature, state.transaction_id);
        if state.is_final() && signature.is_some_and(is_another) {
            return Err(Error::new(
                ErrorKind::Signature,
                format!(
                    "{}'s answer was discarded: it has come before, about another cart",
                    endpoint.name()
                ),
            )
            .with_reference_id(state.reference_id)
            .with_request_sent(RequestSent::Yes)
            .with_retryable(true)
            .transient());
        }
        Ok(state)
    }

    /// What a paid state that was kept must name and does not.
    pub(crate) fn unnamed(&self, state: &CartState, cart: &CartRef) -> Option<&'static str> {
        let policy = self.settings.payment_info;
        state
            .is_paid()
            .then(|| consistency::unnamed(policy, state.payment.as_deref(), cart))
            .flatten()
    }
}

/// The error of a call whose request was answered, and whose check could not be sent.
fn never_checked(endpoint: Endpoint, error: Error) -> Error {
    let message = format!(
        "{}'s answer said that the cart is paid, and CheckCart could not be asked: {}",
        endpoint.name(),
        error.message()
    );
    Error::new(ErrorKind::Server, message)
        .caused_by(error)
        .with_request_sent(RequestSent::Yes)
}
