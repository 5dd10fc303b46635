//! What a client is made with, parsed and checked once.

use std::env;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::HeaderValue;
use rustls::RootCertStore;
use url::{Host, Url};
use uuid::Uuid;

use crate::callback::diagnosis::Allowance;
use crate::callback::replay_guard::FinalAnswers;
use crate::events::Observer;
use crate::http::server_clock::ServerClock;
use crate::http::tls;
use crate::model::cart::payment_info::PaymentInfoPolicy;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::text::quote;
use crate::model::text::words::{one_of, word};
use crate::model::values::proxy::{self, Proxy};
use crate::model::values::secret::Secret;
use crate::protocol::endpoint::Endpoint;

/// Which Netgíró to talk to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Environment {
    /// `https://api.test.netgiro.is/v1/`
    #[default]
    Test,
    /// `https://api.netgiro.is/v1/`
    Production,
}

impl Environment {
    /// Every environment.
    pub const ALL: &'static [Self] = &[Self::Test, Self::Production];

    /// The word for it, the same in Rust, Python and Node.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Production => "production",
        }
    }

    /// Where its API is.
    #[must_use]
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::Test => "https://api.test.netgiro.is/v1/",
            Self::Production => "https://api.netgiro.is/v1/",
        }
    }
}

impl FromStr for Environment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        word(text, Self::ALL, Self::as_str).ok_or_else(|| {
            Error::configuration(one_of(
                "environment",
                &quote::word(text),
                Self::ALL,
                Self::as_str,
            ))
        })
    }
}

/// What to do about the signatures of answers. A wrong one is always refused, except with `Off`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResponseVerification {
    /// An answer without a signature is refused.
    Required,
    /// An answer without a signature is accepted.
    #[default]
    IfPresent,
    /// Signatures are not looked at.
    Off,
}

impl ResponseVerification {
    /// Every mode.
    pub const ALL: &'static [Self] = &[Self::Required, Self::IfPresent, Self::Off];

    /// The word for it, the same in Rust, Python and Node.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::IfPresent => "if_present",
            Self::Off => "off",
        }
    }
}

impl FromStr for ResponseVerification {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        word(text, Self::ALL, Self::as_str).ok_or_else(|| {
            Error::configuration(one_of(
                "response_verification",
                &quote::word(text),
                Self::ALL,
                Self::as_str,
            ))
        })
    }
}

/// What a [`Client`](crate::Client) is made with.
#[derive(Clone)]
pub struct ClientOptions {
    /// The ApplicationId that Netgíró gave the shop, a GUID.
    pub app_key: String,
    /// The SecretKey that Netgíró gave the shop.
    pub secret_key: Secret,
    /// Secret keys that are being replaced: callbacks signed with them are still accepted. Nothing is
    /// signed with them.
    pub previous_secret_keys: Vec<Secret>,
    /// Which Netgíró to talk to.
    pub environment: Environment,
    /// Another base URL than the environment's: https, or http on loopback.
    pub base_url: Option<String>,
    /// How long one call may take, its repeats included.
    pub timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// What to do about the signatures of answers.
    pub response_verification: ResponseVerification,
    /// What to do about an answer that says "paid" and not what was paid.
    pub payment_info: PaymentInfoPolicy,
    /// A PEM file with certificate authorities to trust beside the system's and the bundled ones.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through, an http or https URL, rather than the environment's (`HTTPS_PROXY`,
    /// `ALL_PROXY`, `NO_PROXY`). A variable that cannot be read is refused, and not passed by.
    pub proxy: Option<String>,
    /// Told of each request and each step of a poll.
    pub observer: Option<Observer>,
}

impl ClientOptions {
    /// The default options: the test environment, 10 s for a call, 5 s for connecting.
    pub fn new(app_key: impl Into<String>, secret_key: impl Into<Secret>) -> Self {
        Self {
            app_key: app_key.into(),
            secret_key: secret_key.into(),
            previous_secret_keys: Vec::new(),
            environment: Environment::default(),
            base_url: None,
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            response_verification: ResponseVerification::default(),
            payment_info: PaymentInfoPolicy::default(),
            ca_file: None,
            proxy: None,
            observer: None,
        }
    }

    /// Options from `NETGIRO_APP_KEY` and `NETGIRO_SECRET_KEY`, and if set `NETGIRO_ENVIRONMENT`,
    /// `NETGIRO_BASE_URL` and `NETGIRO_PAYMENT_INFO`.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(variable)
    }

    /// The same from variables that are kept elsewhere than in the process's environment, each looked
    /// up by its name; empty counts as unset.
    pub fn from_variables(lookup: impl Fn(&str) -> Result<Option<String>>) -> Result<Self> {
        let variable = |name| Ok(lookup(name)?.filter(|value| !value.is_empty()));
        let required = |name| {
            variable(name)?.ok_or_else(|| {
                Error::configuration(format!(
                    "{name} is not set: from_env reads the keys from NETGIRO_APP_KEY and NETGIRO_SECRET_KEY"
                ))
            })
        };
        let mut options = Self::new(
            required("NETGIRO_APP_KEY")?,
            required("NETGIRO_SECRET_KEY")?,
        );
        if let Some(environment) = variable("NETGIRO_ENVIRONMENT")? {
            options.environment = environment.parse()?;
        }
        options.base_url = variable("NETGIRO_BASE_URL")?;
        if let Some(policy) = variable("NETGIRO_PAYMENT_INFO")? {
            options.payment_info = policy.parse()?;
        }
        Ok(options)
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // They are not checked yet: a key may be where it does not belong.
        let proxy = self.proxy.as_deref().map(Proxy::parse);
        let app_key = Uuid::parse_str(&self.app_key).map_err(|_| quote::word(&self.app_key));
        f.debug_struct("ClientOptions")
            .field("app_key", &app_key)
            .field("secret_key", &self.secret_key)
            .field("previous_secret_keys", &self.previous_secret_keys)
            .field("environment", &self.environment)
            .field("base_url", &self.base_url.as_deref().map(quote::url))
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_verification", &self.response_verification)
            .field("payment_info", &self.payment_info)
            .field("ca_file", &self.ca_file.as_deref().map(quote::path))
            .field("proxy", &proxy)
            .field("observer", &self.observer)
            .finish()
    }
}

/// A variable of the process's environment.
fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Error::configuration(format!("{name} is not valid text")))
        }
    }
}

/// Checked options.
#[derive(Debug)]
pub(crate) struct Settings {
    /// As it is sent with every request.
    pub(crate) app_key: HeaderValue,
    pub(crate) secret_key: Secret,
    pub(crate) previous_secret_keys: Vec<Secret>,
    pub(crate) base_url: Url,
    pub(crate) is_loopback: bool,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_verification: ResponseVerification,
    pub(crate) payment_info: PaymentInfoPolicy,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) observer: Option<Observer>,
    /// The trusted authorities, once a call has needed them.
    pub(crate) roots: OnceLock<Arc<RootCertStore>>,
    /// What the server has said for good, and about which cart.
    pub(crate) final_answers: FinalAnswers,
    /// How often it is looked into why a callback does not verify.
    pub(crate) diagnoses: Allowance,
    pub(crate) server_clock: ServerClock,
    checkout_urls: [Url; Endpoint::CHECKOUT.len()],
}

impl Settings {
    pub(crate) fn new(options: ClientOptions) -> Result<Self> {
        if Uuid::parse_str(&options.app_key).is_err() {
            return Err(Error::configuration(format!(
                "app_key must be the ApplicationId, a GUID such as 881E674F-7891-4C20-AFD8-56FE2624C4B5; \
                 got {} characters that are none",
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
        let base_url = base_url(given)?;
        let proxy = options.proxy.as_deref().map(Proxy::parse).transpose()?;
        if proxy.is_none() && !is_loopback(&base_url) {
            proxy::check_environment(&base_url)?;
        }
        if let Some(proxy) = &proxy
            && base_url.scheme() == "http"
            && !is_loopback(proxy.expose())
        {
            return Err(Error::configuration(format!(
                "proxy {proxy} would get the keys and the orders in the clear, since base_url is http: use https"
            )));
        }
        Ok(Self {
            checkout_urls: Endpoint::CHECKOUT.map(|endpoint| {
                let path = format!("{}Checkout/{}", base_url.path(), endpoint.name());
                with_path(&base_url, &path)
            }),
            is_loopback: is_loopback(&base_url),
            base_url,
            app_key: HeaderValue::try_from(options.app_key)
                .map_err(|_| Error::configuration("app_key cannot be sent as a header"))?,
            secret_key: options.secret_key,
            previous_secret_keys: options.previous_secret_keys,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            response_verification: options.response_verification,
            payment_info: options.payment_info,
            ca_file: options.ca_file,
            proxy,
            observer: options.observer,
            roots: OnceLock::new(),
            final_answers: FinalAnswers::default(),
            diagnoses: Allowance::default(),
            server_clock: ServerClock::new(),
        })
    }

    /// Whether any connection is one of TLS.
    pub(crate) fn uses_tls(&self) -> bool {
        let proxy = self.proxy.as_ref();
        self.base_url.scheme() == "https"
            || proxy.is_some_and(|proxy| proxy.expose().scheme() == "https")
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
        let Some(beside) = self.base_url.path().strip_suffix("/v1/") else {
            return Err(Error::configuration(format!(
                "settlements are in the API's V2, which is found where base_url ends in /v1/; it is {}",
                quote::url(self.base_url.as_str())
            )));
        };
        Ok(with_path(&self.base_url, &format!("{beside}/v2/{path}")))
    }
}

/// The same URL with another path.
fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}

fn secret_key(option: &str, secret: &Secret) -> Result<()> {
    let secret = secret.expose();
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

/// A base URL in the spelling that is sent, and so signed, ending in a slash.
fn base_url(text: &str) -> Result<Url> {
    let refused = |why: &str| {
        Err(Error::configuration(format!(
            "base_url must be https, or http on loopback, such as {}: {why}; got {}",
            Environment::Test.base_url(),
            quote::url(text)
        )))
    };
    let Ok(mut url) = Url::parse(text.trim()) else {
        return refused(if text.is_ascii() {
            "it is no absolute URL"
        } else {
            "it is no absolute URL whose host is written in ASCII, as xn--…"
        });
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::configuration(
            "base_url must not hold a user name or a password",
        ));
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

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}
