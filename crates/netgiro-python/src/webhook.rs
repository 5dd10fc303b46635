//! The core's state machines of a callback route, for the drivers in `netgiro.webhook` and `netgiro.celery`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::ErrorKind;
use netgiro::webhook::{
    self, ExpectedOrder, FollowUpAction, FollowUpOutcome, ReportedCallback, RouteOutcome,
};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::convert::argument::{Argument as _, ArgumentInput, read_arguments};
use crate::convert::time::instant_or_now;
use crate::convert::{self, Exact};
use crate::errors;
use crate::panics;
use crate::to_python::ToPython;
use crate::values::callback::Callback;
use crate::values::cart::Cart;
use crate::values::poll::{CartPoll, cart_ref};

/// Return what a replay guard is asked about a callback: its nonce and its signature; None for one of V2, about which
/// no guard is asked.
///
/// Raises ValueError for a Callback of V1 that no client has verified.
#[pyfunction]
#[pyo3(signature = (callback))]
pub(crate) fn replay_key(callback: &Bound<'_, PyAny>) -> PyResult<Option<(String, String)>> {
    let callback = Bound::<Callback>::of("callback", callback)?;
    let Callback(callback, key) = callback.get();
    match key {
        Some(key) => Ok(Some((key.nonce.clone(), key.signature.clone()))),
        None if callback.state.is_none() => Ok(None),
        None => Err(PyValueError::new_err(
            "no client has verified this callback",
        )),
    }
}

/// Return the error for a callback that its guard has seen before.
#[pyfunction]
#[pyo3(signature = (callback))]
pub(crate) fn replayed(callback: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let callback = Bound::<Callback>::of("callback", callback)?;
    let reference_id = callback.get().0.reference_id.clone();
    Ok(errors::to_py(
        callback.py(),
        &webhook::replayed(reference_id),
    ))
}

/// Return the text that a callback is answered with by the status, and a header's name and value or None.
#[pyfunction]
#[pyo3(signature = (status))]
pub(crate) fn callback_answer(
    status: &Bound<'_, PyAny>,
) -> PyResult<(&'static str, Option<(&'static str, &'static str)>)> {
    let answer = webhook::RouteAnswer::new(u16::of("status", status)?, "");
    Ok((answer.text, answer.header))
}

/// A callback route: what its requests share.
#[pyclass(frozen, module = "netgiro._netgiro")]
pub(crate) struct CallbackRoute(Arc<webhook::Route>);

#[pymethods]
impl CallbackRoute {
    #[new]
    #[pyo3(signature = (*, has_guard))]
    fn new(has_guard: &Bound<'_, PyAny>) -> PyResult<Self> {
        let has_guard = bool::of("has_guard", has_guard)?;
        Ok(Self(Arc::new(webhook::Route::new(has_guard))))
    }

    /// Return a request to the route, which has yet to be answered.
    #[pyo3(signature = (method=ArgumentInput::ABSENT))]
    #[pyo3(text_signature = "($self, method='POST')")]
    fn request(&self, method: ArgumentInput<'_>) -> PyResult<CallbackRequest> {
        let method = method.or("method", "POST".to_owned())?;
        Ok(CallbackRequest(self.0.request(&method)))
    }
}

/// A request to a callback route: `action` is what to do next, and a method reports the outcome.
#[pyclass(module = "netgiro._netgiro")]
pub(crate) struct CallbackRequest(webhook::RouteRequest);

impl CallbackRequest {
    fn step(&mut self, outcome: RouteOutcome) -> PyResult<&'static str> {
        panics::caught(|| Ok(self.0.step(outcome).as_str()))
    }
}

#[pymethods]
impl CallbackRequest {
    /// What is to be done next.
    #[getter]
    fn action(&self) -> &'static str {
        self.0.action().as_str()
    }

    /// The status of the answer; 0 before.
    #[getter]
    fn status(&self) -> u16 {
        self.0.answer().map_or(0, |answer| answer.status)
    }

    /// Why it is that, for the log alone.
    #[getter]
    fn reason(&self) -> &str {
        self.0.answer().map_or("", |answer| &answer.reason)
    }

    /// Tell that the body has so many bytes; gives the next action, as each of these methods does.
    fn body(&mut self, size: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        let size = usize::of("size", size)?;
        self.step(RouteOutcome::Body(size))
    }

    /// Tell that the callback verifies, and what it says.
    #[pyo3(signature = (transaction_id, amount, reference, signature))]
    fn verified(
        &mut self,
        transaction_id: &Bound<'_, PyAny>,
        amount: Option<&Bound<'_, PyAny>>,
        reference: Option<&Bound<'_, PyAny>>,
        signature: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<&'static str> {
        let cart = convert::uuid("transaction_id", transaction_id)?;
        read_arguments!(amount, reference, signature);
        let amount = amount.map(|amount: Exact| amount.0);
        self.step(RouteOutcome::Verified(ReportedCallback {
            cart,
            amount,
            reference,
            signature,
        }))
    }

    /// Tell that the callback does not verify.
    fn rejected(&mut self, reason: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        read_arguments!(reason);
        self.step(RouteOutcome::Rejected(reason))
    }

    /// Tell the shop's order, as the cart that it is about; None where it has no such order.
    #[pyo3(signature = (cart))]
    fn order(&mut self, cart: Option<&Bound<'_, PyAny>>) -> PyResult<&'static str> {
        read_arguments!(cart);
        let cart: Option<Bound<'_, Cart>> = cart;
        self.step(RouteOutcome::Order(cart.map(|cart| {
            let cart = &cart.get().0;
            ExpectedOrder {
                cart: Some(cart.transaction_id),
                amount: cart.amount,
                reference: cart.reference.clone(),
            }
        })))
    }

    /// Tell that the order is about a number that is not whole krónur.
    fn not_kronur(&mut self, reason: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        read_arguments!(reason);
        self.step(RouteOutcome::NotKronur(reason))
    }

    /// Tell whether the guard has not seen the callback before.
    fn first(&mut self, is_first: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        read_arguments!(is_first);
        self.step(RouteOutcome::First(is_first))
    }

    /// Tell that the callback is recorded, or forgotten.
    fn done(&mut self) -> PyResult<&'static str> {
        self.step(RouteOutcome::Done)
    }

    /// Tell that whoever was asked has failed.
    fn failed(&mut self, reason: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        read_arguments!(reason);
        self.step(RouteOutcome::Failed(reason))
    }

    /// Tell that what was given cannot be used.
    fn unusable(&mut self, reason: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        read_arguments!(reason);
        self.step(RouteOutcome::Unusable(reason))
    }

    /// Tell that the shop refuses the callback by itself.
    fn refused(
        &mut self,
        status: &Bound<'_, PyAny>,
        reason: &Bound<'_, PyAny>,
    ) -> PyResult<&'static str> {
        read_arguments!(status, reason);
        self.step(RouteOutcome::Refused(status, reason))
    }

    /// Tell that the request is canceled.
    fn canceled(&mut self) -> PyResult<&'static str> {
        self.step(RouteOutcome::Canceled)
    }
}

/// A cart that is followed to its end: `action` is what to do next, and a method reports the outcome.
///
/// After a callback it has a ledger, and an hour's patience; `in_messages` it has neither.
#[pyclass(module = "netgiro._netgiro")]
pub(crate) struct FollowUp(webhook::FollowUp);

impl FollowUp {
    fn step(
        &mut self,
        outcome: FollowUpOutcome,
        now: Timestamp,
        elapsed: Duration,
    ) -> PyResult<&'static str> {
        panics::caught(|| Ok(self.0.step(outcome, now, elapsed).as_str()))
    }

    fn at_once(&mut self, outcome: FollowUpOutcome) -> PyResult<&'static str> {
        self.step(outcome, Timestamp::UNIX_EPOCH, Duration::ZERO)
    }
}

#[pymethods]
impl FollowUp {
    #[new]
    #[pyo3(signature = (cart, *, now=None))]
    fn new(cart: &Bound<'_, PyAny>, now: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let now = instant_or_now("now", now)?;
        let cart = cart_ref("cart", cart)?;
        panics::caught(|| Ok(Self(webhook::FollowUp::after_callback(cart, now))))
    }

    /// Go on with a poll that was kept in a message, after so many failures in a row.
    ///
    /// Whatever whole number they are, since they were kept in somebody else's queue.
    #[staticmethod]
    #[pyo3(signature = (poll, failures=None))]
    #[pyo3(text_signature = "(poll, failures=0)")]
    fn in_messages(poll: &Bound<'_, PyAny>, failures: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let poll = Bound::<CartPoll>::of("poll", poll)?;
        let failures = failures.map_or(Ok(0), convert::failures)?;
        let poll = poll.get().0.clone();
        Ok(Self(webhook::FollowUp::in_messages(poll, failures)))
    }

    /// What is to be done next.
    #[getter]
    fn action(&self) -> &'static str {
        self.0.action().as_str()
    }

    /// How long to wait, in seconds, where that is to be done.
    #[getter]
    fn delay(&self) -> Option<f64> {
        match self.0.action() {
            FollowUpAction::Wait(delay) => Some(delay.as_secs_f64()),
            _ => None,
        }
    }

    /// The poll, and in it the cart's state.
    #[getter]
    fn poll(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.0.poll().clone().to_python(py)
    }

    /// How many failures in a row there were.
    #[getter]
    fn failures(&self) -> u32 {
        self.0.failures()
    }

    /// Tell whether the cart is claimed; gives the next action, as each of these methods does.
    fn claimed(&mut self, is_claimed: &Bound<'_, PyAny>) -> PyResult<&'static str> {
        read_arguments!(is_claimed);
        self.at_once(FollowUpOutcome::Claimed(is_claimed))
    }

    /// Tell what the poll is after a check.
    #[pyo3(signature = (poll, *, now=None))]
    fn checked(
        &mut self,
        poll: &Bound<'_, PyAny>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<&'static str> {
        let poll = Bound::<CartPoll>::of("poll", poll)?;
        let now = instant_or_now("now", now)?;
        let poll = Box::new(poll.get().0.clone());
        self.step(FollowUpOutcome::Checked(poll), now, Duration::ZERO)
    }

    /// Tell that what was to be done is done.
    fn done(&mut self) -> PyResult<&'static str> {
        self.at_once(FollowUpOutcome::Done)
    }

    /// Tell that it raised an exception, when the cart had been followed for so many seconds.
    #[pyo3(signature = (error, *, elapsed=ArgumentInput::ABSENT))]
    #[pyo3(text_signature = "($self, error, *, elapsed=0.0)")]
    fn failed(
        &mut self,
        error: &Bound<'_, PyAny>,
        elapsed: ArgumentInput<'_>,
    ) -> PyResult<&'static str> {
        let elapsed = convert::seconds_or("elapsed", &elapsed, Duration::ZERO)?;
        let (kind, poll) = kind_and_poll(error)?;
        let outcome = FollowUpOutcome::Failed(kind, poll);
        self.step(outcome, Timestamp::UNIX_EPOCH, elapsed)
    }

    /// Tell that the program ends, so that others go on with the cart.
    fn stopped(&mut self) -> PyResult<&'static str> {
        self.at_once(FollowUpOutcome::Stopped)
    }
}

/// What an exception of this package is, and the poll that it carries; of another, neither.
fn kind_and_poll(
    error: &Bound<'_, PyAny>,
) -> PyResult<(Option<ErrorKind>, Option<Box<netgiro::CartPoll>>)> {
    let py = error.py();
    let base = py.import(intern!(py, "netgiro.errors"))?;
    if !error.is_instance(&base.getattr(intern!(py, "NetgiroError"))?)? {
        return Ok((None, None));
    }
    let code: String = error.getattr(intern!(py, "code"))?.extract()?;
    let poll = error.getattr_opt(intern!(py, "poll"))?;
    let poll = poll.and_then(|poll| Some(poll.cast::<CartPoll>().ok()?.get().0.clone()));
    Ok((ErrorKind::of_code(&code), poll.map(Box::new)))
}
