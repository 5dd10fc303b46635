//! The options of calls for many carts.

use std::sync::Arc;

use napi_derive::napi;
use netgiro::{BulkOptions, CartPoll, CheckResult, CheckResults, Error, ErrorKind, Result};
use serde::Deserialize;

use crate::arguments::scalars::{milliseconds, set, whole};
use crate::arguments::state::StateInput;

/// The options of many checks; the core has defaults for the rest.
#[napi(object, object_to_js = false)]
pub struct BulkInput {
    /// How many at a time.
    pub concurrency: Option<f64>,
    /// How many a second.
    pub rate: Option<f64>,
    /// In milliseconds.
    pub retry_for_ms: Option<f64>,
    /// The JSON text of an array of [`EarlierResult`].
    pub resume: Option<String>,
}

/// What is known of a cart from an earlier call: its state, or the poll that was not over.
#[derive(Deserialize)]
struct EarlierResult {
    state: Option<StateInput>,
    poll: Option<String>,
}

impl EarlierResult {
    fn read(self) -> Result<Option<CheckResult>> {
        if let Some(StateInput(state)) = self.state {
            return Ok(Some(CheckResult {
                transaction_id: state.transaction_id,
                outcome: Ok(state),
            }));
        }
        let Some(token) = self.poll else {
            return Ok(None);
        };
        let poll = CartPoll::from_json(&token)?;
        let cut_short = Error::new(ErrorKind::WaitTimeout, "not settled then");
        Ok(Some(CheckResult {
            transaction_id: poll.transaction_id(),
            outcome: Err(cut_short.with_poll(poll)),
        }))
    }
}

pub(crate) fn bulk_options(input: BulkInput) -> Result<BulkOptions> {
    let mut options = BulkOptions {
        concurrency: input
            .concurrency
            .map(|number| whole("concurrency", number))
            .transpose()?,
        rate: input.rate,
        ..BulkOptions::default()
    };
    set(&mut options.retry_for, input.retry_for_ms, |ms| {
        milliseconds("retryForMs", ms)
    })?;
    options.resume = input
        .resume
        .map(|text| resumed(&text).map(Arc::new))
        .transpose()?;
    Ok(options)
}

fn resumed(text: &str) -> Result<CheckResults> {
    let refused = |at: usize, why: &str| {
        Error::invalid_request(format!(
            "resume[{at}] is not a result of an earlier call: {why}"
        ))
    };
    let all: Vec<EarlierResult> = serde_json::from_str(text)
        .map_err(|error| refused(0, &netgiro::mask_customer_ids(&error.to_string())))?;
    let mut results = CheckResults::default();
    for (at, one) in all.into_iter().enumerate() {
        if let Some(result) = one.read().map_err(|error| refused(at, error.message()))? {
            results.push(&result);
        }
    }
    Ok(results)
}
