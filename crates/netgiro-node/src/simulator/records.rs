//! What the simulator has seen, as JavaScript gets it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use netgiro::{CartStatus, ConfirmationType};
use netgiro_simulator::{
    Endpoint, SimulatedCallback, SimulatedCart, SimulatedRefund, SimulatedRequest,
};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::views::scalars::instant;

/// A cart.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct CartRecord(#[serde(with = "CartMembers")] pub(crate) SimulatedCart);

#[derive(Serialize)]
#[serde(remote = "SimulatedCart", rename_all = "camelCase")]
struct CartMembers {
    transaction_id: Uuid,
    reference: String,
    amount: i64,
    customer_id: String,
    status: CartStatus,
    is_paid: bool,
    is_timed_out: bool,
    result_code: i64,
    #[serde(serialize_with = "confirmation_type")]
    confirmation_type: ConfirmationType,
    #[serde(serialize_with = "instant")]
    created: Timestamp,
    #[serde(serialize_with = "instant")]
    expires_at: Timestamp,
    sms_code: Option<String>,
    checks: u32,
    captured: Option<i64>,
    #[serde(serialize_with = "refunds")]
    refunds: Vec<SimulatedRefund>,
    refunded: i64,
}

#[derive(Serialize)]
#[serde(remote = "SimulatedRefund", rename_all = "camelCase")]
struct RefundMembers {
    amount: i64,
    idempotency_key: String,
    description: Option<String>,
    #[serde(serialize_with = "instant")]
    refunded_at: Timestamp,
}

/// A request.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct RequestRecord(#[serde(with = "RequestMembers")] pub(crate) SimulatedRequest);

#[derive(Serialize)]
#[serde(remote = "SimulatedRequest", rename_all = "camelCase")]
struct RequestMembers {
    #[serde(serialize_with = "endpoint")]
    endpoint: Option<Endpoint>,
    transaction_id: Option<Uuid>,
    method: String,
    path: String,
    #[serde(serialize_with = "headers")]
    headers: Vec<(String, String)>,
    body: String,
    nonce: Option<String>,
    signature_ok: bool,
    status: Option<u16>,
    answer: Option<String>,
    #[serde(serialize_with = "instant")]
    at: Timestamp,
}

/// An attempt at a callback.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct CallbackRecord(#[serde(with = "CallbackMembers")] pub(crate) SimulatedCallback);

#[derive(Serialize)]
#[serde(remote = "SimulatedCallback", rename_all = "camelCase")]
struct CallbackMembers {
    transaction_id: Uuid,
    url: String,
    attempt: u32,
    status: Option<u16>,
    is_done: bool,
    #[serde(serialize_with = "headers")]
    headers: Vec<(String, String)>,
    body: String,
    #[serde(serialize_with = "instant")]
    at: Timestamp,
}

fn refunds<S: Serializer>(refunds: &[SimulatedRefund], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct RefundRecord<'a>(#[serde(with = "RefundMembers")] &'a SimulatedRefund);

    serializer.collect_seq(refunds.iter().map(RefundRecord))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn confirmation_type<S: Serializer>(
    kind: &ConfirmationType,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for it"
)]
fn endpoint<S: Serializer>(endpoint: &Option<Endpoint>, serializer: S) -> Result<S::Ok, S::Error> {
    endpoint.map(Endpoint::as_str).serialize(serializer)
}

/// An object by name; of headers sent twice, the last.
fn headers<S: Serializer>(headers: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let by_name: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name, value)).collect();
    by_name.serialize(serializer)
}
