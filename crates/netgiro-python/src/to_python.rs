//! From the core's values to Python's: what every outcome of a call can do.

use pyo3::prelude::*;

/// A value of the core in Python's terms.
pub(crate) trait ToPython {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl ToPython for () {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(py.None())
    }
}

impl<T: ToPython> ToPython for Option<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Some(value) => value.to_python(py),
            None => Ok(py.None()),
        }
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let items: Vec<_> = self
            .into_iter()
            .map(|item| item.to_python(py))
            .collect::<PyResult<_>>()?;
        Ok(items.into_pyobject(py)?.unbind())
    }
}

/// A value becomes an object of the class that holds it, after `$prepare` where that is given.
macro_rules! to_python {
    ($core:ty => $class:ident $(, |$value:ident| $prepare:expr)?) => {
        impl From<$core> for $class {
            fn from(core: $core) -> Self {
                $(
                    let mut $value = core;
                    $prepare;
                    let core = $value;
                )?
                Self(core.into())
            }
        }

        impl $crate::to_python::ToPython for $core {
            fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                Ok(Py::new(py, $class::from(self))?.into_any())
            }
        }
    };
}
pub(crate) use to_python;
