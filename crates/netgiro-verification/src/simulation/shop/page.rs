//! The shop's page: a customer breaks off, and the shop cancels.

use std::sync::Arc;

use crate::simulation::record::report_of;
use crate::simulation::shop::{Shop, ShopProcess};
use crate::simulation::world::World;

/// Lets a customer break off who does.
pub(in crate::simulation) async fn begin(world: Arc<World>, shop: Arc<Shop>, number: u32) {
    let Some(stored) = shop.stored(number) else {
        return;
    };
    let Some(after) = stored.order.breaks_off else {
        return;
    };
    let _task = world.task();
    tokio::time::sleep(stored.order.comes + after).await;
    let Some(process) = ShopProcess::new(&world, &shop, stored, 1, 0) else {
        return;
    };
    // Nobody starts it again: the worker goes on.
    match world
        .run(process.actor, 0, 0, Box::pin(process.break_off()))
        .await
    {
        Some(()) => process.ended(),
        None => process.died(false),
    }
}

impl ShopProcess {
    async fn break_off(&self) {
        let open = self
            .stored
            .now(|row| row.cart.clone().filter(|_| row.told.is_none()));
        let Some(cart) = open else { return };
        match self.host.client.cancel_cart(&cart).await {
            Ok(state) if state.is_final() => self.conclude(report_of(state.status)).await,
            Ok(state) => self.note(|| format!("it is {}", state.status)),
            Err(error) => self.note(|| format!("could not cancel: {error}")),
        }
    }
}
