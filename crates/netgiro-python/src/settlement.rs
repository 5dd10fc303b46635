//! Settlements: the core's records handed to the classes of `netgiro.settlements`.

use jiff::Timestamp;
use jiff::civil::Date;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::convert;
use crate::errors::OrRaise;
use crate::values::Present;

/// A day: a date, a datetime, or its text.
pub(crate) fn day(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Date> {
    let py = value.py();
    let text = if value.is_instance_of::<PyString>() {
        value.str()?.to_string()
    } else if value.hasattr(intern!(py, "isoformat"))? {
        value
            .call_method0(intern!(py, "isoformat"))?
            .str()?
            .to_string()
    } else {
        convert::shown(value)
    };
    netgiro::day(argument, &text).or_raise(py)
}

fn record<'py>(
    py: Python<'py>,
    class: &str,
    members: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
) -> PyResult<Py<PyAny>> {
    py.import(intern!(py, "netgiro.settlements"))?
        .getattr(class)?
        .call1(members.into_pyobject(py)?)
        .map(Bound::unbind)
}

fn instant(py: Python<'_>, at: Option<Timestamp>) -> PyResult<Option<Py<PyAny>>> {
    at.map(|at| convert::datetime(py, at)).transpose()
}

impl Present for netgiro::Settlement {
    fn present(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let members = (
            self.provider_name,
            self.number,
            instant(py, self.created)?,
            self.amount,
            self.cost_amount,
            instant(py, self.bank_transfer_transaction_date)?,
            self.number_of_sales,
            self.total_amount,
            self.status,
        );
        record(py, "Settlement", members)
    }
}

impl Present for netgiro::SettlementItem {
    fn present(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let members = (
            self.total_amount,
            self.cost_amount,
            instant(py, self.created)?,
            self.loan_number,
        );
        record(py, "SettlementItem", members)
    }
}
