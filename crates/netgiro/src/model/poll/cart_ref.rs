//! A cart to check, and what is known of it.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::model::cart::Cart;
use crate::model::cart::payment_info::PaymentInfo;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, Result};
use crate::model::poll::CartPoll;
use crate::model::text::quote;
use crate::model::values::amount::Amount;

/// A cart to check: its id, and what is known of it.
///
/// Made from a [`Cart`], a [`CartState`], a [`CartPoll`], a [`Uuid`], or its text. Where the amount or
/// the reference is known, an answer that tells of another is refused.
#[derive(Clone, Debug)]
pub struct CartRef {
    pub(crate) transaction_id: Uuid,
    pub(crate) amount: Option<Amount>,
    pub(crate) reference: Option<String>,
    pub(crate) check_interval: Option<Duration>,
    pub(crate) poll: Option<Box<CartPoll>>,
    /// When an earlier check found it canceled, or not there yet.
    pub(crate) doubted_at: Option<Timestamp>,
}

impl CartRef {
    /// A cart by the text of its id; `argument` names it in the error.
    pub fn parse(argument: &str, text: &str) -> Result<Self> {
        match Uuid::parse_str(text.trim()) {
            // The nil GUID is what .NET sends for "none": checked, it would come back as canceled.
            Ok(id) if !id.is_nil() => Ok(Self::from(id)),
            _ => Err(Error::invalid_request(format!(
                "{argument} must be a cart's GUID, as insert_cart gave it; got {}",
                quote::text(text)
            ))),
        }
    }

    /// The server's id of the cart.
    #[must_use]
    pub fn transaction_id(&self) -> Uuid {
        self.transaction_id
    }

    /// The amount it was inserted with, where that is known.
    #[must_use]
    pub fn amount(&self) -> Option<Amount> {
        self.amount
    }

    /// The reference it was inserted with, where that is known.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The same cart, inserted with this amount: an answer that tells of another one is refused.
    #[must_use]
    pub fn with_amount(self, amount: Amount) -> Self {
        Self {
            amount: Some(amount),
            ..self
        }
    }

    /// The same cart, inserted with this reference: an answer that tells of another one is refused.
    #[must_use]
    pub fn with_reference(self, reference: impl Into<String>) -> Self {
        Self {
            reference: Some(reference.into()),
            ..self
        }
    }

    /// The same cart, with the server's hint of how often to ask.
    #[must_use]
    pub fn with_check_interval(self, interval: Duration) -> Self {
        Self {
            check_interval: Some(interval),
            ..self
        }
    }

    /// Refuses a part of the cart's amount, to be captured or refunded, that is more than all of it.
    pub(crate) fn check_part(&self, part: Amount) -> Result<()> {
        match self.amount.filter(|whole| *whole < part) {
            None => Ok(()),
            Some(whole) => Err(Error::invalid_request(format!(
                "amount must not be more than what the cart was inserted with, {whole} kr.; got {part}"
            ))),
        }
    }

    /// Why a state cannot be what an answer about this cart said.
    pub(crate) fn contradiction(&self, state: &CartState) -> Option<String> {
        state
            .contradiction(self.transaction_id)
            .or_else(|| self.mismatch(state.payment.as_deref()))
    }

    /// Why a payment is not the one for this cart, as far as its amount and reference are known.
    pub(crate) fn mismatch(&self, payment: Option<&PaymentInfo>) -> Option<String> {
        let payment = payment?;
        if let (Some(received), Some(known)) = (payment.total_amount, self.amount)
            && received != known
        {
            return Some(format!(
                "Netgíró holds {received} kr. for cart {}, the order is {known} kr.: do not ship, look into it",
                self.transaction_id
            ));
        }
        if let (Some(received), Some(known)) = (&payment.reference_number, &self.reference)
            && received != known
        {
            return Some(format!(
                "Netgíró holds reference {received:?} for cart {}, the order is {known:?}: do not ship, look into it",
                self.transaction_id
            ));
        }
        None
    }
}

impl From<Uuid> for CartRef {
    fn from(transaction_id: Uuid) -> Self {
        Self {
            transaction_id,
            amount: None,
            reference: None,
            check_interval: None,
            poll: None,
            doubted_at: None,
        }
    }
}

impl From<&Cart> for CartRef {
    fn from(cart: &Cart) -> Self {
        Self {
            amount: Some(cart.amount),
            reference: Some(cart.reference.clone()),
            check_interval: cart.check_interval,
            ..Self::from(cart.transaction_id)
        }
    }
}

impl From<&CartState> for CartRef {
    fn from(state: &CartState) -> Self {
        Self::from(state.transaction_id)
    }
}

impl From<&CartPoll> for CartRef {
    fn from(poll: &CartPoll) -> Self {
        Self {
            poll: Some(Box::new(poll.clone())),
            ..poll.cart()
        }
    }
}

impl FromStr for CartRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse("transaction_id", text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::CartRef;
    use crate::model::cart::Cart;
    use crate::model::values::amount::Amount;

    #[test]
    fn what_is_known_of_a_cart_is_kept() {
        let cart = Cart {
            transaction_id: Uuid::from_u128(1),
            reference: "order-1".to_owned(),
            amount: Amount::new(4990).unwrap(),
            check_interval: Some(Duration::from_secs(7)),
            message: None,
            reference_id: None,
        };
        let added = CartRef::from(cart.transaction_id)
            .with_amount(cart.amount)
            .with_reference("order-1")
            .with_check_interval(Duration::from_secs(7));
        for known in [CartRef::from(&cart), added] {
            assert_eq!(known.transaction_id(), cart.transaction_id);
            assert_eq!(known.amount(), Some(cart.amount));
            assert_eq!(known.reference(), Some("order-1"));
            assert_eq!(known.check_interval, cart.check_interval);
        }
    }
}
