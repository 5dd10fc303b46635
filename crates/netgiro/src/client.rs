//! The client: the calls of the checkout, and what is built on them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::backoff::{backoff, jittered};
use crate::bulk::BulkOptions;
use crate::callback::{self, Callback};
use crate::cart::{Cart, CartRef, CartState, NewCart};
use crate::check_many::CheckMany;
use crate::error::{Error, ErrorKind, RequestSent, Result};
use crate::events::{Observer, PollEvent, RequestEvent, Told};
use crate::options::{ClientOptions, Settings};
use crate::poll::{CartPoll, Seen, WaitOptions};
use crate::replay::ReplayGuard;
use crate::settlement::{self, Settlement, SettlementItem};
use crate::status::ResultCode;
use crate::transport::{Request, Transport};
use crate::wait_many::WaitMany;
use crate::watch::{Clock, Watch};
use crate::wire::{self, Answer, Endpoint};

/// How often one call is sent at the most, the first time included.
const ATTEMPTS: u32 = 3;
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

    /// A client from `NETGIRO_APP_KEY`, `NETGIRO_SECRET_KEY`, `NETGIRO_ENVIRONMENT` and
    /// `NETGIRO_BASE_URL`.
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

    /// Asks the customer to pay. Sent once: what may have reached the server is never sent again.
    ///
    /// Fails with `outcome_unknown` when the server may have the cart although no sound answer came.
    pub async fn insert_cart(&self, cart: &NewCart) -> Result<Cart> {
        cart.validate()?;
        let body = wire::insert_cart_request(cart)?.into();
        let request = self.checkout(Endpoint::InsertCart, &body);
        let read = |answer: Answer| answer.into_cart(cart);
        self.call(&request, None, ATTEMPTS, read)
            .await
            .map(|(cart, _)| cart)
            .map_err(|error| outcome_unknown(error, &cart.reference))
    }

    /// Asks where a cart stands.
    pub async fn check_cart(&self, cart: impl Into<CartRef>) -> Result<CartState> {
        self.check(&cart.into(), ATTEMPTS).await
    }

    /// Cancels a cart, and reads the answer: `canceled`, or `confirmed` when the customer was first.
    pub async fn cancel_cart(&self, cart: impl Into<CartRef>) -> Result<CartState> {
        self.cancel(&cart.into(), ATTEMPTS).await
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
            return Ok(poll.clone());
        }
        let clock = Clock::start();
        let sent_at = clock.now();
        let ours = poll.on_clock(sent_at, self.server_now());
        if !ours.is_due(sent_at) {
            return Ok(ours);
        }
        let seen = Seen::from(self.check(&poll.cart(), 1).await);
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

    /// Takes what a check saw into its poll, and tells of it.
    pub(crate) fn step(
        &self,
        poll: &CartPoll,
        seen: Seen,
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
        number: Option<i64>,
    ) -> Result<Vec<Settlement>> {
        let mut url = self.settings.v2_url("settlement/list")?;
        settlement::ask(&mut url, from, to, number)?;
        let request = Request {
            endpoint: Endpoint::SettlementList,
            url: &url,
            body: None,
        };
        let read = |answer: Answer| settlement::read(&answer);
        self.call(&request, None, ATTEMPTS, read).await
    }

    /// The sales in a settlement. Of V2 as well.
    pub async fn settlement_items(&self, number: i64) -> Result<Vec<SettlementItem>> {
        settlement::check_number(number)?;
        let url = self
            .settings
            .v2_url(&format!("settlement/items/{number}"))?;
        let request = Request {
            endpoint: Endpoint::SettlementItems,
            url: &url,
            body: None,
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

    /// CheckCart, sent up to `attempts` times.
    pub(crate) async fn check(&self, cart: &CartRef, attempts: u32) -> Result<CartState> {
        let body = wire::cart_request(cart.transaction_id, None)?.into();
        self.cart_call(Endpoint::CheckCart, cart, &body, attempts)
            .await
    }

    /// CancelCart, sent up to `attempts` times.
    pub(crate) async fn cancel(&self, cart: &CartRef, attempts: u32) -> Result<CartState> {
        self.change(Endpoint::CancelCart, cart, None, attempts)
            .await
    }

    /// ConfirmCart or CancelCart; "already confirmed" is believed once CheckCart says so too.
    async fn change(
        &self,
        endpoint: Endpoint,
        cart: &CartRef,
        identifier: Option<&str>,
        attempts: u32,
    ) -> Result<CartState> {
        let body = wire::cart_request(cart.transaction_id, identifier)?.into();
        let state = self.cart_call(endpoint, cart, &body, attempts).await?;
        if state.result_code == Some(ResultCode::ALREADY_CONFIRMED) {
            return self.check(cart, attempts).await;
        }
        Ok(state)
    }

    /// Sends a request about a cart, and reads where the cart stands.
    async fn cart_call(
        &self,
        endpoint: Endpoint,
        cart: &CartRef,
        body: &Bytes,
        attempts: u32,
    ) -> Result<CartState> {
        let read = |mut answer: Answer| {
            let signature = answer.signature.take();
            let state = answer.into_state(endpoint, cart)?;
            self.refuse_if_replayed(endpoint, signature, state)
        };
        let about = Some(cart.transaction_id);
        self.call(&self.checkout(endpoint, body), about, attempts, read)
            .await
    }

    /// A request of the checkout.
    fn checkout<'a>(&'a self, endpoint: Endpoint, body: &'a Bytes) -> Request<'a> {
        Request {
            endpoint,
            url: self.settings.checkout_url(endpoint),
            body: Some(body),
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
            .passing());
        }
        Ok(state)
    }

    /// Sends a request within the timeout, up to `attempts` times where that is safe.
    async fn call<T: Told>(
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

/// Whether sending a failed request again is safe and may help at once.
fn may_be_sent_again(endpoint: Endpoint, error: &Error) -> bool {
    error.kind() == ErrorKind::Connect || (endpoint.is_repeatable() && error.is_passing())
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
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "it is not known whether the cart for reference {reference:?} was inserted: {}. The customer may \
             have been asked to pay, so do not insert it again before Netgíró has been asked",
            error.message()
        ),
    )
    .caused_by(error)
    .with_reference(reference)
}
