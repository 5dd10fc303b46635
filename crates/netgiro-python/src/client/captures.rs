//! The methods of both clients that take what is held, and undo what is paid.

use pyo3::prelude::*;

use crate::client::base::BaseClient;
use crate::convert;
use crate::runtime::event::Reporter;
use crate::values::poll::cart_ref;

#[pymethods]
impl BaseClient {
    /// Capture what is held of a reserved cart, all of it or an `amount` of it in krónur; returns a CartState:
    /// `confirmed`. What was captured before is not captured again.
    ///
    /// Of V2. With `api` "v1" it does what `confirm_cart` does, and refuses an amount.
    #[pyo3(signature = (cart, amount=None))]
    fn capture_cart(
        &self,
        py: Python<'_>,
        cart: &Bound<'_, PyAny>,
        amount: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let prepare = || {
            let cart = cart_ref("cart", cart)?;
            let amount = amount.map(|amount| convert::amount("amount", amount));
            let amount = amount.transpose()?;
            Ok(move |client: netgiro::Client, _: Reporter| async move {
                client.capture_cart(cart, amount).await
            })
        };
        let job = prepare();
        self.made(py)?.run(py, "capture_cart", None, job)
    }

    /// Cancel a payment that is made; returns a CartState: `canceled`, and the customer pays nothing. To give back a part,
    /// refund it.
    ///
    /// Of V2, where `cancel_cart` leaves a paid cart as it is. Raises InvalidRequestError for a cart that is not paid.
    #[pyo3(signature = (cart))]
    fn void_cart(&self, py: Python<'_>, cart: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let job = cart_ref("cart", cart).map(|cart| {
            move |client: netgiro::Client, _: Reporter| async move { client.void_cart(cart).await }
        });
        self.made(py)?.run(py, "void_cart", None, job)
    }
}
