//! A cart to be inserted, and its lines.

use napi_derive::napi;
use netgiro::{CartItem, CustomerId, Error, NewCart, Result};

use crate::arguments::amount::{AmountInput, amount};

/// A cart to be inserted.
#[napi(object, object_to_js = false)]
pub struct NewCartInput {
    /// Whole krónur.
    pub amount: AmountInput,
    /// The shop's order id.
    pub reference: String,
    /// Who is asked.
    pub customer_id: Option<String>,
    /// Who pays at once, by a code.
    pub access_code: Option<String>,
    /// Who pays at once, by what a till scanned.
    pub barcode: Option<String>,
    /// A word, or its number as text.
    pub confirmation_type: Option<String>,
    /// Where the server reports a confirmation.
    pub callback_url: Option<String>,
    /// Where the server reports a cancellation.
    pub callback_cancel_url: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
    /// The lines.
    pub items: Option<Vec<ItemInput>>,
    /// The place of sale.
    pub location_id: Option<String>,
    /// The till.
    pub register_id: Option<String>,
}

/// One line of a cart.
#[napi(object, object_to_js = false)]
pub struct ItemInput {
    /// What is bought.
    pub name: String,
    /// Whole krónur for one piece.
    pub unit_price: AmountInput,
    /// Pieces, in decimal text.
    pub quantity: String,
    /// Whole krónur for the line.
    pub amount: Option<AmountInput>,
    /// The shop's product number.
    pub product_no: Option<String>,
    /// More about it.
    pub description: Option<String>,
}

pub(crate) fn new_cart(input: NewCartInput) -> Result<NewCart> {
    let items = input
        .items
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(index, input)| item(index, input))
        .collect::<Result<_>>()?;
    let customer_id = CustomerId::one_of(
        input.customer_id.as_deref(),
        input.access_code.as_deref(),
        input.barcode.as_deref(),
    )?;
    let mut cart = NewCart::new(
        amount("amount", &input.amount)?,
        input.reference,
        customer_id,
    );
    if let Some(confirmation_type) = input.confirmation_type {
        cart.confirmation_type = confirmation_type.parse()?;
    }
    cart.callback_url = input.callback_url;
    cart.callback_cancel_url = input.callback_cancel_url;
    cart.description = input.description;
    cart.items = items;
    cart.location_id = input.location_id;
    cart.register_id = input.register_id;
    Ok(cart)
}

fn item(index: usize, input: ItemInput) -> Result<CartItem> {
    let of_this = |member: &str| format!("items[{index}].{member}");
    let unit_price = amount(&of_this("unitPrice"), &input.unit_price)?;
    let total = input
        .amount
        .map(|total| amount(&of_this("amount"), &total))
        .transpose()?;
    let mut item = CartItem::new(input.name, unit_price, &input.quantity, total)
        .map_err(|error| Error::new(error.kind(), of_this(error.message())))?;
    item.product_no = input.product_no;
    item.description = input.description;
    Ok(item)
}
