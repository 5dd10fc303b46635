//! Deterministic simulation: shops, queues and servers in one process, on one paused clock, with all chance from a seed.
//!
//! The product's own code runs from a client's calls down to a single send, the callback route, what follows it, and the
//! poll in the messages of a queue; the server is the simulator's engine. What the shops around it do is what the
//! documentation asks of a shop. A run ends at the first broken invariant.

mod draw;
mod faults;
mod network;
mod order;
mod plan;
mod process;
mod record;
mod server;
mod shop;
mod shrink;
mod storage;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use futures_util::future::{self, Either};
use netgiro_simulator::EmbeddedSimulator;
use tokio::time::Duration;

use crate::invariants::{Millis, Violation};
use crate::simulation::order::{Order, ShopPlan};
use crate::simulation::server::Server;
use crate::simulation::shop::Shop;
use crate::simulation::storage::StoredOrder;
use crate::simulation::world::{World, pause};

pub use plan::{FaultId, FaultKind, Mistake, Plan};
pub use record::Line;
pub use shrink::shrink;

/// The longest that a run may go on, in milliseconds: whoever is at it then never ends.
const LONGEST_RUN: Millis = 12 * 3_600_000;
/// How much longer than its last process a run goes on, in milliseconds: customers answer, carts expire, requests come late.
const AFTERWARDS: u64 = 300_000;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The first broken invariant, and when it was broken.
    pub violation: Option<(Millis, Violation)>,
    /// The faults that struck.
    pub struck: BTreeSet<FaultId>,
    /// How many checkouts took place.
    pub checkouts: usize,
    /// How many requests the shops sent.
    pub requests: u64,
    /// How much time passed in the simulation.
    pub simulated: Duration,
    /// What happened, where a trace was asked for.
    pub trace: Vec<Line>,
}

/// Carries out a plan.
///
/// # Errors
///
/// Where no runtime can be made.
pub fn run(plan: Plan) -> io::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    fastrand::seed(plan.seed);
    Ok(runtime.block_on(simulate(plan)))
}

async fn simulate(plan: Plan) -> Outcome {
    let world = World::new(plan);
    let mut shops: BTreeMap<u32, BTreeMap<u32, Arc<StoredOrder>>> = BTreeMap::new();
    let plan = &world.plan;
    let numbers = (0..plan.checkouts).filter(|number| {
        let only = plan.only.as_ref();
        only.is_none_or(|only| only.contains(number))
    });
    for number in numbers {
        let shop = number % plan.shops.max(1);
        let api = ShopPlan::draw(plan, shop).api;
        if let Some(order) = Order::draw(plan, number, api) {
            let stored = Arc::new(StoredOrder::new(number, order));
            shops.entry(shop).or_default().insert(number, stored);
        }
    }
    let mut checkouts = 0;
    let mut all = Vec::new();
    for (number, orders) in shops {
        let plan = ShopPlan::draw(plan, number);
        let engine = EmbeddedSimulator::new(plan.options.clone(), Shop::origin(number));
        let Ok(engine) = engine else { continue };
        let shop = Shop::new(number, Server::new(engine, plan, orders));
        checkouts += shop.server.orders.len();
        tokio::spawn(server::run(Arc::clone(&world), Arc::clone(&shop.server)));
        for number in shop.server.orders.keys() {
            let (world, shop) = (&world, &shop);
            tokio::spawn(shop::begin_worker(
                Arc::clone(world),
                Arc::clone(shop),
                *number,
            ));
            tokio::spawn(shop::begin_page(
                Arc::clone(world),
                Arc::clone(shop),
                *number,
            ));
        }
        all.push(shop);
    }
    let end = Box::pin(until_all_is_over(&world, &all));
    let stop = Box::pin(world.stop.notified());
    let is_over = matches!(future::select(end, stop).await, Either::Left(_));
    if is_over {
        world.end();
    }
    let mut record = world.record();
    Outcome {
        violation: record.violation.clone(),
        struck: record.struck.clone(),
        checkouts,
        requests: record.requests,
        simulated: Duration::from_millis(u64::try_from(world.millis()).unwrap_or_default()),
        trace: record.take_trace(),
    }
}

async fn until_all_is_over(world: &World, shops: &[Arc<Shop>]) {
    pause(1_000).await;
    while world.is_busy() && world.millis() < LONGEST_RUN {
        pause(30_000).await;
    }
    pause(AFTERWARDS).await;
    for shop in shops {
        for number in shop.server.orders.keys() {
            server::look(world, &shop.server, *number);
        }
    }
}
