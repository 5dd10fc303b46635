//! The network between shops and their servers: it loses, delays, repeats and reorders, as the seed has it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use netgiro::ApiVersion;
use netgiro::simulation::{BrokenOff, SimulatedMachine};
use netgiro_simulator::Fault as ServerFault;
use tokio::sync::oneshot;
use tokio::time::{Duration, sleep, timeout};

use crate::invariants::Millis;
use crate::simulation::draw::{About, draw, happens};
use crate::simulation::faults::{Call, Fault, draw_fault};
use crate::simulation::plan::FaultKind;
use crate::simulation::process::{Actor, current};
use crate::simulation::server::{self, Server};
use crate::simulation::storage::next;
use crate::simulation::world::{World, pause};

/// How long the server waits for the answer to a callback.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// A machine of a shop.
pub(super) struct Machine {
    pub(super) world: Arc<World>,
    pub(super) server: Arc<Server>,
    /// How far its clock is ahead.
    pub(super) ahead: SignedDuration,
}

type Answer = Result<Response<Result<Bytes, BrokenOff>>, BrokenOff>;

impl SimulatedMachine for Machine {
    fn now(&self) -> Timestamp {
        self.world.now(self.ahead)
    }

    fn connect(&self) -> Pin<Box<dyn Future<Output = Result<(), BrokenOff>> + Send + '_>> {
        Box::pin(async move {
            let actor = current().ok_or(BrokenOff)?;
            let of = actor.checkout;
            let stored = self.server.stored(of).ok_or(BrokenOff)?;
            stored.asks(actor, self.world.millis());
            let number = next(&stored.counters.connections);
            let mut chance = draw(self.world.plan.seed, About::Connection, of, number);
            let rate = self.server.plan.fault_rate / 6.0;
            if happens(&mut chance, rate) && self.world.strikes(FaultKind::Connection, of, number) {
                self.world
                    .note(of, || format!("connection {number} is refused"));
                pause(chance.u64(1..3_000)).await;
                return Err(BrokenOff);
            }
            Ok(())
        })
    }

    fn send(&self, request: Request<Bytes>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let actor = current().ok_or(BrokenOff)?;
            let stored = self.server.stored(actor.checkout).ok_or(BrokenOff)?;
            let (answer, answered) = oneshot::channel();
            let carrying = Carrying {
                world: Arc::clone(&self.world),
                server: Arc::clone(&self.server),
                actor,
                number: next(&stored.counters.requests),
                request,
            };
            carrying.leaves();
            // The process may die, and the request is on its way.
            tokio::spawn(carrying.carry(answer));
            answered.await.unwrap_or(Err(BrokenOff))
        })
    }
}

/// A request on its way.
struct Carrying {
    world: Arc<World>,
    server: Arc<Server>,
    actor: Actor,
    number: u32,
    request: Request<Bytes>,
}

impl Carrying {
    fn call(&self) -> Call {
        let path = self.request.uri().path();
        match path.rsplit('/').next() {
            Some("InsertCart" | "payment") => Call::Insert,
            Some("CancelCart") => Call::Cancel,
            Some("cancel") => Call::CancelV2,
            Some("refund") => Call::Refund,
            _ if matches!(self.name(), "CheckCart" | "status") => Call::Check,
            _ => Call::Other,
        }
    }

    /// The call's name, for the trace.
    fn name(&self) -> &str {
        let path = self.request.uri().path();
        let name = path.split('/').nth(3).unwrap_or(path);
        name.split('?').next().unwrap_or(name)
    }

    /// Writes down that it leaves the shop.
    fn leaves(&self) {
        let (world, actor) = (&self.world, self.actor);
        let now = world.millis();
        let mut record = world.record();
        record.requests += 1;
        if matches!(self.call(), Call::Cancel | Call::CancelV2) {
            record.settles(actor);
        }
        if self.call() == Call::Check {
            record.sent_check(now, actor, self.base(), &world.stop);
        }
    }

    /// The least time between two checks of a poll here. Of a cart that was found by its reference, the shop does not
    /// know what interval the server wants.
    fn base(&self) -> Millis {
        // What follows a callback asks each second.
        if (100..1_000).contains(&self.actor.follower) {
            return 1_000;
        }
        let stored = self.server.stored(self.actor.checkout);
        let hint = stored.and_then(|stored| stored.check_interval());
        hint.map_or(3_000, |hint| hint.clamp(1_000, 60_000))
    }

    async fn carry(self, answer: oneshot::Sender<Answer>) {
        let (world, of, number) = (&self.world, self.actor.checkout, self.number);
        let mut chance = draw(world.plan.seed, About::Request, of, number);
        let there = chance.u64(5..80);
        let back = chance.u64(5..80);
        let is_signed = self.server.plan.api == ApiVersion::V1;
        let fault = draw_fault(
            &mut chance,
            self.server.plan.fault_rate,
            self.call(),
            is_signed,
        )
        .filter(|_| world.strikes(FaultKind::Request, of, number));
        world.note(of, || {
            let what = fault.as_ref().map(Fault::describe);
            let (who, name) = (self.actor.name(), self.name());
            match what {
                Some(what) => format!("{who} sends {name} (request {number}): {what}"),
                None => format!("{who} sends {name} (request {number})"),
            }
        });
        pause(there).await;
        match fault {
            None => self.answer(answer, None, back).await,
            Some(Fault::Server(fault)) => self.answer(answer, Some(*fault), back).await,
            Some(Fault::Slow(by)) => {
                let back = back + u64::try_from(by.as_millis()).unwrap_or_default();
                self.answer(answer, None, back).await;
            }
            Some(Fault::LostRequest { is_silent }) => lose(answer, is_silent).await,
            Some(Fault::LateRequest { after, is_silent }) => {
                lose(answer, is_silent).await;
                sleep(after).await;
                self.arrives(None);
            }
            Some(Fault::LostAnswer { is_silent }) => {
                self.arrives(None);
                lose(answer, is_silent).await;
            }
            Some(Fault::BrokenAnswer) => {
                let response = self.arrives(None);
                pause(back).await;
                let broken = response.map(|response| response.map(|_| Err(BrokenOff)));
                let _ = answer.send(broken.ok_or(BrokenOff));
            }
            Some(Fault::UnknownStatus) => {
                let response = self.arrives(None);
                pause(back).await;
                let renamed = |body: Bytes| {
                    let body = String::from_utf8_lossy(&body);
                    Ok(Bytes::from(body.replace("\"Pending\"", "\"Refunding\"")))
                };
                let _ = answer.send(
                    response
                        .map(|response| response.map(renamed))
                        .ok_or(BrokenOff),
                );
            }
            Some(Fault::Foreign) => {
                let own = self.arrives(None);
                let foreign = server::answer_about_another(world, &self.server, of);
                pause(back).await;
                let response = foreign.or(own);
                let _ = answer.send(response.map(|response| response.map(Ok)).ok_or(BrokenOff));
            }
            Some(Fault::Twice { after, is_second }) => {
                let first = self.arrives(None);
                if !is_second {
                    pause(back).await;
                    let _ = answer.send(first.map(|first| first.map(Ok)).ok_or(BrokenOff));
                    sleep(after).await;
                    self.arrives(None);
                    return;
                }
                sleep(after).await;
                self.answer(answer, None, back).await;
            }
        }
    }

    /// The server gets it.
    fn arrives(&self, fault: Option<ServerFault>) -> Option<Response<Bytes>> {
        let is_forged = fault
            .as_ref()
            .is_some_and(|fault| fault.signature.is_some());
        let received = server::receive(&self.world, &self.server, self.actor, &self.request, fault);
        let (response, _) = received?;
        if let Some(stored) = self.server.stored(self.actor.checkout) {
            if is_forged {
                next(&stored.counters.forged);
            }
            if response.status() == http::StatusCode::UNAUTHORIZED {
                next(&stored.counters.refused);
            }
        }
        self.world.note(self.actor.checkout, || {
            let (name, number) = (self.name(), self.number);
            let body = String::from_utf8_lossy(response.body());
            let status = response.status().as_u16();
            // A nonce is the one thing that no seed decides.
            let body = if status == 401 { "" } else { &*body };
            format!("the server answers {name} (request {number}) with {status} {body}")
        });
        Some(response)
    }

    async fn answer(&self, answer: oneshot::Sender<Answer>, fault: Option<ServerFault>, back: u64) {
        let response = self.arrives(fault);
        pause(back).await;
        let _ = answer.send(response.map(|response| response.map(Ok)).ok_or(BrokenOff));
    }
}

/// No answer comes: the connection breaks off, or stays open for as long as the client waits.
async fn lose(mut answer: oneshot::Sender<Answer>, is_silent: bool) {
    if is_silent {
        answer.closed().await;
    } else {
        let _ = answer.send(Err(BrokenOff));
    }
}

/// Brings a callback to the shop, where each copy of it `arrives`; gives the status of the answer, if one comes.
pub(super) async fn deliver<F: Future<Output = Option<u16>>>(
    world: &World,
    server: &Server,
    checkout: u32,
    arrives: impl Fn(u32) -> F,
) -> Option<u16> {
    let number = next(&server.stored(checkout)?.counters.callbacks);
    let mut chance = draw(world.plan.seed, About::Callback, checkout, number);
    let there = chance.u64(5..200);
    let is_bad = happens(&mut chance, server.plan.fault_rate);
    let (what, delay) = (chance.u32(0..4), chance.u64(1_000..20_000));
    let is_bad = is_bad && world.strikes(FaultKind::Callback, checkout, number);
    world.note(checkout, || match (is_bad, what) {
        (false, _) => format!("callback {number} is sent"),
        (_, 0) => format!("callback {number} is lost"),
        (_, 1) => format!("callback {number} is sent, and its answer is lost"),
        (_, 2) => format!("callback {number} is sent twice, {delay} ms apart"),
        _ => format!("callback {number} is {delay} ms late"),
    });
    pause(there).await;
    let arrive = |copy| arrives(number * 4 + copy);
    match (is_bad, what) {
        (false, _) => timeout(CALLBACK_TIMEOUT, arrive(0)).await.ok()?,
        (_, 0) => None,
        (_, 1) => {
            let _ = timeout(CALLBACK_TIMEOUT, arrive(0)).await;
            None
        }
        (_, 2) => {
            let first = timeout(CALLBACK_TIMEOUT, arrive(0)).await.ok().flatten();
            pause(delay).await;
            let _ = timeout(CALLBACK_TIMEOUT, arrive(1)).await;
            first
        }
        _ => {
            pause(delay).await;
            let status = timeout(CALLBACK_TIMEOUT, arrive(0)).await.ok().flatten();
            status.filter(|_| delay < 5_000)
        }
    }
}
