//! Orders against checks: columns in, columns out. What belongs in which class is the core's.

pub(crate) mod settlements;

use std::collections::HashMap;

use jiff::Timestamp;
use netgiro_reconcile::{
    self as reconcile, Check, Order, ReconcileOptions, Recorded, Refunds, Total,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::bulk::results::CheckResults;
use crate::convert;
use crate::convert::amount::exact;
use crate::convert::argument::refused_unseen;
use crate::errors::{self, OrRaise};
use crate::panics;
use crate::values::cart_state::CartState;
use crate::values::check_result::CheckResult;
use crate::values::v2::refund::Refund;

/// A text of a cell or of a name, with half characters replaced.
fn lossy(text: &Bound<'_, PyAny>) -> PyResult<String> {
    let cell = text
        .cast::<PyString>()
        .map_err(|_| refused_unseen("text", "a str", text))?;
    Ok(cell.to_string_lossy().into_owned())
}

/// Return a text with the phone numbers, kennitölur and app codes in it masked.
#[pyfunction]
pub(crate) fn mask_customer_ids(text: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(netgiro::mask_customer_ids(&lossy(text)?))
}

/// Return a customer's number, of whatever spelling, with all but its last two characters masked.
#[pyfunction]
pub(crate) fn mask_customer_id(text: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(netgiro::mask_customer_id(&lossy(text)?))
}

/// Return a text as a cell of a CSV file that no spreadsheet takes for a formula.
#[pyfunction]
pub(crate) fn csv_cell(text: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(netgiro::csv_cell(&lossy(text)?))
}

/// Return a number as in Iceland: `1.234.567,5`.
#[pyfunction]
pub(crate) fn icelandic_number(value: &Bound<'_, PyAny>) -> PyResult<String> {
    exact(value).map(netgiro::icelandic_number)
}

/// Classify orders and payments; `netgiro.reconcile` reads its inputs for it.
///
/// `orders` are (references, transaction ids, amounts, whether each is a refund, amounts refunded, words,
/// microseconds), `checks` CheckResults,
/// CartStates or (transaction id, status, error, amount, reference, created, invoice number, checked at). `refunds` are
/// Refunds or (transaction id, reference, amount, key, whether it is made, created), or None if they are not known, and
/// `taken_back` (what names its cart, amount).
/// Returns the columns of the rows, the totals, and how many orders the window left out.
#[pyfunction]
#[pyo3(signature = (orders, checks, refunds, taken_back, *, tolerance, since, until, now))]
#[expect(clippy::too_many_arguments, reason = "named by its one caller")]
pub(crate) fn reconcile_columns<'py>(
    py: Python<'py>,
    orders: &Bound<'py, PyTuple>,
    checks: &Bound<'py, PyAny>,
    refunds: Option<Vec<Bound<'py, PyAny>>>,
    taken_back: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    tolerance: &Bound<'py, PyAny>,
    since: Option<i64>,
    until: Option<i64>,
    now: i64,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>, usize)> {
    let orders = read_orders(orders)?;
    let checks = read_checks(checks)?;
    let mut refunds = read_refunds(py, refunds)?;
    for (name, amount) in taken_back {
        if let Some(key) = settlements::cart_key(&name)? {
            refunds.settled.push((key, exact(&amount)?));
        }
    }
    let options = ReconcileOptions {
        tolerance: exact(tolerance)?,
        from: since.map(|at| instant(py, at)).transpose()?,
        until: until.map(|at| instant(py, at)).transpose()?,
        now: instant(py, now)?,
    };
    let done = panics::caught(|| {
        py.detach(|| reconcile::reconcile(&orders, &checks, &refunds, &options))
            .or_raise(py)
    })?;
    let totals = PyDict::new(py);
    for (outcome, total) in &done.totals {
        totals.set_item(outcome.as_str(), total_of(py, total)?)?;
    }
    totals.set_item("total", total_of(py, &done.total)?)?;
    Ok((columns(py, &done.rows)?, totals, done.left_out))
}

/// References, transaction ids, amounts, whether each is a refund, amounts refunded, words and microseconds.
#[derive(FromPyObject)]
struct OrderColumns<'py>(
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
    Bound<'py, PyList>,
);

/// A check as a frame holds it: transaction id, status, error, amount, reference, created, invoice number,
/// checked at.
#[derive(FromPyObject)]
struct SavedCheck<'py>(
    Bound<'py, PyAny>,
    Option<String>,
    Option<String>,
    Option<Bound<'py, PyAny>>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

pub(crate) fn read_orders(orders: &Bound<'_, PyTuple>) -> PyResult<Vec<Order>> {
    let py = orders.py();
    let OrderColumns(references, ids, amounts, are_refunds, refunded, words, created) =
        orders.extract()?;
    let mut read = Vec::with_capacity(amounts.len());
    let columns = references
        .iter()
        .zip(ids.iter())
        .zip(amounts.iter())
        .zip(are_refunds.iter())
        .zip(refunded.iter())
        .zip(words.iter());
    for ((((((reference, id), value), is_refund), refunded), word), created) in
        columns.zip(created.iter())
    {
        read.push(Order {
            reference: reference.extract()?,
            transaction_id: if id.is_none() {
                None
            } else {
                Some(convert::uuid("transaction_id", &id)?)
            },
            amount: exact(&value)?,
            is_refund: is_refund.extract()?,
            refunded: exact(&refunded)?,
            recorded: word
                .cast::<PyString>()?
                .to_str()?
                .parse::<Recorded>()
                .or_raise(py)?,
            created: created
                .extract::<Option<i64>>()?
                .map(|at| instant(py, at))
                .transpose()?,
        });
    }
    Ok(read)
}

pub(crate) fn read_checks(checks: &Bound<'_, PyAny>) -> PyResult<Vec<Check>> {
    let py = checks.py();
    if let Ok(results) = checks.cast::<CheckResults>() {
        return Ok(results
            .get()
            .core()
            .iter()
            .map(|result| Check::from(&result))
            .collect());
    }
    let mut read = Vec::with_capacity(checks.len().unwrap_or_default());
    for (at, check) in checks.try_iter()?.enumerate() {
        let check = check?;
        if let Ok(result) = check.cast::<CheckResult>() {
            read.push(Check::from(&result.get().0));
        } else if let Ok(state) = check.cast::<CartState>() {
            read.push(Check::from(&state.get().0));
        } else if let Ok(columns) = check.cast::<PyTuple>() {
            let in_row = |error: PyErr| {
                errors::invalid(py, format!("checks, row {}: {}", at + 1, error.value(py)))
            };
            read.push(saved(columns).map_err(in_row)?);
        } else {
            let message = format!(
                "checks[{at}] must be a CheckResult or a CartState; got {}",
                convert::shown(&check)
            );
            return Err(errors::invalid(py, message));
        }
    }
    Ok(read)
}

fn saved(columns: &Bound<'_, PyTuple>) -> PyResult<Check> {
    let py = columns.py();
    let SavedCheck(id, status, error, paid, reference, created, invoice_number, checked_at) =
        columns.extract()?;
    let outcome = match (status, error) {
        (Some(status), None) => Ok(status.parse().or_raise(py)?),
        (_, Some(error)) => Err(error),
        (None, None) => Err("the saved result has neither a status nor an error".to_owned()),
    };
    Ok(Check {
        transaction_id: convert::uuid("transaction_id", &id)?,
        outcome,
        amount: paid.as_ref().map(exact).transpose()?,
        reference,
        created: created.map(|at| instant(py, at)).transpose()?,
        invoice_number,
        checked_at: checked_at.map(|at| instant(py, at)).transpose()?,
    })
}

/// A refund as a frame holds it: transaction id, reference, amount, key, whether it is made, created.
#[derive(FromPyObject)]
struct SavedRefund<'py>(
    Bound<'py, PyAny>,
    Option<String>,
    Bound<'py, PyAny>,
    Option<String>,
    bool,
    Option<i64>,
);

pub(crate) fn read_refunds(
    py: Python<'_>,
    refunds: Option<Vec<Bound<'_, PyAny>>>,
) -> PyResult<Refunds> {
    let read = |refund: Bound<'_, PyAny>| {
        if let Ok(refund) = refund.cast::<Refund>() {
            return Ok(reconcile::Refund::from(&refund.get().0));
        }
        let SavedRefund(id, reference, amount, idempotency_key, is_made, created) =
            refund.extract()?;
        Ok(reconcile::Refund {
            transaction_id: (!id.is_none())
                .then(|| convert::uuid("transaction_id", &id))
                .transpose()?,
            reference,
            amount: exact(&amount)?,
            idempotency_key,
            is_made,
            created: created.map(|at| instant(py, at)).transpose()?,
        })
    };
    let sent = refunds.map(|refunds| refunds.into_iter().map(read).collect::<PyResult<_>>());
    Ok(Refunds {
        sent: sent.transpose()?,
        settled: Vec::new(),
    })
}

pub(crate) fn instant(py: Python<'_>, microseconds: i64) -> PyResult<Timestamp> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|error| errors::invalid(py, format!("the instant cannot be used: {error}")))
}

fn total_of<'py>(py: Python<'py>, total: &Total) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("rows", total.rows)?;
    dict.set_item("orders", total.orders)?;
    dict.set_item("order_amount", total.order_amount)?;
    dict.set_item("recorded_amount", total.recorded_amount)?;
    dict.set_item("payments", total.payments)?;
    dict.set_item("paid_amount", total.paid_amount)?;
    dict.set_item("recorded_refund_amount", total.recorded_refund_amount)?;
    dict.set_item("refunded_amount", total.refunded_amount)?;
    dict.set_item("at_stake", total.at_stake)?;
    Ok(dict)
}

/// The same words again and again: one object for each.
fn words(py: Python<'_>, words: impl Iterator<Item = &'static str>) -> Option<Bound<'_, PyString>> {
    let joined = words.collect::<Vec<_>>().join(", ");
    (!joined.is_empty()).then(|| PyString::intern(py, &joined))
}

/// Texts of a group stand side by side.
fn texts(texts: impl ExactSizeIterator<Item = String>) -> Option<String> {
    (texts.len() > 0).then(|| texts.collect::<Vec<_>>().join(", "))
}

fn columns<'py>(py: Python<'py>, rows: &[reconcile::Row]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    // Making one takes longer than looking it up, and most amounts come again and again.
    let mut known: HashMap<Decimal, Bound<'py, PyAny>> = HashMap::new();
    let mut made_once = |amount: Option<Decimal>| -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(amount) = amount else {
            return Ok(None);
        };
        if let Some(made) = known.get(&amount) {
            return Ok(Some(made.clone()));
        }
        let made = amount.normalize().into_pyobject(py)?;
        known.insert(amount, made.clone());
        Ok(Some(made))
    };
    macro_rules! column {
        ($name:literal, $row:ident => $value:expr) => {
            let values = PyList::empty(py);
            for $row in rows {
                values.append($value)?;
            }
            columns.set_item($name, values)?;
        };
    }
    column!("outcome", row => words(py, [row.outcome.as_str()].into_iter()));
    column!("reference", row => texts(row.references.iter().cloned()));
    column!("transaction_id", row => texts(row.transaction_ids.iter().map(Uuid::to_string)));
    column!("order_status", row => words(py, row.recorded.iter().map(|word| word.as_str())));
    column!("cart_status", row => words(py, row.payment_states.iter().copied()));
    column!("order_amount", row => made_once(row.order_amount)?);
    column!("paid_amount", row => made_once(row.paid_amount)?);
    column!("recorded_refund_amount", row => made_once(row.recorded_refund_amount)?);
    column!("refunded_amount", row => made_once(row.refunded_amount)?);
    column!("difference", row => made_once(row.difference())?);
    column!("at_stake", row => made_once(Some(row.at_stake))?);
    column!("reason", row => &row.reason);
    column!("action", row => PyString::intern(py, row.action));
    column!("created", row => row.created.map(Timestamp::as_microsecond));
    column!("paid_at", row => row.paid_at.map(Timestamp::as_microsecond));
    column!("orders", row => row.orders.len());
    column!("payments", row => row.payments);
    column!("order_rows", row => PyTuple::new(py, row.places().iter().map(|at| at + 1))?);
    Ok(columns)
}
