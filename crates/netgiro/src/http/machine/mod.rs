//! The machine that a client runs on: its clock, and what sends a request. In a simulation both are given.

#[cfg(feature = "simulation")]
pub(crate) mod simulation;

use jiff::Timestamp;

use crate::http::tls;
use crate::model::error::Result;

/// The machine; of no size without the feature `simulation`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    #[cfg(feature = "simulation")]
    simulated: Option<crate::http::machine::simulation::Simulated>,
}

impl Machine {
    #[cfg(feature = "simulation")]
    pub(crate) fn simulated(
        machine: std::sync::Arc<dyn crate::http::machine::simulation::SimulatedMachine>,
    ) -> Self {
        Self {
            simulated: Some(crate::http::machine::simulation::Simulated(machine)),
        }
    }

    /// What its clock says.
    #[cfg_attr(
        not(feature = "simulation"),
        expect(
            clippy::unused_self,
            reason = "a simulated machine has a clock of its own"
        )
    )]
    pub(crate) fn now(&self) -> Timestamp {
        #[cfg(feature = "simulation")]
        if let Some(simulated) = &self.simulated {
            return simulated.0.now();
        }
        Timestamp::now()
    }

    /// Sends a request over one of these connections; in a simulation there are none.
    pub(crate) async fn execute<'a>(
        &self,
        connections: impl FnOnce() -> Result<&'a reqwest::Client>,
        request: reqwest::Request,
    ) -> Result<Result<reqwest::Response, SendFailure>> {
        #[cfg(feature = "simulation")]
        if let Some(simulated) = &self.simulated {
            return Ok(simulated.execute(request).await);
        }
        let sent = connections()?.execute(request).await;
        Ok(sent.map_err(SendFailure::of))
    }
}

/// Why a request got no answer.
pub(crate) struct SendFailure {
    pub(crate) why: String,
    /// Whether no connection was made.
    pub(crate) is_connect: bool,
}

impl SendFailure {
    #[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
    fn of(error: reqwest::Error) -> Self {
        Self {
            is_connect: error.is_connect(),
            why: tls::refusal(&error).unwrap_or_else(|| root_cause(&error)),
        }
    }
}

/// The innermost cause, which is the one that says what happened.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut root_cause = error;
    while let Some(source) = root_cause.source() {
        root_cause = source;
    }
    root_cause.to_string()
}
