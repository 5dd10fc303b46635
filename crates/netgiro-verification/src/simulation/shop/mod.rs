//! A shop: its machines, its database, its processes. All that it knows about Netgíró it knows by the product's code.

mod follow_up;
mod page;
mod queue;
mod refund;
mod route;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use netgiro::webhook::Route;
use netgiro::{ApiVersion, CartRef, Client, ClientOptions};
use netgiro_simulator::EmbeddedCallback;

use crate::invariants::{Report, Truth};
use crate::simulation::draw::{About, draw, happens};
use crate::simulation::network::{self, Machine};
use crate::simulation::order::ShopPlan;
use crate::simulation::process::Actor;
use crate::simulation::server::{self, CallbackReceiver, Server};
use crate::simulation::storage::StoredOrder;
use crate::simulation::world::{World, pause};

/// A shop, with its server.
pub(super) struct Shop {
    pub(super) number: u32,
    pub(super) server: Arc<Server>,
    route: Arc<Route>,
    /// Of machines that have run since before the beginning.
    hosts: OnceLock<[Option<Host>; 2]>,
}

/// A machine of a shop, with the product's client on it.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) client: Client,
    /// How far its clock is ahead.
    ahead: SignedDuration,
}

impl Host {
    /// The same machine, with the client of a process that has just started.
    fn restarted(&self) -> Self {
        Self {
            client: self.client.restarted(),
            ahead: self.ahead,
        }
    }

    pub(super) fn now(&self, world: &World) -> Timestamp {
        world.now(self.ahead)
    }
}

impl Shop {
    pub(super) fn new(number: u32, server: Server) -> Arc<Self> {
        let shop = Arc::new(Self {
            number,
            server: Arc::new(server),
            route: Arc::new(Route::new(true)),
            hosts: OnceLock::new(),
        });
        let receiver = Arc::downgrade(&shop);
        shop.server.call_back(receiver);
        shop
    }

    pub(super) fn plan(&self) -> &ShopPlan {
        &self.server.plan
    }

    /// What the shop's database has about a checkout, and what is known of it here.
    pub(super) fn stored(&self, checkout: u32) -> Option<&Arc<StoredOrder>> {
        self.server.stored(checkout)
    }

    /// The origin of its server.
    pub(super) fn origin(number: u32) -> String {
        format!("http://127.0.0.1:{}", number + 1)
    }

    /// The machine on which a process starts: one of those that have run for long, or one that was just started.
    fn host(self: &Arc<Self>, world: &Arc<World>, actor: Actor, start: u32) -> Option<Host> {
        let number = actor.start(start);
        let mut chance = draw(world.plan.seed, About::Start, actor.checkout, number);
        let at = chance.usize(0..2);
        let is_new = start > 0 && chance.bool();
        let hosts = self
            .hosts
            .get_or_init(|| [0, 1].map(|at| self.new_host(world, at)));
        let host = hosts.get(at)?.as_ref()?;
        Some(if is_new {
            host.restarted()
        } else {
            host.clone()
        })
    }

    fn new_host(self: &Arc<Self>, world: &Arc<World>, at: usize) -> Option<Host> {
        let number = u32::try_from(at).unwrap_or_default() + 1;
        let mut chance = draw(world.plan.seed, About::Shop, self.number, number);
        let ahead = if happens(&mut chance, 0.4) {
            SignedDuration::from_millis(chance.i64(-400_000..400_000))
        } else {
            SignedDuration::ZERO
        };
        let machine = Machine {
            world: Arc::clone(world),
            server: Arc::clone(&self.server),
            ahead,
        };
        let plan = self.plan();
        let keys = &plan.options;
        let mut options = ClientOptions::new(keys.app_key.clone(), keys.secret_key.clone());
        options.api = plan.api;
        let version = match plan.api {
            ApiVersion::V1 => "v1",
            ApiVersion::V2 => "v2",
        };
        options.base_url = Some(format!("{}/{version}/", Self::origin(self.number)));
        let client = Client::simulated(options, Arc::new(machine)).ok()?;
        Some(Host { client, ahead })
    }
}

impl CallbackReceiver for Shop {
    fn receive<'a>(
        self: Arc<Self>,
        world: &'a Arc<World>,
        checkout: u32,
        callback: &'a EmbeddedCallback,
    ) -> Pin<Box<dyn Future<Output = Option<u16>> + Send + 'a>> {
        Box::pin(async move {
            let arrives = |copy| route::receive(world, &self, checkout, copy, callback);
            network::deliver(world, &self.server, checkout, arrives).await
        })
    }
}

/// A process of a shop: who it is, and where it runs.
#[derive(Clone)]
pub(super) struct ShopProcess {
    world: Arc<World>,
    shop: Arc<Shop>,
    stored: Arc<StoredOrder>,
    actor: Actor,
    host: Host,
}

impl ShopProcess {
    fn new(
        world: &Arc<World>,
        shop: &Arc<Shop>,
        stored: &Arc<StoredOrder>,
        follower: u32,
        start: u32,
    ) -> Option<Self> {
        let actor = Actor {
            checkout: stored.number,
            follower,
        };
        Some(Self {
            host: shop.host(world, actor, start)?,
            world: Arc::clone(world),
            shop: Arc::clone(shop),
            stored: Arc::clone(stored),
            actor,
        })
    }

    fn note(&self, text: impl FnOnce() -> String) {
        self.world.note(self.actor.checkout, || {
            let name = self.actor.name();
            format!("{name}: {}", text())
        });
    }

    fn now(&self) -> Timestamp {
        self.host.now(&self.world)
    }

    /// The cart with what the shop knows of its order.
    fn cart_ref(&self, id: uuid::Uuid) -> CartRef {
        let order = &self.stored.order.cart;
        CartRef::from(id)
            .with_amount(order.amount)
            .with_reference(order.reference.clone())
    }

    /// The shop learns how a cart ended, once whichever of its processes comes first.
    async fn conclude(&self, report: Report) {
        if !self.stored.has_callback() {
            self.tell(report, true).await;
            return;
        }
        // Those that follow callbacks agree by the ledger, so all do.
        let holder = self.actor.name();
        loop {
            let (is_claimed, is_done) = self.claim(&holder).await;
            if is_done && !is_claimed {
                return;
            }
            if is_claimed {
                break;
            }
            pause(5_000).await;
        }
        self.tell(report, false).await;
        self.stored.write(|row| row.ledger.is_done = true).await;
        self.stored.set_telling(self.actor, false);
    }

    /// Claims the cart in the ledger; gives whether it is claimed, and whether it is done.
    async fn claim(&self, holder: &str) -> (bool, bool) {
        let now = self.world.millis();
        let ignores = self.world.makes(super::plan::Mistake::IgnoresClaims);
        let claimed = self.stored.write(|row| row.ledger.claim(holder, now)).await;
        (claimed.0 || ignores, claimed.1)
    }

    /// Calls the shop's function, which changes the order. Where it `is_guarded`, it changes only what is open.
    async fn tell(&self, report: Report, is_guarded: bool) {
        pause(2).await;
        server::look(&self.world, &self.shop.server, self.actor.checkout);
        let is_news = self.stored.now(|row| {
            let is_news = row.told.is_none() || !is_guarded;
            row.told = row.told.or(Some(report));
            is_news
        });
        if !is_news {
            return;
        }
        self.note(|| format!("the shop is told: {report:?}"));
        if !is_guarded {
            self.stored.set_telling(self.actor, true);
        }
        let is_overtaken =
            report == Report::Paid && self.stored.was_overtaken_before(self.world.millis());
        self.world.change(self.actor.checkout, |checkout| {
            if is_overtaken {
                checkout.told.push((report, Truth::Paid));
            } else {
                checkout.tell(report);
            }
        });
        if report == Report::Paid {
            refund::begin(&self.world, &self.shop, &self.stored);
        }
        tokio::task::yield_now().await;
    }

    /// The process has ended by itself.
    fn ended(&self) {
        self.stored.set_telling(self.actor, false);
        self.world.ended(self.actor, false);
    }

    /// The process has died; whether another one will start from what is stored.
    fn died(&self, is_stored: bool) {
        // Nobody can know any more that the shop was told.
        if self.stored.set_telling(self.actor, false) {
            self.world.change(self.actor.checkout, |checkout| {
                checkout.lost_notes = checkout.lost_notes.saturating_add(1);
            });
        }
        self.world.ended(self.actor, is_stored);
    }
}

pub(super) use page::begin as begin_page;
pub(super) use worker::begin as begin_worker;
