//! What is to go wrong, and when.

use crate::error::SimulatorError;
use crate::options::ResponseSignatures;
use crate::wire::Endpoint;
use std::collections::VecDeque;
use std::time::Duration;

/// Something that goes wrong with the next requests to an endpoint.
///
/// Faults wait in a queue: each request takes the first one that is meant for its endpoint. What is left `None` stays
/// as it would have been; members may be combined.
///
/// ```
/// use netgiro_simulator::{Endpoint, Fault};
/// use std::time::Duration;
///
/// let busy = Fault::on(Endpoint::CheckCart).status(429).retry_after("2").times(3);
/// let lost = Fault::on(Endpoint::InsertCart).drop_after(); // the cart is there, the answer never comes
/// let slow = Fault::anywhere().delay(Duration::from_millis(50));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Whose requests it strikes; `None`: anybody's.
    pub endpoint: Option<Endpoint>,
    /// How many requests it strikes. Default 1.
    pub count: u32,

    /// The customer confirms just before the request is processed, if they still can: with `CancelCart`, the race that
    /// the customer wins.
    pub confirm_during: bool,
    /// Whether the request is processed before whatever goes wrong goes wrong. `None`: it is not when `drop` says before,
    /// or when `status` or `result_code` stand in for the real answer; otherwise it is.
    pub processed: Option<bool>,

    /// How long the answer, or the closing, is held back, in real time. The request itself is processed when it arrives.
    pub delay: Option<Duration>,
    /// Closes the connection instead of answering.
    pub drop: Option<DropAt>,
    /// Answers this HTTP status.
    pub status: Option<u16>,
    /// Answers this result code.
    pub result_code: Option<i64>,
    /// Adds a `Retry-After` header: seconds, a date, or rubbish.
    pub retry_after: Option<String>,
    /// Answers this body. It is signed like any other.
    pub body: Option<Vec<u8>>,
    /// Signs the answer otherwise than the options say.
    pub signature: Option<ResponseSignatures>,
}

/// When a connection is closed without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropAt {
    /// Before the request is processed: nothing has happened.
    Before,
    /// After it was processed: it has happened, and the answer is lost.
    After,
}

impl DropAt {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Before, Self::After];

    /// The word for it, the same in Rust, Python and Node.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

impl std::str::FromStr for DropAt {
    type Err = SimulatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == text)
            .ok_or_else(|| {
                SimulatorError::InvalidOption(format!(
                    "drop must be \"before\" or \"after\"; got {text:?}"
                ))
            })
    }
}

impl Fault {
    /// A fault for one request to an endpoint.
    #[must_use]
    pub fn on(endpoint: Endpoint) -> Self {
        Self {
            endpoint: Some(endpoint),
            ..Self::anywhere()
        }
    }

    /// A fault for one request to any endpoint.
    #[must_use]
    pub fn anywhere() -> Self {
        Self {
            endpoint: None,
            count: 1,
            confirm_during: false,
            processed: None,
            delay: None,
            drop: None,
            status: None,
            result_code: None,
            retry_after: None,
            body: None,
            signature: None,
        }
    }

    /// A fault for one request to the endpoint of this name, or to any for `*`.
    pub fn on_named(endpoint: &str) -> Result<Self, SimulatorError> {
        match endpoint {
            "*" => Ok(Self::anywhere()),
            name => name.parse().map(Self::on),
        }
    }

    /// Strikes this many requests.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self { count, ..self }
    }

    /// The customer confirms just before the request is processed.
    #[must_use]
    pub fn confirm_during(self) -> Self {
        Self {
            confirm_during: true,
            ..self
        }
    }

    /// Says whether the request is processed, against the default.
    #[must_use]
    pub fn processed(self, processed: bool) -> Self {
        Self {
            processed: Some(processed),
            ..self
        }
    }

    /// Holds the answer back.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self {
            delay: Some(delay),
            ..self
        }
    }

    /// Closes the connection before the request is processed.
    #[must_use]
    pub fn drop_before(self) -> Self {
        Self {
            drop: Some(DropAt::Before),
            ..self
        }
    }

    /// Closes the connection after the request was processed.
    #[must_use]
    pub fn drop_after(self) -> Self {
        Self {
            drop: Some(DropAt::After),
            ..self
        }
    }

    /// Answers an HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// Answers a result code.
    #[must_use]
    pub fn result_code(self, code: i64) -> Self {
        Self {
            result_code: Some(code),
            ..self
        }
    }

    /// Adds a `Retry-After` header.
    #[must_use]
    pub fn retry_after(self, value: impl Into<String>) -> Self {
        Self {
            retry_after: Some(value.into()),
            ..self
        }
    }

    /// Answers a body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: Some(body.into()),
            ..self
        }
    }

    /// Signs the answer otherwise.
    #[must_use]
    pub fn signature(self, signature: ResponseSignatures) -> Self {
        Self {
            signature: Some(signature),
            ..self
        }
    }

    /// Whether the request it strikes is processed all the same.
    pub(crate) fn processes(&self) -> bool {
        self.processed.unwrap_or(match self.drop {
            Some(DropAt::Before) => false,
            Some(DropAt::After) => true,
            None => self.result_code.is_none() && self.status.is_none_or(|s| s < 300),
        })
    }

    fn check(&self) -> Result<(), SimulatorError> {
        let wrong = |message: String| Err(SimulatorError::InvalidOption(message));
        if self.count == 0 {
            return wrong("count must be at least 1; got 0".to_owned());
        }
        if let Some(status) = self.status.filter(|status| !(200..600).contains(status)) {
            return wrong(format!("status must be from 200 to 599; got {status}"));
        }
        match &self.retry_after {
            Some(value) if !value.bytes().all(|b| (b' '..0x7f).contains(&b)) => {
                wrong(format!("retry_after must be plain ASCII; got {value:?}"))
            }
            _ => Ok(()),
        }
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), SimulatorError> {
        fault.check()?;
        self.0.push_back(fault);
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that strikes the next request to an endpoint.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let strikes = |fault: &Fault| fault.endpoint.is_none_or(|target| target == endpoint);
        let place = self.0.iter().position(strikes)?;
        let fault = self.0.get_mut(place)?;
        fault.count -= 1;
        if fault.count > 0 {
            return Some(fault.clone());
        }
        self.0.remove(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_has_its_queue() {
        let mut faults = Faults::default();
        for fault in [
            Fault::on(Endpoint::CheckCart).status(500).times(2),
            Fault::anywhere().status(429),
            Fault::on(Endpoint::CheckCart).status(503),
        ] {
            faults.add(fault).unwrap();
        }
        let mut next = |endpoint| faults.take(endpoint).and_then(|fault| fault.status);
        assert_eq!(next(Endpoint::CheckCart), Some(500));
        assert_eq!(next(Endpoint::InsertCart), Some(429));
        assert_eq!(next(Endpoint::InsertCart), None);
        assert_eq!(next(Endpoint::CheckCart), Some(500));
        assert_eq!(next(Endpoint::CheckCart), Some(503));
        assert_eq!(next(Endpoint::CheckCart), None);
    }

    #[test]
    fn what_stands_in_for_the_answer_is_not_processed() {
        let fault = || Fault::on(Endpoint::InsertCart);
        assert!(fault().delay(Duration::from_secs(1)).processes());
        assert!(fault().body("<html>").processes());
        assert!(fault().status(200).body("").processes());
        assert!(fault().drop_after().processes());
        assert!(!fault().drop_before().processes());
        assert!(!fault().status(500).processes());
        assert!(!fault().result_code(10306).processes());
        assert!(fault().status(500).processed(true).processes());
    }

    #[test]
    fn unusable_faults_are_refused() {
        let mut faults = Faults::default();
        assert!(faults.add(Fault::anywhere().times(0)).is_err());
        assert!(faults.add(Fault::anywhere().status(101)).is_err());
        assert!(faults.add(Fault::anywhere().status(600)).is_err());
        assert!(faults.add(Fault::anywhere().retry_after("1\r\n")).is_err());
        assert!(Fault::on_named("checkcart").is_err());
        assert_eq!(Fault::on_named("*"), Ok(Fault::anywhere()));
    }
}
