//! `Client`, and what it hands out: its calls, its watches, its bulk calls.

use std::sync::Arc;

use jiff::Timestamp;
use napi::bindgen_prelude::{Either, Function, Uint8Array};
use napi_derive::napi;
use netgiro::{
    Callback, CartState, CartStatus, CheckResult, Client, ClientOptions, Error, ErrorKind,
    InsertAttempt, Result, WaitMany, Watch,
};
use serde::Serialize;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::arguments::{self, GivenAmount, GivenBulk, GivenCart, GivenNewCart, GivenWait};
use crate::events;
use crate::runtime::{Events, Port};
use crate::views::error::{refusal_of, reply};
use crate::views::poll;
use crate::views::settlement::{ItemView, SettlementView};
use crate::views::{CallbackView, CartView, CheckView, StateView};

/// What a client is made with.
#[napi(object, object_to_js = false)]
pub struct GivenOptions {
    /// The ApplicationId.
    pub app_key: String,
    /// The SecretKey.
    pub secret_key: String,
    /// A word.
    pub environment: Option<String>,
    /// Another base URL.
    pub base_url: Option<String>,
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

fn client_options(given: GivenOptions) -> Result<ClientOptions> {
    let mut options = ClientOptions::new(given.app_key, given.secret_key);
    options.previous_secret_keys = given
        .previous_secret_keys
        .unwrap_or_default()
        .into_iter()
        .map(Into::into)
        .collect();
    options.proxy = given.proxy;
    if let Some(environment) = given.environment {
        options.environment = environment.parse()?;
    }
    options.base_url = given.base_url;
    if let Some(timeout) = given.timeout_ms {
        options.timeout = arguments::milliseconds("timeoutMs", timeout)?;
    }
    if let Some(timeout) = given.connect_timeout_ms {
        options.connect_timeout = arguments::milliseconds("connectTimeoutMs", timeout)?;
    }
    if let Some(mode) = given.response_verification {
        options.response_verification = mode.parse()?;
    }
    if let Some(policy) = given.payment_info {
        options.payment_info = policy.parse()?;
    }
    options.ca_file = given.ca_file.map(Into::into);
    Ok(options)
}

/// A client whose events go to the environment that makes the call.
fn client(mut options: ClientOptions) -> Result<Client> {
    options.observer = Some(events::observer());
    Client::new(options)
}

/// A client of the core.
#[napi]
pub struct NativeClient {
    base_url: String,
    /// `None` once it is closed.
    client: Option<Client>,
}

/// A client, or the JSON text of why there is none.
type Made<T> = Either<T, String>;

fn made(client: Result<Client>) -> Made<NativeClient> {
    match client {
        Ok(client) => Either::A(NativeClient {
            base_url: client.base_url().to_owned(),
            client: Some(client),
        }),
        Err(error) => Either::B(refusal_of(&error)),
    }
}

/// Makes a client; opens nothing.
#[napi(catch_unwind)]
pub fn make_client(given: GivenOptions) -> Made<NativeClient> {
    made(client_options(given).and_then(client))
}

/// Makes a client from JavaScript's `process.env`, in which `variable` looks a name up; opens nothing.
///
/// That is not always the process's environment, which `ClientOptions::from_env` reads: a worker has a copy of its own,
/// and to read the real one there would race with the main thread's writes.
#[napi(catch_unwind)]
pub fn make_client_from_env(variable: Function<'_, String, Option<String>>) -> Made<NativeClient> {
    let lookup = |name: &str| {
        variable.call(name.to_owned()).map_err(|_| {
            Error::new(
                ErrorKind::Configuration,
                format!("{name} is not valid text"),
            )
        })
    };
    made(ClientOptions::from_variables(lookup).and_then(client))
}

/// Each method that sends gets the port to answer to and the number of the call; it gives JSON text when the call was
/// refused before anything was started.
#[napi]
impl NativeClient {
    /// Where the calls go.
    #[napi(getter, catch_unwind)]
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// Whether the calls stay on this machine.
    #[napi(getter, catch_unwind)]
    pub fn is_loopback(&self) -> bool {
        self.client.as_ref().is_none_or(Client::is_loopback)
    }

    /// Lets go of the connections once the calls under way are over.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.client = None;
    }

    fn open(&self) -> Result<Client> {
        self.client.clone().ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                "the client is closed: make another one, or close it later",
            )
        })
    }

    /// InsertCart.
    #[napi(catch_unwind)]
    pub fn insert_cart(&self, port: &Port, call: u32, given: GivenNewCart) -> Option<String> {
        accepted(|| {
            let client = self.open()?;
            let attempt = InsertAttempt::new(arguments::new_cart(given)?);
            let kept = attempt.clone();
            Ok(port.start_attempt(call, Some(kept), |_| async move {
                client.insert(&attempt).await.map(CartView::from)
            }))
        })
    }

    /// CheckCart.
    #[napi(catch_unwind)]
    pub fn check_cart(&self, port: &Port, call: u32, cart: GivenCart) -> Option<String> {
        accepted(|| {
            let (client, cart) = (self.open()?, arguments::cart(&cart)?);
            Ok(port.start(
                call,
                |_| async move { client.check_cart(cart).await.map(State) },
            ))
        })
    }

    /// CancelCart.
    #[napi(catch_unwind)]
    pub fn cancel_cart(&self, port: &Port, call: u32, cart: GivenCart) -> Option<String> {
        accepted(|| {
            let (client, cart) = (self.open()?, arguments::cart(&cart)?);
            Ok(port.start(call, |_| async move {
                client.cancel_cart(cart).await.map(State)
            }))
        })
    }

    /// ConfirmCart.
    #[napi(catch_unwind)]
    pub fn confirm_cart(
        &self,
        port: &Port,
        call: u32,
        cart: GivenCart,
        identifier: Option<String>,
    ) -> Option<String> {
        accepted(|| {
            let (client, cart) = (self.open()?, arguments::cart(&cart)?);
            Ok(port.start(call, |_| async move {
                client
                    .confirm_cart(cart, identifier.as_deref())
                    .await
                    .map(State)
            }))
        })
    }

    /// Follows a cart to the end; each change is an event.
    #[napi(catch_unwind)]
    pub fn wait_for_cart(
        &self,
        port: &Port,
        call: u32,
        cart: GivenCart,
        wait: GivenWait,
        settle: bool,
    ) -> Option<String> {
        accepted(|| {
            let watch = self.watching(&cart, &wait, settle)?;
            Ok(port.start(call, |events| follow(watch, events)))
        })
    }

    /// Follows a cart, one change for each call of `next`.
    #[napi(catch_unwind)]
    pub fn watch_cart(&self, cart: GivenCart, wait: GivenWait) -> Made<NativeWatch> {
        match self.watching(&cart, &wait, false) {
            Ok(watch) => Either::A(NativeWatch {
                watch: Arc::new(Mutex::new(watch)),
            }),
            Err(error) => Either::B(refusal_of(&error)),
        }
    }

    fn watching(&self, cart: &GivenCart, wait: &GivenWait, settle: bool) -> Result<Watch> {
        let (client, cart) = (self.open()?, arguments::cart(cart)?);
        let options = arguments::wait_options(wait)?;
        Ok(if settle {
            client.watch_settling(cart, options)
        } else {
            client.watch_cart(cart, options)
        })
    }

    /// Checks many carts; `[done, total, place, result]` is an event.
    #[napi(catch_unwind)]
    pub fn check_many(
        &self,
        port: &Port,
        call: u32,
        carts: Vec<GivenCart>,
        bulk: GivenBulk,
    ) -> Option<String> {
        accepted(|| {
            let (client, carts) = (self.open()?, arguments::carts(&carts)?);
            let mut checking = client.check_many(carts, arguments::bulk_options(bulk)?)?;
            Ok(port.start(call, |events| async move {
                while let Some((at, result)) = checking.next().await {
                    let (done, total) = (checking.done(), checking.total());
                    events.send((done, total, at, Checked(result)));
                }
                Ok(())
            }))
        })
    }

    /// Waits for many carts, from the call of `run` on.
    #[napi(catch_unwind)]
    pub fn wait_many(
        &self,
        carts: Vec<GivenCart>,
        wait: GivenWait,
        bulk: GivenBulk,
    ) -> Made<NativeWaiting> {
        let waiting = self.open().and_then(|client| {
            let carts = arguments::carts(&carts)?;
            let options = arguments::wait_options(&wait)?;
            client.wait_many(carts, options, arguments::bulk_options(bulk)?)
        });
        match waiting {
            Ok(waiting) => Either::A(NativeWaiting {
                waiting: Some(waiting),
            }),
            Err(error) => Either::B(refusal_of(&error)),
        }
    }

    /// The settlements of some days.
    #[napi(catch_unwind)]
    pub fn settlements(
        &self,
        port: &Port,
        call: u32,
        from: String,
        to: String,
        number: Option<String>,
    ) -> Option<String> {
        accepted(|| {
            let client = self.open()?;
            let (from, to) = (
                netgiro::day("dateFrom", &from)?,
                netgiro::day("dateTo", &to)?,
            );
            Ok(port.start(call, |_| async move {
                let settlements = client.settlements(from, to, number.as_deref()).await?;
                Ok(settlements
                    .into_iter()
                    .map(SettlementView::from)
                    .collect::<Vec<_>>())
            }))
        })
    }

    /// The sales in a settlement.
    #[napi(catch_unwind)]
    pub fn settlement_items(&self, port: &Port, call: u32, number: String) -> Option<String> {
        accepted(|| {
            let client = self.open()?;
            Ok(port.start(call, |_| async move {
                let items = client.settlement_items(&number).await?;
                Ok(items.into_iter().map(ItemView::from).collect::<Vec<_>>())
            }))
        })
    }

    /// Takes a poll one check further.
    #[napi(catch_unwind)]
    pub fn poll_step(&self, port: &Port, call: u32, token: String) -> Option<String> {
        accepted(|| {
            let (client, poll) = (self.open()?, netgiro::CartPoll::from_json(&token)?);
            Ok(port.start(call, |_| async move {
                client.poll_step(&poll).await.map(poll::Poll)
            }))
        })
    }

    /// Verifies a callback, and gives it with what a replay guard is asked about it, since guards may be asynchronous;
    /// `headers` are names and values by turns.
    #[napi(catch_unwind)]
    pub fn verified_callback(&self, url: String, headers: Vec<String>, body: Uint8Array) -> String {
        let (pairs, _) = headers.as_chunks::<2>();
        let headers: Vec<_> = pairs
            .iter()
            .filter(|[name, _]| netgiro::is_signing_header(name))
            .map(|[name, value]| (name.clone(), value.clone()))
            .collect();
        let verified = self
            .open()
            .and_then(|client| client.verify_callback_keyed(&url, &headers, &body));
        reply(
            &verified
                .as_ref()
                .map(|(callback, key)| {
                    let key = (&key.nonce, &key.signature);
                    (CallbackView::from(callback), key)
                })
                .map_err(Clone::clone),
        )
    }
}

/// Whether a verified callback is about this order, as `Callback::matches` says.
#[napi(catch_unwind)]
pub fn callback_matches(
    amount: Option<String>,
    reference: Option<String>,
    order_amount: GivenAmount,
    order_reference: String,
) -> String {
    let told = Callback {
        transaction_id: Uuid::nil(),
        reference,
        amount: amount.and_then(|digits| digits.parse().ok()),
        state: CartState::of(Uuid::nil(), CartStatus::Unknown, Timestamp::UNIX_EPOCH),
        reference_id: None,
    };
    reply(
        &arguments::amount("amount", &order_amount)
            .map(|amount| told.matches(amount, &order_reference)),
    )
}

/// A cart being followed.
#[napi]
pub struct NativeWatch {
    watch: Arc<Mutex<Watch>>,
}

#[napi]
impl NativeWatch {
    /// The next change; null after the last.
    #[napi(catch_unwind)]
    pub fn next(&self, port: &Port, call: u32) -> Option<String> {
        let watch = Arc::clone(&self.watch);
        port.start(call, |_| async move {
            watch
                .lock()
                .await
                .next()
                .await
                .transpose()
                .map(|change| change.map(State))
        })
    }
}

/// Many carts being waited for; `None` once that has begun.
#[napi]
pub struct NativeWaiting {
    waiting: Option<WaitMany>,
}

#[napi]
impl NativeWaiting {
    /// Waits; `[done, total, result]` is an event.
    #[napi(catch_unwind)]
    pub fn run(&mut self, port: &Port, call: u32) -> Option<String> {
        let waiting = self.waiting.take();
        port.start(call, |events| async move {
            if let Some(mut waiting) = waiting {
                while let Some(result) = waiting.next().await {
                    let (done, total) = (waiting.done(), waiting.total());
                    events.send((done, total, Checked(result)));
                }
            }
            Ok(())
        })
    }
}

async fn follow(mut watch: Watch, events: Events) -> Result<State> {
    while let Some(change) = watch.next().await {
        events.send(State(change?));
    }
    watch.finish().await.map(State)
}

/// What refuses a call before it is started, as JSON text.
fn accepted(start: impl FnOnce() -> Result<Option<String>>) -> Option<String> {
    start().unwrap_or_else(|error| Some(refusal_of(&error)))
}

/// A state on its way to JavaScript.
struct State(netgiro::CartState);

impl Serialize for State {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        StateView::from(&self.0).serialize(serializer)
    }
}

/// The result of a check on its way to JavaScript.
struct Checked(CheckResult);

impl Serialize for Checked {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        CheckView::from(&self.0).serialize(serializer)
    }
}

/// `sign`.
#[napi(catch_unwind)]
pub fn sign(secret_key: String, nonce: String, url: String, body: Uint8Array) -> String {
    netgiro::sign(&secret_key, &nonce, &url, &body)
}

/// A text as a cell of a CSV file that no spreadsheet takes for a formula.
#[napi(catch_unwind)]
pub fn csv_cell(text: String) -> String {
    netgiro::csv_cell(&text)
}
