//! The server without a network, a thread or a clock: for simulations that have their own.

use crate::engine::exchange::{Delivery, Incoming, Response};
use crate::engine::state::Engine;
use crate::faults::fault::Fault;
use crate::faults::forms::DropAt;
use crate::model::error::SimulatorError;
use crate::model::options::SimulatorOptions;
use crate::model::records::SimulatedCart;
use jiff::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// A server that is told the time and what it receives, and gives what it sends.
#[derive(Debug)]
pub struct EmbeddedSimulator {
    engine: Engine,
    origin: String,
}

/// A request, as it arrives.
#[derive(Debug)]
pub struct EmbeddedRequest {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub target: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the server does with a request.
#[derive(Debug)]
pub struct EmbeddedResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; all of it, also where a fault breaks it off.
    pub body: Vec<u8>,
    /// How long a fault delays it.
    pub delay: Duration,
    /// Where a fault breaks the exchange off.
    pub drop: Option<DropAt>,
}

/// A callback that is to be delivered.
#[derive(Clone, Debug)]
pub struct EmbeddedCallback(Delivery);

impl EmbeddedCallback {
    /// Where it goes.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let headers = self.0.headers.iter();
        headers
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }
}

impl EmbeddedSimulator {
    /// A server at an origin, such as `http://127.0.0.1:1`.
    pub fn new(
        options: SimulatorOptions,
        origin: impl Into<String>,
    ) -> Result<Self, SimulatorError> {
        options.check()?;
        Ok(Self {
            engine: Engine::new(options),
            origin: origin.into(),
        })
    }

    /// Receives a request, with the fault that befalls it.
    pub fn receive(
        &mut self,
        request: EmbeddedRequest,
        fault: Option<Fault>,
        now: Timestamp,
    ) -> Result<EmbeddedResponse, SimulatorError> {
        self.engine.run_until(now);
        if let Some(fault) = fault {
            self.engine.add_fault(fault)?;
        }
        let outgoing = self.engine.receive(
            Incoming {
                method: request.method,
                urls: vec![format!("{}{}", self.origin, request.target)],
                path: request.target,
                headers: request.headers,
                body: request.body,
                checkouts: format!("{}/simulator/checkout/", self.origin),
            },
            now,
        );
        self.engine.clear_faults();
        let Response {
            status,
            headers,
            body,
            ..
        } = outgoing.response;
        Ok(EmbeddedResponse {
            status,
            headers,
            body,
            delay: outgoing.delay.unwrap_or_default(),
            drop: outgoing.interruption.map(|(at, _)| at),
        })
    }

    /// Lets time pass: what is due happens, each at its own time.
    pub fn run_until(&mut self, now: Timestamp) {
        self.engine.run_until(now);
    }

    /// When something is due next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.engine.next_due()
    }

    /// The customer accepts.
    pub fn confirm(&mut self, cart: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        self.engine.run_until(now);
        self.engine.confirm(cart, now)
    }

    /// The customer declines.
    pub fn decline(&mut self, cart: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        self.engine.run_until(now);
        self.engine.decline(cart, now)
    }

    /// The callbacks that are to be delivered, each once.
    pub fn take_callbacks(&mut self) -> Vec<EmbeddedCallback> {
        let taken = self.engine.take_outbox();
        taken.into_iter().map(EmbeddedCallback).collect()
    }

    /// A callback was answered with this status, or not at all.
    pub fn delivered(&mut self, callback: EmbeddedCallback, status: Option<u16>, now: Timestamp) {
        self.engine.run_until(now);
        self.engine.delivered(callback.0, status, now);
    }

    /// A cart, as the server holds it.
    #[must_use]
    pub fn cart(&self, id: Uuid) -> Option<SimulatedCart> {
        self.engine.cart(id)
    }

    /// How many carts were inserted.
    #[must_use]
    pub fn cart_count(&self) -> usize {
        self.engine.cart_count()
    }

    /// The cart that was inserted last.
    #[must_use]
    pub fn newest_cart(&self) -> Option<SimulatedCart> {
        self.engine.newest_cart()
    }

    /// The replica that answers checks has caught up with a cart: no check sees it as it was before.
    pub fn catch_up(&mut self, cart: Uuid) {
        self.engine.catch_up(cart);
    }
}
