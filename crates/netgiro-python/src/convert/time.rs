//! Instants, and Python's `datetime`.

use jiff::Timestamp;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::convert::argument::refused;

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

/// The interpreter's own class, also while a test has put another in its place (as freezegun does): what is kept here is
/// used long after that test.
fn datetime_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    /// Of classes that a Python program has defined.
    const HEAP_TYPE: u64 = 1 << 9;
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        let named = py.import("datetime")?.getattr("datetime")?;
        for class in named.cast::<PyType>()?.mro() {
            let flags: u64 = class.getattr("__flags__")?.extract()?;
            if flags & HEAP_TYPE == 0 {
                return Ok(class.unbind());
            }
        }
        Ok::<_, PyErr>(named.unbind())
    })?;
    Ok(class.bind(py))
}

/// An instant as an aware datetime in UTC, to the microsecond.
pub(crate) struct DateTime(pub(crate) Timestamp);

impl<'py> IntoPyObject<'py> for DateTime {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let civil = jiff::tz::Offset::UTC.to_datetime(self.0);
        datetime_class(py)?.call1((
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second(),
            civil.subsec_nanosecond() / 1000,
            utc(py)?,
        ))
    }
}

/// The instant that an aware datetime is.
pub(crate) fn instant(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let py = value.py();
    let class = datetime_class(py)?;
    if !value.is_instance(class)? {
        return Err(refused(argument, "an aware datetime", value));
    }
    if value.call_method0(intern!(py, "utcoffset"))?.is_none() {
        let expected = "an aware datetime, one with a time zone";
        return Err(refused(argument, expected, value));
    }
    let epoch = class.call1((1970, 1, 1, 0, 0, 0, 0, utc(py)?))?;
    let Ok(since) = value.sub(epoch) else {
        return Err(refused(argument, "an aware datetime", value));
    };
    let days: i64 = since.getattr("days")?.extract()?;
    let seconds: i64 = since.getattr("seconds")?.extract()?;
    let microseconds: i64 = since.getattr("microseconds")?.extract()?;
    Timestamp::from_microsecond((days * 86_400 + seconds) * 1_000_000 + microseconds)
        .map_err(|_| refused(argument, "a datetime in the years 1 to 9999 of UTC", value))
}

/// The same, and now where it is left out.
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
