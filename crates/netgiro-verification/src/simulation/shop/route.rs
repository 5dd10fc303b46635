//! The callback route, as the product's state machine has it answer.

use std::sync::Arc;

use netgiro::webhook::{ExpectedOrder, ReportedCallback, RouteAction, RouteOutcome};
use netgiro_simulator::EmbeddedCallback;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::invariants::Report;
use crate::simulation::plan::Mistake;
use crate::simulation::shop::{Shop, ShopProcess};
use crate::simulation::world::{World, pause};

/// The first follower that is a callback.
const FOLLOWERS: u32 = 100;

/// A callback arrives; gives the status that it is answered, if it is.
pub(super) async fn receive(
    world: &Arc<World>,
    shop: &Arc<Shop>,
    checkout: u32,
    delivery: u32,
    callback: &EmbeddedCallback,
) -> Option<u16> {
    let (answer, answered) = oneshot::channel();
    let request = Request {
        url: callback.url().to_owned(),
        headers: callback.headers(),
        body: callback.body().to_vec(),
        delivery,
    };
    tokio::spawn(serve(
        Arc::clone(world),
        Arc::clone(shop),
        checkout,
        request,
        answer,
    ));
    answered.await.ok()
}

/// A request to the route.
struct Request {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delivery: u32,
}

/// Answers a callback, and follows its cart; after a crash from what was recorded.
async fn serve(
    world: Arc<World>,
    shop: Arc<Shop>,
    checkout: u32,
    request: Request,
    answer: oneshot::Sender<u16>,
) {
    let Some(stored) = shop.stored(checkout) else {
        return;
    };
    let _task = world.task();
    let follower = FOLLOWERS + request.delivery;
    let Some(process) = ShopProcess::new(&world, &shop, stored, follower, 0) else {
        return;
    };
    if world
        .run(
            process.actor,
            0,
            0,
            Box::pin(process.answer(&request, answer)),
        )
        .await
        .is_some()
    {
        process.ended();
        return;
    }
    let recorded = || stored.now(|row| row.recorded.first().copied());
    process.died(recorded().is_some());
    for start in 1.. {
        pause(world.restart_delay(process.actor, start)).await;
        let Some(cart) = recorded() else { return };
        let Some(process) = ShopProcess::new(&world, &shop, stored, follower, start) else {
            return;
        };
        let outcome = world
            .run(process.actor, start, start, Box::pin(process.follow(cart)))
            .await;
        if outcome.is_some() {
            process.ended();
            return;
        }
        process.died(true);
    }
}

impl ShopProcess {
    async fn answer(&self, request: &Request, answer: oneshot::Sender<u16>) {
        let mut answer = Some(answer);
        let mut cart = None;
        let mut route = self.shop.route.request("POST");
        let mut signature = None;
        let status = loop {
            let outcome = match route.action() {
                RouteAction::ReadBody => RouteOutcome::Body(request.body.len()),
                RouteAction::Verify => {
                    let outcome = self.verify(request);
                    if let RouteOutcome::Verified(reported) = &outcome {
                        cart = Some(reported.cart);
                        signature = Some(self.signature_number(request, reported));
                        if self.world.makes(Mistake::BelievesCallbacks) {
                            self.conclude(Report::Paid).await;
                        }
                    }
                    outcome
                }
                RouteAction::FindOrder => RouteOutcome::Order(Some(self.expected().await)),
                RouteAction::AskGuard => self.ask_guard(request).await,
                RouteAction::Record => {
                    if self.world.makes(Mistake::AnswersFirst) {
                        self.acknowledge(signature);
                    }
                    self.record(cart, signature).await
                }
                RouteAction::Forget => self.forget(request).await,
                RouteAction::Answer => break route.answer().map_or(500, |answer| answer.status),
            };
            route.step(outcome);
        };
        let is_acknowledged = status == 200;
        if is_acknowledged && !self.world.makes(Mistake::AnswersFirst) {
            self.acknowledge(signature);
        }
        self.note(|| format!("answers {status}"));
        if let Some(answer) = answer.take() {
            let _ = answer.send(status);
        }
        tokio::task::yield_now().await;
        if let Some(cart) = cart.filter(|_| is_acknowledged) {
            self.follow(cart).await;
        }
    }

    fn verify(&self, request: &Request) -> RouteOutcome {
        let client = &self.host.client;
        let verified = client.verify_callback_keyed(&request.url, &request.headers, &request.body);
        match verified {
            Ok((callback, key)) => RouteOutcome::Verified(ReportedCallback {
                cart: callback.transaction_id,
                amount: callback.amount,
                reference: callback.reference,
                signature: key.map(|key| key.signature),
            }),
            Err(error) => RouteOutcome::Rejected(error.message().to_owned()),
        }
    }

    /// The number by which the run knows a callback: of its signature, or, of V2, whose signatures repeat, of its delivery.
    fn signature_number(&self, request: &Request, reported: &ReportedCallback) -> u32 {
        let Some(signature) = &reported.signature else {
            return request.delivery + 1_000;
        };
        let at = self.stored.now(|row| {
            let known = row.signatures.iter().position(|known| known == signature);
            known.unwrap_or_else(|| {
                row.signatures.push(signature.clone());
                row.signatures.len() - 1
            })
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    async fn expected(&self) -> ExpectedOrder {
        let cart = self
            .stored
            .write(|row| row.cart.as_ref().map(|it| it.transaction_id));
        let order = &self.stored.order.cart;
        ExpectedOrder {
            cart: cart.await,
            amount: order.amount,
            reference: order.reference.clone(),
        }
    }

    /// Whether a statement fails, as a database that is restarted lets it.
    pub(super) fn fails() -> bool {
        fastrand::f64() < 0.03
    }

    async fn ask_guard(&self, request: &Request) -> RouteOutcome {
        if Self::fails() {
            pause(5).await;
            return RouteOutcome::Failed("the guard is down".to_owned());
        }
        let key = guarded(request);
        let is_first = self.stored.write(|row| row.seen.insert(key)).await;
        RouteOutcome::First(is_first || self.world.makes(Mistake::HasNoGuard))
    }

    async fn record(&self, cart: Option<Uuid>, signature: Option<u32>) -> RouteOutcome {
        if Self::fails() {
            pause(5).await;
            return RouteOutcome::Failed("the database is down".to_owned());
        }
        pause(1).await;
        self.stored.now(|row| row.recorded.extend(cart));
        self.world.change(self.actor.checkout, |checkout| {
            let callback = checkout
                .callbacks
                .entry(signature.unwrap_or_default())
                .or_default();
            callback.recorded = callback.recorded.saturating_add(1);
        });
        tokio::task::yield_now().await;
        RouteOutcome::Done
    }

    fn acknowledge(&self, signature: Option<u32>) {
        self.world.change(self.actor.checkout, |checkout| {
            let callback = checkout
                .callbacks
                .entry(signature.unwrap_or_default())
                .or_default();
            callback.acknowledged = callback.acknowledged.saturating_add(1);
        });
    }

    async fn forget(&self, request: &Request) -> RouteOutcome {
        if !self.stored.order.guard_forgets || Self::fails() {
            return RouteOutcome::Failed("the guard cannot forget".to_owned());
        }
        let key = guarded(request);
        self.stored.write(|row| row.seen.remove(&key)).await;
        RouteOutcome::Done
    }
}

/// What the guard knows a callback by.
fn guarded(request: &Request) -> String {
    let signature = request
        .headers
        .iter()
        .find(|(name, _)| name == "netgiro_signature");
    signature
        .map(|(_, value)| value.clone())
        .unwrap_or_default()
}
