//! The output of `--json`: the members of Python's `to_dict()`, with the same names.

use std::borrow::Cow;

use jiff::Timestamp;
use netgiro::{
    Callback, Cart, CartPoll, CartState, Checkout, Error, ErrorKind, Refund, RequestSent,
    Transaction,
};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::spelling::on_command_line;

/// An inserted cart; `check_interval` in seconds.
#[derive(Serialize)]
pub(crate) struct CartRecord<'a> {
    transaction_id: Uuid,
    reference: &'a str,
    amount: i64,
    check_interval: Option<f64>,
    message: Option<&'a str>,
    reference_id: Option<&'a str>,
}

impl<'a> From<&'a Cart> for CartRecord<'a> {
    fn from(cart: &'a Cart) -> Self {
        Self {
            transaction_id: cart.transaction_id,
            reference: &cart.reference,
            amount: cart.amount.kronur(),
            check_interval: cart.check_interval.map(|interval| interval.as_secs_f64()),
            message: cart.message.as_deref(),
            reference_id: cart.reference_id.as_deref(),
        }
    }
}

/// A cart's state.
#[derive(Serialize)]
pub(crate) struct StateRecord<'a> {
    #[serde(flatten)]
    state: &'a CartState,
    is_final: bool,
    is_paid: bool,
}

impl<'a> From<&'a CartState> for StateRecord<'a> {
    fn from(state: &'a CartState) -> Self {
        Self {
            state,
            is_final: state.is_final(),
            is_paid: state.is_paid(),
        }
    }
}

/// A verified callback.
#[derive(Serialize)]
pub(crate) struct CallbackRecord<'a> {
    transaction_id: Uuid,
    reference: Option<&'a str>,
    amount: Option<String>,
    state: Option<StateRecord<'a>>,
    reference_id: Option<&'a str>,
}

impl<'a> From<&'a Callback> for CallbackRecord<'a> {
    fn from(callback: &'a Callback) -> Self {
        Self {
            transaction_id: callback.transaction_id,
            reference: callback.reference.as_deref(),
            amount: callback.amount.map(|amount| amount.to_string()),
            state: callback.state.as_ref().map(StateRecord::from),
            reference_id: callback.reference_id.as_deref(),
        }
    }
}

/// A refund.
#[derive(Serialize)]
pub(crate) struct RefundRecord<'a> {
    transaction_id: Uuid,
    amount: i64,
    idempotency_key: &'a str,
    message: Option<&'a str>,
}

impl<'a> From<&'a Refund> for RefundRecord<'a> {
    fn from(refund: &'a Refund) -> Self {
        Self {
            transaction_id: refund.transaction_id,
            amount: refund.amount.kronur(),
            idempotency_key: &refund.idempotency_key,
            message: refund.message.as_deref(),
        }
    }
}

/// What Netgíró holds about a transaction.
#[derive(Serialize)]
pub(crate) struct TransactionRecord {
    transaction_id: Uuid,
    status: &'static str,
    total_amount: Option<String>,
    is_refundable: Option<bool>,
    created: Option<Timestamp>,
    settlement_date: Option<Timestamp>,
}

impl From<&Transaction> for TransactionRecord {
    fn from(transaction: &Transaction) -> Self {
        Self {
            transaction_id: transaction.transaction_id,
            status: transaction.status.as_str(),
            total_amount: transaction.total_amount.map(|amount| amount.to_string()),
            is_refundable: transaction.is_refundable,
            created: transaction.created,
            settlement_date: transaction.settlement_date,
        }
    }
}

/// A hosted checkout that was created.
#[derive(Serialize)]
pub(crate) struct CheckoutRecord<'a> {
    checkout_url: &'a str,
    reference: &'a str,
    amount: i64,
}

impl<'a> From<&'a Checkout> for CheckoutRecord<'a> {
    fn from(checkout: &'a Checkout) -> Self {
        Self {
            checkout_url: &checkout.checkout_url,
            reference: &checkout.reference,
            amount: checkout.amount.kronur(),
        }
    }
}

/// The JSON line of an error.
#[derive(Serialize)]
pub(crate) struct ErrorLine<'a> {
    pub(crate) error: ErrorRecord<'a>,
}

/// An error; `retry_after` in seconds, `poll` as `--poll` takes it.
#[derive(Default, Serialize)]
pub(crate) struct ErrorRecord<'a> {
    code: &'static str,
    message: Cow<'a, str>,
    http_status: Option<u16>,
    result_code: Option<i64>,
    reference_id: Option<&'a str>,
    request_sent: &'static str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<StateRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<Box<RawValue>>,
}

impl<'a> ErrorRecord<'a> {
    /// A failure outside of the client.
    pub(crate) fn new(code: &'static str, message: &'a str) -> Self {
        Self {
            code,
            message: message.into(),
            request_sent: "no",
            ..Self::default()
        }
    }

    pub(crate) fn of(error: &'a Error) -> Self {
        Self {
            code: error.kind().code(),
            message: on_command_line(error.message()).into(),
            http_status: error.http_status(),
            result_code: error.result_code(),
            reference_id: error.reference_id(),
            request_sent: error.request_sent().as_str(),
            retryable: error.retryable(),
            reference: error.reference(),
            idempotency_key: error.idempotency_key(),
            retry_after: error.retry_after().map(|delay| delay.as_secs_f64()),
            state: error
                .state()
                .filter(|_| error.kind() != ErrorKind::Mismatch)
                .map(StateRecord::from),
            poll: None,
        }
    }

    /// The same, with whether a request was sent.
    pub(crate) fn with_request_sent(mut self, sent: RequestSent) -> Self {
        self.request_sent = sent.as_str();
        self
    }

    /// The same, with the poll to resume from.
    pub(crate) fn resumed_from(mut self, poll: Option<&CartPoll>) -> Self {
        self.poll = poll.and_then(|poll| RawValue::from_string(poll.to_json()).ok());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netgiro::{Amount, CartStatus};
    use std::time::Duration;

    #[test]
    fn records_have_the_members_of_to_dict() {
        let cart = Cart {
            transaction_id: Uuid::nil(),
            reference: "order-1".to_owned(),
            amount: Amount::new(4990).unwrap(),
            check_interval: Some(Duration::from_millis(2500)),
            message: None,
            reference_id: None,
        };
        assert_eq!(
            serde_json::to_string(&CartRecord::from(&cart)).unwrap(),
            r#"{"transaction_id":"00000000-0000-0000-0000-000000000000","reference":"order-1","amount":4990,"check_interval":2.5,"message":null,"reference_id":null}"#
        );
        let state = CartState::of(
            Uuid::nil(),
            CartStatus::Confirmed,
            jiff::Timestamp::UNIX_EPOCH,
        );
        assert_eq!(
            serde_json::to_string(&StateRecord::from(&state)).unwrap(),
            r#"{"transaction_id":"00000000-0000-0000-0000-000000000000","status":"confirmed","result_code":null,"payment_successful":null,"message":null,"payment":null,"reference_id":null,"checked_at":"1970-01-01T00:00:00Z","is_final":true,"is_paid":true}"#
        );
    }
}
