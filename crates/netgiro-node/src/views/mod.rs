//! From what the core gives to what JavaScript gets: plain data under camel case names, null for what is absent,
//! instants in ISO 8601, received amounts as text with the digits they came with.

pub(crate) mod error;
pub(crate) mod poll;
pub(crate) mod settlement;

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::{Callback, Cart, CartState, CheckResult, PaymentInfo, exact_decimal};
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::views::error::Failure;

/// A duration as JavaScript counts it; divided at once, so that whole milliseconds stay whole.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.div_duration_f64(Duration::from_millis(1))
}

/// `Cart`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartView {
    transaction_id: Uuid,
    reference: String,
    amount: i64,
    check_interval: Option<f64>,
    message: Option<String>,
    reference_id: Option<String>,
}

impl From<Cart> for CartView {
    fn from(cart: Cart) -> Self {
        Self {
            transaction_id: cart.transaction_id,
            reference: cart.reference,
            amount: cart.amount.kronur(),
            check_interval: cart.check_interval.map(milliseconds),
            message: cart.message,
            reference_id: cart.reference_id,
        }
    }
}

/// `CartState`, in both directions: `CartPoll.answered` takes one, by its members' names.
///
/// The other way it goes without them, as an array: JavaScript reads that in half the time, and it is what most answers
/// consist of. `node/values.ts` has the same order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateView<'a> {
    transaction_id: Uuid,
    status: Cow<'a, str>,
    result_code: Option<i64>,
    payment_successful: Option<bool>,
    message: Option<Cow<'a, str>>,
    payment: Option<PaymentView<'a>>,
    reference_id: Option<Cow<'a, str>>,
    checked_at: String,
    #[serde(default)]
    is_final: bool,
    #[serde(default)]
    is_paid: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentView<'a> {
    transaction_id: Option<Uuid>,
    invoice_number: Option<i64>,
    reference_number: Option<Cow<'a, str>>,
    status_id: Option<i64>,
    created: Option<String>,
    total_amount: Option<String>,
    discount_amount: Option<String>,
    shipping_amount: Option<String>,
    handling_amount: Option<String>,
    account_number: Option<i64>,
    number_of_installments: Option<i64>,
    client_identity_confirmed: Option<bool>,
    location_id: Option<Cow<'a, str>>,
    register_id: Option<Cow<'a, str>>,
}

impl Serialize for StateView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (
            self.transaction_id,
            &self.status,
            self.result_code,
            self.payment_successful,
            &self.message,
            &self.payment,
            &self.reference_id,
            &self.checked_at,
            self.is_final,
            self.is_paid,
        )
            .serialize(serializer)
    }
}

impl Serialize for PaymentView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (
            self.transaction_id,
            self.invoice_number,
            &self.reference_number,
            self.status_id,
            &self.created,
            &self.total_amount,
            &self.discount_amount,
            &self.shipping_amount,
            &self.handling_amount,
            self.account_number,
            self.number_of_installments,
            self.client_identity_confirmed,
            &self.location_id,
            &self.register_id,
        )
            .serialize(serializer)
    }
}

impl<'a> From<&'a CartState> for StateView<'a> {
    fn from(state: &'a CartState) -> Self {
        Self {
            transaction_id: state.transaction_id,
            status: state.status.as_str().into(),
            result_code: state.result_code,
            payment_successful: state.payment_successful,
            message: borrowed(state.message.as_ref()),
            payment: state.payment.as_deref().map(PaymentView::from),
            reference_id: borrowed(state.reference_id.as_ref()),
            checked_at: instant(state.checked_at),
            is_final: state.is_final(),
            is_paid: state.is_paid(),
        }
    }
}

impl<'a> From<&'a PaymentInfo> for PaymentView<'a> {
    fn from(payment: &'a PaymentInfo) -> Self {
        Self {
            transaction_id: payment.transaction_id,
            invoice_number: payment.invoice_number,
            reference_number: borrowed(payment.reference_number.as_ref()),
            status_id: payment.status_id,
            created: payment.created.map(instant),
            total_amount: digits(payment.total_amount),
            discount_amount: digits(payment.discount_amount),
            shipping_amount: digits(payment.shipping_amount),
            handling_amount: digits(payment.handling_amount),
            account_number: payment.account_number,
            number_of_installments: payment.number_of_installments,
            client_identity_confirmed: payment.client_identity_confirmed,
            location_id: borrowed(payment.location_id.as_ref()),
            register_id: borrowed(payment.register_id.as_ref()),
        }
    }
}

impl StateView<'_> {
    /// The core's state again; says what cannot be read.
    pub(crate) fn read(self) -> Result<CartState, String> {
        Ok(CartState {
            transaction_id: self.transaction_id,
            status: self.status.parse().map_err(told)?,
            result_code: self.result_code,
            payment_successful: self.payment_successful,
            message: self.message.map(Cow::into_owned),
            payment: self
                .payment
                .map(|payment| payment.read().map(Box::new))
                .transpose()?,
            reference_id: self.reference_id.map(Cow::into_owned),
            checked_at: self.checked_at.parse().map_err(told)?,
        })
    }
}

impl PaymentView<'_> {
    fn read(self) -> Result<PaymentInfo, String> {
        let decimal = |text: Option<String>| {
            text.map(|text| {
                exact_decimal(&text).ok_or_else(|| format!("{text:?} is no exact amount"))
            })
            .transpose()
        };
        Ok(PaymentInfo {
            transaction_id: self.transaction_id,
            invoice_number: self.invoice_number,
            reference_number: self.reference_number.map(Cow::into_owned),
            status_id: self.status_id,
            created: self
                .created
                .map(|created| created.parse().map_err(told))
                .transpose()?,
            total_amount: decimal(self.total_amount)?,
            discount_amount: decimal(self.discount_amount)?,
            shipping_amount: decimal(self.shipping_amount)?,
            handling_amount: decimal(self.handling_amount)?,
            account_number: self.account_number,
            number_of_installments: self.number_of_installments,
            client_identity_confirmed: self.client_identity_confirmed,
            location_id: self.location_id.map(Cow::into_owned),
            register_id: self.register_id.map(Cow::into_owned),
        })
    }
}

/// `CheckResult`: exactly one of `state` and `error` is not null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckView<'a> {
    transaction_id: Uuid,
    state: Option<StateView<'a>>,
    error: Option<Failure<'a>>,
}

impl<'a> From<&'a CheckResult> for CheckView<'a> {
    fn from(result: &'a CheckResult) -> Self {
        Self {
            transaction_id: result.transaction_id,
            state: result.outcome.as_ref().ok().map(StateView::from),
            error: result.outcome.as_ref().err().map(Failure::from),
        }
    }
}

/// `Callback`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallbackView<'a> {
    transaction_id: Uuid,
    reference: Option<&'a str>,
    amount: Option<String>,
    state: StateView<'a>,
    reference_id: Option<&'a str>,
}

impl<'a> From<&'a Callback> for CallbackView<'a> {
    fn from(callback: &'a Callback) -> Self {
        Self {
            transaction_id: callback.transaction_id,
            reference: callback.reference.as_deref(),
            amount: digits(callback.amount),
            state: StateView::from(&callback.state),
            reference_id: callback.reference_id.as_deref(),
        }
    }
}

fn borrowed(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| Cow::Borrowed(text.as_str()))
}

/// As `Date.prototype.toISOString` writes it.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

pub(crate) fn digits<T: ToString>(amount: Option<T>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}

fn told(error: impl ToString) -> String {
    error.to_string()
}
