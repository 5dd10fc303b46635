//! What the bulk calls of both clients share: their options, how they report, and what is kept of a
//! call that was interrupted.

pub(crate) mod columns;
pub(crate) mod results;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use netgiro::{BulkOptions, CartRef, Error, WaitOptions};
use pyo3::intern;
use pyo3::prelude::*;

use crate::bulk::results::CheckResults;
use crate::convert;
use crate::convert::argument::read_arguments;
use crate::convert::function::{Listeners, listener};
use crate::errors::OrRaise;
use crate::process::{Process, ProcessBound, lock};
use crate::runtime::event::{Report, Reporter};
use crate::to_python::ToPython;

/// The options of a bulk call, as Python gives them; the core has defaults for the rest.
pub(crate) struct BulkArgs<'a, 'py> {
    pub(crate) concurrency: Option<&'a Bound<'py, PyAny>>,
    pub(crate) rate: Option<&'a Bound<'py, PyAny>>,
    pub(crate) retry_for: Option<&'a Bound<'py, PyAny>>,
    pub(crate) resume: Option<&'a Bound<'py, PyAny>>,
}

impl BulkArgs<'_, '_> {
    pub(crate) fn options(self) -> PyResult<BulkOptions> {
        let Self {
            concurrency,
            rate,
            retry_for,
            resume,
        } = self;
        read_arguments!(concurrency, rate);
        let mut options = BulkOptions {
            concurrency,
            rate,
            ..BulkOptions::default()
        };
        if let Some(retry_for) = retry_for {
            options.retry_for = convert::seconds("retry_for", retry_for)?;
        }
        options.resume = resume.map(resumed).transpose()?;
        Ok(options)
    }
}

/// Results to go on from: themselves, or the path of a file that they were saved in.
fn resumed(value: &Bound<'_, PyAny>) -> PyResult<Arc<netgiro::CheckResults>> {
    if let Ok(path) = value.extract::<PathBuf>() {
        return netgiro::CheckResults::load(path)
            .or_raise(value.py())
            .map(Arc::new);
    }
    CheckResults::of("resume", value).map(|results| results.core())
}

/// What is called for each cart that is done: the caller's function, a progress bar, both, or
/// nothing.
pub(crate) fn progress_listener(
    py: Python<'_>,
    on_progress: Option<&Bound<'_, PyAny>>,
    progress: Option<&Bound<'_, PyAny>>,
    listeners: Listeners,
) -> PyResult<Option<Py<PyAny>>> {
    let on_progress = listener("on_progress", on_progress, listeners)?;
    read_arguments!(progress);
    let progress: Option<bool> = progress;
    if progress == Some(false) {
        return Ok(on_progress);
    }
    let listener = py
        .import(intern!(py, "netgiro.presentation.progress"))?
        .call_method1(intern!(py, "listener"), (on_progress, progress))?;
    Ok((!listener.is_none()).then(|| listener.unbind()))
}

/// The results so far of a `check_many` in flight, for when it is interrupted.
pub(crate) struct PartialResults(Mutex<Option<Partial>>);

struct Partial {
    results: netgiro::CheckResults,
    /// The results that the call goes on from, until they are among its own.
    resumed: Option<Arc<netgiro::CheckResults>>,
}

impl PartialResults {
    pub(crate) fn new(total: usize, options: &BulkOptions) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Partial {
            results: netgiro::CheckResults::of(total),
            resumed: options.resume.clone(),
        }))))
    }

    /// The results so far; none once the call is done, since its caller has them all.
    fn so_far(&self) -> Option<netgiro::CheckResults> {
        let partial = lock(&self.0);
        let partial = partial.as_ref()?;
        match &partial.resumed {
            Some(resumed) if partial.results.done() == 0 => Some(resumed.as_ref().clone()),
            _ => Some(partial.results.so_far()),
        }
    }
}

/// The last `check_many` of a client that was begun, in this process.
#[derive(Default)]
pub(crate) struct Unfinished(Mutex<Option<ProcessBound<Arc<PartialResults>>>>);

impl Unfinished {
    /// Stores the results of a bulk check that begins, in the place of those of the last.
    pub(crate) fn store(&self, results: &Arc<PartialResults>) {
        let last =
            lock(&self.0).replace(ProcessBound::new(Process::current(), Arc::clone(results)));
        drop(last);
    }

    pub(crate) fn results(&self) -> Option<CheckResults> {
        let partial = lock(&self.0)
            .as_ref()?
            .get(Process::current())
            .map(Arc::clone)?;
        partial.so_far().map(CheckResults::from)
    }

    /// Says in an exception which results there are, for whoever reads its traceback.
    pub(crate) fn add_resume_note(&self, py: Python<'_>, raised: &PyErr) {
        let Some(results) = self.results() else {
            return;
        };
        let core = results.core();
        if core.done() == 0 || !raised.value(py).hasattr("add_note").unwrap_or(false) {
            return;
        }
        let note = format!(
            "{} of {} checks are done, and kept as client.unfinished: \
             client.check_many(ids, resume=client.unfinished) goes on from there",
            core.done(),
            core.total(),
        );
        // The note is a courtesy: the exception matters more than a note that could not be added.
        let _ = raised.value(py).call_method1("add_note", (note,));
    }
}

/// Checks many carts; stores and reports each result.
pub(crate) async fn check_many(
    client: netgiro::Client,
    carts: Vec<CartRef>,
    options: BulkOptions,
    partial: Arc<PartialResults>,
    reporter: Option<Reporter>,
) -> Result<Finished, Error> {
    let mut checking = match client.check_many(carts, options) {
        Ok(checking) => checking,
        Err(refused) => {
            lock(&partial.0).take();
            return Err(refused);
        }
    };
    while let Some((at, result)) = checking.next().await {
        if let Some(partial) = &mut *lock(&partial.0) {
            partial.results.set(at, &result);
        }
        if let Some(reporter) = &reporter {
            reporter.report(Report::Progress(checking.done(), checking.total()));
        }
    }
    Ok(Finished(partial))
}

/// A `check_many` that is done. Its results stay stored until they are handed over: `on_progress` may still raise, and
/// the caller may still be cancelled.
pub(crate) struct Finished(Arc<PartialResults>);

impl ToPython for Finished {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let partial = lock(&self.0.0).take();
        partial
            .map(|partial| partial.results)
            .unwrap_or_default()
            .to_python(py)
    }
}

/// Reports every cart as it is checked, and how many have been.
pub(crate) async fn check_each(
    client: netgiro::Client,
    carts: Vec<CartRef>,
    options: BulkOptions,
    reporter: Reporter,
) -> Result<(), Error> {
    let mut checking = client.check_many(carts, options)?;
    while let Some((_, result)) = checking.next().await {
        reporter.report(Report::Progress(checking.done(), checking.total()));
        reporter.report(Report::Result(Box::new(result)));
    }
    Ok(())
}

/// Reports every cart as it settles, and how many have.
pub(crate) async fn wait_many(
    client: netgiro::Client,
    carts: Vec<CartRef>,
    options: WaitOptions,
    bulk: BulkOptions,
    reporter: Reporter,
) -> Result<(), Error> {
    let mut waiting = client.wait_many(carts, options, bulk)?;
    while let Some(result) = waiting.next().await {
        reporter.report(Report::Progress(waiting.done(), waiting.total()));
        reporter.report(Report::Result(Box::new(result)));
    }
    Ok(())
}
