//! The methods of both clients for an InsertCart whose outcome is unknown.

use pyo3::prelude::*;

use crate::client::base::BaseClient;
use crate::convert;
use crate::runtime::event::Reporter;

#[pymethods]
impl BaseClient {
    /// Look for the cart of an `insert_cart` whose outcome is unknown, by the order's reference; returns a Cart or None. A
    /// Cart may be the one, with the order's amount and reference: go on as if `insert_cart` had returned it, and check
    /// it. Only a check says where it stands.
    ///
    /// Netgíró last documented this look-up in 2020, so it may not exist any more, and may not see a cart that the
    /// customer has not accepted yet. None means that the server says that it has no such cart. It does not mean that
    /// nobody was asked to pay: do not insert the order again on its account before the customer can no longer accept.
    ///
    /// Raises MismatchError when the answer names another reference or another amount, ApiError when Netgíró refuses or
    /// does not have the look-up, and ProtocolError or ServerError for an answer that cannot be read.
    #[pyo3(signature = (reference, *, amount))]
    fn find_by_reference(
        &self,
        py: Python<'_>,
        reference: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let prepare = || {
            let reference = convert::reference(reference)?;
            let amount = convert::amount("amount", amount)?;
            Ok(move |client: netgiro::Client, _: Reporter| async move {
                client.find_by_reference(&reference, amount).await
            })
        };
        let job = prepare();
        self.made(py)?.run(py, "find_by_reference", None, job)
    }
}
