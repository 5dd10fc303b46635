//! Amounts and quantities: every digit counts, so nothing goes through a float.

use netgiro::{Amount, AmountInput};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyString};
use rust_decimal::Decimal;

use crate::convert::argument::{Argument, is_one_number, refused};
use crate::convert::shown;
use crate::errors::OrRaise;

/// Whole krónur: an integer, also another library's, text, a Decimal or a Fraction. A float is refused, whatever its
/// value, and so is an array of one number.
pub(crate) fn amount(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Amount> {
    let py = value.py();
    if let Some(number) = integer(value)? {
        return Amount::parse(argument, AmountInput::Integer(number)).or_raise(py);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Amount::parse(argument, AmountInput::Text(&text.to_string_lossy())).or_raise(py);
    }
    if let Some(digits) = decimal_digits(value)? {
        return Amount::parse(argument, AmountInput::Decimal(&digits)).or_raise(py);
    }
    Amount::parse(argument, AmountInput::Other(&shown(value))).or_raise(py)
}

/// An integer, as numpy has them too.
fn integer(value: &Bound<'_, PyAny>) -> PyResult<Option<i128>> {
    let py = value.py();
    if value.is_instance_of::<PyInt>() && is_one_number(value) {
        return Ok(value.extract().ok());
    }
    if !is_one_number(value) {
        return Ok(None);
    }
    if whole_fraction(value)? {
        return Ok(value.getattr(intern!(py, "numerator"))?.extract().ok());
    }
    if !value.hasattr(intern!(py, "__index__"))? {
        return Ok(None);
    }
    match value.call_method0(intern!(py, "__index__")) {
        Ok(index) => Ok(index.extract().ok()),
        // numpy's booleans have the method, and refuse.
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether it is a `Fraction` without a fraction.
fn whole_fraction(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = value.py();
    // Nobody has one who has not imported it.
    let modules = py
        .import(intern!(py, "sys"))?
        .getattr(intern!(py, "modules"))?;
    let Ok(fractions) = modules.get_item(intern!(py, "fractions")) else {
        return Ok(false);
    };
    Ok(
        value.is_instance(&fractions.getattr(intern!(py, "Fraction"))?)?
            && value.getattr(intern!(py, "denominator"))?.eq(1)?,
    )
}

/// The digits of a `Decimal`: its own text, which is exact. A conversion would keep 28 of them.
fn decimal_digits(value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if !value.is_instance(CLASS.import(value.py(), "decimal", "Decimal")?)? {
        return Ok(None);
    }
    Ok(Some(value.str()?.to_string_lossy().into_owned()))
}

/// A number of pieces as decimal text: an integer, a Decimal or such text.
pub(crate) fn quantity(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_string_lossy().into_owned());
    }
    if let Some(number) = integer(value)? {
        return Ok(number.to_string());
    }
    let digits = decimal_digits(value)?;
    Ok(digits
        .filter(|digits| netgiro::exact_decimal(digits).is_some())
        .unwrap_or_else(|| shown(value)))
}

/// A `Decimal` of Python's, a whole number, or the text of one, with every digit that it has.
pub(crate) struct Exact(pub(crate) Decimal);

impl Exact {
    fn parse(value: &Bound<'_, PyAny>) -> PyResult<Option<Decimal>> {
        if let Some(number) = integer(value)? {
            return Ok(Decimal::try_from_i128_with_scale(number, 0).ok());
        }
        let digits = match value.cast::<PyString>() {
            Ok(text) => Some(text.to_string_lossy().into_owned()),
            Err(_) => decimal_digits(value)?,
        };
        Ok(digits.as_deref().and_then(netgiro::exact_decimal))
    }
}

impl Argument<'_> for Exact {
    fn expected() -> String {
        "a Decimal, an int or their text, which can be kept exactly".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Option<Self> {
        Self::parse(value).ok().flatten().map(Self)
    }
}

/// An exact amount of a row that `netgiro.reconcile` has read.
pub(crate) fn exact(value: &Bound<'_, PyAny>) -> PyResult<Decimal> {
    // Most of them are read already, and are what `Exact` takes.
    Exact::parse(value)?.ok_or_else(|| refused("an amount", &Exact::expected(), value))
}
