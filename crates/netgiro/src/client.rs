//! The client: what a shop calls. It documents and delegates; the layers below do the work.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::api::{ATTEMPTS, Api};
use crate::bulk::BulkOptions;
use crate::bulk::check_many::CheckMany;
use crate::bulk::wait_many::WaitMany;
use crate::callback::redirect::Redirect;
use crate::callback::replay_guard::ReplayGuard;
use crate::callback::{Callback, ReplayKey};
use crate::follow::{self, Watch};
use crate::http::insert_attempt::InsertAttempt;
use crate::model::api_version::ApiVersion;
use crate::model::cart::Cart;
use crate::model::cart::new_cart::NewCart;
use crate::model::cart::state::CartState;
use crate::model::checkout::{Checkout, NewCheckout};
use crate::model::error::Result;
use crate::model::poll::CartPoll;
use crate::model::poll::cart_ref::CartRef;
use crate::model::poll::policy::WaitOptions;
use crate::model::refund::{NewRefund, Refund};
use crate::model::settlement::{Settlement, SettlementItem};
use crate::model::transaction::Transaction;
use crate::model::values::amount::Amount;
use crate::options::ClientOptions;

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
    api: Api,
}

impl Client {
    /// A client with these options; nothing is opened before its first call.
    pub fn new(options: ClientOptions) -> Result<Self> {
        Api::new(options).map(|api| Self { api })
    }

    /// A client that runs on a simulated machine.
    #[cfg(feature = "simulation")]
    #[doc(hidden)]
    pub fn simulated(
        options: ClientOptions,
        machine: std::sync::Arc<dyn crate::http::machine::simulation::SimulatedMachine>,
    ) -> Result<Self> {
        Api::simulated(options, machine).map(|api| Self { api })
    }

    /// A client with the same options on the same simulated machine, in a process that has just started: it knows
    /// nothing of what this one has learnt.
    #[cfg(feature = "simulation")]
    #[doc(hidden)]
    #[must_use]
    pub fn restarted(&self) -> Self {
        Self {
            api: self.api.restarted(),
        }
    }

    /// A client from `NETGIRO_APP_KEY`, `NETGIRO_SECRET_KEY`, `NETGIRO_ENVIRONMENT`, `NETGIRO_API`, `NETGIRO_BASE_URL`
    /// and `NETGIRO_PAYMENT_INFO`.
    pub fn from_env() -> Result<Self> {
        Self::new(ClientOptions::from_env()?)
    }

    /// The same client with connections of its own, as another runtime or process needs them.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        Self {
            api: self.api.with_own_connections(),
        }
    }

    /// Which API it speaks about carts.
    #[must_use]
    pub fn api(&self) -> ApiVersion {
        self.api.settings().api
    }

    /// Where the calls go.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.api.settings().base_url.as_str()
    }

    /// Whether the calls stay on this machine, as those to a simulator do.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.api.settings().is_loopback
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
        self.api.insert(attempt).await
    }

    /// Asks where a cart stands, and reports what the server says: `canceled` may also mean that it has no such
    /// cart, or does not have it yet. To wait is to be sure.
    pub async fn check_cart(&self, cart: impl Into<CartRef>) -> Result<CartState> {
        self.api.check(&cart.into(), ATTEMPTS).await
    }

    /// Looks for the cart of an [`insert_cart`](Self::insert_cart) whose outcome is unknown, by the order's reference. What it
    /// finds may be the cart, with the order's amount and reference: go on as if `insert_cart` had given it, and check it. Only
    /// a check says where it stands.
    ///
    /// Netgíró last documented this look-up in 2020, so it may not exist any more, and may not see a cart that the customer
    /// has not accepted yet. `None` means that the server says that it has no such cart. It does not mean that nobody was
    /// asked to pay: do not insert the order again on its account before the customer can no longer accept.
    ///
    /// Fails with `mismatch` when the answer names another reference or another amount, with `api` when Netgíró refuses or
    /// does not have the look-up, and with `protocol` or `server` for an answer that cannot be read.
    pub async fn find_by_reference(&self, reference: &str, amount: Amount) -> Result<Option<Cart>> {
        self.api.find_by_reference(reference, amount).await
    }

    /// Cancels a cart, and reads the answer: `canceled`, or `confirmed` when the customer was first. With V2, whose cancel
    /// would also undo a payment, the cart is checked first, and a paid one is left as it is.
    ///
    /// That it is paid is believed of CheckCart alone, which is asked once then, and whose answer or error this gives:
    /// also `pending`, say. Where CheckCart says that the cart ended unpaid, the two contradict each other, which is a
    /// `protocol` error: ask again.
    pub async fn cancel_cart(&self, cart: impl Into<CartRef>) -> Result<CartState> {
        self.api.cancel_cart(&cart.into()).await
    }

    /// Confirms a reserved cart, or sends the SMS code that the customer was given as `identifier`. V2 has no such code.
    pub async fn confirm_cart(
        &self,
        cart: impl Into<CartRef>,
        identifier: Option<&str>,
    ) -> Result<CartState> {
        self.api.confirm_cart(&cart.into(), identifier).await
    }

    /// Captures what is held of a reserved cart, all of it or an `amount` of it: `confirmed`. What was captured before is not
    /// captured again.
    ///
    /// Of V2. With `api` V1 it does what [`confirm_cart`](Self::confirm_cart) does, and refuses an amount.
    pub async fn capture_cart(
        &self,
        cart: impl Into<CartRef>,
        amount: Option<Amount>,
    ) -> Result<CartState> {
        self.api.capture_cart(&cart.into(), amount).await
    }

    /// Cancels a payment that is made: `canceled`, and the customer pays nothing. To give back a part, refund it.
    ///
    /// Of V2, where `cancel_cart` leaves a paid cart as it is. Fails with `invalid_request` for a cart that is not paid.
    pub async fn void_cart(&self, cart: impl Into<CartRef>) -> Result<CartState> {
        self.api.void_cart(&cart.into()).await
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
        Watch::new(self.api.clone(), cart.into(), options, false)
    }

    /// Settles as [`settle_cart`](Self::settle_cart) does, and gives each change on the way.
    #[must_use]
    pub fn watch_settling(&self, cart: impl Into<CartRef>, options: WaitOptions) -> Watch {
        Watch::new(self.api.clone(), cart.into(), options, true)
    }

    /// Checks many carts: gives the result of each as it comes, or all of them in order.
    ///
    /// A check that fails is in its cart's result. After three refusals of the keys in a row, and after
    /// an outage of `retry_for`, nothing more is asked, and the rest of the results says why.
    pub fn check_many(&self, carts: Vec<CartRef>, options: BulkOptions) -> Result<CheckMany> {
        CheckMany::new(self.api.clone(), carts, options)
    }

    /// Waits for many carts; gives each as it settles.
    pub fn wait_many(
        &self,
        carts: Vec<CartRef>,
        options: WaitOptions,
        bulk: BulkOptions,
    ) -> Result<WaitMany> {
        WaitMany::new(self.api.clone(), carts, options, bulk)
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
        follow::step::step(&self.api, poll).await
    }

    /// What the server's clock says now, by the `Date` of its last answer; whatever happened to ours since.
    #[doc(hidden)]
    #[must_use]
    pub fn server_now(&self) -> Option<Timestamp> {
        self.api.settings().server_clock.now()
    }

    /// Refunds a payment, in full or in part: the customer gets `refund.amount` krónur back. For carts of V1 too.
    ///
    /// Netgíró processes one refund for each `idempotency_key`, so what may have been lost is sent again with it. Fails
    /// with `outcome_unknown`, which has the key, when the refund may have been made although no sound answer came: make
    /// the same call again. Fails with `api` when Netgíró says no, and with `mismatch` when the key belongs to another
    /// refund. A refund changes no status: a paid cart stays paid, and how much was refunded is the shop's to store.
    ///
    /// Asked of the API's V2, whose answers are not signed.
    pub async fn refund_cart(
        &self,
        cart: impl Into<CartRef>,
        refund: &NewRefund,
    ) -> Result<Refund> {
        self.api.refund_cart(&cart.into(), refund).await
    }

    /// Asks what Netgíró holds about a cart's payment: whether it can be refunded, and when the money goes to the shop.
    ///
    /// Asked of the API's V2, whose answers are not signed: `check_cart` alone says whether a cart is paid.
    pub async fn get_transaction(&self, cart: impl Into<CartRef>) -> Result<Transaction> {
        self.api.transaction(&cart.into()).await
    }

    /// Creates a hosted checkout: a page of Netgíró's, to whose `checkout_url` the customer's browser is sent. Nobody is asked
    /// before that. Sent once.
    ///
    /// Fails with `outcome_unknown` when it may have been created although no sound answer came, and with `api` when
    /// Netgíró says no. The answer has no transaction id: that comes with the redirect and the callback.
    pub async fn create_checkout(&self, checkout: &NewCheckout) -> Result<Checkout> {
        self.api.create_checkout(checkout).await
    }

    /// Verifies the URL with which a customer comes back from Netgíró's page, and reads it. For display alone: whoever has
    /// the URL can open it again, so deliver after a check.
    ///
    /// `url` is the whole URL, or its query; `amount` and `reference` are the order's. Fails with `signature` when it does
    /// not verify, and with `mismatch` when it is about another amount or reference.
    pub fn verify_redirect(
        &self,
        url: &str,
        amount: Option<Amount>,
        reference: Option<&str>,
    ) -> Result<Redirect> {
        self.api.verify_redirect(url, amount, reference)
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
        self.api.settlements(from, to, number).await
    }

    /// The sales in a settlement. Of V2 as well.
    pub async fn settlement_items(&self, number: &str) -> Result<Vec<SettlementItem>> {
        self.api.settlement_items(number).await
    }

    /// Verifies a callback against the URL that was given to `insert_cart`, and reads it.
    ///
    /// `headers` may be spelled as proxies and frameworks spell them; `body` is the bytes as received.
    /// What a refusal says is for the shop's own log: answer its sender with a bare 400.
    ///
    /// Callbacks of V2 and of hosted checkouts are known by their signature, whichever API the client speaks. Theirs covers
    /// neither the outcome nor the URL, so `state` is `None`: ask where the cart stands.
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
        self.api.verify_callback(None, url, headers, body)
    }

    /// Verifies a callback as [`verify_callback`](Self::verify_callback) does, and refuses one that the
    /// guard has seen before with a `signature` error that says so. The guard is not asked about callbacks of V2.
    pub fn verify_callback_once(
        &self,
        guard: &dyn ReplayGuard,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Callback> {
        self.api.verify_callback(Some(guard), url, headers, body)
    }

    /// Verifies a callback, and gives what a replay guard is to be asked about it: for those that have to wait for theirs.
    #[doc(hidden)]
    pub fn verify_callback_keyed(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(Callback, Option<ReplayKey>)> {
        self.api.verify_callback_keyed(url, headers, body)
    }
}
