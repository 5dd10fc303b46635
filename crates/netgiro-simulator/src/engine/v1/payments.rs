//! Sales and payments over V1: asked about, looked up, canceled and changed.

use crate::engine::cart::{Cart, Stage};
use crate::engine::exchange::Response;
use crate::engine::responses::HTML;
use crate::engine::state::Engine;
use crate::engine::v1::refused;
use crate::model::codes;
use crate::model::options::ReferenceLookup;
use crate::model::order::CartResponse;
use crate::model::records::SimulatedRefund;
use crate::protocol::request::{Invalid, Members};
use crate::protocol::{response, v1};
use jiff::Timestamp;
use uuid::Uuid;

const NOT_FOUND: &str = "Sale not found";

impl Engine {
    /// `Transactions`.
    pub(super) fn sale_of(
        &self,
        id: Result<Uuid, Invalid>,
        now: Timestamp,
    ) -> Result<Vec<u8>, Invalid> {
        let id = id.map_err(|_| Invalid {
            code: codes::SERVER_ERROR,
            message: "Error on request.".to_owned(),
        })?;
        let cart = self.find(id).ok_or_else(|| refused(NOT_FOUND))?;
        let details = self
            .transaction_details(id, now)
            .map_err(|refusal| refused(refusal.message()))?;
        Ok(v1::sale(
            &details,
            cart.stage.sale_status(),
            self.options.decimals,
        ))
    }

    /// `GetByReference`: the newest cart with the reference, as far as the look-up sees carts.
    pub(super) fn look_up(&self, members: Result<Members, Invalid>) -> Response {
        let lookup = self.options.reference_lookup;
        if lookup == ReferenceLookup::Off {
            return no_such_page();
        }
        let reference = members.and_then(|members| members.required_text("ReferenceNumber"));
        let body = reference.map(|reference| {
            let is_seen = |cart: &&Cart| {
                cart.order.reference == reference
                    && (lookup == ReferenceLookup::Carts || cart.has_payment())
            };
            let found = self.carts.iter().filter(is_seen).last();
            let answer = match found {
                Some(cart) => CartResponse {
                    payment: cart.callback().payment,
                    ..CartResponse::without_payment(true, None, codes::OK)
                },
                None => CartResponse::without_payment(false, None, codes::NO_SUCH_CART),
            };
            response::about_cart(&answer, self.options.decimals)
        });
        let body =
            body.unwrap_or_else(|Invalid { code, message }| response::error_body(code, &message));
        Response::new(200, body)
    }

    /// `PaymentCancel`, by which the published Magento plugin refunds all of a payment.
    pub(super) fn cancel_payment(&mut self, id: Uuid, now: Timestamp) -> Result<Vec<u8>, Invalid> {
        let cart = self.find_mut(id).ok_or_else(|| refused(NOT_FOUND))?;
        if !cart.cancel_v2(now) {
            return Err(Invalid {
                code: codes::ALREADY_CANCELED,
                message: "The payment is canceled already".to_owned(),
            });
        }
        self.canceled(id, now);
        Ok(v1::done(codes::CANCELED, None))
    }

    /// `PaymentChange`, by which the published Magento plugin refunds a part of a payment: the amount is what stays.
    pub(super) fn change_payment(
        &mut self,
        members: &Members,
        now: Timestamp,
    ) -> Result<Vec<u8>, Invalid> {
        let id = members.transaction_id()?;
        let total = members
            .positive("TotalAmount")?
            .ok_or_else(|| refused("TotalAmount is required"))?;
        let decimals = self.options.decimals;
        let cart = self.find_mut(id).ok_or_else(|| refused(NOT_FOUND))?;
        let rest = (cart.refundable()).ok_or_else(|| refused("The payment is not confirmed"))?;
        if total >= rest {
            return Err(refused(&format!(
                "TotalAmount must be less than {rest}, what is left of the payment"
            )));
        }
        cart.add_refund(SimulatedRefund {
            amount: rest - total,
            idempotency_key: String::new(),
            description: members.text("Message")?,
            refunded_at: now,
        });
        Ok(v1::changed(id, total, decimals))
    }
}

impl Cart {
    /// Whether there is a payment, or a reservation for one.
    fn has_payment(&self) -> bool {
        self.state().payment.is_some()
    }
}

impl Stage {
    /// The word of V1's sales.
    fn sale_status(self) -> &'static str {
        match self {
            Self::Asked | Self::NeedsCode => "new",
            Self::AwaitingCallback | Self::Reserved => "unpaid",
            Self::Paid => "paid",
            Self::Canceled | Self::Declined(_) => "canceled",
        }
    }
}

/// What a web server answers for a call that the API no longer has.
fn no_such_page() -> Response {
    let page = "<!doctype html><title>404</title><h1>Not Found</h1>";
    let mut response = Response::new(404, page.into());
    let html = ("content-type".to_owned(), HTML.to_owned());
    response.replaced_headers.extend([html]);
    response
}
