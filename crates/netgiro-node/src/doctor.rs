//! `doctor()`.

use napi::bindgen_prelude::Function;
use napi_derive::napi;
use netgiro::{DoctorClient, DoctorOptions, DoctorReport, Result};
use serde::Serialize;

use crate::arguments::client_options::lookup;
use crate::arguments::scalars::{milliseconds, set, word};
use crate::reply::error_reply;
use crate::runtime::port::Port;

/// What `doctor` takes.
#[napi(object, object_to_js = false)]
pub struct DoctorInput {
    /// The URL of the shop's callback route.
    pub callback: Option<String>,
    /// The callback URL as it is registered.
    pub registered_url: Option<String>,
    /// In milliseconds.
    pub timeout_ms: Option<f64>,
    /// The ApplicationId.
    pub app_key: Option<String>,
    /// The SecretKey.
    pub secret_key: Option<String>,
    /// A word.
    pub environment: Option<String>,
    /// A word.
    pub api: Option<String>,
    /// Another base URL.
    pub base_url: Option<String>,
    /// A PEM file.
    pub ca_file: Option<String>,
}

/// The report, and its text.
#[derive(Serialize)]
struct ReportView {
    #[serde(flatten)]
    report: DoctorReport,
    text: String,
}

/// Looks at a shop's set-up; `variable` looks a name up in JavaScript's `process.env`.
#[napi(catch_unwind)]
pub fn doctor(
    port: &Port,
    call: u32,
    input: DoctorInput,
    variable: Function<'_, String, Option<String>>,
) -> Option<String> {
    match options(input) {
        Ok((client, options)) => {
            let client = client.options(lookup(variable));
            port.start(call, move || async move {
                let report = netgiro::doctor(client, options).await?;
                let text = report.to_string();
                Ok(ReportView { report, text })
            })
        }
        Err(refused) => Some(error_reply(&refused)),
    }
}

fn options(input: DoctorInput) -> Result<(DoctorClient, DoctorOptions)> {
    let mut options = DoctorOptions {
        callback: input.callback,
        registered_url: input.registered_url,
        ..DoctorOptions::default()
    };
    set(&mut options.timeout, input.timeout_ms, |ms| {
        milliseconds("timeoutMs", ms)
    })?;
    let client = DoctorClient {
        app_key: input.app_key,
        secret_key: input.secret_key,
        environment: input.environment.map(word).transpose()?,
        api: input.api.map(word).transpose()?,
        base_url: input.base_url,
        ca_file: input.ca_file.map(Into::into),
    };
    Ok((client, options))
}
