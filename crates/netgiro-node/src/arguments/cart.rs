//! A cart that exists: its id, or what is known of it beside.

use std::str::FromStr as _;

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use netgiro::{CartPoll, CartRef, Error, Result};

use crate::arguments::amount::{AmountInput, amount};
use crate::arguments::scalars::milliseconds;

/// A cart: the text of its id, or what is known of it.
pub(crate) type CartInput = Either<String, CartRefInput>;

/// What is known of a cart beside its id.
#[napi(object, object_to_js = false)]
pub struct CartRefInput {
    /// The cart's id.
    pub transaction_id: Option<String>,
    /// The amount it was inserted with.
    pub amount: Option<AmountInput>,
    /// The reference it was inserted with.
    pub reference: Option<String>,
    /// The server's poll hint, in milliseconds.
    pub check_interval: Option<f64>,
    /// A poll of it, as JSON.
    pub poll: Option<String>,
}

pub(crate) fn cart_ref(input: &CartInput) -> Result<CartRef> {
    let known = match input {
        Either::A(text) => return text.parse(),
        Either::B(known) => known,
    };
    if let Some(token) = &known.poll {
        return Ok(CartRef::from(&CartPoll::from_json(token)?));
    }
    let mut cart = CartRef::from_str(known.transaction_id.as_deref().unwrap_or_default())?;
    if let Some(input) = &known.amount {
        cart = cart.with_amount(amount("amount", input)?);
    }
    if let Some(reference) = &known.reference {
        cart = cart.with_reference(reference);
    }
    if let Some(interval) = known.check_interval {
        cart = cart.with_check_interval(milliseconds("checkInterval", interval)?);
    }
    Ok(cart)
}

/// The carts of a bulk call; the error names the place of what is not a cart.
pub(crate) fn cart_refs(input: &[CartInput]) -> Result<Vec<CartRef>> {
    input
        .iter()
        .enumerate()
        .map(|(index, input)| {
            cart_ref(input).map_err(|error| {
                Error::new(error.kind(), format!("carts[{index}]: {}", error.message()))
            })
        })
        .collect()
}
