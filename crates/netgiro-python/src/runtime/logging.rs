//! What a client does, for Python's `logging`: the loggers `netgiro.request` and `netgiro.poll`.
//!
//! The core's observer is called in the task of the call, which may be on the background thread. From
//! there an event goes with the call's other events, and becomes a log record on the thread and in the
//! context of whoever waits for the call. A call checks once, when it begins, which levels are enabled.

use jiff::Timestamp;
use netgiro::{CartStatus, ErrorKind, Observer, PollEvent, RequestEvent};
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::runtime::event::{Event, Listener, LogRecord};

const DEBUG: i32 = 10;
const WARNING: i32 = 30;

struct Loggers {
    request: Py<PyAny>,
    poll: Py<PyAny>,
}

/// The loggers; none while nothing in the process has imported `logging`, and so configured it.
fn loggers(py: Python<'_>) -> PyResult<Option<&Loggers>> {
    static LOGGERS: PyOnceLock<Loggers> = PyOnceLock::new();
    if let Some(loggers) = LOGGERS.get(py) {
        return Ok(Some(loggers));
    }
    let modules = py.import("sys")?.getattr("modules")?;
    if !modules.contains("logging")? {
        return Ok(None);
    }
    let loggers = LOGGERS.get_or_try_init(py, || {
        let logging = py.import("logging")?;
        // Without a handler of their own, `logging` prints their warnings to stderr, which nobody asked for: the call
        // raises what the caller is to know. What other loggers of this package say, nothing else does.
        let quiet = |name: &str| {
            let logger = logging.call_method1("getLogger", (name,))?;
            logger.call_method1("addHandler", (logging.call_method0("NullHandler")?,))?;
            Ok::<_, PyErr>(logger.unbind())
        };
        Ok::<_, PyErr>(Loggers {
            request: quiet("netgiro.request")?,
            poll: quiet("netgiro.poll")?,
        })
    })?;
    Ok(Some(loggers))
}

fn is_enabled(logger: &Bound<'_, PyAny>, level: i32) -> PyResult<bool> {
    logger
        .call_method1(intern!(logger.py(), "isEnabledFor"), (level,))?
        .is_truthy()
}

/// What `logging` is configured to record of a call that begins.
#[derive(Clone, Copy)]
pub(crate) struct EnabledLevels {
    /// Also the requests that went well.
    requests: bool,
    /// Also the checks that went well.
    polls: bool,
}

impl EnabledLevels {
    /// Reads the configuration; `None` while `logging` is not imported.
    pub(crate) fn now(py: Python<'_>) -> PyResult<Option<Self>> {
        let Some(loggers) = loggers(py)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            requests: is_enabled(loggers.request.bind(py), DEBUG)?,
            polls: is_enabled(loggers.poll.bind(py), DEBUG)?,
        }))
    }
}

/// Where a call's events go.
struct LogSink {
    levels: EnabledLevels,
    listener: Listener,
}

tokio::task_local! {
    static LOG_SINK: LogSink;
}

/// The observer of every client: an event goes to the log sink of its call, if there is one.
pub(crate) fn observer() -> Observer {
    Observer::new(|event| {
        let _ = LOG_SINK.try_with(|sink| {
            let is_enabled = match event {
                netgiro::Event::Request(event) => sink.levels.requests || event.error.is_some(),
                netgiro::Event::Poll(event) => sink.levels.polls || event.error.is_some(),
                _ => false,
            };
            if is_enabled {
                (sink.listener)(Event::Log(Box::new(LogRecord::now(event.clone()))));
            }
        });
    })
}

/// Runs a call with its log records going to a listener.
pub(crate) async fn with_log_sink<F: Future>(
    levels: Option<EnabledLevels>,
    listener: impl FnOnce() -> Option<Listener>,
    call: F,
) -> F::Output {
    match levels.and_then(|levels| listener().map(|listener| LogSink { levels, listener })) {
        Some(sink) => LOG_SINK.scope(sink, call).await,
        None => call.await,
    }
}

impl LogRecord {
    /// Writes it. What a filter raises is reported as unraisable: a log is no reason for a
    /// payment to fail. Ctrl-C is.
    pub(crate) fn log(&self, py: Python<'_>) -> PyResult<()> {
        match self.record(py) {
            Err(error) if error.is_instance_of::<PyException>(py) => {
                error.write_unraisable(py, None);
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// The same where something else is being raised already.
    pub(crate) fn log_or_report(&self, py: Python<'_>) {
        if let Err(error) = self.log(py) {
            error.write_unraisable(py, None);
        }
    }

    fn record(&self, py: Python<'_>) -> PyResult<()> {
        let Some(loggers) = loggers(py)? else {
            return Ok(());
        };
        let (logger, failed) = match &self.event {
            netgiro::Event::Request(event) => (&loggers.request, event.error.is_some()),
            netgiro::Event::Poll(event) => (&loggers.poll, event.error.is_some()),
            _ => return Ok(()),
        };
        let logger = logger.bind(py);
        let level = if failed { WARNING } else { DEBUG };
        if !is_enabled(logger, level)? {
            return Ok(());
        }
        let extra = PyDict::new(py);
        extra.set_item("netgiro_at", epoch_seconds(self.at))?;
        let message = match &self.event {
            netgiro::Event::Request(event) => request(event, &extra)?,
            netgiro::Event::Poll(event) => poll(event, &extra)?,
            _ => return Ok(()),
        };
        let options = PyDict::new(py);
        options.set_item("extra", extra)?;
        options.set_item("stacklevel", stack_level(py))?;
        let arguments = PyTuple::new(py, [level.into_pyobject(py)?.into_any()])?;
        let arguments = arguments.add(message)?;
        logger
            .getattr(intern!(py, "log"))?
            .call(arguments.cast::<PyTuple>()?, Some(&options))?;
        Ok(())
    }
}

/// Where the caller is: below the frame of a coroutine function of this package, if there is one.
fn stack_level(py: Python<'_>) -> u8 {
    let module = || -> PyResult<Bound<'_, PyAny>> {
        let frame = py
            .import(intern!(py, "sys"))?
            .call_method0(intern!(py, "_getframe"))?;
        frame
            .getattr(intern!(py, "f_globals"))?
            .get_item(intern!(py, "__name__"))
    };
    let is_ours = module().is_ok_and(|name| name.eq("netgiro.async_client").unwrap_or_default());
    if is_ours { 2 } else { 1 }
}

/// As `logging` has its times.
#[expect(
    clippy::cast_precision_loss,
    reason = "a float has the microseconds of this century"
)]
fn epoch_seconds(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

/// Adds a record's own members; returns its message with what goes into it.
fn request<'py>(event: &RequestEvent, extra: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyTuple>> {
    let py = extra.py();
    let transaction_id = event.transaction_id.map(|id| id.to_string());
    let error = event.error.map(ErrorKind::code);
    extra.set_item("netgiro_endpoint", event.endpoint)?;
    if let Some(reference) = &event.reference {
        extra.set_item("netgiro_reference", reference)?;
    }
    extra.set_item("netgiro_transaction_id", &transaction_id)?;
    extra.set_item("netgiro_attempt", event.attempt)?;
    extra.set_item("netgiro_http_status", event.http_status)?;
    extra.set_item("netgiro_result_code", event.result_code)?;
    extra.set_item("netgiro_reference_id", &event.reference_id)?;
    extra.set_item("netgiro_duration", event.duration.as_secs_f64())?;
    extra.set_item("netgiro_error", error)?;
    let outcome = match (error, event.result_code, event.http_status) {
        (Some(code), ..) if event.error == Some(ErrorKind::OutcomeUnknown) => format!(
            "{code}, the customer may have been asked to pay for reference {:?}",
            event.reference.as_deref().unwrap_or_default()
        ),
        (Some(code), _, Some(status)) => format!("{code}, HTTP {status}"),
        (Some(code), _, None) => code.to_owned(),
        (None, Some(code), _) => format!("result code {code}"),
        (None, None, _) => "answered".to_owned(),
    };
    (
        "%s %s, attempt %d: %s, %.1f ms",
        event.endpoint,
        transaction_id.as_deref().unwrap_or("-"),
        event.attempt,
        outcome,
        event.duration.as_secs_f64() * 1000.0,
    )
        .into_pyobject(py)
}

fn poll<'py>(event: &PollEvent, extra: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyTuple>> {
    let py = extra.py();
    let transaction_id = event.transaction_id.to_string();
    let status = event.status.map(CartStatus::as_str);
    let error = event.error.map(ErrorKind::code);
    let next_check_at = event.next_check_at.map(epoch_seconds);
    extra.set_item("netgiro_transaction_id", &transaction_id)?;
    extra.set_item("netgiro_status", status)?;
    extra.set_item("netgiro_error", error)?;
    extra.set_item("netgiro_next_check_at", next_check_at)?;
    extra.set_item("netgiro_is_done", event.is_done)?;
    let then = match event.next_check_at {
        Some(at) => format!("next check at {at:.3}"),
        None if event.is_done => "done".to_owned(),
        None => "given up".to_owned(),
    };
    (
        "cart %s: %s, %s",
        transaction_id,
        error.or(status).unwrap_or("-"),
        then,
    )
        .into_pyobject(py)
}
