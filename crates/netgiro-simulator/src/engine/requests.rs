//! A request: checked, processed, recorded.

use crate::engine::cart::{Cart, CartSeed};
use crate::engine::clock::later;
use crate::engine::exchange::{Incoming, Outgoing, Response};
use crate::engine::responses;
use crate::engine::state::{Engine, Timer, guid};
use crate::engine::v2;
use crate::faults::fault::Fault;
use crate::faults::forms::DropBy;
use crate::faults::storm::CustomerPlan;
use crate::model::codes;
use crate::model::customer::{Behaviour, Channel};
use crate::model::endpoint::{Credentials, Endpoint};
use crate::model::order::{CartResponse, Order};
use crate::model::records::SimulatedRequest;
use crate::protocol::request::{Invalid, Members};
use crate::protocol::{response, signature};
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    /// Records and processes a request, and decides on the response.
    pub(crate) fn receive(&mut self, incoming: Incoming, now: Timestamp) -> Outgoing {
        let endpoint = Endpoint::of(&incoming.method, &incoming.path);
        let nonce = signature::header(&incoming.headers, signature::NONCE).map(str::to_owned);
        let members = self.members(endpoint, &incoming);
        let (url, verdict) = self.check_credentials(endpoint, &incoming, &members);
        let has_key = signature::header(&incoming.headers, signature::API_KEY).is_some();
        let transaction_id = match (endpoint, &members) {
            (Some(endpoint), _) if endpoint.has_id_in_path() => {
                Uuid::parse_str(v2::id_in_path(&incoming.path)).ok()
            }
            (Some(endpoint), _) if endpoint.makes_cart() => None,
            (None, _) | (_, Err(_)) => None,
            (Some(_), Ok(members)) => members.transaction_id().ok(),
        };
        let revision = self.revise();
        let headers = incoming.headers;
        let record = || SimulatedRequest {
            endpoint,
            transaction_id,
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            headers: without_token(headers),
            body: String::from_utf8_lossy(&incoming.body).into_owned(),
            nonce: nonce.clone(),
            signature_ok: verdict.is_ok(),
            status: None,
            answer: None,
            at: now,
        };
        let request = self.requests.add_with(record, revision);

        let fault = endpoint.and_then(|endpoint| self.fault(endpoint, transaction_id, &members));
        let races = matches!(endpoint, Some(Endpoint::CancelCart | Endpoint::Cancel))
            && transaction_id.is_some_and(|id| self.racing.remove(&id));
        if let Some(id) = transaction_id
            && (races || fault.as_ref().is_some_and(|fault| fault.confirm_during))
        {
            let _ = self.confirm(id, now); // they may have decided already
        }
        let mut response = match endpoint {
            _ if fault.as_ref().is_some_and(|fault| !fault.processes()) => {
                Response::new(200, Vec::new())
            }
            None => Response::new(404, response::error_body(404, "Not found")),
            Some(endpoint) if !endpoint.takes(&incoming.method) => {
                let methods = endpoint.methods();
                let mut response = failure(endpoint, 405, &format!("Use {methods}"));
                response.headers.push(("allow", methods.to_owned()));
                response
            }
            Some(endpoint) => match verdict.and_then(|()| self.use_nonce(nonce)) {
                Ok(()) if endpoint.is_v2() => {
                    self.process_v2(endpoint, &incoming.path, members, now)
                }
                Ok(()) if endpoint == Endpoint::HostedPayment => {
                    self.open_checkout(members, &incoming.checkouts, now)
                }
                Ok(()) if endpoint == Endpoint::HostedForm => {
                    self.open_form(members, &incoming.checkouts, now)
                }
                Ok(()) if endpoint.credentials() == Credentials::Token => {
                    self.process_partner(endpoint, &incoming.path, members, now)
                }
                Ok(()) if !endpoint.is_checkout_v1() => self.process_v1(endpoint, members, now),
                Ok(()) => Response::new(200, self.process(endpoint, members, now)),
                Err(message) if endpoint == Endpoint::HostedPayment && has_key => {
                    failure(endpoint, 400, &message)
                }
                Err(message) => match endpoint.credentials() {
                    Credentials::ApiKey if !endpoint.is_settlement() => {
                        failure(endpoint, 401, &format!("An API key is required. {message}"))
                    }
                    Credentials::Form => failure(endpoint, 400, &message),
                    _ => failure(endpoint, 401, &message),
                },
            },
        };
        if let (Some(fault), Some(endpoint)) = (&fault, endpoint) {
            responses::corrupt(&mut response, fault, endpoint);
        }
        self.add_headers(&mut response, fault.as_ref(), endpoint, &url);
        Outgoing {
            request,
            delay: fault.as_ref().and_then(|fault| fault.delay),
            response,
            interruption: fault.and_then(|fault| Some((fault.drop?, fault.drop_by))),
        }
    }

    /// The members of a request: of its query, its form, or its JSON.
    fn members(&self, endpoint: Option<Endpoint>, incoming: &Incoming) -> Result<Members, Invalid> {
        if endpoint == Some(Endpoint::HostedForm) {
            return Ok(Members::read_pairs(&incoming.body));
        }
        if incoming.method == "GET" {
            let query = incoming.path.split_once('?').map_or("", |(_, query)| query);
            return Ok(Members::read_pairs(query.as_bytes()));
        }
        Members::read(&incoming.body, &self.options)
    }

    /// Whether a request shows that it is the shop's, and the URL that was signed.
    fn check_credentials(
        &self,
        endpoint: Option<Endpoint>,
        incoming: &Incoming,
        members: &Result<Members, Invalid>,
    ) -> (String, Result<(), String>) {
        let keys = self.keys();
        let verdict = match endpoint.map(Endpoint::credentials) {
            None | Some(Credentials::Signature) => {
                return keys.check_any(&incoming.headers, &incoming.urls, &incoming.body);
            }
            Some(Credentials::ApiKey) => keys.check_api_key(&incoming.headers),
            Some(Credentials::Token) => keys.check_token(&incoming.headers),
            Some(Credentials::Form) => match members {
                Ok(members) => members.check_form(&keys),
                Err(invalid) => Err(invalid.message.clone()),
            },
        };
        (String::new(), verdict)
    }

    /// How the connection ends, if a fault interrupts it before the request is read.
    pub(crate) fn take_unread_fault(&mut self, method: &str, path: &str) -> Option<DropBy> {
        let endpoint = Endpoint::of(method, path)?;
        let fault = self.faults.take_unread(endpoint)?;
        self.revise();
        Some(fault.drop_by)
    }

    /// The fault for this request, from the queue or from the storm.
    fn fault(
        &mut self,
        endpoint: Endpoint,
        transaction_id: Option<Uuid>,
        members: &Result<Members, Invalid>,
    ) -> Option<Fault> {
        if let Some(fault) = self.faults.take(endpoint) {
            return Some(fault);
        }
        let order = match (transaction_id, members) {
            _ if !self.is_stormy => return None,
            (Some(id), _) => self.find(id)?.order.reference.clone(),
            (None, Ok(members)) => members.reference()?,
            (None, Err(_)) => return None,
        };
        self.storm.as_mut()?.fault(endpoint, &order)
    }

    /// Records the response to a request, which is about to be sent.
    pub(crate) fn record_response(&mut self, request: usize, response: &Response) {
        let revision = self.revise();
        if let Some(record) = self.requests.get_mut(request, revision) {
            record.status = Some(response.status);
            record.answer = Some(String::from_utf8_lossy(&response.body).into_owned());
        }
    }

    /// Records a nonce, and refuses a used one if the options say so.
    fn use_nonce(&mut self, nonce: Option<String>) -> Result<(), String> {
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
                let mut order = members.order(&self.options)?;
                order.customer = (self.redeem(order.customer, now)).map_err(Invalid::from)?;
                return Ok(self.insert(order, now));
            }
            let id = members.transaction_id()?;
            let identifier = members.identifier()?;
            let mut answer = self.answer(endpoint, id, identifier.as_deref(), now);
            if self.options.omit_payment_info {
                answer.payment = None;
            }
            Ok(response::about_cart(&answer, self.options.decimals))
        });
        answer.unwrap_or_else(|Invalid { code, message }| match endpoint {
            Endpoint::InsertCart => response::not_inserted(code, Some(&message)),
            _ => response::error_body(code, &message),
        })
    }

    fn insert(&mut self, order: Order, now: Timestamp) -> Vec<u8> {
        let asks_phone = order.customer.channel == Channel::Phone;
        let id = self.add_cart(order, now);
        response::inserted(id, self.options.check_interval_ms, asks_phone)
    }

    /// Makes a cart, and asks its customer.
    pub(super) fn add_cart(&mut self, order: Order, now: Timestamp) -> Uuid {
        let customer = order.customer.clone();
        let seed = CartSeed {
            id: guid(&mut self.cart_rng),
            sms_code: format!("{:04}", self.cart_rng.u32(0..10_000)),
            invoice_number: self.first_invoice + i64::try_from(self.carts.total()).unwrap_or(0),
            created: now,
            expires_at: later(now, self.options.lifetime),
            stale_reads: self.options.stale_reads,
        };
        let (id, expires_at) = (seed.id, seed.expires_at);
        let (cart, notification) = Cart::new(order, seed);
        let revision = self.revise();
        self.index.insert(id, self.carts.add(cart, revision));
        if let Some(notification) = notification {
            self.accepted(id, notification, now);
        }
        // Before the cart's own timer: an answer in the last instant counts.
        if matches!(
            customer.behaviour,
            Behaviour::Approves | Behaviour::Declines
        ) {
            self.schedule(later(now, self.options.reaction), Timer::Reaction(id));
        }
        if (customer.channel, customer.behaviour) == (Channel::Phone, Behaviour::Ordinary) {
            self.plan(id, now);
        }
        self.schedule(expires_at, Timer::Lifetime(id));
        self.run_until(now);
        id
    }

    /// Decides what the customer of a new cart does in a storm.
    fn plan(&mut self, id: Uuid, now: Timestamp) {
        let plan = (self.storm.as_ref())
            .zip(self.find(id))
            .map(|(active, cart)| active.plan(&cart.order.reference));
        match plan {
            Some(CustomerPlan::Confirms(after)) => {
                self.schedule(later(now, after), Timer::Decision(id, true));
            }
            Some(CustomerPlan::Declines(after)) => {
                self.schedule(later(now, after), Timer::Decision(id, false));
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
    ) -> CartResponse {
        let unknown = self.options.unknown_cart_code;
        let Some(cart) = self.find_mut(id) else {
            return unknown_cart(endpoint, unknown);
        };
        match endpoint {
            Endpoint::CancelCart => {
                let answer = cart.cancel();
                if answer.code == codes::CANCELED {
                    self.canceled(id, now);
                }
                answer
            }
            Endpoint::ConfirmCart => {
                let (answer, notification) = cart.merchant_confirms(identifier, now);
                if let Some(notification) = notification {
                    self.accepted(id, notification, now);
                }
                answer
            }
            _ => cart
                .check()
                .unwrap_or_else(|| unknown_cart(endpoint, unknown)),
        }
    }
}

/// The headers without the value of the Partner API's token, which is the secret key.
fn without_token(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    for (name, value) in &mut headers {
        if name.eq_ignore_ascii_case(signature::TOKEN) {
            "[redacted]".clone_into(value);
        }
    }
    headers
}

/// The response to a request that is not processed.
fn failure(endpoint: Endpoint, status: u16, message: &str) -> Response {
    Response::new(
        status,
        responses::failure_body(endpoint, status.into(), message),
    )
}

/// The response about a cart that was never inserted, as far as is known.
fn unknown_cart(endpoint: Endpoint, code: i64) -> CartResponse {
    match endpoint {
        Endpoint::CancelCart => CartResponse::without_payment(code == codes::CANCELED, None, code),
        _ => CartResponse::without_payment(true, Some(false), code),
    }
}
