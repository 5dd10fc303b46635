//! What is sent and what comes back: carts, their states, and what was paid.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;
use uuid::Uuid;

use crate::model::error::{Error, Result};
use crate::model::poll::CartPoll;
use crate::model::status::{CartStatus, ResultCode, one_of, word};
use crate::model::text::quote;
use crate::model::values::amount::Amount;
use crate::model::values::customer::CustomerId;
use crate::model::values::decimal::{self, exact_decimal};

/// Who creates the payment once the customer has accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConfirmationType {
    /// The server does, at once (0).
    #[default]
    Automatic,
    /// The server does, when the shop's callback URL has answered 200 (1).
    ServerCallback,
    /// The shop does, with `confirm_cart` (2).
    Manual,
}

impl ConfirmationType {
    /// Every type, in the order of their numbers.
    pub const ALL: &'static [Self] = &[Self::Automatic, Self::ServerCallback, Self::Manual];

    /// The word for it, the same in Rust, Python and Node.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::ServerCallback => "server_callback",
            Self::Manual => "manual",
        }
    }

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
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.number().to_string() == text)
            .or_else(|| word(text, Self::ALL, Self::as_str))
            .ok_or_else(|| {
                Error::invalid_request(one_of(
                    "confirmation_type",
                    &quote::word(text),
                    Self::ALL,
                    Self::as_str,
                ))
            })
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

    /// Refuses what the server would refuse, or worse, accept; `insert_cart` does so before anything is sent.
    pub fn validate(&self) -> Result<()> {
        if self.reference.trim().is_empty() {
            return Err(Error::invalid_request(format!(
                "reference must be the order's id; got {:?}",
                self.reference
            )));
        }
        check_reference(&self.reference)?;
        absolute_url("callback_url", self.callback_url.as_deref())?;
        absolute_url("callback_cancel_url", self.callback_cancel_url.as_deref())?;
        if self.confirmation_type == ConfirmationType::ServerCallback && self.callback_url.is_none()
        {
            return Err(Error::invalid_request(
                "confirmation_type \"server_callback\" needs a callback_url; got none",
            ));
        }
        Ok(())
    }
}

/// Refuses a reference with control characters or line breaks in it: it is compared, logged and looked up, and
/// where one of these is dropped or changed on the way, it is another order's. Texts that are only shown to people
/// may have lines.
pub fn check_reference(reference: &str) -> Result<()> {
    let has_controls =
        reference.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    if has_controls {
        return Err(Error::invalid_request(format!(
            "reference must be the order's id, without control characters; got {}",
            quote::text(reference)
        )));
    }
    Ok(())
}

fn absolute_url(argument: &str, url: Option<&str>) -> Result<()> {
    let Some(text) = url else { return Ok(()) };
    // The text is what gets signed, so one that parsing would mend is refused.
    let is_as_written = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\')
        && text
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.starts_with('/'));
    // A host in any letters is left to the server: to read it takes tables that the packages do without.
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

/// A cart the server has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cart {
    /// The server's id of the cart.
    pub transaction_id: Uuid,
    /// The shop's order id, as sent.
    pub reference: String,
    /// The amount, as sent.
    pub amount: Amount,
    /// How often the server wants to be asked; `None` when it did not say.
    pub check_interval: Option<Duration>,
    /// What the server has to say about it.
    pub message: Option<String>,
    /// What identifies the call to Netgíró's support.
    pub reference_id: Option<String>,
}

/// Where a cart stood when it was checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct CartState {
    /// The server's id of the cart.
    pub transaction_id: Uuid,
    /// What the result code means.
    pub status: CartStatus,
    /// The result code, also when its meaning is unknown.
    pub result_code: Option<i64>,
    /// What the server said about the payment; CancelCart says nothing.
    pub payment_successful: Option<bool>,
    /// What the server has to say about it.
    pub message: Option<String>,
    /// What was paid or reserved, when the server said so.
    pub payment: Option<Box<PaymentInfo>>,
    /// What identifies the call to Netgíró's support.
    pub reference_id: Option<String>,
    /// When the answer came in.
    pub checked_at: Timestamp,
}

impl CartState {
    /// Whether the cart can no longer change.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status.is_final()
    }

    /// Whether the cart is paid: true only when the server said so, in an answer that no check refused.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.status.is_paid()
    }

    /// Whether it may stand for a cart that the server does not have yet: CheckCart gives result code 10201 for
    /// canceled carts, and for unknown ones.
    pub(crate) fn may_be_missing(&self) -> bool {
        let names_nothing = self
            .payment
            .as_deref()
            .is_none_or(|payment| *payment == PaymentInfo::default());
        match self.status {
            CartStatus::NotFound => true,
            CartStatus::Canceled => {
                names_nothing
                    && self
                        .result_code
                        .is_none_or(|code| code == ResultCode::CANCELED)
            }
            _ => false,
        }
    }

    /// The state that CheckCart's answer with this status gives.
    pub(crate) fn as_checked(
        transaction_id: Uuid,
        status: CartStatus,
        checked_at: Timestamp,
    ) -> Self {
        let mut state = Self::of(transaction_id, status, checked_at);
        if status.is_final() {
            let said = |known: &&ResultCode| known.status == Some(status);
            state.result_code = ResultCode::ALL.iter().find(said).map(|known| known.code);
            state.payment_successful = Some(status.is_paid());
        }
        state
    }

    /// A state of which only the status is known.
    #[must_use]
    pub fn of(transaction_id: Uuid, status: CartStatus, checked_at: Timestamp) -> Self {
        Self {
            transaction_id,
            status,
            result_code: None,
            payment_successful: None,
            message: None,
            payment: None,
            reference_id: None,
            checked_at,
        }
    }
}

impl Serialize for CartState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// What is read back gets the checks that an answer gets, wherever it was kept.
impl<'de> Deserialize<'de> for CartState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let state = Self::deserialize(deserializer)?;
        match state.contradiction(&CartRef::from(state.transaction_id)) {
            None => Ok(state),
            Some(why) => Err(D::Error::custom(format!("{why}: it contradicts itself"))),
        }
    }
}

/// What the server holds about a payment. Every member can be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentInfo {
    /// The server's id of the cart.
    pub transaction_id: Option<Uuid>,
    /// The number of the invoice.
    pub invoice_number: Option<i64>,
    /// The shop's order id.
    pub reference_number: Option<String>,
    /// 1 unconfirmed, 2 confirmed, 5 canceled.
    pub status_id: Option<i64>,
    /// When the payment was created.
    pub created: Option<Timestamp>,
    /// The total in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub total_amount: Option<Decimal>,
    /// The discount in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub discount_amount: Option<Decimal>,
    /// The cost of shipping in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub shipping_amount: Option<Decimal>,
    /// The cost of handling in krónur.
    #[serde(deserialize_with = "decimal::kept")]
    pub handling_amount: Option<Decimal>,
    /// The number of the customer's account.
    pub account_number: Option<i64>,
    /// In how many parts the customer pays.
    pub number_of_installments: Option<i64>,
    /// Whether the customer's identity was confirmed.
    pub client_identity_confirmed: Option<bool>,
    /// The shop's own name for the place of sale.
    pub location_id: Option<String>,
    /// The shop's own name for the till.
    pub register_id: Option<String>,
}

/// One answer of a bulk call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckResult {
    /// The server's id of the cart.
    pub transaction_id: Uuid,
    /// Where the cart stands, or why that could not be learnt.
    pub outcome: Result<CartState>,
}

impl CheckResult {
    /// Refuses a result that is handed in and can be no answer about its cart.
    pub fn validate(&self) -> Result<()> {
        let Ok(state) = &self.outcome else {
            return Ok(());
        };
        match state.contradiction(&CartRef::from(self.transaction_id)) {
            None => Ok(()),
            Some(why) => Err(Error::invalid_request(format!(
                "the result of cart {} contradicts itself: {why}",
                self.transaction_id
            ))),
        }
    }
}

/// A cart to ask about: its id, and what is known of it.
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
        match Uuid::parse_str(text.trim()) {
            // The nil GUID is what .NET sends for "none": asked about, it would come back as canceled.
            Ok(id) if !id.is_nil() => Ok(Self::from(id)),
            _ => Err(Error::invalid_request(format!(
                "transaction_id must be a cart's GUID, as insert_cart gave it; got {}",
                quote::text(text)
            ))),
        }
    }
}
