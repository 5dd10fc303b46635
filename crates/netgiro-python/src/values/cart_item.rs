//! `CartItem`, and the lines of a cart as an argument.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rust_decimal::Decimal;

use crate::convert;
use crate::convert::argument::{Argument as _, items as many, read_arguments};
use crate::errors::{self, OrRaise};
use crate::values::{members, pickled_by_members};

/// One line of a cart, as the customer sees it.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CartItem(pub(crate) netgiro::CartItem);

pickled_by_members!(CartItem);

#[pymethods]
impl CartItem {
    #[new]
    #[pyo3(signature = (
        name, unit_price, quantity=None, *, amount=None, product_no=None, description=None
    ))]
    #[pyo3(
        text_signature = "(name, unit_price, quantity=1, *, amount=None, product_no=None, description=None)"
    )]
    fn new(
        py: Python<'_>,
        name: &Bound<'_, PyAny>,
        unit_price: &Bound<'_, PyAny>,
        quantity: Option<&Bound<'_, PyAny>>,
        amount: Option<&Bound<'_, PyAny>>,
        product_no: Option<&Bound<'_, PyAny>>,
        description: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        read_arguments!(name, product_no, description);
        let name: String = name;
        let unit_price = convert::amount("unit_price", unit_price)?;
        let amount = amount
            .map(|amount| convert::amount("amount", amount))
            .transpose()?;
        let quantity = quantity.map_or_else(|| Ok("1".to_owned()), convert::quantity)?;
        let mut item = netgiro::CartItem::new(name, unit_price, &quantity, amount).or_raise(py)?;
        item.product_no = product_no;
        item.description = description;
        Ok(Self(item))
    }
}

members! {
    CartItem, item {
        /// What is bought.
        name: &str = &item.name;
        /// The price of one piece in krónur.
        unit_price: i64 = item.unit_price.kronur();
        /// How many pieces, a `Decimal`.
        quantity: Decimal = item.quantity();
        /// The line's total in krónur.
        amount: i64 = item.amount.kronur();
        /// The shop's product number.
        product_no: Option<&str> = item.product_no.as_deref();
        /// More about it.
        description: Option<&str> = item.description.as_deref();
    }
}

/// The lines of a cart: `CartItem`s, or dicts with the same names.
pub(crate) fn items(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<netgiro::CartItem>> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let py = value.py();
    let mut items = Vec::new();
    for (at, item) in many("items", "a sequence of CartItem or dicts", value)?
        .into_iter()
        .enumerate()
    {
        let item = match item.cast::<PyDict>() {
            Ok(named) => py
                .get_type::<CartItem>()
                .call((), Some(named))
                .map_err(|error| {
                    let is_named = error.is_instance_of::<PyTypeError>(py)
                        || error.is_instance_of::<PyValueError>(py);
                    if is_named {
                        errors::invalid(py, format!("items[{at}]: {}", error.value(py)))
                    } else {
                        error
                    }
                })?,
            Err(_) => item,
        };
        let item = Bound::<CartItem>::of(&format!("items[{at}]"), &item)?;
        items.push(item.get().0.clone());
    }
    Ok(items)
}
