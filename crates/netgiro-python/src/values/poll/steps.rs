//! The steps of a poll that send nothing: what a check brought, and which clock counts.

use jiff::Timestamp;
use netgiro::CheckOutcome;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert;
use crate::convert::argument::{Argument as _, ArgumentInput, read_arguments};
use crate::convert::time::{instant, instant_or_now};
use crate::errors::OrRaise;
use crate::panics;
use crate::values::cart_state::CartState;
use crate::values::error_from_python::error_from_python;
use crate::values::poll::CartPoll;

#[pymethods]
impl CartPoll {
    /// Return the poll after a check that brought `seen`, without sending anything.
    ///
    /// `seen` is a CartState, a status word (which stands for what CheckCart says with it) or a NetgiroError;
    /// `sent_at` is when that check was sent and `now` when it was answered, both by default now; `jitter` is
    /// in 0..=1, by default random. With `after_cancel` a CartState is what `cancel_cart` or `settle_cart` gave:
    /// that it is canceled is then believed at once. Raises the error that ends the poll, as `poll_step` does,
    /// and InvalidRequestError for a CartState that no answer about this cart can have given.
    #[pyo3(signature = (seen, *, sent_at=None, now=None, jitter=None, after_cancel=ArgumentInput::ABSENT))]
    #[pyo3(
        text_signature = "($self, seen, *, sent_at=None, now=None, jitter=None, after_cancel=False)"
    )]
    fn answered(
        &self,
        seen: &Bound<'_, PyAny>,
        sent_at: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
        jitter: Option<&Bound<'_, PyAny>>,
        after_cancel: ArgumentInput<'_>,
    ) -> PyResult<Self> {
        let py = seen.py();
        let now = instant_or_now("now", now)?;
        let sent_at = sent_at.map_or(Ok(now), |at| instant("sent_at", at))?;
        read_arguments!(jitter);
        let jitter = jitter.unwrap_or_else(fastrand::f64);
        let after_cancel = after_cancel.or("after_cancel", false)?;
        let seen = if let Ok(state) = seen.cast::<CartState>() {
            let state = state.get().0.clone();
            if after_cancel {
                CheckOutcome::AfterCancel(state)
            } else {
                CheckOutcome::State(state)
            }
        } else if seen.is_instance_of::<PyString>() {
            CheckOutcome::Status(convert::word("seen", seen)?)
        } else {
            CheckOutcome::Error(error_from_python("seen", seen)?)
        };
        panics::caught(|| {
            let next = self.0.answered(seen, sent_at, now, jitter);
            next.map(Self).or_raise(py)
        })
    }
}

/// Return a poll on the clock of whoever takes its next step: the core's `on_clock`.
#[pyfunction]
#[pyo3(signature = (poll, now, server_now=None))]
pub(crate) fn poll_on_clock(
    poll: &Bound<'_, PyAny>,
    now: &Bound<'_, PyAny>,
    server_now: Option<&Bound<'_, PyAny>>,
) -> PyResult<CartPoll> {
    let (now, server_now) = clocks(now, server_now)?;
    let poll = Bound::<CartPoll>::of("poll", poll)?;
    panics::caught(|| Ok(CartPoll(poll.get().0.on_clock(now, server_now))))
}

/// Return a poll that knows what the server's clock said at `now`: the core's `dated`.
#[pyfunction]
#[pyo3(signature = (poll, now, server_now))]
pub(crate) fn poll_dated(
    poll: &Bound<'_, PyAny>,
    now: &Bound<'_, PyAny>,
    server_now: Option<&Bound<'_, PyAny>>,
) -> PyResult<CartPoll> {
    let (now, server_now) = clocks(now, server_now)?;
    let poll = Bound::<CartPoll>::of("poll", poll)?;
    panics::caught(|| Ok(CartPoll(poll.get().0.clone().dated(now, server_now))))
}

/// Return how long to wait before the next step of a poll, in seconds: the core's `delay`.
#[pyfunction]
#[pyo3(signature = (poll, now=None))]
pub(crate) fn poll_delay(poll: &Bound<'_, PyAny>, now: Option<&Bound<'_, PyAny>>) -> PyResult<f64> {
    let now = instant_or_now("now", now)?;
    let poll = Bound::<CartPoll>::of("poll", poll)?;
    Ok(poll.get().0.delay(now).as_secs_f64())
}

/// The time on this machine's clock, and on the server's.
fn clocks(
    now: &Bound<'_, PyAny>,
    server_now: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Timestamp, Option<Timestamp>)> {
    let server_now = server_now.map(|at| instant("server_now", at));
    Ok((instant("now", now)?, server_now.transpose()?))
}

/// Return the delay in seconds after so many failures in a row: the core's `backoff`.
///
/// Any whole number of failures, since they may have been counted in somebody else's database.
#[pyfunction]
#[pyo3(signature = (first, failures, longest))]
pub(crate) fn backoff(
    first: &Bound<'_, PyAny>,
    failures: &Bound<'_, PyAny>,
    longest: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    let first = convert::seconds("first", first)?;
    let longest = convert::seconds("longest", longest)?;
    let failures = convert::failures(failures)?;
    Ok(netgiro::backoff(first, failures, longest).as_secs_f64())
}
