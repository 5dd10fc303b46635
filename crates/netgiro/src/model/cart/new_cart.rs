//! A cart to be inserted, checked before anything is sent.

use std::str::FromStr;

use rust_decimal::Decimal;
use url::Url;

use crate::model::api_version::ApiVersion;
use crate::model::cart::require_reference;
use crate::model::error::{Error, Result};
use crate::model::text::quote;
use crate::model::text::words::{self, words};
use crate::model::values::amount::Amount;
use crate::model::values::customer::{CustomerId, CustomerIdKind};
use crate::model::values::decimal::exact_decimal;

words! {
    /// Who creates the payment once the customer has accepted.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub enum ConfirmationType {
        /// The server does, at once (0).
        #[default]
        Automatic = "automatic",
        /// The server does, when the shop's callback URL has answered 200 (1).
        ServerCallback = "server_callback",
        /// The shop does, with `confirm_cart` (2).
        Manual = "manual",
    }

    /// Every type, in the order of their numbers.
    const ALL;
}

impl ConfirmationType {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Automatic => 0,
            Self::ServerCallback => 1,
            Self::Manual => 2,
        }
    }
}

impl FromStr for ConfirmationType {
    type Err = Error;

    /// Reads the word or the number.
    fn from_str(text: &str) -> Result<Self> {
        let numbered = |kind: &&Self| kind.number().to_string() == text;
        match Self::ALL.iter().find(numbered) {
            Some(kind) => Ok(*kind),
            None => words::parse(
                "confirmation_type",
                text,
                quote::word,
                Self::ALL,
                Self::as_str,
                Error::invalid_request,
            ),
        }
    }
}

/// One line of a cart, as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CartItem {
    /// What is bought.
    pub name: String,
    /// The price of one piece.
    pub unit_price: Amount,
    /// Thousandths of a piece: 2 pieces are 2000.
    quantity: i64,
    /// The line's total.
    pub amount: Amount,
    /// The shop's product number.
    pub product_no: Option<String>,
    /// More about it.
    pub description: Option<String>,
}

impl CartItem {
    /// A line of `quantity` pieces, a decimal number in text with at most three decimals (`"2"`, `"0.25"`).
    ///
    /// Without an `amount` the line's total is the price times the quantity, which must then be whole.
    pub fn new(
        name: impl Into<String>,
        unit_price: Amount,
        quantity: &str,
        amount: Option<Amount>,
    ) -> Result<Self> {
        let pieces = exact_decimal(quantity)
            .filter(|pieces| *pieces > Decimal::ZERO && pieces.normalize().scale() <= 3)
            .ok_or_else(|| {
                Error::invalid_request(format!(
                    "quantity must be a number of pieces above 0 with at most three decimals; got {quantity}"
                ))
            })?;
        let thousandths = pieces
            .checked_mul(Decimal::ONE_THOUSAND)
            .and_then(|thousandths| i32::try_from(thousandths).ok())
            .ok_or_else(|| {
                Error::invalid_request(format!("quantity is too large; got {quantity}"))
            })?;
        let amount = match amount {
            Some(amount) => amount,
            None => pieces
                .checked_mul(Decimal::from(unit_price.kronur()))
                .filter(|total| total.fract().is_zero())
                .and_then(|total| i64::try_from(total).ok())
                .and_then(|total| Amount::new(total).ok())
                .ok_or_else(|| {
                    Error::invalid_request(format!(
                        "{quantity} × {unit_price} is no amount in whole krónur: give the item's amount"
                    ))
                })?,
        };
        Ok(Self {
            name: name.into(),
            unit_price,
            quantity: thousandths.into(),
            amount,
            product_no: None,
            description: None,
        })
    }

    /// The quantity in pieces, exactly.
    #[must_use]
    pub fn quantity(&self) -> Decimal {
        Decimal::new(self.quantity, 3).normalize()
    }

    /// The quantity as the API counts it: in thousandths of a piece.
    #[must_use]
    pub fn quantity_in_thousandths(&self) -> i64 {
        self.quantity
    }
}

/// A cart to be inserted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewCart {
    /// What the customer is asked to pay.
    pub amount: Amount,
    /// The shop's order id, without control characters.
    pub reference: String,
    /// Who is asked.
    pub customer_id: CustomerId,
    /// Who creates the payment once the customer has accepted.
    pub confirmation_type: ConfirmationType,
    /// Where the server reports that the customer confirmed; needed for `ServerCallback`.
    pub callback_url: Option<String>,
    /// Where the server reports that the customer canceled.
    pub callback_cancel_url: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
    /// The lines of the cart.
    pub items: Vec<CartItem>,
    /// The shop's own name for the place of sale.
    pub location_id: Option<String>,
    /// The shop's own name for the till.
    pub register_id: Option<String>,
}

impl NewCart {
    /// A cart with everything that is required; set the other fields as needed.
    #[must_use]
    pub fn new(amount: Amount, reference: impl Into<String>, customer_id: CustomerId) -> Self {
        Self {
            amount,
            reference: reference.into(),
            customer_id,
            confirmation_type: ConfirmationType::default(),
            callback_url: None,
            callback_cancel_url: None,
            description: None,
            items: Vec::new(),
            location_id: None,
            register_id: None,
        }
    }

    /// Refuses what the server would refuse, or worse, accept, where a client speaks V1; `insert_cart` does so before
    /// anything is sent.
    pub fn validate(&self) -> Result<()> {
        self.validate_for(ApiVersion::V1)
    }

    /// The same for the API that a client speaks. What that API does not have is refused by its name.
    #[doc(hidden)]
    pub fn validate_for(&self, api: ApiVersion) -> Result<()> {
        require_reference(&self.reference)?;
        absolute_url("callback_url", self.callback_url.as_deref())?;
        absolute_url("callback_cancel_url", self.callback_cancel_url.as_deref())?;
        if self.confirmation_type == ConfirmationType::ServerCallback && self.callback_url.is_none()
        {
            return Err(Error::invalid_request(
                "confirmation_type \"server_callback\" needs a callback_url; got none",
            ));
        }
        match api {
            ApiVersion::V1 => self.refuse_what_v1_lacks(),
            ApiVersion::V2 => self.refuse_what_v2_lacks(),
        }
    }

    fn refuse_what_v1_lacks(&self) -> Result<()> {
        match self.customer_id.kind() {
            kind @ (CustomerIdKind::AccessCode | CustomerIdKind::Barcode) => {
                Err(Error::invalid_request(format!(
                    "{} is of V2: make the client with api \"v2\", or give a customer_id",
                    kind.as_str()
                )))
            }
            _ => Ok(()),
        }
    }

    fn refuse_what_v2_lacks(&self) -> Result<()> {
        let refused = |why: &str| Err(Error::invalid_request(why));
        match self.customer_id.kind() {
            CustomerIdKind::Kennitala => {
                return refused(
                    "customer_id has ten digits, which V2 takes for an access code and not for a kennitala: give a mobile \
                     number, or the code as access_code",
                );
            }
            CustomerIdKind::AppCode => {
                return refused(
                    "customer_id is an app code, which V2 does not have: give a mobile number, or what the till scanned as \
                     barcode",
                );
            }
            CustomerIdKind::Phone | CustomerIdKind::AccessCode | CustomerIdKind::Barcode => {}
        }
        if self.confirmation_type == ConfirmationType::Automatic && self.callback_url.is_some() {
            return refused(
                "callback_url makes the payment wait for its answer in V2, so confirmation_type cannot be \"automatic\": \
                 give \"server_callback\", or leave callback_url out",
            );
        }
        let lacks = [
            ("items", !self.items.is_empty()),
            ("description", self.description.is_some()),
            ("location_id", self.location_id.is_some()),
            ("register_id", self.register_id.is_some()),
        ];
        match lacks.iter().find(|(_, is_given)| *is_given) {
            Some((argument, _)) => Err(Error::invalid_request(format!(
                "{argument} cannot be sent: V2 does not have it; leave it out, or use api \"v1\""
            ))),
            None => Ok(()),
        }
    }
}

pub(crate) fn absolute_url(argument: &str, url: Option<&str>) -> Result<()> {
    let Some(text) = url else { return Ok(()) };
    // The text itself is signed, so one that parsing would change is refused.
    let is_as_written = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\')
        && text
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.starts_with('/'));
    // A host outside ASCII is left to the server: reading it takes tables that the packages do without.
    let in_ascii: String = text
        .chars()
        .map(|c| if c.is_ascii() { c } else { 'x' })
        .collect();
    match Url::parse(&in_ascii) {
        Ok(url) if is_as_written && matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(())
        }
        _ => Err(Error::invalid_request(format!(
            "{argument} must be an absolute http or https URL; got {}",
            quote::text(text)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::CartItem;
    use crate::model::values::amount::Amount;

    #[test]
    fn a_quantity_is_read_as_it_was_given() {
        let price = Amount::new(1000).unwrap();
        let item = CartItem::new("rope", price, "1.5", None).unwrap();
        assert_eq!(item.quantity().to_string(), "1.5");
        assert_eq!(item.quantity_in_thousandths(), 1500);
    }
}
