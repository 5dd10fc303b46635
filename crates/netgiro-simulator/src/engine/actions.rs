//! What customers do, and what a test does to a cart.

use crate::engine::cart::Cart;
use crate::engine::state::Engine;
use crate::model::error::SimulatorError;
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    pub(crate) fn confirm(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        let notification = self.attempt(id, |cart| cart.customer_confirms(now))?;
        self.accepted(id, notification, now);
        Ok(())
    }

    pub(crate) fn decline(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        let notification = self.attempt(id, Cart::customer_declines)?;
        self.notify(id, notification, now);
        Ok(())
    }

    pub(crate) fn expire(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        self.attempt(id, Cart::expire)?;
        self.canceled(id, now);
        Ok(())
    }

    /// Leaves a paid cart out of its settlement.
    pub(crate) fn withhold(&mut self, id: Uuid) -> Result<(), SimulatorError> {
        self.attempt(id, |cart| match cart.sale() {
            Some(_) => Ok(()),
            None => Err("cannot be withheld: it is not paid".to_owned()),
        })?;
        self.withheld.insert(id);
        Ok(())
    }

    fn attempt<T>(
        &mut self,
        id: Uuid,
        action: impl FnOnce(&mut Cart) -> Result<T, String>,
    ) -> Result<T, SimulatorError> {
        let cart = self.find_mut(id).ok_or(SimulatorError::UnknownCart(id))?;
        let status = cart.stage.status();
        action(cart).map_err(|message| SimulatorError::NotPossible {
            transaction_id: id,
            status,
            message,
        })
    }
}
