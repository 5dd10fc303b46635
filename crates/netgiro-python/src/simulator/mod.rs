//! The simulator, as Python sees it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use netgiro_simulator::{self as core, Fault, SimulatorError, SimulatorOptions, Storm};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::client::base::{AsyncClient, Client, Options};
use crate::convert;
use crate::errors;
use crate::runtime::coroutine::Call;
use crate::values;

/// A local Netgíró for tests: carts, customers, callbacks, faults and a clock that can be advanced.
///
/// Listens on a loopback port, on a thread of its own, from when it is made until it is closed. The
/// customer is you: `confirm`, `decline` and `expire` say what happens on the phone.
#[pyclass(frozen, weakref, module = "netgiro")]
pub(crate) struct Simulator(core::Simulator);

/// Whether the simulator serves https, and with which certificate.
#[derive(FromPyObject)]
enum Tls {
    #[pyo3(transparent, annotation = "bool")]
    Wanted(bool),
    #[pyo3(annotation = "tuple[str, str]")]
    Given(String, String),
}

impl From<Tls> for Option<core::Tls> {
    fn from(tls: Tls) -> Self {
        match tls {
            Tls::Wanted(wanted) => wanted.then_some(core::Tls::SelfMade),
            Tls::Given(certificate, key) => Some(core::Tls::Given { certificate, key }),
        }
    }
}

fn raised(py: Python<'_>, error: &SimulatorError) -> PyErr {
    errors::invalid(py, error.to_string())
}

/// Milliseconds as they stand on the wire, which may be zero or negative.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and gives 0 for what is no number"
)]
fn wire_milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

#[pymethods]
impl Simulator {
    #[new]
    #[pyo3(signature = (
        seed=0, *, port=0, app_key=None, secret_key=None, lifetime=180.0, check_interval=Some(3.0),
        decimals=0, response_signatures="valid", unknown_cart_code=10201,
        reject_repeated_nonce=false, minimum_amount=1, reaction=0.0, callback_retry_delay=5.0,
        callback_timeout=5.0, history=100_000, latency=0.0, public_url=None, shop=None,
        tls=Tls::Wanted(false), callback_hosts=Vec::new(), settlement_cost=195,
        require_confirmation_type=false, require_json_numbers=false, omit_payment_info=false, stale_reads=0
    ))]
    #[pyo3(
        text_signature = "(seed=0, *, port=0, app_key=None, secret_key=None, lifetime=180.0, check_interval=3.0, decimals=0, response_signatures='valid', unknown_cart_code=10201, reject_repeated_nonce=False, minimum_amount=1, reaction=0.0, callback_retry_delay=5.0, callback_timeout=5.0, history=100000, latency=0.0, public_url=None, shop='Prufuverslun', tls=False, callback_hosts=(), settlement_cost=195, require_confirmation_type=False, require_json_numbers=False, omit_payment_info=False, stale_reads=0)"
    )]
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        reason = "as many as there are switches"
    )]
    fn new(
        py: Python<'_>,
        seed: u64,
        port: u16,
        app_key: Option<String>,
        secret_key: Option<String>,
        lifetime: f64,
        check_interval: Option<f64>,
        decimals: u8,
        response_signatures: &str,
        unknown_cart_code: i64,
        reject_repeated_nonce: bool,
        minimum_amount: i64,
        reaction: f64,
        callback_retry_delay: f64,
        callback_timeout: f64,
        history: usize,
        latency: f64,
        public_url: Option<String>,
        shop: Option<String>,
        tls: Tls,
        callback_hosts: Vec<String>,
        settlement_cost: u32,
        require_confirmation_type: bool,
        require_json_numbers: bool,
        omit_payment_info: bool,
        stale_reads: u32,
    ) -> PyResult<Self> {
        let defaults = SimulatorOptions::default();
        let options = SimulatorOptions {
            seed,
            port,
            app_key: app_key.unwrap_or(defaults.app_key),
            secret_key: secret_key.unwrap_or(defaults.secret_key),
            lifetime: convert::seconds(py, "lifetime", lifetime)?,
            check_interval_ms: check_interval.map(wire_milliseconds),
            decimals,
            response_signatures: response_signatures
                .parse()
                .map_err(|error| raised(py, &error))?,
            unknown_cart_code,
            reject_repeated_nonce,
            minimum_amount,
            reaction: convert::seconds(py, "reaction", reaction)?,
            callback_retry_delay: convert::seconds(
                py,
                "callback_retry_delay",
                callback_retry_delay,
            )?,
            callback_timeout: convert::seconds(py, "callback_timeout", callback_timeout)?,
            history,
            latency: convert::seconds(py, "latency", latency)?,
            public_url,
            tls: tls.into(),
            callback_hosts,
            settlement_cost,
            require_confirmation_type,
            require_json_numbers,
            omit_payment_info,
            stale_reads,
            shop: shop.unwrap_or(defaults.shop),
        };
        py.detach(|| core::Simulator::start(options))
            .map(Self)
            .map_err(|error| match error.get_ref() {
                Some(inner) if inner.is::<SimulatorError>() => {
                    errors::invalid(py, inner.to_string())
                }
                _ => PyOSError::new_err(format!("the simulator cannot be started: {error}")),
            })
    }

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
    #[pyo3(signature = (
        *, environment=None, timeout=10.0, connect_timeout=5.0, response_verification=None,
        payment_info=None, ca_file=None, previous_secret_keys=None, proxy=None
    ))]
    #[pyo3(
        text_signature = "($self, *, environment='test', timeout=10.0, connect_timeout=5.0, response_verification='if_present', payment_info='if_present', ca_file=None, previous_secret_keys=(), proxy=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
    fn client(
        &self,
        py: Python<'_>,
        environment: Option<&Bound<'_, PyAny>>,
        timeout: f64,
        connect_timeout: f64,
        response_verification: Option<&Bound<'_, PyAny>>,
        payment_info: Option<&Bound<'_, PyAny>>,
        ca_file: Option<PathBuf>,
        previous_secret_keys: Option<&Bound<'_, PyAny>>,
        proxy: Option<String>,
    ) -> PyResult<Client> {
        let options = Options {
            environment,
            base_url: Some(self.0.url().to_owned()),
            timeout,
            connect_timeout,
            response_verification,
            payment_info,
            ca_file: ca_file.or_else(|| self.0.ca_file().map(Path::to_path_buf)),
            previous_secret_keys,
            proxy,
        };
        options
            .connect(py, self.0.app_key(), self.0.secret_key())
            .map(Client::over)
    }

    /// Make an AsyncClient for this simulator, with the options of AsyncClient; `ca_file` is the simulator's own when
    /// none is given.
    #[pyo3(signature = (
        *, environment=None, timeout=10.0, connect_timeout=5.0, response_verification=None,
        payment_info=None, ca_file=None, previous_secret_keys=None, proxy=None
    ))]
    #[pyo3(
        text_signature = "($self, *, environment='test', timeout=10.0, connect_timeout=5.0, response_verification='if_present', payment_info='if_present', ca_file=None, previous_secret_keys=(), proxy=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
    fn async_client(
        &self,
        py: Python<'_>,
        environment: Option<&Bound<'_, PyAny>>,
        timeout: f64,
        connect_timeout: f64,
        response_verification: Option<&Bound<'_, PyAny>>,
        payment_info: Option<&Bound<'_, PyAny>>,
        ca_file: Option<PathBuf>,
        previous_secret_keys: Option<&Bound<'_, PyAny>>,
        proxy: Option<String>,
    ) -> PyResult<AsyncClient> {
        let options = Options {
            environment,
            base_url: Some(self.0.url().to_owned()),
            timeout,
            connect_timeout,
            response_verification,
            payment_info,
            ca_file: ca_file.or_else(|| self.0.ca_file().map(Path::to_path_buf)),
            previous_secret_keys,
            proxy,
        };
        options
            .connect(py, self.0.app_key(), self.0.secret_key())
            .map(AsyncClient::over)
    }

    /// Let the customer accept. A callback is sent meanwhile; this does not wait for its answer.
    ///
    /// Raises InvalidRequestError when the customer has decided already or the time is over.
    #[pyo3(signature = (transaction_id))]
    fn confirm(&self, py: Python<'_>, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = convert::uuid(transaction_id)?;
        py.detach(|| self.0.confirm(id))
            .map_err(|error| raised(py, &error))
    }

    /// Let the customer decline.
    ///
    /// Raises InvalidRequestError when the customer has decided already or the time is over.
    #[pyo3(signature = (transaction_id))]
    fn decline(&self, py: Python<'_>, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = convert::uuid(transaction_id)?;
        py.detach(|| self.0.decline(id))
            .map_err(|error| raised(py, &error))
    }

    /// End a cart as if its time were over.
    ///
    /// Raises InvalidRequestError for a cart that cannot change any more.
    #[pyo3(signature = (transaction_id))]
    fn expire(&self, py: Python<'_>, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = convert::uuid(transaction_id)?;
        py.detach(|| self.0.expire(id))
            .map_err(|error| raised(py, &error))
    }

    /// Leave a paid cart out of its settlement, as if Netgíró had forgotten it.
    ///
    /// Raises InvalidRequestError for a cart that is not paid.
    #[pyo3(signature = (transaction_id))]
    fn withhold(&self, py: Python<'_>, transaction_id: &Bound<'_, PyAny>) -> PyResult<()> {
        let id = convert::uuid(transaction_id)?;
        py.detach(|| self.0.withhold(id))
            .map_err(|error| raised(py, &error))
    }

    /// Let so many seconds pass at once on the simulator's clock.
    ///
    /// Raises InvalidRequestError for more than ten years in all, and for less than none.
    #[pyo3(signature = (seconds))]
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        py.detach(|| self.0.advance_seconds(seconds))
            .map_err(|error| raised(py, &error))
    }

    /// Return the simulator's time, an aware `datetime` in UTC: real time, plus what it was advanced by.
    fn now(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let now = py.detach(|| self.0.now());
        convert::datetime(py, now)
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
        let id = convert::uuid(transaction_id)?;
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

    /// Let something go wrong with the next `count` requests to an endpoint, or to any for `"*"`.
    ///
    /// Members may be combined; times are in seconds of real time. `refuse` stands alone: for so
    /// long it refuses connections, whatever they are for, and it cuts those that are open.
    #[pyo3(signature = (
        endpoint, *, count=1, refuse=None, confirm_during=false, processed=None, delay=None, drop=None,
        drop_by="close", status=None, result_code=None, retry_after=None, headers=None,
        header_bytes=None, body=None, body_as=None, padding=None, drip=None, signature=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "as many as can go wrong")]
    #[expect(clippy::similar_names, reason = "they are the members' names")]
    fn add_fault(
        &self,
        py: Python<'_>,
        endpoint: &str,
        count: u32,
        refuse: Option<f64>,
        confirm_during: bool,
        processed: Option<bool>,
        delay: Option<f64>,
        drop: Option<&str>,
        drop_by: &str,
        status: Option<u16>,
        result_code: Option<i64>,
        retry_after: Option<&Bound<'_, PyAny>>,
        headers: Option<BTreeMap<String, String>>,
        header_bytes: Option<usize>,
        body: Option<&Bound<'_, PyAny>>,
        body_as: Option<&str>,
        padding: Option<u64>,
        drip: Option<f64>,
        signature: Option<&str>,
    ) -> PyResult<()> {
        let wrong = |error: SimulatorError| raised(py, &error);
        let seconds = |argument, value: Option<f64>| {
            value
                .map(|value| convert::seconds(py, argument, value))
                .transpose()
        };
        let mut fault = Fault::on_named(endpoint).map_err(wrong)?;
        fault.count = count;
        fault.refuse = seconds("refuse", refuse)?;
        fault.confirm_during = confirm_during;
        fault.processed = processed;
        fault.delay = seconds("delay", delay)?;
        fault.drop = drop.map(str::parse).transpose().map_err(wrong)?;
        fault.drop_by = drop_by.parse().map_err(wrong)?;
        fault.status = status;
        fault.result_code = result_code;
        fault.retry_after = retry_after
            .map(|value| value.str().map(|text| text.to_string()))
            .transpose()?;
        fault.headers = headers.unwrap_or_default();
        fault.header_bytes = header_bytes;
        fault.body = body.map(convert::body).transpose()?;
        fault.body_as = body_as.map(str::parse).transpose().map_err(wrong)?;
        fault.padding = padding;
        fault.drip = seconds("drip", drip)?;
        fault.signature = signature.map(str::parse).transpose().map_err(wrong)?;
        // The simulator refuses what does not go together.
        py.detach(|| self.0.add_fault(fault)).map_err(wrong)
    }

    /// Let a storm break loose, in place of one that blows already: a share of all calls fails, each
    /// in a way of its own, and customers confirm, decline, ignore the request, or confirm just as the
    /// merchant cancels.
    ///
    /// What happens to an order depends on the seed, its reference and how often its calls were made,
    /// and not on the orders beside it. `reaction` is how long a customer takes at the most, in seconds
    /// of the simulator's clock. Scripted faults go first; `clear_faults` ends it.
    #[pyo3(signature = (seed=0, *, failure_rate=0.3, reaction=0.3))]
    fn storm(&self, py: Python<'_>, seed: u64, failure_rate: f64, reaction: f64) -> PyResult<()> {
        let storm = Storm::new(seed)
            .failure_rate(failure_rate)
            .reaction(convert::seconds(py, "reaction", reaction)?);
        py.detach(|| self.0.storm(storm))
            .map_err(|error| raised(py, &error))
    }

    /// Forget the faults that have not struck yet, let connections in again, and let a storm's calls
    /// through: its customers still do what they meant to.
    fn clear_faults(&self, py: Python<'_>) {
        py.detach(|| self.0.clear_faults());
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

/// The methods of what the simulator has seen. Nobody but the simulator makes these.
macro_rules! seen {
    (
        $class:ident
        members [$($member:literal),+ $(,)?]
        hidden [$($hidden:literal),* $(,)?]
        { $($methods:tt)* }
    ) => {
        #[pymethods]
        impl $class {
            $($methods)*

            /// Return the members by name as a dict of plain Python values.
            fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
                values::to_dict(slf.as_any(), &[$($member,)+ $($hidden,)*])
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                values::repr(slf.as_any(), &[$($member),+])
            }
        }
    };
}

/// A cart as the simulator holds it.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq)]
pub(crate) struct SimulatedCart(core::SimulatedCart);

seen! {
    SimulatedCart
    members [
        "transaction_id", "reference", "amount", "status", "is_paid", "result_code",
        "confirmation_type", "created", "expires_at", "checks",
    ]
    hidden ["customer_id", "sms_code"]
    {
        /// Its id, a `uuid.UUID`.
        #[getter]
        fn transaction_id(&self) -> uuid::Uuid {
            self.0.transaction_id
        }

        /// The shop's order id.
        #[getter]
        fn reference(&self) -> &str {
            &self.0.reference
        }

        /// The amount in krónur.
        #[getter]
        fn amount(&self) -> i64 {
            self.0.amount
        }

        /// Who is asked to pay.
        #[getter]
        fn customer_id(&self) -> &str {
            &self.0.customer_id
        }

        /// Where it stands, a `CartStatus`.
        #[getter]
        fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            values::status(py, self.0.status)
        }

        /// Whether it is paid.
        #[getter]
        fn is_paid(&self) -> bool {
            self.0.is_paid
        }

        /// The result code that CheckCart answers.
        #[getter]
        fn result_code(&self) -> i64 {
            self.0.result_code
        }

        /// Who turns the customer's yes into a payment, a `ConfirmationType`.
        #[getter]
        fn confirmation_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            py.import("netgiro.enums")?
                .getattr("ConfirmationType")?
                .call1((self.0.confirmation_type.as_str(),))
        }

        /// When it was inserted, an aware `datetime` in UTC on the simulator's clock.
        #[getter]
        fn created(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            convert::datetime(py, self.0.created)
        }

        /// Until when it waits for its customer, an aware `datetime` in UTC.
        #[getter]
        fn expires_at(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            convert::datetime(py, self.0.expires_at)
        }

        /// The code in the customer's SMS; None unless the customer was named by kennitala.
        #[getter]
        fn sms_code(&self) -> Option<&str> {
            self.0.sms_code.as_deref()
        }

        /// How often CheckCart asked for it.
        #[getter]
        fn checks(&self) -> u32 {
            self.0.checks
        }
    }
}

/// A request as the simulator received it, and what became of it.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq)]
pub(crate) struct SimulatedRequest(core::SimulatedRequest);

fn header_dict<'py>(py: Python<'py>, headers: &[(String, String)]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in headers {
        dict.set_item(name, value)?;
    }
    Ok(dict)
}

seen! {
    SimulatedRequest
    members ["endpoint", "transaction_id", "method", "path", "signature_ok", "status", "at"]
    hidden ["headers", "body", "nonce", "answer"]
    {
        /// What was called, such as "CheckCart"; None for a path the API does not have.
        #[getter]
        fn endpoint(&self) -> Option<&'static str> {
            self.0.endpoint.map(core::Endpoint::as_str)
        }

        /// The cart it names, a `uuid.UUID`; None for InsertCart and for V2.
        #[getter]
        fn transaction_id(&self) -> Option<uuid::Uuid> {
            self.0.transaction_id
        }

        /// The HTTP method.
        #[getter]
        fn method(&self) -> &str {
            &self.0.method
        }

        /// The path as received, with its query.
        #[getter]
        fn path(&self) -> &str {
            &self.0.path
        }

        /// The headers as a dict; names are in lower case.
        #[getter]
        fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
            header_dict(py, &self.0.headers)
        }

        /// The body as text.
        #[getter]
        fn body(&self) -> &str {
            &self.0.body
        }

        /// The nonce it was signed with.
        #[getter]
        fn nonce(&self) -> Option<&str> {
            self.0.nonce.as_deref()
        }

        /// Whether its application key and signature were right; with V2, the key.
        #[getter]
        fn signature_ok(&self) -> bool {
            self.0.signature_ok
        }

        /// The HTTP status answered; None while it is being answered, or when it never was.
        #[getter]
        fn status(&self) -> Option<u16> {
            self.0.status
        }

        /// The body answered; None while it is being answered, or when it never was.
        #[getter]
        fn answer(&self) -> Option<&str> {
            self.0.answer.as_deref()
        }

        /// When it arrived, an aware `datetime` in UTC on the simulator's clock.
        #[getter]
        fn at(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            convert::datetime(py, self.0.at)
        }
    }
}

/// An attempt of the simulator at a callback.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq)]
pub(crate) struct SimulatedCallback(core::SimulatedCallback);

seen! {
    SimulatedCallback
    members ["transaction_id", "url", "attempt", "status", "is_done", "at"]
    hidden ["headers", "body"]
    {
        /// The cart it is about, a `uuid.UUID`.
        #[getter]
        fn transaction_id(&self) -> uuid::Uuid {
            self.0.transaction_id
        }

        /// Where it was sent: the URL given to `insert_cart`.
        #[getter]
        fn url(&self) -> &str {
            &self.0.url
        }

        /// 1, or 2 for the repetition.
        #[getter]
        fn attempt(&self) -> u32 {
            self.0.attempt
        }

        /// The HTTP status of the answer; None when there was none, or not yet.
        #[getter]
        fn status(&self) -> Option<u16> {
            self.0.status
        }

        /// Whether this attempt is over.
        #[getter]
        fn is_done(&self) -> bool {
            self.0.is_done
        }

        /// The headers sent, as a dict.
        #[getter]
        fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
            header_dict(py, &self.0.headers)
        }

        /// The body sent, as text.
        #[getter]
        fn body(&self) -> &str {
            &self.0.body
        }

        /// When it was sent, an aware `datetime` in UTC on the simulator's clock.
        #[getter]
        fn at(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            convert::datetime(py, self.0.at)
        }
    }
}
