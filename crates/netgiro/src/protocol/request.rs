//! The bytes of a request.

use serde::Serialize;
use uuid::Uuid;

use crate::model::cart::new_cart::{CartItem, NewCart};
use crate::model::error::{Error, Result};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InsertCartRequest<'a> {
    amount: i64,
    reference: &'a str,
    customer_id: &'a str,
    confirmation_type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_cancel_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cart_item_requests: Vec<CartItemRequest<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    register_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CartItemRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    product_no: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    unit_price: i64,
    quantity: i64,
    amount: i64,
}

impl<'a> From<&'a CartItem> for CartItemRequest<'a> {
    fn from(item: &'a CartItem) -> Self {
        Self {
            product_no: item.product_no.as_deref(),
            name: &item.name,
            description: item.description.as_deref(),
            unit_price: item.unit_price.kronur(),
            quantity: item.quantity_in_thousandths(),
            amount: item.amount.kronur(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CartRequest<'a> {
    transaction_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<&'a str>,
}

pub(crate) fn insert_cart_request(cart: &NewCart) -> Result<Vec<u8>> {
    to_json(&InsertCartRequest {
        amount: cart.amount.kronur(),
        reference: &cart.reference,
        customer_id: cart.customer_id.as_str(),
        confirmation_type: cart.confirmation_type.number(),
        callback_url: cart.callback_url.as_deref(),
        callback_cancel_url: cart.callback_cancel_url.as_deref(),
        description: cart.description.as_deref(),
        cart_item_requests: cart.items.iter().map(CartItemRequest::from).collect(),
        location_id: cart.location_id.as_deref(),
        register_id: cart.register_id.as_deref(),
    })
}

pub(crate) fn cart_request(transaction_id: Uuid, identifier: Option<&str>) -> Result<Vec<u8>> {
    to_json(&CartRequest {
        transaction_id,
        identifier,
    })
}

pub(crate) fn to_json(request: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(request)
        .map_err(|error| Error::invalid_request(format!("the request has no JSON form: {error}")))
}
