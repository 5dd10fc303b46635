//! The simulator's carts, requests and callbacks, as callers see them.

use crate::model::endpoint::Endpoint;
use crate::model::serialize;
use jiff::Timestamp;
use netgiro::{CartStatus, ConfirmationType};
use serde::Serialize;
use uuid::Uuid;

/// A cart as the server holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatedCart {
    /// Its id.
    pub transaction_id: Uuid,
    /// The merchant's order id.
    pub reference: String,
    /// The amount in krónur.
    pub amount: i64,
    /// Who is asked to pay.
    pub customer_id: String,
    /// Its status.
    #[serde(serialize_with = "serialize::status")]
    pub status: CartStatus,
    /// Whether it is paid.
    pub is_paid: bool,
    /// Whether it is canceled because its time ran out; Netgíró's answers say "canceled" alone.
    pub is_timed_out: bool,
    /// The result code that `CheckCart` answers.
    pub result_code: i64,
    /// Who creates the payment once the customer has accepted.
    #[serde(serialize_with = "serialize::confirmation_type")]
    pub confirmation_type: ConfirmationType,
    /// When it was inserted, on the simulator's clock.
    #[serde(serialize_with = "serialize::instant")]
    pub created: Timestamp,
    /// When it stops waiting for its customer.
    #[serde(serialize_with = "serialize::instant")]
    pub expires_at: Timestamp,
    /// The code in the customer's SMS; `None` unless the customer id is a kennitala.
    pub sms_code: Option<String>,
    /// How many `CheckCart`s, and V2's `Status`, there were for it.
    pub checks: u32,
    /// What was captured over V2, in krónur; `None` if nothing was.
    pub captured: Option<i64>,
    /// Its refunds, in the order in which they were made.
    pub refunds: Vec<SimulatedRefund>,
    /// The sum of its refunds, in krónur.
    pub refunded: i64,
}

/// A refund of a part or all of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatedRefund {
    /// The amount in krónur.
    pub amount: i64,
    /// The merchant's key, under which a refund is made once; empty for V1's `Payment/Change`, which has none.
    pub idempotency_key: String,
    /// The merchant's description.
    pub description: Option<String>,
    /// When it was made, on the simulator's clock.
    #[serde(serialize_with = "serialize::instant")]
    pub refunded_at: Timestamp,
}

/// A request as it arrived, and its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatedRequest {
    /// The endpoint; `None` for a path that the API does not have.
    pub endpoint: Option<Endpoint>,
    /// The cart it names; `None` if it makes one, and for settlements.
    pub transaction_id: Option<Uuid>,
    /// The HTTP method.
    pub method: String,
    /// The path as received, with its query.
    pub path: String,
    /// The headers; names are in lower case. The value of `token`, which is the secret key, is left out.
    #[serde(serialize_with = "serialize::headers")]
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The nonce it was signed with.
    pub nonce: Option<String>,
    /// Whether its application key and signature were correct; with V2 the key alone, with the Partner API the token.
    pub signature_ok: bool,
    /// The HTTP status of the response; `None` until there is one.
    pub status: Option<u16>,
    /// The body of the response; `None` as with `status`.
    pub answer: Option<String>,
    /// When it arrived, on the simulator's clock.
    #[serde(serialize_with = "serialize::instant")]
    pub at: Timestamp,
}

/// A callback that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulatedCallback {
    /// The cart it is about.
    pub transaction_id: Uuid,
    /// Where it was sent: the string given with the cart, with the content as its query if it was sent by GET.
    pub url: String,
    /// 1, or 2 for the repetition.
    pub attempt: u32,
    /// The HTTP status of the answer; `None` when there was none, or not yet.
    pub status: Option<u16>,
    /// Whether this attempt is over.
    pub is_done: bool,
    /// The headers sent.
    #[serde(serialize_with = "serialize::headers")]
    pub headers: Vec<(String, String)>,
    /// The body sent.
    pub body: String,
    /// When it was sent, on the simulator's clock.
    #[serde(serialize_with = "serialize::instant")]
    pub at: Timestamp,
}
