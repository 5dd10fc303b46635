//! `CartState`, and its status.

use netgiro::{ApiVersion, CartStatus, Language};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::convert;
use crate::convert::argument::read_arguments;
use crate::convert::time::{DateTime, instant_or_now, to_the_microsecond};
use crate::to_python::to_python;
use crate::values::payment_info::PaymentInfo;
use crate::values::{members, pickled_by_members};

/// Where a cart stood when it was checked.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CartState(pub(crate) netgiro::CartState);

to_python!(netgiro::CartState => CartState, |state| {
    state.checked_at = to_the_microsecond(state.checked_at);
});
pickled_by_members!(CartState);

#[pymethods]
impl CartState {
    #[new]
    #[pyo3(signature = (
        transaction_id, status, *, result_code=None, payment_successful=None, message=None,
        payment=None, reference_id=None, checked_at=None, api=None
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "as many as the state has members"
    )]
    fn new(
        transaction_id: &Bound<'_, PyAny>,
        status: &Bound<'_, PyAny>,
        result_code: Option<&Bound<'_, PyAny>>,
        payment_successful: Option<&Bound<'_, PyAny>>,
        message: Option<&Bound<'_, PyAny>>,
        payment: Option<&Bound<'_, PyAny>>,
        reference_id: Option<&Bound<'_, PyAny>>,
        checked_at: Option<&Bound<'_, PyAny>>,
        api: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let checked_at = instant_or_now("checked_at", checked_at)?;
        read_arguments!(
            result_code,
            payment_successful,
            message,
            payment,
            reference_id
        );
        let payment: Option<Bound<'_, PaymentInfo>> = payment;
        Ok(Self(netgiro::CartState {
            transaction_id: convert::uuid("transaction_id", transaction_id)?,
            status: convert::word("status", status)?,
            result_code,
            payment_successful,
            message,
            payment: payment.map(|payment| Box::new(payment.get().0.clone())),
            reference_id,
            checked_at: to_the_microsecond(checked_at),
            api: api.map_or(Ok(ApiVersion::V1), |api| convert::word("api", api))?,
        }))
    }

    /// Return what the customer may read about it, in whole sentences.
    ///
    /// In Icelandic, or with another `lang` than `"is"` (a tag such as `"is-IS"` counts) in English. `timed_out`
    /// says of a canceled cart that the customer did not answer in time, which Netgíró's answers do not tell.
    #[pyo3(signature = (lang=None, *, timed_out=false), text_signature = "($self, lang='is', *, timed_out=False)")]
    fn customer_message(
        &self,
        lang: Option<&Bound<'_, PyAny>>,
        timed_out: bool,
    ) -> PyResult<&'static str> {
        let language = lang.map_or(Ok(Language::Icelandic), convert::language)?;
        Ok(self.0.status.customer_message(timed_out, language))
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        py.import(intern!(py, "netgiro.presentation.display"))?
            .call_method1(intern!(py, "state"), (slf,))
            .map(Bound::unbind)
    }
}

members! {
    CartState, state {
        /// The server's id of the cart, a `uuid.UUID`.
        transaction_id: uuid::Uuid = state.transaction_id;
        /// What the result code means, a `CartStatus`: a str as well.
        status: Status = Status(state.status);
        /// The result code, also when its meaning is unknown.
        result_code: Option<i64> = state.result_code;
        /// What the server said about the payment; CancelCart says nothing.
        payment_successful: Option<bool> = state.payment_successful;
        /// What the server has to say about it.
        message: Option<&str> = state.message.as_deref();
        /// What was paid or reserved, a `PaymentInfo`, when the server said so.
        payment: Option<PaymentInfo> = state.payment.as_deref().cloned().map(PaymentInfo);
        /// What identifies the call to Netgíró's support.
        reference_id: Option<&str> = state.reference_id.as_deref();
        /// When the answer came in, an aware `datetime` in UTC.
        checked_at: DateTime = DateTime(state.checked_at);
        /// Which API said so, `"v1"` or `"v2"`. V2 has no result codes, and says nothing about the payment.
        api: &str = state.api.as_str();
    }
    also {
        /// Whether the cart can no longer change.
        is_final: bool = state.is_final();
        /// Whether the cart is paid: true only when the server said so, in an answer that no check refused.
        is_paid: bool = state.is_paid();
    }
}

/// A status as the enum member; members are looked up once.
pub(crate) struct Status(pub(crate) CartStatus);

impl<'py> IntoPyObject<'py> for Status {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static MEMBERS: PyOnceLock<Vec<(CartStatus, Py<PyAny>)>> = PyOnceLock::new();
        let members = MEMBERS.get_or_try_init(py, || {
            let class = py.import("netgiro.enums")?.getattr("CartStatus")?;
            CartStatus::ALL
                .iter()
                .map(|&status| Ok((status, class.call1((status.as_str(),))?.unbind())))
                .collect::<PyResult<_>>()
        })?;
        members
            .iter()
            .find(|(known, _)| *known == self.0)
            .map(|(_, member)| member.bind(py).clone())
            .ok_or_else(|| PyTypeError::new_err("a status without a name"))
    }
}
