//! What a client is made with.

use std::path::PathBuf;
use std::sync::Arc;

use netgiro::ClientOptions;
use pyo3::prelude::*;

use crate::convert;
use crate::errors::OrRaise;
use crate::panics;
use crate::runtime::blocking::Connections;
use crate::runtime::logging;

/// The options of both classes, as Python gives them.
pub(crate) struct ClientArgs<'a, 'py> {
    pub(crate) environment: Option<&'a Bound<'py, PyAny>>,
    pub(crate) base_url: Option<String>,
    pub(crate) timeout: f64,
    pub(crate) connect_timeout: f64,
    pub(crate) response_verification: Option<&'a Bound<'py, PyAny>>,
    pub(crate) payment_info: Option<&'a Bound<'py, PyAny>>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) previous_secret_keys: Option<&'a Bound<'py, PyAny>>,
    pub(crate) proxy: Option<String>,
}

impl ClientArgs<'_, '_> {
    pub(crate) fn connect(
        self,
        py: Python<'_>,
        app_key: &str,
        secret_key: &str,
    ) -> PyResult<Arc<Connections>> {
        let mut options = ClientOptions::new(app_key, secret_key);
        if let Some(environment) = self.environment {
            options.environment = convert::word(environment)?;
        }
        if let Some(mode) = self.response_verification {
            options.response_verification = convert::word(mode)?;
        }
        if let Some(policy) = self.payment_info {
            options.payment_info = convert::word(policy)?;
        }
        options.base_url = self.base_url;
        options.timeout = convert::seconds(py, "timeout", self.timeout)?;
        options.connect_timeout = convert::seconds(py, "connect_timeout", self.connect_timeout)?;
        options.ca_file = self.ca_file;
        if let Some(previous) = self.previous_secret_keys {
            options.previous_secret_keys = convert::secrets("previous_secret_keys", previous)?;
        }
        options.proxy = self.proxy;
        connect(options, py)
    }
}

pub(crate) fn connect(mut options: ClientOptions, py: Python<'_>) -> PyResult<Arc<Connections>> {
    options.observer = Some(logging::observer());
    let core = panics::caught(|| netgiro::Client::new(options).or_raise(py))?;
    Ok(Arc::new(Connections::new(core)))
}
