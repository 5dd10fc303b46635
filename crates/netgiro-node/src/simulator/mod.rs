//! `Simulator`: a local Netgíró on a thread of its own.

mod faults;
mod options;
mod records;

use std::io;

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use netgiro::{CartRef, Error, Result};
use netgiro_simulator::{Simulator, SimulatorError};
use serde::Serialize;
use uuid::Uuid;

use crate::reply::{Made, json, made, reply};
use crate::simulator::faults::{StormInput, fault, storm};
use crate::simulator::options::{SimulatorInput, simulator_options};
use crate::simulator::records::{CallbackRecord, CartRecord, RequestRecord};

/// A running simulator.
#[napi]
pub struct NativeSimulator {
    simulator: Simulator,
}

/// Starts a simulator; gives JSON text when it cannot.
#[napi(catch_unwind)]
pub fn start_simulator(input: SimulatorInput) -> Made<NativeSimulator> {
    let started = simulator_options(input).and_then(|options| {
        Simulator::start(options).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => Error::invalid_request(error.to_string()),
            _ => Error::configuration(format!("the simulator could not be started: {error}")),
        })
    });
    made(started.map(|simulator| NativeSimulator { simulator }))
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
        self.act(&cart, Simulator::confirm)
    }

    /// The customer declines.
    #[napi(catch_unwind)]
    pub fn decline(&self, cart: String) -> String {
        self.act(&cart, Simulator::decline)
    }

    /// The cart's time is over.
    #[napi(catch_unwind)]
    pub fn expire(&self, cart: String) -> String {
        self.act(&cart, Simulator::expire)
    }

    /// The cart is in no settlement.
    #[napi(catch_unwind)]
    pub fn withhold(&self, cart: String) -> String {
        self.act(&cart, Simulator::withhold)
    }

    fn act(
        &self,
        cart: &str,
        act: fn(&Simulator, Uuid) -> std::result::Result<(), SimulatorError>,
    ) -> String {
        reply(&id(cart).and_then(|id| act(&self.simulator, id).map_err(refused)))
    }

    /// Lets time pass, in milliseconds.
    #[napi(catch_unwind)]
    pub fn advance(&self, by: f64) -> String {
        reply(&self.simulator.advance_seconds(by / 1000.0).map_err(refused))
    }

    /// The simulator's time.
    #[napi(catch_unwind)]
    pub fn now(&self) -> String {
        format!("{:.3}", self.simulator.now())
    }

    /// All carts.
    #[napi(catch_unwind)]
    pub fn carts(&self) -> String {
        list(self.simulator.carts(), CartRecord)
    }

    /// One cart, or null.
    #[napi(catch_unwind)]
    pub fn cart(&self, cart: String) -> String {
        let cart = id(&cart).map(|id| self.simulator.cart(id));
        reply(&cart.map(|cart| cart.map(CartRecord)))
    }

    /// Every request.
    #[napi(catch_unwind)]
    pub fn requests(&self) -> String {
        list(self.simulator.requests(), RequestRecord)
    }

    /// Every callback.
    #[napi(catch_unwind)]
    pub fn callbacks(&self) -> String {
        list(self.simulator.callbacks(), CallbackRecord)
    }

    /// Lets something go wrong.
    #[napi(catch_unwind)]
    pub fn add_fault(&self, input: String, body: Option<Uint8Array>) -> String {
        reply(
            &fault(&input, body.as_ref())
                .and_then(|fault| self.simulator.add_fault(fault).map_err(refused)),
        )
    }

    /// Lets a storm break loose.
    #[napi(catch_unwind)]
    pub fn storm(&self, input: StormInput) -> String {
        reply(&storm(&input).and_then(|storm| self.simulator.storm(storm).map_err(refused)))
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

fn list<T, R: Serialize>(seen: Vec<T>, record: fn(T) -> R) -> String {
    json(&seen.into_iter().map(record).collect::<Vec<_>>())
}

fn id(cart: &str) -> Result<Uuid> {
    cart.parse().map(|cart: CartRef| cart.transaction_id())
}

fn refused(error: SimulatorError) -> Error {
    Error::invalid_request(error.to_string())
}
