//! The methods of both clients for hosted checkouts.

use netgiro::{Checkout, Error, NewCheckout};
use pyo3::prelude::*;

use crate::client::base::BaseClient;
use crate::convert;
use crate::convert::argument::{ArgumentInput, read_arguments};
use crate::errors::OrRaise;
use crate::panics;
use crate::runtime::abandoned_call::OneCall;
use crate::to_python::ToPython as _;

#[pymethods]
impl BaseClient {
    /// Create a hosted checkout; returns the Checkout: a page of Netgíró's, to whose `checkout_url` the customer's browser is
    /// sent. Nobody is asked to pay before that.
    ///
    /// `amount` is in whole krónur. With a `callback_url` the 2xx of that URL makes the payment; with `manual_capture` the
    /// money is held until the shop captures it. Sent once: raises OutcomeUnknownError, which has the reference, when the
    /// checkout may have been created although no sound answer came. Raises ApiError when Netgíró says no. The Checkout has
    /// no transaction id: that comes with the redirect and the callback.
    #[pyo3(signature = (
        *, amount, reference, success_url, cancel_url, callback_url=None, manual_capture=ArgumentInput::ABSENT
    ))]
    #[pyo3(
        text_signature = "($self, *, amount, reference, success_url, cancel_url, callback_url=None, manual_capture=False)"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "as many as a checkout has members"
    )]
    fn create_checkout(
        &self,
        py: Python<'_>,
        amount: &Bound<'_, PyAny>,
        reference: &Bound<'_, PyAny>,
        success_url: &Bound<'_, PyAny>,
        cancel_url: &Bound<'_, PyAny>,
        callback_url: Option<&Bound<'_, PyAny>>,
        manual_capture: ArgumentInput<'_>,
    ) -> PyResult<Py<PyAny>> {
        let prepare = || {
            let amount = convert::amount("amount", amount)?;
            let reference = convert::reference(reference)?;
            read_arguments!(success_url, cancel_url, callback_url);
            let (success_url, cancel_url): (String, String) = (success_url, cancel_url);
            let mut checkout = NewCheckout::new(amount, reference, success_url, cancel_url);
            checkout.callback_url = callback_url;
            checkout.manual_capture = manual_capture.or("manual_capture", false)?;
            let unknown = checkout.abandon();
            Ok(OneCall::new(checkout, unknown))
        };
        let attempt = panics::caught(prepare);
        self.made(py)?
            .attempt(py, "create_checkout", attempt, create)
    }

    /// Verify the URL with which a customer comes back from Netgíró's page, and read it; returns a Redirect. Not awaited.
    ///
    /// For display alone: whoever has the URL can open it again, so deliver after a callback and a check. `url` is the whole
    /// URL, or its query; `amount` and `reference` are the order's. Raises SignatureError when it does not verify, and
    /// MismatchError when it is about another amount or reference.
    #[pyo3(signature = (url, *, amount=None, reference=None))]
    fn verify_redirect(
        &self,
        py: Python<'_>,
        url: &Bound<'_, PyAny>,
        amount: Option<&Bound<'_, PyAny>>,
        reference: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let core = self.made(py)?.connections.core();
        panics::caught(|| {
            read_arguments!(url, reference);
            let (url, reference): (String, Option<String>) = (url, reference);
            let amount = amount
                .filter(|amount| !amount.is_none())
                .map(|amount| convert::amount("amount", amount))
                .transpose()?;
            core.verify_redirect(&url, amount, reference.as_deref())
                .or_raise(py)?
                .to_python(py)
        })
    }
}

async fn create(attempt: OneCall<NewCheckout>, client: netgiro::Client) -> Result<Checkout, Error> {
    let call = client.create_checkout(&attempt.input);
    attempt.carry_out(call).await
}
