//! `Transaction`, and its status.

use netgiro::TransactionStatus;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rust_decimal::Decimal;

use crate::convert::argument::read_arguments;
use crate::convert::time::{DateTime, instant, to_the_microsecond};
use crate::convert::{self, Exact};
use crate::to_python::to_python;
use crate::values::json::JsonSchema;
use crate::values::{members, pickled_by_members};

/// What Netgíró holds about a transaction.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Transaction(pub(crate) netgiro::Transaction);

to_python!(netgiro::Transaction => Transaction, |transaction| {
    transaction.created = transaction.created.map(to_the_microsecond);
    transaction.settlement_date = transaction.settlement_date.map(to_the_microsecond);
});
pickled_by_members!(Transaction);

#[pymethods]
impl Transaction {
    #[new]
    #[pyo3(signature = (
        transaction_id, status, *, total_amount=None, is_refundable=None, created=None, settlement_date=None
    ))]
    fn new(
        transaction_id: &Bound<'_, PyAny>,
        status: &Bound<'_, PyAny>,
        total_amount: Option<&Bound<'_, PyAny>>,
        is_refundable: Option<&Bound<'_, PyAny>>,
        created: Option<&Bound<'_, PyAny>>,
        settlement_date: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        read_arguments!(total_amount, is_refundable);
        let total_amount: Option<Exact> = total_amount;
        Ok(Self(netgiro::Transaction {
            transaction_id: convert::uuid("transaction_id", transaction_id)?,
            status: convert::word("status", status)?,
            total_amount: total_amount.map(|amount| amount.0),
            is_refundable,
            created: created.map(|at| instant("created", at)).transpose()?,
            settlement_date: settlement_date
                .map(|at| instant("settlement_date", at))
                .transpose()?,
        }))
    }
}

members! {
    Transaction, transaction {
        /// The server's id of the cart, a `uuid.UUID`.
        transaction_id: uuid::Uuid = transaction.transaction_id;
        /// Where it stands, a `TransactionStatus`: a str as well.
        status: Status = Status(transaction.status);
        /// The total in krónur, a `Decimal`. Refunds are not subtracted: nothing says how much was refunded.
        total_amount: Option<Decimal> = transaction.total_amount;
        /// Whether it can be refunded.
        is_refundable: Option<bool> = transaction.is_refundable;
        /// When it was created, an aware `datetime` in UTC.
        created: Option<DateTime> = transaction.created.map(DateTime);
        /// When the money goes to the shop, an aware `datetime` in UTC; None before that is known.
        settlement_date: Option<DateTime> = transaction.settlement_date.map(DateTime);
    }
}

/// The enum member.
struct Status(TransactionStatus);

impl<'py> IntoPyObject<'py> for Status {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("netgiro.enums")?
            .getattr("TransactionStatus")?
            .call1((self.0.as_str(),))
    }
}

impl JsonSchema for Status {
    fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let schema = PyDict::new(py);
        let words = TransactionStatus::ALL.iter();
        schema.set_item("type", "string")?;
        schema.set_item("enum", words.map(|it| it.as_str()).collect::<Vec<_>>())?;
        Ok(schema)
    }
}
