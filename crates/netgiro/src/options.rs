//! What a client is made with, parsed and checked once.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;

use crate::events::Observer;
use crate::model::api_version::ApiVersion;
use crate::model::cart::payment_info::PaymentInfoPolicy;
use crate::model::error::{Error, Result};
use crate::model::text::quote;
use crate::model::text::words::words;
use crate::model::values::proxy::Proxy;
use crate::model::values::secret::Secret;

words! {
    /// Which Netgíró to talk to.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub enum Environment {
        /// `https://api.test.netgiro.is/v1/`
        #[default]
        Test = "test",
        /// `https://api.netgiro.is/v1/`
        Production = "production",
    }

    /// Every environment.
    const ALL;
    argument "environment", quote::word, Error::configuration;
}

impl Environment {
    /// Where its API is.
    #[must_use]
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::Test => "https://api.test.netgiro.is/v1/",
            Self::Production => "https://api.netgiro.is/v1/",
        }
    }

    /// Where its hosted checkout is.
    #[must_use]
    pub const fn checkout_base_url(self) -> &'static str {
        match self {
            Self::Test => "https://securepay.test.netgiro.is/v1/",
            Self::Production => "https://securepay.netgiro.is/v1/",
        }
    }
}

words! {
    /// What to do about the signatures of answers. A wrong one is always refused, except with `Off`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub enum ResponseVerification {
        /// An answer without a signature is refused.
        Required = "required",
        /// An answer without a signature is accepted.
        #[default]
        IfPresent = "if_present",
        /// Signatures are not looked at.
        Off = "off",
    }

    /// Every mode.
    const ALL;
    argument "response_verification", quote::word, Error::configuration;
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
    /// Which API carts are inserted, checked, confirmed and canceled by.
    pub api: ApiVersion,
    /// Another base URL than the environment's: https, or http on loopback. All APIs are at its origin: V1 under `/v1/`,
    /// V2 under `/v2/`, whichever of the two it names.
    pub base_url: Option<String>,
    /// Where hosted checkouts are created, instead of the environment's, or of `/v1/` beside a `base_url`: https, or
    /// http on loopback.
    pub checkout_base_url: Option<String>,
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
            api: ApiVersion::default(),
            base_url: None,
            checkout_base_url: None,
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            response_verification: ResponseVerification::default(),
            payment_info: PaymentInfoPolicy::default(),
            ca_file: None,
            proxy: None,
            observer: None,
        }
    }

    /// Options from `NETGIRO_APP_KEY` and `NETGIRO_SECRET_KEY`, and if set `NETGIRO_ENVIRONMENT`, `NETGIRO_API`,
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
        if let Some(api) = variable("NETGIRO_API")? {
            options.api = api.parse()?;
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
            .field("api", &self.api)
            .field("base_url", &self.base_url.as_deref().map(quote::url))
            .field(
                "checkout_base_url",
                &self.checkout_base_url.as_deref().map(quote::url),
            )
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
#[doc(hidden)]
pub fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Error::configuration(format!("{name} is not valid text")))
        }
    }
}
