//! The methods of both clients for many carts.

use pyo3::prelude::*;

use crate::bulk::results::CheckResults;
use crate::bulk::{self, BulkArgs, PartialResults};
use crate::client::base::BaseClient;
use crate::convert::argument::ArgumentInput;
use crate::panics;
use crate::runtime::event::Reporter;
use crate::values::poll::cart_refs;
use crate::values::poll::policy::wait_options;

#[pymethods]
impl BaseClient {
    /// Check many carts, `concurrency` at a time; returns CheckResults: a CheckResult for each, in
    /// order, and a table as well.
    ///
    /// At most `rate` checks are sent a second, fewer where the server says that it is too much. A
    /// check that fails in a way that may pass is made again for `retry_for` seconds; what a check
    /// fails with in the end is its cart's result. Three refusals of the keys in a row end it all,
    /// as does an outage of `retry_for`: the carts that were not checked say so.
    ///
    /// What `resume`, earlier CheckResults or the path of a file they were saved in, knows a state
    /// of is not asked again. When the call is interrupted, what is done is in `unfinished`.
    /// `on_progress(done, total)` is called for each that is done. `progress` shows a bar: by
    /// default in notebooks and interactive sessions that have tqdm.
    #[pyo3(signature = (
        ids, *, concurrency=None, rate=None, retry_for=None, resume=None, on_progress=None,
        progress=None
    ))]
    #[pyo3(
        text_signature = "($self, ids, *, concurrency=32, rate=None, retry_for=30.0, resume=None, on_progress=None, progress=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
    fn check_many(
        &self,
        py: Python<'_>,
        ids: &Bound<'_, PyAny>,
        concurrency: Option<&Bound<'_, PyAny>>,
        rate: Option<&Bound<'_, PyAny>>,
        retry_for: Option<&Bound<'_, PyAny>>,
        resume: Option<&Bound<'_, PyAny>>,
        on_progress: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let execution = self.made(py)?;
        let mut on_event = None;
        let prepare = || {
            let arguments = BulkArgs {
                concurrency,
                rate,
                retry_for,
                resume,
            };
            let options = arguments.options()?;
            let listeners = execution.mode.listeners();
            on_event = bulk::progress_listener(py, on_progress, progress, listeners)?;
            let carts = cart_refs("ids", ids)?;
            let partial = PartialResults::new(carts.len(), &options);
            self.unfinished.store(&partial);
            let is_reported = on_event.is_some();
            Ok(move |client: netgiro::Client, reporter: Reporter| {
                let reporter = is_reported.then_some(reporter);
                bulk::check_many(client, carts, options, partial, reporter)
            })
        };
        let job = panics::caught(prepare);
        execution
            .run(py, "check_many", on_event, job)
            .inspect_err(|raised| self.unfinished.add_resume_note(py, raised))
    }

    /// Check many carts as `check_many` does; iterates over a CheckResult for each, as it comes,
    /// those first that `resume` knows.
    #[pyo3(signature = (
        ids, *, concurrency=None, rate=None, retry_for=None, resume=None, on_progress=None,
        progress=None
    ))]
    #[pyo3(
        text_signature = "($self, ids, *, concurrency=32, rate=None, retry_for=30.0, resume=None, on_progress=None, progress=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
    fn check_each(
        &self,
        py: Python<'_>,
        ids: &Bound<'_, PyAny>,
        concurrency: Option<&Bound<'_, PyAny>>,
        rate: Option<&Bound<'_, PyAny>>,
        retry_for: Option<&Bound<'_, PyAny>>,
        resume: Option<&Bound<'_, PyAny>>,
        on_progress: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let arguments = BulkArgs {
            concurrency,
            rate,
            retry_for,
            resume,
        };
        let execution = self.made(py)?;
        let options = arguments.options()?;
        let listeners = execution.mode.listeners();
        let on_progress = bulk::progress_listener(py, on_progress, progress, listeners)?;
        let carts = cart_refs("ids", ids)?;
        execution.stream(
            py,
            on_progress,
            move |client: netgiro::Client, reporter: Reporter| {
                bulk::check_each(client, carts, options, reporter)
            },
        )
    }

    /// The results, as far as they came, of the last `check_many` when it was interrupted; None
    /// when it was not. While one is in flight: what it has so far.
    #[getter]
    fn unfinished(&self) -> Option<CheckResults> {
        self.unfinished.results()
    }

    /// Wait for many carts, at most `concurrency` checks at a time and `rate` a second; iterates
    /// over a CheckResult for each, as it settles.
    ///
    /// A cart that is not decided after `timeout` seconds comes with a WaitTimeoutError as its
    /// `error`. What `resume`, earlier CheckResults or the path of a file, knows to be settled
    /// comes first, unasked; what timed out there goes on from its poll. `on_progress(done, total)`
    /// is called for each that is done; `progress` shows a bar, as for `check_many`.
    #[pyo3(signature = (
        carts, *, timeout=ArgumentInput::ABSENT, policy=None, concurrency=None, rate=None, resume=None,
        on_progress=None, progress=None
    ))]
    #[pyo3(
        text_signature = "($self, carts, *, timeout=180.0, policy=None, concurrency=None, rate=None, resume=None, on_progress=None, progress=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as there are options")]
    fn wait_many(
        &self,
        py: Python<'_>,
        carts: &Bound<'_, PyAny>,
        timeout: ArgumentInput<'_>,
        policy: Option<&Bound<'_, PyAny>>,
        concurrency: Option<&Bound<'_, PyAny>>,
        rate: Option<&Bound<'_, PyAny>>,
        resume: Option<&Bound<'_, PyAny>>,
        on_progress: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let execution = self.made(py)?;
        let options = wait_options(&timeout, policy)?;
        let arguments = BulkArgs {
            concurrency,
            rate,
            retry_for: None,
            resume,
        };
        let bulk = arguments.options()?;
        let listeners = execution.mode.listeners();
        let on_progress = bulk::progress_listener(py, on_progress, progress, listeners)?;
        let carts = cart_refs("carts", carts)?;
        execution.stream(
            py,
            on_progress,
            move |client: netgiro::Client, reporter: Reporter| {
                bulk::wait_many(client, carts, options, bulk, reporter)
            },
        )
    }
}
