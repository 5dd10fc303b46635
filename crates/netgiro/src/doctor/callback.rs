//! The shop's callback route: test callbacks, sent one after another.

use std::time::{Duration, Instant};

use crate::doctor::callback_route::CallbackRoute;
use crate::doctor::findings::{self, Answer, Answers};
use crate::doctor::report::DoctorCheck;
use crate::doctor::variants::Variant;
use crate::http::raw::{RawClient, RawError, RawResponse};
use crate::model::values::secret::Secret;

/// How long it may take to find what was changed on the way.
const EXPLORING: Duration = Duration::from_secs(30);
/// Much longer than any sensible answer.
const MOST: usize = 256 * 1024;

pub(crate) async fn examine(route: CallbackRoute) -> Vec<DoctorCheck> {
    let Some((app_key, secret_key)) = &route.secret_key else {
        let why = "no callback can be signed without the keys";
        return vec![DoctorCheck::skipped("callback", why)];
    };
    let client = match RawClient::new(&route.url, None, route.ca_file.clone(), route.timeout) {
        Ok(client) => client,
        Err(error) => {
            let remedy = "see the message";
            return vec![DoctorCheck::wrong("callback", error.message(), remedy)];
        }
    };
    let sender = Sender {
        client,
        route: &route,
        app_key,
        secret_key,
    };
    let right = match sender.send(&Variant::right(&route.registered)).await {
        Ok(answer) => answer,
        Err(error) => return vec![findings::not_reached(&route.url, &error, route.timeout)],
    };
    if let Some(wrong) = findings::not_a_route(&route.url, &right) {
        return vec![wrong];
    }
    let forged = [sender.forged(true).await, sender.forged(true).await];
    let unsigned = sender.forged(false).await;
    let mut answers = Answers {
        right,
        forged,
        unsigned,
        accepted: None,
    };
    if answers.is_refused_like_a_forgery() {
        let started = Instant::now();
        for variant in Variant::changed(&route.registered, route.url.as_str()) {
            let Ok(answer) = sender.send(&variant).await else {
                break;
            };
            if answer.is_giving_up() || started.elapsed() > EXPLORING {
                break;
            }
            if answers.is_accepted(&answer) {
                answers.accepted = Some(variant);
                break;
            }
        }
    }
    findings::about(&route, &answers)
}

struct Sender<'a> {
    client: RawClient,
    route: &'a CallbackRoute,
    app_key: &'a str,
    secret_key: &'a Secret,
}

impl Sender<'_> {
    async fn send(&self, variant: &Variant) -> Result<Answer, RawError> {
        let (headers, body) = variant.signed(self.secret_key, self.app_key);
        self.post(&headers, body).await
    }

    /// A callback that nobody must accept: with a wrong signature, or without any.
    async fn forged(&self, is_signed: bool) -> Option<Answer> {
        let right = Variant::right(&self.route.registered);
        let (mut headers, body) = right.signed(self.secret_key, self.app_key);
        match headers.pop() {
            Some((name, _)) if is_signed => {
                let random = format!("{:032x}{:032x}", fastrand::u128(..), fastrand::u128(..));
                headers.push((name, random));
            }
            _ => headers.clear(),
        }
        self.post(&headers, body).await.ok()
    }

    async fn post(
        &self,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer, RawError> {
        let mut all = vec![
            ("content-type", "application/json; charset=utf-8"),
            (
                "user-agent",
                concat!("netgiro-doctor/", env!("CARGO_PKG_VERSION")),
            ),
        ];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        let (url, timeout) = (&self.route.url, self.route.timeout);
        let sent = self
            .client
            .send("POST", url, &all, Some(body), timeout, MOST);
        sent.await.map(|response| Answer {
            status: response.status,
            text: response.text(),
            server: header(&response, "server"),
            location: header(&response, "location"),
            asks_for_login: response.header("www-authenticate").is_some(),
            elapsed: response.elapsed,
        })
    }
}

fn header(response: &RawResponse, name: &str) -> Option<String> {
    let value = response.header(name)?;
    Some(value.chars().take(200).collect())
}
