//! The hosted checkout: opened by the shop, and used by its customer.

use crate::engine::cart::Cart;
use crate::engine::exchange::Response;
use crate::engine::state::Engine;
use crate::model::customer::Customer;
use crate::model::error::SimulatorError;
use crate::model::order::Api;
use crate::model::transaction::Refusal;
use crate::protocol::request::{Invalid, Members};
use crate::protocol::{form, hosted, v2};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// What the page of a hosted checkout shows.
#[derive(Serialize)]
pub(crate) struct HostedCheckout<'a> {
    shop: &'a str,
    amount: i64,
    reference: &'a str,
    status: &'static str,
    /// Where the customer returns to, once the outcome is known.
    return_url: Option<String>,
}

impl Engine {
    /// The response to a `HostedPayment`; checkouts are below this URL.
    pub(in crate::engine) fn open_checkout(
        &mut self,
        members: Result<Members, Invalid>,
        checkouts: &str,
        now: Timestamp,
    ) -> Response {
        let order = members
            .map_err(Refusal::from)
            .and_then(|members| members.hosted_payment(self.options.minimum_amount));
        match order {
            Ok(order) => {
                let id = self.add_cart(order, now);
                Response::new(200, hosted::opened(&format!("{checkouts}{id}")))
            }
            Err(refusal) => Response::new(400, v2::refused(refusal.message())),
        }
    }

    /// The response to a `HostedForm`: the browser goes to the checkout's page.
    pub(in crate::engine) fn open_form(
        &mut self,
        members: Result<Members, Invalid>,
        checkouts: &str,
        now: Timestamp,
    ) -> Response {
        let order = members.and_then(|members| members.hosted_form(self.options.minimum_amount));
        match order {
            Ok(order) => {
                let id = self.add_cart(order, now);
                let mut response = Response::new(303, Vec::new());
                (response.headers).push(("location", format!("{checkouts}{id}")));
                response
            }
            Err(invalid) => Response::new(400, form::refused(&invalid.message)),
        }
    }

    /// A hosted checkout; `None` for a cart that is none.
    pub(crate) fn hosted_checkout(&self, id: Uuid) -> Option<HostedCheckout<'_>> {
        let cart = self.hosted_cart(id)?;
        Some(HostedCheckout {
            shop: &self.options.shop,
            amount: cart.order.amount,
            reference: &cart.order.reference,
            status: cart.stage.status().as_str(),
            return_url: cart.redirect().map(|(url, payment)| {
                let (keys, decimals) = (self.keys(), self.options.decimals);
                let url = if cart.order.api == Api::Form {
                    form::redirect(url, &payment, &keys, decimals, cart.is_prefixed())
                } else {
                    hosted::redirect(url, &payment, &keys, decimals)
                };
                url.into()
            }),
        })
    }

    /// The customer signs in with this id, and accepts.
    pub(crate) fn accept_as(
        &mut self,
        id: Uuid,
        customer: &str,
        now: Timestamp,
    ) -> Result<(), SimulatorError> {
        self.known_checkout(id)?;
        let customer = Customer::find_hosted(customer).ok_or_else(|| {
            SimulatorError::InvalidOption(format!(
                "customer_id must be a phone number or a kennitala; got {customer:?}"
            ))
        })?;
        let notification = self.attempt(id, |cart| cart.accept_as(customer, now))?;
        self.accepted(id, notification, now);
        Ok(())
    }

    /// The customer rejects.
    pub(crate) fn reject(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        self.known_checkout(id)?;
        self.decline(id, now)
    }

    /// The customer goes back to the shop without an answer.
    pub(crate) fn leave(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        self.known_checkout(id)?;
        self.attempt(id, Cart::leave)?;
        self.canceled(id, now);
        Ok(())
    }

    fn known_checkout(&self, id: Uuid) -> Result<(), SimulatorError> {
        (self.hosted_cart(id).map(|_| ())).ok_or(SimulatorError::UnknownCart(id))
    }

    fn hosted_cart(&self, id: Uuid) -> Option<&Cart> {
        self.find(id)
            .filter(|cart| cart.order.return_urls.is_some())
    }
}
