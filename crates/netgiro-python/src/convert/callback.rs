//! A callback as frameworks hand it over.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyList, PyMapping, PyMemoryView, PyString, PyTuple,
};

use crate::convert::argument::{refused_unseen, type_name};
use crate::errors;

/// The bytes of a body: bytes, bytearray, memoryview, or str in UTF-8. Nothing of another value is shown.
pub(crate) fn body(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = value.cast::<PyString>() {
        let Ok(text) = text.to_str() else {
            return Err(refused_unseen(argument, "bytes, or a str in UTF-8", value));
        };
        return Ok(text.as_bytes().to_vec());
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    let is_buffer = value.is_instance_of::<PyByteArray>() || value.is_instance_of::<PyMemoryView>();
    if is_buffer || value.hasattr("__bytes__")? {
        let bytes = value.py().get_type::<PyBytes>().call1((value,))?;
        return Ok(bytes.cast::<PyBytes>()?.as_bytes().to_vec());
    }
    let kind = type_name(value);
    let remedy = if value.hasattr("__await__")? {
        "await it first"
    } else if value.is_callable() {
        "call it first"
    } else {
        "pass request.get_data(), not parsed JSON (in Django request.body, in FastAPI await request.body())"
    };
    let message =
        format!("{argument} must be the bytes as received, got an object of type {kind}: {remedy}");
    Err(errors::invalid(value.py(), message))
}

/// How a WSGI environ names the server.
const SOFTWARE: &str = "SERVER_SOFTWARE";

/// Headers as frameworks give them: a mapping, a WSGI environ, or pairs, as tuples or lists; text or bytes.
pub(crate) fn headers(value: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let py = value.py();
    let refused = || {
        let expected = "a mapping, a WSGI environ or pairs of a name and a value";
        refused_unseen("headers", expected, value)
    };
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(refused());
    }
    // Werkzeug's headers of a request are a view of the environ, which also says which server it is. A dict has no such
    // attribute, and to ask for it makes an exception.
    let environ = if value.is_exact_instance_of::<PyDict>() {
        None
    } else {
        value.getattr_opt(intern!(py, "environ"))?
    };
    let value = environ
        .as_ref()
        .filter(|it| it.is_instance_of::<PyDict>())
        .unwrap_or(value);
    let pairs = if let Ok(dict) = value.cast_exact::<PyDict>() {
        dict.items().into_any()
    } else if value.cast::<PyMapping>().is_ok() || value.hasattr(intern!(py, "items"))? {
        value
            .call_method0(intern!(py, "items"))
            .map_err(|_| refused())?
    } else {
        value.clone()
    };
    let mut headers = Vec::new();
    for pair in pairs.try_iter().map_err(|_| refused())? {
        let (name, value) = name_and_value(&pair?).ok_or_else(refused)?;
        // Anyone may send any number of others.
        let Some(name) = header_text(&name).filter(|name| netgiro::is_callback_header(name)) else {
            continue;
        };
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            for value in value.try_iter()? {
                if let Some(value) = header_text(&value?) {
                    headers.push((name.clone(), value));
                }
            }
        } else if let Some(value) = header_text(&value) {
            headers.push((name, value));
        } else if name.contains('.') {
            // A WSGI environ holds other things too: a server may be known by one of them being there.
            headers.push((name, String::new()));
        }
    }
    let is_signed = |name: &str| name.to_ascii_lowercase().ends_with("signature");
    if !headers
        .iter()
        .any(|(name, _)| is_signed(name) || name == SOFTWARE)
    {
        // What is missing is to be explained. Frameworks' headers do not say which server they come from.
        let servers = py.import(intern!(py, "netgiro.webhook.servers"))?;
        let software = servers.call_method1(intern!(py, "serving"), (value,))?;
        headers.push((SOFTWARE.to_owned(), software.extract()?));
    }
    Ok(headers)
}

/// A pair, a tuple or, as some ASGI servers have it, a list.
fn name_and_value<'py>(pair: &Bound<'py, PyAny>) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    if !pair.is_instance_of::<PyTuple>() && !pair.is_instance_of::<PyList>() {
        return None;
    }
    let is_pair = pair.len().ok() == Some(2);
    is_pair.then(|| Some((pair.get_item(0).ok()?, pair.get_item(1).ok()?)))?
}

fn header_text(value: &Bound<'_, PyAny>) -> Option<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Some(text.to_string_lossy().into_owned());
    }
    let bytes = value.cast::<PyBytes>().ok()?;
    Some(bytes.as_bytes().iter().copied().map(char::from).collect())
}
