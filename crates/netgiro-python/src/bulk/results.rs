//! `CheckResults`: the results of a bulk check as a sequence, and as columns.
//!
//! They stay in the core's few bytes; a `CheckResult` is made when it is asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyIndexError, PyOSError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyDict, PyList, PySlice, PyString, PyTuple, PyType};

use crate::bulk::columns;
use crate::convert;
use crate::convert::argument::{Argument as _, items};
use crate::errors::{self, OrRaise};
use crate::to_python::{ToPython, to_python};
use crate::values::cart_state::Status;
use crate::values::check_result::CheckResult;
use crate::values::immutable;
use crate::values::json::{self, JsonSchema};

/// The results of a bulk check: a sequence of CheckResult, and a table as well.
///
/// Takes some 200 bytes a cart. `polars.DataFrame(results)`, `pyarrow.table(results)` and DuckDB take
/// it as it is; so does `check_many(ids, resume=results)`.
#[pyclass(frozen, sequence, weakref, module = "netgiro")]
pub(crate) struct CheckResults(Arc<netgiro::CheckResults>);

to_python!(netgiro::CheckResults => CheckResults);
immutable!(CheckResults);

impl CheckResults {
    pub(crate) fn core(&self) -> Arc<netgiro::CheckResults> {
        Arc::clone(&self.0)
    }

    /// The results themselves, or those of an iterable.
    pub(crate) fn of(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(results) = value.cast::<Self>() {
            return Ok(Self(results.get().core()));
        }
        let mut results = netgiro::CheckResults::default();
        add(&mut results, argument, value)?;
        Ok(results.into())
    }

    fn get(&self, py: Python<'_>, at: usize) -> PyResult<Option<Py<PyAny>>> {
        let result = self.0.get(at);
        result.map(|result| result.to_python(py)).transpose()
    }

    fn is_at(&self, at: usize, value: &Bound<'_, PyAny>) -> bool {
        value
            .cast::<CheckResult>()
            .is_ok_and(|value| self.0.get(at).as_ref() == Some(&value.get().0))
    }
}

/// Adds the results of an iterable at the end.
fn add(
    results: &mut netgiro::CheckResults,
    argument: &str,
    values: &Bound<'_, PyAny>,
) -> PyResult<()> {
    if let Ok(more) = values.cast::<CheckResults>() {
        more.get().0.iter().for_each(|result| results.push(&result));
        return Ok(());
    }
    for (at, value) in items(argument, "an iterable of CheckResult", values)?
        .iter()
        .enumerate()
    {
        let Ok(result) = value.cast::<CheckResult>() else {
            return Err(errors::invalid(
                values.py(),
                format!(
                    "{argument}[{at}] is wrong: expected results of check_many or wait_many, got {}",
                    convert::shown(value)
                ),
            ));
        };
        results.push(&result.get().0);
    }
    Ok(())
}

#[pymethods]
impl CheckResults {
    #[new]
    #[pyo3(signature = (results=None, /))]
    #[pyo3(text_signature = "(results=(), /)")]
    fn new(results: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        results.map_or_else(
            || Ok(Self(Arc::default())),
            |results| Self::of("results", results),
        )
    }

    /// Load what `save` saved. Raises InvalidRequestError for what it did not save.
    #[staticmethod]
    fn load(path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = path.py();
        let path = PathBuf::of("path", path)?;
        py.detach(|| netgiro::CheckResults::load(path))
            .or_raise(py)
            .map(Self::from)
    }

    /// Save the results in a file, all or nothing: JSON lines, to go on from or to look into.
    fn save(&self, path: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = path.py();
        let path = PathBuf::of("path", path)?;
        py.detach(|| self.0.save(&path)).map_err(|error| {
            PyOSError::new_err((error.raw_os_error(), error.to_string(), path.clone()))
        })
    }

    /// How many carts were to be checked.
    #[getter]
    fn total(&self) -> usize {
        self.0.total()
    }

    /// Whether each of them has a result: False for what was kept of an interrupted call.
    #[getter]
    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    /// Return how many carts have each status, as a dict in the order of the table of statuses; those
    /// that could not be checked are under `"error"`.
    fn tally<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tally = py.detach(|| self.0.tally());
        let counts = PyDict::new(py);
        for (known, count) in tally.statuses() {
            counts.set_item(Status(known), count)?;
        }
        if tally.failed > 0 {
            counts.set_item("error", tally.failed)?;
        }
        Ok(counts)
    }

    /// Return the results as JSON text: a list of what their `to_dict(mode="json")` gives.
    fn to_json<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        json::text(slf.as_any())
    }

    #[classmethod]
    #[pyo3(signature = (_source, _handler, /))]
    fn __get_pydantic_core_schema__<'py>(
        cls: &Bound<'py, PyType>,
        _source: &Bound<'py, PyAny>,
        _handler: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        json::core_schema(cls)
    }

    #[classmethod]
    #[pyo3(signature = (_core_schema, _handler, /))]
    fn __get_pydantic_json_schema__<'py>(
        cls: &Bound<'py, PyType>,
        _core_schema: &Bound<'py, PyAny>,
        _handler: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let py = cls.py();
        let schema = PyDict::new(py);
        schema.set_item("title", "CheckResults")?;
        schema.set_item("type", "array")?;
        schema.set_item("items", <CheckResult as JsonSchema>::json_schema(py)?)?;
        Ok(schema)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, index: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = index.py();
        let length = self.0.len();
        if let Ok(slice) = index.cast::<PySlice>() {
            let range = slice.indices(length.try_into()?)?;
            let places = (0..range.slicelength).scan(range.start, |next, _| {
                let at = *next;
                *next = at.saturating_add(range.step);
                Some(at.unsigned_abs())
            });
            return self.0.select(places).to_python(py);
        }
        let index: isize = match index.call_method0(intern!(py, "__index__")) {
            Ok(index) => index.extract()?,
            Err(_) => {
                return Err(PyTypeError::new_err(format!(
                    "indices must be integers or slices, not {}",
                    index.get_type().name()?
                )));
            }
        };
        let at = if index < 0 {
            length.checked_sub(index.unsigned_abs())
        } else {
            Some(index.unsigned_abs())
        };
        let result = at.map(|at| self.get(py, at)).transpose()?.flatten();
        result.ok_or_else(|| PyIndexError::new_err("there are not that many results"))
    }

    fn __iter__(slf: Bound<'_, Self>) -> CheckResultsIterator {
        CheckResultsIterator {
            results: slf.unbind(),
            next: AtomicUsize::new(0),
        }
    }

    fn __contains__(&self, value: &Bound<'_, PyAny>) -> bool {
        (0..self.0.len()).any(|at| self.is_at(at, value))
    }

    /// Return the place of a result, counted from 0. Raises ValueError when it is not there.
    #[pyo3(signature = (value, start=0, stop=None, /))]
    fn index(
        &self,
        value: &Bound<'_, PyAny>,
        start: isize,
        stop: Option<isize>,
    ) -> PyResult<usize> {
        let length = self.0.len();
        let place = |at: isize| match at {
            0.. => at.unsigned_abs().min(length),
            _ => length.saturating_sub(at.unsigned_abs()),
        };
        (place(start)..stop.map_or(length, place))
            .find(|&at| self.is_at(at, value))
            .ok_or_else(|| PyValueError::new_err("there is no such result"))
    }

    /// Return how often a result is there.
    #[pyo3(signature = (value, /))]
    fn count(&self, value: &Bound<'_, PyAny>) -> usize {
        (0..self.0.len())
            .filter(|&at| self.is_at(at, value))
            .count()
    }

    fn __add__(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut both = netgiro::CheckResults::clone(&self.0);
        add(&mut both, "other", other)?;
        Ok(both.into())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let same = if let Ok(other) = other.cast::<Self>() {
            let other = other.get();
            py.detach(|| self.0 == other.0)
        } else if other.is_instance_of::<PyList>() || other.is_instance_of::<PyTuple>() {
            let items: Vec<Bound<'_, PyAny>> = other.extract()?;
            items.len() == self.0.len()
                && items
                    .iter()
                    .enumerate()
                    .all(|(at, item)| self.is_at(at, item))
        } else {
            return Ok(py.NotImplemented());
        };
        Ok(same.into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let tally = py.detach(|| self.0.tally());
        let mut counts: Vec<_> = tally
            .statuses()
            .map(|(status, count)| format!("{count} {status}"))
            .collect();
        if tally.failed > 0 {
            counts.push(format!("{} error", tally.failed));
        }
        let of = if self.0.is_complete() {
            String::new()
        } else {
            format!(" of {}", self.0.total())
        };
        let counts = counts.join(", ");
        format!(
            "<CheckResults: {}{of}{}{counts}>",
            self.0.len(),
            if counts.is_empty() { "" } else { ": " }
        )
    }

    /// Return the columns' names and types, as Arrow's PyCapsule interface has it.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        columns::schema(py, self.core())
    }

    /// Return the results as columns, as Arrow's PyCapsule interface has it.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer that wants other types casts to them: the interface lets a producer ignore the request.
        let _ = requested_schema;
        columns::stream(py, self.core())
    }

    /// Return a `pyarrow.Table`. Needs pyarrow.
    fn to_arrow(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        frame(slf, "to_arrow")
    }

    /// Return a `pandas.DataFrame` with Arrow's types: exact decimals, UTC, categories. Needs pandas
    /// and pyarrow.
    fn to_pandas(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        frame(slf, "to_pandas")
    }

    /// Return a `polars.DataFrame`. Needs polars.
    fn to_polars(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        frame(slf, "to_polars")
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        py.import(intern!(py, "netgiro.presentation.display"))?
            .call_method1(intern!(py, "results"), (slf,))
            .map(Bound::unbind)
    }

    /// What `save` would write, for pickle.
    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let py = slf.py();
        let mut saved = Vec::new();
        let results = slf.get();
        py.detach(|| results.0.write(&mut saved))?;
        let restore = py.get_type::<Self>().getattr(intern!(py, "_restore"))?;
        Ok((restore, (PyBytes::new(py, &saved),)))
    }

    #[staticmethod]
    fn _restore(py: Python<'_>, saved: &[u8]) -> PyResult<Self> {
        netgiro::CheckResults::read(saved)
            .or_raise(py)
            .map(Self::from)
    }
}

/// The results in a library's own type, made by the library from their columns.
fn frame(results: &Bound<'_, CheckResults>, function: &str) -> PyResult<Py<PyAny>> {
    let py = results.py();
    py.import(intern!(py, "netgiro.presentation.dataframes"))?
        .call_method1(PyString::new(py, function), (results,))
        .map(Bound::unbind)
}

/// Iterates over results.
#[pyclass(frozen, module = "netgiro._netgiro")]
pub(crate) struct CheckResultsIterator {
    results: Py<CheckResults>,
    next: AtomicUsize,
}

#[pymethods]
impl CheckResultsIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        self.results.get().get(py, at)
    }

    fn __length_hint__(&self) -> usize {
        let length = self.results.get().0.len();
        length.saturating_sub(self.next.load(Ordering::Relaxed))
    }
}
