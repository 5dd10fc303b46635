//! `Simulator`: a local Netgíró on a thread of its own.

use std::collections::BTreeMap;
use std::io;
use std::str::FromStr as _;

use jiff::Timestamp;
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;
use netgiro::{CartRef, Error, ErrorKind, Result};
use netgiro_simulator::{
    Endpoint, Fault, SimulatedCallback, SimulatedCart, SimulatedRequest, Simulator, SimulatorError,
    SimulatorOptions, Storm, Tls,
};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::arguments::{milliseconds, whole};
use crate::views::error::{json, refusal_of, reply};
use crate::views::instant;

/// How a simulator is set up; durations are in milliseconds.
#[napi(object, object_to_js = false)]
pub struct GivenSimulator {
    /// Decides every id, nonce and SMS code.
    pub seed: Option<f64>,
    /// The loopback port.
    pub port: Option<f64>,
    /// The only application key that is let in.
    pub app_key: Option<String>,
    /// The secret key of both sides.
    pub secret_key: Option<String>,
    /// How long a cart waits for its customer.
    pub lifetime_ms: Option<f64>,
    /// The poll hint, as on the wire.
    pub check_interval_ms: Option<f64>,
    /// Whether the poll hint is sent as null.
    pub no_check_interval: bool,
    /// Decimals in response amounts.
    pub decimals: Option<f64>,
    /// A word.
    pub response_signatures: Option<String>,
    /// The result code for a cart nobody inserted.
    pub unknown_cart_code: Option<f64>,
    /// Whether a nonce may be used only once.
    pub reject_repeated_nonce: Option<bool>,
    /// The smallest amount accepted.
    pub minimum_amount: Option<f64>,
    /// How long the customers who answer by themselves take.
    pub reaction_ms: Option<f64>,
    /// The time before a callback is repeated.
    pub callback_retry_delay_ms: Option<f64>,
    /// How long a callback waits for its answer.
    pub callback_timeout_ms: Option<f64>,
    /// How many requests and callbacks are remembered.
    pub history: Option<f64>,
    /// How long every answer is held back.
    pub latency_ms: Option<f64>,
    /// Where others reach it.
    pub public_url: Option<String>,
    /// The shop's name.
    pub shop: Option<String>,
    /// Whether it makes a certificate up, or the one it shows.
    pub tls: Option<Either<bool, GivenCertificate>>,
    /// Where callbacks may go beside this machine.
    pub callback_hosts: Option<Vec<String>>,
    /// What is kept of each sale, in hundredths of a percent.
    pub settlement_cost: Option<f64>,
    /// Whether an insert must say its confirmation type.
    pub require_confirmation_type: Option<bool>,
    /// Whether numbers as text are refused.
    pub require_json_numbers: Option<bool>,
    /// Whether answers have no payment info.
    pub omit_payment_info: Option<bool>,
    /// How many checks lag behind a change.
    pub stale_reads: Option<f64>,
}

/// A certificate and its key, as PEM.
#[napi(object, object_to_js = false)]
pub struct GivenCertificate {
    /// The certificate and those that lead to its authority.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

fn simulator_options(given: GivenSimulator) -> Result<SimulatorOptions> {
    let mut options = SimulatorOptions::default();
    if let Some(seed) = given.seed {
        options.seed = whole("seed", seed)?;
    }
    if let Some(port) = given.port {
        options.port = whole("port", port)?;
    }
    if let Some(app_key) = given.app_key {
        options.app_key = app_key;
    }
    if let Some(secret_key) = given.secret_key {
        options.secret_key = secret_key;
    }
    if let Some(hint) = given.check_interval_ms {
        options.check_interval_ms = Some(whole("checkIntervalMs", hint)?);
    }
    if given.no_check_interval {
        options.check_interval_ms = None;
    }
    if let Some(decimals) = given.decimals {
        options.decimals = whole("decimals", decimals)?;
    }
    if let Some(signatures) = given.response_signatures {
        options.response_signatures = signatures.parse().map_err(refused)?;
    }
    if let Some(code) = given.unknown_cart_code {
        options.unknown_cart_code = whole("unknownCartCode", code)?;
    }
    for (given, option) in [
        (
            given.reject_repeated_nonce,
            &mut options.reject_repeated_nonce,
        ),
        (
            given.require_confirmation_type,
            &mut options.require_confirmation_type,
        ),
        (
            given.require_json_numbers,
            &mut options.require_json_numbers,
        ),
        (given.omit_payment_info, &mut options.omit_payment_info),
    ] {
        *option = given.unwrap_or(*option);
    }
    if let Some(reads) = given.stale_reads {
        options.stale_reads = whole("staleReads", reads)?;
    }
    if let Some(amount) = given.minimum_amount {
        options.minimum_amount = whole("minimumAmount", amount)?;
    }
    if let Some(history) = given.history {
        options.history = whole("history", history)?;
    }
    if let Some(cost) = given.settlement_cost {
        options.settlement_cost = whole("settlementCost", cost)?;
    }
    options.public_url = given.public_url;
    if let Some(shop) = given.shop {
        options.shop = shop;
    }
    options.tls = match given.tls {
        None | Some(Either::A(false)) => None,
        Some(Either::A(true)) => Some(Tls::SelfMade),
        Some(Either::B(GivenCertificate { certificate, key })) => {
            Some(Tls::Given { certificate, key })
        }
    };
    options.callback_hosts = given.callback_hosts.unwrap_or_default();
    for (name, given, option) in [
        ("lifetimeMs", given.lifetime_ms, &mut options.lifetime),
        ("reactionMs", given.reaction_ms, &mut options.reaction),
        ("latencyMs", given.latency_ms, &mut options.latency),
        (
            "callbackRetryDelayMs",
            given.callback_retry_delay_ms,
            &mut options.callback_retry_delay,
        ),
        (
            "callbackTimeoutMs",
            given.callback_timeout_ms,
            &mut options.callback_timeout,
        ),
    ] {
        if let Some(given) = given {
            *option = milliseconds(name, given)?;
        }
    }
    Ok(options)
}

/// A fault from its JSON; a body of any bytes, which JSON cannot say, comes apart.
fn fault(json: &str, body: Option<&Uint8Array>) -> Result<Fault> {
    let mut fault = Fault::from_json(json).map_err(refused)?;
    if let Some(body) = body {
        fault.body = Some(body.to_vec());
    }
    Ok(fault)
}

/// How a storm is set up.
#[napi(object, object_to_js = false)]
pub struct GivenStorm {
    /// Decides everything.
    pub seed: Option<f64>,
    /// The share of calls that fails.
    pub failure_rate: Option<f64>,
    /// How long a customer takes at the most.
    pub reaction_ms: Option<f64>,
}

fn storm(given: &GivenStorm) -> Result<Storm> {
    let mut storm = Storm::new(given.seed.map_or(Ok(0), |seed| whole("seed", seed))?);
    if let Some(rate) = given.failure_rate {
        storm.failure_rate = rate;
    }
    if let Some(reaction) = given.reaction_ms {
        storm.reaction = milliseconds("reactionMs", reaction)?;
    }
    Ok(storm)
}

/// A running simulator.
#[napi]
pub struct NativeSimulator {
    simulator: Simulator,
}

/// Starts a simulator; gives JSON text when it cannot.
#[napi(catch_unwind)]
pub fn start_simulator(given: GivenSimulator) -> Either<NativeSimulator, String> {
    let started = simulator_options(given).and_then(|options| {
        Simulator::start(options).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => Error::new(ErrorKind::InvalidRequest, error.to_string()),
            _ => Error::new(
                ErrorKind::Configuration,
                format!("the simulator could not be started: {error}"),
            ),
        })
    });
    match started {
        Ok(simulator) => Either::A(NativeSimulator { simulator }),
        Err(error) => Either::B(refusal_of(&error)),
    }
}

#[napi]
impl NativeSimulator {
    /// The base URL for a client.
    #[napi(getter, catch_unwind)]
    pub fn url(&self) -> String {
        self.simulator.url().to_owned()
    }

    /// The page for people.
    #[napi(getter, catch_unwind)]
    pub fn page_url(&self) -> String {
        self.simulator.page_url().to_owned()
    }

    /// The base URL on this machine.
    #[napi(getter, catch_unwind)]
    pub fn local_url(&self) -> String {
        self.simulator.local_url().to_owned()
    }

    /// The authority to trust, in a file, where one was made up.
    #[napi(getter, catch_unwind)]
    pub fn ca_file(&self) -> Option<String> {
        let file = self.simulator.ca_file()?;
        Some(file.to_string_lossy().into_owned())
    }

    /// The application key that is let in.
    #[napi(getter, catch_unwind)]
    pub fn app_key(&self) -> String {
        self.simulator.app_key().to_owned()
    }

    /// The secret key of both sides.
    #[napi(getter, catch_unwind)]
    pub fn secret_key(&self) -> String {
        self.simulator.secret_key().to_owned()
    }

    /// The customer accepts.
    #[napi(catch_unwind)]
    pub fn confirm(&self, cart: String) -> String {
        self.tell(&cart, Simulator::confirm)
    }

    /// The customer declines.
    #[napi(catch_unwind)]
    pub fn decline(&self, cart: String) -> String {
        self.tell(&cart, Simulator::decline)
    }

    /// The cart's time is over.
    #[napi(catch_unwind)]
    pub fn expire(&self, cart: String) -> String {
        self.tell(&cart, Simulator::expire)
    }

    /// The cart is in no settlement.
    #[napi(catch_unwind)]
    pub fn withhold(&self, cart: String) -> String {
        self.tell(&cart, Simulator::withhold)
    }

    fn tell(
        &self,
        cart: &str,
        deed: fn(&Simulator, Uuid) -> std::result::Result<(), SimulatorError>,
    ) -> String {
        reply(&id(cart).and_then(|id| deed(&self.simulator, id).map_err(refused)))
    }

    /// Lets time pass, in milliseconds.
    #[napi(catch_unwind)]
    pub fn advance(&self, by: f64) -> String {
        reply(&self.simulator.advance_seconds(by / 1000.0).map_err(refused))
    }

    /// The simulator's time.
    #[napi(catch_unwind)]
    pub fn now(&self) -> String {
        instant(self.simulator.now())
    }

    /// All carts.
    #[napi(catch_unwind)]
    pub fn carts(&self) -> String {
        let carts = self.simulator.carts();
        json(&carts.iter().map(CartRecord::from).collect::<Vec<_>>())
    }

    /// One cart, or null.
    #[napi(catch_unwind)]
    pub fn cart(&self, cart: String) -> String {
        let cart = id(&cart).map(|id| self.simulator.cart(id));
        reply(
            &cart
                .as_ref()
                .map(|cart| cart.as_ref().map(CartRecord::from))
                .map_err(Clone::clone),
        )
    }

    /// Every request.
    #[napi(catch_unwind)]
    pub fn requests(&self) -> String {
        let requests = self.simulator.requests();
        json(&requests.iter().map(RequestRecord::from).collect::<Vec<_>>())
    }

    /// Every callback.
    #[napi(catch_unwind)]
    pub fn callbacks(&self) -> String {
        let callbacks = self.simulator.callbacks();
        json(
            &callbacks
                .iter()
                .map(CallbackRecord::from)
                .collect::<Vec<_>>(),
        )
    }

    /// Lets something go wrong.
    #[napi(catch_unwind)]
    pub fn add_fault(&self, given: String, body: Option<Uint8Array>) -> String {
        reply(
            &fault(&given, body.as_ref())
                .and_then(|fault| self.simulator.add_fault(fault).map_err(refused)),
        )
    }

    /// Lets a storm break loose.
    #[napi(catch_unwind)]
    pub fn storm(&self, given: GivenStorm) -> String {
        reply(&storm(&given).and_then(|storm| self.simulator.storm(storm).map_err(refused)))
    }

    /// Forgets the faults that have not struck yet.
    #[napi(catch_unwind)]
    pub fn clear_faults(&self) {
        self.simulator.clear_faults();
    }

    /// Stops the server.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.simulator.close();
    }
}

fn id(cart: &str) -> Result<Uuid> {
    CartRef::from_str(cart).map(|cart| cart.transaction_id())
}

fn refused(error: SimulatorError) -> Error {
    Error::new(ErrorKind::InvalidRequest, error.to_string())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CartRecord<'a> {
    transaction_id: Uuid,
    reference: &'a str,
    amount: i64,
    customer_id: &'a str,
    status: &'static str,
    is_paid: bool,
    result_code: i64,
    confirmation_type: &'static str,
    #[serde(serialize_with = "as_text")]
    created: Timestamp,
    #[serde(serialize_with = "as_text")]
    expires_at: Timestamp,
    sms_code: Option<&'a str>,
    checks: u32,
}

impl<'a> From<&'a SimulatedCart> for CartRecord<'a> {
    fn from(cart: &'a SimulatedCart) -> Self {
        Self {
            transaction_id: cart.transaction_id,
            reference: &cart.reference,
            amount: cart.amount,
            customer_id: &cart.customer_id,
            status: cart.status.as_str(),
            is_paid: cart.is_paid,
            result_code: cart.result_code,
            confirmation_type: cart.confirmation_type.as_str(),
            created: cart.created,
            expires_at: cart.expires_at,
            sms_code: cart.sms_code.as_deref(),
            checks: cart.checks,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestRecord<'a> {
    endpoint: Option<&'static str>,
    transaction_id: Option<Uuid>,
    method: &'a str,
    path: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    body: &'a str,
    nonce: Option<&'a str>,
    signature_ok: bool,
    status: Option<u16>,
    answer: Option<&'a str>,
    #[serde(serialize_with = "as_text")]
    at: Timestamp,
}

impl<'a> From<&'a SimulatedRequest> for RequestRecord<'a> {
    fn from(request: &'a SimulatedRequest) -> Self {
        Self {
            endpoint: request.endpoint.map(Endpoint::as_str),
            transaction_id: request.transaction_id,
            method: &request.method,
            path: &request.path,
            headers: by_name(&request.headers),
            body: &request.body,
            nonce: request.nonce.as_deref(),
            signature_ok: request.signature_ok,
            status: request.status,
            answer: request.answer.as_deref(),
            at: request.at,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallbackRecord<'a> {
    transaction_id: Uuid,
    url: &'a str,
    attempt: u32,
    status: Option<u16>,
    is_done: bool,
    headers: BTreeMap<&'a str, &'a str>,
    body: &'a str,
    #[serde(serialize_with = "as_text")]
    at: Timestamp,
}

impl<'a> From<&'a SimulatedCallback> for CallbackRecord<'a> {
    fn from(callback: &'a SimulatedCallback) -> Self {
        Self {
            transaction_id: callback.transaction_id,
            url: &callback.url,
            attempt: callback.attempt,
            status: callback.status,
            is_done: callback.is_done,
            headers: by_name(&callback.headers),
            body: &callback.body,
            at: callback.at,
        }
    }
}

fn by_name(headers: &[(String, String)]) -> BTreeMap<&str, &str> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant(*at))
}
