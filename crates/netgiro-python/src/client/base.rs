//! The methods of both clients for one cart, and for settlements and callbacks.

use std::sync::{Arc, OnceLock};

use netgiro::{CartRef, Error, InsertAttempt, WaitOptions, Watch};
use pyo3::intern;
use pyo3::prelude::*;

use crate::bulk::Unfinished;
use crate::client::execution::{Execution, Mode};
use crate::convert::argument::{Argument as _, ArgumentInput, read_arguments, refused, unseen};
use crate::convert::function::listener;
use crate::convert::time::DateTime;
use crate::errors;
use crate::panics;
use crate::reconcile::settlements;
use crate::replay;
use crate::runtime::blocking::Connections;
use crate::runtime::event::{Report, Reporter};
use crate::to_python::ToPython as _;
use crate::values::callback::CallbackParts;
use crate::values::new_cart::NewCartArgs;
use crate::values::poll::policy::wait_options;
use crate::values::poll::{cart_ref, poll_or_json};

/// What `Client` and `AsyncClient` have in common: everything but how a call is waited for.
#[pyclass(frozen, subclass, module = "netgiro._netgiro")]
#[derive(Default)]
pub(crate) struct BaseClient {
    /// What the calls are made with, from `__init__` on.
    execution: OnceLock<Execution>,
    /// The results so far of the last bulk check.
    pub(super) unfinished: Unfinished,
}

impl BaseClient {
    /// Makes the calls possible.
    pub(crate) fn make(
        &self,
        py: Python<'_>,
        connections: Arc<Connections>,
        mode: Mode,
    ) -> PyResult<()> {
        let first = self.execution.set(Execution { connections, mode });
        first.map_err(|_| {
            let message = "the client is made already: call __init__ once";
            errors::to_py(py, &Error::configuration(message))
        })
    }

    /// What the calls are made with.
    pub(crate) fn made(&self, py: Python<'_>) -> PyResult<&Execution> {
        self.execution.get().ok_or_else(|| {
            let message = "the client is not made yet: call super().__init__(app_key, secret_key) in the __init__ of its \
                           class, before anything else";
            errors::to_py(py, &Error::configuration(message))
        })
    }

    /// Closes the connections, if there are any.
    pub(crate) fn shut(&self, py: Python<'_>) -> PyResult<()> {
        self.made(py)?.connections.close();
        Ok(())
    }

    /// Follows a cart to the end; each change is reported.
    fn follow(
        &self,
        py: Python<'_>,
        name: &'static str,
        on_update: Option<&Bound<'_, PyAny>>,
        wait: PyResult<(CartRef, WaitOptions)>,
        watch: fn(&netgiro::Client, CartRef, WaitOptions) -> Watch,
    ) -> PyResult<Py<PyAny>> {
        let execution = self.made(py)?;
        let mut on_event = None;
        let job = wait.and_then(|(cart, options)| {
            on_event = listener("on_update", on_update, execution.mode.listeners())?;
            Ok(move |client: netgiro::Client, reporter: Reporter| {
                follow(watch(&client, cart, options), reporter)
            })
        });
        execution.run(py, name, on_event, job)
    }
}

#[pymethods]
impl BaseClient {
    /// Which API it speaks about carts, `"v1"` or `"v2"`.
    #[getter]
    fn api(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.made(py)?.connections.core().api().as_str())
    }

    /// Where the calls go: the base URL.
    #[getter]
    fn base_url(&self, py: Python<'_>) -> PyResult<&str> {
        Ok(self.made(py)?.connections.core().base_url())
    }

    /// Ask a customer to pay; returns the Cart.
    ///
    /// `amount` is in whole krónur: an int, text or a Decimal without a fraction. Sent once: what
    /// may have reached the server is never sent again, and OutcomeUnknownError says so.
    #[pyo3(signature = (
        *, amount, reference, customer_id=None, access_code=None, barcode=None,
        confirmation_type=None, callback_url=None, callback_cancel_url=None, description=None,
        items=None, location_id=None, register_id=None
    ))]
    #[pyo3(
        text_signature = "($self, *, amount, reference, customer_id=None, access_code=None, barcode=None, confirmation_type='automatic', callback_url=None, callback_cancel_url=None, description=None, items=None, location_id=None, register_id=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as a cart has members")]
    fn insert_cart(
        &self,
        py: Python<'_>,
        amount: &Bound<'_, PyAny>,
        reference: &Bound<'_, PyAny>,
        customer_id: Option<&Bound<'_, PyAny>>,
        access_code: Option<&Bound<'_, PyAny>>,
        barcode: Option<&Bound<'_, PyAny>>,
        confirmation_type: Option<&Bound<'_, PyAny>>,
        callback_url: Option<&Bound<'_, PyAny>>,
        callback_cancel_url: Option<&Bound<'_, PyAny>>,
        description: Option<&Bound<'_, PyAny>>,
        items: Option<&Bound<'_, PyAny>>,
        location_id: Option<&Bound<'_, PyAny>>,
        register_id: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let arguments = NewCartArgs {
            amount,
            reference,
            customer_id,
            access_code,
            barcode,
            confirmation_type,
            callback_url,
            callback_cancel_url,
            description,
            items,
            location_id,
            register_id,
        };
        let attempt = arguments.read().map(InsertAttempt::new);
        self.made(py)?.attempt(py, "insert_cart", attempt, insert)
    }

    /// Ask where a cart stands; returns a CartState, with what the server says: `canceled` may also mean that it
    /// has no such cart, or does not have it yet. To wait is to be sure.
    #[pyo3(signature = (transaction_id))]
    fn check_cart(&self, py: Python<'_>, transaction_id: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let job = cart_ref("transaction_id", transaction_id).map(|cart| {
            move |client: netgiro::Client, _: Reporter| async move { client.check_cart(cart).await }
        });
        self.made(py)?.run(py, "check_cart", None, job)
    }

    /// Cancel a cart and read the answer; returns a CartState: `canceled`, or `confirmed` when
    /// the customer was first. With V2, whose cancel would also undo a payment, the cart is checked
    /// first, and a paid one is left as it is.
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
        let job = cart_ref("transaction_id", transaction_id).map(|cart| {
            move |client: netgiro::Client, _: Reporter| async move {
                client.cancel_cart(cart).await
            }
        });
        self.made(py)?.run(py, "cancel_cart", None, job)
    }

    /// Confirm a reserved cart, or send the customer's SMS code as `identifier`; returns a
    /// CartState. V2 has no such code.
    #[pyo3(signature = (transaction_id, identifier=None))]
    fn confirm_cart(
        &self,
        py: Python<'_>,
        transaction_id: &Bound<'_, PyAny>,
        identifier: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let prepare = || {
            let cart = cart_ref("transaction_id", transaction_id)?;
            let identifier = identifier
                .map(|code| unseen("identifier", code))
                .transpose()?;
            Ok(move |client: netgiro::Client, _: Reporter| async move {
                client.confirm_cart(cart, identifier.as_deref()).await
            })
        };
        let job = prepare();
        self.made(py)?.run(py, "confirm_cart", None, job)
    }

    /// Wait until polling alone cannot change the cart any more; returns its CartState.
    ///
    /// `on_update` is called with a CartState for each change. Raises WaitTimeoutError after
    /// `timeout` seconds; the cart is then still open.
    #[pyo3(signature = (cart, *, timeout=ArgumentInput::ABSENT, policy=None, on_update=None))]
    #[pyo3(text_signature = "($self, cart, *, timeout=180.0, policy=None, on_update=None)")]
    fn wait_for_cart(
        &self,
        py: Python<'_>,
        cart: &Bound<'_, PyAny>,
        timeout: ArgumentInput<'_>,
        policy: Option<&Bound<'_, PyAny>>,
        on_update: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let wait = wait_arguments(cart, &timeout, policy);
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
    #[pyo3(signature = (cart, *, timeout=ArgumentInput::ABSENT, policy=None, on_update=None))]
    #[pyo3(text_signature = "($self, cart, *, timeout=180.0, policy=None, on_update=None)")]
    fn settle_cart(
        &self,
        py: Python<'_>,
        cart: &Bound<'_, PyAny>,
        timeout: ArgumentInput<'_>,
        policy: Option<&Bound<'_, PyAny>>,
        on_update: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let wait = wait_arguments(cart, &timeout, policy);
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
    #[pyo3(signature = (cart, *, timeout=ArgumentInput::ABSENT, policy=None))]
    #[pyo3(text_signature = "($self, cart, *, timeout=180.0, policy=None)")]
    fn watch_cart(
        &self,
        py: Python<'_>,
        cart: &Bound<'_, PyAny>,
        timeout: ArgumentInput<'_>,
        policy: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let (cart, options) = wait_arguments(cart, &timeout, policy)?;
        self.made(py)?.stream(
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
        self.made(py)?.run(py, "poll_step", None, job)
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
        settlement_number: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let prepare = || {
            read_arguments!(settlement_number);
            let settlement_number: Option<String> = settlement_number;
            let from = settlements::day("date_from", date_from)?;
            let to = settlements::day("date_to", date_to)?;
            Ok(move |client: netgiro::Client, _: Reporter| async move {
                client
                    .settlements(from, to, settlement_number.as_deref())
                    .await
            })
        };
        self.made(py)?
            .run(py, "settlements", None, panics::caught(prepare))
    }

    /// Ask for the sales in a settlement; returns a list of SettlementItem.
    #[pyo3(signature = (number))]
    fn settlement_items(&self, py: Python<'_>, number: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let job = String::of("number", number).map(|number| {
            move |client: netgiro::Client, _: Reporter| async move {
                client.settlement_items(&number).await
            }
        });
        self.made(py)?.run(py, "settlement_items", None, job)
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
        url: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        replay_guard: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let core = self.made(py)?.connections.core();
        panics::caught(|| {
            let parts = CallbackParts::read(url, headers, body)?;
            let guard = replay_guard.filter(|guard| !guard.is_none());
            parts.verify(core, py, guard)?.to_python(py)
        })
    }

    /// Verify a callback as `verify_callback` does, with a replay guard.
    ///
    /// Awaited on AsyncClient, where `is_first` may be a coroutine function: one that asks a database
    /// or Redis.
    #[pyo3(signature = (*, url, headers, body, replay_guard))]
    fn verify_callback_once(
        slf: &Bound<'_, Self>,
        url: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        replay_guard: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let this = slf.get();
        replay::check_guard(replay_guard)?;
        match this.made(py)?.mode {
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
        self.shut(py)?;
        self.made(py)?.ready(py, "close")
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let class = slf.get_type().fully_qualified_name()?;
        Ok(match slf.get().execution.get() {
            Some(made) => format!("<{class} {}>", made.connections.core().base_url()),
            None => format!("<{class}, not made yet>"),
        })
    }
}

fn wait_arguments(
    cart: &Bound<'_, PyAny>,
    timeout: &ArgumentInput<'_>,
    policy: Option<&Bound<'_, PyAny>>,
) -> PyResult<(CartRef, WaitOptions)> {
    Ok((cart_ref("cart", cart)?, wait_options(timeout, policy)?))
}

async fn insert(attempt: InsertAttempt, client: netgiro::Client) -> Result<netgiro::Cart, Error> {
    client.insert(&attempt).await
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
pub(crate) fn server_now(client: &Bound<'_, PyAny>) -> PyResult<Option<DateTime>> {
    let client = client
        .cast::<BaseClient>()
        .map_err(|_| refused("client", "a Client or an AsyncClient", client))?;
    let connections = &client.get().made(client.py())?.connections;
    Ok(connections.core().server_now().map(DateTime))
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
        .made(client.py())?
        .run(client.py(), "panic", None, Ok(panicking))
}

/// Panics while an iterator is waited for.
#[cfg(feature = "panic-test")]
#[pyfunction]
pub(crate) fn panic_in_an_iterator(client: &Bound<'_, BaseClient>) -> PyResult<Py<PyAny>> {
    async fn panicking(_: netgiro::Client, _: Reporter) -> Result<(), Error> {
        panics::deliberately()
    }
    let made = client.get().made(client.py())?;
    made.stream(client.py(), None, panicking)
}
