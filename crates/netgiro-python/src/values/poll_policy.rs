//! `PollPolicy`, and how long to wait.

use netgiro::WaitOptions;
use pyo3::prelude::*;

use crate::convert;
use crate::errors::OrRaise;
use crate::values::{members, pickled_by_members};

/// How often to ask about a cart, in seconds.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PollPolicy(pub(crate) netgiro::PollPolicy);

pickled_by_members!(PollPolicy);

#[pymethods]
impl PollPolicy {
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
    py: Python<'_>,
    timeout: f64,
    policy: Option<&Bound<'_, PollPolicy>>,
) -> PyResult<WaitOptions> {
    Ok(WaitOptions {
        timeout: convert::seconds(py, "timeout", timeout)?,
        policy: policy.map(|policy| policy.get().0),
    })
}
