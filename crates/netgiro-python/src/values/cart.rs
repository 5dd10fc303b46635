//! `Cart`.

use std::time::Duration;

use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::read_arguments;
use crate::errors::OrRaise;
use crate::to_python::to_python;
use crate::values::{members, pickled_by_members};

/// A cart that the server has accepted.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Cart(pub(crate) netgiro::Cart);

to_python!(netgiro::Cart => Cart);
pickled_by_members!(Cart);

#[pymethods]
impl Cart {
    #[new]
    #[pyo3(signature = (
        transaction_id, *, reference, amount, check_interval=None, message=None, reference_id=None
    ))]
    fn new(
        py: Python<'_>,
        transaction_id: &Bound<'_, PyAny>,
        reference: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
        check_interval: Option<&Bound<'_, PyAny>>,
        message: Option<&Bound<'_, PyAny>>,
        reference_id: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let reference = convert::reference(reference)?;
        read_arguments!(message, reference_id);
        netgiro::check_reference(&reference).or_raise(py)?;
        Ok(Self(netgiro::Cart {
            transaction_id: convert::uuid("transaction_id", transaction_id)?,
            reference,
            amount: convert::amount("amount", amount)?,
            check_interval: check_interval
                .map(|value| convert::seconds("check_interval", value))
                .transpose()?,
            message,
            reference_id,
        }))
    }
}

members! {
    Cart, cart {
        /// The server's id of the cart, a `uuid.UUID`.
        transaction_id: uuid::Uuid = cart.transaction_id;
        /// The shop's order id, as sent.
        reference: &str = &cart.reference;
        /// The amount in krónur, as sent.
        amount: i64 = cart.amount.kronur();
        /// How often the server wants to be asked, in seconds; None when it did not say.
        check_interval: Option<f64> = cart.check_interval.as_ref().map(Duration::as_secs_f64);
        /// What the server has to say about it.
        message: Option<&str> = cart.message.as_deref();
        /// What identifies the call to Netgíró's support.
        reference_id: Option<&str> = cart.reference_id.as_deref();
    }
}
