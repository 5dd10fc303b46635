//! What the shop recorded against what Netgíró says: every order and every payment in exactly one class.
//!
//! Pure: orders and checks in, rows and totals out. From the bottom to the top:
//!
//! * `model`: what goes in and comes out; `kronur`: how an amount is written
//! * `carts`: one cart from all its checks, and the state of its payment
//! * `ranking`: the order of rows
//! * `rules`: the class of one order and one cart
//! * `cases`: what is classified together, and its sums
//! * `grouping`: which orders and carts belong together
//! * `refunds`, with its `rules`: which refunds belong to an order, and the class of both
//! * `reconcile`: all of it, and that it adds up
//! * `settlements`, with its `model` and `refunds`: the same for transfers to the bank

mod carts;
mod cases;
mod grouping;
mod model;
mod ranking;
mod reconcile;
mod refunds;
mod rules;
mod settlements;

pub use model::{
    CartKey, Check, Order, Outcome, ReconcileOptions, Reconciled, Recorded, Refund, Refunds, Row,
    Total,
};
pub use reconcile::reconcile;
pub use settlements::model::{
    ReconciledSettlements, Settled, SettledItem, SettlementOutcome, SettlementRow, SettlementTotal,
    Transfer,
};
pub use settlements::reconcile_settlements;
