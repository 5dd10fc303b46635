//! A poll as versioned JSON, and the checks that it gets when it is read back.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::cart::check_reference;
use crate::model::error::{Error, Result};
use crate::model::poll::CartPoll;
use crate::model::status::CartStatus;
use crate::model::text::quote;

#[derive(Serialize, Deserialize)]
struct Token<P> {
    version: u8,
    #[serde(flatten)]
    poll: P,
}

impl Serialize for CartPoll {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// What is read back gets the checks that an answer gets, wherever it was kept.
impl<'de> Deserialize<'de> for CartPoll {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut poll = Self::deserialize(deserializer)?;
        // Earlier versions did not write it down.
        poll.was_open |= poll.state().is_some_and(|state| state.status.is_open());
        match poll.contradiction() {
            None => Ok(poll),
            Some(why) => Err(D::Error::custom(format!(
                "its members contradict each other: {why}"
            ))),
        }
    }
}

impl CartPoll {
    const VERSION: u8 = 1;

    /// The poll as versioned JSON, to be kept between two steps.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Token {
            version: Self::VERSION,
            poll: self,
        })
        .unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote. Refuses, with `invalid_request`, what no answer about this
    /// cart can have said.
    pub fn from_json(text: &str) -> Result<Self> {
        let refused = |why: String| {
            Error::invalid_request(format!("this is no poll that to_json wrote: {why}"))
        };
        let Token { version, poll } = serde_json::from_str::<Token<Self>>(text)
            .map_err(|error| refused(quote::json(&error)))?;
        if version != Self::VERSION {
            return Err(refused(format!(
                "its version is {version}, this one reads {}",
                Self::VERSION
            )));
        }
        Ok(poll)
    }

    /// Why its members cannot all be true.
    pub(super) fn contradiction(&self) -> Option<String> {
        if !self.schedule.is_sound() {
            return Some("its schedule is not sound".to_owned());
        }
        if let Some(Err(error)) = self.reference.as_deref().map(check_reference) {
            return Some(error.message().to_owned());
        }
        let Some(state) = &self.state else {
            return self
                .is_done
                .then(|| "it is done without a state".to_owned());
        };
        let status = state.status;
        let cannot_be = if self.is_done {
            status.is_waiting() || (status == CartStatus::NotFound && self.was_open)
        } else {
            matches!(status, CartStatus::Confirmed | CartStatus::Declined)
        };
        if cannot_be {
            let done = if self.is_done { "done" } else { "not done" };
            return Some(format!("it is {done} with the status {status}"));
        }
        self.cart().contradiction(state)
    }
}
