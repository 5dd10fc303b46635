//! A cart's life: its transitions, and the API's responses about it.
//!
//! No I/O and no clock: the caller passes the time.

mod hosted;
mod refunds;
mod v2;

use crate::model::codes;
use crate::model::customer::{Behaviour, Channel};
use crate::model::order::{Api, CartResponse, Order, Payment};
use crate::model::records::{SimulatedCart, SimulatedRefund};
use jiff::Timestamp;
use netgiro::{CartStatus, ConfirmationType};
use std::collections::VecDeque;
use uuid::Uuid;

/// A cart's stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The customer's phone shows the request.
    Asked,
    /// The customer has an SMS code.
    NeedsCode,
    AwaitingCallback,
    Reserved,
    Paid,
    Canceled,
    /// With the result code that says who declined.
    Declined(i64),
}

impl Stage {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Asked => codes::WAITING,
            Self::NeedsCode => codes::NEEDS_CODE,
            Self::AwaitingCallback => codes::AWAITING_CALLBACK,
            Self::Reserved => codes::RESERVED,
            Self::Paid => codes::CONFIRMED,
            Self::Canceled => codes::CANCELED,
            Self::Declined(code) => code,
        }
    }

    pub(crate) fn status(self) -> CartStatus {
        match self {
            Self::Asked => CartStatus::Pending,
            Self::NeedsCode => CartStatus::NeedsCode,
            Self::AwaitingCallback => CartStatus::AwaitingCallback,
            Self::Reserved => CartStatus::Reserved,
            Self::Paid => CartStatus::Confirmed,
            Self::Canceled => CartStatus::Canceled,
            Self::Declined(_) => CartStatus::Declined,
        }
    }

    /// The word of V2's details.
    pub(crate) fn details_status(self) -> &'static str {
        match self {
            Self::Asked | Self::NeedsCode | Self::AwaitingCallback => "unpaid",
            Self::Reserved => "reservation",
            Self::Paid => "paid",
            Self::Canceled | Self::Declined(_) => "canceled",
        }
    }

    /// Whether the customer can still answer.
    fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::NeedsCode)
    }
}

/// The event that a callback reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notification {
    /// The customer has accepted.
    Accepted,
    /// The customer has declined; with V2, the sale is canceled, whoever did it.
    Canceled,
}

const UNCONFIRMED: i64 = 1;
const CONFIRMED: i64 = 2;
const CANCELED: i64 = 5;

#[derive(Clone, Debug)]
pub(crate) struct Cart {
    pub(crate) id: Uuid,
    pub(crate) order: Order,
    pub(crate) created: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) stage: Stage,
    pub(crate) sms_code: Option<String>,
    pub(crate) checks: u32,
    /// How many checks after a change still see the state before it.
    stale_reads: u32,
    /// What such checks see: the number of checks at a change, and the response before it; `None` before the cart
    /// existed. The oldest come first.
    past: VecDeque<(u32, Option<CartResponse>)>,
    invoice_number: i64,
    agreed_at: Option<Timestamp>,
    paid_at: Option<Timestamp>,
    is_timed_out: bool,
    captured: Option<i64>,
    voided_at: Option<Timestamp>,
    refunds: Vec<SimulatedRefund>,
}

/// The generated values of a new cart.
#[derive(Clone, Debug)]
pub(crate) struct CartSeed {
    pub(crate) id: Uuid,
    pub(crate) sms_code: String,
    pub(crate) invoice_number: i64,
    pub(crate) created: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) stale_reads: u32,
}

/// Why a transition is impossible.
pub(crate) type TransitionError = String;

impl Cart {
    /// A new cart, and the notification if its customer has already agreed.
    pub(crate) fn new(order: Order, seed: CartSeed) -> (Self, Option<Notification>) {
        let channel = order.customer.channel;
        let mut cart = Self {
            id: seed.id,
            order,
            created: seed.created,
            expires_at: seed.expires_at,
            stage: match channel {
                Channel::Phone | Channel::AppCode | Channel::Hosted => Stage::Asked,
                Channel::Kennitala => Stage::NeedsCode,
            },
            sms_code: (channel == Channel::Kennitala).then_some(seed.sms_code),
            checks: 0,
            stale_reads: seed.stale_reads,
            past: VecDeque::new(),
            invoice_number: seed.invoice_number,
            agreed_at: None,
            paid_at: None,
            is_timed_out: false,
            captured: None,
            voided_at: None,
            refunds: Vec::new(),
        };
        cart.remember(None);
        let notification = (channel == Channel::AppCode).then(|| cart.agree(seed.created));
        (cart, notification)
    }

    /// The customer accepts on the phone.
    pub(crate) fn customer_confirms(
        &mut self,
        now: Timestamp,
    ) -> Result<Notification, TransitionError> {
        match self.stage {
            Stage::Asked => Ok(self.agree(now)),
            Stage::NeedsCode => Err(format!(
                "the customer confirms by an SMS code; send it with ConfirmCart: {}",
                self.sms_code.as_deref().unwrap_or_default()
            )),
            _ => Err(self.cannot("confirm")),
        }
    }

    /// The customer declines.
    pub(crate) fn customer_declines(&mut self) -> Result<Notification, TransitionError> {
        if !self.stage.is_open() {
            return Err(self.cannot("decline"));
        }
        self.set_stage(Stage::Declined(codes::DECLINED));
        Ok(Notification::Canceled)
    }

    /// The cart expires on demand, even a reservation.
    pub(crate) fn expire(&mut self) -> Result<(), TransitionError> {
        match self.stage {
            Stage::Asked | Stage::NeedsCode | Stage::AwaitingCallback | Stage::Reserved => {
                self.time_out();
                Ok(())
            }
            Stage::Paid | Stage::Canceled | Stage::Declined(_) => Err(self.cannot("expire")),
        }
    }

    /// The cart expires by itself, if it still waits for its customer. Returns whether it does.
    pub(crate) fn lifetime_is_over(&mut self) -> bool {
        let is_over = self.stage.is_open();
        if is_over {
            self.time_out();
        }
        is_over
    }

    fn time_out(&mut self) {
        self.set_stage(Stage::Canceled);
        self.is_timed_out = true;
    }

    /// `CheckCart`; `None` if it does not see the cart yet.
    pub(crate) fn check(&mut self) -> Option<CartResponse> {
        self.checks = self.checks.saturating_add(1);
        while let Some((at, _)) = self.past.front()
            && self.checks > at.saturating_add(self.stale_reads)
        {
            self.past.pop_front();
        }
        match self.past.front() {
            Some((_, before)) => before.clone(),
            None => Some(self.state()),
        }
    }

    /// Records what lagging checks see after a change.
    fn remember(&mut self, before: Option<CartResponse>) {
        if self.stale_reads > 0 {
            self.past.push_back((self.checks, before));
        }
    }

    /// Forgets what lagging checks would see.
    #[cfg(feature = "embedded")]
    pub(crate) fn catch_up(&mut self) {
        self.past.clear();
    }

    fn set_stage(&mut self, stage: Stage) {
        self.remember(Some(self.state()));
        self.stage = stage;
    }

    /// `CancelCart`.
    pub(crate) fn cancel(&mut self) -> CartResponse {
        let (success, code) = match self.stage {
            Stage::Asked | Stage::NeedsCode | Stage::Reserved => {
                self.set_stage(Stage::Canceled);
                (true, codes::CANCELED)
            }
            // Not 10200: there is no payment without the acknowledgement.
            Stage::AwaitingCallback => (false, codes::AWAITING_CALLBACK),
            Stage::Paid => (false, codes::CONFIRMED),
            Stage::Canceled => (true, codes::ALREADY_CANCELED),
            Stage::Declined(code) => (false, code),
        };
        CartResponse {
            success,
            paid: None,
            code,
            payment: self.payment(),
        }
    }

    /// `ConfirmCart`, and the notification if it had the customer's code.
    pub(crate) fn merchant_confirms(
        &mut self,
        identifier: Option<&str>,
        now: Timestamp,
    ) -> (CartResponse, Option<Notification>) {
        match self.stage {
            Stage::Reserved => {
                self.pay(now);
                (self.state(), None)
            }
            Stage::NeedsCode => self.check_code(identifier, now),
            Stage::Paid => {
                let answer = CartResponse {
                    code: codes::ALREADY_CONFIRMED,
                    ..self.state()
                };
                (answer, None)
            }
            Stage::Asked | Stage::AwaitingCallback | Stage::Canceled | Stage::Declined(_) => {
                (self.state(), None)
            }
        }
    }

    fn check_code(
        &mut self,
        given: Option<&str>,
        now: Timestamp,
    ) -> (CartResponse, Option<Notification>) {
        if given.is_none() {
            (self.state(), None)
        } else if given != self.sms_code.as_deref() {
            let answer = CartResponse::without_payment(true, Some(false), codes::GENERIC_ERROR);
            (answer, None)
        } else if self.order.customer.behaviour == Behaviour::NoCredit {
            self.set_stage(Stage::Declined(codes::REFUSED));
            (self.state(), None)
        } else {
            let notification = self.agree(now);
            (self.state(), Some(notification))
        }
    }

    /// The merchant's endpoint acknowledged the callback.
    pub(crate) fn callback_acknowledged(&mut self, now: Timestamp) {
        if self.stage == Stage::AwaitingCallback {
            self.pay(now);
        }
    }

    /// The merchant's endpoint did not acknowledge the last attempt. Returns whether that cancels the cart.
    pub(crate) fn callback_given_up(&mut self, now: Timestamp) -> bool {
        match self.order.api {
            Api::V1 | Api::Form if self.stage == Stage::AwaitingCallback => {
                self.set_stage(Stage::Canceled);
                true
            }
            Api::V1 | Api::Form => false,
            Api::V2 | Api::Hosted => self.cancel_v2(now),
        }
    }

    /// The response to `CheckCart`, without counting it as a check.
    pub(crate) fn state(&self) -> CartResponse {
        CartResponse {
            success: true,
            paid: Some(self.stage == Stage::Paid),
            code: self.stage.code(),
            payment: self.payment(),
        }
    }

    /// The content of a callback: the state, always with a payment, which names the cart.
    pub(crate) fn callback(&self) -> CartResponse {
        CartResponse {
            payment: Some(self.any_payment()),
            ..self.state()
        }
    }

    /// A payment that names the cart and its state, whether it is one or not.
    fn any_payment(&self) -> Payment {
        self.payment_as(match self.stage {
            Stage::Paid => CONFIRMED,
            Stage::Canceled | Stage::Declined(_) => CANCELED,
            _ => UNCONFIRMED,
        })
    }

    fn payment(&self) -> Option<Payment> {
        match self.stage {
            Stage::Paid => Some(self.payment_as(CONFIRMED)),
            Stage::Reserved | Stage::AwaitingCallback => Some(self.payment_as(UNCONFIRMED)),
            _ => None,
        }
    }

    fn payment_as(&self, status_id: i64) -> Payment {
        Payment {
            transaction_id: self.id,
            invoice_number: self.invoice_number,
            reference: self.order.reference.clone(),
            status_id,
            created: self.agreed_at.unwrap_or(self.created),
            amount: self.amount(),
            identity_confirmed: (self.agreed_at.is_some() && self.sms_code.is_some())
                .then_some(true),
            location_id: self.order.location_id.clone(),
            register_id: self.order.register_id.clone(),
        }
    }

    fn agree(&mut self, now: Timestamp) -> Notification {
        self.agreed_at = Some(now);
        match self.order.confirmation {
            ConfirmationType::Automatic => self.pay(now),
            ConfirmationType::ServerCallback => self.set_stage(Stage::AwaitingCallback),
            ConfirmationType::Manual => self.set_stage(Stage::Reserved),
        }
        Notification::Accepted
    }

    fn pay(&mut self, now: Timestamp) {
        self.set_stage(Stage::Paid);
        self.paid_at = Some(now);
    }

    /// What is or would be paid.
    pub(crate) fn amount(&self) -> i64 {
        self.captured.unwrap_or(self.order.amount)
    }

    /// The payment, and when it was made.
    pub(crate) fn sale(&self) -> Option<(Timestamp, Payment)> {
        Some((self.paid_at?, self.payment()?))
    }

    /// The cart as callers see it.
    pub(crate) fn record(&self) -> SimulatedCart {
        SimulatedCart {
            transaction_id: self.id,
            reference: self.order.reference.clone(),
            amount: self.order.amount,
            customer_id: self.order.customer.id.clone(),
            status: self.stage.status(),
            is_paid: self.stage == Stage::Paid,
            is_timed_out: self.is_timed_out,
            result_code: self.stage.code(),
            confirmation_type: self.order.confirmation,
            created: self.created,
            expires_at: self.expires_at,
            sms_code: self.sms_code.clone(),
            checks: self.checks,
            captured: self.captured,
            refunds: self.refunds.clone(),
            refunded: self.refunded(),
        }
    }

    fn cannot(&self, what: &str) -> TransitionError {
        let why = match self.stage {
            Stage::Asked | Stage::NeedsCode => "it waits for the customer",
            Stage::AwaitingCallback => {
                "the customer has confirmed already, and the callback is in flight"
            }
            Stage::Reserved => {
                "the customer has confirmed already; the merchant's ConfirmCart is next"
            }
            Stage::Paid => "it is paid",
            Stage::Canceled => "it is canceled",
            Stage::Declined(_) => "it is declined",
        };
        format!("cannot {what}: {why}")
    }
}

#[cfg(test)]
mod tests;
