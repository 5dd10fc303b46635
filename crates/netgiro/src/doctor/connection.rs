//! The way to Netgíró: keys, proxy, DNS, TLS, the clock, and whether the keys are accepted.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use url::{Host, Url};

use crate::api::Api;
use crate::doctor::report::DoctorCheck;
use crate::doctor::variants::unknown_cart;
use crate::http::connections::proxy_environment;
use crate::http::raw::{RawClient, RawError, RawResponse};
use crate::http::transport::http_date;
use crate::model::api_version::ApiVersion;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::values::secret::Secret;
use crate::options::{ClientOptions, Environment};

/// A signature does not depend on the clock; TLS and deadlines do.
const LARGEST_SKEW: SignedDuration = SignedDuration::from_secs(60);
const MOST: usize = 1 << 20;

/// The published test account's, which production does not know.
const PUBLISHED_APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";

/// Looks at the connection; gives the keys, if they can be used.
pub(crate) async fn examine(
    options: Result<ClientOptions>,
) -> (Vec<DoctorCheck>, Option<(String, Secret)>) {
    let keys = options
        .as_ref()
        .map(|it| (it.app_key.clone(), it.secret_key.clone(), it.environment))
        .ok();
    let (timeout, ca_file) = match &options {
        Ok(options) => (options.timeout, options.ca_file.clone()),
        Err(_) => (Duration::ZERO, None),
    };
    let api = match options.and_then(Api::new) {
        Ok(api) => api,
        Err(error) => return (vec![configuration(&error)], None),
    };
    let settings = api.settings();
    let (url, proxy) = (&settings.base_url, settings.proxy.as_ref());
    let mut checks = Vec::new();
    if let Some((app_key, _, environment)) = &keys {
        checks.push(form(app_key, *environment, url));
    }
    let through = match proxy {
        Some(proxy) => Some(proxy.to_string()),
        None if settings.is_loopback => None,
        None => proxy_environment::named(url),
    };
    checks.push(DoctorCheck::ok(
        "proxy",
        match &through {
            Some(proxy) => format!("goes through {proxy}"),
            None => "none".to_owned(),
        },
    ));
    checks.push(dns(url, through.is_some(), timeout).await);
    let client = RawClient::new(url, proxy, ca_file, timeout);
    let answer = match client {
        Ok(client) => client.send("GET", url, &[], None, timeout, MOST).await,
        Err(error) => Err(RawError::Broken(error.message().to_owned())),
    };
    let is_reached = answer.is_ok();
    checks.extend(reached(url, through.as_deref(), &answer));
    if is_reached {
        checks.push(account(&api).await);
    }
    (
        checks,
        keys.map(|(app_key, secret_key, _)| (app_key, secret_key)),
    )
}

/// Options that no client can be made with.
fn configuration(error: &Error) -> DoctorCheck {
    let (name, remedy) = match error.option() {
        Some("proxy") => ("proxy", "correct or remove it"),
        Some("ca_file") => (
            "tls",
            "give a PEM file with your own authority's certificate, or leave it out",
        ),
        _ => (
            "keys",
            "set NETGIRO_APP_KEY, NETGIRO_SECRET_KEY and NETGIRO_ENVIRONMENT as Netgíró gave them; without keys: netgiro \
             simulator --export",
        ),
    };
    DoctorCheck::wrong(name, error.message(), remedy)
}

fn form(app_key: &str, environment: Environment, url: &Url) -> DoctorCheck {
    let is_netgiros = url
        .host_str()
        .is_some_and(|host| host.ends_with("netgiro.is"));
    let is_published = app_key.eq_ignore_ascii_case(PUBLISHED_APP_KEY);
    let is_production = Url::parse(Environment::Production.base_url())
        .is_ok_and(|production| production.host() == url.host());
    if is_published && is_production {
        return DoctorCheck::wrong(
            "keys",
            "the ApplicationId is the published test account's, which production does not know",
            "set the shop's own keys, or NETGIRO_ENVIRONMENT=test",
        );
    }
    let place = if is_netgiros {
        environment.as_str()
    } else {
        url.as_str()
    };
    DoctorCheck::ok(
        "keys",
        format!("both have their form; they are for {place}"),
    )
}

async fn dns(url: &Url, is_through_proxy: bool, timeout: Duration) -> DoctorCheck {
    const NAME: &str = "dns";
    let name = match url.host() {
        _ if is_through_proxy => return DoctorCheck::skipped(NAME, "the proxy looks the name up"),
        Some(Host::Domain(name)) => name,
        _ => return DoctorCheck::skipped(NAME, "the URL has an address, not a name"),
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let remedy = "look at this machine's resolver (/etc/resolv.conf), and whether the network needs a proxy (HTTPS_PROXY)";
    match tokio::time::timeout(timeout, tokio::net::lookup_host((name, port))).await {
        Ok(Ok(found)) => {
            let found: Vec<_> = found.map(|address| address.ip().to_string()).collect();
            DoctorCheck::ok(NAME, format!("{name} is {}", found.join(", ")))
        }
        Ok(Err(error)) => DoctorCheck::wrong(NAME, format!("{name} is not found: {error}"), remedy),
        Err(_) => DoctorCheck::wrong(
            NAME,
            format!("{name} is not found within {timeout:?}"),
            remedy,
        ),
    }
}

/// What a first request says about TLS, the connection and the clock.
fn reached(
    url: &Url,
    proxy: Option<&str>,
    answer: &std::result::Result<RawResponse, RawError>,
) -> Vec<DoctorCheck> {
    let through = proxy
        .map(|proxy| format!(" through {proxy}"))
        .unwrap_or_default();
    let connection = |why: &str| {
        let remedy = if proxy.is_some() {
            "look at the proxy, or name the host in NO_PROXY"
        } else {
            "look at the network, the firewall and the base URL; behind a proxy set HTTPS_PROXY"
        };
        DoctorCheck::wrong(
            "connection",
            format!("no answer from {url}{through}: {why}"),
            remedy,
        )
    };
    let response = match answer {
        Ok(response) => response,
        Err(RawError::Tls(why)) => {
            let remedy = if why.contains("clock") {
                "set this machine's clock, or have the server's certificate renewed"
            } else {
                "if a proxy or a simulator has an authority of its own, name its PEM file as ca_file; otherwise do not trust \
                 this network"
            };
            return vec![DoctorCheck::wrong("tls", why.as_str(), remedy)];
        }
        Err(RawError::Timeout) => return vec![connection("it took too long")],
        Err(RawError::Dns(why) | RawError::Connect(why) | RawError::Broken(why)) => {
            return vec![connection(why)];
        }
    };
    let tls = if url.scheme() == "https" {
        DoctorCheck::ok("tls", "the server's certificate is trusted")
    } else {
        DoctorCheck::skipped("tls", "plain http, on this machine alone")
    };
    let milliseconds = response.elapsed.as_millis();
    vec![
        tls,
        DoctorCheck::ok(
            "connection",
            format!("{url}{through} answers, in {milliseconds} ms"),
        ),
        clock(response, Timestamp::now()),
    ]
}

/// This machine's clock against the server's.
fn clock(response: &RawResponse, now: Timestamp) -> DoctorCheck {
    const NAME: &str = "clock";
    let Some(date) = response.header("date").and_then(http_date) else {
        return DoctorCheck::skipped(NAME, "the server does not say what time it is");
    };
    // The server wrote its date while the answer was on its way, and in whole seconds.
    let ahead = now.duration_since(date);
    let late = SignedDuration::try_from(response.elapsed).unwrap_or_default()
        + SignedDuration::from_secs(1);
    let skew = if ahead > SignedDuration::ZERO {
        (ahead - late).max(SignedDuration::ZERO)
    } else {
        ahead
    };
    if skew.abs() <= LARGEST_SKEW {
        return DoctorCheck::ok(NAME, "within a minute of the server's");
    }
    let side = if skew.is_positive() {
        "ahead of"
    } else {
        "behind"
    };
    DoctorCheck::wrong(
        NAME,
        format!(
            "{} s {side} the server's, which says {date}",
            skew.abs().as_secs()
        ),
        "set this machine's clock by NTP: certificates, deadlines and nonces go by it",
    )
}

/// Whether Netgíró accepts the keys: a check of a cart that does not exist.
async fn account(api: &Api) -> DoctorCheck {
    const NAME: &str = "account";
    let accepted = || match api.settings().api {
        ApiVersion::V1 => DoctorCheck::ok(NAME, "the keys are accepted"),
        ApiVersion::V2 => DoctorCheck::ok(
            NAME,
            "the ApplicationId is accepted; V2 looks at that alone, so nothing is known of the secret key",
        ),
    };
    let Err(error) = api.check(&CartRef::from(unknown_cart()), 1).await else {
        return accepted();
    };
    let remedy = match error.kind() {
        ErrorKind::Api | ErrorKind::InvalidRequest => return accepted(),
        ErrorKind::Authentication => {
            "look at NETGIRO_APP_KEY, NETGIRO_SECRET_KEY and NETGIRO_ENVIRONMENT: test and production have keys of their own"
        }
        ErrorKind::Signature => {
            "the secret key belongs to another account than the ApplicationId, or something changes the answers on their way"
        }
        _ => "try again later; if it stays so, ask Netgíró",
    };
    DoctorCheck::wrong(NAME, error.message(), remedy)
}
