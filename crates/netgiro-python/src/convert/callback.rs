//! A callback as frameworks hand it over.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};

use crate::convert::shown;

/// The bytes of a body: bytes, bytearray, memoryview, or str in UTF-8.
pub(crate) fn body(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.as_bytes().to_vec());
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if value.hasattr("__index__")? || value.is_none() {
        return Err(PyTypeError::new_err(format!(
            "body must be the bytes as received, got {}",
            shown(value)
        )));
    }
    let bytes = value.py().get_type::<PyBytes>().call1((value,))?;
    Ok(bytes.cast::<PyBytes>()?.as_bytes().to_vec())
}

/// Headers as frameworks give them: a mapping, a WSGI environ, or a list of pairs; text or bytes.
pub(crate) fn headers(value: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let py = value.py();
    let pairs = if value.cast::<PyMapping>().is_ok() || value.hasattr(intern!(py, "items"))? {
        value.call_method0(intern!(py, "items"))?
    } else {
        value.clone()
    };
    let mut headers = Vec::new();
    for pair in pairs.try_iter()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        // Anyone may send any number of others.
        let Some(name) = header_text(&name).filter(|name| netgiro::is_signing_header(name)) else {
            continue;
        };
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            for value in value.try_iter()? {
                if let Some(value) = header_text(&value?) {
                    headers.push((name.clone(), value));
                }
            }
        } else if let Some(value) = header_text(&value) {
            // A WSGI environ holds other things too.
            headers.push((name, value));
        }
    }
    Ok(headers)
}

fn header_text(value: &Bound<'_, PyAny>) -> Option<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Some(text.to_string_lossy().into_owned());
    }
    let bytes = value.cast::<PyBytes>().ok()?;
    Some(bytes.as_bytes().iter().copied().map(char::from).collect())
}
