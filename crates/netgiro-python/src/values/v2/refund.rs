//! `Refund`.

use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::read_arguments;
use crate::to_python::to_python;
use crate::values::{members, pickled_by_members};

/// A refund that Netgíró has processed.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Refund(pub(crate) netgiro::Refund);

to_python!(netgiro::Refund => Refund);
pickled_by_members!(Refund);

#[pymethods]
impl Refund {
    #[new]
    #[pyo3(signature = (transaction_id, *, amount, idempotency_key, message=None))]
    fn new(
        transaction_id: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
        idempotency_key: &Bound<'_, PyAny>,
        message: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        read_arguments!(idempotency_key, message);
        Ok(Self(netgiro::Refund {
            transaction_id: convert::uuid("transaction_id", transaction_id)?,
            amount: convert::amount("amount", amount)?,
            idempotency_key,
            message,
        }))
    }
}

members! {
    Refund, refund {
        /// The cart whose payment is refunded, a `uuid.UUID`.
        transaction_id: uuid::Uuid = refund.transaction_id;
        /// What the customer gets back, in krónur.
        amount: i64 = refund.amount.kronur();
        /// The shop's name of this refund.
        idempotency_key: &str = &refund.idempotency_key;
        /// What the server has to say about it.
        message: Option<&str> = refund.message.as_deref();
    }
}
