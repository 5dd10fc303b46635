//! All that the server knows: its carts, what is due, and everything that came in and went out.
//!
//! No I/O and no clock: whoever calls says what time it is, and carries what is in the outbox.

use crate::engine::cart::{Answer, Cart, CartSeed, Notification, Order, Stage};
use crate::engine::clock::later;
use crate::engine::history::History;
use crate::engine::settlement::Settlements;
use crate::engine::snapshot::{self, Changes, Counts, Numbered};
use crate::faults::corrupt;
use crate::faults::fault::{BodyAs, DropAt, DropBy, Fault, Faults};
use crate::faults::storm::{ActiveStorm, CustomerPlan, Storm};
use crate::model::codes;
use crate::model::customer::{Behaviour, Channel};
use crate::model::error::SimulatorError;
use crate::model::options::{ResponseSignatures, SimulatorOptions};
use crate::protocol::response::{self as wire, Endpoint, Invalid, Members};
use crate::protocol::signature::{self, Keys, Seal};
use fastrand::Rng;
use jiff::Timestamp;
use netgiro::{CartStatus, ConfirmationType};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// A cart as the server holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatedCart {
    /// Its id.
    pub transaction_id: Uuid,
    /// The merchant's order id.
    pub reference: String,
    /// The amount in krónur.
    pub amount: i64,
    /// Who is asked to pay.
    pub customer_id: String,
    /// Where it stands.
    #[serde(serialize_with = "snapshot::status")]
    pub status: CartStatus,
    /// Whether it is paid.
    pub is_paid: bool,
    /// The result code `CheckCart` answers.
    pub result_code: i64,
    /// Who turns the customer's yes into a payment.
    #[serde(serialize_with = "snapshot::confirmation_type")]
    pub confirmation_type: ConfirmationType,
    /// When it was inserted, on the simulator's clock.
    #[serde(serialize_with = "snapshot::instant")]
    pub created: Timestamp,
    /// Until when it waits for its customer.
    #[serde(serialize_with = "snapshot::instant")]
    pub expires_at: Timestamp,
    /// The code in the customer's SMS; `None` unless the customer was named by kennitala.
    pub sms_code: Option<String>,
    /// How often `CheckCart` asked for it.
    pub checks: u32,
}

/// A request as it arrived, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatedRequest {
    /// What was called; `None` for a path the API does not have.
    pub endpoint: Option<Endpoint>,
    /// The cart it names; `None` for `InsertCart` and for V2.
    pub transaction_id: Option<Uuid>,
    /// The HTTP method.
    pub method: String,
    /// The path as received, with its query.
    pub path: String,
    /// The headers; names are in lower case.
    #[serde(serialize_with = "snapshot::headers")]
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The nonce it was signed with.
    pub nonce: Option<String>,
    /// Whether its application key and signature were right; with V2, the key.
    pub signature_ok: bool,
    /// The HTTP status answered; `None` while it is being answered, or when it never was.
    pub status: Option<u16>,
    /// The body answered; `None` as with `status`.
    pub answer: Option<String>,
    /// When it arrived, on the simulator's clock.
    #[serde(serialize_with = "snapshot::instant")]
    pub at: Timestamp,
}

/// A callback that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatedCallback {
    /// The cart it is about.
    pub transaction_id: Uuid,
    /// Where it was sent: the string given to `InsertCart`.
    pub url: String,
    /// 1, or 2 for the repetition.
    pub attempt: u32,
    /// The HTTP status of the answer; `None` when there was none, or not yet.
    pub status: Option<u16>,
    /// Whether this attempt is over.
    pub is_done: bool,
    /// The headers sent.
    #[serde(serialize_with = "snapshot::headers")]
    pub headers: Vec<(String, String)>,
    /// The body sent.
    pub body: String,
    /// When it was sent, on the simulator's clock.
    #[serde(serialize_with = "snapshot::instant")]
    pub at: Timestamp,
}

/// A request that has been read to its end.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// Path and query as received.
    pub(crate) path: String,
    /// The URLs that the sender may have signed: the one it arrived with, and the one that others know it by.
    pub(crate) urls: Vec<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What the server is to do about a request.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// The number of the request in the history.
    pub(crate) request: usize,
    pub(crate) delay: Option<Duration>,
    pub(crate) response: Response,
    /// Where and how the exchange breaks off.
    pub(crate) breaks_off: Option<(DropAt, DropBy)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Headers that take the place of others.
    pub(crate) instead: BTreeMap<String, String>,
    /// How many bytes of headers to add.
    pub(crate) header_bytes: usize,
    pub(crate) body: Vec<u8>,
    /// How many blanks to send after the body.
    pub(crate) padding: u64,
    /// The time between two bytes.
    pub(crate) drip: Option<Duration>,
}

impl Response {
    fn new(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            instead: BTreeMap::new(),
            header_bytes: 0,
            body,
            padding: 0,
            drip: None,
        }
    }
}

/// A callback to be carried.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) job: CallbackJob,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The number of this attempt in the history.
    record: usize,
}

/// What a callback is about; the same for both attempts.
#[derive(Clone, Debug)]
pub(crate) struct CallbackJob {
    pub(crate) url: String,
    cart: Uuid,
    notification: Notification,
    attempt: u32,
}

/// What time brings.
#[derive(Debug)]
enum Timer {
    /// The lifetime of a cart is over.
    Lifetime(Uuid),
    /// A customer who decides without being told has made up their mind.
    Reaction(Uuid),
    /// A callback is to be repeated.
    Repetition(CallbackJob),
    /// A customer in a storm has made up their mind: whether they confirm.
    Decision(Uuid, bool),
}

#[derive(Debug)]
pub(crate) struct Ledger {
    options: SimulatorOptions,
    /// Grows whenever anything changes.
    revision: u64,
    carts: History<Cart>,
    places: HashMap<Uuid, usize>,
    /// By time; what falls on the same instant keeps its order.
    due: BTreeMap<(Timestamp, u64), Timer>,
    dues: u64,
    outbox: Vec<Delivery>,
    requests: History<SimulatedRequest>,
    callbacks: History<SimulatedCallback>,
    faults: Faults,
    storm: Option<ActiveStorm>,
    /// Whether calls fail in the storm; its customers are there to its end.
    is_stormy: bool,
    /// Paid carts that are in no settlement.
    withheld: HashSet<Uuid>,
    /// Carts whose customers confirm when the cancel arrives.
    racing: HashSet<Uuid>,
    /// The last answer of each endpoint, with its signature, for whoever replays it.
    answers: HashMap<Endpoint, Response>,
    /// What the last answer was signed with.
    signed: Vec<(&'static str, String)>,
    nonces: HashSet<String>,
    /// Makes up carts, and nothing else: the n-th cart is the same however many requests come between.
    births: Rng,
    seals: Rng,
    first_invoice: i64,
}

impl Ledger {
    pub(crate) fn new(options: SimulatorOptions) -> Self {
        let mut births = Rng::with_seed(options.seed);
        let first_invoice = i64::from(births.u32(100_000..900_000));
        Self {
            revision: 0,
            carts: History::new(usize::MAX),
            places: HashMap::new(),
            due: BTreeMap::new(),
            dues: 0,
            outbox: Vec::new(),
            requests: History::new(options.history),
            callbacks: History::new(options.history),
            faults: Faults::default(),
            storm: None,
            is_stormy: false,
            withheld: HashSet::new(),
            racing: HashSet::new(),
            answers: HashMap::new(),
            signed: Vec::new(),
            nonces: HashSet::new(),
            first_invoice,
            seals: births.fork(),
            births,
            options,
        }
    }

    // What the world outside sees.

    pub(crate) fn carts(&self) -> Vec<SimulatedCart> {
        self.carts.iter().map(show).collect()
    }

    pub(crate) fn cart(&self, id: Uuid) -> Option<SimulatedCart> {
        self.find(id).map(show)
    }

    pub(crate) fn requests(&self) -> Vec<SimulatedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn callbacks(&self) -> Vec<SimulatedCallback> {
        self.callbacks.iter().cloned().collect()
    }

    pub(crate) fn add_fault(&mut self, fault: Fault) -> Result<(), SimulatorError> {
        self.revise();
        self.faults.add(fault)
    }

    pub(crate) fn clear_faults(&mut self) {
        self.revise();
        self.faults.clear();
        self.is_stormy = false;
    }

    pub(crate) fn storm(&mut self, storm: Storm) -> Result<(), SimulatorError> {
        storm.check()?;
        self.revise();
        self.storm = Some(ActiveStorm::new(storm));
        self.is_stormy = true;
        Ok(())
    }

    /// The faults still to strike.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// Grows whenever anything changes.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Something changes: the revision it changes in.
    pub(crate) fn revise(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// What has changed after a revision: of the newest of everything, since people are to look at it.
    pub(crate) fn changes(&self, since: u64, now: Timestamp) -> Changes<'_> {
        Changes {
            complete: since == 0,
            revision: self.revision,
            now,
            shop: &self.options.shop,
            carts: (self.carts.since(since, snapshot::CARTS))
                .map(|(_, cart)| show(cart))
                .collect(),
            requests: Numbered::all(self.requests.since(since, snapshot::MESSAGES)),
            callbacks: Numbered::all(self.callbacks.since(since, snapshot::MESSAGES)),
            counts: Counts {
                carts: self.carts.total(),
                requests: self.requests.total(),
                callbacks: self.callbacks.total(),
            },
            faults: self.faults.iter().take(snapshot::FAULTS).collect(),
            storm: self
                .storm
                .as_ref()
                .filter(|_| self.is_stormy)
                .map(ActiveStorm::storm),
            options: &self.options,
        }
    }

    // What customers do.

    pub(crate) fn confirm(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        let notification = self.attempt(id, |cart| cart.customer_confirms(now))?;
        self.tell(id, notification, now);
        Ok(())
    }

    pub(crate) fn decline(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        let notification = self.attempt(id, Cart::customer_declines)?;
        self.tell(id, notification, now);
        Ok(())
    }

    pub(crate) fn expire(&mut self, id: Uuid) -> Result<(), SimulatorError> {
        self.attempt(id, Cart::expire)
    }

    /// Leaves a paid cart out of its settlement.
    pub(crate) fn withhold(&mut self, id: Uuid) -> Result<(), SimulatorError> {
        self.attempt(id, |cart| match cart.sale() {
            Some(_) => Ok(()),
            None => Err("cannot be withheld: it is not paid".to_owned()),
        })?;
        self.withheld.insert(id);
        Ok(())
    }

    /// What has been settled by now.
    fn settlements(&self, now: Timestamp) -> Settlements {
        let sales = (self.carts.iter())
            .filter(|cart| !self.withheld.contains(&cart.id))
            .filter_map(Cart::sale);
        Settlements::of(sales, now, &self.options)
    }

    fn attempt<T>(
        &mut self,
        id: Uuid,
        deed: impl FnOnce(&mut Cart) -> Result<T, String>,
    ) -> Result<T, SimulatorError> {
        let cart = self.find_mut(id).ok_or(SimulatorError::UnknownCart(id))?;
        let status = status(cart.stage);
        deed(cart).map_err(|message| SimulatorError::NotPossible {
            transaction_id: id,
            status,
            message,
        })
    }

    // What time does.

    /// Lets everything happen that is due by now, in order, each at its own time.
    pub(crate) fn run_until(&mut self, now: Timestamp) {
        while let Some(entry) = self.due.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                break;
            }
            match entry.remove() {
                Timer::Lifetime(id) => {
                    if let Some(cart) = self.find_mut(id) {
                        cart.lifetime_is_over();
                    }
                }
                Timer::Reaction(id) => self.react(id, at),
                Timer::Repetition(job) => self.send(job, at),
                Timer::Decision(id, confirms) => {
                    // Unless the cart has come to its end before.
                    let _ = if confirms {
                        self.confirm(id, at)
                    } else {
                        self.decline(id, at)
                    };
                }
            }
        }
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    fn at(&mut self, time: Timestamp, due: Timer) {
        self.due.insert((time, self.dues), due);
        self.dues += 1;
    }

    /// A customer who decides alone does; unless the cart has come to its end before.
    fn react(&mut self, id: Uuid, now: Timestamp) {
        let behaviour = self.find(id).map(|cart| cart.order.customer.behaviour);
        let _ = match behaviour {
            Some(Behaviour::Approves) => self.confirm(id, now),
            Some(Behaviour::Declines) => self.decline(id, now),
            _ => Ok(()),
        };
    }

    // Callbacks.

    pub(crate) fn has_mail(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Callbacks that nobody has carried yet.
    pub(crate) fn take_outbox(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.outbox)
    }

    /// Notifies the merchant of a cart, where it gave a URL.
    fn tell(&mut self, cart: Uuid, notification: Notification, now: Timestamp) {
        let url = self.find(cart).and_then(|cart| match notification {
            Notification::CustomerConfirmed => cart.order.callback_url.clone(),
            Notification::CustomerDeclined => cart.order.callback_cancel_url.clone(),
        });
        if let Some(url) = url {
            let job = CallbackJob {
                url,
                cart,
                notification,
                attempt: 1,
            };
            self.send(job, now);
        }
    }

    fn send(&mut self, job: CallbackJob, now: Timestamp) {
        let Some(cart) = self.find(job.cart) else {
            return;
        };
        if job.notification == Notification::CustomerConfirmed && cart.stage == Stage::Canceled {
            return; // ended by hand before the repetition
        }
        let body = wire::answered(&cart.callback(), self.options.decimals);
        let seal = self.seal();
        let headers = self
            .keys()
            .headers(&seal, &job.url, &body, ResponseSignatures::Valid);
        let revision = self.revise();
        let sent = SimulatedCallback {
            transaction_id: job.cart,
            url: job.url.clone(),
            attempt: job.attempt,
            status: None,
            is_done: false,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
            at: now,
        };
        let record = self.callbacks.add(sent, revision);
        self.outbox.push(Delivery {
            job,
            headers,
            body,
            record,
        });
    }

    /// A callback came back with this status, or without an answer.
    pub(crate) fn delivered(&mut self, delivery: Delivery, status: Option<u16>, now: Timestamp) {
        let revision = self.revise();
        if let Some(record) = self.callbacks.get_mut(delivery.record, revision) {
            record.status = status;
            record.is_done = true;
        }
        let job = delivery.job;
        if status == Some(200) {
            if let Some(cart) = self.told(&job) {
                cart.callback_acknowledged(now);
            }
        } else if job.attempt == 1 {
            let again = CallbackJob { attempt: 2, ..job };
            let delay = self.options.callback_retry_delay;
            self.at(later(now, delay), Timer::Repetition(again));
        } else if let Some(cart) = self.told(&job) {
            cart.callback_given_up();
        }
    }

    /// The cart whose payment hangs on this callback.
    fn told(&mut self, job: &CallbackJob) -> Option<&mut Cart> {
        let confirmed = job.notification == Notification::CustomerConfirmed;
        self.find_mut(job.cart).filter(|_| confirmed)
    }

    // Requests.

    /// Takes a request in, and decides what becomes of it.
    pub(crate) fn receive(&mut self, incoming: Incoming, now: Timestamp) -> Outgoing {
        let path = incoming.path.split('?').next().unwrap_or_default();
        let endpoint = Endpoint::of_path(path);
        let nonce = signature::header(&incoming.headers, signature::NONCE).map(str::to_owned);
        let (url, verdict) = if endpoint.is_some_and(Endpoint::is_v2) {
            (String::new(), self.keys().check_api_key(&incoming.headers))
        } else {
            self.keys()
                .check_any(&incoming.headers, &incoming.urls, &incoming.body)
        };
        let members = Members::read(&incoming.body, &self.options);
        let named = match (endpoint, &members) {
            (None | Some(Endpoint::InsertCart), _) | (_, Err(_)) => None,
            (Some(_), Ok(members)) => members.transaction_id().ok(),
        };
        let revision = self.revise();
        let arrived = SimulatedRequest {
            endpoint,
            transaction_id: named,
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            headers: incoming.headers,
            body: String::from_utf8_lossy(&incoming.body).into_owned(),
            nonce: nonce.clone(),
            signature_ok: verdict.is_ok(),
            status: None,
            answer: None,
            at: now,
        };
        let request = self.requests.add(arrived, revision);

        let fault = endpoint.and_then(|endpoint| self.fault(endpoint, named, &members));
        let races = endpoint == Some(Endpoint::CancelCart)
            && named.is_some_and(|id| self.racing.remove(&id));
        if let Some(id) = named
            && (races || fault.as_ref().is_some_and(|fault| fault.confirm_during))
        {
            let _ = self.confirm(id, now); // they may have decided already
        }
        let mut response = match endpoint {
            _ if fault.as_ref().is_some_and(|fault| !fault.processes()) => {
                Response::new(200, Vec::new())
            }
            None => Response::new(404, wire::refusal(404, "Not found")),
            Some(endpoint) if incoming.method != endpoint.method() => {
                let method = endpoint.method();
                let mut response = Response::new(405, wire::refusal(405, &format!("Use {method}")));
                response.headers.push(("allow", method.to_owned()));
                response
            }
            Some(endpoint) => match verdict.and_then(|()| self.spend(nonce)) {
                Ok(()) if endpoint.is_v2() => {
                    match self.settlements(now).answer(endpoint, &incoming.path) {
                        Ok(body) => Response::new(200, body),
                        Err((status, message)) => {
                            Response::new(status, wire::refusal(status.into(), &message))
                        }
                    }
                }
                Ok(()) => Response::new(200, self.process(endpoint, members, now)),
                Err(message) => Response::new(401, wire::refusal(codes::UNAUTHORIZED, &message)),
            },
        };
        if let (Some(fault), Some(endpoint)) = (&fault, endpoint) {
            corrupt(&mut response, fault, endpoint);
        }
        self.add_headers(&mut response, fault.as_ref(), endpoint, &url);
        Outgoing {
            request,
            delay: fault.as_ref().and_then(|fault| fault.delay),
            response,
            breaks_off: fault.and_then(|fault| Some((fault.drop?, fault.drop_by))),
        }
    }

    /// Whether a request is not to be read, and how its connection ends.
    pub(crate) fn leaves_unread(&mut self, path: &str) -> Option<DropBy> {
        let endpoint = Endpoint::of_path(path.split('?').next().unwrap_or_default())?;
        let fault = self.faults.take_unread(endpoint)?;
        self.revise();
        Some(fault.drop_by)
    }

    /// What goes wrong with this request, by script or by the storm.
    fn fault(
        &mut self,
        endpoint: Endpoint,
        named: Option<Uuid>,
        members: &Result<Members, Invalid>,
    ) -> Option<Fault> {
        if let Some(fault) = self.faults.take(endpoint) {
            return Some(fault);
        }
        let order = match (named, members) {
            _ if !self.is_stormy => return None,
            (Some(id), _) => self.find(id)?.order.reference.clone(),
            (None, Ok(members)) => members.reference()?,
            (None, Err(_)) => return None,
        };
        self.storm.as_mut()?.fault(endpoint, &order)
    }

    /// Adds the headers, the signature among them.
    fn add_headers(
        &mut self,
        response: &mut Response,
        fault: Option<&Fault>,
        endpoint: Option<Endpoint>,
        url: &str,
    ) {
        if let (Some(BodyAs::Replayed), Some(before)) = (
            fault.and_then(|fault| fault.body_as),
            endpoint.and_then(|endpoint| self.answers.get(&endpoint)),
        ) {
            response.clone_from(before);
            return;
        }
        response
            .headers
            .push(("content-type", "application/json; charset=utf-8".to_owned()));
        if !(200..300).contains(&response.status) {
            return;
        }
        if let Some(endpoint) = endpoint.filter(|endpoint| endpoint.is_v2()) {
            if fault.is_none() {
                self.answers.insert(endpoint, response.clone());
            }
            return;
        }
        let signatures = fault
            .and_then(|fault| fault.signature)
            .unwrap_or(self.options.response_signatures);
        let seal = self.seal();
        let signed = self.keys().headers(&seal, url, &response.body, signatures);
        if signatures == ResponseSignatures::Replay && !self.signed.is_empty() {
            response.headers.extend(self.signed.clone());
            return;
        }
        if signatures == ResponseSignatures::Valid {
            self.signed.clone_from(&signed);
        }
        response.headers.extend(signed);
        if let (None, Some(endpoint)) = (fault, endpoint) {
            self.answers.insert(endpoint, response.clone());
        }
    }

    /// The answer to a request is on its way.
    pub(crate) fn answered(&mut self, request: usize, response: &Response) {
        let revision = self.revise();
        if let Some(record) = self.requests.get_mut(request, revision) {
            record.status = Some(response.status);
            record.answer = Some(String::from_utf8_lossy(&response.body).into_owned());
        }
    }

    /// Notes a nonce, and refuses one that was used before where that is forbidden.
    fn spend(&mut self, nonce: Option<String>) -> Result<(), String> {
        match nonce {
            Some(nonce) if self.options.reject_repeated_nonce => {
                if self.nonces.contains(&nonce) {
                    return Err(format!("Nonce {nonce} was used before"));
                }
                self.nonces.insert(nonce);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn process(
        &mut self,
        endpoint: Endpoint,
        members: Result<Members, Invalid>,
        now: Timestamp,
    ) -> Vec<u8> {
        let answer = members.and_then(|members| {
            if endpoint == Endpoint::InsertCart {
                let order = members.order(&self.options)?;
                return Ok(self.insert(order, now));
            }
            let id = members.transaction_id()?;
            let identifier = members.identifier()?;
            let mut answer = self.answer(endpoint, id, identifier.as_deref(), now);
            if self.options.omit_payment_info {
                answer.payment = None;
            }
            Ok(wire::answered(&answer, self.options.decimals))
        });
        answer.unwrap_or_else(|Invalid { code, message }| match endpoint {
            Endpoint::InsertCart => wire::not_inserted(code, Some(&message)),
            _ => wire::refusal(code, &message),
        })
    }

    fn insert(&mut self, order: Order, now: Timestamp) -> Vec<u8> {
        let customer = order.customer.clone();
        let seed = CartSeed {
            id: guid(&mut self.births),
            sms_code: format!("{:04}", self.births.u32(0..10_000)),
            invoice_number: self.first_invoice + i64::try_from(self.carts.total()).unwrap_or(0),
            created: now,
            expires_at: later(now, self.options.lifetime),
            stale_reads: self.options.stale_reads,
        };
        let (id, expires_at) = (seed.id, seed.expires_at);
        let (cart, notification) = Cart::new(order, seed);
        let revision = self.revise();
        self.places.insert(id, self.carts.add(cart, revision));
        if let Some(notification) = notification {
            self.tell(id, notification, now);
        }
        // Before its end: who answers in the last instant has answered.
        if matches!(
            customer.behaviour,
            Behaviour::Approves | Behaviour::Declines
        ) {
            self.at(later(now, self.options.reaction), Timer::Reaction(id));
        }
        if (customer.channel, customer.behaviour) == (Channel::Phone, Behaviour::Ordinary) {
            self.plan(id, now);
        }
        self.at(expires_at, Timer::Lifetime(id));
        self.run_until(now);
        wire::inserted(
            id,
            self.options.check_interval_ms,
            customer.channel == Channel::Phone,
        )
    }

    /// In a storm customers know what they will do.
    fn plan(&mut self, id: Uuid, now: Timestamp) {
        let plan = (self.storm.as_ref())
            .zip(self.find(id))
            .map(|(active, cart)| active.plan(&cart.order.reference));
        match plan {
            Some(CustomerPlan::Confirms(after)) => {
                self.at(later(now, after), Timer::Decision(id, true));
            }
            Some(CustomerPlan::Declines(after)) => {
                self.at(later(now, after), Timer::Decision(id, false));
            }
            Some(CustomerPlan::Races) => {
                self.racing.insert(id);
            }
            Some(CustomerPlan::Ignores) | None => {}
        }
    }

    fn answer(
        &mut self,
        endpoint: Endpoint,
        id: Uuid,
        identifier: Option<&str>,
        now: Timestamp,
    ) -> Answer {
        let unknown = self.options.unknown_cart_code;
        let Some(cart) = self.find_mut(id) else {
            return no_cart(endpoint, unknown);
        };
        match endpoint {
            Endpoint::CancelCart => cart.cancel(),
            Endpoint::ConfirmCart => {
                let (answer, notification) = cart.merchant_confirms(identifier, now);
                if let Some(notification) = notification {
                    self.tell(id, notification, now);
                }
                answer
            }
            _ => cart.check().unwrap_or_else(|| no_cart(endpoint, unknown)),
        }
    }

    fn find(&self, id: Uuid) -> Option<&Cart> {
        self.places
            .get(&id)
            .and_then(|&place| self.carts.get(place))
    }

    /// A cart, for whoever changes it.
    fn find_mut(&mut self, id: Uuid) -> Option<&mut Cart> {
        let place = *self.places.get(&id)?;
        let revision = self.revise();
        self.carts.get_mut(place, revision)
    }

    fn keys(&self) -> Keys<'_> {
        Keys {
            app_key: &self.options.app_key,
            secret_key: &self.options.secret_key,
        }
    }

    fn seal(&mut self) -> Seal {
        Seal {
            // 18 digits, like the ticks in the documentation's examples.
            nonce: self
                .seals
                .u64(100_000_000_000_000_000..1_000_000_000_000_000_000)
                .to_string(),
            reference_id: guid(&mut self.seals).to_string(),
        }
    }
}

/// What is said of a cart that nobody inserted, as far as is known.
fn no_cart(endpoint: Endpoint, code: i64) -> Answer {
    match endpoint {
        Endpoint::CancelCart => Answer::bare(code == codes::CANCELED, None, code),
        _ => Answer::bare(true, Some(false), code),
    }
}

fn guid(rng: &mut Rng) -> Uuid {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid()
}

/// Puts the answer that a fault wants in place of the real one.
fn corrupt(response: &mut Response, fault: &Fault, endpoint: Endpoint) {
    if let Some(code) = fault.result_code {
        let paid = matches!(code, codes::CONFIRMED | codes::ALREADY_CONFIRMED);
        let canceled = matches!(code, codes::CANCELED | codes::ALREADY_CANCELED);
        let known = code == codes::OK || code >= codes::CONFIRMED;
        response.body = match endpoint {
            Endpoint::InsertCart => wire::not_inserted(code, wire::message(code)),
            Endpoint::CancelCart => wire::answered(&Answer::bare(canceled, None, code), 0),
            Endpoint::CheckCart => wire::answered(&Answer::bare(known, Some(paid), code), 0),
            Endpoint::ConfirmCart => wire::answered(&Answer::bare(true, Some(paid), code), 0),
            Endpoint::SettlementList | Endpoint::SettlementItems => {
                wire::refusal(code, wire::message(code).unwrap_or_default())
            }
        };
    }
    if let Some(status) = fault.status {
        response.status = status;
        if !(200..300).contains(&status) && fault.result_code.is_none() {
            let code = match status {
                401 => codes::UNAUTHORIZED,
                500.. => codes::SERVER_ERROR,
                _ => codes::GENERIC_ERROR,
            };
            response.body = wire::refusal(code, &format!("Simulated status {status}"));
        }
    }
    if let Some(body) = &fault.body {
        response.body.clone_from(body);
    }
    if let Some(form) = fault.body_as {
        response.body = corrupt::body(std::mem::take(&mut response.body), form);
        let spoken = match form {
            BodyAs::Gzip => Some(("content-encoding", "gzip")),
            BodyAs::Html => Some(("content-type", "text/html; charset=utf-8")),
            _ => None,
        };
        if let Some((name, value)) = spoken {
            response.instead.insert(name.to_owned(), value.to_owned());
        }
    }
    if let Some(value) = &fault.retry_after {
        response.headers.push(("retry-after", value.clone()));
    }
    response.instead.extend(fault.headers.clone());
    response.header_bytes = fault.header_bytes.unwrap_or_default();
    response.padding = fault.padding.unwrap_or_default();
    response.drip = fault.drip;
}

fn status(stage: Stage) -> CartStatus {
    match stage {
        Stage::Asked => CartStatus::Pending,
        Stage::NeedsCode => CartStatus::NeedsCode,
        Stage::AwaitingCallback => CartStatus::AwaitingCallback,
        Stage::Reserved => CartStatus::Reserved,
        Stage::Paid => CartStatus::Confirmed,
        Stage::Canceled => CartStatus::Canceled,
        Stage::Declined(_) => CartStatus::Declined,
    }
}

fn show(cart: &Cart) -> SimulatedCart {
    SimulatedCart {
        transaction_id: cart.id,
        reference: cart.order.reference.clone(),
        amount: cart.order.amount,
        customer_id: cart.order.customer.id.clone(),
        status: status(cart.stage),
        is_paid: cart.stage == Stage::Paid,
        result_code: cart.stage.code(),
        confirmation_type: cart.order.confirmation,
        created: cart.created,
        expires_at: cart.expires_at,
        sms_code: cart.sms_code.clone(),
        checks: cart.checks,
    }
}
