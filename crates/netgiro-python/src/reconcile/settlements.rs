//! Settlements: the core's records handed to the classes of `netgiro.settlements`.

use jiff::Timestamp;
use jiff::civil::Date;
use netgiro_reconcile::{self as core, CartKey, ReconcileOptions, Settled, SettledItem};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString, PyTuple};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::convert;
use crate::convert::amount::exact;
use crate::convert::argument::refused;
use crate::convert::time::DateTime;
use crate::errors::{self, OrRaise};
use crate::panics;
use crate::reconcile;
use crate::to_python::ToPython;

/// A day: a date, a datetime, or its text.
pub(crate) fn day(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Date> {
    let py = value.py();
    let text = if let Ok(text) = value.cast::<PyString>() {
        text.to_string_lossy().into_owned()
    } else if value.hasattr(intern!(py, "isoformat"))? {
        let text = value.call_method0(intern!(py, "isoformat"))?.str()?;
        text.to_string_lossy().into_owned()
    } else {
        return Err(refused(
            argument,
            "a date, a datetime or text such as 2026-01-31",
            value,
        ));
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

impl ToPython for netgiro::Settlement {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let members = (
            self.provider_name,
            self.number,
            self.created.map(DateTime),
            self.amount,
            self.cost_amount,
            self.bank_transfer_transaction_date.map(DateTime),
            self.number_of_sales,
            self.total_amount,
            self.status,
        );
        record(py, "Settlement", members)
    }
}

impl ToPython for netgiro::SettlementItem {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let members = (
            self.total_amount,
            self.cost_amount,
            self.created.map(DateTime),
            self.loan_number,
        );
        record(py, "SettlementItem", members)
    }
}

/// An item: loan number, total, cost, created in microseconds, what it names its cart by.
type ItemArgs<'py> = (
    Option<String>,
    Option<Bound<'py, PyAny>>,
    Option<Bound<'py, PyAny>>,
    Option<i64>,
    Bound<'py, PyAny>,
);

/// A settlement: its number, its total, its items.
type SettlementArgs<'py> = (
    Option<String>,
    Option<Bound<'py, PyAny>>,
    Vec<ItemArgs<'py>>,
);

/// What an item names its cart by: a transaction id, a reference, an invoice number, or in a tuple what no cart has.
pub(crate) fn cart_key(value: &Bound<'_, PyAny>) -> PyResult<Option<CartKey>> {
    let text =
        |value: &Bound<'_, PyAny>| value.extract::<String>().map(|text| text.trim().to_owned());
    if value.is_none() {
        return Ok(None);
    }
    if let Ok(unknown) = value.cast::<PyTuple>() {
        return Ok(Some(CartKey::NoCart(text(&unknown.get_item(0)?)?)));
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Some(text(value)?)
            .filter(|reference| !reference.is_empty())
            .map(CartKey::Reference));
    }
    if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
        return Ok(Some(match value.extract() {
            Ok(number) => CartKey::InvoiceNumber(number),
            Err(_) => CartKey::NoCart(value.str()?.to_string()),
        }));
    }
    if let Ok(id) = value.extract::<Uuid>() {
        return Ok(Some(CartKey::TransactionId(id)));
    }
    Err(errors::invalid(
        value.py(),
        format!(
            "settlement_key must give the order's reference as text, its transaction id as a UUID, the invoice \
             number as an int, or None; got {}",
            convert::shown(value)
        ),
    ))
}

/// Rows, transfers and totals, and how many rows the window left out.
type Lists<'py> = (
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    usize,
);

/// Put every paid cart and every item in one class; `netgiro.reconcile` reads its inputs for it, `orders` and `refunds`
/// as for `reconcile_columns`.
///
/// Returns the rows, the transfers and the totals as tuples, and how many rows the window left out.
#[pyfunction]
#[pyo3(signature = (settlements, checks, orders, refunds, *, since, until, days, now))]
#[expect(clippy::too_many_arguments, reason = "named by its one caller")]
pub(crate) fn reconcile_settlements<'py>(
    py: Python<'py>,
    settlements: Vec<SettlementArgs<'py>>,
    checks: &Bound<'py, PyAny>,
    orders: &Bound<'py, PyTuple>,
    refunds: Option<Vec<Bound<'py, PyAny>>>,
    since: Option<i64>,
    until: Option<i64>,
    days: Option<(i64, i64)>,
    now: i64,
) -> PyResult<Lists<'py>> {
    let at = |microseconds: Option<i64>| {
        microseconds
            .map(|at| reconcile::instant(py, at))
            .transpose()
    };
    let options = ReconcileOptions {
        tolerance: Decimal::ZERO,
        from: at(since)?,
        until: at(until)?,
        now: reconcile::instant(py, now)?,
    };
    let days = match days {
        Some((first, last)) => Some((
            reconcile::instant(py, first)?,
            reconcile::instant(py, last)?,
        )),
        None => None,
    };
    let checks = reconcile::read_checks(checks)?;
    let orders = reconcile::read_orders(orders)?;
    let refunds = reconcile::read_refunds(py, refunds)?;
    let mut settled = Vec::with_capacity(settlements.len());
    for (number, total_amount, items) in settlements {
        let mut one = Settled::default();
        one.settlement.number = number;
        one.settlement.total_amount = total_amount.as_ref().map(exact).transpose()?;
        for (loan_number, total_amount, cost_amount, created, key) in items {
            one.items.push(SettledItem {
                item: netgiro::SettlementItem {
                    total_amount: total_amount.as_ref().map(exact).transpose()?,
                    cost_amount: cost_amount.as_ref().map(exact).transpose()?,
                    created: at(created)?,
                    loan_number,
                },
                cart: cart_key(&key)?,
            });
        }
        settled.push(one);
    }
    let done = panics::caught(|| {
        py.detach(|| {
            core::reconcile_settlements(&settled, &checks, &orders, &refunds, &options, days)
        })
        .or_raise(py)
    })?;
    let rows = PyList::empty(py);
    for row in done.rows {
        let ids = row.transaction_ids.iter().map(Uuid::to_string);
        rows.append((
            row.outcome.as_str(),
            row.invoice_number,
            PyTuple::new(py, row.loan_numbers)?,
            ids.collect::<Vec<_>>().join(", "),
            row.references.join(", "),
            PyTuple::new(py, row.settlements)?,
            row.items,
            row.paid_amount,
            row.settled_amount,
            row.cost_amount,
            row.paid_at.map(Timestamp::as_microsecond),
            row.reason,
        ))?;
    }
    let transfers = done
        .transfers
        .into_iter()
        .map(|it| (it.number, it.items, it.items_amount, it.difference));
    let totals = done
        .totals
        .into_iter()
        .map(|(outcome, total)| (outcome.as_str(), total))
        .chain([("total", done.total)])
        .map(|(word, it)| {
            let total = (
                it.rows,
                it.carts,
                it.paid_amount,
                it.items,
                it.settled_amount,
                it.cost_amount,
            );
            (word, total)
        });
    Ok((
        rows,
        PyList::new(py, transfers)?,
        PyList::new(py, totals.collect::<Vec<_>>())?,
        done.left_out,
    ))
}
