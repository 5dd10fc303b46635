//! What the shop recorded against what Netgíró says: every order and every payment in exactly one class.
//!
//! Pure: orders and checks in, rows and totals out. From the bottom to the top:
//!
//! * `model`: what goes in and comes out; `kronur`: how an amount is written
//! * `carts`: one cart from all its checks, and the state of its payment
//! * `rules`: the class of one order and one cart
//! * `grouping`: which orders and carts belong together
//! * `reconcile`: all of it, in order, and that it adds up
//! * `settlement_model`, `settlements`: the same for transfers to the bank

mod carts;
mod grouping;
mod model;
mod reconcile;
mod rules;
mod settlement_model;
mod settlements;

pub use model::{Check, Order, Outcome, ReconcileOptions, Reconciled, Recorded, Row, Total};
pub use reconcile::reconcile;
pub use settlement_model::{
    CartKey, ReconciledSettlements, Settled, SettledItem, SettlementOutcome, SettlementRow,
    SettlementTotal, Transfer,
};
pub use settlements::reconcile_settlements;
