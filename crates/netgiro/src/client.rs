//! The client: the calls of the checkout, and what is built on them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::bulk::BulkOptions;
use crate::bulk::check_many::CheckMany;
use crate::bulk::wait_many::WaitMany;
use crate::callback::replay_guard::ReplayGuard;
use crate::callback::{self, Callback, ReplayKey};
use crate::events::{Event, Observer, PollEvent, RecordOutcome, RequestEvent};
use crate::follow::{Clock, Watch};
use crate::http::transport::{Request, Transport};
use crate::insert_attempt::{self, InsertAttempt};
use crate::model::backoff::{backoff, jittered};
use crate::model::cart::{Cart, CartRef, CartState, NewCart, check_reference};
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::poll::{CartPoll, CheckOutcome, WaitOptions};
use crate::options::{ClientOptions, Settings};
use crate::protocol::insert_answer;
use crate::protocol::settlement::{self, Settlement, SettlementItem};
use crate::protocol::wire::{self, Answer, Asked, Endpoint};

/// How often one call is sent at the most, the first time included.
pub(crate) const ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// Talks to Netgíró for one shop. Cheap to clone; clones share their connections.
///
/// ```
/// # async fn shop(simulator: &netgiro_simulator::Simulator) -> Result<(), netgiro::Error> {
/// use netgiro::{Amount, CartStatus, Client, ClientOptions, NewCart};
///
/// let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
/// options.base_url = Some(simulator.url().to_owned());
/// let client = Client::new(options)?;
///
/// let order = NewCart::new(Amount::new(4990)?, "order-1001", "8111111".parse()?);
/// let cart = client.insert_cart(&order).await?;
/// assert_eq!(client.check_cart(&cart).await?.status, CartStatus::Confirmed);
/// # Ok(())
/// # }
/// # let simulator = netgiro_simulator::Simulator::start(Default::default()).unwrap();
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
/// #     .block_on(shop(&simulator)).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    settings: Arc<Settings>,
    transport: Arc<Transport>,
}

impl Client {
    /// A client with these options; nothing is opened before its first call.
    pub fn new(options: ClientOptions) -> Result<Self> {
        let settings = Arc::new(Settings::new(options)?);
        Ok(Self::with_settings(settings))
    }

    /// A client from `NETGIRO_APP_KEY`, `NETGIRO_SECRET_KEY`, `NETGIRO_ENVIRONMENT`, `NETGIRO_BASE_URL` and
    /// `NETGIRO_PAYMENT_INFO`.
    pub fn from_env() -> Result<Self> {
        Self::new(ClientOptions::from_env()?)
    }

    /// The same client with connections of its own, as another runtime or process needs them.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        Self::with_settings(Arc::clone(&self.settings))
    }

    fn with_settings(settings: Arc<Settings>) -> Self {
        Self {
            transport: Arc::new(Transport::new(Arc::clone(&settings))),
            settings,
        }
    }

    /// Where the calls go.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.settings.base_url.as_str()
    }

    /// Whether the calls stay on this machine, as those to a simulator do.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.settings.is_loopback
    }

    /// Asks the customer to pay. Sent once: what may have reached the server is never sent again.
    ///
    /// Fails with `outcome_unknown` when the server may have the cart although no sound answer came, and with `api`
    /// when Netgíró clearly says no: nobody was asked, and the order is free. A future that is dropped before is told
    /// of as an event with `outcome_unknown`: see [`insert`](Self::insert).
    pub async fn insert_cart(&self, cart: &NewCart) -> Result<Cart> {
        self.insert(&InsertAttempt::new(cart.clone())).await
    }

    /// Does what [`insert_cart`](Self::insert_cart) does, for a caller who may stop waiting: the attempt then says
    /// whether the customer may have been asked. An attempt is carried out once.
    pub async fn insert(&self, attempt: &InsertAttempt) -> Result<Cart> {
        let cart = attempt.cart();
        cart.validate()?;
        let body = wire::insert_cart_request(cart)?.into();
        let request = Request {
            insert: Some(attempt),
            ..self.checkout(Endpoint::InsertCart, &body)
        };
        let read = |answer: Answer| insert_answer::read(answer, cart);
        attempt.begins()?;
        let reports = ReportIfDropped {
            client: self,
            attempt,
        };
        let outcome = self
            .call(&request, None, ATTEMPTS, read)
            .await
            .map(|(cart, _)| cart)
            .map_err(|error| outcome_unknown(error, &cart.reference));
        attempt.ended(&outcome);
        drop(reports);
        outcome
    }

    /// Asks where a cart stands, and reports what the server says: `canceled` may also mean that it has no such
    /// cart, or does not have it yet. To wait is to be sure.
    pub async fn check_cart(&self, cart: impl Into<CartRef>) -> Result<CartState> {
        self.check(&cart.into(), ATTEMPTS).await
    }

    /// Cancels a cart, and reads the answer: `canceled`, or `confirmed` when the customer was first.
    ///
    /// That it is paid is believed of CheckCart alone, which is asked once then, and whose answer or error this gives:
    /// also `pending`, say. Where CheckCart says that the cart ended unpaid, the two contradict each other, which is a
    /// `protocol` error: ask again.
    pub async fn cancel_cart(&self, cart: impl Into<CartRef>) -> Result<CartState> {
        self.change(Endpoint::CancelCart, &cart.into(), None, ATTEMPTS)
            .await
    }

    /// Confirms a reserved cart, or sends the SMS code that the customer was given as `identifier`.
    pub async fn confirm_cart(
        &self,
        cart: impl Into<CartRef>,
        identifier: Option<&str>,
    ) -> Result<CartState> {
        if identifier.is_some_and(|code| code.trim().is_empty()) {
            return Err(Error::invalid_request(
                "identifier must be the code that the customer was sent, or be left out; got an empty text",
            ));
        }
        self.change(Endpoint::ConfirmCart, &cart.into(), identifier, ATTEMPTS)
            .await
    }

    /// Waits until polling alone cannot change the cart any more: it is final, or the merchant's move.
    ///
    /// Fails with `wait_timeout` at the deadline; the cart is then still open.
    pub async fn wait_for_cart(
        &self,
        cart: impl Into<CartRef>,
        options: WaitOptions,
    ) -> Result<CartState> {
        self.watch_cart(cart, options).finish().await
    }

    /// Waits, and at the deadline cancels: the answer says whether the customer was first.
    ///
    /// Never reports `canceled` for a cart that was paid: fails with `unresolved` when the truth
    /// cannot be learnt within a minute after the deadline.
    pub async fn settle_cart(
        &self,
        cart: impl Into<CartRef>,
        options: WaitOptions,
    ) -> Result<CartState> {
        self.watch_settling(cart, options).finish().await
    }

    /// Waits as [`wait_for_cart`](Self::wait_for_cart) does, and gives each change on the way.
    #[must_use]
    pub fn watch_cart(&self, cart: impl Into<CartRef>, options: WaitOptions) -> Watch {
        Watch::new(self.clone(), cart.into(), options, false)
    }

    /// Settles as [`settle_cart`](Self::settle_cart) does, and gives each change on the way.
    #[must_use]
    pub fn watch_settling(&self, cart: impl Into<CartRef>, options: WaitOptions) -> Watch {
        Watch::new(self.clone(), cart.into(), options, true)
    }

    /// Checks many carts: gives the result of each as it comes, or all of them in order.
    ///
    /// A check that fails is in its cart's result. After three refusals of the keys in a row, and after
    /// an outage of `retry_for`, nothing more is asked, and the rest of the results says why.
    pub fn check_many(&self, carts: Vec<CartRef>, options: BulkOptions) -> Result<CheckMany> {
        CheckMany::new(self.clone(), carts, options)
    }

    /// Waits for many carts; gives each as it settles.
    pub fn wait_many(
        &self,
        carts: Vec<CartRef>,
        options: WaitOptions,
        bulk: BulkOptions,
    ) -> Result<WaitMany> {
        WaitMany::new(self.clone(), carts, options, bulk)
    }

    /// Takes a poll one check further, for job queues: gives the poll to keep.
    ///
    /// A step that comes too early, or after the end, sends nothing and gives the same poll; on this machine's
    /// clock, where the poll was kept by a machine whose clock differs. Neither of the two clocks decides whether
    /// it is due or over: the server's `Date` does, or, where that is not known, the intervals that it has waited.
    ///
    /// ```
    /// # async fn job(client: netgiro::Client, saved: String) -> Result<(), netgiro::Error> {
    /// let poll = client.poll_step(&netgiro::CartPoll::from_json(&saved)?).await?;
    /// match poll.state() {
    ///     Some(state) if poll.is_done() => println!("{}", state.status),
    ///     _ => println!("again at {}, with {}", poll.next_check_at(), poll.to_json()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn poll_step(&self, poll: &CartPoll) -> Result<CartPoll> {
        if poll.is_done() {
            return self.outcome_of(poll).map(|_| poll.clone());
        }
        let clock = Clock::start();
        let sent_at = clock.now();
        let ours = poll.on_clock(sent_at, self.server_now());
        if !ours.is_due(sent_at) {
            return Ok(ours);
        }
        let seen = CheckOutcome::from(self.check(&poll.cart(), 1).await);
        let now = clock.now();
        // The answer says how late this check was, where nothing did so before.
        let took = now.duration_since(sent_at);
        let server_sent_at = self
            .server_now()
            .and_then(|server| server.checked_sub(took).ok());
        let ours = poll
            .on_clock(sent_at, server_sent_at)
            .dated(sent_at, server_sent_at);
        self.step(&ours, seen, sent_at, now)
    }

    /// What the server's clock says now, by the `Date` of its last answer; whatever happened to ours since.
    #[doc(hidden)]
    #[must_use]
    pub fn server_now(&self) -> Option<Timestamp> {
        self.settings.server_clock.now()
    }

    /// The state that a poll has ended with, as this client takes it from one that was kept.
    pub(crate) fn outcome_of(&self, poll: &CartPoll) -> Result<Option<CartState>> {
        let Some(state) = poll.state().filter(|_| poll.is_done()) else {
            return Ok(None);
        };
        match self.unnamed(state, &poll.cart()) {
            None => Ok(Some(state.clone())),
            Some(what) => Err(Error::invalid_request(format!(
                "this poll ended with cart {} paid, and {what}: payment_info is \"required\"",
                state.transaction_id
            ))),
        }
    }

    /// What a state that was kept, and is paid, does not name although it must.
    pub(crate) fn unnamed(&self, state: &CartState, cart: &CartRef) -> Option<&'static str> {
        let policy = self.settings.payment_info;
        state
            .is_paid()
            .then(|| wire::unnamed(policy, state.payment.as_deref(), cart))
            .flatten()
    }

    /// Takes what a check saw into its poll, and tells of it.
    pub(crate) fn step(
        &self,
        poll: &CartPoll,
        seen: CheckOutcome,
        sent_at: Timestamp,
        now: Timestamp,
    ) -> Result<CartPoll> {
        let failure = seen.failure();
        let step = poll.answered(seen, sent_at, now, fastrand::f64());
        self.tell(|| PollEvent::of(poll, failure, &step));
        step
    }

    /// Tells of a step of a poll.
    pub(crate) fn tell(&self, event: impl FnOnce() -> PollEvent) {
        Observer::poll(self.settings.observer.as_ref(), event);
    }

    /// The settlements from one day to another: what Netgíró has transferred to the shop's bank, or is
    /// about to; with a `number` that one alone.
    ///
    /// Asked of the API's V2, whose answers are not signed: `response_verification` says nothing of them.
    pub async fn settlements(
        &self,
        from: Date,
        to: Date,
        number: Option<&str>,
    ) -> Result<Vec<Settlement>> {
        let mut url = self.settings.v2_url("settlement/list")?;
        settlement::ask(&mut url, from, to, number)?;
        let request = Request {
            endpoint: Endpoint::SettlementList,
            url: &url,
            body: None,
            insert: None,
        };
        let read = |answer: Answer| settlement::read(&answer);
        self.call(&request, None, ATTEMPTS, read).await
    }

    /// The sales in a settlement. Of V2 as well.
    pub async fn settlement_items(&self, number: &str) -> Result<Vec<SettlementItem>> {
        let mut url = self.settings.v2_url("settlement/items")?;
        settlement::ask_items(&mut url, number)?;
        let request = Request {
            endpoint: Endpoint::SettlementItems,
            url: &url,
            body: None,
            insert: None,
        };
        let read = |answer: Answer| settlement::read(&answer);
        self.call(&request, None, ATTEMPTS, read).await
    }

    /// Verifies a callback against the URL that was given to `insert_cart`, and reads it.
    ///
    /// `headers` may be spelled as proxies and frameworks spell them; `body` is the bytes as received.
    /// What a refusal says is for the shop's own log: answer its sender with a bare 400.
    ///
    /// ```
    /// use netgiro::{Amount, Client, ClientOptions, sign};
    ///
    /// let client = Client::new(ClientOptions::new("881E674F-7891-4C20-AFD8-56FE2624C4B5", "secret"))?;
    /// let url = "https://shop.example/netgiro/callback";
    /// let body = br#"{"PaymentInfo":{"TransactionId":"4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001","ReferenceNumber":"order-1001","TotalAmount":4990},"Success":true,"ResultCode":10429}"#;
    /// let headers = [
    ///     ("netgiro_nonce".to_owned(), "638412345678901234".to_owned()),
    ///     ("netgiro_signature".to_owned(), sign("secret", "638412345678901234", url, body)),
    /// ];
    /// let callback = client.verify_callback(url, &headers, body)?;
    /// assert!(callback.matches(Amount::new(4990)?, "order-1001"));
    /// assert!(client.verify_callback("https://shop.example/other", &headers, body).is_err());
    /// # Ok::<(), netgiro::Error>(())
    /// ```
    pub fn verify_callback(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Callback> {
        callback::verify(&self.settings, None, url, headers, body)
    }

    /// Verifies a callback as [`verify_callback`](Self::verify_callback) does, and refuses one that the
    /// guard has seen before with a `signature` error that says so.
    pub fn verify_callback_once(
        &self,
        guard: &dyn ReplayGuard,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Callback> {
        callback::verify(&self.settings, Some(guard), url, headers, body)
    }

    /// Verifies a callback, and gives what a replay guard is to be asked about it: for those that have to wait for theirs.
    #[doc(hidden)]
    pub fn verify_callback_keyed(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(Callback, ReplayKey)> {
        callback::verify_keyed(&self.settings, url, headers, body)
    }

    /// CheckCart, sent up to `attempts` times.
    pub(crate) async fn check(&self, cart: &CartRef, attempts: u32) -> Result<CartState> {
        self.check_after(None, cart, attempts).await
    }

    /// CheckCart, perhaps after another call's answer that the cart is paid.
    pub(crate) async fn check_after(
        &self,
        called_paid_by: Option<Endpoint>,
        cart: &CartRef,
        attempts: u32,
    ) -> Result<CartState> {
        let body = wire::cart_request(cart.transaction_id, None)?.into();
        let asked = Asked {
            called_paid_by,
            ..self.asked(cart)
        };
        self.cart_call(Endpoint::CheckCart, &asked, &body, attempts)
            .await
    }

    fn asked<'a>(&self, cart: &'a CartRef) -> Asked<'a> {
        Asked {
            cart,
            payment_info: self.settings.payment_info,
            called_paid_by: None,
        }
    }

    /// CancelCart, sent once; `None` where it says that the cart is paid, which CheckCart must say.
    pub(crate) async fn cancel(&self, cart: &CartRef) -> Result<Option<CartState>> {
        self.attempt_change(Endpoint::CancelCart, cart, None, 1)
            .await
    }

    /// ConfirmCart or CancelCart; where it is not to be believed that the cart is paid, CheckCart is asked.
    async fn change(
        &self,
        endpoint: Endpoint,
        cart: &CartRef,
        identifier: Option<&str>,
        attempts: u32,
    ) -> Result<CartState> {
        let changed = self
            .attempt_change(endpoint, cart, identifier, attempts)
            .await?;
        if let Some(state) = changed {
            return Ok(state);
        }
        let checked = self.check_after(Some(endpoint), cart, attempts).await;
        checked.map_err(|error| match error.request_sent() {
            RequestSent::No => never_checked(endpoint, error).called_paid(),
            _ => error.called_paid(),
        })
    }

    /// ConfirmCart or CancelCart; `None` where it says that the cart is paid, and is not believed.
    async fn attempt_change(
        &self,
        endpoint: Endpoint,
        cart: &CartRef,
        identifier: Option<&str>,
        attempts: u32,
    ) -> Result<Option<CartState>> {
        let body = wire::cart_request(cart.transaction_id, identifier)?.into();
        let asked = self.asked(cart);
        let state = self.cart_call(endpoint, &asked, &body, attempts).await?;
        let is_believed = |code| wire::is_believed(endpoint, code);
        let stands = !state.is_paid() || state.result_code.is_some_and(is_believed);
        Ok(stands.then_some(state))
    }

    /// Sends a request about a cart, and reads where the cart stands.
    async fn cart_call(
        &self,
        endpoint: Endpoint,
        asked: &Asked<'_>,
        body: &Bytes,
        attempts: u32,
    ) -> Result<CartState> {
        if let Some(reference) = &asked.cart.reference {
            check_reference(reference)?;
        }
        let read = |mut answer: Answer| {
            let signature = answer.signature.take();
            let state = answer.into_state(endpoint, asked)?;
            self.refuse_if_replayed(endpoint, signature, state)
        };
        let about = Some(asked.cart.transaction_id);
        self.call(&self.checkout(endpoint, body), about, attempts, read)
            .await
    }

    /// A request of the checkout.
    fn checkout<'a>(&'a self, endpoint: Endpoint, body: &'a Bytes) -> Request<'a> {
        Request {
            endpoint,
            url: self.settings.checkout_url(endpoint),
            body: Some(body),
            insert: None,
        }
    }

    /// Refuses a final state that came, with this very signature, as another cart's.
    fn refuse_if_replayed(
        &self,
        endpoint: Endpoint,
        signature: Option<String>,
        state: CartState,
    ) -> Result<CartState> {
        let answers = &self.settings.final_answers;
        let is_another = |signature: String| !answers.are_first(&signature, state.transaction_id);
        if state.is_final() && signature.is_some_and(is_another) {
            return Err(Error::new(
                ErrorKind::Signature,
                format!(
                    "{}'s answer was discarded: it has come before, about another cart",
                    endpoint.name()
                ),
            )
            .with_reference_id(state.reference_id)
            .with_request_sent(RequestSent::Yes)
            .with_retryable(true)
            .transient());
        }
        Ok(state)
    }

    /// Sends a request within the timeout, up to `attempts` times where that is safe.
    async fn call<T: RecordOutcome>(
        &self,
        request: &Request<'_>,
        about: Option<Uuid>,
        attempts: u32,
        read: impl Fn(Answer) -> Result<T>,
    ) -> Result<T> {
        let endpoint = request.endpoint;
        let mut started = Instant::now();
        let deadline = started + self.settings.timeout;
        let mut attempt = 1;
        loop {
            let left = deadline.saturating_duration_since(started);
            let mut http_status = None;
            if let Some(insert) = request.insert {
                insert.is_sent_now(attempt);
            }
            let outcome = match self.transport.send(request, left).await {
                Ok(answer) => {
                    http_status = Some(answer.http_status);
                    read(answer)
                }
                Err(error) => Err(error),
            };
            Observer::request(self.settings.observer.as_ref(), || {
                RequestEvent {
                    endpoint: endpoint.name(),
                    reference: request
                        .insert
                        .filter(|_| outcome.is_err())
                        .map(|it| it.cart().reference.clone()),
                    transaction_id: about,
                    attempt,
                    http_status,
                    result_code: None,
                    reference_id: None,
                    duration: started.elapsed(),
                    error: None,
                }
                .with(&outcome)
            });
            let error = match outcome {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let delay = backoff(FIRST_BACKOFF, attempt, self.settings.timeout);
            let pause =
                jittered(delay, fastrand::f64()).max(error.retry_after().unwrap_or_default());
            if attempt == attempts
                || !may_be_sent_again(endpoint, &error)
                || Instant::now() + pause >= deadline
            {
                return Err(error);
            }
            sleep(pause).await;
            attempt += 1;
            started = Instant::now();
        }
    }
}

/// The error of a call whose own request was answered, and whose check could not be sent.
fn never_checked(endpoint: Endpoint, error: Error) -> Error {
    let message = format!(
        "{}'s answer said that the cart is paid, and CheckCart could not be asked: {}",
        endpoint.name(),
        error.message()
    );
    Error::new(ErrorKind::Server, message)
        .caused_by(error)
        .with_request_sent(RequestSent::Yes)
}

/// Whether sending a failed request again is safe and may help at once.
fn may_be_sent_again(endpoint: Endpoint, error: &Error) -> bool {
    error.kind() == ErrorKind::Connect || (endpoint.is_repeatable() && error.is_transient())
}

/// What a failure of InsertCart means: unless the server clearly said no, the cart may exist.
fn outcome_unknown(error: Error, reference: &str) -> Error {
    let may_exist = error.request_sent() != RequestSent::No
        && matches!(
            error.kind(),
            ErrorKind::Timeout | ErrorKind::Server | ErrorKind::Signature | ErrorKind::Protocol
        );
    if !may_exist {
        return error;
    }
    insert_attempt::outcome_unknown(reference, error.message()).caused_by(error)
}

/// Tells of an InsertCart whose future is dropped when the customer may have been asked already.
struct ReportIfDropped<'a> {
    client: &'a Client,
    attempt: &'a InsertAttempt,
}

impl Drop for ReportIfDropped<'_> {
    fn drop(&mut self) {
        if self.attempt.has_ended() {
            return;
        }
        if let Some(Event::Request(event)) = self.attempt.abandon().and_then(|it| it.event) {
            Observer::request(self.client.settings.observer.as_ref(), || event);
        }
    }
}
