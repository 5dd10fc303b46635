//! Callbacks, and signing.

use std::hash::{Hash, Hasher};

use netgiro::webhook::{ReplayKey, replayed};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use rust_decimal::Decimal;

use crate::convert::argument::{read_arguments, unseen};
use crate::convert::callback::{body as body_bytes, headers as header_pairs};
use crate::convert::time::to_the_microsecond;
use crate::convert::{self, Exact};
use crate::errors::{self, OrRaise};
use crate::panics;
use crate::replay;
use crate::to_python::ToPython;
use crate::values::cart_state::CartState;
use crate::values::{members, pickled_by_members};

/// A callback that verified: the server says something about this cart.
///
/// Compare it with the order by `matches`, record it, answer 200, and let `check_cart` decide
/// whether the cart is paid.
#[pyclass(frozen, eq, hash, module = "netgiro")]
pub(crate) struct Callback(pub(crate) netgiro::Callback, pub(crate) Option<ReplayKey>);

/// What a replay guard is asked is not part of what the server says.
impl PartialEq for Callback {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Callback {}

impl Hash for Callback {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl ToPython for (netgiro::Callback, Option<ReplayKey>) {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let (mut callback, key) = self;
        if let Some(state) = &mut callback.state {
            state.checked_at = to_the_microsecond(state.checked_at);
        }
        Ok(Py::new(py, Callback(callback, key))?.into_any())
    }
}

pickled_by_members!(Callback);

#[pymethods]
impl Callback {
    #[new]
    #[pyo3(signature = (transaction_id, *, state=None, reference=None, amount=None, reference_id=None))]
    fn new(
        transaction_id: &Bound<'_, PyAny>,
        state: Option<&Bound<'_, PyAny>>,
        reference: Option<&Bound<'_, PyAny>>,
        amount: Option<&Bound<'_, PyAny>>,
        reference_id: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        read_arguments!(state, reference, amount, reference_id);
        let state: Option<Bound<'_, CartState>> = state;
        let amount: Option<Exact> = amount;
        let callback = netgiro::Callback {
            transaction_id: convert::uuid("transaction_id", transaction_id)?,
            reference,
            amount: amount.map(|amount| amount.0),
            state: state.map(|state| state.get().0.clone()),
            reference_id,
        };
        Ok(Self(callback, None))
    }

    /// Return whether the callback is about this amount, in krónur, and this reference.
    ///
    /// Raises InvalidRequestError for an amount that cannot be read.
    #[pyo3(signature = (amount, reference))]
    fn matches(&self, amount: &Bound<'_, PyAny>, reference: &Bound<'_, PyAny>) -> PyResult<bool> {
        let amount = convert::amount("amount", amount)?;
        Ok(self.0.matches(amount, &convert::reference(reference)?))
    }
}

members! {
    Callback, callback {
        /// The server's id of the cart, a `uuid.UUID`.
        transaction_id: uuid::Uuid = callback.transaction_id;
        /// The shop's order id, as the server holds it.
        reference: Option<&str> = callback.reference.as_deref();
        /// The amount in krónur, as the server holds it, a `Decimal`.
        amount: Option<Decimal> = callback.amount;
        /// Where the cart stands, a `CartState`; `unknown` where the callback contradicts itself. None for a callback of V2,
        /// whose signature is the same whatever happened: ask where the cart stands.
        state: Option<CartState> = callback.state.clone().map(CartState::from);
        /// What identifies the call to Netgíró's support.
        reference_id: Option<&str> = callback.reference_id.as_deref();
    }
}

/// What a callback is verified with, in the core's terms.
pub(crate) struct CallbackParts {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl CallbackParts {
    pub(crate) fn read(
        url: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        read_arguments!(url);
        Ok(Self {
            url,
            headers: header_pairs(headers)?,
            body: body_bytes("body", body)?,
        })
    }

    pub(crate) fn verify(
        &self,
        client: &netgiro::Client,
        py: Python<'_>,
        guard: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(netgiro::Callback, Option<ReplayKey>)> {
        if let Some(guard) = guard {
            replay::check_guard(guard)?;
        }
        let Self { url, headers, body } = self;
        let verified = client.verify_callback_keyed(url, headers, body);
        let (callback, key) = verified.or_raise(py)?;
        match guard.zip(key.as_ref()) {
            Some((guard, key)) if !replay::is_first(guard, key)? => {
                Err(errors::to_py(py, &replayed(callback.reference_id)))
            }
            _ => Ok((callback, key)),
        }
    }

    /// As the keyword arguments of `verify_callback`, for a verification of its own.
    pub(crate) fn into_dict(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let parts = PyDict::new(py);
        parts.set_item("url", self.url)?;
        parts.set_item("headers", self.headers)?;
        parts.set_item("body", PyBytes::new(py, &self.body))?;
        Ok(parts)
    }
}

/// Sign as the API does: lowercase hex of SHA-256 over secret key, nonce, URL and body.
///
/// `url` is the whole absolute URL as sent; `body` the exact bytes sent, or text sent as UTF-8.
#[pyfunction]
#[pyo3(signature = (secret_key, nonce, url, body))]
pub(crate) fn sign(
    secret_key: &Bound<'_, PyAny>,
    nonce: &Bound<'_, PyAny>,
    url: &Bound<'_, PyAny>,
    body: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let secret_key = unseen("secret_key", secret_key)?;
    read_arguments!(nonce, url);
    let (nonce, url): (String, String) = (nonce, url);
    let body = body_bytes("body", body)?;
    panics::caught(|| Ok(netgiro::sign(&secret_key, &nonce, &url, &body)))
}
