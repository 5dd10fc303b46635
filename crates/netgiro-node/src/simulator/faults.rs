//! What goes wrong in the simulator on purpose.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use netgiro::Result;
use netgiro_simulator::{Fault, Storm};

use crate::arguments::scalars::{milliseconds, set, whole};
use crate::simulator::refused;

/// A fault from its JSON; a body of any bytes, which JSON cannot hold, comes apart.
pub(crate) fn fault(json: &str, body: Option<&Uint8Array>) -> Result<Fault> {
    let mut fault = Fault::from_json(json).map_err(refused)?;
    if let Some(body) = body {
        fault.body = Some(body.to_vec());
    }
    Ok(fault)
}

/// How a storm is set up.
#[napi(object, object_to_js = false)]
pub struct StormInput {
    /// Decides everything.
    pub seed: Option<f64>,
    /// The share of calls that fails.
    pub failure_rate: Option<f64>,
    /// How long a customer takes at the most.
    pub reaction_ms: Option<f64>,
}

pub(crate) fn storm(input: &StormInput) -> Result<Storm> {
    let mut storm = Storm::new(input.seed.map_or(Ok(0), |seed| whole("seed", seed))?);
    set(&mut storm.failure_rate, input.failure_rate, Ok)?;
    set(&mut storm.reaction, input.reaction_ms, |ms| {
        milliseconds("reactionMs", ms)
    })?;
    Ok(storm)
}
