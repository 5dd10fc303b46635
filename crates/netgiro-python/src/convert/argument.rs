//! Arguments: what does not fit is refused by the argument's name, with what came and what is expected.

use std::path::PathBuf;

use pyo3::Borrowed;
use pyo3::PyClass;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert::shown;
use crate::errors;

/// An argument that may be left out, where `None` is not the same as leaving it out.
pub(crate) struct ArgumentInput<'py>(Option<Bound<'py, PyAny>>);

impl ArgumentInput<'_> {
    pub(crate) const ABSENT: Self = Self(None);
}

impl<'py> FromPyObject<'_, 'py> for ArgumentInput<'py> {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(value.to_owned())))
    }
}

impl<'py> ArgumentInput<'py> {
    /// The argument, or the default.
    pub(crate) fn or<T: Argument<'py>>(&self, name: &str, default: T) -> PyResult<T> {
        match &self.0 {
            Some(value) => T::of(name, value),
            None => Ok(default),
        }
    }

    pub(crate) fn get(&self) -> Option<&Bound<'py, PyAny>> {
        self.0.as_ref()
    }
}

/// What an argument can be read as.
pub(crate) trait Argument<'py>: Sized {
    /// What is expected, after "must be".
    fn expected() -> String;

    /// The value, where it is one.
    fn read(value: &Bound<'py, PyAny>) -> Option<Self>;

    /// The argument of this name.
    fn of(name: &str, value: &Bound<'py, PyAny>) -> PyResult<Self> {
        Self::read(value).ok_or_else(|| refused(name, &Self::expected(), value))
    }
}

/// An argument that may be None.
impl<'py, T: Argument<'py>> Argument<'py> for Option<T> {
    fn expected() -> String {
        format!("{} or None", T::expected())
    }

    fn read(value: &Bound<'py, PyAny>) -> Option<Self> {
        if value.is_none() {
            Some(None)
        } else {
            T::read(value).map(Some)
        }
    }
}

impl Argument<'_> for String {
    fn expected() -> String {
        "a str".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Option<Self> {
        let text = value.cast::<PyString>().ok()?;
        text.to_str().ok().map(str::to_owned)
    }
}

impl Argument<'_> for PathBuf {
    fn expected() -> String {
        "a path (a str or os.PathLike)".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Option<Self> {
        value.extract().ok()
    }
}

impl Argument<'_> for bool {
    fn expected() -> String {
        "True or False".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Option<Self> {
        value.extract().ok()
    }
}

/// A number, also another library's.
impl Argument<'_> for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn read(value: &Bound<'_, PyAny>) -> Option<Self> {
        is_one_number(value).then(|| value.extract().ok()).flatten()
    }
}

macro_rules! whole_numbers {
    ($($kind:ty),+) => {
        $(
            impl Argument<'_> for $kind {
                fn expected() -> String {
                    format!("a whole number from {} to {}", <$kind>::MIN, <$kind>::MAX)
                }

                fn read(value: &Bound<'_, PyAny>) -> Option<Self> {
                    is_one_number(value).then(|| value.extract().ok()).flatten()
                }
            }
        )+
    };
}
whole_numbers!(i64, u8, u16, u32, u64, usize);

/// A value of one of this package's classes.
impl<'py, T: PyClass> Argument<'py> for Bound<'py, T> {
    fn expected() -> String {
        format!("a netgiro.{}", T::NAME)
    }

    fn read(value: &Bound<'py, PyAny>) -> Option<Self> {
        value.cast::<T>().ok().cloned()
    }
}

/// Reads arguments into variables of their names; an argument that has a default of None may be left out.
macro_rules! read_arguments {
    ($($name:ident),+ $(,)?) => {
        $(let $name = $crate::convert::argument::Passed::read($name, stringify!($name))?;)+
    };
}
pub(crate) use read_arguments;

/// An argument as PyO3 passes it on.
pub(crate) trait Passed<'py, T> {
    fn read(self, name: &str) -> PyResult<T>;
}

impl<'py, T: Argument<'py>> Passed<'py, T> for &Bound<'py, PyAny> {
    fn read(self, name: &str) -> PyResult<T> {
        T::of(name, self)
    }
}

impl<'py, T: Argument<'py>> Passed<'py, Option<T>> for Option<&Bound<'py, PyAny>> {
    fn read(self, name: &str) -> PyResult<Option<T>> {
        self.map(|value| Option::<T>::of(name, value))
            .transpose()
            .map(Option::flatten)
    }
}

/// The error for an argument that is not what is expected.
pub(crate) fn refused(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    refused_as(name, expected, value, shown)
}

/// The error for an argument that is not what is expected, and of which nothing is shown but its type.
pub(crate) fn refused_unseen(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    refused_as(name, expected, value, |value| an(&type_name(value)))
}

fn refused_as<'py>(
    name: &str,
    expected: &str,
    value: &Bound<'py, PyAny>,
    show: impl FnOnce(&Bound<'py, PyAny>) -> String,
) -> PyErr {
    let got = if is_half_text(value) {
        "a str with half a character, which is not text in UTF-8".to_owned()
    } else {
        show(value)
    };
    errors::invalid(value.py(), format!("{name} must be {expected}; got {got}"))
}

/// Text that may be a secret or a customer's number: whatever else comes is not shown.
pub(crate) fn unseen(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    String::read(value).ok_or_else(|| refused_unseen(name, "a str", value))
}

/// Many texts. One text alone would be read as many of one letter.
pub(crate) fn texts(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    items(name, "a sequence of str", value)?
        .iter()
        .enumerate()
        .map(|(at, text)| String::of(&format!("{name}[{at}]"), text))
        .collect()
}

/// The items of an iterable that is not a text.
pub(crate) fn items<'py>(
    name: &str,
    expected: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if value.is_instance_of::<PyString>() {
        return Err(refused_unseen(name, expected, value));
    }
    match value.try_iter() {
        Ok(items) => items.collect(),
        Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
            Err(refused_unseen(name, expected, value))
        }
        Err(error) => Err(error),
    }
}

fn is_half_text(value: &Bound<'_, PyAny>) -> bool {
    value
        .cast::<PyString>()
        .is_ok_and(|text| text.to_str().is_err())
}

/// Whether it may be a number: a bool is one in Python, and an array of one number acts as one, and neither is meant.
pub(crate) fn is_one_number(value: &Bound<'_, PyAny>) -> bool {
    // One of numpy's is read as well.
    value.extract::<bool>().is_err() && !is_many(value)
}

/// Whether it is an array, a text or a collection: numbers of numpy have no length, and arrays do, also those without
/// dimensions.
pub(crate) fn is_many(value: &Bound<'_, PyAny>) -> bool {
    value.hasattr("__len__").unwrap_or(true)
}

pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

fn an(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}
