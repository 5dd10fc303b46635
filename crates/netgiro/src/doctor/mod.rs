//! What is wrong with a shop's set-up: its keys, the way to Netgíró, and its callback route.
//!
//! The connection is tried as a client would use it. The callback route gets signed callbacks about a cart that does not
//! exist, and forged ones; `findings` decides what its answers mean.

mod callback;
mod callback_route;
mod connection;
mod findings;
mod report;
mod variants;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::http::settings::is_loopback;
use crate::model::api_version::ApiVersion;
use crate::model::error::{Error, Result};
use crate::model::text::quote;
use crate::options::{ClientOptions, Environment};

pub use report::{DoctorCheck, DoctorReport};

/// What the doctor looks at.
#[derive(Clone, Debug)]
pub struct DoctorOptions {
    /// The URL of the shop's callback route, to which test callbacks are posted; `None` leaves it out.
    pub callback: Option<String>,
    /// The callback URL as InsertCart gets it, and as callbacks are signed for it, where it is another than `callback`:
    /// that of a tunnel or a proxy.
    pub registered_url: Option<String>,
    /// How long the shop may take to answer a callback. Netgíró waits about five seconds.
    pub timeout: Duration,
}

impl Default for DoctorOptions {
    fn default() -> Self {
        Self {
            callback: None,
            registered_url: None,
            timeout: Duration::from_secs(5),
        }
    }
}

/// A client's options as a caller gives them, each instead of the environment's.
#[doc(hidden)]
#[derive(Default)]
pub struct DoctorClient {
    pub app_key: Option<String>,
    pub secret_key: Option<String>,
    pub environment: Option<Environment>,
    pub api: Option<ApiVersion>,
    pub base_url: Option<String>,
    pub ca_file: Option<PathBuf>,
}

impl DoctorClient {
    /// The options of the client, or why there are none; `lookup` finds a variable of the environment.
    pub fn options(self, lookup: impl Fn(&str) -> Result<Option<String>>) -> Result<ClientOptions> {
        let (app_key, secret_key) = (self.app_key, self.secret_key);
        let mut options = ClientOptions::from_variables(|name| match name {
            "NETGIRO_APP_KEY" if app_key.is_some() => Ok(app_key.clone()),
            "NETGIRO_SECRET_KEY" if secret_key.is_some() => Ok(secret_key.clone()),
            name => lookup(name),
        })?;
        if let Some(environment) = self.environment {
            options.environment = environment;
            // The base URL in the variable belongs to the environment in the variable.
            options.base_url = None;
        }
        options.api = self.api.unwrap_or(options.api);
        options.base_url = self.base_url.or(options.base_url);
        options.ca_file = self.ca_file;
        Ok(options)
    }
}

/// Looks at a shop's set-up, and says what is wrong and what mends it.
///
/// `client` are the options of the shop's client, or why there are none. A check is sent for a cart that does not
/// exist. With [`callback`](DoctorOptions::callback), test callbacks about such a cart are posted there, rightly signed and
/// forged; a sound shop changes nothing. Redirects are not followed.
///
/// Fails only for options of the doctor that cannot be used; whatever else is wrong is in the report.
pub async fn doctor(client: Result<ClientOptions>, options: DoctorOptions) -> Result<DoctorReport> {
    if options.timeout.is_zero() {
        return Err(Error::configuration("timeout must be longer than 0; got 0"));
    }
    let target = options.callback.as_deref().map(callback_url).transpose()?;
    if options.registered_url.is_some() && target.is_none() {
        return Err(Error::invalid_request(
            "registered_url is the URL that callbacks are signed for: give callback as well, where they are posted",
        ));
    }
    let ca_file = client.as_ref().ok().and_then(|it| it.ca_file.clone());
    let (mut checks, secret_key) = connection::examine(client).await;
    if let (Some(url), Some(given)) = (target, options.callback) {
        let route = callback_route::CallbackRoute {
            registered: options.registered_url.unwrap_or(given),
            secret_key,
            timeout: options.timeout,
            // Netgíró does not know the shop's own authority, and does not reach this machine anyway.
            ca_file: ca_file.filter(|_| is_loopback(&url)),
            url,
        };
        checks.extend(callback::examine(route).await);
    }
    Ok(DoctorReport { checks })
}

fn callback_url(text: &str) -> Result<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| {
            Error::invalid_request(format!(
                "callback must be the http or https URL of the shop's callback route, such as \
                 http://127.0.0.1:8000/netgiro/callback; got {}",
                quote::url(text)
            ))
        })
}
