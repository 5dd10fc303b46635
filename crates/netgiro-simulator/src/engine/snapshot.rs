//! The engine's state as JSON, for the page and for the control over HTTP.

use crate::engine::state::Engine;
use crate::faults::fault::Fault;
use crate::faults::storm::{ActiveStorm, Storm};
use crate::model::options::SimulatorOptions;
use crate::model::records::{SimulatedCallback, SimulatedCart, SimulatedRequest};
use crate::model::serialize::instant;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// How many carts a snapshot has at most: the newest.
pub(crate) const CARTS: usize = 2_000;
/// How many requests, and how many callbacks, a snapshot has at most: the newest.
pub(crate) const MESSAGES: usize = 200;
/// How many faults a snapshot has at most: the next ones.
pub(crate) const FAULTS: usize = 50;

/// Everything, or the changes since an earlier snapshot.
#[derive(Serialize)]
pub(crate) struct Changes<'a> {
    /// Whether this is everything, and replaces earlier snapshots.
    pub(crate) complete: bool,
    pub(crate) revision: u64,
    #[serde(serialize_with = "instant")]
    pub(crate) now: Timestamp,
    pub(crate) shop: &'a str,
    pub(crate) carts: Vec<SimulatedCart>,
    pub(crate) requests: Vec<Numbered<'a, SimulatedRequest>>,
    pub(crate) callbacks: Vec<Numbered<'a, SimulatedCallback>>,
    pub(crate) counts: Counts,
    pub(crate) faults: Vec<&'a Fault>,
    /// The storm that lets calls fail, if one does.
    pub(crate) storm: Option<&'a Storm>,
    #[serde(serialize_with = "options")]
    pub(crate) options: &'a SimulatorOptions,
}

/// How many there have been in total.
#[derive(Serialize)]
pub(crate) struct Counts {
    pub(crate) carts: usize,
    pub(crate) requests: usize,
    pub(crate) callbacks: usize,
}

/// A request or a callback, with its number.
#[derive(Serialize)]
pub(crate) struct Numbered<'a, T> {
    number: usize,
    #[serde(flatten)]
    message: &'a T,
}

impl<'a, T> Numbered<'a, T> {
    pub(crate) fn all(messages: impl Iterator<Item = (usize, &'a T)>) -> Vec<Self> {
        messages
            .map(|(number, message)| Self { number, message })
            .collect()
    }
}

/// The options, without the secret key.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn options<S: Serializer>(options: &&SimulatorOptions, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[expect(
        clippy::struct_excessive_bools,
        reason = "each is an option of its own"
    )]
    struct Shown<'a> {
        app_key: &'a str,
        seed: u64,
        lifetime: f64,
        latency: f64,
        check_interval: Option<f64>,
        response_signatures: &'a str,
        minimum_amount: i64,
        require_confirmation_type: bool,
        require_json_numbers: bool,
        omit_payment_info: bool,
        stale_reads: u32,
        v2_refusal_status: u16,
        unknown_transaction_is_404: bool,
        repeated_refund: &'a str,
        refuse_settled_refunds: bool,
        repeated_capture: &'a str,
        repeated_cancel: &'a str,
        hold_lifetime: f64,
        poll_interval: Option<f64>,
        callback_signature_decimals: u8,
        hosted_callback_as_form: bool,
        reference_lookup: &'a str,
        form_callback_as_get: bool,
        public_url: Option<&'a str>,
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a poll hint is far from 2^52 ms"
    )]
    let seconds = |interval: Option<i64>| interval.map(|ms| ms as f64 / 1000.0);
    Shown {
        app_key: &options.app_key,
        seed: options.seed,
        lifetime: options.lifetime.as_secs_f64(),
        latency: options.latency.as_secs_f64(),
        check_interval: seconds(options.check_interval_ms),
        response_signatures: options.response_signatures.as_str(),
        minimum_amount: options.minimum_amount,
        require_confirmation_type: options.require_confirmation_type,
        require_json_numbers: options.require_json_numbers,
        omit_payment_info: options.omit_payment_info,
        stale_reads: options.stale_reads,
        v2_refusal_status: options.v2_refusal_status,
        unknown_transaction_is_404: options.unknown_transaction_is_404,
        repeated_refund: options.repeated_refund.as_str(),
        refuse_settled_refunds: options.refuse_settled_refunds,
        repeated_capture: options.repeated_capture.as_str(),
        repeated_cancel: options.repeated_cancel.as_str(),
        hold_lifetime: options.hold_lifetime.as_secs_f64(),
        poll_interval: seconds(options.poll_interval_ms),
        callback_signature_decimals: options.callback_signature_decimals,
        hosted_callback_as_form: options.hosted_callback_as_form,
        reference_lookup: options.reference_lookup.as_str(),
        form_callback_as_get: options.form_callback_as_get,
        public_url: options.public_url.as_deref(),
    }
    .serialize(serializer)
}

impl Engine {
    /// The changes after a revision, among the newest of everything.
    pub(crate) fn changes(&self, since: u64, now: Timestamp) -> Changes<'_> {
        Changes {
            complete: since == 0,
            revision: self.revision,
            now,
            shop: &self.options.shop,
            carts: (self.carts.since(since, CARTS))
                .map(|(_, cart)| cart.record())
                .collect(),
            requests: Numbered::all(self.requests.since(since, MESSAGES)),
            callbacks: Numbered::all(self.callbacks.since(since, MESSAGES)),
            counts: Counts {
                carts: self.carts.total(),
                requests: self.requests.total(),
                callbacks: self.callbacks.total(),
            },
            faults: self.faults.iter().take(FAULTS).collect(),
            storm: self
                .storm
                .as_ref()
                .filter(|_| self.is_stormy)
                .map(ActiveStorm::storm),
            options: &self.options,
        }
    }
}

/// A value as JSON.
pub(crate) fn json(report: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(report).unwrap_or_default()
}
