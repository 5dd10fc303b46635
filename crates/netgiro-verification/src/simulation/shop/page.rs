//! The shop's page: a customer breaks off, and the shop cancels.

use std::sync::Arc;

use crate::simulation::record::report_of;
use crate::simulation::shop::{Shop, Site};
use crate::simulation::world::World;

/// Lets a customer break off who does.
pub(in crate::simulation) async fn begin(world: Arc<World>, shop: Arc<Shop>, number: u32) {
    let Some(desk) = shop.desk(number) else {
        return;
    };
    let Some(after) = desk.order.breaks_off else {
        return;
    };
    let _task = world.task();
    tokio::time::sleep(desk.order.comes + after).await;
    let Some(site) = Site::new(&world, &shop, desk, 1, 0) else {
        return;
    };
    // Nobody starts it again: the worker goes on.
    match world
        .run(site.actor, 0, 0, Box::pin(site.break_off()))
        .await
    {
        Some(()) => site.ended(),
        None => site.died(false),
    }
}

impl Site {
    async fn break_off(&self) {
        let open = self
            .desk
            .now(|row| row.cart.clone().filter(|_| row.told.is_none()));
        let Some(cart) = open else { return };
        match self.host.client.cancel_cart(&cart).await {
            Ok(state) if state.is_final() => self.conclude(report_of(state.status)).await,
            Ok(state) => self.note(|| format!("it is {}", state.status)),
            Err(error) => self.note(|| format!("could not cancel: {error}")),
        }
    }
}
