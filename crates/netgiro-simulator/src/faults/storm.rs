//! A storm: random failures and random customers, decided by a seed.

use crate::faults::fault::Fault;
use crate::faults::forms::{BodyAs, DropAt, DropBy};
use crate::model::endpoint::Endpoint;
use crate::model::error::SimulatorError;
use crate::model::options::ResponseSignatures;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

/// A storm: a share of all calls fails in random ways, and customers confirm, decline, ignore the request, or confirm
/// just when the merchant cancels.
///
/// What happens to an order depends on the seed, its reference and the number of its calls, and not on other orders:
/// two storms with the same seed behave the same in whatever order requests for different orders arrive.
///
/// The storm decides for customers with a phone number, except `8111111` and `8222222`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Storm {
    /// Decides everything.
    pub seed: u64,
    /// The share of calls that fails, from 0 to 1. Default 0.3.
    pub failure_rate: f64,
    /// The longest time a customer takes to answer, on the simulator's clock. Default 300 ms. In JSON: in seconds.
    #[serde(with = "seconds")]
    pub reaction: Duration,
}

impl Storm {
    /// A storm in which three of ten calls fail.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            failure_rate: 0.3,
            reaction: Duration::from_millis(300),
        }
    }

    /// Sets the share of calls that fails, from 0 to 1.
    #[must_use]
    pub fn failure_rate(self, failure_rate: f64) -> Self {
        Self {
            failure_rate,
            ..self
        }
    }

    /// Refuses a failure rate that is not a share.
    pub(crate) fn check(&self) -> Result<(), SimulatorError> {
        if (0.0..=1.0).contains(&self.failure_rate) {
            return Ok(());
        }
        Err(SimulatorError::InvalidOption(format!(
            "failure_rate must be from 0 to 1; got {}",
            self.failure_rate
        )))
    }

    /// Sets the longest time a customer takes to answer.
    #[must_use]
    pub fn reaction(self, reaction: Duration) -> Self {
        Self { reaction, ..self }
    }
}

impl Default for Storm {
    fn default() -> Self {
        Self::new(0)
    }
}

/// A duration as seconds.
mod seconds {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What a customer in a storm will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CustomerPlan {
    Confirms(Duration),
    Declines(Duration),
    Ignores,
    /// Confirms when the merchant's first cancel arrives.
    Races,
}

/// A storm that has started.
#[derive(Debug)]
pub(crate) struct ActiveStorm {
    storm: Storm,
    /// The number of calls, by order and endpoint.
    calls: HashMap<(String, Endpoint), u32>,
}

impl ActiveStorm {
    pub(crate) fn new(storm: Storm) -> Self {
        Self {
            storm,
            calls: HashMap::new(),
        }
    }

    pub(crate) fn storm(&self) -> &Storm {
        &self.storm
    }

    /// What the customer of an order does.
    pub(crate) fn plan(&self, reference: &str) -> CustomerPlan {
        let mut rng = self.rng(&[reference, "customer"], 0);
        let after = self.storm.reaction.mul_f64(rng.f64());
        match rng.u8(0..20) {
            0..7 => CustomerPlan::Confirms(after),
            7..10 => CustomerPlan::Declines(after),
            10..14 => CustomerPlan::Ignores,
            _ => CustomerPlan::Races,
        }
    }

    /// What goes wrong with the next call of this kind for an order.
    pub(crate) fn fault(&mut self, endpoint: Endpoint, reference: &str) -> Option<Fault> {
        let calls = self
            .calls
            .entry((reference.to_owned(), endpoint))
            .or_default();
        *calls += 1;
        let call = *calls;
        let mut rng = self.rng(&[reference, endpoint.as_str()], call);
        (rng.f64() < self.storm.failure_rate).then(|| fault(endpoint, call, &mut rng))
    }

    /// Random numbers for one question: always the same for the same question.
    fn rng(&self, question: &[&str], call: u32) -> Rng {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let seed = self.storm.seed.to_le_bytes();
        let call = call.to_le_bytes();
        let words = question.iter().flat_map(|word| word.bytes().chain([0xff]));
        let hash = (seed.into_iter().chain(words).chain(call)).fold(OFFSET, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        });
        Rng::with_seed(hash)
    }
}

/// A random way to fail; a client can retry all of them.
fn fault(endpoint: Endpoint, call: u32, rng: &mut Rng) -> Fault {
    let fault = Fault::on(endpoint);
    let by = if rng.bool() {
        DropBy::Close
    } else {
        DropBy::Reset
    };
    match rng.u8(0..24) {
        0 => fault.drop(DropAt::Before, by),
        1 | 2 => fault.drop(DropAt::After, by),
        3 | 4 => fault.drop(DropAt::Within, by),
        5 => fault.drop(DropAt::Answered, by),
        6 => fault.drop(DropAt::Before, DropBy::Silence),
        7 => fault.drop(DropAt::After, DropBy::Silence),
        8 => fault.status(500).processed(rng.bool()),
        9 => fault
            .status(502)
            .body_as(BodyAs::Html)
            .processed(rng.bool()),
        10 => fault.status(503).retry_after("0"),
        11 => fault.status(504).processed(true),
        12 => fault.status(429).retry_after("0"),
        13 => fault.status(408),
        14 => fault.status(404).body_as(BodyAs::Html),
        15 => fault.status(302).header("location", "/elsewhere"),
        16 => fault.body_as(BodyAs::Html),
        17 => fault.body_as(BodyAs::Empty),
        18 => fault.body_as(BodyAs::Truncated),
        19 => fault.body_as(BodyAs::Doubled),
        20 => fault.body_as(BodyAs::DuplicateKeys),
        21 => fault.body_as(BodyAs::Overflow),
        22 => fault.body_as(BodyAs::InvalidUtf8),
        // A client takes three wrong signatures in a row for an attack.
        _ if call.is_multiple_of(2) => fault.signature(ResponseSignatures::Corrupt),
        _ => fault.body_as(BodyAs::Quoted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luck_depends_on_the_order_alone() {
        let forecast = |references: &[&str]| {
            let mut active = ActiveStorm::new(Storm::new(7));
            let mut faults = HashMap::new();
            for _ in 0..20 {
                for reference in references {
                    let fault = active.fault(Endpoint::CheckCart, reference);
                    faults
                        .entry((*reference).to_owned())
                        .or_insert_with(Vec::new)
                        .push(fault);
                }
            }
            faults.remove("a")
        };
        assert_eq!(forecast(&["a"]), forecast(&["b", "a", "c"]));
    }

    #[test]
    fn a_third_of_calls_fails_and_no_two_signatures_in_a_row() {
        let mut active = ActiveStorm::new(Storm::new(1));
        let (mut failed, mut corrupt) = (0, 0);
        for order in 0..100 {
            let mut before = false;
            for _ in 0..100 {
                let fault = active.fault(Endpoint::CheckCart, &format!("order-{order}"));
                let now = (fault.as_ref())
                    .is_some_and(|fault| fault.signature == Some(ResponseSignatures::Corrupt));
                assert!(!(now && before));
                before = now;
                failed += u32::from(fault.is_some());
                corrupt += u32::from(now);
            }
        }
        assert!((2700..3300).contains(&failed), "{failed} of 10000");
        assert!(corrupt > 20, "{corrupt}");
    }

    #[test]
    fn customers_are_of_every_kind() {
        let active = ActiveStorm::new(Storm::new(3));
        let plans: Vec<_> = (0..100)
            .map(|order| active.plan(&format!("order-{order}")))
            .collect();
        for kind in [
            |plan: &CustomerPlan| matches!(plan, CustomerPlan::Confirms(_)),
            |plan: &CustomerPlan| matches!(plan, CustomerPlan::Declines(_)),
            |plan: &CustomerPlan| matches!(plan, CustomerPlan::Ignores),
            |plan: &CustomerPlan| matches!(plan, CustomerPlan::Races),
        ] {
            assert!(plans.iter().filter(|plan| kind(plan)).count() > 5);
        }
    }
}
