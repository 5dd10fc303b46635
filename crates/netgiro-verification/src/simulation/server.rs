//! The server of one shop: the simulator's engine, on the run's clock.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderName, HeaderValue, Request, Response};
use jiff::{SignedDuration, Timestamp};
use netgiro_simulator::{
    DropAt, EmbeddedCallback, EmbeddedRequest, EmbeddedSimulator, Fault, SimulatedCart,
};
use tokio::sync::Notify;
use tokio::time::{sleep_until, timeout_at};
use uuid::Uuid;

use crate::invariants::{Checkout, Invariant, Report, Truth};
use crate::simulation::order::{Answer, Order, ShopPlan, number_in};
use crate::simulation::process::Actor;
use crate::simulation::record::truth_of;
use crate::simulation::storage::StoredOrder;
use crate::simulation::world::{World, pause};

/// How long a replica may lag, in milliseconds: a poll believes for 15 s that a cart is not there yet.
const LAGS_FOR: u64 = 10_000;
/// How old the status may be on which a cancel of V2 relies: as long as a call may take, and its way.
const STATUS_HOLDS: SignedDuration = SignedDuration::from_secs(12);

/// Whoever is called back by a server.
pub(super) trait CallbackReceiver: Send + Sync {
    /// Receives a callback; gives the status of the answer, if one comes.
    fn receive<'a>(
        self: Arc<Self>,
        world: &'a Arc<World>,
        checkout: u32,
        callback: &'a EmbeddedCallback,
    ) -> Pin<Box<dyn Future<Output = Option<u16>> + Send + 'a>>;
}

/// The server of one shop.
pub(super) struct Server {
    pub(super) plan: ShopPlan,
    /// The shop's orders, against which the run holds what the server does.
    pub(super) orders: BTreeMap<u32, Arc<StoredOrder>>,
    receiver: OnceLock<Weak<dyn CallbackReceiver>>,
    engine: Mutex<EmbeddedSimulator>,
    ahead: SignedDuration,
    /// Wakes the task that lets time pass.
    changed: Notify,
    /// The cart of each checkout.
    carts: Mutex<HashMap<u32, Uuid>>,
    /// The latest answer that calls a cart paid and names it, and that cart's checkout.
    paid: Mutex<Option<(u32, Response<Bytes>)>>,
    date: Mutex<Option<(i64, HeaderValue)>>,
    /// When each follower's last status was processed, and what it said.
    statuses: Mutex<HashMap<Actor, (Timestamp, Truth)>>,
}

impl Server {
    pub(super) fn new(
        engine: EmbeddedSimulator,
        plan: ShopPlan,
        orders: BTreeMap<u32, Arc<StoredOrder>>,
    ) -> Self {
        Self {
            engine: Mutex::new(engine),
            ahead: SignedDuration::from_secs(plan.server_ahead),
            plan,
            orders,
            receiver: OnceLock::new(),
            changed: Notify::new(),
            carts: Mutex::default(),
            paid: Mutex::default(),
            date: Mutex::default(),
            statuses: Mutex::default(),
        }
    }

    /// From now on callbacks are sent to `receiver`.
    pub(super) fn call_back(&self, receiver: Weak<dyn CallbackReceiver>) {
        let _ = self.receiver.set(receiver);
    }

    /// What the shop's database has about a checkout, and what is known of it here.
    pub(super) fn stored(&self, checkout: u32) -> Option<&Arc<StoredOrder>> {
        self.orders.get(&checkout)
    }

    fn engine(&self) -> MutexGuard<'_, EmbeddedSimulator> {
        lock(&self.engine)
    }

    fn cart_of(&self, checkout: u32) -> Option<Uuid> {
        lock(&self.carts).get(&checkout).copied()
    }

    /// What a `Date` says; it is written once for each second.
    fn date(&self, now: Timestamp) -> Option<HeaderValue> {
        let mut date = lock(&self.date);
        if let Some((second, date)) = &*date
            && *second == now.as_second()
        {
            return Some(date.clone());
        }
        let text = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let value = HeaderValue::try_from(text).ok()?;
        *date = Some((now.as_second(), value.clone()));
        Some(value)
    }

    fn now(&self, world: &World) -> Timestamp {
        world.now(self.ahead)
    }

    /// What the server holds of a cart at this moment.
    pub(super) fn cart(&self, world: &World, cart: Uuid) -> Option<SimulatedCart> {
        let mut engine = self.engine();
        engine.run_until(self.now(world));
        engine.cart(cart)
    }
}

/// Receives a request, and gives what the server answers.
pub(super) fn receive(
    world: &Arc<World>,
    server: &Arc<Server>,
    actor: Actor,
    request: &Request<Bytes>,
    fault: Option<Fault>,
) -> Option<(Response<Bytes>, Option<DropAt>)> {
    let now = server.now(world);
    let target = request.uri().path_and_query()?.as_str();
    let mut engine = server.engine();
    let received = EmbeddedRequest {
        method: request.method().as_str().to_owned(),
        target: target.to_owned(),
        headers: request
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect(),
        body: request.body().to_vec(),
    };
    let carts = engine.cart_count();
    let is_sound = fault.is_none();
    let answer = engine.receive(received, fault, now).ok()?;
    if engine.cart_count() > carts
        && let Some(cart) = engine.newest_cart()
    {
        inserted(world, server, &cart);
    }
    let changes = ["Cancel", "cancel", "Confirm", "capture", "refund"];
    if changes.iter().any(|change| target.contains(change)) {
        let cart = named_cart(request).and_then(|id| engine.cart(id));
        if let Some(cart) = cart {
            changed(world, server, actor, &cart, target);
        }
    } else if target.contains("/status/")
        && let Some(cart) = target.rsplit('/').next().and_then(|id| id.parse().ok())
        && let Some(cart) = engine.cart(cart)
    {
        lock(&server.statuses).insert(actor, (now, truth_of(cart.status)));
    }
    let callbacks = engine.take_callbacks();
    drop(engine);
    server.changed.notify_one();
    deliver_all(world, server, callbacks);
    let mut response = Response::new(Bytes::from(answer.body));
    *response.status_mut() = answer.status.try_into().ok()?;
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name).ok()?;
        response
            .headers_mut()
            .insert(name, HeaderValue::try_from(value).ok()?);
    }
    response.headers_mut().insert(DATE, server.date(now)?);
    if is_sound && answer.status == 200 && names_a_paid_cart(target, response.body()) {
        *lock(&server.paid) = Some((actor.checkout, response.clone()));
    }
    Some((response, answer.drop))
}

/// Whether the answer to a check says "paid", and which cart it is about.
fn names_a_paid_cart(target: &str, body: &[u8]) -> bool {
    let says = |what| String::from_utf8_lossy(body).contains(what);
    (target.contains("/status/") && says("\"Confirmed\""))
        || (target.ends_with("/CheckCart") && says("10200") && says("\"PaymentInfo\":{"))
}

/// The answer to another cart's check, as a proxy or a cache may give it: "paid".
pub(super) fn answer_about_another(
    world: &World,
    server: &Server,
    checkout: u32,
) -> Option<Response<Bytes>> {
    let paid = lock(&server.paid).clone();
    let (_, mut response) = paid.filter(|(about, _)| *about != checkout)?;
    let now = server.now(world);
    response.headers_mut().insert(DATE, server.date(now)?);
    Some(response)
}

/// The cart that a body names.
fn named_cart(request: &Request<Bytes>) -> Option<Uuid> {
    let body = std::str::from_utf8(request.body()).ok()?;
    let (_, after) = body.split_once("\"TransactionId\":\"")?;
    after.get(..36)?.parse().ok()
}

/// A cart was made: its customer is asked.
fn inserted(world: &Arc<World>, server: &Arc<Server>, cart: &SimulatedCart) {
    let Some(number) = number_in(&cart.reference) else {
        return;
    };
    let id = cart.transaction_id;
    lock(&server.carts).insert(number, id);
    world.note(number, || format!("the server has cart {id}"));
    world.change(number, Checkout::inserted);
    let stored = server.stored(number);
    if stored.is_some_and(|stored| stored.was_refused()) {
        world.violated(number, Invariant::OneInsert);
    }
    if let Some(order) = Order::draw(&world.plan, number, server.plan.api) {
        tokio::spawn(answer(
            Arc::clone(world),
            Arc::clone(server),
            number,
            id,
            order.answer,
        ));
    }
    let server = Arc::clone(server);
    tokio::spawn(async move {
        pause(LAGS_FOR).await;
        server.engine().catch_up(id);
    });
}

/// The customer answers, if that is what they do, and if they still can.
async fn answer(world: Arc<World>, server: Arc<Server>, number: u32, id: Uuid, answer: Answer) {
    let (Answer::Accepts(after) | Answer::Declines(after)) = answer else {
        return;
    };
    tokio::time::sleep(after).await;
    let mut engine = server.engine();
    let now = server.now(&world);
    let outcome = match answer {
        Answer::Accepts(_) => engine.confirm(id, now),
        _ => engine.decline(id, now),
    };
    world.note(number, || match outcome {
        Ok(()) => format!("the customer answers: {answer:?}"),
        Err(_) => "the customer answers too late".to_owned(),
    });
    let callbacks = engine.take_callbacks();
    let cart = engine.cart(id);
    drop(engine);
    if let Some(cart) = cart {
        hold(&world, number, &cart);
    }
    server.changed.notify_one();
    deliver_all(&world, &server, callbacks);
}

/// Writes down what the server holds.
fn hold(world: &World, number: u32, cart: &SimulatedCart) {
    hold_after(world, number, cart, false);
}

/// The same after a call. "Paid" was true when the shop was told, where a cancel of V2 `overtook` the payment.
fn hold_after(world: &World, number: u32, cart: &SimulatedCart, overtook: bool) {
    let truth = truth_of(cart.status);
    if world.record().truth(number) == truth {
        return;
    }
    world.note(number, || format!("the server holds it {}", cart.status));
    world.change(number, |checkout| {
        let is_undone = checkout.truth == Truth::Paid && truth == Truth::Unpaid;
        checkout.truth = truth;
        for (report, held) in &mut checkout.told {
            if is_undone && !overtook && *report == Report::Paid {
                *held = truth;
            }
        }
    });
}

/// A call that may have changed a cart was processed.
fn changed(
    world: &Arc<World>,
    server: &Arc<Server>,
    actor: Actor,
    cart: &SimulatedCart,
    target: &str,
) {
    let number = actor.checkout;
    let before = world.record().truth(number);
    let is_undone = before == Truth::Paid && truth_of(cart.status) == Truth::Unpaid;
    let is_undone_by_v2 = is_undone && target.contains("/v2/");
    // What was paid while the cancel was on its way nobody who canceled can have known. Others may have seen the payment
    // meanwhile: an order that was paid and is canceled afterwards is a person's.
    let now = server.now(world);
    let overtook = is_undone_by_v2
        && lock(&server.statuses)
            .get(&actor)
            .is_some_and(|(at, truth)| {
                *truth != Truth::Paid && now.duration_since(*at) <= STATUS_HOLDS
            });
    hold_after(world, number, cart, overtook);
    if let Some(stored) = server.stored(number).filter(|_| overtook) {
        stored.payment_was_overtaken(world.millis());
    }
    if is_undone_by_v2 && !overtook {
        world.violated(number, Invariant::UnpaidIsUnpaid);
    }
    if target.contains("refund") && !cart.refunds.is_empty() {
        world.note(number, || {
            format!("the server has refunded {} kr.", cart.refunded)
        });
        let made = u8::try_from(cart.refunds.len()).unwrap_or(u8::MAX);
        world.change(number, |checkout| {
            checkout.refunds.insert(1, made);
        });
        let stored = server.stored(number);
        let meant = stored.and_then(|stored| stored.order.refund);
        if meant.is_none_or(|meant| meant.kronur() != cart.refunded) {
            world.violated(number, Invariant::OneRefund);
        }
    }
}

/// Lets the server's time pass, and sends its callbacks.
pub(super) async fn run(world: Arc<World>, server: Arc<Server>) {
    loop {
        let due = server.engine().next_due();
        match due.map(|due| world.instant(due, server.ahead)) {
            Some(due) => {
                if timeout_at(due, server.changed.notified()).await.is_ok() {
                    continue;
                }
                sleep_until(due).await;
            }
            None => server.changed.notified().await,
        }
        let mut engine = server.engine();
        engine.run_until(server.now(&world));
        let callbacks = engine.take_callbacks();
        drop(engine);
        deliver_all(&world, &server, callbacks);
    }
}

fn deliver_all(world: &Arc<World>, server: &Arc<Server>, callbacks: Vec<EmbeddedCallback>) {
    for callback in callbacks {
        let (world, server) = (Arc::clone(world), Arc::clone(server));
        tokio::spawn(async move {
            let Some(number) = number_in(callback.url()) else {
                return;
            };
            let Some(receiver) = server.receiver.get().and_then(Weak::upgrade) else {
                return;
            };
            let status = receiver.receive(&world, number, &callback).await;
            world.note(number, || match status {
                Some(status) => format!("the callback was answered {status}"),
                None => "the callback was not answered".to_owned(),
            });
            let mut engine = server.engine();
            engine.delivered(callback, status, server.now(&world));
            let cart = server.cart_of(number).and_then(|id| engine.cart(id));
            let callbacks = engine.take_callbacks();
            drop(engine);
            if let Some(cart) = cart {
                hold(&world, number, &cart);
            }
            server.changed.notify_one();
            deliver_all(&world, &server, callbacks);
        });
    }
}

/// Writes down what the server holds of a checkout now, whatever has happened since the last call.
pub(super) fn look(world: &World, server: &Server, number: u32) {
    let id = server.cart_of(number);
    if let Some(cart) = id.and_then(|id| server.cart(world, id)) {
        hold(world, number, &cart);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
