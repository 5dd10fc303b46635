//! How often to check a cart, and for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};

/// How often to check a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the unit belongs to each of them"
)]
pub struct PollPolicy {
    pub(super) min_interval_ms: u32,
    pub(super) default_interval_ms: u32,
    pub(super) max_interval_ms: u32,
}

impl PollPolicy {
    /// A policy: at least `min_interval` between two checks, `default_interval` when the server gave
    /// no hint, at most `max_interval`.
    pub fn new(
        min_interval: Duration,
        default_interval: Duration,
        max_interval: Duration,
    ) -> Result<Self> {
        let whole = |name: &str, interval: Duration| {
            u32::try_from(interval.as_millis())
                .ok()
                .filter(|&milliseconds| milliseconds > 0)
                .ok_or_else(|| {
                    Error::invalid_request(format!(
                        "{name} must be at least a millisecond and at most 49 days; got {interval:?}"
                    ))
                })
        };
        let policy = Self {
            min_interval_ms: whole("min_interval", min_interval)?,
            default_interval_ms: whole("default_interval", default_interval)?,
            max_interval_ms: whole("max_interval", max_interval)?,
        };
        if policy.max_interval_ms < policy.min_interval_ms {
            return Err(Error::invalid_request(format!(
                "max_interval must not be below min_interval; got {max_interval:?} and {min_interval:?}"
            )));
        }
        Ok(policy)
    }

    /// The least time between two checks.
    #[must_use]
    pub fn min_interval(&self) -> Duration {
        Duration::from_millis(self.min_interval_ms.into())
    }

    /// The time between two checks when the server gave no hint.
    #[must_use]
    pub fn default_interval(&self) -> Duration {
        Duration::from_millis(self.default_interval_ms.into())
    }

    /// The most time between two checks, failures apart.
    #[must_use]
    pub fn max_interval(&self) -> Duration {
        Duration::from_millis(self.max_interval_ms.into())
    }
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self {
            min_interval_ms: 1_000,
            default_interval_ms: 3_000,
            max_interval_ms: 60_000,
        }
    }
}

/// How long to wait for a cart, and how often to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitOptions {
    /// When to give up, from now.
    pub timeout: Duration,
    /// How often to ask; `None` for the default, or what a [`CartPoll`](crate::CartPoll) was made with.
    pub policy: Option<PollPolicy>,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(180),
            policy: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, PollPolicy};

    #[test]
    fn a_policy_gives_back_what_it_was_made_of() {
        let intervals = |policy: PollPolicy| {
            [
                policy.min_interval(),
                policy.default_interval(),
                policy.max_interval(),
            ]
        };
        let seconds = [2, 4, 8].map(Duration::from_secs);
        let [min, default, max] = seconds;
        assert_eq!(
            intervals(PollPolicy::new(min, default, max).unwrap()),
            seconds
        );
        assert_eq!(
            intervals(PollPolicy::default()),
            [1, 3, 60].map(Duration::from_secs)
        );
    }
}
