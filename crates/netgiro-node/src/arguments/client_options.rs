//! What a client is made with.

use napi::bindgen_prelude::Function;
use napi_derive::napi;
use netgiro::{ClientOptions, Error, Result};

use crate::arguments::scalars::{milliseconds, set, word};

/// What a client is made with.
#[napi(object, object_to_js = false)]
pub struct ClientInput {
    /// The ApplicationId.
    pub app_key: String,
    /// The SecretKey.
    pub secret_key: String,
    /// A word.
    pub environment: Option<String>,
    /// A word.
    pub api: Option<String>,
    /// Another base URL.
    pub base_url: Option<String>,
    /// Another base URL of hosted checkouts.
    pub checkout_base_url: Option<String>,
    /// In milliseconds.
    pub timeout_ms: Option<f64>,
    /// In milliseconds.
    pub connect_timeout_ms: Option<f64>,
    /// A word.
    pub response_verification: Option<String>,
    /// A word.
    pub payment_info: Option<String>,
    /// A PEM file.
    pub ca_file: Option<String>,
    /// Secret keys that are being replaced.
    pub previous_secret_keys: Option<Vec<String>>,
    /// A URL.
    pub proxy: Option<String>,
}

/// Looks names up in JavaScript's `process.env`.
pub(crate) fn lookup(
    variable: Function<'_, String, Option<String>>,
) -> impl Fn(&str) -> Result<Option<String>> {
    move |name| {
        let found = variable.call(name.to_owned());
        found.map_err(|_| Error::configuration(format!("{name} is not valid text")))
    }
}

pub(crate) fn client_options(input: ClientInput) -> Result<ClientOptions> {
    let mut options = ClientOptions::new(input.app_key, input.secret_key);
    let previous = input.previous_secret_keys.unwrap_or_default();
    options.previous_secret_keys = previous.into_iter().map(Into::into).collect();
    options.base_url = input.base_url;
    options.checkout_base_url = input.checkout_base_url;
    options.ca_file = input.ca_file.map(Into::into);
    options.proxy = input.proxy;
    set(&mut options.environment, input.environment, word)?;
    set(&mut options.api, input.api, word)?;
    set(
        &mut options.response_verification,
        input.response_verification,
        word,
    )?;
    set(&mut options.payment_info, input.payment_info, word)?;
    set(&mut options.timeout, input.timeout_ms, |ms| {
        milliseconds("timeoutMs", ms)
    })?;
    set(
        &mut options.connect_timeout,
        input.connect_timeout_ms,
        |ms| milliseconds("connectTimeoutMs", ms),
    )?;
    Ok(options)
}
