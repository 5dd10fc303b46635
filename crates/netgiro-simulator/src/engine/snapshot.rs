//! What the simulator knows, as JSON for its page and for whoever drives it over HTTP.

use crate::engine::state::{SimulatedCallback, SimulatedCart, SimulatedRequest};
use crate::faults::fault::Fault;
use crate::faults::storm::Storm;
use crate::model::options::SimulatorOptions;
use jiff::Timestamp;
use netgiro::{CartStatus, ConfirmationType};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// How many carts a report holds at the most: the newest.
pub(crate) const CARTS: usize = 2_000;
/// How many requests, and how many callbacks, a report holds at the most: the newest.
pub(crate) const MESSAGES: usize = 200;
/// How many faults a report holds at the most: the next to strike.
pub(crate) const FAULTS: usize = 50;

/// Everything, or what has changed since an earlier report.
#[derive(Serialize)]
pub(crate) struct Changes<'a> {
    /// Whether this is everything, and takes the place of whatever was reported before.
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

/// How many there have been, those among them that are in no report any more.
#[derive(Serialize)]
pub(crate) struct Counts {
    pub(crate) carts: usize,
    pub(crate) requests: usize,
    pub(crate) callbacks: usize,
}

/// A message, with the number to tell it from others by.
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

/// The options that say how it behaves; no keys.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn options<S: Serializer>(options: &&SimulatorOptions, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown<'a> {
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
        public_url: Option<&'a str>,
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a poll hint is far from 2^52 ms"
    )]
    let check_interval = options.check_interval_ms.map(|ms| ms as f64 / 1000.0);
    Shown {
        seed: options.seed,
        lifetime: options.lifetime.as_secs_f64(),
        latency: options.latency.as_secs_f64(),
        check_interval,
        response_signatures: options.response_signatures.as_str(),
        minimum_amount: options.minimum_amount,
        require_confirmation_type: options.require_confirmation_type,
        require_json_numbers: options.require_json_numbers,
        omit_payment_info: options.omit_payment_info,
        stale_reads: options.stale_reads,
        public_url: options.public_url.as_deref(),
    }
    .serialize(serializer)
}

/// ISO 8601, to the millisecond.
pub(crate) fn instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.3}"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(crate) fn status<S: Serializer>(status: &CartStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
pub(crate) fn confirmation_type<S: Serializer>(
    confirmation_type: &ConfirmationType,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(confirmation_type.as_str())
}

/// An object by name; of headers sent twice, the last.
pub(crate) fn headers<S: Serializer>(
    headers: &[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let by_name: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name, value)).collect();
    by_name.serialize(serializer)
}

/// A report as it is sent.
pub(crate) fn json(report: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(report).unwrap_or_default()
}
