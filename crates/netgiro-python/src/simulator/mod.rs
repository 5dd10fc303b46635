//! The simulator, as Python sees it.

mod faults;
mod options;
pub(crate) mod records;

use std::ffi::OsStr;
use std::path::Path;

use netgiro_simulator::{self as core, SimulatorError};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use uuid::Uuid;

use crate::client::Client;
use crate::convert::argument::Argument as _;
use crate::convert::time::DateTime;
use crate::errors;
use crate::runtime::coroutine::Call;
use crate::simulator::records::{SimulatedCallback, SimulatedCart, SimulatedRequest};
use crate::values::poll;

/// A local Netgíró for tests: carts, customers, callbacks, faults and a clock that can be advanced.
///
/// Listens on a loopback port, on a thread of its own, from when it is made until it is closed. The
/// customer is you: `confirm`, `decline` and `expire` say what happens on the phone.
#[pyclass(frozen, weakref, module = "netgiro")]
pub(crate) struct Simulator(core::Simulator);

fn raised(py: Python<'_>, error: &SimulatorError) -> PyErr {
    errors::invalid(py, error.to_string())
}

impl Simulator {
    /// A client of this class for the simulator.
    fn connected<'py>(
        &self,
        class: &Bound<'py, PyType>,
        options: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = options.unwrap_or_else(|| PyDict::new(class.py()));
        for own in ["base_url", "checkout_base_url"] {
            if options.contains(own)? {
                return Err(PyTypeError::new_err(format!(
                    "got an unexpected keyword argument '{own}': the simulator has its own"
                )));
            }
        }
        options.set_item("base_url", self.0.url())?;
        if options
            .get_item("ca_file")?
            .is_none_or(|file| file.is_none())
        {
            options.set_item("ca_file", self.ca_file())?;
        }
        class.call((self.0.app_key(), self.0.secret_key()), Some(&options))
    }

    /// What happens to a cart.
    fn act(
        &self,
        cart: &Bound<'_, PyAny>,
        act: fn(&core::Simulator, Uuid) -> Result<(), SimulatorError>,
    ) -> PyResult<()> {
        let py = cart.py();
        let id = poll::transaction_id(cart)?;
        py.detach(|| act(&self.0, id))
            .map_err(|error| raised(py, &error))
    }
}

#[pymethods]
impl Simulator {
    /// The base URL for a client: `http://127.0.0.1:PORT/v1/`, or below `public_url`.
    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    /// The page for people: the customer's phone beside the shop. `#phone` after it shows the phone alone.
    #[getter]
    fn page_url(&self) -> &str {
        self.0.page_url()
    }

    /// The base URL on this machine, whatever `public_url` says: where a proxy passes requests to.
    #[getter]
    fn local_url(&self) -> &str {
        self.0.local_url()
    }

    /// The path of a PEM file with the authority to trust, where `tls=True` made one up; otherwise None.
    /// The file goes when the simulator is closed.
    #[getter]
    fn ca_file(&self) -> Option<&OsStr> {
        self.0.ca_file().map(Path::as_os_str)
    }

    /// The application key that is let in.
    #[getter]
    fn app_key(&self) -> &str {
        self.0.app_key()
    }

    /// The secret key of both sides.
    #[getter]
    fn secret_key(&self) -> &str {
        self.0.secret_key()
    }

    /// Make a Client for this simulator, with the options of Client; `ca_file` is the simulator's own when
    /// none is given.
    #[pyo3(signature = (**options))]
    #[pyo3(
        text_signature = "($self, *, environment='test', api='v1', timeout=10.0, connect_timeout=5.0, response_verification='if_present', payment_info='if_present', ca_file=None, previous_secret_keys=(), proxy=None)"
    )]
    fn client<'py>(
        &self,
        py: Python<'py>,
        options: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.connected(&py.get_type::<Client>(), options)
    }

    /// Make an AsyncClient for this simulator, with the options of AsyncClient; `ca_file` is the simulator's own when
    /// none is given.
    #[pyo3(signature = (**options))]
    #[pyo3(
        text_signature = "($self, *, environment='test', api='v1', timeout=10.0, connect_timeout=5.0, response_verification='if_present', payment_info='if_present', ca_file=None, previous_secret_keys=(), proxy=None)"
    )]
    fn async_client<'py>(
        &self,
        py: Python<'py>,
        options: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = py.import("netgiro.async_client")?.getattr("AsyncClient")?;
        self.connected(class.cast::<PyType>()?, options)
    }

    /// Let the customer accept. A callback is sent meanwhile; this does not wait for its answer.
    ///
    /// Raises InvalidRequestError when the customer has decided already or the time is over.
    #[pyo3(signature = (transaction_id))]
    fn confirm(&self, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        self.act(transaction_id, core::Simulator::confirm)
    }

    /// Let the customer decline.
    ///
    /// Raises InvalidRequestError when the customer has decided already or the time is over.
    #[pyo3(signature = (transaction_id))]
    fn decline(&self, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        self.act(transaction_id, core::Simulator::decline)
    }

    /// End a cart as if its time were over.
    ///
    /// Raises InvalidRequestError for a cart that cannot change any more.
    #[pyo3(signature = (transaction_id))]
    fn expire(&self, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        self.act(transaction_id, core::Simulator::expire)
    }

    /// Leave a paid cart out of its settlement, as if Netgíró had forgotten it.
    ///
    /// Raises InvalidRequestError for a cart that is not paid.
    #[pyo3(signature = (transaction_id))]
    fn withhold(&self, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        self.act(transaction_id, core::Simulator::withhold)
    }

    /// Let so many seconds pass at once on the simulator's clock.
    ///
    /// Raises InvalidRequestError for more than ten years in all, and for less than none.
    #[pyo3(signature = (seconds))]
    fn advance(&self, seconds: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = seconds.py();
        let seconds = f64::of("seconds", seconds)?;
        py.detach(|| self.0.advance_seconds(seconds))
            .map_err(|error| raised(py, &error))
    }

    /// Return the simulator's time, an aware `datetime` in UTC: real time, plus what it was advanced by.
    fn now(&self, py: Python<'_>) -> DateTime {
        DateTime(py.detach(|| self.0.now()))
    }

    /// Return all carts as a list of SimulatedCart, in the order in which they were inserted.
    fn carts(&self, py: Python<'_>) -> Vec<SimulatedCart> {
        let carts = py.detach(|| self.0.carts());
        carts.into_iter().map(SimulatedCart).collect()
    }

    /// Return one cart as a SimulatedCart; None when there is none.
    #[pyo3(signature = (transaction_id))]
    fn cart(
        &self,
        py: Python<'_>,
        transaction_id: &Bound<'_, PyAny>,
    ) -> PyResult<Option<SimulatedCart>> {
        let id = poll::transaction_id(transaction_id)?;
        Ok(py.detach(|| self.0.cart(id)).map(SimulatedCart))
    }

    /// Return every request as a list of SimulatedRequest, in the order of arrival.
    fn requests(&self, py: Python<'_>) -> Vec<SimulatedRequest> {
        let requests = py.detach(|| self.0.requests());
        requests.into_iter().map(SimulatedRequest).collect()
    }

    /// Return every attempt at a callback as a list of SimulatedCallback, in order.
    fn callbacks(&self, py: Python<'_>) -> Vec<SimulatedCallback> {
        let callbacks = py.detach(|| self.0.callbacks());
        callbacks.into_iter().map(SimulatedCallback).collect()
    }

    /// Stop the server. What it has seen stays readable.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) {
        self.close(py);
    }

    fn __aenter__(slf: Py<Self>) -> Call {
        Call::ready("__aenter__", Ok(slf.into_any()))
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> Call {
        self.close(py);
        Call::ready("__aexit__", Ok(py.None()))
    }

    fn __repr__(&self) -> String {
        format!("<netgiro.Simulator {}>", self.0.url())
    }
}
