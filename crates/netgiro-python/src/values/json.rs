//! Values as JSON: their members, and the JSON schemas of their types.

use std::collections::BTreeMap;

use netgiro::CartStatus;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::convert::shown;
use crate::convert::time::DateTime;
use crate::errors::{Exception, invalid};
use crate::values::cart_state::Status;

/// The schema of what a type is in JSON.
pub(crate) trait JsonSchema {
    fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, PyDict>>;
}

macro_rules! json_schemas {
    ($($kind:ty: $($name:literal = $value:expr),+;)+) => {
        $(
            impl JsonSchema for $kind {
                fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
                    let schema = PyDict::new(py);
                    $(schema.set_item($name, $value)?;)+
                    Ok(schema)
                }
            }
        )+
    };
}

json_schemas! {
    bool: "type" = "boolean";
    u16: "type" = "integer";
    u32: "type" = "integer";
    i64: "type" = "integer";
    f64: "type" = "number";
    Decimal: "type" = "number";
    &str: "type" = "string";
    Uuid: "type" = "string", "format" = "uuid";
    DateTime: "type" = "string", "format" = "date-time";
    Status: "type" = "string", "enum" = CartStatus::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>();
    Exception<'_>: "type" = "object";
    BTreeMap<&str, &str>: "type" = "object";
}

impl<T: JsonSchema> JsonSchema for Option<T> {
    fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let null = PyDict::new(py);
        null.set_item("type", "null")?;
        let schema = PyDict::new(py);
        schema.set_item("anyOf", PyList::new(py, [T::json_schema(py)?, null])?)?;
        Ok(schema)
    }
}

impl<T: JsonSchema> JsonSchema for Vec<T> {
    fn json_schema(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let schema = PyDict::new(py);
        schema.set_item("type", "array")?;
        schema.set_item("items", T::json_schema(py)?)?;
        Ok(schema)
    }
}

/// The schema of a class with these members.
pub(crate) fn object<'py>(
    py: Python<'py>,
    title: &str,
    members: &[(&str, Bound<'py, PyDict>)],
) -> PyResult<Bound<'py, PyDict>> {
    let properties = PyDict::new(py);
    for (name, schema) in members {
        properties.set_item(name, schema)?;
    }
    let schema = PyDict::new(py);
    schema.set_item("title", title)?;
    schema.set_item("type", "object")?;
    schema.set_item("required", properties.keys())?;
    schema.set_item("properties", properties)?;
    Ok(schema)
}

/// Return whether values are asked for as what JSON holds, rather than as they are.
#[pyfunction]
pub(crate) fn is_json_mode(mode: &Bound<'_, PyAny>) -> PyResult<bool> {
    match mode.extract::<String>().as_deref() {
        Ok("json") => Ok(true),
        Ok("python") => Ok(false),
        _ => Err(invalid(
            mode.py(),
            format!("mode must be \"python\" or \"json\"; got {}", shown(mode)),
        )),
    }
}

fn module(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "netgiro.presentation.jsonable"))
}

/// A value's members and theirs, by name.
pub(crate) fn to_dict<'py>(
    value: &Bound<'py, PyAny>,
    names: &[&str],
    mode: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = value.py();
    let members = PyDict::new(py);
    for name in names {
        members.set_item(name, value.getattr(*name)?)?;
    }
    let mode = mode.map_or_else(|| intern!(py, "python").clone().into_any(), Bound::clone);
    let dict = module(py)?.call_method1(intern!(py, "members"), (members, mode))?;
    Ok(dict.cast_into()?)
}

/// A value as JSON text.
pub(crate) fn text<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    module(py)?.call_method1(intern!(py, "text"), (value,))
}

/// Pydantic's schema of a class.
pub(crate) fn core_schema<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    module(py)?.call_method1(intern!(py, "core_schema"), (class,))
}
