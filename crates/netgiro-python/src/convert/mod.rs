//! From Python's values to the core's, and back.

use std::time::Duration;

use jiff::Timestamp;
use netgiro::{Amount, CartRef, Given, PollPolicy, Secret};
use pyo3::Borrowed;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::errors::{self, OrRaise};
use crate::runtime::panics;
use crate::values::poll::CartPoll;
use crate::values::{Cart, CartState};

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

/// Whole krónur: an integer, also another library's, text, or a Decimal. A float is none, whatever its value.
pub(crate) fn amount(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Amount> {
    let py = value.py();
    if let Some(number) = integer(value)? {
        return Amount::parse(argument, Given::Integer(number)).or_raise(py);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Amount::parse(argument, Given::Text(&text.to_string_lossy())).or_raise(py);
    }
    if value.is_instance(decimal_class(py)?)? {
        // Its own text, which is exact: a conversion would keep 28 digits.
        let text = value.str()?;
        return Amount::parse(argument, Given::Decimal(&text.to_string_lossy())).or_raise(py);
    }
    Amount::parse(argument, Given::Other(&shown(value))).or_raise(py)
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
        // Of numpy's, its booleans and its arrays have the method, and refuse.
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

fn decimal_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS.import(py, "decimal", "Decimal").map(Bound::as_any)
}

/// An order's reference. A number that stands for one is refused by name: it may have lost what text had, such as zeros.
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

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = given.str()?;
        let number = match given.extract::<i64>() {
            Ok(whole) => Some(Decimal::from(whole)),
            Err(_) => netgiro::exact_decimal(&text.to_string_lossy()),
        };
        number.map(Self).ok_or_else(|| {
            let message = format!(
                "an amount must be a number that can be kept exactly; got {}",
                shown(&given)
            );
            errors::invalid(given.py(), message)
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
    // A single text would be taken for a key for each of its letters.
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

/// A cart argument: a Cart, a CartState, a CartPoll, a UUID or its text.
pub(crate) fn cart_ref(value: &Bound<'_, PyAny>) -> PyResult<CartRef> {
    panics::caught(|| some_cart(value))
}

fn some_cart(value: &Bound<'_, PyAny>) -> PyResult<CartRef> {
    let py = value.py();
    if let Ok(cart) = value.cast::<Cart>() {
        return Ok(CartRef::from(&cart.get().0));
    }
    if let Ok(state) = value.cast::<CartState>() {
        return Ok(CartRef::from(&state.get().0));
    }
    if let Ok(poll) = value.cast::<CartPoll>() {
        return Ok(CartRef::from(&poll.get().0));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_string_lossy().parse().or_raise(py);
    }
    if value.is_instance(uuid_class(py)?)? {
        return value.str()?.to_string_lossy().parse().or_raise(py);
    }
    shown(value).parse().or_raise(py)
}

/// Many carts; one that is none is named by its place.
pub(crate) fn cart_refs(carts: &Bound<'_, PyAny>) -> PyResult<Vec<CartRef>> {
    let py = carts.py();
    if carts.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(
            "expected an iterable of carts, got a str",
        ));
    }
    let mut refs = Vec::with_capacity(carts.len().unwrap_or_default());
    for (at, cart) in carts.try_iter()?.enumerate() {
        let cart = cart_ref(&cart?).map_err(|error| {
            let message = error.value(py).to_string();
            errors::invalid(py, format!("carts[{at}]: {message}"))
        })?;
        refs.push(cart);
    }
    Ok(refs)
}

/// A UUID or its text.
pub(crate) fn uuid(value: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    cart_ref(value).map(|cart| cart.transaction_id())
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

fn utc(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static UTC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let zone = UTC.get_or_try_init(py, || {
        py.import("datetime")?
            .getattr("timezone")?
            .getattr("utc")
            .map(Bound::unbind)
    })?;
    Ok(zone.bind(py))
}

/// An aware datetime in UTC, to the microsecond.
pub(crate) fn datetime(py: Python<'_>, instant: Timestamp) -> PyResult<Py<PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let class = CLASS.import(py, "datetime", "datetime")?;
    let civil = jiff::tz::Offset::UTC.to_datetime(instant);
    class
        .call1((
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second(),
            civil.subsec_nanosecond() / 1000,
            utc(py)?,
        ))
        .map(Bound::unbind)
}

/// The instant that an aware datetime is.
pub(crate) fn instant(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    let class = CLASS.import(py, "datetime", "datetime")?;
    if !value.is_instance(class)? {
        return Err(PyTypeError::new_err(format!(
            "{argument} must be an aware datetime, got {}",
            shown(value)
        )));
    }
    if value.call_method0(intern!(py, "utcoffset"))?.is_none() {
        return Err(PyValueError::new_err(format!(
            "{argument} must be an aware datetime, got one without a time zone: {}",
            shown(value)
        )));
    }
    let epoch = class.call1((1970, 1, 1, 0, 0, 0, 0, utc(py)?))?;
    let since = value.sub(epoch)?;
    let days: i64 = since.getattr("days")?.extract()?;
    let seconds: i64 = since.getattr("seconds")?.extract()?;
    let microseconds: i64 = since.getattr("microseconds")?.extract()?;
    Timestamp::from_microsecond((days * 86_400 + seconds) * 1_000_000 + microseconds)
        .map_err(|error| PyValueError::new_err(format!("{argument}: {error}")))
}

/// What a CartPoll is asked about when it is asked about "now".
pub(crate) fn instant_or_now(
    argument: &str,
    value: Option<&Bound<'_, PyAny>>,
) -> PyResult<Timestamp> {
    match value {
        Some(value) => instant(argument, value),
        None => Ok(Timestamp::now()),
    }
}

/// An instant as precise as Python's, so that it survives the way there and back.
pub(crate) fn to_the_microsecond(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

pub(crate) fn policy(
    value: Option<&Bound<'_, crate::values::poll::PollPolicy>>,
) -> Option<PollPolicy> {
    value.map(|policy| policy.get().0)
}

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
            // A WSGI environ holds other things too: they are no headers.
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
