//! From Python's plain values to the core's.

pub(crate) mod callback;
pub(crate) mod time;

use std::time::Duration;

use netgiro::{Amount, AmountInput, CartRef, Secret};
use pyo3::Borrowed;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::errors::{self, OrRaise};

/// A value and its type, as an error message shows them: customers' numbers in anything but a number are masked.
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    let kind = value
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |name| name.to_string());
    let is_number = value.hasattr("__float__").unwrap_or_default();
    match value.repr().map(|text| text.to_string()) {
        Ok(text) if text.chars().count() > 80 => format!("an object of type {kind}"),
        Ok(text) if is_number => format!("{text} ({kind})"),
        Ok(text) => format!("{} ({kind})", netgiro::mask_customer_ids(&text)),
        _ => format!("an object of type {kind}"),
    }
}

/// Whole krónur: an integer, also another library's, text, or a Decimal. A float is refused, whatever its value.
pub(crate) fn amount(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Amount> {
    let py = value.py();
    if let Some(number) = integer(value)? {
        return Amount::parse(argument, AmountInput::Integer(number)).or_raise(py);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Amount::parse(argument, AmountInput::Text(&text.to_string_lossy())).or_raise(py);
    }
    if value.is_instance(decimal_class(py)?)? {
        // Its own text, which is exact: a conversion would keep 28 digits.
        let text = value.str()?;
        return Amount::parse(argument, AmountInput::Decimal(&text.to_string_lossy())).or_raise(py);
    }
    Amount::parse(argument, AmountInput::Other(&shown(value))).or_raise(py)
}

/// An integer, as numpy has them too. Booleans are integers in Python, and not here.
fn integer(value: &Bound<'_, PyAny>) -> PyResult<Option<i128>> {
    let py = value.py();
    if value.is_instance_of::<PyBool>() {
        return Ok(None);
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(value.extract().ok());
    }
    if !value.hasattr(intern!(py, "__index__"))? {
        return Ok(None);
    }
    match value.call_method0(intern!(py, "__index__")) {
        Ok(index) => Ok(index.extract().ok()),
        // numpy's booleans and arrays have the method, and refuse.
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

fn decimal_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS.import(py, "decimal", "Decimal").map(Bound::as_any)
}

/// An order's reference. A number is refused: it may have lost what the text had, such as leading zeros.
pub(crate) fn reference(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.to_owned());
    }
    let message = format!("reference must be a str; got {}", shown(value));
    Err(errors::invalid(value.py(), message))
}

/// A number of pieces as decimal text: an int, a Decimal or such text.
pub(crate) fn quantity(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let is_number = value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>();
    if is_number || value.is_instance_of::<PyString>() {
        return Ok(value.str()?.to_string());
    }
    let text = value.str()?.to_string();
    let is_inexact = value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyBool>();
    if is_inexact || netgiro::exact_decimal(&text).is_none() {
        return Ok(shown(value));
    }
    Ok(text)
}

/// A `Decimal` of Python's, or a whole number, with every digit that it has.
pub(crate) struct Exact(pub(crate) Decimal);

impl FromPyObject<'_, '_> for Exact {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = value.str()?;
        let number = match value.extract::<i64>() {
            Ok(whole) => Some(Decimal::from(whole)),
            Err(_) => netgiro::exact_decimal(&text.to_string_lossy()),
        };
        number.map(Self).ok_or_else(|| {
            let message = format!(
                "an amount must be a number that can be kept exactly; got {}",
                shown(&value)
            );
            errors::invalid(value.py(), message)
        })
    }
}

/// A whole number from 1 on.
pub(crate) fn positive(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let whole = if value.is_instance_of::<PyBool>() {
        None
    } else {
        value.extract::<usize>().ok()
    };
    whole.filter(|&number| number > 0).ok_or_else(|| {
        let message = format!(
            "{argument} must be a whole number from 1 on; got {}",
            shown(value)
        );
        errors::invalid(value.py(), message)
    })
}

/// A count of failures, as far as it matters: none below zero, and many above what a `u32` holds.
pub(crate) fn failures(value: &Bound<'_, PyAny>) -> PyResult<u32> {
    match value.extract() {
        Ok(failures) => Ok(failures),
        Err(_) if value.lt(0)? => Ok(0),
        Err(_) => Ok(u32::MAX),
    }
}

/// Secret keys. None of them is shown, whatever is wrong with them.
pub(crate) fn secrets(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<Secret>> {
    // A single text would be read as one key for each of its letters.
    if value.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(format!(
            "{argument} must be a sequence of str, got a str"
        )));
    }
    let mut secrets = Vec::new();
    for (at, secret) in value.try_iter()?.enumerate() {
        let secret = secret?;
        let Ok(text) = secret.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!(
                "{argument}[{at}] must be a str, got an object of type {}",
                secret.get_type().name()?
            )));
        };
        secrets.push(Secret::from(text.to_str()?));
    }
    Ok(secrets)
}

fn uuid_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS.import(py, "uuid", "UUID").map(Bound::as_any)
}

/// A cart by its id alone: a UUID or its text.
pub(crate) fn cart_id(value: &Bound<'_, PyAny>) -> PyResult<CartRef> {
    let py = value.py();
    let text = if let Ok(text) = value.cast::<PyString>() {
        text.to_string_lossy().into_owned()
    } else if value.is_instance(uuid_class(py)?)? {
        value.str()?.to_string_lossy().into_owned()
    } else {
        shown(value)
    };
    text.parse().or_raise(py)
}

/// A UUID or its text.
pub(crate) fn uuid(value: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    cart_id(value).map(|cart| cart.transaction_id())
}

/// Seconds as a caller gives them.
pub(crate) fn seconds(py: Python<'_>, argument: &str, value: f64) -> PyResult<Duration> {
    netgiro::seconds(argument, value).or_raise(py)
}

/// A word, or an enum member that is one.
pub(crate) fn word<T>(value: &Bound<'_, PyAny>) -> PyResult<T>
where
    T: std::str::FromStr<Err = netgiro::Error>,
{
    let py = value.py();
    // The value of an enum member, not its name; a number is as good as its digits.
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_string_lossy().parse().or_raise(py);
    }
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return value.str()?.to_string_lossy().parse().or_raise(py);
    }
    shown(value).parse().or_raise(py)
}
