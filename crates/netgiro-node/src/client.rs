//! `Client`: its calls.

use napi::bindgen_prelude::Function;
use napi_derive::napi;
use netgiro::{CartState, Client, ClientOptions, Error, InsertAttempt, Result, Watch};
use serde::Serialize;

use crate::arguments::amount::{AmountInput, amount};
use crate::arguments::bulk::{BulkInput, bulk_options};
use crate::arguments::cart::{CartInput, cart_ref, cart_refs};
use crate::arguments::checkout::{NewCheckoutInput, new_checkout};
use crate::arguments::client_options::{ClientInput, client_options, lookup};
use crate::arguments::new_cart::{NewCartInput, new_cart};
use crate::arguments::refund::{NewRefundInput, new_refund};
use crate::arguments::wait::{WaitInput, wait_options};
use crate::events;
use crate::reply::{Made, error_reply, made, reply};
use crate::runtime::port::{Events, Port, Unfinished};
use crate::views::callback::CallbackView;
use crate::views::cart::CartView;
use crate::views::check::CheckView;
use crate::views::poll::PollView;
use crate::views::settlement::{SettlementItemView, SettlementView};
use crate::views::state::StateView;
use crate::views::v2::checkout::{CheckoutView, RedirectView};
use crate::views::v2::refund::RefundView;
use crate::views::v2::transaction::TransactionView;
use crate::watch::{NativeWaiting, NativeWatch};

/// A client whose events go to the environment that makes the call.
fn client(mut options: ClientOptions) -> Result<NativeClient> {
    options.observer = Some(events::observer());
    let client = Client::new(options)?;
    Ok(NativeClient {
        api: client.api().as_str(),
        base_url: client.base_url().to_owned(),
        client: Some(client),
    })
}

/// A client of the core.
#[napi]
pub struct NativeClient {
    api: &'static str,
    base_url: String,
    /// `None` once it is closed.
    client: Option<Client>,
}

/// Makes a client; opens nothing.
#[napi(catch_unwind)]
pub fn make_client(input: ClientInput) -> Made<NativeClient> {
    made(client_options(input).and_then(client))
}

/// Makes a client from JavaScript's `process.env`, in which `variable` looks a name up; opens nothing.
///
/// That is not always the process's environment, which `ClientOptions::from_env` reads: a worker has a copy of its own,
/// and to read the real one there would race with the main thread's writes.
#[napi(catch_unwind)]
pub fn make_client_from_env(variable: Function<'_, String, Option<String>>) -> Made<NativeClient> {
    made(ClientOptions::from_variables(lookup(variable)).and_then(client))
}

/// Each method that sends gets the port to answer to and the number of the call; it gives JSON text when the call was
/// refused before anything was started.
#[napi]
impl NativeClient {
    /// Which API it speaks about carts.
    #[napi(getter, catch_unwind)]
    pub fn api(&self) -> &'static str {
        self.api
    }

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

    /// Lets go of the connections once the calls in flight are over.
    #[napi(catch_unwind)]
    pub fn close(&mut self) {
        self.client = None;
    }

    fn open(&self) -> Result<Client> {
        self.client.clone().ok_or_else(|| {
            Error::configuration("the client is closed: make another one, or close it later")
        })
    }

    /// Starts a call; what refuses it before that is given as JSON text.
    fn start<T, F, W>(
        &self,
        port: &Port,
        call: u32,
        work: impl FnOnce(Client) -> Result<W>,
    ) -> Option<String>
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        match self.open().and_then(work) {
            Ok(work) => port.start(call, work),
            Err(refused) => Some(error_reply(&refused)),
        }
    }

    /// InsertCart.
    #[napi(catch_unwind)]
    pub fn insert_cart(&self, port: &Port, call: u32, input: NewCartInput) -> Option<String> {
        let attempt = self
            .open()
            .and_then(|client| Ok((client, InsertAttempt::new(new_cart(input)?))));
        match attempt {
            Ok((client, attempt)) => {
                let unfinished = Unfinished::Insert(attempt.clone());
                port.start_with_effect(call, unfinished, move || async move {
                    client.insert(&attempt).await.map(CartView)
                })
            }
            Err(refused) => Some(error_reply(&refused)),
        }
    }

    /// CheckCart.
    #[napi(catch_unwind)]
    pub fn check_cart(&self, port: &Port, call: u32, cart: CartInput) -> Option<String> {
        self.start(port, call, |client| {
            let cart = cart_ref(&cart)?;
            Ok(move || async move { client.check_cart(cart).await.map(StateView) })
        })
    }

    /// CancelCart.
    #[napi(catch_unwind)]
    pub fn cancel_cart(&self, port: &Port, call: u32, cart: CartInput) -> Option<String> {
        self.start(port, call, |client| {
            let cart = cart_ref(&cart)?;
            Ok(move || async move { client.cancel_cart(cart).await.map(StateView) })
        })
    }

    /// ConfirmCart.
    #[napi(catch_unwind)]
    pub fn confirm_cart(
        &self,
        port: &Port,
        call: u32,
        cart: CartInput,
        identifier: Option<String>,
    ) -> Option<String> {
        self.start(port, call, |client| {
            let cart = cart_ref(&cart)?;
            Ok(move || async move {
                let state = client.confirm_cart(cart, identifier.as_deref()).await;
                state.map(StateView)
            })
        })
    }

    /// Capture, of all or of an amount.
    #[napi(catch_unwind)]
    pub fn capture_cart(
        &self,
        port: &Port,
        call: u32,
        cart: CartInput,
        of: Option<AmountInput>,
    ) -> Option<String> {
        self.start(port, call, |client| {
            let cart = cart_ref(&cart)?;
            let of = of.map(|of| amount("amount", &of)).transpose()?;
            Ok(move || async move { client.capture_cart(cart, of).await.map(StateView) })
        })
    }

    /// Cancel, of what is paid.
    #[napi(catch_unwind)]
    pub fn void_cart(&self, port: &Port, call: u32, cart: CartInput) -> Option<String> {
        self.start(port, call, |client| {
            let cart = cart_ref(&cart)?;
            Ok(move || async move { client.void_cart(cart).await.map(StateView) })
        })
    }

    /// Follows a cart to the end; each change is an event.
    #[napi(catch_unwind)]
    pub fn wait_for_cart(
        &self,
        port: &Port,
        call: u32,
        cart: CartInput,
        wait: WaitInput,
        settle: bool,
    ) -> Option<String> {
        let events = port.events(call);
        self.start(port, call, |client| {
            let watch = watch(&client, &cart, &wait, settle)?;
            Ok(move || follow(watch, events))
        })
    }

    /// Follows a cart, one change for each call of `next`.
    #[napi(catch_unwind)]
    pub fn watch_cart(&self, cart: CartInput, wait: WaitInput) -> Made<NativeWatch> {
        let watch = self
            .open()
            .and_then(|client| watch(&client, &cart, &wait, false));
        made(watch.map(NativeWatch::from))
    }

    /// Checks many carts; `[done, total, place, result]` is an event.
    #[napi(catch_unwind)]
    pub fn check_many(
        &self,
        port: &Port,
        call: u32,
        carts: Vec<CartInput>,
        bulk: BulkInput,
    ) -> Option<String> {
        let events = port.events(call);
        self.start(port, call, |client| {
            let mut checking = client.check_many(cart_refs(&carts)?, bulk_options(bulk)?)?;
            Ok(move || async move {
                while let Some((at, result)) = checking.next().await {
                    let (done, total) = (checking.done(), checking.total());
                    events.send_batched((done, total, at, CheckView(result)));
                }
                Ok(())
            })
        })
    }

    /// Waits for many carts, from the call of `run` on.
    #[napi(catch_unwind)]
    pub fn wait_many(
        &self,
        carts: Vec<CartInput>,
        wait: WaitInput,
        bulk: BulkInput,
    ) -> Made<NativeWaiting> {
        let waiting = self.open().and_then(|client| {
            let carts = cart_refs(&carts)?;
            let options = wait_options(&wait)?;
            client.wait_many(carts, options, bulk_options(bulk)?)
        });
        made(waiting.map(NativeWaiting::from))
    }

    /// Looks a cart up by its reference.
    #[napi(catch_unwind)]
    pub fn find_by_reference(
        &self,
        port: &Port,
        call: u32,
        reference: String,
        kronur: AmountInput,
    ) -> Option<String> {
        self.start(port, call, |client| {
            let amount = amount("amount", &kronur)?;
            Ok(move || async move {
                let found = client.find_by_reference(&reference, amount).await;
                found.map(|cart| cart.map(CartView))
            })
        })
    }

    /// Refund.
    #[napi(catch_unwind)]
    pub fn refund_cart(
        &self,
        port: &Port,
        call: u32,
        cart: CartInput,
        input: NewRefundInput,
    ) -> Option<String> {
        let refund = self
            .open()
            .and_then(|client| Ok((client, cart_ref(&cart)?, new_refund(input)?)));
        match refund {
            Ok((client, cart, refund)) => {
                let unfinished = Unfinished::Other(refund.abandon());
                port.start_with_effect(call, unfinished, move || async move {
                    client.refund_cart(cart, &refund).await.map(RefundView)
                })
            }
            Err(refused) => Some(error_reply(&refused)),
        }
    }

    /// Details.
    #[napi(catch_unwind)]
    pub fn get_transaction(&self, port: &Port, call: u32, cart: CartInput) -> Option<String> {
        self.start(port, call, |client| {
            let cart = cart_ref(&cart)?;
            Ok(move || async move { client.get_transaction(cart).await.map(TransactionView) })
        })
    }

    /// Creates a hosted checkout.
    #[napi(catch_unwind)]
    pub fn create_checkout(
        &self,
        port: &Port,
        call: u32,
        input: NewCheckoutInput,
    ) -> Option<String> {
        let checkout = self
            .open()
            .and_then(|client| Ok((client, new_checkout(input)?)));
        match checkout {
            Ok((client, checkout)) => {
                let unfinished = Unfinished::Other(checkout.abandon());
                port.start_with_effect(call, unfinished, move || async move {
                    client.create_checkout(&checkout).await.map(CheckoutView)
                })
            }
            Err(refused) => Some(error_reply(&refused)),
        }
    }

    /// Verifies the URL of a redirect, and compares it with the order as far as that is known.
    #[napi(catch_unwind)]
    pub fn verified_redirect(
        &self,
        url: String,
        its_amount: Option<AmountInput>,
        reference: Option<String>,
    ) -> String {
        let known = its_amount.map(|input| amount("amount", &input)).transpose();
        let verified = self
            .open()
            .and_then(|client| client.verify_redirect(&url, known?, reference.as_deref()));
        reply(&verified.map(RedirectView))
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
        self.start(port, call, |client| {
            let from = netgiro::day("dateFrom", &from)?;
            let to = netgiro::day("dateTo", &to)?;
            Ok(move || async move {
                let all = client.settlements(from, to, number.as_deref()).await?;
                Ok(all.into_iter().map(SettlementView).collect::<Vec<_>>())
            })
        })
    }

    /// The sales in a settlement.
    #[napi(catch_unwind)]
    pub fn settlement_items(&self, port: &Port, call: u32, number: String) -> Option<String> {
        self.start(port, call, |client| {
            Ok(move || async move {
                let all = client.settlement_items(&number).await?;
                Ok(all.into_iter().map(SettlementItemView).collect::<Vec<_>>())
            })
        })
    }

    /// Takes a poll one check further.
    #[napi(catch_unwind)]
    pub fn poll_step(&self, port: &Port, call: u32, token: String) -> Option<String> {
        self.start(port, call, |client| {
            let poll = netgiro::CartPoll::from_json(&token)?;
            Ok(move || async move { client.poll_step(&poll).await.map(PollView) })
        })
    }

    /// Verifies a callback, and gives it with what a replay guard is asked about it, since guards may be asynchronous, or
    /// `null` where none is asked. `head` is the URL, and the headers as names and values by turns, with a NUL between each: one
    /// text crosses in a fraction of the time of many.
    #[napi(catch_unwind)]
    pub fn verified_callback(&self, head: String, body: &[u8]) -> String {
        let (url, headers) = head.split_once('\0').unwrap_or((&head, ""));
        let texts: Vec<_> = headers.split('\0').collect();
        let (pairs, _) = texts.as_chunks::<2>();
        let headers: Vec<_> = pairs
            .iter()
            .filter(|[name, _]| netgiro::is_callback_header(name))
            .map(|[name, value]| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let verified = self
            .open()
            .and_then(|client| client.verify_callback_keyed(url, &headers, body));
        reply(&verified.map(|(callback, key)| {
            let key = key.map(|key| (key.nonce, key.signature));
            (CallbackView(callback), key)
        }))
    }
}

fn watch(client: &Client, cart: &CartInput, wait: &WaitInput, settle: bool) -> Result<Watch> {
    let (cart, options) = (cart_ref(cart)?, wait_options(wait)?);
    Ok(if settle {
        client.watch_settling(cart, options)
    } else {
        client.watch_cart(cart, options)
    })
}

async fn follow(mut watch: Watch, events: Events) -> Result<StateView<CartState>> {
    while let Some(change) = watch.next().await {
        events.send(StateView(change?));
    }
    watch.finish().await.map(StateView)
}
