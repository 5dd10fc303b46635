//! `Checkout`, and `Redirect`.

use netgiro::CartStatus;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::convert::argument::read_arguments;
use crate::convert::{self, Exact};
use crate::to_python::to_python;
use crate::values::cart_state::Status;
use crate::values::json::JsonSchema;
use crate::values::{members, pickled_by_members};

/// A hosted checkout that Netgíró has created.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Checkout(pub(crate) netgiro::Checkout);

to_python!(netgiro::Checkout => Checkout);
pickled_by_members!(Checkout);

#[pymethods]
impl Checkout {
    #[new]
    #[pyo3(signature = (checkout_url, *, reference, amount))]
    fn new(
        checkout_url: &Bound<'_, PyAny>,
        reference: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        read_arguments!(checkout_url);
        Ok(Self(netgiro::Checkout {
            checkout_url,
            reference: convert::reference(reference)?,
            amount: convert::amount("amount", amount)?,
        }))
    }
}

members! {
    Checkout, checkout {
        /// Where to send the customer's browser.
        checkout_url: &str = &checkout.checkout_url;
        /// The shop's order id, as sent.
        reference: &str = &checkout.reference;
        /// The amount in krónur, as sent.
        amount: i64 = checkout.amount.kronur();
    }
}

/// A redirect that verified. It says what the customer is to see; deliver after a callback and a check alone.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Redirect(pub(crate) netgiro::Redirect);

to_python!(netgiro::Redirect => Redirect);
pickled_by_members!(Redirect);

#[pymethods]
impl Redirect {
    #[new]
    #[pyo3(signature = (transaction_id, *, reference, amount, invoice_number=None, status))]
    fn new(
        transaction_id: &Bound<'_, PyAny>,
        reference: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
        invoice_number: Option<&Bound<'_, PyAny>>,
        status: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        read_arguments!(amount, invoice_number);
        let amount: Exact = amount;
        Ok(Self(netgiro::Redirect {
            transaction_id: convert::uuid_or_text("transaction_id", transaction_id)?,
            reference: convert::reference(reference)?,
            amount: amount.0,
            invoice_number,
            status: convert::word::<CartStatus>("status", status)?,
        }))
    }
}

members! {
    Redirect, redirect {
        /// The server's id of the transaction: a `uuid.UUID`, or text where it is not one.
        transaction_id: TransactionId<'_> = TransactionId::of(&redirect.transaction_id);
        /// The shop's order id, as the server holds it.
        reference: &str = &redirect.reference;
        /// The amount in krónur, as the server holds it, a `Decimal`.
        amount: Decimal = redirect.amount;
        /// The number of the invoice, where there is one.
        invoice_number: Option<&str> = redirect.invoice_number.as_deref();
        /// `confirmed`, `canceled` or `pending`, or `unknown` for a number that this version does not know: a
        /// `CartStatus`, which is a str as well.
        status: Status = Status(redirect.status);
    }
}

/// An id that is a GUID as far as is known.
#[derive(IntoPyObject)]
enum TransactionId<'a> {
    Guid(Uuid),
    Text(&'a str),
}

impl<'a> TransactionId<'a> {
    fn of(text: &'a str) -> Self {
        Uuid::parse_str(text).map_or(Self::Text(text), Self::Guid)
    }
}

impl JsonSchema for TransactionId<'_> {
    fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        <&str>::json_schema(py)
    }
}
