//! `Client` and `AsyncClient`: the same methods over the same futures, once blocking, once awaited.

pub(crate) mod base;
mod captures;
mod checkouts;
mod execution;
mod lookup;
mod many;
mod options;
mod refunds;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::client::base::BaseClient;
use crate::client::execution::Mode;
use crate::client::options::ClientArgs;
use crate::convert::argument::ArgumentInput;
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
// `netgiro.AsyncClient` is derived from it: its methods are coroutine functions, which await these.
#[pyclass(frozen, subclass, weakref, extends = BaseClient, module = "netgiro._netgiro")]
pub(crate) struct AsyncClient {
    #[expect(
        dead_code,
        reason = "members of its own keep a class from being derived from both clients"
    )]
    mode: Mode,
}

/// How each of the two is made: empty by `__new__`, and with its options by `__init__`, so that a class that is derived
/// from it may have an `__init__` with arguments of its own.
macro_rules! constructors {
    ($class:ident, $mode:expr) => {
        #[pymethods]
        impl $class {
            #[new]
            #[pyo3(signature = (*_args, **_options))]
            #[pyo3(text_signature = "(app_key, secret_key, *, environment='test', api='v1', base_url=None, checkout_base_url=None, timeout=10.0, connect_timeout=5.0, response_verification='if_present', payment_info='if_present', ca_file=None, previous_secret_keys=(), proxy=None)")]
            fn new(
                _args: &Bound<'_, PyTuple>,
                _options: Option<&Bound<'_, PyDict>>,
            ) -> PyClassInitializer<Self> {
                PyClassInitializer::from(BaseClient::default()).add_subclass(Self { mode: $mode })
            }

            #[pyo3(signature = (
                app_key, secret_key, *, environment=None, api=None, base_url=None, checkout_base_url=None,
                timeout=ArgumentInput::ABSENT, connect_timeout=ArgumentInput::ABSENT, response_verification=None, payment_info=None,
                ca_file=None, previous_secret_keys=None, proxy=None
            ))]
            #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
            fn __init__(
                slf: &Bound<'_, Self>,
                app_key: &Bound<'_, PyAny>,
                secret_key: &Bound<'_, PyAny>,
                environment: Option<&Bound<'_, PyAny>>,
                api: Option<&Bound<'_, PyAny>>,
                base_url: Option<&Bound<'_, PyAny>>,
                checkout_base_url: Option<&Bound<'_, PyAny>>,
                timeout: ArgumentInput<'_>,
                connect_timeout: ArgumentInput<'_>,
                response_verification: Option<&Bound<'_, PyAny>>,
                payment_info: Option<&Bound<'_, PyAny>>,
                ca_file: Option<&Bound<'_, PyAny>>,
                previous_secret_keys: Option<&Bound<'_, PyAny>>,
                proxy: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<()> {
                let arguments = ClientArgs {
                    app_key,
                    secret_key,
                    environment,
                    api,
                    base_url,
                    checkout_base_url,
                    timeout,
                    connect_timeout,
                    response_verification,
                    payment_info,
                    ca_file,
                    previous_secret_keys,
                    proxy,
                };
                let connections = arguments.connect(slf.py())?;
                slf.as_super().get().make(slf.py(), connections, $mode)
            }

            /// Make a client from NETGIRO_APP_KEY, NETGIRO_SECRET_KEY, NETGIRO_ENVIRONMENT, NETGIRO_API,
            /// NETGIRO_BASE_URL and NETGIRO_PAYMENT_INFO.
            #[classmethod]
            fn from_env<'py>(cls: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
                options::from_env(cls, &cls.py().get_type::<Self>())
            }
        }
    };
}

constructors!(Client, Mode::Blocking);
constructors!(AsyncClient, Mode::Awaited);

#[pymethods]
impl Client {
    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.as_super().get().made(slf.py())?;
        Ok(slf.clone())
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyAny>) -> PyResult<()> {
        slf.as_super().get().shut(slf.py())
    }
}

#[pymethods]
impl AsyncClient {
    fn __aenter__(slf: &Bound<'_, Self>) -> Call {
        let made = slf
            .as_super()
            .get()
            .made(slf.py())
            .map(|_| slf.clone().into_any().unbind());
        Call::ready("__aenter__", made)
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyAny>) -> Call {
        let py = slf.py();
        Call::ready(
            "__aexit__",
            slf.as_super().get().shut(py).map(|()| py.None()),
        )
    }
}
