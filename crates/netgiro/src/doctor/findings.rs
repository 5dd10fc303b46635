//! What the answers of a callback route mean. No I/O.

use std::time::Duration;

use url::Url;

use crate::callback::servers;
use crate::doctor::callback_route::CallbackRoute;
use crate::doctor::report::DoctorCheck;
use crate::doctor::variants::{Spelling, Variant, Writing};
use crate::http::raw::RawError;

const CALLBACK: &str = "callback";
const SIGNATURE: &str = "callback_signature";
const FORGERY: &str = "callback_forgery";

/// What a route answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) server: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) asks_for_login: bool,
    pub(crate) elapsed: Duration,
}

impl Answer {
    fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Whether the server answers neither yes nor no.
    pub(crate) fn is_giving_up(&self) -> bool {
        matches!(self.status, 429 | 500..=599)
    }

    fn says(&self, other: &Self) -> bool {
        self.status == other.status && self.text == other.text
    }
}

/// What a route answered to the test callbacks.
pub(crate) struct Answers {
    pub(crate) right: Answer,
    /// To two with a wrong signature; `None` where there was no answer.
    pub(crate) forged: [Option<Answer>; 2],
    pub(crate) unsigned: Option<Answer>,
    /// The first changed callback that was not refused.
    pub(crate) accepted: Option<Variant>,
}

impl Answers {
    /// Whether the rightly signed callback is refused as forged ones are.
    pub(crate) fn is_refused_like_a_forgery(&self) -> bool {
        !self.right.is_success() && !self.is_accepted(&self.right)
    }

    /// Whether an answer is another than that to a forged callback.
    pub(crate) fn is_accepted(&self, answer: &Answer) -> bool {
        let [Some(first), Some(second)] = &self.forged else {
            return answer.is_success();
        };
        if answer.status != first.status {
            return !answer.is_giving_up();
        }
        // The same status, and a text that differs although it is the same for every forgery.
        first.text == second.text && !answer.says(first)
    }
}

/// There was no answer at all.
pub(crate) fn not_reached(url: &Url, error: &RawError, timeout: Duration) -> DoctorCheck {
    let host = url.host_str().unwrap_or_default();
    let (detail, remedy) = match error {
        RawError::Timeout => (
            format!("too slow: no answer within {timeout:?}"),
            "verify, record, answer 200, and do the rest afterwards: Netgíró waits about five seconds, and then cancels \
             the sale",
        ),
        RawError::Dns(why) => (
            format!("the host {host} is not found: {why}"),
            "give the URL by which Netgíró reaches the shop",
        ),
        RawError::Tls(why) => (
            why.clone(),
            "give the server a certificate that everybody trusts, with its whole chain; Netgíró does not know your own \
             authority",
        ),
        RawError::Connect(why) => (
            format!("there is no connection to {}: {why}", place(url)),
            "start the shop, and look at the port and the firewall",
        ),
        RawError::Broken(why) => (
            format!("the connection broke before the answer: {why}"),
            "look at the shop's log: its server may have crashed",
        ),
    };
    DoctorCheck::wrong(CALLBACK, detail, remedy)
}

/// A URL without what may be secret in it: its query, a user's name and a password.
fn shown(text: &str) -> String {
    let cut = text.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = cut.split_once("://") else {
        return cut.to_owned();
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

fn place(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

/// The answer comes from something that stands before the route, or there is no route.
pub(crate) fn not_a_route(url: &Url, answer: &Answer) -> Option<DoctorCheck> {
    let wrong = |detail: String, remedy: &str| Some(DoctorCheck::wrong(CALLBACK, detail, remedy));
    let status = answer.status;
    if matches!(status, 300..=399) {
        let to = answer.location.as_deref().map(shown).unwrap_or_default();
        return wrong(
            format!("a redirect: {status} to {to}; Netgíró does not follow it"),
            "register the URL that it leads to, or answer at this one: often it is https, or the slash at the path's end",
        );
    }
    if let Some(remedy) = csrf(answer) {
        return wrong(
            format!(
                "refused by the CSRF protection, with {status}: Netgíró has no token of the shop's pages"
            ),
            remedy,
        );
    }
    if answer.asks_for_login || status == 407 {
        return wrong(
            format!("{status}: something asks for a password"),
            "leave the callback route out of it: Netgíró has none, and the signature protects the route",
        );
    }
    match status {
        405 | 501 => wrong(
            format!("{status}: nothing takes POST at {}", url.path()),
            "give the callback route's own URL, and let it take POST",
        ),
        413 => wrong(
            "413: the body is called too large, at less than a kilobyte".to_owned(),
            "allow bodies of up to 64 KiB",
        ),
        415 => wrong(
            "415: the route does not take application/json".to_owned(),
            "let it take any content type, and read the bytes",
        ),
        429 => wrong(
            "429: a rate limit answers in the route's place".to_owned(),
            "leave the callback route out of it, or wait and try again",
        ),
        502 | 504 => wrong(
            format!("{status}: the proxy{} does not reach the shop", by(answer)),
            "start the shop, and look at the proxy's upstream",
        ),
        _ => None,
    }
}

fn by(answer: &Answer) -> String {
    let server = answer.server.as_ref();
    server
        .map(|server| format!(" ({server})"))
        .unwrap_or_default()
}

/// What mends a CSRF protection, if it is one that refuses.
fn csrf(answer: &Answer) -> Option<&'static str> {
    if !matches!(answer.status, 400 | 401 | 403 | 419 | 422) {
        return None;
    }
    let text = answer.text.to_lowercase();
    if text.contains("csrf verification failed") || text.contains("csrfmiddlewaretoken") {
        return Some(
            "put @csrf_exempt on the view, from django.views.decorators.csrf; netgiro.django's own view has it",
        );
    }
    if answer.status == 419 || text.contains("page expired") {
        return Some("add the path to the exceptions of the CSRF middleware (validateCsrfTokens)");
    }
    let marks = [
        "csrf",
        "xsrf",
        "authenticity token",
        "authenticitytoken",
        "cross-site request",
    ];
    marks.iter().any(|mark| text.contains(mark)).then_some(
        "leave the callback route out of the CSRF protection: the signature is what protects it",
    )
}

/// What the answers say about the route.
pub(crate) fn about(route: &CallbackRoute, answers: &Answers) -> Vec<DoctorCheck> {
    let right = &answers.right;
    let accepts = |answer: &Option<Answer>| answer.as_ref().is_some_and(Answer::is_success);
    let takes_forged = answers.forged.iter().any(accepts);
    if takes_forged || accepts(&answers.unsigned) {
        let which = if takes_forged {
            "with a wrong signature"
        } else {
            "without a signature"
        };
        return vec![
            reached(right),
            DoctorCheck::skipped(
                SIGNATURE,
                "not known: forged callbacks are accepted as well",
            ),
            DoctorCheck::wrong(
                FORGERY,
                format!(
                    "GRAVE: a callback {which} was answered {}: anybody can report payments",
                    status_of(answers)
                ),
                "answer 200 only after verify_callback has returned, and 400 to what it refuses",
            ),
        ];
    }
    let refuses = |answer: &Option<Answer>| match answer {
        Some(answer) => format!("answered {}", answer.status),
        None => "not answered".to_owned(),
    };
    let forgery = DoctorCheck::ok(
        FORGERY,
        format!(
            "refused: a forged callback was {}",
            refuses(&answers.forged[0])
        ),
    );
    if right.is_success() {
        let signature = DoctorCheck::ok(SIGNATURE, "a rightly signed callback is accepted");
        let callback = if right.status == 200 {
            reached(right)
        } else {
            DoctorCheck::wrong(
                CALLBACK,
                format!("answered {}: Netgíró counts 200 alone", right.status),
                "answer 200",
            )
        };
        return vec![callback, signature, forgery];
    }
    if answers.is_refused_like_a_forgery() {
        let (callback, signature) = refused(route, answers);
        return vec![callback, signature, forgery];
    }
    let signature = DoctorCheck::ok(
        SIGNATURE,
        format!(
            "a rightly signed callback is told from a forged one: {} for an unknown cart",
            right.status
        ),
    );
    vec![reached(right), signature, forgery]
}

fn status_of(answers: &Answers) -> u16 {
    let forged = answers.forged.iter().chain([&answers.unsigned]).flatten();
    let mut accepted = forged.filter(|answer| answer.is_success());
    accepted
        .next()
        .map(|answer| answer.status)
        .unwrap_or_default()
}

fn reached(answer: &Answer) -> DoctorCheck {
    let seconds = answer.elapsed.as_secs_f64();
    DoctorCheck::ok(
        CALLBACK,
        format!("answered {} in {seconds:.2} s{}", answer.status, by(answer)),
    )
}

/// Why a rightly signed callback is refused as a forged one is.
fn refused(route: &CallbackRoute, answers: &Answers) -> (DoctorCheck, DoctorCheck) {
    let right = &answers.right;
    let status = right.status;
    if matches!(status, 500..=599) {
        let wrong = DoctorCheck::wrong(
            CALLBACK,
            format!("the route fails: {status}, whatever is posted{}", by(right)),
            "look at the shop's log",
        );
        return (
            wrong,
            DoctorCheck::skipped(SIGNATURE, "not known: the route fails"),
        );
    }
    if status == 404 && answers.accepted.is_none() {
        let wrong = DoctorCheck::wrong(
            CALLBACK,
            format!("404: there is no route at {}", route.url.path()),
            "give the callback route's own URL; it must answer 400 to a forged callback, so that this can be told",
        );
        return (
            wrong,
            DoctorCheck::skipped(SIGNATURE, "not known: there is no route"),
        );
    }
    let (detail, remedy) = match &answers.accepted {
        Some(variant) => changed(right, variant),
        None => unexplained(route, right),
    };
    let wrong = DoctorCheck::wrong(SIGNATURE, detail, remedy);
    (reached(right), wrong)
}

/// What was changed on the way, since a callback with that change is accepted.
fn changed(right: &Answer, variant: &Variant) -> (String, String) {
    let mut details = Vec::new();
    let mut remedies = Vec::new();
    if variant.spelling != Spelling::Underscores {
        let server = right.server.as_deref().unwrap_or_default();
        let (name, remedy) = match servers::dropping(server) {
            Some((name, remedy)) => (format!(" by {name}"), remedy),
            None if server.is_empty() => (String::new(), servers::ANY_SERVER),
            None => (
                format!(" before the shop verifies (Server: {server})"),
                servers::ANY_SERVER,
            ),
        };
        details.push(format!(
            "the headers netgiro_nonce and netgiro_signature are dropped{name}: the callback is accepted with hyphens in their \
             names"
        ));
        remedies.push(remedy.to_owned());
    }
    if let Some(difference) = &variant.url_difference {
        details.push(format!(
            "the URL is rewritten: the shop verifies against {difference}, not against the registered one"
        ));
        remedies.push(
            "pass the URL exactly as it was given to insert_cart, not one rebuilt from the request; if the shop registers \
             another URL than the one it is reached at here, give the doctor that one (registered_url)"
                .to_owned(),
        );
    }
    if variant.writing != Writing::Demanding {
        details.push(
            "the body is re-serialised: the callback is accepted only if its JSON stays the same when it is parsed and \
             written again"
                .to_owned(),
        );
        remedies.push(
            "pass the bytes as received: express.raw() before any express.json(), request.get_data(), await \
             request.body()"
                .to_owned(),
        );
    }
    (details.join("; "), remedies.join("; "))
}

/// Nothing that was tried is accepted.
fn unexplained(route: &CallbackRoute, right: &Answer) -> (String, String) {
    let dropping = right.server.as_deref().and_then(servers::dropping);
    let server = dropping.map_or_else(String::new, |(name, _)| {
        format!("; {name} is known to drop the headers")
    });
    let detail = format!(
        "a rightly signed callback is refused like a forged one, with {}{server}",
        right.status
    );
    let remedy = format!(
        "look at the shop's log, where netgiro says why. The usual causes: another secret key or environment in the shop than \
         here; another registered URL than {} (give it as registered_url); headers that a middleware drops{}",
        shown(&route.registered),
        dropping.map_or_else(String::new, |(_, remedy)| format!(": {remedy}"))
    );
    (detail, remedy)
}
