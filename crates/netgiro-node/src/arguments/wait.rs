//! How long to wait, and how often to ask.

use napi_derive::napi;
use netgiro::{PollPolicy, Result, WaitOptions};

use crate::arguments::scalars::{milliseconds, set};

/// How long to wait, and how often to ask.
#[napi(object, object_to_js = false)]
pub struct WaitInput {
    /// In milliseconds.
    pub timeout_ms: Option<f64>,
    /// How often to ask.
    pub policy: Option<PolicyInput>,
}

/// How often to ask.
#[expect(
    clippy::struct_field_names,
    reason = "the names of the JavaScript options"
)]
#[napi(object, object_to_js = false)]
pub struct PolicyInput {
    /// In milliseconds.
    pub min_interval_ms: Option<f64>,
    /// In milliseconds.
    pub default_interval_ms: Option<f64>,
    /// In milliseconds.
    pub max_interval_ms: Option<f64>,
}

pub(crate) fn wait_options(input: &WaitInput) -> Result<WaitOptions> {
    let mut options = WaitOptions::default();
    set(&mut options.timeout, input.timeout_ms, |ms| {
        milliseconds("timeoutMs", ms)
    })?;
    options.policy = input.policy.as_ref().map(policy).transpose()?;
    Ok(options)
}

fn policy(input: &PolicyInput) -> Result<PollPolicy> {
    let usual = PollPolicy::default();
    let (mut min, mut default, mut max) = (
        usual.min_interval(),
        usual.default_interval(),
        usual.max_interval(),
    );
    for (name, interval, ms) in [
        ("minIntervalMs", &mut min, input.min_interval_ms),
        ("defaultIntervalMs", &mut default, input.default_interval_ms),
        ("maxIntervalMs", &mut max, input.max_interval_ms),
    ] {
        set(interval, ms, |ms| milliseconds(name, ms))?;
    }
    PollPolicy::new(min, default, max)
}
