//! What is to go wrong, and when.

use crate::model::error::SimulatorError;
use crate::model::options::ResponseSignatures;
use crate::protocol::response::Endpoint;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Something that goes wrong with the next requests to an endpoint.
///
/// Faults wait in a queue: each request takes the first one that is meant for its endpoint. What is left `None` stays
/// as it would have been; members may be combined.
///
/// In JSON it has the same members, durations in milliseconds (`delay_ms`, `drip_ms`, `refuse_ms`), and `"*"` for any
/// endpoint. A member it does not know is an error.
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
    /// Whose requests it strikes; `None`: anybody's.
    #[serde(with = "target")]
    pub endpoint: Option<Endpoint>,
    /// How many requests it strikes. Default 1.
    pub count: u32,

    /// Refuses connections for this long, in real time, from when the fault is added, and cuts those that are open. It
    /// strikes all endpoints and stands alone; clearing the faults ends it.
    #[serde(
        rename = "refuse_ms",
        with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub refuse: Option<Duration>,

    /// The customer confirms just before the request is processed, if they still can: with `CancelCart`, the race that
    /// the customer wins.
    pub confirm_during: bool,
    /// Whether the request is processed before whatever goes wrong goes wrong. `None`: it is not when `drop` says before
    /// or unread, or when `status` or `result_code` stand in for the real answer; otherwise it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed: Option<bool>,

    /// How long the answer, or the closing, is held back, in real time. The request itself is processed when it arrives.
    #[serde(
        rename = "delay_ms",
        with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub delay: Option<Duration>,
    /// Where the exchange breaks off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<DropAt>,
    /// How it breaks off, where it does. Default: the connection is closed.
    pub drop_by: DropBy,
    /// Answers this HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Answers this result code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_code: Option<i64>,
    /// Adds a `Retry-After` header: seconds, a date, or rubbish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// Sets these headers, in place of the answer's own: `location`, `content-type`, and with `transfer-encoding`
    /// `chunked` an answer whose length is not announced. They are not signed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Adds headers of this many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_bytes: Option<usize>,
    /// Answers this body. It is signed like any other.
    #[serde(with = "text", skip_serializing_if = "Option::is_none")]
    pub body: Option<Vec<u8>>,
    /// Spoils the body, whichever it would be. What comes of it is signed like any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_as: Option<BodyAs>,
    /// Sends this many blanks after the body, which JSON allows; they are made as they are sent, and are not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<u64>,
    /// Sends the body a byte at a time, at this interval, in real time.
    #[serde(
        rename = "drip_ms",
        with = "milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub drip: Option<Duration>,
    /// Signs the answer otherwise than the options say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<ResponseSignatures>,
}

impl Default for Fault {
    fn default() -> Self {
        Self::anywhere()
    }
}

/// Words that are the same in Rust, in JSON, in Python and in Node.
macro_rules! words {
    ($(#[$about:meta])* $name:ident, $what:literal: $($(#[doc = $doc:literal])+ $variant:ident $word:literal;)+) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it, the same in Rust, Python and Node.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = SimulatorError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|word| format!("{:?}", word.as_str())).collect();
                    SimulatorError::InvalidOption(format!(
                        "{} must be one of {}; got {text:?}", $what, known.join(", ")
                    ))
                })
            }
        }

        spelled!($name);
    };
}

/// JSON for a type that has `as_str` and `FromStr`.
macro_rules! spelled {
    ($name:ty) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(de::Error::custom)
            }
        }
    };
}

spelled!(Endpoint);
spelled!(ResponseSignatures);

words! {
    /// Where an exchange breaks off.
    DropAt, "drop":
    /// Before the request is read: it is not among those the simulator has seen.
    Unread "unread";
    /// Before the request is processed: nothing has happened.
    Before "before";
    /// After it was processed: it has happened, and the answer is lost.
    After "after";
    /// In the middle of the answer's body.
    Within "within";
    /// After the whole answer: a connection that was to be kept, closed without notice.
    Answered "answered";
}

words! {
    /// How an exchange breaks off.
    DropBy, "drop_by":
    /// The connection is closed, as at the end of a conversation.
    Close "close";
    /// The connection is reset.
    Reset "reset";
    /// Nothing more comes, and the connection stays open until the client gives up.
    Silence "silence";
}

words! {
    /// How a body is spoilt.
    BodyAs, "body_as":
    /// Nothing at all.
    Empty "empty";
    /// A page for people, as a proxy sends it.
    Html "html";
    /// Its first half.
    Truncated "truncated";
    /// Twice, one after the other.
    Doubled "doubled";
    /// Behind a byte order mark.
    Bom "bom";
    /// Compressed, and announced as that, though nobody asked for it.
    Gzip "gzip";
    /// With a member whose text is no UTF-8.
    InvalidUtf8 "invalid_utf8";
    /// With members twice: first a paid cart's, then the true ones.
    DuplicateKeys "duplicate_keys";
    /// With a member nested a hundred thousand deep.
    Deep "deep";
    /// With numbers too large for any integer.
    Overflow "overflow";
    /// With texts where numbers belong.
    Quoted "quoted";
    /// The answer before it at this endpoint, as it was, signature and all; the true one when there was none.
    Replayed "replayed";
}

/// `"*"` or an endpoint's name.
mod target {
    use super::{Deserialize, Deserializer, Endpoint, Serializer, de};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for it"
    )]
    pub(super) fn serialize<S: Serializer>(
        endpoint: &Option<Endpoint>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(endpoint.map_or("*", Endpoint::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Endpoint>, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "*" => Ok(None),
            name => name.parse().map(Some).map_err(de::Error::custom),
        }
    }
}

/// A duration as whole milliseconds.
mod milliseconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => {
                serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
            }
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

/// A body as text.
mod text {
    use super::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(
        body: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match body {
            Some(body) => serializer.serialize_str(&String::from_utf8_lossy(body)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(String::into_bytes))
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

    /// Connections refused for a while; this strikes everybody.
    #[must_use]
    pub fn refusing(period: Duration) -> Self {
        Self {
            refuse: Some(period),
            ..Self::anywhere()
        }
    }

    /// Reads a fault from its JSON.
    pub fn from_json(json: &str) -> Result<Self, SimulatorError> {
        let refused =
            |why: String| SimulatorError::InvalidOption(format!("this is no fault: {why}"));
        if !json.trim_start().starts_with('{') {
            return Err(refused("it is no JSON object".to_owned()));
        }
        let fault: Self = serde_json::from_str(json).map_err(|error| refused(error.to_string()))?;
        fault.check()?;
        Ok(fault)
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

    /// Breaks the exchange off.
    #[must_use]
    pub fn drop(self, at: DropAt, by: DropBy) -> Self {
        Self {
            drop: Some(at),
            drop_by: by,
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

    /// Spoils the body.
    #[must_use]
    pub fn body_as(self, form: BodyAs) -> Self {
        Self {
            body_as: Some(form),
            ..self
        }
    }

    /// Sets a header of the answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
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
            Some(DropAt::Unread | DropAt::Before) => false,
            Some(DropAt::After) => true,
            Some(DropAt::Within | DropAt::Answered) | None => {
                self.result_code.is_none() && self.status.is_none_or(|s| s < 300)
            }
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
                "refuse strikes every connection: it goes with no other member".to_owned(),
            );
        }
        match (self.drop, self.drop_by) {
            (None, DropBy::Reset | DropBy::Silence) => {
                wrong("drop_by needs drop, which says where".to_owned())
            }
            (Some(DropAt::Answered), DropBy::Silence) => {
                wrong("after the answer there is nothing to be silent about".to_owned())
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
        if fault.refuse.is_none() {
            self.0.push_back(fault);
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// The fault that strikes the next request to an endpoint.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.take_if(endpoint, |_| true)
    }

    /// The fault that strikes a request to an endpoint before it is read.
    pub(crate) fn take_unread(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.take_if(endpoint, |fault| fault.drop == Some(DropAt::Unread))
    }

    fn take_if(&mut self, endpoint: Endpoint, wanted: fn(&Fault) -> bool) -> Option<Fault> {
        let strikes = |fault: &Fault| fault.endpoint.is_none_or(|target| target == endpoint);
        let place = self.0.iter().position(strikes)?;
        let fault = self.0.get_mut(place).filter(|fault| wanted(fault))?;
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
        assert!(
            faults
                .add(Fault::anywhere().header("Location", "/"))
                .is_err()
        );
        assert!(
            faults
                .add(Fault::anywhere().header("location", "/\n"))
                .is_err()
        );
        let alone = Fault::refusing(Duration::from_millis(5));
        assert!(alone.clone().status(500).check().is_err());
        assert!(alone.check().is_ok());
        let silent = Fault::anywhere().drop(DropAt::Answered, DropBy::Silence);
        assert!(faults.add(silent).is_err());
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

    #[test]
    fn what_is_not_read_is_decided_before_reading() {
        let mut faults = Faults::default();
        let unread = Fault::on(Endpoint::CheckCart).drop(DropAt::Unread, DropBy::Reset);
        faults
            .add(Fault::on(Endpoint::CheckCart).status(500))
            .unwrap();
        faults.add(unread).unwrap();
        assert_eq!(faults.take_unread(Endpoint::CheckCart), None);
        assert!(faults.take(Endpoint::CheckCart).is_some());
        assert_eq!(faults.take_unread(Endpoint::InsertCart), None);
        assert!(faults.take_unread(Endpoint::CheckCart).is_some());
    }
}
