//! `PollPolicy`, and how long to wait.

use netgiro::WaitOptions;
use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::{ArgumentInput, read_arguments};
use crate::errors::OrRaise;
use crate::values::{members, pickled_by_members};

/// How often to check a cart, in seconds.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PollPolicy(pub(crate) netgiro::PollPolicy);

pickled_by_members!(PollPolicy);

#[pymethods]
impl PollPolicy {
    #[new]
    #[pyo3(signature = (
        min_interval=ArgumentInput::ABSENT, default_interval=ArgumentInput::ABSENT, max_interval=ArgumentInput::ABSENT
    ))]
    #[pyo3(text_signature = "(min_interval=1.0, default_interval=3.0, max_interval=60.0)")]
    fn new(
        py: Python<'_>,
        min_interval: ArgumentInput<'_>,
        default_interval: ArgumentInput<'_>,
        max_interval: ArgumentInput<'_>,
    ) -> PyResult<Self> {
        let default = netgiro::PollPolicy::default();
        let policy = netgiro::PollPolicy::new(
            convert::seconds_or("min_interval", &min_interval, default.min_interval())?,
            convert::seconds_or(
                "default_interval",
                &default_interval,
                default.default_interval(),
            )?,
            convert::seconds_or("max_interval", &max_interval, default.max_interval())?,
        );
        Ok(Self(policy.or_raise(py)?))
    }
}

members! {
    PollPolicy, policy {
        /// The least time between two checks, in seconds.
        min_interval: f64 = policy.min_interval().as_secs_f64();
        /// The time between two checks when the server gave no hint, in seconds.
        default_interval: f64 = policy.default_interval().as_secs_f64();
        /// The most time between two checks, failures apart, in seconds.
        max_interval: f64 = policy.max_interval().as_secs_f64();
    }
}

/// How long to wait, and how often to ask.
pub(crate) fn wait_options(
    timeout: &ArgumentInput<'_>,
    policy: Option<&Bound<'_, PyAny>>,
) -> PyResult<WaitOptions> {
    read_arguments!(policy);
    let policy: Option<Bound<'_, PollPolicy>> = policy;
    Ok(WaitOptions {
        timeout: convert::seconds_or("timeout", timeout, WaitOptions::default().timeout)?,
        policy: policy.map(|policy| policy.get().0),
    })
}
