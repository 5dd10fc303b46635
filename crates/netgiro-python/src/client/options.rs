//! What a client is made with.

use std::sync::Arc;

use netgiro::{ClientOptions, Secret};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::convert;
use crate::convert::argument::{ArgumentInput, read_arguments, unseen};
use crate::errors::OrRaise;
use crate::panics;
use crate::runtime::blocking::Connections;
use crate::runtime::logging;

/// The options of both classes, as Python gives them.
pub(crate) struct ClientArgs<'a, 'py> {
    pub(crate) app_key: &'a Bound<'py, PyAny>,
    pub(crate) secret_key: &'a Bound<'py, PyAny>,
    pub(crate) environment: Option<&'a Bound<'py, PyAny>>,
    pub(crate) api: Option<&'a Bound<'py, PyAny>>,
    pub(crate) base_url: Option<&'a Bound<'py, PyAny>>,
    pub(crate) checkout_base_url: Option<&'a Bound<'py, PyAny>>,
    pub(crate) timeout: ArgumentInput<'py>,
    pub(crate) connect_timeout: ArgumentInput<'py>,
    pub(crate) response_verification: Option<&'a Bound<'py, PyAny>>,
    pub(crate) payment_info: Option<&'a Bound<'py, PyAny>>,
    pub(crate) ca_file: Option<&'a Bound<'py, PyAny>>,
    pub(crate) previous_secret_keys: Option<&'a Bound<'py, PyAny>>,
    pub(crate) proxy: Option<&'a Bound<'py, PyAny>>,
}

impl ClientArgs<'_, '_> {
    pub(crate) fn connect(self, py: Python<'_>) -> PyResult<Arc<Connections>> {
        let app_key = unseen("app_key", self.app_key)?;
        let secret_key = unseen("secret_key", self.secret_key)?;
        let mut options = ClientOptions::new(app_key, Secret::from(secret_key));
        if let Some(environment) = self.environment {
            options.environment = convert::word("environment", environment)?;
        }
        if let Some(api) = self.api {
            options.api = convert::word("api", api)?;
        }
        if let Some(mode) = self.response_verification {
            options.response_verification = convert::word("response_verification", mode)?;
        }
        if let Some(policy) = self.payment_info {
            options.payment_info = convert::word("payment_info", policy)?;
        }
        let Self {
            base_url,
            checkout_base_url,
            ca_file,
            proxy,
            ..
        } = self;
        read_arguments!(ca_file);
        options.base_url = base_url.map(|url| unseen("base_url", url)).transpose()?;
        options.checkout_base_url = checkout_base_url
            .map(|url| unseen("checkout_base_url", url))
            .transpose()?;
        options.timeout = convert::seconds_or("timeout", &self.timeout, options.timeout)?;
        options.connect_timeout = convert::seconds_or(
            "connect_timeout",
            &self.connect_timeout,
            options.connect_timeout,
        )?;
        options.ca_file = ca_file;
        if let Some(previous) = self.previous_secret_keys {
            options.previous_secret_keys = convert::secrets("previous_secret_keys", previous)?;
        }
        options.proxy = proxy.map(|url| unseen("proxy", url)).transpose()?;
        options.observer = Some(logging::observer());
        let core = panics::caught(|| netgiro::Client::new(options).or_raise(py))?;
        Ok(Arc::new(Connections::new(core)))
    }
}

/// What `from_env` reads, by the names of the options.
const VARIABLES: [(&str, &str); 6] = [
    ("app_key", "NETGIRO_APP_KEY"),
    ("secret_key", "NETGIRO_SECRET_KEY"),
    ("environment", "NETGIRO_ENVIRONMENT"),
    ("api", "NETGIRO_API"),
    ("base_url", "NETGIRO_BASE_URL"),
    ("payment_info", "NETGIRO_PAYMENT_INFO"),
];

/// A client of a class from the environment. The `__init__` of a subclass is called with the options as keywords, if it
/// takes them.
pub(crate) fn from_env<'py>(
    class: &Bound<'py, PyType>,
    base: &Bound<'py, PyType>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    ClientOptions::from_env().or_raise(py)?;
    let options = PyDict::new(py);
    for (option, variable) in VARIABLES {
        if let Ok(value) = std::env::var(variable)
            && !value.is_empty()
        {
            options.set_item(option, value)?;
        }
    }
    let init = class.getattr(intern!(py, "__init__"))?;
    if init.is(&base.getattr(intern!(py, "__init__"))?) || takes(&init, &options)? {
        return class.call((), Some(&options));
    }
    let made = class.call_method1(intern!(py, "__new__"), (class,))?;
    base.call_method(intern!(py, "__init__"), (&made,), Some(&options))?;
    Ok(made)
}

/// Whether a method takes these keywords.
fn takes(method: &Bound<'_, PyAny>, options: &Bound<'_, PyDict>) -> PyResult<bool> {
    let py = method.py();
    let signature = py
        .import(intern!(py, "inspect"))?
        .call_method1(intern!(py, "signature"), (method,))?;
    let bound = signature.call_method(intern!(py, "bind"), (py.None(),), Some(options));
    Ok(bound.is_ok())
}
