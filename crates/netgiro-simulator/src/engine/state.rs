//! The engine's state: carts, timers, and the history of requests and callbacks.
//!
//! No I/O and no clock: the caller passes the time, and sends the callbacks in the outbox.

use crate::engine::cart::Cart;
use crate::engine::exchange::{CallbackJob, Delivery, Response};
use crate::engine::history::History;
use crate::engine::settlement::Settlements;
use crate::faults::fault::Fault;
use crate::faults::queue::FaultQueue;
use crate::faults::storm::{ActiveStorm, Storm};
use crate::model::access_code::AccessCode;
use crate::model::endpoint::Endpoint;
use crate::model::error::SimulatorError;
use crate::model::options::SimulatorOptions;
use crate::model::records::{SimulatedCallback, SimulatedCart, SimulatedRequest};
use fastrand::Rng;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Something that happens at a set time.
#[derive(Debug)]
pub(super) enum Timer {
    /// A cart expires.
    Lifetime(Uuid),
    /// A hold of V2 ends.
    Hold(Uuid),
    /// A customer who answers automatically does so.
    Reaction(Uuid),
    /// A callback is repeated.
    Repetition(CallbackJob),
    /// A customer in a storm confirms, or declines.
    Decision(Uuid, bool),
}

#[derive(Debug)]
pub(crate) struct Engine {
    pub(super) options: SimulatorOptions,
    /// Increases with every change.
    pub(super) revision: u64,
    pub(super) carts: History<Cart>,
    pub(super) index: HashMap<Uuid, usize>,
    /// By time; timers for the same instant keep their order.
    pub(super) timers: BTreeMap<(Timestamp, u64), Timer>,
    pub(super) timer_count: u64,
    pub(super) outbox: Vec<Delivery>,
    pub(super) requests: History<SimulatedRequest>,
    pub(super) callbacks: History<SimulatedCallback>,
    pub(super) faults: FaultQueue,
    pub(super) storm: Option<ActiveStorm>,
    /// Whether calls still fail in the storm; its customers stay.
    pub(super) is_stormy: bool,
    /// Paid carts that are in no settlement.
    pub(super) withheld: HashSet<Uuid>,
    /// Carts whose customers confirm when the cancel arrives.
    pub(super) racing: HashSet<Uuid>,
    /// The last response of each endpoint, with its signature, to replay it.
    pub(super) last_responses: HashMap<Endpoint, Response>,
    /// The signing headers of the last response.
    pub(super) last_signing_headers: Vec<(&'static str, String)>,
    pub(super) nonces: HashSet<String>,
    /// By code.
    pub(super) access_codes: HashMap<String, AccessCode>,
    /// The transaction and the amount of each refund, by its idempotency key.
    pub(super) refund_keys: HashMap<String, (Uuid, i64)>,
    /// For new carts only: the n-th cart is the same, no matter how many requests come in between.
    pub(super) cart_rng: Rng,
    pub(super) message_rng: Rng,
    pub(super) first_invoice: i64,
}

impl Engine {
    pub(crate) fn new(options: SimulatorOptions) -> Self {
        let mut cart_rng = Rng::with_seed(options.seed);
        let first_invoice = i64::from(cart_rng.u32(100_000..900_000));
        Self {
            revision: 0,
            carts: History::new(usize::MAX),
            index: HashMap::new(),
            timers: BTreeMap::new(),
            timer_count: 0,
            outbox: Vec::new(),
            requests: History::new(options.history),
            callbacks: History::new(options.history),
            faults: FaultQueue::default(),
            storm: None,
            is_stormy: false,
            withheld: HashSet::new(),
            racing: HashSet::new(),
            last_responses: HashMap::new(),
            last_signing_headers: Vec::new(),
            nonces: HashSet::new(),
            access_codes: HashMap::new(),
            refund_keys: HashMap::new(),
            first_invoice,
            message_rng: cart_rng.fork(),
            cart_rng,
            options,
        }
    }

    pub(crate) fn carts(&self) -> Vec<SimulatedCart> {
        self.carts.iter().map(Cart::record).collect()
    }

    pub(crate) fn cart(&self, id: Uuid) -> Option<SimulatedCart> {
        self.find(id).map(Cart::record)
    }

    #[cfg(feature = "embedded")]
    pub(crate) fn cart_count(&self) -> usize {
        self.carts.total()
    }

    #[cfg(feature = "embedded")]
    pub(crate) fn newest_cart(&self) -> Option<SimulatedCart> {
        let place = self.carts.total().checked_sub(1)?;
        self.carts.get(place).map(Cart::record)
    }

    /// No check sees a cart any more as it was before now.
    #[cfg(feature = "embedded")]
    pub(crate) fn catch_up(&mut self, id: Uuid) {
        if let Some(cart) = self.find_mut(id) {
            cart.catch_up();
        }
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

    /// The faults in the queue.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// Increases with every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Starts a new revision, for a change.
    pub(crate) fn revise(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// The settlements up to now.
    pub(super) fn settlements(&self, now: Timestamp) -> Settlements {
        let items = (self.carts.iter())
            .filter(|cart| !self.withheld.contains(&cart.id))
            .flat_map(Cart::settled_items);
        Settlements::of(items, now, &self.options)
    }

    pub(super) fn find(&self, id: Uuid) -> Option<&Cart> {
        self.index.get(&id).and_then(|&place| self.carts.get(place))
    }

    /// A cart, to change it.
    pub(super) fn find_mut(&mut self, id: Uuid) -> Option<&mut Cart> {
        let place = *self.index.get(&id)?;
        let revision = self.revise();
        self.carts.get_mut(place, revision)
    }
}

pub(super) fn guid(rng: &mut Rng) -> Uuid {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid()
}
