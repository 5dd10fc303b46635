//! One cart from insertion to its end: what may happen to it, and what the API answers about it.
//!
//! No I/O and no clock: whoever calls says what time it is.

use crate::model::codes;
use crate::model::customer::{Behaviour, Channel, Customer};
use jiff::Timestamp;
use netgiro::ConfirmationType;
use std::collections::VecDeque;
use uuid::Uuid;

/// What the merchant asked for with `InsertCart`.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) amount: i64,
    pub(crate) reference: String,
    pub(crate) customer: Customer,
    pub(crate) confirmation: ConfirmationType,
    pub(crate) callback_url: Option<String>,
    pub(crate) callback_cancel_url: Option<String>,
    pub(crate) location_id: Option<String>,
    pub(crate) register_id: Option<String>,
}

/// Where a cart stands.
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

    /// The customer can still make up their mind.
    fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::NeedsCode)
    }
}

/// What the merchant is to be told by callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notification {
    CustomerConfirmed,
    CustomerDeclined,
}

/// What a call about a cart is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) success: bool,
    /// Absent in `CancelCart`'s answers.
    pub(crate) paid: Option<bool>,
    pub(crate) code: i64,
    pub(crate) payment: Option<Payment>,
}

impl Answer {
    pub(crate) fn bare(success: bool, paid: Option<bool>, code: i64) -> Self {
        Self {
            success,
            paid,
            code,
            payment: None,
        }
    }
}

/// The payment made by a cart, or the reservation for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) transaction_id: Uuid,
    pub(crate) invoice_number: i64,
    pub(crate) reference: String,
    pub(crate) status_id: i64,
    pub(crate) created: Timestamp,
    pub(crate) amount: i64,
    pub(crate) identity_confirmed: Option<bool>,
    pub(crate) location_id: Option<String>,
    pub(crate) register_id: Option<String>,
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
    /// How many checks after a change still see what was before it.
    stale_reads: u32,
    /// What such checks see: how many checks there were at a change, and what was answered until then; `None` before
    /// the cart was. The oldest come first.
    past: VecDeque<(u32, Option<Answer>)>,
    invoice_number: i64,
    agreed_at: Option<Timestamp>,
    paid_at: Option<Timestamp>,
}

/// What the server makes up for a new cart.
#[derive(Clone, Debug)]
pub(crate) struct CartSeed {
    pub(crate) id: Uuid,
    pub(crate) sms_code: String,
    pub(crate) invoice_number: i64,
    pub(crate) created: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) stale_reads: u32,
}

/// Why something cannot happen to a cart.
pub(crate) type Refusal = String;

impl Cart {
    /// A new cart, and the notification when its customer has agreed already.
    pub(crate) fn new(order: Order, seed: CartSeed) -> (Self, Option<Notification>) {
        let channel = order.customer.channel;
        let mut cart = Self {
            id: seed.id,
            order,
            created: seed.created,
            expires_at: seed.expires_at,
            stage: match channel {
                Channel::Phone | Channel::AppCode => Stage::Asked,
                Channel::Kennitala => Stage::NeedsCode,
            },
            sms_code: (channel == Channel::Kennitala).then_some(seed.sms_code),
            checks: 0,
            stale_reads: seed.stale_reads,
            past: VecDeque::new(),
            invoice_number: seed.invoice_number,
            agreed_at: None,
            paid_at: None,
        };
        cart.remember(None);
        let notification = (channel == Channel::AppCode).then(|| cart.agree(seed.created));
        (cart, notification)
    }

    /// The customer accepts on the phone.
    pub(crate) fn customer_confirms(&mut self, now: Timestamp) -> Result<Notification, Refusal> {
        match self.stage {
            Stage::Asked => Ok(self.agree(now)),
            Stage::NeedsCode => Err(format!(
                "the customer confirms by an SMS code; send it with ConfirmCart: {}",
                self.sms_code.as_deref().unwrap_or_default()
            )),
            _ => Err(self.cannot("confirm")),
        }
    }

    /// The customer says no.
    pub(crate) fn customer_declines(&mut self) -> Result<Notification, Refusal> {
        if !self.stage.is_open() {
            return Err(self.cannot("decline"));
        }
        self.turn(Stage::Declined(codes::DECLINED));
        Ok(Notification::CustomerDeclined)
    }

    /// Time runs out, as somebody wishes: also for a reservation.
    pub(crate) fn expire(&mut self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Asked | Stage::NeedsCode | Stage::AwaitingCallback | Stage::Reserved => {
                self.turn(Stage::Canceled);
                Ok(())
            }
            Stage::Paid | Stage::Canceled | Stage::Declined(_) => Err(self.cannot("expire")),
        }
    }

    /// Time runs out by itself: only for a cart that waits for its customer.
    pub(crate) fn lifetime_is_over(&mut self) {
        if self.stage.is_open() {
            self.turn(Stage::Canceled);
        }
    }

    /// `CheckCart`; `None` where it does not see the cart yet.
    pub(crate) fn check(&mut self) -> Option<Answer> {
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

    /// Notes what checks that lag behind see after a change.
    fn remember(&mut self, before: Option<Answer>) {
        if self.stale_reads > 0 {
            self.past.push_back((self.checks, before));
        }
    }

    fn turn(&mut self, stage: Stage) {
        self.remember(Some(self.state()));
        self.stage = stage;
    }

    /// `CancelCart`.
    pub(crate) fn cancel(&mut self) -> Answer {
        let (success, code) = match self.stage {
            Stage::Asked | Stage::NeedsCode | Stage::Reserved => {
                self.turn(Stage::Canceled);
                (true, codes::CANCELED)
            }
            // Not 10200: without the acknowledgement there will be no payment.
            Stage::AwaitingCallback => (false, codes::AWAITING_CALLBACK),
            Stage::Paid => (false, codes::CONFIRMED),
            Stage::Canceled => (true, codes::ALREADY_CANCELED),
            Stage::Declined(code) => (false, code),
        };
        Answer {
            success,
            paid: None,
            code,
            payment: self.payment(),
        }
    }

    /// `ConfirmCart`, and the notification when it carried the customer's yes.
    pub(crate) fn merchant_confirms(
        &mut self,
        identifier: Option<&str>,
        now: Timestamp,
    ) -> (Answer, Option<Notification>) {
        match self.stage {
            Stage::Reserved => {
                self.pay(now);
                (self.state(), None)
            }
            Stage::NeedsCode => self.take_code(identifier, now),
            Stage::Paid => {
                let answer = Answer {
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

    fn take_code(&mut self, given: Option<&str>, now: Timestamp) -> (Answer, Option<Notification>) {
        if given.is_none() {
            (self.state(), None)
        } else if given != self.sms_code.as_deref() {
            let answer = Answer::bare(true, Some(false), codes::GENERIC_ERROR);
            (answer, None)
        } else if self.order.customer.behaviour == Behaviour::NoCredit {
            self.turn(Stage::Declined(codes::REFUSED));
            (self.state(), None)
        } else {
            let notification = self.agree(now);
            (self.state(), Some(notification))
        }
    }

    /// The merchant's endpoint answered 200.
    pub(crate) fn callback_acknowledged(&mut self, now: Timestamp) {
        if self.stage == Stage::AwaitingCallback {
            self.pay(now);
        }
    }

    /// The merchant's endpoint has had its last chance.
    pub(crate) fn callback_given_up(&mut self) {
        if self.stage == Stage::AwaitingCallback {
            self.turn(Stage::Canceled);
        }
    }

    /// What `CheckCart` answers, without counting as one.
    pub(crate) fn state(&self) -> Answer {
        Answer {
            success: true,
            paid: Some(self.stage == Stage::Paid),
            code: self.stage.code(),
            payment: self.payment(),
        }
    }

    /// What a callback says: the state, always with a payment to name the cart by.
    pub(crate) fn callback(&self) -> Answer {
        let status_id = match self.stage {
            Stage::Paid => CONFIRMED,
            Stage::Canceled | Stage::Declined(_) => CANCELED,
            _ => UNCONFIRMED,
        };
        Answer {
            payment: Some(self.payment_as(status_id)),
            ..self.state()
        }
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
            amount: self.order.amount,
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
            ConfirmationType::ServerCallback => self.turn(Stage::AwaitingCallback),
            ConfirmationType::Manual => self.turn(Stage::Reserved),
        }
        Notification::CustomerConfirmed
    }

    fn pay(&mut self, now: Timestamp) {
        self.turn(Stage::Paid);
        self.paid_at = Some(now);
    }

    /// The payment, and when the money became the merchant's.
    pub(crate) fn sale(&self) -> Option<(Timestamp, Payment)> {
        Some((self.paid_at?, self.payment()?))
    }

    fn cannot(&self, what: &str) -> Refusal {
        let why = match self.stage {
            Stage::Asked | Stage::NeedsCode => "it waits for the customer",
            Stage::AwaitingCallback => {
                "the customer has confirmed already, and the callback is under way"
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
mod tests {
    use super::*;

    const PHONE: &str = "8223281";
    const KENNITALA: &str = "1111111119";
    const APP_CODE: &str = "500004a7K2";
    const NO_CREDIT: &str = "2222222229";
    const CODE: &str = "0417";
    const TYPES: [ConfirmationType; 3] = [
        ConfirmationType::Automatic,
        ConfirmationType::ServerCallback,
        ConfirmationType::Manual,
    ];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn cart(customer: &str, confirmation: ConfirmationType) -> Cart {
        let order = Order {
            amount: 1000,
            reference: "A-1".to_owned(),
            customer: Customer::find(customer).unwrap(),
            confirmation,
            callback_url: None,
            callback_cancel_url: None,
            location_id: None,
            register_id: None,
        };
        let seed = CartSeed {
            id: Uuid::from_u128(7),
            sms_code: CODE.to_owned(),
            invoice_number: 12,
            created: at(0),
            expires_at: at(180),
            stale_reads: 0,
        };
        Cart::new(order, seed).0
    }

    /// Success, `PaymentSuccessful`, `ResultCode`, and the `StatusId` of the payment.
    fn row(answer: &Answer) -> (bool, Option<bool>, i64, Option<i64>) {
        let status_id = answer.payment.as_ref().map(|payment| payment.status_id);
        (answer.success, answer.paid, answer.code, status_id)
    }

    fn confirm(
        cart: &mut Cart,
        identifier: Option<&str>,
    ) -> (bool, Option<bool>, i64, Option<i64>) {
        row(&cart.merchant_confirms(identifier, at(9)).0)
    }

    // CheckCart, row by row.

    #[test]
    fn check_waiting_for_the_customer() {
        for confirmation in TYPES {
            let mut cart = cart(PHONE, confirmation);
            assert_eq!(
                row(&cart.check().unwrap()),
                (true, Some(false), 10425, None)
            );
        }
    }

    #[test]
    fn check_confirmed() {
        let mut cart = cart(PHONE, ConfirmationType::Automatic);
        assert_eq!(
            cart.customer_confirms(at(5)),
            Ok(Notification::CustomerConfirmed)
        );
        let answer = cart.check().unwrap();
        assert_eq!(row(&answer), (true, Some(true), 10200, Some(2)));
        let payment = answer.payment.unwrap();
        assert_eq!((payment.amount, payment.created), (1000, at(5)));
        assert_eq!(payment.reference, "A-1");
    }

    #[test]
    fn check_reserved_by_a_phone() {
        let mut cart = cart(PHONE, ConfirmationType::Manual);
        cart.customer_confirms(at(5)).unwrap();
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10426, Some(1))
        );
    }

    #[test]
    fn check_sms_code_needed() {
        for confirmation in TYPES {
            let mut cart = cart(KENNITALA, confirmation);
            assert_eq!(
                row(&cart.check().unwrap()),
                (true, Some(false), 10428, None)
            );
        }
    }

    #[test]
    fn check_callback_not_acknowledged() {
        let mut cart = cart(PHONE, ConfirmationType::ServerCallback);
        cart.customer_confirms(at(5)).unwrap();
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10429, Some(1))
        );
        cart.callback_acknowledged(at(9));
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(true), 10200, Some(2))
        );
    }

    #[test]
    fn check_after_the_callback_was_given_up() {
        let mut cart = cart(PHONE, ConfirmationType::ServerCallback);
        cart.customer_confirms(at(5)).unwrap();
        cart.callback_given_up();
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10201, None)
        );
        cart.callback_acknowledged(at(9));
        assert_eq!(cart.stage, Stage::Canceled, "too late to acknowledge");
    }

    #[test]
    fn check_canceled_by_time() {
        for customer in [PHONE, KENNITALA] {
            let mut cart = cart(customer, ConfirmationType::Automatic);
            cart.lifetime_is_over();
            assert_eq!(
                row(&cart.check().unwrap()),
                (true, Some(false), 10201, None)
            );
        }
    }

    #[test]
    fn check_declined() {
        for customer in [PHONE, KENNITALA] {
            let mut cart = cart(customer, ConfirmationType::Automatic);
            assert_eq!(cart.customer_declines(), Ok(Notification::CustomerDeclined));
            assert_eq!(
                row(&cart.check().unwrap()),
                (true, Some(false), 10423, None)
            );
        }
    }

    #[test]
    fn checks_are_counted() {
        let mut cart = cart(PHONE, ConfirmationType::Automatic);
        cart.check();
        cart.check();
        cart.cancel();
        assert_eq!(cart.checks, 2);
    }

    // CancelCart, row by row.

    #[test]
    fn cancel_in_time_and_again() {
        for customer in [PHONE, KENNITALA] {
            let mut cart = cart(customer, ConfirmationType::Automatic);
            assert_eq!(row(&cart.cancel()), (true, None, 10201, None));
            assert_eq!(row(&cart.cancel()), (true, None, 10202, None));
            assert_eq!(
                row(&cart.check().unwrap()),
                (true, Some(false), 10201, None)
            );
        }
    }

    #[test]
    fn cancel_too_late() {
        let mut cart = cart(PHONE, ConfirmationType::Automatic);
        cart.customer_confirms(at(5)).unwrap();
        assert_eq!(row(&cart.cancel()), (false, None, 10200, Some(2)));
        assert_eq!(cart.stage, Stage::Paid);
    }

    #[test]
    fn cancel_releases_a_reservation() {
        let mut cart = cart(PHONE, ConfirmationType::Manual);
        cart.customer_confirms(at(5)).unwrap();
        assert_eq!(row(&cart.cancel()), (true, None, 10201, None));
    }

    #[test]
    fn cancel_while_the_callback_is_under_way() {
        let mut cart = cart(PHONE, ConfirmationType::ServerCallback);
        cart.customer_confirms(at(5)).unwrap();
        assert_eq!(row(&cart.cancel()), (false, None, 10429, Some(1)));
    }

    #[test]
    fn cancel_what_the_customer_declined() {
        let mut cart = cart(PHONE, ConfirmationType::Automatic);
        cart.customer_declines().unwrap();
        assert_eq!(row(&cart.cancel()), (false, None, 10423, None));
    }

    // ConfirmCart, row by row.

    #[test]
    fn confirm_a_reservation_and_again() {
        let mut cart = cart(PHONE, ConfirmationType::Manual);
        cart.customer_confirms(at(5)).unwrap();
        assert_eq!(confirm(&mut cart, None), (true, Some(true), 10200, Some(2)));
        assert_eq!(confirm(&mut cart, None), (true, Some(true), 10203, Some(2)));
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(true), 10200, Some(2))
        );
    }

    #[test]
    fn confirm_with_the_sms_code() {
        let mut automatic = cart(KENNITALA, ConfirmationType::Automatic);
        let (answer, notification) = automatic.merchant_confirms(Some(CODE), at(9));
        assert_eq!(row(&answer), (true, Some(true), 10200, Some(2)));
        assert_eq!(notification, Some(Notification::CustomerConfirmed));
        assert_eq!(answer.payment.unwrap().identity_confirmed, Some(true));

        let mut callback = cart(KENNITALA, ConfirmationType::ServerCallback);
        let (answer, notification) = callback.merchant_confirms(Some(CODE), at(9));
        assert_eq!(row(&answer), (true, Some(false), 10429, Some(1)));
        assert_eq!(notification, Some(Notification::CustomerConfirmed));

        let mut manual = cart(KENNITALA, ConfirmationType::Manual);
        let reserved = (true, Some(false), 10426, Some(1));
        assert_eq!(confirm(&mut manual, Some(CODE)), reserved);
        assert_eq!(row(&manual.check().unwrap()), reserved);
        assert_eq!(
            confirm(&mut manual, None),
            (true, Some(true), 10200, Some(2))
        );
    }

    #[test]
    fn confirm_with_a_wrong_code_changes_nothing() {
        let mut cart = cart(KENNITALA, ConfirmationType::Automatic);
        for wrong in ["0000", "", KENNITALA] {
            assert_eq!(
                confirm(&mut cart, Some(wrong)),
                (true, Some(false), 400, None)
            );
        }
        assert_eq!(confirm(&mut cart, None), (true, Some(false), 10428, None));
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10428, None)
        );
        assert_eq!(
            confirm(&mut cart, Some(CODE)),
            (true, Some(true), 10200, Some(2))
        );
    }

    #[test]
    fn confirm_without_credit_is_declined() {
        let mut cart = cart(NO_CREDIT, ConfirmationType::Automatic);
        assert_eq!(
            confirm(&mut cart, Some(CODE)),
            (true, Some(false), 10302, None)
        );
        assert_eq!(
            row(&cart.check().unwrap()),
            (true, Some(false), 10302, None)
        );
    }

    #[test]
    fn confirm_out_of_turn_answers_the_state() {
        let mut waiting = cart(PHONE, ConfirmationType::Manual);
        assert_eq!(
            confirm(&mut waiting, None),
            (true, Some(false), 10425, None)
        );
        waiting.cancel();
        assert_eq!(
            confirm(&mut waiting, None),
            (true, Some(false), 10201, None)
        );
        let mut callback = cart(PHONE, ConfirmationType::ServerCallback);
        callback.customer_confirms(at(5)).unwrap();
        assert_eq!(
            confirm(&mut callback, None),
            (true, Some(false), 10429, Some(1))
        );
    }

    #[test]
    fn an_app_code_agrees_at_once() {
        for (confirmation, stage) in [
            (ConfirmationType::Automatic, Stage::Paid),
            (ConfirmationType::ServerCallback, Stage::AwaitingCallback),
            (ConfirmationType::Manual, Stage::Reserved),
        ] {
            assert_eq!(cart(APP_CODE, confirmation).stage, stage);
        }
    }

    // What cannot happen any more.

    #[test]
    fn only_a_reservation_can_be_expired_after_the_customer_agreed() {
        let mut cart = cart(PHONE, ConfirmationType::Manual);
        cart.customer_confirms(at(5)).unwrap();
        cart.lifetime_is_over();
        assert_eq!(cart.stage, Stage::Reserved);
        assert_eq!(cart.expire(), Ok(()));
        assert_eq!(cart.expire().unwrap_err(), "cannot expire: it is canceled");
    }

    #[test]
    fn the_customer_decides_once() {
        let mut paid = cart(PHONE, ConfirmationType::Automatic);
        paid.customer_confirms(at(5)).unwrap();
        assert_eq!(
            paid.customer_declines().unwrap_err(),
            "cannot decline: it is paid"
        );
        assert_eq!(
            paid.customer_confirms(at(6)).unwrap_err(),
            "cannot confirm: it is paid"
        );
        assert_eq!(paid.expire().unwrap_err(), "cannot expire: it is paid");

        let mut reserved = cart(PHONE, ConfirmationType::Manual);
        reserved.customer_confirms(at(5)).unwrap();
        let why = reserved.customer_confirms(at(6)).unwrap_err();
        assert!(why.contains("ConfirmCart"), "{why}");
    }

    #[test]
    fn the_phone_cannot_confirm_what_needs_a_code() {
        let mut cart = cart(KENNITALA, ConfirmationType::Automatic);
        let why = cart.customer_confirms(at(5)).unwrap_err();
        assert!(why.contains(CODE), "{why}");
    }

    #[test]
    fn a_callback_always_names_the_cart() {
        let mut declined = cart(PHONE, ConfirmationType::Automatic);
        declined.customer_declines().unwrap();
        assert_eq!(
            row(&declined.callback()),
            (true, Some(false), 10423, Some(5))
        );
        let mut open = cart(PHONE, ConfirmationType::ServerCallback);
        open.customer_confirms(at(5)).unwrap();
        assert_eq!(row(&open.callback()), (true, Some(false), 10429, Some(1)));
    }
}
