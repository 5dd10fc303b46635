//! V2's checkout: payments, their status, captures and cancels.

use crate::engine::cart::{Cart, Stage};
use crate::engine::state::Engine;
use crate::model::options::RepeatedCall;
use crate::model::transaction::{CaptureRequest, Refusal, SaleNotice, SaleStatus};
use crate::protocol::request::Members;
use crate::protocol::{response, signature, v2};
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    pub(super) fn pay(&mut self, members: &Members, now: Timestamp) -> Result<Vec<u8>, Refusal> {
        let mut order = members.payment(self.options.minimum_amount)?;
        order.customer = self.redeem(order.customer, now)?;
        let id = self.add_cart(order, now);
        self.sale(id)
    }

    pub(super) fn sale_status(&mut self, id: &str) -> Result<Vec<u8>, Refusal> {
        let id = self.known(id)?;
        let state = self.find_mut(id).and_then(Cart::check);
        let state = state.ok_or(Refusal::UnknownTransaction)?;
        Ok(self.sale_as(id, SaleStatus::of_code(state.code)))
    }

    pub(super) fn capture(
        &mut self,
        request: &CaptureRequest,
        now: Timestamp,
    ) -> Result<Vec<u8>, Refusal> {
        let id = self.known(&request.transaction_id)?;
        let repeats = self.options.repeated_capture == RepeatedCall::Repeat;
        let cart = self.find_mut(id).ok_or(Refusal::UnknownTransaction)?;
        let held = cart.order.amount;
        let amount = request.amount.unwrap_or(held);
        if let Some(captured) = cart.captured() {
            if !repeats || request.amount.is_some_and(|amount| amount != captured) {
                return Err(Refusal::not_allowed("Transaction is captured already"));
            }
        } else if cart.stage != Stage::Reserved {
            return Err(Refusal::not_allowed("Transaction is not authorized"));
        } else if amount > held {
            return Err(Refusal::not_allowed(format!(
                "Amount must not exceed {held}, the amount that is authorized"
            )));
        } else {
            cart.capture(amount, now);
        }
        self.sale(id)
    }

    pub(super) fn cancel(&mut self, id: &str, now: Timestamp) -> Result<Vec<u8>, Refusal> {
        let id = self.known(id)?;
        let repeats = self.options.repeated_cancel == RepeatedCall::Repeat;
        let cart = self.find_mut(id).ok_or(Refusal::UnknownTransaction)?;
        if cart.cancel_v2(now) {
            self.canceled(id, now);
        } else if !repeats {
            return Err(Refusal::not_allowed("Transaction is canceled already"));
        }
        self.sale(id)
    }

    fn sale(&self, id: Uuid) -> Result<Vec<u8>, Refusal> {
        let cart = self.find(id).ok_or(Refusal::UnknownTransaction)?;
        Ok(self.sale_as(id, SaleStatus::of_code(cart.stage.code())))
    }

    fn sale_as(&self, id: Uuid, status: SaleStatus) -> Vec<u8> {
        v2::sale(id, status, self.options.poll_interval_ms)
    }

    /// The body and the headers of a callback.
    pub(in crate::engine) fn v2_callback(
        &self,
        notice: &SaleNotice,
    ) -> (Vec<u8>, Vec<(&'static str, String)>) {
        let id = notice.transaction_id.to_string();
        let amount = response::decimal(notice.amount, self.options.callback_signature_decimals);
        let signature = self.keys().sign_texts(&[&id, amount.get()]);
        let body = v2::notice(notice, self.options.decimals);
        (body, vec![(signature::V2_SIGNATURE, signature)])
    }
}
