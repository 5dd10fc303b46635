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
use crate::errors::OrRaise;
use crate::runtime::event::{Event, Reporter};
use crate::runtime::{ProcessBound, lock};
use crate::values::ToPython;

/// The options of a bulk call, as Python gives them; those left out are the core's own.
pub(crate) struct Given<'a, 'py> {
    pub(crate) concurrency: Option<usize>,
    pub(crate) rate: Option<f64>,
    pub(crate) retry_for: Option<f64>,
    pub(crate) resume: Option<&'a Bound<'py, PyAny>>,
}

impl Given<'_, '_> {
    pub(crate) fn options(self, py: Python<'_>) -> PyResult<BulkOptions> {
        let mut options = BulkOptions {
            rate: self.rate,
            ..BulkOptions::default()
        };
        if let Some(concurrency) = self.concurrency {
            options.concurrency = concurrency;
        }
        if let Some(retry_for) = self.retry_for {
            options.retry_for = convert::seconds(py, "retry_for", retry_for)?;
        }
        options.resume = self.resume.map(earlier).transpose()?;
        Ok(options)
    }
}

/// Results to go on from: themselves, or the path of a file that they were saved in.
fn earlier(value: &Bound<'_, PyAny>) -> PyResult<Arc<netgiro::CheckResults>> {
    if let Ok(path) = value.extract::<PathBuf>() {
        return netgiro::CheckResults::load(path)
            .or_raise(value.py())
            .map(Arc::new);
    }
    CheckResults::of(value).map(|results| results.core())
}

/// What is to be told of each cart that is done: the caller's function, a progress bar, both, or
/// nothing.
pub(crate) fn listener(
    py: Python<'_>,
    on_progress: Option<Py<PyAny>>,
    progress: Option<bool>,
) -> PyResult<Option<Py<PyAny>>> {
    if progress == Some(false) {
        return Ok(on_progress);
    }
    let listener = py
        .import(intern!(py, "netgiro.presentation.progress"))?
        .call_method1(intern!(py, "listener"), (on_progress, progress))?;
    Ok((!listener.is_none()).then(|| listener.unbind()))
}

/// The results of a `check_many` under way, for when it is interrupted.
pub(crate) struct PartialResults(Mutex<Option<SoFar>>);

struct SoFar {
    results: netgiro::CheckResults,
    /// What the call goes on from, until it has taken that over.
    resumed: Option<Arc<netgiro::CheckResults>>,
}

impl PartialResults {
    pub(crate) fn new(total: usize, options: &BulkOptions) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(SoFar {
            results: netgiro::CheckResults::of(total),
            resumed: options.resume.clone(),
        }))))
    }

    /// What there is; nothing once the call is done, since its caller has got it all.
    fn so_far(&self) -> Option<netgiro::CheckResults> {
        let kept = lock(&self.0);
        let kept = kept.as_ref()?;
        match &kept.resumed {
            Some(resumed) if kept.results.done() == 0 => Some(resumed.as_ref().clone()),
            _ => Some(kept.results.so_far()),
        }
    }
}

/// The last `check_many` of a client that was begun, in this process.
pub(crate) type Unfinished = Mutex<Option<ProcessBound<Arc<PartialResults>>>>;

pub(crate) fn unfinished(last: &Unfinished) -> Option<CheckResults> {
    let kept = lock(last).as_ref()?.get().map(Arc::clone)?;
    kept.so_far().map(CheckResults::from)
}

/// Says in an exception what is kept, for whoever reads its traceback.
pub(crate) fn add_resume_note(kept: &Unfinished, py: Python<'_>, raised: &PyErr) {
    let Some(results) = unfinished(kept) else {
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
    // To add it is a courtesy: what was raised matters more than that this failed.
    let _ = raised.value(py).call_method1("add_note", (note,));
}

/// Checks, keeps and reports.
pub(crate) async fn check_many(
    client: netgiro::Client,
    carts: Vec<CartRef>,
    options: BulkOptions,
    kept: Arc<PartialResults>,
    reporter: Option<Reporter>,
) -> Result<Finished, Error> {
    let mut checking = match client.check_many(carts, options) {
        Ok(checking) => checking,
        Err(refused) => {
            lock(&kept.0).take();
            return Err(refused);
        }
    };
    while let Some((at, result)) = checking.next().await {
        if let Some(kept) = &mut *lock(&kept.0) {
            kept.results.set(at, &result);
        }
        if let Some(reporter) = &reporter {
            reporter.report(Event::Progress(checking.done(), checking.total()));
        }
    }
    Ok(Finished(kept))
}

/// A `check_many` that is done. Its results are kept until they are handed over: what `on_progress` raises, or a
/// cancellation, may still come between.
pub(crate) struct Finished(Arc<PartialResults>);

impl ToPython for Finished {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let kept = lock(&self.0.0).take();
        kept.map(|kept| kept.results)
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
        reporter.report(Event::Progress(checking.done(), checking.total()));
        reporter.report(Event::Result(Box::new(result)));
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
        reporter.report(Event::Progress(waiting.done(), waiting.total()));
        reporter.report(Event::Result(Box::new(result)));
    }
    Ok(())
}
