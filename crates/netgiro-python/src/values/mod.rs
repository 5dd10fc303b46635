//! The results, as Python sees them: immutable, comparable, hashable, picklable.
//!
//! A member is converted when it is read. Every class can be made with keywords as well, for
//! the tests of those who use this package, and that is how it is unpickled.

pub(crate) mod callback;
pub(crate) mod cart;
pub(crate) mod cart_item;
pub(crate) mod cart_state;
pub(crate) mod check_result;
pub(crate) mod error_from_python;
pub(crate) mod new_cart;
pub(crate) mod payment_info;
pub(crate) mod poll;
pub(crate) mod poll_policy;
pub(crate) mod poll_steps;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

/// The members of a class that holds a value of the core: a getter for each, `to_dict` with all of them, and a repr
/// without those that stand after `also`.
macro_rules! members {
    (
        $class:ident, $value:ident {
            $($(#[$doc:meta])+ $member:ident: $kind:ty = $get:expr;)+
        }
        $(also { $($(#[$more_doc:meta])+ $more:ident: $more_kind:ty = $more_get:expr;)+ })?
    ) => {
        impl $class {
            /// The members in the repr, in order.
            const MEMBERS: &'static [&'static str] = &[$(stringify!($member)),+];
        }

        #[pymethods]
        impl $class {
            $(
                $(#[$doc])+
                #[getter]
                fn $member(&self) -> $kind {
                    let $value = &self.0;
                    $get
                }
            )+
            $($(
                $(#[$more_doc])+
                #[getter]
                fn $more(&self) -> $more_kind {
                    let $value = &self.0;
                    $more_get
                }
            )+)?

            /// Return the members by name, and theirs, as a dict of plain Python values.
            fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                let names = [$(stringify!($member),)+ $($(stringify!($more),)+)?];
                $crate::values::to_dict(slf.as_any(), &names)
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                $crate::values::repr(slf.as_any(), Self::MEMBERS)
            }
        }
    };
}
pub(crate) use members;

/// A copy of an immutable value is the value itself.
macro_rules! immutable {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            fn __copy__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
                slf
            }
        }
    };
}
pub(crate) use immutable;

/// A value that pickle makes again from its members, by its constructor.
macro_rules! pickled_by_members {
    ($class:ident) => {
        $crate::values::immutable!($class);

        #[pymethods]
        impl $class {
            fn __getnewargs_ex__<'py>(
                slf: &Bound<'py, Self>,
            ) -> PyResult<(
                Bound<'py, pyo3::types::PyTuple>,
                Bound<'py, pyo3::types::PyDict>,
            )> {
                $crate::values::constructor_arguments(slf.as_any(), Self::MEMBERS)
            }
        }
    };
}
pub(crate) use pickled_by_members;

/// A value's members and theirs, by name.
pub(crate) fn to_dict<'py>(
    value: &Bound<'py, PyAny>,
    members: &[&str],
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(value.py());
    for name in members {
        let member = value.getattr(*name)?;
        if member.hasattr("to_dict")? {
            dict.set_item(name, member.call_method0("to_dict")?)?;
        } else {
            dict.set_item(name, member)?;
        }
    }
    Ok(dict)
}

/// A value as the call that would make it; members that are absent are left out.
pub(crate) fn repr(value: &Bound<'_, PyAny>, members: &[&str]) -> PyResult<String> {
    let mut shown = Vec::new();
    for name in members {
        let member = value.getattr(*name)?;
        if member.is_none() {
            continue;
        }
        let kind = member.get_type().name()?;
        // An enum as its word, an id and an instant as their text.
        let is_word = member.is_instance_of::<PyString>() || kind == "UUID" || kind == "datetime";
        let text = if is_word {
            PyString::new(value.py(), &member.str()?.to_string_lossy()).repr()?
        } else {
            member.repr()?
        };
        shown.push(format!("{name}={text}"));
    }
    let class = value.get_type();
    Ok(format!("{}({})", class.name()?, shown.join(", ")))
}

/// The members by name, as the constructor takes them.
pub(crate) fn constructor_arguments<'py>(
    value: &Bound<'py, PyAny>,
    members: &[&str],
) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
    let py = value.py();
    let named = PyDict::new(py);
    for name in members {
        named.set_item(name, value.getattr(*name)?)?;
    }
    Ok((PyTuple::empty(py), named))
}
