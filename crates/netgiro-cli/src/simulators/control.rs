//! A simulator's control over HTTP, as `docs/testing/simulator.md` describes it.

use std::path::PathBuf;
use std::time::Duration;

use netgiro::raw::{RawClient, RawError, RawResponse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::failure::Failure;

/// How long a simulator may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Its longest answer that is read: some hundred thousand carts.
const MOST: usize = 256 << 20;

/// The control of one simulator.
#[derive(Debug)]
pub(crate) struct Control {
    base: Url,
    client: RawClient,
}

/// What tells one simulator from another at the same address.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) app_key: String,
    pub(crate) seed: u64,
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// Why a request to the control failed.
#[derive(Debug)]
pub(crate) enum ControlError {
    /// There is no simulator.
    Absent(String),
    /// It refuses; with the reason.
    Refused(String),
}

impl Control {
    /// The control of the simulator whose API is at `api`, such as `http://127.0.0.1:8765/v1/`.
    pub(crate) fn new(api: &str, ca_file: Option<PathBuf>) -> Result<Self, Failure> {
        let trimmed = api.trim_end_matches('/');
        let page = ["/v1", "/api"]
            .iter()
            .find_map(|version| trimmed.strip_suffix(version))
            .unwrap_or(trimmed);
        let base = Url::parse(&format!("{page}/"))
            .map_err(|_| Failure::usage(format!("{api:?} is not the URL of a simulator")))?;
        let client = RawClient::to(&base, ca_file, TIMEOUT)?;
        Ok(Self { base, client })
    }

    /// Where its page is.
    pub(crate) fn page(&self) -> &str {
        self.base.as_str()
    }

    /// Which simulator it is; `None` if there is none.
    pub(crate) async fn identity(&self) -> Option<Identity> {
        #[derive(Deserialize)]
        struct State {
            options: Identity,
        }
        let state: State = self.get("state").await.ok()?;
        Some(state.options)
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        let response = self.send("GET", path).await?;
        serde_json::from_slice(&response.body)
            .map_err(|_| ControlError::Absent("what answers there is not a simulator".to_owned()))
    }

    /// Makes the simulator do something.
    pub(crate) async fn post(&self, path: &str) -> Result<(), ControlError> {
        self.send("POST", path).await.map(drop)
    }

    async fn send(&self, method: &str, path: &str) -> Result<RawResponse, ControlError> {
        let absent = |why: String| ControlError::Absent(why);
        let url = self
            .base
            .join(&format!("simulator/{path}"))
            .map_err(|error| absent(error.to_string()))?;
        let body = (method == "POST").then(Vec::new);
        let sent = self.client.send(method, &url, &[], body, TIMEOUT, MOST);
        let response = sent.await.map_err(|error| match error {
            RawError::Timeout => absent("it does not answer".to_owned()),
            RawError::Dns(why)
            | RawError::Tls(why)
            | RawError::Connect(why)
            | RawError::Broken(why) => absent(why),
        })?;
        if matches!(response.status, 200..=299) {
            return Ok(response);
        }
        match serde_json::from_slice::<Refusal>(&response.body) {
            Ok(refusal) => Err(ControlError::Refused(refusal.message)),
            Err(_) => Err(absent("what answers there is not a simulator".to_owned())),
        }
    }
}
