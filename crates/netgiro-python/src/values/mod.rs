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
pub(crate) mod json;
pub(crate) mod new_cart;
pub(crate) mod payment_info;
pub(crate) mod poll;
pub(crate) mod v2;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

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
            /// All of them.
            const NAMES: &'static [&'static str] =
                &[$(stringify!($member),)+ $($(stringify!($more),)+)?];
        }

        impl $crate::values::json::JsonSchema for $class {
            fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, pyo3::types::PyDict>> {
                let members = [
                    $((
                        stringify!($member),
                        <$kind as $crate::values::json::JsonSchema>::json_schema(py)?,
                    ),)+
                    $($((
                        stringify!($more),
                        <$more_kind as $crate::values::json::JsonSchema>::json_schema(py)?,
                    ),)+)?
                ];
                $crate::values::json::object(py, stringify!($class), &members)
            }
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

            /// Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as
            /// what JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
            #[pyo3(signature = (*, mode=None))]
            #[pyo3(text_signature = "($self, *, mode='python')")]
            fn to_dict<'py>(
                slf: &Bound<'py, Self>,
                mode: Option<&Bound<'py, PyAny>>,
            ) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                $crate::values::json::to_dict(slf.as_any(), Self::NAMES, mode)
            }

            /// Iterate over the members, as pairs of a name and a value, so that `dict(value)` is `to_dict()`.
            fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                let members = $crate::values::json::to_dict(slf.as_any(), Self::NAMES, None)?;
                Ok(members.call_method0("items")?.try_iter()?.into_any())
            }

            #[classmethod]
            #[pyo3(signature = (_source, _handler, /))]
            fn __get_pydantic_core_schema__<'py>(
                cls: &Bound<'py, pyo3::types::PyType>,
                _source: &Bound<'py, PyAny>,
                _handler: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, PyAny>> {
                $crate::values::json::core_schema(cls)
            }

            #[classmethod]
            #[pyo3(signature = (_core_schema, _handler, /))]
            fn __get_pydantic_json_schema__<'py>(
                cls: &Bound<'py, pyo3::types::PyType>,
                _core_schema: &Bound<'py, PyAny>,
                _handler: &Bound<'py, PyAny>,
            ) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                <Self as $crate::values::json::JsonSchema>::json_schema(cls.py())
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
        $crate::values::to_json!($class);

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

/// The JSON text of a value.
macro_rules! to_json {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            /// Return what `to_dict(mode="json")` gives as JSON text.
            fn to_json<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                $crate::values::json::text(slf.as_any())
            }
        }
    };
}
pub(crate) use to_json;

/// A value as the call that would make it; members that are absent are left out.
pub(crate) fn repr(value: &Bound<'_, PyAny>, members: &[&str]) -> PyResult<String> {
    let mut shown = Vec::new();
    for name in members {
        let member = value.getattr(*name)?;
        if member.is_none() {
            continue;
        }
        shown.push(format!("{name}={}", member.repr()?));
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
