//! `CartPoll`: its JSON text is the poll, in both directions; JavaScript sees a frozen view of it besides.

use std::time::Duration;

use napi_derive::napi;
use netgiro::{CartPoll, CheckOutcome, Error, ErrorKind, Result};
use serde::Serialize;

use crate::arguments::{self, GivenCart, GivenWait};
use crate::views::StateView;
use crate::views::error::reply;

/// What JavaScript sees of a poll.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PollView<'a> {
    token: String,
    transaction_id: String,
    next_check_at: i64,
    deadline: i64,
    state: Option<StateView<'a>>,
    is_done: bool,
}

impl<'a> From<&'a CartPoll> for PollView<'a> {
    fn from(poll: &'a CartPoll) -> Self {
        Self {
            token: poll.to_json(),
            transaction_id: poll.transaction_id().to_string(),
            next_check_at: poll.next_check_at().as_millisecond(),
            deadline: poll.deadline().as_millisecond(),
            state: poll.state().map(StateView::from),
            is_done: poll.is_done(),
        }
    }
}

/// A poll on its way to JavaScript.
pub(crate) struct Poll(pub(crate) CartPoll);

impl Serialize for Poll {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        PollView::from(&self.0).serialize(serializer)
    }
}

/// Starts a poll of a cart at an instant in epoch milliseconds, or now.
#[napi(catch_unwind)]
pub fn start_poll(cart: GivenCart, wait: GivenWait, now: Option<f64>) -> String {
    let poll = arguments::cart(&cart).and_then(|cart| {
        Ok(CartPoll::new(
            cart,
            arguments::wait_options(&wait)?,
            arguments::instant("now", now)?,
        ))
    });
    reply(&poll.map(Poll))
}

/// Reads a poll's JSON text.
#[napi(catch_unwind)]
pub fn read_poll(token: String) -> String {
    reply(&CartPoll::from_json(&token).map(Poll))
}

/// What a check brought: a state, a status, or an error.
#[napi(object, object_to_js = false)]
pub struct GivenSeen {
    /// A `CartState`, as JSON.
    pub state: Option<String>,
    /// Whether it answers a cancel.
    pub after_cancel: Option<bool>,
    /// A status word.
    pub status: Option<String>,
    /// An error.
    pub error: Option<GivenError>,
}

/// What the schedule looks at in an error.
#[napi(object, object_to_js = false)]
pub struct GivenError {
    /// Its code.
    pub code: String,
    /// Its message.
    pub message: String,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// Netgíró's result code.
    pub result_code: Option<i64>,
    /// How long the server asks to be left alone, in milliseconds.
    pub retry_after: Option<f64>,
}

/// The poll after a check; instants are epoch milliseconds, `None` is now.
#[napi(catch_unwind)]
pub fn answer_poll(
    token: String,
    seen: GivenSeen,
    sent_at: Option<f64>,
    now: Option<f64>,
    jitter: Option<f64>,
) -> String {
    let answered = || -> Result<CartPoll> {
        let now = arguments::instant("now", now)?;
        let sent_at = match sent_at {
            Some(sent_at) => arguments::instant("sentAt", Some(sent_at))?,
            None => now,
        };
        let jitter = jitter.unwrap_or_else(fastrand::f64);
        CartPoll::from_json(&token)?.answered(what_was_seen(seen)?, sent_at, now, jitter)
    };
    reply(&answered().map(Poll))
}

/// The poll on the clock of whoever takes its next step: the core's `on_clock`.
#[napi(catch_unwind)]
pub fn poll_on_clock(token: String, now: f64, server_now: Option<f64>) -> String {
    let moved = || -> Result<CartPoll> {
        let server_now = server_now.map(|at| arguments::instant("serverNow", Some(at)));
        let now = arguments::instant("now", Some(now))?;
        Ok(CartPoll::from_json(&token)?.on_clock(now, server_now.transpose()?))
    };
    reply(&moved().map(Poll))
}

/// How long to wait before the next step, in milliseconds: the core's `delay`.
#[napi(catch_unwind)]
pub fn poll_delay(token: String, now: Option<f64>) -> String {
    let delay = || -> Result<u64> {
        let delay = CartPoll::from_json(&token)?.delay(arguments::instant("now", now)?);
        Ok(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
    };
    reply(&delay())
}

/// The delay in milliseconds after so many failures in a row: the core's `backoff`.
#[napi(catch_unwind)]
#[must_use]
pub fn backoff(first_ms: u32, failures: u32, longest_ms: u32) -> f64 {
    let milliseconds = |ms: u32| Duration::from_millis(ms.into());
    netgiro::backoff(milliseconds(first_ms), failures, milliseconds(longest_ms)).as_secs_f64()
        * 1000.0
}

fn what_was_seen(given: GivenSeen) -> Result<CheckOutcome> {
    if let Some(state) = given.state {
        return serde_json::from_str::<StateView<'_>>(&state)
            .map_err(|error| error.to_string())
            .and_then(StateView::read)
            .map(match given.after_cancel {
                Some(true) => CheckOutcome::AfterCancel,
                _ => CheckOutcome::State,
            })
            .map_err(|why| {
                Error::new(
                    ErrorKind::InvalidRequest,
                    format!("seen is no CartState: {why}"),
                )
            });
    }
    if let Some(error) = given.error {
        return seen_error(error).map(CheckOutcome::Error);
    }
    given
        .status
        .unwrap_or_default()
        .parse()
        .map(CheckOutcome::Status)
}

fn seen_error(given: GivenError) -> Result<Error> {
    let kind = ErrorKind::ALL
        .iter()
        .find(|kind| kind.code() == given.code)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "seen has the code {:?}, which no error of netgiro has",
                    given.code
                ),
            )
        })?;
    let mut error = Error::new(*kind, given.message);
    if let Some(status) = given.http_status {
        error = error.with_http_status(status);
    }
    if let Some(code) = given.result_code {
        error = error.with_result_code(code);
    }
    if let Some(delay) = given.retry_after {
        error = error.with_retry_after(Some(arguments::milliseconds("retryAfter", delay)?));
    }
    Ok(error)
}
