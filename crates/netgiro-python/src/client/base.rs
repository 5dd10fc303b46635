//! The methods of both clients for one cart, and for settlements and callbacks.

use std::sync::Arc;

use netgiro::{CartRef, Error, InsertAttempt, WaitOptions, Watch};
use pyo3::intern;
use pyo3::prelude::*;

use crate::bulk::Unfinished;
use crate::client::execution::{Execution, Mode};
use crate::convert::time::DateTime;
use crate::panics;
use crate::reconcile::settlements;
use crate::runtime::blocking::Connections;
use crate::runtime::event::{Report, Reporter};
use crate::to_python::ToPython as _;
use crate::values::callback::CallbackParts;
use crate::values::new_cart::NewCartArgs;
use crate::values::poll::{cart_ref, poll_or_json};
use crate::values::poll_policy::{PollPolicy, wait_options};

/// What `Client` and `AsyncClient` have in common: everything but how a call is waited for.
#[pyclass(frozen, subclass, module = "netgiro._netgiro")]
pub(crate) struct BaseClient {
    pub(super) execution: Execution,
    /// The results so far of the last bulk check.
    pub(super) unfinished: Unfinished,
}

impl BaseClient {
    pub(crate) fn new(connections: Arc<Connections>, mode: Mode) -> Self {
        Self {
            execution: Execution { connections, mode },
            unfinished: Unfinished::default(),
        }
    }

    /// Follows a cart to the end; each change is reported.
    fn follow(
        &self,
        py: Python<'_>,
        name: &'static str,
        on_update: Option<Py<PyAny>>,
        wait: PyResult<(CartRef, WaitOptions)>,
        watch: fn(&netgiro::Client, CartRef, WaitOptions) -> Watch,
    ) -> PyResult<Py<PyAny>> {
        let job = wait.map(|(cart, options)| {
            move |client: netgiro::Client, reporter: Reporter| {
                follow(watch(&client, cart, options), reporter)
            }
        });
        self.execution.run(py, name, on_update, job)
    }
}

#[pymethods]
impl BaseClient {
    /// Where the calls go: the base URL.
    #[getter]
    fn base_url(&self) -> &str {
        self.execution.connections.core().base_url()
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
    #[pyo3(
        text_signature = "($self, *, amount, reference, customer_id, confirmation_type='automatic', callback_url=None, callback_cancel_url=None, description=None, items=None, location_id=None, register_id=None)"
    )]
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
        self.execution
            .insert(py, arguments.read(py).map(InsertAttempt::new))
    }

    /// Ask where a cart stands; returns a CartState, with what the server says: `canceled` may also mean that it
    /// has no such cart, or does not have it yet. To wait is to be sure.
    #[pyo3(signature = (transaction_id))]
    fn check_cart(&self, py: Python<'_>, transaction_id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let job = cart_ref(transaction_id).map(|cart| {
            move |client: netgiro::Client, _: Reporter| async move { client.check_cart(cart).await }
        });
        self.execution.run(py, "check_cart", None, job)
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
        let job = cart_ref(transaction_id).map(|cart| {
            move |client: netgiro::Client, _: Reporter| async move {
                client.cancel_cart(cart).await
            }
        });
        self.execution.run(py, "cancel_cart", None, job)
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
        let job = cart_ref(transaction_id).map(|cart| {
            move |client: netgiro::Client, _: Reporter| async move {
                client.confirm_cart(cart, identifier.as_deref()).await
            }
        });
        self.execution.run(py, "confirm_cart", None, job)
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
        let wait = wait_arguments(py, cart, timeout, policy);
        self.follow(
            py,
            "wait_for_cart",
            on_update,
            wait,
            netgiro::Client::watch_cart,
        )
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
        let wait = wait_arguments(py, cart, timeout, policy);
        self.follow(
            py,
            "settle_cart",
            on_update,
            wait,
            netgiro::Client::watch_settling,
        )
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
        let (cart, options) = wait_arguments(py, cart, timeout, policy)?;
        self.execution.stream(
            py,
            None,
            move |client: netgiro::Client, reporter: Reporter| async move {
                follow(client.watch_cart(cart, options), reporter)
                    .await
                    .map(drop)
            },
        )
    }

    /// Take a CartPoll, or its JSON, one check further; returns the CartPoll to keep.
    ///
    /// Sends nothing when the check is not due yet or the poll is done. The poll it returns is on
    /// this machine's clock, also where it was kept by a machine whose clock differs. Raises
    /// WaitTimeoutError at the deadline, and any error that waiting cannot mend.
    #[pyo3(signature = (poll))]
    fn poll_step(&self, py: Python<'_>, poll: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let job = poll_or_json(poll).map(|poll| {
            move |client: netgiro::Client, _: Reporter| async move { client.poll_step(&poll).await }
        });
        self.execution.run(py, "poll_step", None, job)
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
                client
                    .settlements(from, to, settlement_number.as_deref())
                    .await
            })
        };
        self.execution
            .run(py, "settlements", None, panics::caught(prepare))
    }

    /// Ask for the sales in a settlement; returns a list of SettlementItem.
    #[pyo3(signature = (number))]
    fn settlement_items(&self, py: Python<'_>, number: String) -> PyResult<Py<PyAny>> {
        let job = move |client: netgiro::Client, _: Reporter| async move {
            client.settlement_items(&number).await
        };
        self.execution.run(py, "settlement_items", None, Ok(job))
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
            let parts = CallbackParts::read(url, headers, body)?;
            parts
                .verify(self.execution.connections.core(), py, replay_guard)?
                .to_python(py)
        })
    }

    /// Verify a callback as `verify_callback` does, with a replay guard.
    ///
    /// Awaited on AsyncClient, where `is_first` may be a coroutine function: one that asks a database
    /// or Redis.
    #[pyo3(signature = (*, url, headers, body, replay_guard))]
    fn verify_callback_once(
        slf: &Bound<'_, Self>,
        url: &str,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        replay_guard: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let this = slf.get();
        match this.execution.mode {
            Mode::Blocking => this.verify_callback(py, url, headers, body, Some(replay_guard)),
            Mode::Awaited => {
                let parts = CallbackParts::read(url, headers, body)?.into_dict(py)?;
                py.import(intern!(py, "netgiro.replay"))?
                    .call_method1(intern!(py, "verify_once"), (slf, replay_guard, parts))
                    .map(Bound::unbind)
            }
        }
    }

    /// Close the connections. Calls in flight end by themselves; later ones raise ConfigurationError.
    fn close(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.execution.connections.close();
        self.execution.ready(py, "close")
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let class = slf.get_type();
        let base_url = slf.get().execution.connections.core().base_url();
        Ok(format!("<{} {base_url}>", class.fully_qualified_name()?))
    }
}

fn wait_arguments(
    py: Python<'_>,
    cart: &Bound<'_, PyAny>,
    timeout: f64,
    policy: Option<&Bound<'_, PollPolicy>>,
) -> PyResult<(CartRef, WaitOptions)> {
    Ok((cart_ref(cart)?, wait_options(py, timeout, policy)?))
}

/// Reports every change, and gives the last state.
async fn follow(mut watch: Watch, reporter: Reporter) -> Result<netgiro::CartState, Error> {
    while let Some(change) = watch.next().await {
        reporter.report(Report::State(change?));
    }
    watch.finish().await
}

/// Return what the server's clock says now, by the answers that a client has had; None before the first.
#[pyfunction]
#[pyo3(signature = (client))]
pub(crate) fn server_now(client: &Bound<'_, BaseClient>) -> Option<DateTime> {
    let connections = &client.get().execution.connections;
    connections.core().server_now().map(DateTime)
}

/// Panics while a call is in flight, for the test that no panic crosses into Python.
#[cfg(feature = "panic-test")]
#[pyfunction]
pub(crate) fn panic_in_a_call(client: &Bound<'_, BaseClient>) -> PyResult<Py<PyAny>> {
    async fn panicking(
        _: netgiro::Client,
        _: Reporter,
    ) -> Result<Vec<netgiro::CheckResult>, Error> {
        tokio::task::yield_now().await;
        panics::deliberately()
    }
    client
        .get()
        .execution
        .run(client.py(), "panic", None, Ok(panicking))
}

/// Panics while an iterator is waited for.
#[cfg(feature = "panic-test")]
#[pyfunction]
pub(crate) fn panic_in_an_iterator(client: &Bound<'_, BaseClient>) -> PyResult<Py<PyAny>> {
    async fn panicking(_: netgiro::Client, _: Reporter) -> Result<(), Error> {
        panics::deliberately()
    }
    client.get().execution.stream(client.py(), None, panicking)
}
