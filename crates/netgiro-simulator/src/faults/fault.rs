//! One fault.

use crate::faults::forms::{BodyAs, DropAt, DropBy};
use crate::faults::json::{milliseconds, target, text};
use crate::model::endpoint::Endpoint;
use crate::model::error::SimulatorError;
use crate::model::options::ResponseSignatures;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A failure of the next requests to an endpoint.
///
/// Faults wait in a queue: each request takes the first one for its endpoint. A member that is `None` changes
/// nothing; members can be combined.
///
/// Its JSON has the same members, durations in milliseconds (`delay_ms`, `drip_ms`, `refuse_ms`), and `"*"` for any
/// endpoint. Unknown members are an error.
///
/// ```
/// use netgiro_simulator::{Endpoint, Fault};
/// use std::time::Duration;
///
/// let busy = Fault::on(Endpoint::CheckCart).status(429).retry_after("2").times(3);
/// let lost = Fault::on(Endpoint::InsertCart).drop_after(); // the cart is there, the answer never comes
/// let slow = Fault::anywhere().delay(Duration::from_millis(50));
/// let torn = Fault::from_json(r#"{"endpoint": "CheckCart", "drop": "within", "drop_by": "reset"}"#)?;
/// # Ok::<(), netgiro_simulator::SimulatorError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Fault {
    /// The endpoint whose requests fail; `None`: every endpoint.
    #[serde(with = "target")]
    pub endpoint: Option<Endpoint>,
    /// How many requests fail. Default 1.
    pub count: u32,

    /// Refuses new connections for this long, in real time, from when the fault is added, and cuts open ones. It is
    /// for all endpoints and cannot be combined; clearing the faults ends it.
    #[serde(
        rename = "refuse_ms",
        with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub refuse: Option<Duration>,

    /// The customer confirms just before the request is processed, if that is still possible: with `CancelCart`, the
    /// customer wins the race.
    pub confirm_during: bool,
    /// Whether the request is processed before the failure. `None`: not when `drop` is before or unread, nor when
    /// `status` or `result_code` replace the real response; otherwise it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed: Option<bool>,

    /// How long the response, or the interruption, is delayed, in real time. The request is processed when it
    /// arrives.
    #[serde(
        rename = "delay_ms",
        with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub delay: Option<Duration>,
    /// Where the exchange is interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<DropAt>,
    /// How it is interrupted, if it is. Default: the connection is closed.
    pub drop_by: DropBy,
    /// Responds with this HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Responds with this result code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_code: Option<i64>,
    /// Adds a `Retry-After` header: seconds, a date, or nonsense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// Sets these headers in place of the response's own: `location`, `content-type`, and with `transfer-encoding`
    /// `chunked` a response without a length. They are not signed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Adds headers of this many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_bytes: Option<usize>,
    /// Responds with this body. It is signed as usual.
    #[serde(with = "text", skip_serializing_if = "Option::is_none")]
    pub body: Option<Vec<u8>>,
    /// Corrupts the body. The result is signed as usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_as: Option<BodyAs>,
    /// Sends this many spaces after the body, which JSON allows. They are not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<u64>,
    /// Sends the body a byte at a time, at this interval, in real time.
    #[serde(
        rename = "drip_ms",
        with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub drip: Option<Duration>,
    /// Signs the response differently from the options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<ResponseSignatures>,
}

impl Default for Fault {
    fn default() -> Self {
        Self::anywhere()
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
            refuse: None,
            confirm_during: false,
            processed: None,
            delay: None,
            drop: None,
            drop_by: DropBy::Close,
            status: None,
            result_code: None,
            retry_after: None,
            headers: BTreeMap::new(),
            header_bytes: None,
            body: None,
            body_as: None,
            padding: None,
            drip: None,
            signature: None,
        }
    }

    /// Refuses all connections for a while.
    #[must_use]
    pub fn refusing(period: Duration) -> Self {
        Self {
            refuse: Some(period),
            ..Self::anywhere()
        }
    }

    /// Parses a fault from JSON.
    pub fn from_json(json: &str) -> Result<Self, SimulatorError> {
        let refused =
            |why: String| SimulatorError::InvalidOption(format!("this is not a fault: {why}"));
        if !json.trim_start().starts_with('{') {
            return Err(refused("it is not a JSON object".to_owned()));
        }
        let fault: Self = serde_json::from_str(json).map_err(|error| refused(error.to_string()))?;
        fault.check()?;
        Ok(fault)
    }

    /// A fault for one request to the endpoint with this name, or to any endpoint for `*`.
    pub fn on_named(endpoint: &str) -> Result<Self, SimulatorError> {
        match endpoint {
            "*" => Ok(Self::anywhere()),
            name => name.parse().map(Self::on),
        }
    }

    /// Sets how many requests fail.
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

    /// Sets whether the request is processed.
    #[must_use]
    pub fn processed(self, processed: bool) -> Self {
        Self {
            processed: Some(processed),
            ..self
        }
    }

    /// Delays the response.
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

    /// Interrupts the exchange.
    #[must_use]
    pub fn drop(self, at: DropAt, by: DropBy) -> Self {
        Self {
            drop: Some(at),
            drop_by: by,
            ..self
        }
    }

    /// Responds with an HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// Responds with a result code.
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

    /// Responds with a body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: Some(body.into()),
            ..self
        }
    }

    /// Corrupts the body.
    #[must_use]
    pub fn body_as(self, form: BodyAs) -> Self {
        Self {
            body_as: Some(form),
            ..self
        }
    }

    /// Sets a header of the response.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Signs the response differently.
    #[must_use]
    pub fn signature(self, signature: ResponseSignatures) -> Self {
        Self {
            signature: Some(signature),
            ..self
        }
    }

    /// Whether the request is processed despite the fault.
    pub(crate) fn processes(&self) -> bool {
        self.processed.unwrap_or(match self.drop {
            Some(DropAt::Unread | DropAt::Before) => false,
            Some(DropAt::After) => true,
            Some(DropAt::Within | DropAt::Answered) | None => {
                self.result_code.is_none() && self.status.is_none_or(|s| s < 300)
            }
        })
    }

    pub(crate) fn check(&self) -> Result<(), SimulatorError> {
        let wrong = |message: String| Err(SimulatorError::InvalidOption(message));
        if self.count == 0 {
            return wrong("count must be at least 1; got 0".to_owned());
        }
        if let Some(status) = self.status.filter(|status| !(200..600).contains(status)) {
            return wrong(format!("status must be from 200 to 599; got {status}"));
        }
        let plain = |text: &str| text.bytes().all(|b| (b' '..0x7f).contains(&b));
        if let Some(value) = self.retry_after.as_ref().filter(|value| !plain(value)) {
            return wrong(format!("retry_after must be plain ASCII; got {value:?}"));
        }
        for (name, value) in &self.headers {
            let is_name = !name.is_empty()
                && (name.bytes())
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !is_name || !plain(value) {
                return wrong(format!(
                    "headers must have names in lower case and values of plain ASCII; got {name:?}: {value:?}"
                ));
            }
        }
        if let Some(bytes) = self.header_bytes.filter(|&bytes| bytes > 16 << 20) {
            return wrong(format!("header_bytes must be at most 16 MiB; got {bytes}"));
        }
        let alone = Self {
            refuse: self.refuse,
            ..Self::anywhere()
        };
        if self.refuse.is_some() && *self != alone {
            return wrong(
                "refuse is for every connection: it cannot be combined with other members"
                    .to_owned(),
            );
        }
        match (self.drop, self.drop_by) {
            (None, DropBy::Reset | DropBy::Silence) => wrong("drop_by needs drop".to_owned()),
            (Some(DropAt::Answered), DropBy::Silence) => {
                wrong("drop \"answered\" cannot be combined with drop_by \"silence\"".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let alone = Fault::refusing(Duration::from_millis(5));
        assert!(alone.check().is_ok());
        for unusable in [
            alone.status(500),
            Fault::anywhere().times(0),
            Fault::anywhere().status(101),
            Fault::anywhere().status(600),
            Fault::anywhere().retry_after("1\r\n"),
            Fault::anywhere().header("Location", "/"),
            Fault::anywhere().header("location", "/\n"),
            Fault::anywhere().drop(DropAt::Answered, DropBy::Silence),
        ] {
            assert!(unusable.check().is_err(), "{unusable:?}");
        }
        assert!(Fault::on_named("checkcart").is_err());
        assert_eq!(Fault::on_named("*"), Ok(Fault::anywhere()));
    }

    #[test]
    fn json_says_the_same_and_nothing_else() {
        let fault = Fault::on(Endpoint::CheckCart)
            .drop(DropAt::Within, DropBy::Reset)
            .body_as(BodyAs::DuplicateKeys)
            .header("location", "/elsewhere")
            .body("þ")
            .signature(ResponseSignatures::Replay)
            .delay(Duration::from_millis(5))
            .times(2);
        let json = r#"{"endpoint":"CheckCart","count":2,"drop":"within","drop_by":"reset","body_as":"duplicate_keys",
            "headers":{"location":"/elsewhere"},"body":"þ","signature":"replay","delay_ms":5}"#;
        assert_eq!(Fault::from_json(json).unwrap(), fault);
        let written = serde_json::to_string(&fault).unwrap();
        assert_eq!(Fault::from_json(&written).unwrap(), fault);
        assert_eq!(Fault::from_json("{}").unwrap(), Fault::anywhere());
        assert_eq!(
            Fault::from_json(r#"{"endpoint":"*"}"#).unwrap(),
            Fault::anywhere()
        );
        for wrong in [
            r#"{"endpoint":"checkcart"}"#,
            r#"{"delay":1}"#,
            r#"{"drop":"never"}"#,
            r#"{"drop_by":"reset"}"#,
            r#"{"delay_ms":-1}"#,
            r#"{"count":0}"#,
            "[]",
            "{",
        ] {
            assert!(Fault::from_json(wrong).is_err(), "{wrong}");
        }
    }
}
