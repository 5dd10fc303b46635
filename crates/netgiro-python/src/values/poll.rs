//! Polling as a value: the policy, and the poll that a job queue keeps.

use jiff::Timestamp;
use netgiro::{CheckOutcome, WaitOptions};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::convert;
use crate::errors::{self, OrRaise};
use crate::runtime::panics;
use crate::values::{CartState, ToPython, to_python, value};

/// How often to ask about a cart, in seconds.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PollPolicy(pub(crate) netgiro::PollPolicy);

value! {
    PollPolicy
    members ["min_interval", "default_interval", "max_interval"]
    derived []
    {
        #[new]
        #[pyo3(signature = (min_interval=1.0, default_interval=3.0, max_interval=60.0))]
        fn new(
            py: Python<'_>,
            min_interval: f64,
            default_interval: f64,
            max_interval: f64,
        ) -> PyResult<Self> {
            let policy = netgiro::PollPolicy::new(
                convert::seconds(py, "min_interval", min_interval)?,
                convert::seconds(py, "default_interval", default_interval)?,
                convert::seconds(py, "max_interval", max_interval)?,
            );
            Ok(Self(policy.or_raise(py)?))
        }

        /// The least time between two checks, in seconds.
        #[getter]
        fn min_interval(&self) -> f64 {
            self.0.min_interval().as_secs_f64()
        }

        /// The time between two checks when the server gave no hint, in seconds.
        #[getter]
        fn default_interval(&self) -> f64 {
            self.0.default_interval().as_secs_f64()
        }

        /// The most time between two checks, failures apart, in seconds.
        #[getter]
        fn max_interval(&self) -> f64 {
            self.0.max_interval().as_secs_f64()
        }
    }
}

/// A poll of one cart, as a value: what was seen, and when to ask next.
///
/// `poll_step` takes it one check further. Between two steps it can be kept as JSON, which holds
/// neither the secret key nor a phone number.
///
/// A cart that is not found, or canceled by result code 10201 without PaymentInfo, may not be there yet: for the first
/// 15 seconds it is asked about again, in the latter case until it was seen so twice, an interval apart, or after a cancel
/// of the shop's. A cart that was seen open does not end as `not_found`. Until then `is_done` is false, whatever `state` is.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CartPoll(pub(crate) netgiro::CartPoll);

to_python! {
    netgiro::CartPoll => CartPoll;
}

const MEMBERS: [&str; 5] = [
    "transaction_id",
    "next_check_at",
    "deadline",
    "state",
    "is_done",
];

#[pymethods]
impl CartPoll {
    #[new]
    #[pyo3(signature = (cart, *, timeout=180.0, policy=None, now=None))]
    fn new(
        py: Python<'_>,
        cart: &Bound<'_, PyAny>,
        timeout: f64,
        policy: Option<&Bound<'_, PollPolicy>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let cart = convert::cart_ref(cart)?;
        let options = WaitOptions {
            timeout: convert::seconds(py, "timeout", timeout)?,
            policy: convert::policy(policy),
        };
        let now = convert::instant_or_now("now", now)?;
        panics::caught(|| Ok(Self(netgiro::CartPoll::new(cart, options, now))))
    }

    /// The server's id of the cart, a `uuid.UUID`.
    #[getter]
    fn transaction_id(&self) -> uuid::Uuid {
        self.0.transaction_id()
    }

    /// When to ask next, an aware `datetime` in UTC; a step before that sends nothing.
    #[getter]
    fn next_check_at(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        convert::datetime(py, self.0.next_check_at())
    }

    /// When the poll gives up, after one last check, an aware `datetime` in UTC.
    #[getter]
    fn deadline(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        convert::datetime(py, self.0.deadline())
    }

    /// The last state seen, a `CartState`; failures do not change it.
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let state = self.0.state().cloned();
        state.map(|state| state.to_python(py)).transpose()
    }

    /// Whether polling has nothing more to learn: `state` is final and believed, or it is the merchant's move.
    #[getter]
    fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Return the poll as versioned JSON text, to be kept between two steps.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Read what `to_json` wrote; raises InvalidRequestError for anything else, and for what no answer about
    /// this cart can have said.
    #[staticmethod]
    #[pyo3(signature = (text))]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        panics::caught(|| netgiro::CartPoll::from_json(text).map(Self).or_raise(py))
    }

    /// Return the poll after a check that brought `seen`, without sending anything.
    ///
    /// `seen` is a CartState, a status word (which stands for what CheckCart says with it) or a NetgiroError;
    /// `sent_at` is when that check was sent and `now` when it was answered, both by default now; `jitter` is
    /// in 0..=1, by default random. With `after_cancel` a CartState is what `cancel_cart` or `settle_cart` gave:
    /// that it is canceled is then believed at once. Raises the error that ends the poll, as `poll_step` does,
    /// and InvalidRequestError for a CartState that no answer about this cart can have given.
    #[pyo3(signature = (seen, *, sent_at=None, now=None, jitter=None, after_cancel=false))]
    fn answered(
        &self,
        seen: &Bound<'_, PyAny>,
        sent_at: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
        jitter: Option<f64>,
        after_cancel: bool,
    ) -> PyResult<Self> {
        let py = seen.py();
        let now = convert::instant_or_now("now", now)?;
        let sent_at = sent_at.map_or(Ok(now), |at| convert::instant("sent_at", at))?;
        let jitter = jitter.unwrap_or_else(fastrand::f64);
        let seen = if let Ok(state) = seen.cast::<CartState>() {
            let state = state.get().0.clone();
            if after_cancel {
                CheckOutcome::AfterCancel(state)
            } else {
                CheckOutcome::State(state)
            }
        } else if seen.is_instance_of::<PyString>() {
            CheckOutcome::Status(convert::word(seen)?)
        } else {
            CheckOutcome::Error(errors::from_py(seen)?)
        };
        panics::caught(|| {
            let next = self.0.answered(seen, sent_at, now, jitter);
            next.map(Self).or_raise(py)
        })
    }

    /// Return the members by name, and theirs, as a dict of plain Python values.
    fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        crate::values::to_dict(slf.as_any(), &MEMBERS)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        crate::values::repr(slf.as_any(), &MEMBERS)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        let restore = slf.py().get_type::<Self>().getattr("from_json")?;
        Ok((restore, (slf.get().0.to_json(),)))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }
}

/// Return a poll on the clock of whoever takes its next step: the core's `on_clock`.
#[pyfunction]
#[pyo3(signature = (poll, now, server_now=None))]
pub(crate) fn poll_on_clock(
    poll: &Bound<'_, CartPoll>,
    now: &Bound<'_, PyAny>,
    server_now: Option<&Bound<'_, PyAny>>,
) -> PyResult<CartPoll> {
    let (now, server_now) = clocks(now, server_now)?;
    panics::caught(|| Ok(CartPoll(poll.get().0.on_clock(now, server_now))))
}

/// Return a poll that knows what the server's clock said at `now`: the core's `dated`.
#[pyfunction]
#[pyo3(signature = (poll, now, server_now))]
pub(crate) fn poll_dated(
    poll: &Bound<'_, CartPoll>,
    now: &Bound<'_, PyAny>,
    server_now: Option<&Bound<'_, PyAny>>,
) -> PyResult<CartPoll> {
    let (now, server_now) = clocks(now, server_now)?;
    panics::caught(|| Ok(CartPoll(poll.get().0.clone().dated(now, server_now))))
}

/// Return how long to wait before the next step of a poll, in seconds: the core's `delay`.
#[pyfunction]
#[pyo3(signature = (poll, now=None))]
pub(crate) fn poll_delay(
    poll: &Bound<'_, CartPoll>,
    now: Option<&Bound<'_, PyAny>>,
) -> PyResult<f64> {
    let now = convert::instant_or_now("now", now)?;
    Ok(poll.get().0.delay(now).as_secs_f64())
}

/// What a clock of ours says, and what the server's does.
fn clocks(
    now: &Bound<'_, PyAny>,
    server_now: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Timestamp, Option<Timestamp>)> {
    let server_now = server_now.map(|at| convert::instant("server_now", at));
    Ok((convert::instant("now", now)?, server_now.transpose()?))
}

/// Return the delay in seconds after so many failures in a row: the core's `backoff`.
///
/// Whatever whole number they are, since they may have been counted in somebody else's database.
#[pyfunction]
#[pyo3(signature = (first, failures, longest))]
pub(crate) fn backoff(first: f64, failures: &Bound<'_, PyAny>, longest: f64) -> PyResult<f64> {
    let py = failures.py();
    let first = convert::seconds(py, "first", first)?;
    let longest = convert::seconds(py, "longest", longest)?;
    let failures = convert::failures(failures)?;
    Ok(netgiro::backoff(first, failures, longest).as_secs_f64())
}

/// A poll as `poll_step` takes it: the value, or its JSON.
pub(crate) fn given(poll: &Bound<'_, PyAny>) -> PyResult<netgiro::CartPoll> {
    if let Ok(text) = poll.cast::<PyString>() {
        return panics::caught(|| {
            netgiro::CartPoll::from_json(&text.to_string_lossy()).or_raise(poll.py())
        });
    }
    Ok(poll.cast::<CartPoll>()?.get().0.clone())
}
