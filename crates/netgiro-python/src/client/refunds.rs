//! The methods of both clients for refunds, and for what Netgíró holds about a payment.

use netgiro::{CartRef, Error, NewRefund, Refund};
use pyo3::prelude::*;

use crate::client::base::BaseClient;
use crate::convert;
use crate::convert::argument::read_arguments;
use crate::panics;
use crate::runtime::abandoned_call::OneCall;
use crate::runtime::event::Reporter;
use crate::values::poll::cart_ref;

#[pymethods]
impl BaseClient {
    /// Refund a payment, in full or in part; returns the Refund: the customer gets `amount` krónur back. For carts of V1
    /// too.
    ///
    /// Netgíró processes one refund for each `idempotency_key`, so what may have been lost is sent again with it. Raises
    /// OutcomeUnknownError, which has the key, when the refund may have been made although no sound answer came: make
    /// the same call again. Raises ApiError when Netgíró says no, and MismatchError when the key belongs to another
    /// refund. A refund changes no status: a paid cart stays paid, and how much was refunded is the shop's to store.
    ///
    /// Asked of the API's V2, whose answers are not signed.
    #[pyo3(signature = (cart, amount, *, idempotency_key, description=None))]
    fn refund_cart(
        &self,
        py: Python<'_>,
        cart: &Bound<'_, PyAny>,
        amount: &Bound<'_, PyAny>,
        idempotency_key: &Bound<'_, PyAny>,
        description: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let prepare = || {
            let cart = cart_ref("cart", cart)?;
            let amount = convert::amount("amount", amount)?;
            read_arguments!(idempotency_key, description);
            let idempotency_key: String = idempotency_key;
            let mut refund = NewRefund::new(amount, idempotency_key);
            refund.description = description;
            let unknown = refund.abandon();
            Ok(OneCall::new((cart, refund), unknown))
        };
        let attempt = panics::caught(prepare);
        self.made(py)?.attempt(py, "refund_cart", attempt, refund)
    }

    /// Ask what Netgíró holds about a cart's payment; returns a Transaction: whether it can be refunded, and when the
    /// money goes to the shop.
    ///
    /// Asked of the API's V2, whose answers are not signed: `check_cart` alone says whether a cart is paid.
    #[pyo3(signature = (cart))]
    fn get_transaction(&self, py: Python<'_>, cart: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let job =
            cart_ref("cart", cart).map(|cart| {
                move |client: netgiro::Client, _: Reporter| async move {
                    client.get_transaction(cart).await
                }
            });
        self.made(py)?.run(py, "get_transaction", None, job)
    }
}

async fn refund(
    attempt: OneCall<(CartRef, NewRefund)>,
    client: netgiro::Client,
) -> Result<Refund, Error> {
    let (cart, refund) = &attempt.input;
    let call = client.refund_cart(cart.clone(), refund);
    attempt.carry_out(call).await
}
