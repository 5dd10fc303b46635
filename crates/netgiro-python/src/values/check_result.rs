//! `CheckResult`.

use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::read_arguments;
use crate::errors::{self, Exception};
use crate::to_python::to_python;
use crate::values::cart_state::CartState;
use crate::values::error_from_python::error_from_python;
use crate::values::{members, pickled_by_members};

/// One answer of a bulk call: `state` or `error`, and never both.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CheckResult(pub(crate) netgiro::CheckResult);

to_python!(netgiro::CheckResult => CheckResult);
pickled_by_members!(CheckResult);

#[pymethods]
impl CheckResult {
    #[new]
    #[pyo3(signature = (transaction_id, *, state=None, error=None))]
    fn new(
        transaction_id: &Bound<'_, PyAny>,
        state: Option<&Bound<'_, PyAny>>,
        error: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        read_arguments!(state);
        let state: Option<Bound<'_, CartState>> = state;
        let outcome = match (state, error.filter(|error| !error.is_none())) {
            (Some(state), None) => Ok(state.get().0.clone()),
            (None, Some(error)) => Err(error_from_python("error", error)?),
            _ => {
                return Err(errors::invalid(
                    transaction_id.py(),
                    "a CheckResult has either a state or an error: give one of the two",
                ));
            }
        };
        Ok(Self(netgiro::CheckResult {
            transaction_id: convert::uuid("transaction_id", transaction_id)?,
            outcome,
        }))
    }
}

members! {
    CheckResult, result {
        /// The server's id of the cart, a `uuid.UUID`.
        transaction_id: uuid::Uuid = result.transaction_id;
        /// Where the cart stands, a `CartState`; None when that could not be learnt.
        state: Option<CartState> = result.outcome.as_ref().ok().cloned().map(CartState::from);
        /// Why that could not be learnt, a `NetgiroError`; None when it could. Not raised.
        error: Option<Exception<'_>> = result.outcome.as_ref().err().map(Exception);
    }
}
