//! `doctor()`, and what it gives.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use netgiro::{DoctorClient, DoctorOptions};
use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::convert;
use crate::convert::argument::{ArgumentInput, read_arguments, unseen};
use crate::errors::OrRaise;
use crate::runtime::background::current_thread;
use crate::runtime::signals::{SIGNAL_INTERVAL, check_signals};
use crate::values::{members, to_json};

/// One thing that `doctor` has looked at.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq, Eq, Clone)]
pub(crate) struct DoctorCheck(netgiro::DoctorCheck);

members! {
    DoctorCheck, check {
        /// Its name, such as "clock" or "callback_signature".
        name: &str = check.name;
        /// Whether it is as it should be; None where it could not be looked at, or need not be.
        ok: Option<bool> = check.ok;
        /// What was found.
        detail: &str = &check.detail;
        /// What to do about it; None where nothing is wrong.
        remedy: Option<&str> = check.remedy.as_deref();
    }
}

to_json!(DoctorCheck);

/// What `doctor` has found; as text a line for each check.
#[pyclass(frozen, eq, module = "netgiro")]
#[derive(PartialEq, Eq)]
pub(crate) struct DoctorReport(netgiro::DoctorReport);

to_json!(DoctorReport);

#[pymethods]
impl DoctorReport {
    /// Whether nothing is wrong.
    #[getter]
    fn ok(&self) -> bool {
        self.0.is_ok()
    }

    /// What was looked at, in order: a list of `DoctorCheck`.
    #[getter]
    fn checks(&self) -> Vec<DoctorCheck> {
        self.0.checks.iter().cloned().map(DoctorCheck).collect()
    }

    /// The report for people, with a remedy below what is wrong.
    #[getter]
    fn text(&self) -> String {
        self.0.to_string()
    }

    /// Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what JSON holds,
    /// which is the same here.
    #[pyo3(signature = (*, mode=None), text_signature = "($self, *, mode='python')")]
    fn to_dict<'py>(
        &self,
        py: Python<'py>,
        mode: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("ok", self.ok())?;
        let checks = PyList::empty(py);
        for check in self.checks() {
            checks.append(DoctorCheck::to_dict(&Bound::new(py, check)?, mode)?)?;
        }
        dict.set_item("checks", checks)?;
        Ok(dict)
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __repr__(&self) -> String {
        let ok = if self.ok() { "True" } else { "False" };
        format!("<DoctorReport ok={ok}, {} checks>", self.0.checks.len())
    }
}

/// Look at a shop's set-up, and return what is wrong and what mends it, as a `DoctorReport`.
///
/// Keys that are not given are read from the environment, as `from_env` does. CheckCart is sent for a cart that does not
/// exist. With `callback`, the URL of the shop's callback route, test callbacks about such a cart are posted there, rightly
/// signed and forged; they change nothing in a sound shop. `registered_url` is the callback URL as InsertCart gets it, where
/// it is another one; `timeout` is how long the shop may take to answer, in seconds.
///
/// Raises InvalidRequestError or ConfigurationError for arguments of its own that cannot be used; whatever else is wrong is
/// in the report.
#[pyfunction]
#[pyo3(signature = (
    *, callback=None, registered_url=None, timeout=ArgumentInput::ABSENT, app_key=None, secret_key=None, environment=None,
    api=None, base_url=None, ca_file=None
), text_signature = "(*, callback=None, registered_url=None, timeout=5.0, app_key=None, secret_key=None, environment=None, api=None, base_url=None, ca_file=None)")]
#[expect(clippy::too_many_arguments, reason = "as many as there are options")]
pub(crate) fn doctor(
    py: Python<'_>,
    callback: Option<&Bound<'_, PyAny>>,
    registered_url: Option<&Bound<'_, PyAny>>,
    timeout: ArgumentInput<'_>,
    app_key: Option<&Bound<'_, PyAny>>,
    secret_key: Option<&Bound<'_, PyAny>>,
    environment: Option<&Bound<'_, PyAny>>,
    api: Option<&Bound<'_, PyAny>>,
    base_url: Option<&Bound<'_, PyAny>>,
    ca_file: Option<&Bound<'_, PyAny>>,
) -> PyResult<DoctorReport> {
    read_arguments!(callback, registered_url, app_key, ca_file);
    let options = DoctorOptions {
        callback,
        registered_url,
        timeout: convert::seconds_or("timeout", &timeout, Duration::from_secs(5))?,
    };
    let client = DoctorClient {
        app_key,
        secret_key: secret_key
            .map(|key| unseen("secret_key", key))
            .transpose()?,
        environment: environment
            .map(|word| convert::word("environment", word))
            .transpose()?,
        api: api.map(|word| convert::word("api", word)).transpose()?,
        base_url: base_url.map(|url| unseen("base_url", url)).transpose()?,
        ca_file,
    };
    let client = client.options(netgiro::variable);
    let (sender, receiver) = mpsc::channel();
    let runtime = current_thread()?;
    // Handlers of signals run on this thread alone, so the doctor works on another.
    std::thread::Builder::new()
        .name("netgiro-doctor".to_owned())
        .spawn(move || {
            let report = runtime.block_on(netgiro::doctor(client, options));
            runtime.shutdown_background();
            sender.send(report)
        })
        .map_err(|error| PyOSError::new_err(format!("no thread could be started: {error}")))?;
    let report = py.detach(move || {
        loop {
            match receiver.recv_timeout(SIGNAL_INTERVAL) {
                Ok(report) => return Ok(report),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err(
                        "netgiro has a bug: the doctor crashed",
                    ));
                }
                Err(RecvTimeoutError::Timeout) => check_signals()?,
            }
        }
    })?;
    report.map(DoctorReport).or_raise(py)
}
