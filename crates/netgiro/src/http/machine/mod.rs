//! The machine that a client runs on: its clock, and what sends a request. In a simulation both are given.

#[cfg(feature = "simulation")]
pub(crate) mod broken_off;
#[cfg(feature = "simulation")]
pub(crate) mod simulation;

use http::{Request, Response};
use jiff::Timestamp;

use crate::http::connections::{Connections, SendFailure};
use crate::http::response_body::ResponseBody;
use crate::http::sent_marker::MarkedBody;
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

    /// Sends a request over these connections; in a simulation there are none.
    pub(crate) async fn send<'a>(
        &self,
        connections: impl FnOnce() -> Result<&'a Connections>,
        request: Request<MarkedBody>,
    ) -> Result<Result<Response<ResponseBody>, SendFailure>> {
        #[cfg(feature = "simulation")]
        if let Some(simulated) = &self.simulated {
            return Ok(simulated.send(request).await);
        }
        let sent = connections()?.send(request).await;
        Ok(sent.map(|response| response.map(ResponseBody::Network)))
    }
}
