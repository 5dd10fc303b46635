//! From Python's plain values to the core's.

pub(crate) mod amount;
pub(crate) mod argument;
pub(crate) mod callback;
pub(crate) mod function;
pub(crate) mod time;

use std::time::Duration;

use netgiro::{CartRef, Language, Secret};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt, PyString};
use uuid::Uuid;

pub(crate) use crate::convert::amount::{Exact, amount, quantity};
use crate::convert::argument::{
    Argument, ArgumentInput, is_many, is_one_number, items, refused, refused_unseen, type_name,
    unseen,
};
use crate::errors::{self, OrRaise};

/// A value and its type, as an error message shows them: customers' numbers in anything but a number are masked.
pub(crate) fn shown(value: &Bound<'_, PyAny>) -> String {
    let kind = type_name(value);
    let is_number = value.hasattr("__float__").unwrap_or_default() && !is_many(value);
    match value.repr().map(|text| text.to_string_lossy().into_owned()) {
        Ok(text) if text.chars().count() > 80 => format!("an object of type {kind}"),
        Ok(text) if is_number => format!("{text} ({kind})"),
        Ok(text) => format!("{} ({kind})", netgiro::mask_customer_ids(&text)),
        _ => format!("an object of type {kind}"),
    }
}

/// An order's reference. A number is refused: it may have lost what the text had, such as leading zeros.
pub(crate) fn reference(value: &Bound<'_, PyAny>) -> PyResult<String> {
    String::of("reference", value)
}

/// The customer that one of the three arguments of `insert_cart` names.
pub(crate) fn customer(
    py: Python<'_>,
    customer_id: Option<&Bound<'_, PyAny>>,
    access_code: Option<&Bound<'_, PyAny>>,
    barcode: Option<&Bound<'_, PyAny>>,
) -> PyResult<netgiro::CustomerId> {
    let text = |argument, value: Option<&Bound<'_, PyAny>>| {
        value.map(|value| unseen(argument, value)).transpose()
    };
    let customer_id = text("customer_id", customer_id)?;
    let access_code = text("access_code", access_code)?;
    let barcode = text("barcode", barcode)?;
    netgiro::CustomerId::one_of(
        customer_id.as_deref(),
        access_code.as_deref(),
        barcode.as_deref(),
    )
    .or_raise(py)
}

/// A whole number from 1 on.
pub(crate) fn positive(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<usize> {
    usize::read(value)
        .filter(|&number| number > 0)
        .ok_or_else(|| refused(argument, "a whole number from 1 on", value))
}

/// A count of failures, as far as it matters: none below zero, and many above what a `u32` holds.
pub(crate) fn failures(value: &Bound<'_, PyAny>) -> PyResult<u32> {
    if let Some(failures) = u32::read(value) {
        return Ok(failures);
    }
    if !value.is_instance_of::<PyInt>() || !is_one_number(value) {
        return Err(refused("failures", "a whole number", value));
    }
    Ok(if value.lt(0)? { 0 } else { u32::MAX })
}

/// Secret keys. None of them is shown, whatever is wrong with them.
pub(crate) fn secrets(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<Secret>> {
    items(argument, "a sequence of str", value)?
        .iter()
        .enumerate()
        .map(|(at, secret)| unseen(&format!("{argument}[{at}]"), secret).map(Secret::from))
        .collect()
}

fn uuid_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS.import(py, "uuid", "UUID").map(Bound::as_any)
}

/// A cart by its id alone: a UUID or its text.
pub(crate) fn cart_id(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<CartRef> {
    let py = value.py();
    let text = if let Ok(text) = value.cast::<PyString>() {
        text.to_string_lossy().into_owned()
    } else if value.is_instance(uuid_class(py)?)? {
        value.str()?.to_string_lossy().into_owned()
    } else {
        let expected = "a cart's GUID, as insert_cart gave it";
        return Err(refused(argument, expected, value));
    };
    CartRef::parse(argument, &text).or_raise(py)
}

/// A UUID or its text.
pub(crate) fn uuid(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    cart_id(argument, value).map(|cart| cart.transaction_id())
}

/// An id that is a GUID as far as is known: a UUID, its text, or other text.
pub(crate) fn uuid_or_text(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = if value.is_instance(uuid_class(value.py())?)? {
        value.str()?.to_string_lossy().into_owned()
    } else {
        String::of(argument, value)?
    };
    Ok(Uuid::parse_str(&text).map_or(text, |guid| guid.to_string()))
}

/// Seconds as a caller gives them.
pub(crate) fn seconds(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    const WANTED: &str = "a number of seconds";
    let seconds = f64::read(value).ok_or_else(|| match value.cast::<PyString>() {
        // A key or a password may stand in its place by mistake; a number that is text does not.
        Ok(text) if text.to_string_lossy().parse::<f64>().is_err() => {
            refused_unseen(argument, WANTED, value)
        }
        _ => refused(argument, WANTED, value),
    })?;
    netgiro::seconds(argument, seconds).or_raise(value.py())
}

/// The same, and the default where they are left out.
pub(crate) fn seconds_or(
    argument: &str,
    value: &ArgumentInput<'_>,
    default: Duration,
) -> PyResult<Duration> {
    value
        .get()
        .map_or(Ok(default), |value| seconds(argument, value))
}

/// The language for a tag.
pub(crate) fn language(tag: &Bound<'_, PyAny>) -> PyResult<Language> {
    tag.extract::<String>()
        .map(|tag| Language::of(&tag))
        .map_err(|_| {
            let given = shown(tag);
            errors::invalid(
                tag.py(),
                format!("lang must be text such as \"is\" or \"en\"; got {given}"),
            )
        })
}

/// A word, or an enum member that is one.
pub(crate) fn word<T>(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<T>
where
    T: std::str::FromStr<Err = netgiro::Error>,
{
    let py = value.py();
    // The value of an enum member, not its name; a number is as good as its digits.
    if let Ok(text) = value.cast::<PyString>() {
        return text
            .to_string_lossy()
            .parse()
            .map_err(|error: netgiro::Error| {
                let named = error.message().split_once(" must be ");
                match named {
                    // The core names what it reads, and not the argument that it came in.
                    Some((name, expected)) if name != argument => {
                        errors::invalid(py, format!("{argument} must be {expected}"))
                    }
                    _ => errors::to_py(py, &error),
                }
            });
    }
    if value.is_instance_of::<PyInt>()
        && !value.is_instance_of::<PyBool>()
        && let Ok(digits) = value.str()
        && let Ok(known) = digits.to_string_lossy().parse()
    {
        return Ok(known);
    }
    // The words that are expected are known to whoever reads them.
    let expected = match "".parse::<T>() {
        Err(error) => error.message().split("; got ").next().map(str::to_owned),
        Ok(_) => None,
    };
    let expected = expected.and_then(|text| Some(text.split_once(" must be ")?.1.to_owned()));
    let expected = expected.as_deref().unwrap_or("a str");
    Err(refused_unseen(argument, expected, value))
}
