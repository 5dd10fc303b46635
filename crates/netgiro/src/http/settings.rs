//! The options of a client, checked once.

use std::net::IpAddr;
use std::time::Duration;

use http::HeaderValue;
use url::{Host, Url};
use uuid::Uuid;

use crate::events::Observer;
use crate::http::connections::proxy_environment;
use crate::http::machine::Machine;
use crate::http::response_replay_cache::ResponseReplayCache;
use crate::http::server_clock::ServerClock;
use crate::http::tls::{self, TrustedRoots};
use crate::model::api_version::ApiVersion;
use crate::model::cart::payment_info::PaymentInfoPolicy;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::text::quote;
use crate::model::values::placeholder::{Placeholder, placeholder};
use crate::model::values::proxy::Proxy;
use crate::model::values::secret::Secret;
use crate::options::{ClientOptions, Environment, ResponseVerification};
use crate::protocol::endpoint::Endpoint;

/// Checked options.
#[derive(Debug)]
pub(crate) struct Settings {
    /// As it is sent with every request.
    pub(crate) app_key: HeaderValue,
    pub(crate) secret_key: Secret,
    pub(crate) previous_secret_keys: Vec<Secret>,
    pub(crate) api: ApiVersion,
    /// Of the API that is spoken.
    pub(crate) base_url: Url,
    pub(crate) is_loopback: bool,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_verification: ResponseVerification,
    pub(crate) payment_info: PaymentInfoPolicy,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) observer: Option<Observer>,
    pub(crate) machine: Machine,
    pub(crate) roots: TrustedRoots,
    /// What the server has said for good, and about which cart.
    pub(crate) final_responses: ResponseReplayCache,
    pub(crate) server_clock: ServerClock,
    /// The URL that creates hosted checkouts.
    pub(crate) hosted_payment_url: Url,
    /// The URL of the look-up by reference, which is V1's alone, without its query.
    pub(crate) lookup_url: Url,
    checkout_urls: [Url; Endpoint::CHECKOUT.len()],
}

impl Settings {
    pub(crate) fn new(options: ClientOptions) -> Result<Self> {
        if Uuid::parse_str(&options.app_key).is_err() {
            return Err(Error::configuration(format!(
                "app_key must be the ApplicationId, a GUID such as 881E674F-7891-4C20-AFD8-56FE2624C4B5; \
                 got {} characters that are not a GUID",
                options.app_key.chars().count()
            )));
        }
        secret_key("secret_key", &options.secret_key)?;
        for (at, previous) in options.previous_secret_keys.iter().enumerate() {
            secret_key(&format!("previous_secret_keys[{at}]"), previous)?;
        }
        positive("timeout", options.timeout)?;
        positive("connect_timeout", options.connect_timeout)?;
        if let Some(path) = &options.ca_file {
            tls::ca_file(path)?;
        }
        let given = options
            .base_url
            .as_deref()
            .unwrap_or(options.environment.base_url());
        let given = checked_url("base_url", given)?;
        let beside = before_version(&given).unwrap_or_else(|| given.path().trim_end_matches('/'));
        let under = |version: &str| with_path(&given, &format!("{beside}/{version}/"));
        let (base_url, v1_base_url) = match options.api {
            ApiVersion::V1 => (given.clone(), given.clone()),
            ApiVersion::V2 => (under("v2"), under("v1")),
        };
        if options.api == ApiVersion::V2 && options.payment_info == PaymentInfoPolicy::Required {
            return Err(Error::configuration(
                "payment_info cannot be \"required\" with api \"v2\", whose answers have no PaymentInfo: leave it out",
            ));
        }
        let hosted = match (&options.checkout_base_url, &options.base_url) {
            (Some(given), _) => checked_url("checkout_base_url", given)?,
            (None, Some(_)) => under("v1"),
            (None, None) => {
                checked_url("checkout_base_url", options.environment.checkout_base_url())?
            }
        };
        let proxy = options.proxy.as_deref().map(Proxy::parse).transpose()?;
        if proxy.is_none() && !is_loopback(&base_url) {
            proxy_environment::check_environment(&base_url)?;
        }
        if let Some(proxy) = &proxy
            && base_url.scheme() == "http"
            && !is_loopback(proxy.expose())
        {
            let why =
                "would get the keys and the orders in the clear, since base_url is http: use https";
            return Err(Error::bad_option("proxy", format!("proxy {proxy} {why}")));
        }
        let is_https = |url: &Url| url.scheme() == "https";
        let uses_tls =
            is_https(&base_url) || proxy.as_ref().is_some_and(|it| is_https(it.expose()));
        Ok(Self {
            checkout_urls: Endpoint::CHECKOUT.map(|endpoint| {
                let path = format!("{}Checkout/{}", v1_base_url.path(), endpoint.name());
                with_path(&v1_base_url, &path)
            }),
            lookup_url: with_path(
                &v1_base_url,
                &format!("{}payment/GetByReference", v1_base_url.path()),
            ),
            hosted_payment_url: with_path(&hosted, &format!("{}Checkout/Payment", hosted.path())),
            is_loopback: is_loopback(&base_url),
            base_url,
            app_key: HeaderValue::try_from(options.app_key)
                .map_err(|_| Error::configuration("app_key cannot be sent as a header"))?,
            secret_key: options.secret_key,
            previous_secret_keys: options.previous_secret_keys,
            api: options.api,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            response_verification: options.response_verification,
            payment_info: options.payment_info,
            proxy,
            observer: options.observer,
            machine: Machine::default(),
            roots: TrustedRoots::new(uses_tls, options.ca_file),
            final_responses: ResponseReplayCache::default(),
            server_clock: ServerClock::new(),
        })
    }

    /// The same settings in a process that has just started: without what answers have said.
    #[cfg(feature = "simulation")]
    pub(crate) fn restarted(&self) -> Self {
        Self {
            app_key: self.app_key.clone(),
            secret_key: self.secret_key.clone(),
            previous_secret_keys: self.previous_secret_keys.clone(),
            base_url: self.base_url.clone(),
            proxy: self.proxy.clone(),
            observer: self.observer.clone(),
            machine: self.machine.clone(),
            roots: self.roots.unread(),
            final_responses: ResponseReplayCache::default(),
            server_clock: ServerClock::new(),
            hosted_payment_url: self.hosted_payment_url.clone(),
            lookup_url: self.lookup_url.clone(),
            checkout_urls: self.checkout_urls.clone(),
            ..*self
        }
    }

    /// The secret keys that a callback may be signed with, the current one first.
    pub(crate) fn accepted_secret_keys(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.secret_key).chain(&self.previous_secret_keys)
    }

    /// The URL of a call of the checkout, as sent and as signed.
    pub(crate) fn checkout_url(&self, endpoint: Endpoint) -> &Url {
        let [insert, check, confirm, cancel] = &self.checkout_urls;
        match endpoint {
            Endpoint::InsertCart => insert,
            Endpoint::ConfirmCart => confirm,
            Endpoint::CancelCart => cancel,
            _ => check,
        }
    }

    /// The URL of a call of V2, which stands beside V1.
    pub(crate) fn v2_url(&self, path: &str) -> Result<Url> {
        let Some(beside) = before_version(&self.base_url) else {
            return Err(Error::configuration(format!(
                "refunds, transactions and settlements are in the API's V2, which is found where base_url ends in /v1/; it is {}",
                quote::url(self.base_url.as_str())
            )));
        };
        Ok(with_path(&self.base_url, &format!("{beside}/v2/{path}")))
    }
}

/// The path in which the APIs stand beside each other, of a base URL that ends in one of their versions.
fn before_version(base_url: &Url) -> Option<&str> {
    ["/v1/", "/v2/"]
        .iter()
        .find_map(|version| base_url.path().strip_suffix(version))
}

/// The same URL with another path.
fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}

fn secret_key(option: &str, secret: &Secret) -> Result<()> {
    let secret = secret.expose();
    if let Some(kind) = placeholder(secret) {
        return Err(Error::configuration(format!(
            "{option} is {}: put the SecretKey that Netgíró gave the shop in its place (in \
             NETGIRO_SECRET_KEY, if it comes from the environment); without keys, use a simulator: netgiro simulator --export",
            match kind {
                Placeholder::Plain => format!("still the placeholder {secret:?}"),
                Placeholder::Wrapped =>
                    "still a placeholder, such as a sample or a template has".to_owned(),
            }
        )));
    }
    if secret.is_empty() || secret.contains(char::is_whitespace) {
        return Err(Error::configuration(format!(
            "{option} must be the SecretKey as Netgíró gave it, without white space; got {}",
            if secret.is_empty() {
                "an empty text"
            } else {
                "one with white space in it"
            }
        )));
    }
    Ok(())
}

fn positive(option: &str, duration: Duration) -> Result<()> {
    if duration.is_zero() {
        return Err(Error::new(
            ErrorKind::Configuration,
            format!("{option} must be longer than 0; got 0"),
        ));
    }
    Ok(())
}

/// A base URL in the spelling that is sent, and so signed, ending in a slash; `option` names it in the error.
fn checked_url(option: &str, text: &str) -> Result<Url> {
    let refused = |why: &str| {
        Err(Error::configuration(format!(
            "{option} must be https, or http on loopback, such as {}: {why}; got {}",
            Environment::Test.base_url(),
            quote::url(text)
        )))
    };
    let Ok(mut url) = Url::parse(text.trim()) else {
        return refused("it is not an absolute URL");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::configuration(format!(
            "{option} must not hold a user name or a password"
        )));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("it has a query or a fragment");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return refused("http would send the keys and the orders in the clear"),
        _ => return refused("its scheme is neither"),
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Whether a URL's host is this machine's loopback.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}
