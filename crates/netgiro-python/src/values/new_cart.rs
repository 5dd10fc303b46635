//! The arguments of `insert_cart`: read, and checked without sending anything.

use netgiro::{ApiVersion, NewCart};
use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::read_arguments;
use crate::errors::OrRaise;
use crate::panics;
use crate::values::cart_item;

/// What `insert_cart` is given.
pub(crate) struct NewCartArgs<'a, 'py> {
    pub(crate) amount: &'a Bound<'py, PyAny>,
    pub(crate) reference: &'a Bound<'py, PyAny>,
    pub(crate) customer_id: Option<&'a Bound<'py, PyAny>>,
    pub(crate) access_code: Option<&'a Bound<'py, PyAny>>,
    pub(crate) barcode: Option<&'a Bound<'py, PyAny>>,
    pub(crate) confirmation_type: Option<&'a Bound<'py, PyAny>>,
    pub(crate) callback_url: Option<&'a Bound<'py, PyAny>>,
    pub(crate) callback_cancel_url: Option<&'a Bound<'py, PyAny>>,
    pub(crate) description: Option<&'a Bound<'py, PyAny>>,
    pub(crate) items: Option<&'a Bound<'py, PyAny>>,
    pub(crate) location_id: Option<&'a Bound<'py, PyAny>>,
    pub(crate) register_id: Option<&'a Bound<'py, PyAny>>,
}

impl NewCartArgs<'_, '_> {
    /// The cart that they describe.
    pub(crate) fn read(self) -> PyResult<NewCart> {
        panics::caught(|| {
            let amount = convert::amount("amount", self.amount)?;
            let reference = convert::reference(self.reference)?;
            let customer = convert::customer(
                self.amount.py(),
                self.customer_id,
                self.access_code,
                self.barcode,
            )?;
            let mut cart = NewCart::new(amount, reference, customer);
            if let Some(kind) = self.confirmation_type {
                cart.confirmation_type = convert::word("confirmation_type", kind)?;
            }
            let Self {
                callback_url,
                callback_cancel_url,
                description,
                location_id,
                register_id,
                ..
            } = self;
            read_arguments!(
                callback_url,
                callback_cancel_url,
                description,
                location_id,
                register_id
            );
            cart.callback_url = callback_url;
            cart.callback_cancel_url = callback_cancel_url;
            cart.description = description;
            cart.items = cart_item::items(self.items)?;
            cart.location_id = location_id;
            cart.register_id = register_id;
            Ok(cart)
        })
    }
}

/// Check the arguments of `insert_cart`; raises what `insert_cart` of a client with this `api` would raise for them before
/// anything is sent.
#[pyfunction]
#[pyo3(signature = (
    *, amount, reference, customer_id=None, access_code=None, barcode=None, confirmation_type=None,
    callback_url=None, callback_cancel_url=None, description=None, items=None, location_id=None,
    register_id=None, api=None
))]
#[expect(clippy::too_many_arguments, reason = "as many as a cart has members")]
pub(crate) fn check_new_cart(
    py: Python<'_>,
    amount: &Bound<'_, PyAny>,
    reference: &Bound<'_, PyAny>,
    customer_id: Option<&Bound<'_, PyAny>>,
    access_code: Option<&Bound<'_, PyAny>>,
    barcode: Option<&Bound<'_, PyAny>>,
    confirmation_type: Option<&Bound<'_, PyAny>>,
    callback_url: Option<&Bound<'_, PyAny>>,
    callback_cancel_url: Option<&Bound<'_, PyAny>>,
    description: Option<&Bound<'_, PyAny>>,
    items: Option<&Bound<'_, PyAny>>,
    location_id: Option<&Bound<'_, PyAny>>,
    register_id: Option<&Bound<'_, PyAny>>,
    api: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let api = api.map_or(Ok(ApiVersion::V1), |api| convert::word("api", api))?;
    let arguments = NewCartArgs {
        amount,
        reference,
        customer_id,
        access_code,
        barcode,
        confirmation_type,
        callback_url,
        callback_cancel_url,
        description,
        items,
        location_id,
        register_id,
    };
    arguments.read()?.validate_for(api).or_raise(py)
}
