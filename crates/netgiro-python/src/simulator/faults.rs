//! What goes wrong in the simulator on purpose.

use std::collections::BTreeMap;

use netgiro_simulator::{Fault, SimulatorError, Storm};
use pyo3::prelude::*;

use crate::convert;
use crate::simulator::{Simulator, raised};

#[pymethods]
impl Simulator {
    /// Let something go wrong with the next `count` requests to an endpoint, or to any for `"*"`.
    ///
    /// Members may be combined; times are in seconds of real time. `refuse` stands alone: for so
    /// long it refuses connections, whatever they are for, and it cuts those that are open.
    #[pyo3(signature = (
        endpoint, *, count=1, refuse=None, confirm_during=false, processed=None, delay=None, drop=None,
        drop_by="close", status=None, result_code=None, retry_after=None, headers=None,
        header_bytes=None, body=None, body_as=None, padding=None, drip=None, signature=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "as many as can go wrong")]
    #[expect(clippy::similar_names, reason = "they are the members' names")]
    fn add_fault(
        &self,
        py: Python<'_>,
        endpoint: &str,
        count: u32,
        refuse: Option<f64>,
        confirm_during: bool,
        processed: Option<bool>,
        delay: Option<f64>,
        drop: Option<&str>,
        drop_by: &str,
        status: Option<u16>,
        result_code: Option<i64>,
        retry_after: Option<&Bound<'_, PyAny>>,
        headers: Option<BTreeMap<String, String>>,
        header_bytes: Option<usize>,
        body: Option<&Bound<'_, PyAny>>,
        body_as: Option<&str>,
        padding: Option<u64>,
        drip: Option<f64>,
        signature: Option<&str>,
    ) -> PyResult<()> {
        let refused = |error: SimulatorError| raised(py, &error);
        let seconds = |argument, value: Option<f64>| {
            value
                .map(|value| convert::seconds(py, argument, value))
                .transpose()
        };
        let mut fault = Fault::on_named(endpoint).map_err(refused)?;
        fault.count = count;
        fault.refuse = seconds("refuse", refuse)?;
        fault.confirm_during = confirm_during;
        fault.processed = processed;
        fault.delay = seconds("delay", delay)?;
        fault.drop = drop.map(str::parse).transpose().map_err(refused)?;
        fault.drop_by = drop_by.parse().map_err(refused)?;
        fault.status = status;
        fault.result_code = result_code;
        fault.retry_after = retry_after
            .map(|value| value.str().map(|text| text.to_string()))
            .transpose()?;
        fault.headers = headers.unwrap_or_default();
        fault.header_bytes = header_bytes;
        fault.body = body.map(convert::callback::body).transpose()?;
        fault.body_as = body_as.map(str::parse).transpose().map_err(refused)?;
        fault.padding = padding;
        fault.drip = seconds("drip", drip)?;
        fault.signature = signature.map(str::parse).transpose().map_err(refused)?;
        // The simulator refuses what does not go together.
        py.detach(|| self.0.add_fault(fault)).map_err(refused)
    }

    /// Let a storm break loose, in place of one that blows already: a share of all calls fails, each
    /// in a way of its own, and customers confirm, decline, ignore the request, or confirm just as the
    /// merchant cancels.
    ///
    /// What happens to an order depends on the seed, its reference and how often its calls were made,
    /// and not on the orders beside it. `reaction` is how long a customer takes at the most, in seconds
    /// of the simulator's clock. Scripted faults go first; `clear_faults` ends it.
    #[pyo3(signature = (seed=0, *, failure_rate=0.3, reaction=0.3))]
    fn storm(&self, py: Python<'_>, seed: u64, failure_rate: f64, reaction: f64) -> PyResult<()> {
        let storm = Storm::new(seed)
            .failure_rate(failure_rate)
            .reaction(convert::seconds(py, "reaction", reaction)?);
        py.detach(|| self.0.storm(storm))
            .map_err(|error| raised(py, &error))
    }

    /// Forget the faults that have not struck yet, let connections in again, and let a storm's calls
    /// through: its customers still do what they meant to.
    fn clear_faults(&self, py: Python<'_>) {
        py.detach(|| self.0.clear_faults());
    }
}
