//! What the simulator has seen. Nobody but the simulator makes these.

use std::collections::BTreeMap;

use netgiro_simulator as core;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::convert::time::DateTime;
use crate::values::cart_state::Status;
use crate::values::json::JsonSchema;
use crate::values::{members, to_json};

/// A cart as the simulator holds it.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq)]
pub(crate) struct SimulatedCart(pub(super) core::SimulatedCart);

members! {
    SimulatedCart, cart {
        /// Its id, a `uuid.UUID`.
        transaction_id: uuid::Uuid = cart.transaction_id;
        /// The shop's order id.
        reference: &str = &cart.reference;
        /// The amount in krónur.
        amount: i64 = cart.amount;
        /// Where it stands, a `CartStatus`.
        status: Status = Status(cart.status);
        /// Whether it is paid.
        is_paid: bool = cart.is_paid;
        /// Whether it is canceled because its time ran out; Netgíró's answers say "canceled" alone.
        is_timed_out: bool = cart.is_timed_out;
        /// The result code that CheckCart answers.
        result_code: i64 = cart.result_code;
        /// Who turns the customer's yes into a payment, a `ConfirmationType`.
        confirmation_type: ConfirmationType = ConfirmationType(cart.confirmation_type);
        /// When it was inserted, an aware `datetime` in UTC on the simulator's clock.
        created: DateTime = DateTime(cart.created);
        /// Until when it waits for its customer, an aware `datetime` in UTC.
        expires_at: DateTime = DateTime(cart.expires_at);
        /// How often CheckCart, or V2's Status, asked for it.
        checks: u32 = cart.checks;
        /// What was captured over V2, in krónur; None if nothing was.
        captured: Option<i64> = cart.captured;
        /// The sum of its refunds, in krónur.
        refunded: i64 = cart.refunded;
    }
    also {
        /// Its refunds, a list of SimulatedRefund, in the order in which they were made.
        refunds: Vec<SimulatedRefund> = cart.refunds.iter().cloned().map(SimulatedRefund).collect();
        /// Who is asked to pay.
        customer_id: &str = &cart.customer_id;
        /// The code in the customer's SMS; None unless the customer was named by kennitala.
        sms_code: Option<&str> = cart.sms_code.as_deref();
    }
}

/// A refund of a part or all of a payment.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq)]
pub(crate) struct SimulatedRefund(core::SimulatedRefund);

members! {
    SimulatedRefund, refund {
        /// The amount in krónur.
        amount: i64 = refund.amount;
        /// The shop's key, under which a refund is made once.
        idempotency_key: &str = &refund.idempotency_key;
        /// When it was made, an aware `datetime` in UTC on the simulator's clock.
        refunded_at: DateTime = DateTime(refund.refunded_at);
    }
    also {
        /// The shop's description.
        description: Option<&str> = refund.description.as_deref();
    }
}

/// A request as the simulator received it, and what became of it.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq)]
pub(crate) struct SimulatedRequest(pub(super) core::SimulatedRequest);

members! {
    SimulatedRequest, request {
        /// What was called, such as "CheckCart"; None for a path the API does not have.
        endpoint: Option<&'static str> = request.endpoint.map(core::Endpoint::as_str);
        /// The cart it names, a `uuid.UUID`; None if it makes one, and for settlements.
        transaction_id: Option<uuid::Uuid> = request.transaction_id;
        /// The HTTP method.
        method: &str = &request.method;
        /// The path as received, with its query.
        path: &str = &request.path;
        /// Whether its application key and signature were right; with V2, the key.
        signature_ok: bool = request.signature_ok;
        /// The HTTP status answered; None while it is being answered, or when it never was.
        status: Option<u16> = request.status;
        /// When it arrived, an aware `datetime` in UTC on the simulator's clock.
        at: DateTime = DateTime(request.at);
    }
    also {
        /// The headers as a dict; names are in lower case.
        headers: BTreeMap<&str, &str> = by_name(&request.headers);
        /// The body as text.
        body: &str = &request.body;
        /// The nonce it was signed with.
        nonce: Option<&str> = request.nonce.as_deref();
        /// The body answered; None while it is being answered, or when it never was.
        answer: Option<&str> = request.answer.as_deref();
    }
}

/// An attempt of the simulator at a callback.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq)]
pub(crate) struct SimulatedCallback(pub(super) core::SimulatedCallback);

members! {
    SimulatedCallback, callback {
        /// The cart it is about, a `uuid.UUID`.
        transaction_id: uuid::Uuid = callback.transaction_id;
        /// Where it was sent: the URL given to `insert_cart`.
        url: &str = &callback.url;
        /// 1, or 2 for the repetition.
        attempt: u32 = callback.attempt;
        /// The HTTP status of the answer; None when there was none, or not yet.
        status: Option<u16> = callback.status;
        /// Whether this attempt is over.
        is_done: bool = callback.is_done;
        /// When it was sent, an aware `datetime` in UTC on the simulator's clock.
        at: DateTime = DateTime(callback.at);
    }
    also {
        /// The headers sent, as a dict.
        headers: BTreeMap<&str, &str> = by_name(&callback.headers);
        /// The body sent, as text.
        body: &str = &callback.body;
    }
}

to_json!(SimulatedCart);
to_json!(SimulatedRefund);
to_json!(SimulatedRequest);
to_json!(SimulatedCallback);

/// Of headers sent twice, the last.
fn by_name(headers: &[(String, String)]) -> BTreeMap<&str, &str> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The enum member.
struct ConfirmationType(netgiro::ConfirmationType);

impl<'py> IntoPyObject<'py> for ConfirmationType {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("netgiro.enums")?
            .getattr("ConfirmationType")?
            .call1((self.0.as_str(),))
    }
}

impl JsonSchema for ConfirmationType {
    fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let schema = PyDict::new(py);
        let words = netgiro::ConfirmationType::ALL.iter();
        schema.set_item("type", "string")?;
        schema.set_item("enum", words.map(|it| it.as_str()).collect::<Vec<_>>())?;
        Ok(schema)
    }
}
