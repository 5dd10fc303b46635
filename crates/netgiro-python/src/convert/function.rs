//! Functions of the caller's that a call reports to.

use pyo3::intern;
use pyo3::prelude::*;

use crate::convert::argument::refused;
use crate::errors;

/// A function to report to, while a call is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listeners {
    /// Functions alone: nothing awaits a coroutine function.
    Called,
    /// Coroutine functions as well.
    Awaited,
}

/// A function that is called with what a call reports, refused before anything is sent if it cannot be.
pub(crate) fn listener(
    argument: &str,
    function: Option<&Bound<'_, PyAny>>,
    listeners: Listeners,
) -> PyResult<Option<Py<PyAny>>> {
    let Some(function) = function.filter(|function| !function.is_none()) else {
        return Ok(None);
    };
    if !function.is_callable() {
        return Err(refused(argument, "a function", function));
    }
    if listeners == Listeners::Called && is_coroutine_function(function)? {
        return Err(not_awaited(function.py(), argument));
    }
    Ok(Some(function.clone().unbind()))
}

/// Whether a function, or what makes an object callable, is a coroutine function.
fn is_coroutine_function(function: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = function.py();
    let inspect = py.import(intern!(py, "inspect"))?;
    let asked = |function: &Bound<'_, PyAny>| -> PyResult<bool> {
        inspect
            .call_method1(intern!(py, "iscoroutinefunction"), (function,))?
            .is_truthy()
    };
    Ok(asked(function)? || asked(&function.get_type().getattr(intern!(py, "__call__"))?)?)
}

/// The iterator of what a function returned, where that is to be awaited.
pub(crate) fn awaitable<'py>(returned: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = returned.py();
    if returned.is_none() || !returned.hasattr(intern!(py, "__await__"))? {
        return Ok(None);
    }
    returned.call_method0(intern!(py, "__await__")).map(Some)
}

/// Refuses what a function returned if it is to be awaited, and nothing can await it.
pub(crate) fn refuse_awaitable(argument: &str, returned: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = returned.py();
    if returned.is_none() || !returned.hasattr(intern!(py, "__await__"))? {
        return Ok(());
    }
    if returned.hasattr(intern!(py, "close"))? {
        returned.call_method0(intern!(py, "close"))?;
    }
    Err(not_awaited(py, argument))
}

fn not_awaited(py: Python<'_>, argument: &str) -> PyErr {
    let message = format!(
        "{argument} must be a function; got a coroutine function, which only AsyncClient can await"
    );
    errors::invalid(py, message)
}
