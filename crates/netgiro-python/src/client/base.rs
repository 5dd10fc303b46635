//! `Client` and `AsyncClient`: the same methods over the same futures, once blocking, once awaited.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use netgiro::{ClientOptions, Error, InsertAttempt, WaitOptions, Watch};
use pyo3::intern;
use pyo3::prelude::*;

use crate::bulk::results::CheckResults;
use crate::bulk::{self, Given, PartialResults};
use crate::convert;
use crate::errors::OrRaise;
use crate::panics;
use crate::reconcile::settlements;
use crate::runtime::Connections;
use crate::runtime::abandoned_insert;
use crate::runtime::call_state;
use crate::runtime::coroutine::Call;
use crate::runtime::event::{Event, Reporter};
use crate::runtime::iterators::{AsyncStream, SyncStream};
use crate::runtime::logging;
use crate::values::ToPython;
use crate::values::callback::Parts;
use crate::values::new_cart::NewCartArgs;
use crate::values::poll::{self, PollPolicy};

/// Talks to Netgíró for one shop, and blocks until there is an answer.
///
/// Safe to share between threads; other threads run while one waits. Nothing is opened before the
/// first call. After a fork the child opens connections of its own.
#[pyclass(frozen, subclass, weakref, module = "netgiro")]
pub(crate) struct Client {
    connections: Arc<Connections>,
}

/// Talks to Netgíró for one shop, awaited on asyncio or uvloop.
///
/// One client serves any number of event loops and threads. Nothing is opened before the first call.
/// Cancelling a task ends its call at once, and leaves the cart as it is.
#[pyclass(frozen, subclass, weakref, module = "netgiro")]
pub(crate) struct AsyncClient {
    connections: Arc<Connections>,
}

/// How a client carries out a call.
trait Execution: Sized {
    /// Carries out a call that brings one outcome; what was wrong with its arguments is raised where
    /// the outcome would be.
    fn run<T, F, J>(
        &self,
        py: Python<'_>,
        name: &'static str,
        on_event: Option<Py<PyAny>>,
        job: PyResult<J>,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: ToPython + Send + 'static;

    /// Carries out an InsertCart; what breaks it off says whether the customer may have been asked.
    fn insert(&self, py: Python<'_>, attempt: PyResult<InsertAttempt>) -> PyResult<Py<PyAny>>;

    /// An iterator over what a call brings.
    fn stream<F, J>(
        &self,
        py: Python<'_>,
        on_progress: Option<Py<PyAny>>,
        job: J,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send + 'static;
}

impl Execution for Client {
    fn run<T, F, J>(
        &self,
        py: Python<'_>,
        _: &'static str,
        on_event: Option<Py<PyAny>>,
        job: PyResult<J>,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: ToPython + Send + 'static,
    {
        self.connections
            .block_on(py, on_event.as_ref(), job?)?
            .or_raise(py)?
            .to_python(py)
    }

    fn insert(&self, py: Python<'_>, attempt: PyResult<InsertAttempt>) -> PyResult<Py<PyAny>> {
        let attempt = attempt?;
        let outcome = self
            .connections
            .block_on(py, None, insert(attempt.clone()))
            // A signal that came last would be handled on the way back to the caller, who would not get the cart.
            .and_then(|outcome| py.check_signals().map(|()| outcome))
            .inspect_err(|raised| abandoned_insert::give_up(py, &attempt, Some(raised)))?;
        outcome.or_raise(py)?.to_python(py)
    }

    fn stream<F, J>(
        &self,
        py: Python<'_>,
        on_progress: Option<Py<PyAny>>,
        job: J,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let start = call_state::prepare(&self.connections, job);
        Ok(Py::new(py, SyncStream::new(start, on_progress))?.into_any())
    }
}

impl Execution for AsyncClient {
    fn run<T, F, J>(
        &self,
        py: Python<'_>,
        name: &'static str,
        on_event: Option<Py<PyAny>>,
        job: PyResult<J>,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        T: ToPython + Send + 'static,
    {
        let call = match job {
            Ok(job) => Call::new(name, on_event, call_state::prepare(&self.connections, job)),
            Err(refused) => Call::ready(name, Err(refused)),
        };
        Ok(Py::new(py, call)?.into_any())
    }

    fn insert(&self, py: Python<'_>, attempt: PyResult<InsertAttempt>) -> PyResult<Py<PyAny>> {
        const NAME: &str = "insert_cart";
        let call = match attempt {
            Ok(attempt) => {
                let start = call_state::prepare(&self.connections, insert(attempt.clone()));
                Call::new(NAME, None, start).of_insert(attempt)
            }
            Err(refused) => Call::ready(NAME, Err(refused)),
        };
        Ok(Py::new(py, call)?.into_any())
    }

    fn stream<F, J>(
        &self,
        py: Python<'_>,
        on_progress: Option<Py<PyAny>>,
        job: J,
    ) -> PyResult<Py<PyAny>>
    where
        J: FnOnce(netgiro::Client, Reporter) -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let start = call_state::prepare(&self.connections, job);
        Ok(Py::new(py, AsyncStream::new(start, on_progress))?.into_any())
    }
}

/// What carries out an attempt.
fn insert(
    attempt: InsertAttempt,
) -> impl FnOnce(netgiro::Client, Reporter) -> BoxFuture<'static, Result<netgiro::Cart, Error>> {
    move |client, _| async move { client.insert(&attempt).await }.boxed()
}

/// Reports every change, and gives the last state.
async fn follow(mut watch: Watch, reporter: Reporter) -> Result<netgiro::CartState, Error> {
    while let Some(change) = watch.next().await {
        reporter.report(Event::State(change?));
    }
    watch.finish().await
}

fn wait_options(
    py: Python<'_>,
    timeout: f64,
    policy: Option<&Bound<'_, PollPolicy>>,
) -> PyResult<WaitOptions> {
    Ok(WaitOptions {
        timeout: convert::seconds(py, "timeout", timeout)?,
        policy: convert::policy(policy),
    })
}

/// The options that both classes are made with, and `Simulator.client()` too.
pub(crate) struct Options<'a, 'py> {
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

impl Options<'_, '_> {
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

fn connect(mut options: ClientOptions, py: Python<'_>) -> PyResult<Arc<Connections>> {
    options.observer = Some(logging::observer());
    let core = panics::caught(|| netgiro::Client::new(options).or_raise(py))?;
    Ok(Arc::new(Connections::new(core)))
}

impl Client {
    pub(crate) fn over(connections: Arc<Connections>) -> Self {
        Self { connections }
    }
}

impl AsyncClient {
    pub(crate) fn over(connections: Arc<Connections>) -> Self {
        Self { connections }
    }
}

/// The methods of both clients, said once: only how a call is carried out differs.
macro_rules! client_methods {
    ($class:ident { $($own:tt)* }) => {
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
            ) -> PyResult<Self> {
                let options = Options {
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
                options.connect(py, app_key, secret_key).map(Self::over)
            }

            /// Make a client from NETGIRO_APP_KEY, NETGIRO_SECRET_KEY, NETGIRO_ENVIRONMENT,
            /// NETGIRO_BASE_URL and NETGIRO_PAYMENT_INFO.
            #[staticmethod]
            fn from_env(py: Python<'_>) -> PyResult<Self> {
                connect(ClientOptions::from_env().or_raise(py)?, py).map(Self::over)
            }

            /// Where the calls go: the base URL.
            #[getter]
            fn base_url(&self) -> &str {
                self.connections.core().base_url()
            }

            /// Ask a customer to pay; returns the Cart.
            ///
            /// `amount` is in whole krónur: an int, text or a Decimal without a fraction. Sent once: what
            /// may have reached the server is never sent again, and OutcomeUnknownError says so.
            #[pyo3(signature = (
                *, amount, reference, customer_id, confirmation_type=None, callback_url=None,
                callback_cancel_url=None, description=None, items=None, location_id=None,
                register_id=None
            ))]
            #[pyo3(text_signature = "($self, *, amount, reference, customer_id, confirmation_type='automatic', callback_url=None, callback_cancel_url=None, description=None, items=None, location_id=None, register_id=None)")]
            #[expect(clippy::too_many_arguments, reason = "as many as a cart has members")]
            fn insert_cart(
                &self,
                py: Python<'_>,
                amount: &Bound<'_, PyAny>,
                reference: &Bound<'_, PyAny>,
                customer_id: &str,
                confirmation_type: Option<&Bound<'_, PyAny>>,
                callback_url: Option<String>,
                callback_cancel_url: Option<String>,
                description: Option<String>,
                items: Option<&Bound<'_, PyAny>>,
                location_id: Option<String>,
                register_id: Option<String>,
            ) -> PyResult<Py<PyAny>> {
                let arguments = NewCartArgs {
                    amount,
                    reference,
                    customer_id,
                    confirmation_type,
                    callback_url,
                    callback_cancel_url,
                    description,
                    items,
                    location_id,
                    register_id,
                };
                self.insert(py, arguments.read(py).map(InsertAttempt::new))
            }

            /// Ask where a cart stands; returns a CartState, with what the server says: `canceled` may also mean that it
            /// has no such cart, or does not have it yet. To wait is to be sure.
            #[pyo3(signature = (transaction_id))]
            fn check_cart(
                &self,
                py: Python<'_>,
                transaction_id: &Bound<'_, PyAny>,
            ) -> PyResult<Py<PyAny>> {
                let job = convert::cart_ref(transaction_id).map(|cart| {
                    move |client: netgiro::Client, _: Reporter| async move {
                        client.check_cart(cart).await
                    }
                });
                self.run(py, "check_cart", None, job)
            }

            /// Cancel a cart and read the answer; returns a CartState: `canceled`, or `confirmed` when
            /// the customer was first.
            ///
            /// That it is paid is believed of CheckCart alone, which is asked once then, and whose answer or
            /// error this gives: also `pending`, say. Where CheckCart says that the cart ended unpaid, the two
            /// contradict each other, which is a ProtocolError: ask again.
            #[pyo3(signature = (transaction_id))]
            fn cancel_cart(
                &self,
                py: Python<'_>,
                transaction_id: &Bound<'_, PyAny>,
            ) -> PyResult<Py<PyAny>> {
                let job = convert::cart_ref(transaction_id).map(|cart| {
                    move |client: netgiro::Client, _: Reporter| async move {
                        client.cancel_cart(cart).await
                    }
                });
                self.run(py, "cancel_cart", None, job)
            }

            /// Confirm a reserved cart, or send the customer's SMS code as `identifier`; returns a
            /// CartState.
            #[pyo3(signature = (transaction_id, identifier=None))]
            fn confirm_cart(
                &self,
                py: Python<'_>,
                transaction_id: &Bound<'_, PyAny>,
                identifier: Option<String>,
            ) -> PyResult<Py<PyAny>> {
                let job = convert::cart_ref(transaction_id).map(|cart| {
                    move |client: netgiro::Client, _: Reporter| async move {
                        client.confirm_cart(cart, identifier.as_deref()).await
                    }
                });
                self.run(py, "confirm_cart", None, job)
            }

            /// Wait until polling alone cannot change the cart any more; returns its CartState.
            ///
            /// `on_update` is called with a CartState for each change. Raises WaitTimeoutError after
            /// `timeout` seconds; the cart is then still open.
            #[pyo3(signature = (cart, *, timeout=180.0, policy=None, on_update=None))]
            fn wait_for_cart(
                &self,
                py: Python<'_>,
                cart: &Bound<'_, PyAny>,
                timeout: f64,
                policy: Option<&Bound<'_, PollPolicy>>,
                on_update: Option<Py<PyAny>>,
            ) -> PyResult<Py<PyAny>> {
                let prepare = || {
                    let cart = convert::cart_ref(cart)?;
                    let options = wait_options(py, timeout, policy)?;
                    Ok(move |client: netgiro::Client, reporter: Reporter| {
                        follow(client.watch_cart(cart, options), reporter)
                    })
                };
                self.run(py, "wait_for_cart", on_update, panics::caught(prepare))
            }

            /// Wait, and cancel after `timeout` seconds; returns a CartState that says whether the
            /// customer was first.
            ///
            /// Never reports `canceled` for a cart that was paid: raises UnresolvedError when the
            /// truth cannot be learnt within another minute.
            #[pyo3(signature = (cart, *, timeout=180.0, policy=None, on_update=None))]
            fn settle_cart(
                &self,
                py: Python<'_>,
                cart: &Bound<'_, PyAny>,
                timeout: f64,
                policy: Option<&Bound<'_, PollPolicy>>,
                on_update: Option<Py<PyAny>>,
            ) -> PyResult<Py<PyAny>> {
                let prepare = || {
                    let cart = convert::cart_ref(cart)?;
                    let options = wait_options(py, timeout, policy)?;
                    Ok(move |client: netgiro::Client, reporter: Reporter| {
                        follow(client.watch_settling(cart, options), reporter)
                    })
                };
                self.run(py, "settle_cart", on_update, panics::caught(prepare))
            }

            /// Iterate over the changes of a cart, a CartState each, until polling alone cannot change
            /// it any more.
            ///
            /// Raises WaitTimeoutError after `timeout` seconds. Checks keep to their schedule whatever
            /// is done between two items.
            #[pyo3(signature = (cart, *, timeout=180.0, policy=None))]
            fn watch_cart(
                &self,
                py: Python<'_>,
                cart: &Bound<'_, PyAny>,
                timeout: f64,
                policy: Option<&Bound<'_, PollPolicy>>,
            ) -> PyResult<Py<PyAny>> {
                let cart = convert::cart_ref(cart)?;
                let options = wait_options(py, timeout, policy)?;
                self.stream(py, None, move |client: netgiro::Client, reporter: Reporter| async move {
                    follow(client.watch_cart(cart, options), reporter).await.map(drop)
                })
            }

            /// Check many carts, `concurrency` at a time; returns CheckResults: a CheckResult for each, in
            /// order, and a table as well.
            ///
            /// At most `rate` checks are sent a second, fewer where the server says that it is too much. A
            /// check that fails in a way that may pass is made again for `retry_for` seconds; what a check
            /// fails with in the end is its cart's result. Three refusals of the keys in a row end it all,
            /// as does an outage of `retry_for`: the carts that were not asked about say so.
            ///
            /// What `resume`, earlier CheckResults or the path of a file they were saved in, knows a state
            /// of is not asked again. When the call is interrupted, what is done is in `unfinished`.
            /// `on_progress(done, total)` is called for each that is done. `progress` shows a bar: by
            /// default in notebooks and interactive sessions that have tqdm.
            #[pyo3(signature = (
                ids, *, concurrency=None, rate=None, retry_for=None, resume=None, on_progress=None,
                progress=None
            ))]
            #[pyo3(text_signature = "($self, ids, *, concurrency=32, rate=None, retry_for=30.0, resume=None, on_progress=None, progress=None)")]
            #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
            fn check_many(
                &self,
                py: Python<'_>,
                ids: &Bound<'_, PyAny>,
                concurrency: Option<usize>,
                rate: Option<f64>,
                retry_for: Option<f64>,
                resume: Option<&Bound<'_, PyAny>>,
                on_progress: Option<Py<PyAny>>,
                progress: Option<bool>,
            ) -> PyResult<Py<PyAny>> {
                let mut on_event = None;
                let prepare = || {
                    let given = Given { concurrency, rate, retry_for, resume };
                    let options = given.options(py)?;
                    let carts = convert::cart_refs(ids)?;
                    on_event = bulk::listener(py, on_progress, progress)?;
                    let kept = PartialResults::new(carts.len(), &options);
                    self.connections.store_partial(&kept);
                    let is_heard = on_event.is_some();
                    Ok(move |client: netgiro::Client, reporter: Reporter| {
                        bulk::check_many(client, carts, options, kept, is_heard.then_some(reporter))
                    })
                };
                let job = panics::caught(prepare);
                self.run(py, "check_many", on_event, job)
                    .inspect_err(|raised| bulk::add_resume_note(&self.connections.unfinished, py, raised))
            }

            /// Check many carts as `check_many` does; iterates over a CheckResult for each, as it comes,
            /// those first that `resume` knows.
            #[pyo3(signature = (
                ids, *, concurrency=None, rate=None, retry_for=None, resume=None, on_progress=None,
                progress=None
            ))]
            #[pyo3(text_signature = "($self, ids, *, concurrency=32, rate=None, retry_for=30.0, resume=None, on_progress=None, progress=None)")]
            #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
            fn check_each(
                &self,
                py: Python<'_>,
                ids: &Bound<'_, PyAny>,
                concurrency: Option<usize>,
                rate: Option<f64>,
                retry_for: Option<f64>,
                resume: Option<&Bound<'_, PyAny>>,
                on_progress: Option<Py<PyAny>>,
                progress: Option<bool>,
            ) -> PyResult<Py<PyAny>> {
                let given = Given { concurrency, rate, retry_for, resume };
                let options = given.options(py)?;
                let carts = convert::cart_refs(ids)?;
                let on_progress = bulk::listener(py, on_progress, progress)?;
                self.stream(py, on_progress, move |client: netgiro::Client, reporter: Reporter| {
                    bulk::check_each(client, carts, options, reporter)
                })
            }

            /// The results, as far as they came, of the last `check_many` when it was interrupted; None
            /// when it was not. While one is under way: what it has so far.
            #[getter]
            fn unfinished(&self) -> Option<CheckResults> {
                bulk::unfinished(&self.connections.unfinished)
            }

            /// Wait for many carts, at most `concurrency` checks at a time and `rate` a second; iterates
            /// over a CheckResult for each, as it settles.
            ///
            /// A cart that is not decided after `timeout` seconds comes with a WaitTimeoutError as its
            /// `error`. What `resume`, earlier CheckResults or the path of a file, knows to be settled
            /// comes first, unasked; what timed out there goes on from its poll. `on_progress(done, total)`
            /// is called for each that is done; `progress` shows a bar, as for `check_many`.
            #[pyo3(signature = (
                carts, *, timeout=180.0, policy=None, concurrency=None, rate=None, resume=None,
                on_progress=None, progress=None
            ))]
            #[pyo3(text_signature = "($self, carts, *, timeout=180.0, policy=None, concurrency=32, rate=None, resume=None, on_progress=None, progress=None)")]
            #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
            fn wait_many(
                &self,
                py: Python<'_>,
                carts: &Bound<'_, PyAny>,
                timeout: f64,
                policy: Option<&Bound<'_, PollPolicy>>,
                concurrency: Option<usize>,
                rate: Option<f64>,
                resume: Option<&Bound<'_, PyAny>>,
                on_progress: Option<Py<PyAny>>,
                progress: Option<bool>,
            ) -> PyResult<Py<PyAny>> {
                let carts = convert::cart_refs(carts)?;
                let options = wait_options(py, timeout, policy)?;
                let given = Given { concurrency, rate, retry_for: None, resume };
                let bulk = given.options(py)?;
                let on_progress = bulk::listener(py, on_progress, progress)?;
                self.stream(py, on_progress, move |client: netgiro::Client, reporter: Reporter| {
                    bulk::wait_many(client, carts, options, bulk, reporter)
                })
            }

            /// Take a CartPoll, or its JSON, one check further; returns the CartPoll to keep.
            ///
            /// Sends nothing when the check is not due yet or the poll is done. The poll it returns is on
            /// this machine's clock, also where it was kept by a machine whose clock differs. Raises
            /// WaitTimeoutError at the deadline, and any error that waiting cannot mend.
            #[pyo3(signature = (poll))]
            fn poll_step(&self, py: Python<'_>, poll: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                let job = poll::given(poll).map(|poll| {
                    move |client: netgiro::Client, _: Reporter| async move {
                        client.poll_step(&poll).await
                    }
                });
                self.run(py, "poll_step", None, job)
            }

            /// Ask for the settlements from one day to another, or for one of them; returns a list of
            /// Settlement.
            ///
            /// Days are dates, datetimes or text such as "2026-01-31". The answer is not signed:
            /// `response_verification` says nothing of it.
            #[pyo3(signature = (date_from, date_to, *, settlement_number=None))]
            fn settlements(
                &self,
                py: Python<'_>,
                date_from: &Bound<'_, PyAny>,
                date_to: &Bound<'_, PyAny>,
                settlement_number: Option<String>,
            ) -> PyResult<Py<PyAny>> {
                let prepare = || {
                    let from = settlements::day("date_from", date_from)?;
                    let to = settlements::day("date_to", date_to)?;
                    Ok(move |client: netgiro::Client, _: Reporter| async move {
                        client.settlements(from, to, settlement_number.as_deref()).await
                    })
                };
                self.run(py, "settlements", None, panics::caught(prepare))
            }

            /// Ask for the sales in a settlement; returns a list of SettlementItem.
            #[pyo3(signature = (number))]
            fn settlement_items(&self, py: Python<'_>, number: String) -> PyResult<Py<PyAny>> {
                let job = move |client: netgiro::Client, _: Reporter| async move {
                    client.settlement_items(&number).await
                };
                self.run(py, "settlement_items", None, Ok(job))
            }

            /// Verify a callback and read it; returns a Callback, or raises SignatureError. Not awaited.
            ///
            /// `url` is the one given to `insert_cart`; `headers` a mapping, a WSGI environ or pairs;
            /// `body` the bytes as received. A `replay_guard` is asked last, and refuses a callback
            /// that was accepted before.
            #[pyo3(signature = (*, url, headers, body, replay_guard=None))]
            fn verify_callback(
                &self,
                py: Python<'_>,
                url: &str,
                headers: &Bound<'_, PyAny>,
                body: &Bound<'_, PyAny>,
                replay_guard: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<Py<PyAny>> {
                panics::caught(|| {
                    let parts = Parts::read(url, headers, body)?;
                    parts.verify(self.connections.core(), py, replay_guard)?.to_python(py)
                })
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                let class = slf.get_type();
                let base_url = slf.get().connections.core().base_url();
                Ok(format!("<{} {base_url}>", class.fully_qualified_name()?))
            }

            $($own)*
        }
    };
}

client_methods! { Client {
    /// Verify a callback as `verify_callback` does, with a replay guard.
    ///
    /// Awaited on AsyncClient, where `is_first` may be a coroutine function: one that asks a database
    /// or Redis.
    #[pyo3(signature = (*, url, headers, body, replay_guard))]
    fn verify_callback_once(
        &self,
        py: Python<'_>,
        url: &str,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        replay_guard: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        self.verify_callback(py, url, headers, body, Some(replay_guard))
    }

    /// Close the connections. Calls under way end by themselves; later ones raise ConfigurationError.
    fn close(&self) {
        self.connections.close();
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyAny>) {
        self.connections.close();
    }
} }

client_methods! { AsyncClient {
    /// Verify a callback as `verify_callback` does, with a replay guard.
    ///
    /// Awaited on AsyncClient, where `is_first` may be a coroutine function: one that asks a database
    /// or Redis.
    #[pyo3(signature = (*, url, headers, body, replay_guard))]
    fn verify_callback_once<'py>(
        slf: &Bound<'py, Self>,
        url: &str,
        headers: &Bound<'py, PyAny>,
        body: &Bound<'py, PyAny>,
        replay_guard: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let parts = Parts::read(url, headers, body)?.into_dict(py)?;
        py.import(intern!(py, "netgiro.replay"))?
            .call_method1(intern!(py, "verify_once"), (slf, replay_guard, parts))
    }

    /// Close the connections. Calls under way end by themselves; later ones raise ConfigurationError.
    fn close(&self, py: Python<'_>) -> Call {
        self.connections.close();
        Call::ready("close", Ok(py.None()))
    }

    fn __aenter__(slf: Py<Self>) -> Call {
        Call::ready("__aenter__", Ok(slf.into_any()))
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyAny>) -> Call {
        self.connections.close();
        Call::ready("__aexit__", Ok(py.None()))
    }
} }

/// Panics while a call is under way, for the test that no panic crosses into Python.
#[cfg(feature = "panic-test")]
#[pyfunction]
pub(crate) fn panic_in_a_call(client: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    async fn panicking(
        _: netgiro::Client,
        _: Reporter,
    ) -> Result<Vec<netgiro::CheckResult>, Error> {
        tokio::task::yield_now().await;
        panics::deliberately()
    }
    let py = client.py();
    if let Ok(client) = client.cast::<Client>() {
        return client.get().run(py, "panic", None, Ok(panicking));
    }
    let client = client.cast::<AsyncClient>()?;
    client.get().run(py, "panic", None, Ok(panicking))
}

/// Panics while an iterator is waited for.
#[cfg(feature = "panic-test")]
#[pyfunction]
pub(crate) fn panic_in_an_iterator(client: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    async fn panicking(_: netgiro::Client, _: Reporter) -> Result<(), Error> {
        panics::deliberately()
    }
    let py = client.py();
    if let Ok(client) = client.cast::<Client>() {
        return client.get().stream(py, None, panicking);
    }
    client
        .cast::<AsyncClient>()?
        .get()
        .stream(py, None, panicking)
}

/// Return what the server's clock says now, by the answers that a client has had; None before the first.
#[pyfunction]
#[pyo3(signature = (client))]
pub(crate) fn server_now(client: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
    let connections = match client.cast::<Client>() {
        Ok(client) => &client.get().connections,
        Err(_) => &client.cast::<AsyncClient>()?.get().connections,
    };
    let now = connections.core().server_now();
    now.map(|now| convert::datetime(client.py(), now))
        .transpose()
}
