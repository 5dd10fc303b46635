//! `Client` and `AsyncClient`: the same methods over the same futures, once blocking, once awaited.

pub(crate) mod base;
mod execution;
mod many;
mod options;

use std::path::PathBuf;
use std::sync::Arc;

use netgiro::ClientOptions;
use pyo3::prelude::*;

use crate::client::base::BaseClient;
use crate::client::execution::Mode;
use crate::client::options::{ClientArgs, connect};
use crate::errors::OrRaise;
use crate::runtime::blocking::Connections;
use crate::runtime::coroutine::Call;

/// Talks to Netgíró for one shop, and blocks until there is an answer.
///
/// Safe to share between threads; other threads run while one waits. Nothing is opened before the
/// first call. After a fork the child opens connections of its own.
#[pyclass(frozen, subclass, weakref, extends = BaseClient, module = "netgiro")]
pub(crate) struct Client {
    #[expect(
        dead_code,
        reason = "members of its own keep a class from being derived from both clients"
    )]
    mode: Mode,
}

/// Talks to Netgíró for one shop, awaited on asyncio or uvloop.
///
/// One client serves any number of event loops and threads. Nothing is opened before the first call.
/// Cancelling a task ends its call at once, and leaves the cart as it is.
#[pyclass(frozen, subclass, weakref, extends = BaseClient, module = "netgiro")]
pub(crate) struct AsyncClient {
    #[expect(
        dead_code,
        reason = "members of its own keep a class from being derived from both clients"
    )]
    mode: Mode,
}

/// How each of the two is made.
macro_rules! constructors {
    ($class:ident, $mode:expr) => {
        impl $class {
            fn over(connections: Arc<Connections>) -> PyClassInitializer<Self> {
                let base = BaseClient::new(connections, $mode);
                PyClassInitializer::from(base).add_subclass(Self { mode: $mode })
            }
        }

        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (
                app_key, secret_key, *, environment=None, base_url=None, timeout=10.0,
                connect_timeout=5.0, response_verification=None, payment_info=None, ca_file=None,
                previous_secret_keys=None, proxy=None
            ))]
            #[pyo3(text_signature = "(app_key, secret_key, *, environment='test', base_url=None, timeout=10.0, connect_timeout=5.0, response_verification='if_present', payment_info='if_present', ca_file=None, previous_secret_keys=(), proxy=None)")]
            #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
            fn new(
                py: Python<'_>,
                app_key: &str,
                secret_key: &str,
                environment: Option<&Bound<'_, PyAny>>,
                base_url: Option<String>,
                timeout: f64,
                connect_timeout: f64,
                response_verification: Option<&Bound<'_, PyAny>>,
                payment_info: Option<&Bound<'_, PyAny>>,
                ca_file: Option<PathBuf>,
                previous_secret_keys: Option<&Bound<'_, PyAny>>,
                proxy: Option<String>,
            ) -> PyResult<PyClassInitializer<Self>> {
                let arguments = ClientArgs {
                    environment,
                    base_url,
                    timeout,
                    connect_timeout,
                    response_verification,
                    payment_info,
                    ca_file,
                    previous_secret_keys,
                    proxy,
                };
                let connections = arguments.connect(py, app_key, secret_key)?;
                Ok(Self::over(connections))
            }

            /// Make a client from NETGIRO_APP_KEY, NETGIRO_SECRET_KEY, NETGIRO_ENVIRONMENT,
            /// NETGIRO_BASE_URL and NETGIRO_PAYMENT_INFO.
            #[staticmethod]
            fn from_env(py: Python<'_>) -> PyResult<Py<Self>> {
                let connections = connect(ClientOptions::from_env().or_raise(py)?, py)?;
                Py::new(py, Self::over(connections))
            }
        }
    };
}

constructors!(Client, Mode::Blocking);
constructors!(AsyncClient, Mode::Awaited);

#[pymethods]
impl Client {
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyAny>) {
        slf.as_super().get().execution.connections.close();
    }
}

#[pymethods]
impl AsyncClient {
    fn __aenter__(slf: Py<Self>) -> Call {
        Call::ready("__aenter__", Ok(slf.into_any()))
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyAny>) -> Call {
        slf.as_super().get().execution.connections.close();
        Call::ready("__aexit__", Ok(slf.py().None()))
    }
}
