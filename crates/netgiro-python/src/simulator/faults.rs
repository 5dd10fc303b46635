//! What goes wrong in the simulator on purpose.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use netgiro_simulator::{Fault, SimulatorError, Storm};
use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::{Argument as _, ArgumentInput, read_arguments, refused};
use crate::simulator::{Simulator, raised};

#[pymethods]
impl Simulator {
    /// Let something go wrong with the next `count` requests to an endpoint, or to any for `"*"`.
    ///
    /// Members may be combined; times are in seconds of real time. `refuse` stands alone: for so
    /// long it refuses connections, whatever they are for, and it cuts those that are open.
    #[pyo3(signature = (
        endpoint, *, count=ArgumentInput::ABSENT, refuse=None, confirm_during=ArgumentInput::ABSENT, processed=None,
        delay=None, drop=None, drop_by=ArgumentInput::ABSENT, status=None, result_code=None, retry_after=None, headers=None,
        header_bytes=None, body=None, body_as=None, padding=None, drip=None, signature=None
    ))]
    #[pyo3(
        text_signature = "($self, endpoint, *, count=1, refuse=None, confirm_during=False, processed=None, delay=None, drop=None, drop_by='close', status=None, result_code=None, retry_after=None, headers=None, header_bytes=None, body=None, body_as=None, padding=None, drip=None, signature=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as can go wrong")]
    #[expect(clippy::similar_names, reason = "they are the members' names")]
    fn add_fault(
        &self,
        py: Python<'_>,
        endpoint: &Bound<'_, PyAny>,
        count: ArgumentInput<'_>,
        refuse: Option<&Bound<'_, PyAny>>,
        confirm_during: ArgumentInput<'_>,
        processed: Option<&Bound<'_, PyAny>>,
        delay: Option<&Bound<'_, PyAny>>,
        drop: Option<&Bound<'_, PyAny>>,
        drop_by: ArgumentInput<'_>,
        status: Option<&Bound<'_, PyAny>>,
        result_code: Option<&Bound<'_, PyAny>>,
        retry_after: Option<&Bound<'_, PyAny>>,
        headers: Option<&Bound<'_, PyAny>>,
        header_bytes: Option<&Bound<'_, PyAny>>,
        body: Option<&Bound<'_, PyAny>>,
        body_as: Option<&Bound<'_, PyAny>>,
        padding: Option<&Bound<'_, PyAny>>,
        drip: Option<&Bound<'_, PyAny>>,
        signature: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let unknown = |error: SimulatorError| raised(py, &error);
        let seconds = |argument, value: Option<&Bound<'_, PyAny>>| {
            value
                .map(|value| convert::seconds(argument, value))
                .transpose()
        };
        read_arguments!(
            endpoint,
            processed,
            drop,
            status,
            result_code,
            header_bytes,
            body_as,
            padding,
            signature,
        );
        let endpoint: String = endpoint;
        let drop_by = drop_by.or("drop_by", "close".to_owned())?;
        let mut fault = Fault::on_named(&endpoint).map_err(unknown)?;
        fault.count = count.or("count", 1)?;
        fault.refuse = seconds("refuse", refuse)?;
        fault.confirm_during = confirm_during.or("confirm_during", false)?;
        fault.processed = processed;
        fault.delay = seconds("delay", delay)?;
        fault.drop = parsed(drop).map_err(unknown)?;
        fault.drop_by = drop_by.parse().map_err(unknown)?;
        fault.status = status;
        fault.result_code = result_code;
        fault.retry_after = retry_after.map(retry_after_text).transpose()?;
        fault.headers = headers.map(header_texts).transpose()?.unwrap_or_default();
        fault.header_bytes = header_bytes;
        fault.body = body
            .map(|body| convert::callback::body("body", body))
            .transpose()?;
        fault.body_as = parsed(body_as).map_err(unknown)?;
        fault.padding = padding;
        fault.drip = seconds("drip", drip)?;
        fault.signature = parsed(signature).map_err(unknown)?;
        // The simulator refuses what does not go together.
        py.detach(|| self.0.add_fault(fault)).map_err(unknown)
    }

    /// Let a storm break loose, in place of one that blows already: a share of all calls fails, each
    /// in a way of its own, and customers confirm, decline, ignore the request, or confirm just as the
    /// merchant cancels.
    ///
    /// What happens to an order depends on the seed, its reference and how often its calls were made,
    /// and not on the orders beside it. `reaction` is how long a customer takes at the most, in seconds
    /// of the simulator's clock. Scripted faults go first; `clear_faults` ends it.
    #[pyo3(signature = (
        seed=ArgumentInput::ABSENT, *, failure_rate=ArgumentInput::ABSENT, reaction=ArgumentInput::ABSENT
    ))]
    #[pyo3(text_signature = "($self, seed=0, *, failure_rate=0.3, reaction=0.3)")]
    fn storm(
        &self,
        py: Python<'_>,
        seed: ArgumentInput<'_>,
        failure_rate: ArgumentInput<'_>,
        reaction: ArgumentInput<'_>,
    ) -> PyResult<()> {
        let reaction = convert::seconds_or("reaction", &reaction, Duration::from_millis(300))?;
        let storm = Storm::new(seed.or("seed", 0)?)
            .failure_rate(failure_rate.or("failure_rate", 0.3)?)
            .reaction(reaction);
        py.detach(|| self.0.storm(storm))
            .map_err(|error| raised(py, &error))
    }

    /// Forget the faults that have not struck yet, let connections in again, and let a storm's calls
    /// through: its customers still do what they meant to.
    fn clear_faults(&self, py: Python<'_>) {
        py.detach(|| self.0.clear_faults());
    }
}

/// What a word stands for, where one is given.
fn parsed<T: FromStr>(word: Option<String>) -> Result<Option<T>, T::Err> {
    word.map(|word| word.parse()).transpose()
}

/// A number of seconds, or what a header says of it.
fn retry_after_text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let is_told = String::read(value).is_some() || f64::read(value).is_some();
    if !is_told {
        let expected = "a number of seconds, or the header's text";
        return Err(refused("retry_after", expected, value));
    }
    Ok(value.str()?.to_string_lossy().into_owned())
}

fn header_texts(value: &Bound<'_, PyAny>) -> PyResult<BTreeMap<String, String>> {
    value
        .extract()
        .map_err(|_| refused("headers", "a dict of str", value))
}
