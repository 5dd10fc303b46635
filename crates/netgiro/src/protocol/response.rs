//! The API's JSON, both ways: the bytes of a request, and what the bytes of an answer mean.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::cart::new_cart::{CartItem, NewCart};
use crate::model::cart::payment_info::PaymentInfo;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::status::{CartStatus, ResultCode};
use crate::model::text::masking::mask_within;
use crate::model::text::quote;
use crate::model::values::decimal::exact_decimal;
use crate::options::PaymentInfoPolicy;
use crate::protocol::insert_response;

/// The calls of the API: of the checkout, which is V1, and of the settlements, which are V2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    InsertCart,
    CheckCart,
    ConfirmCart,
    CancelCart,
    SettlementList,
    SettlementItems,
}

impl Endpoint {
    /// The calls of the checkout, in the order of `Settings`' URLs.
    pub(crate) const CHECKOUT: [Self; 4] = [
        Self::InsertCart,
        Self::CheckCart,
        Self::ConfirmCart,
        Self::CancelCart,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InsertCart => "InsertCart",
            Self::CheckCart => "CheckCart",
            Self::ConfirmCart => "ConfirmCart",
            Self::CancelCart => "CancelCart",
            Self::SettlementList => "SettlementList",
            Self::SettlementItems => "SettlementItems",
        }
    }

    /// Whether request and answer are signed. V2 signs neither, and knows the shop by its app key.
    pub(crate) const fn is_signed(self) -> bool {
        !matches!(self, Self::SettlementList | Self::SettlementItems)
    }

    /// Whether sending it twice does no more than sending it once.
    pub(crate) const fn is_repeatable(self) -> bool {
        !matches!(self, Self::InsertCart)
    }
}

// ---- requests ----------------------------------------------------------------------------------

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

fn to_json(request: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(request)
        .map_err(|error| Error::invalid_request(format!("the request has no JSON form: {error}")))
}

// ---- answers -----------------------------------------------------------------------------------

/// What came back from a call, verified, with a 2xx status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http_status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) reference_id: Option<String>,
    /// The signature, where it was verified.
    pub(crate) signature: Option<String>,
    pub(crate) received_at: Timestamp,
}

impl Answer {
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        let error = Error::new(kind, message);
        // Asked again, the server may give a sound answer.
        let retryable = error.retryable() || kind == ErrorKind::Protocol;
        error
            .with_retryable(retryable)
            .with_http_status(self.http_status)
            .with_reference_id(self.reference_id.clone())
            .with_request_sent(RequestSent::Yes)
    }

    pub(crate) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        parse(&self.body).map_err(|(kind, message)| self.error(kind, message))
    }

    /// Where the cart stands after CheckCart, ConfirmCart or CancelCart.
    pub(crate) fn into_state(self, endpoint: Endpoint, asked: &Asked<'_>) -> Result<CartState> {
        let Asked {
            cart,
            payment_info: policy,
            called_paid_by,
        } = *asked;
        let wire: CartAnswer<'_> = self.parse()?;
        let (Some(success), Some(code)) = (wire.success, wire.result_code) else {
            return Err(match wire.result_code {
                Some(_) => self.error(ErrorKind::Protocol, "the body lacks Success"),
                None => self.error(
                    ErrorKind::Server,
                    format!("the body is not the API's: {}", beginning(&self.body)),
                ),
            });
        };
        let payment = payment_info(wire.payment_info)
            .map_err(|why| self.error(ErrorKind::Protocol, why).with_result_code(code))?;
        let outcome = Outcome {
            success,
            payment_successful: wire.payment_successful,
            code,
            status_id: payment.as_ref().and_then(|payment| payment.status_id),
        };
        let contradiction = outcome
            .contradiction(endpoint)
            .or_else(|| another_cart(payment.as_ref(), cart))
            .or_else(|| drops_a_paid_one(called_paid_by, code));
        if let Some(why) = contradiction {
            return Err(self
                .error(
                    ErrorKind::Protocol,
                    format!("{}'s answer contradicts itself: {why}", endpoint.name()),
                )
                .with_result_code(code));
        }
        if let Some(why) = mismatch(payment.as_ref(), cart) {
            return Err(self.error(ErrorKind::Mismatch, why).with_result_code(code));
        }
        if outcome.is_refusal(endpoint) {
            return Err(self
                .error(ErrorKind::Api, refusal(endpoint, wire.message.as_deref()))
                .with_result_code(code)
                .with_retryable(code == ResultCode::SERVER_ERROR));
        }
        let status = CartStatus::of_code(code);
        if status.is_paid()
            && is_believed(endpoint, code)
            && let Some(what) = unnamed(policy, payment.as_ref(), cart)
        {
            return Err(self
                .error(
                    ErrorKind::Protocol,
                    format!(
                        "{}'s answer says that the cart is paid, and {what}: payment_info is \"required\"",
                        endpoint.name()
                    ),
                )
                .with_result_code(code));
        }
        Ok(CartState {
            transaction_id: cart.transaction_id,
            status,
            result_code: Some(code),
            payment_successful: wire.payment_successful,
            message: wire.message.as_deref().map(mask_within),
            payment: payment.map(Box::new),
            reference_id: self.reference_id,
            checked_at: self.received_at,
        })
    }
}

/// The members of an answer that say whether something was paid, before they are believed.
pub(crate) struct Outcome {
    pub(crate) success: bool,
    pub(crate) payment_successful: Option<bool>,
    pub(crate) code: i64,
    pub(crate) status_id: Option<i64>,
}

impl Outcome {
    const STATUS_ID_CONFIRMED: i64 = 2;

    /// Why these members cannot all be true.
    pub(crate) fn contradiction(&self, endpoint: Endpoint) -> Option<String> {
        let status = CartStatus::of_code(self.code);
        let paid = self.payment_successful == Some(true);
        let says = |what: &str| Some(format!("result code {} with {what}", self.code));
        match status {
            // CancelCart says nothing of the payment, and Success false when it came too late.
            CartStatus::Confirmed => {
                if self
                    .status_id
                    .is_some_and(|id| id != Self::STATUS_ID_CONFIRMED)
                {
                    return says("a PaymentInfo that is not confirmed");
                }
                match endpoint {
                    Endpoint::CancelCart if self.payment_successful == Some(false) => {
                        says("PaymentSuccessful false")
                    }
                    Endpoint::CancelCart => None,
                    // Confirmed before: CheckCart is asked before it is believed.
                    Endpoint::ConfirmCart if self.code == ResultCode::ALREADY_CONFIRMED => None,
                    _ if !paid => says("PaymentSuccessful not true"),
                    _ if !self.success => says("Success not true"),
                    _ => None,
                }
            }
            CartStatus::Unknown => None,
            _ if paid => says("PaymentSuccessful true"),
            status if status.is_final() && self.status_id == Some(Self::STATUS_ID_CONFIRMED) => {
                says("a PaymentInfo that is confirmed")
            }
            _ => None,
        }
    }

    /// Whether the server said no, leaving the cart as it was.
    fn is_refusal(&self, endpoint: Endpoint) -> bool {
        CartStatus::of_code(self.code) == CartStatus::Unknown
            && (!self.success
                || (endpoint == Endpoint::ConfirmCart && self.payment_successful != Some(true)))
    }
}

impl CartState {
    /// Why a state that is read back, or handed in, cannot be what an answer about this cart said: an answer's
    /// own checks, made once more.
    pub(crate) fn contradiction(&self, cart: &CartRef) -> Option<String> {
        if self.transaction_id != cart.transaction_id {
            return Some(format!(
                "the state is about the cart {}, and not about {}",
                self.transaction_id, cart.transaction_id
            ));
        }
        let payment = self.payment.as_deref();
        let contradiction = match self.result_code {
            // It ends nothing. Its code may have got a meaning since it was written; those of a paid cart always had theirs.
            code if self.status == CartStatus::Unknown => code
                .filter(|&code| CartStatus::of_code(code).is_paid())
                .map(|code| format!("its status is unknown, with result code {code}")),
            Some(code) if CartStatus::of_code(code) != self.status => Some(format!(
                "its status is {}, and not that of result code {code}",
                self.status
            )),
            Some(code) => Outcome {
                success: true,
                payment_successful: self.payment_successful,
                code,
                status_id: payment.and_then(|payment| payment.status_id),
            }
            .contradiction(Endpoint::CheckCart),
            None if self.status.is_final() => Some(format!(
                "its status is {}, without a result code",
                self.status
            )),
            None if self.payment_successful == Some(true) => Some(format!(
                "its status is {}, with PaymentSuccessful true",
                self.status
            )),
            None => None,
        };
        contradiction
            .or_else(|| another_cart(payment, cart))
            .or_else(|| mismatch(payment, cart))
    }
}

/// What is asked about, and what is known of it.
pub(crate) struct Asked<'a> {
    pub(crate) cart: &'a CartRef,
    pub(crate) payment_info: PaymentInfoPolicy,
    /// Whose answer has just called the cart paid, and was not believed.
    pub(crate) called_paid_by: Option<Endpoint>,
}

/// Why a cart that another call's answer called paid has not ended unpaid: the two contradict each other, and neither
/// is believed, so that no paid order is dropped.
fn drops_a_paid_one(called_paid_by: Option<Endpoint>, code: i64) -> Option<String> {
    let status = CartStatus::of_code(code);
    called_paid_by
        .filter(|_| status.is_final() && !status.is_paid())
        .map(|by| {
            format!(
                "result code {code} after {}'s answer that the cart is paid",
                by.name()
            )
        })
}

/// Whether "paid" is believed of an answer with this code; of others CheckCart is asked. CheckCart alone says what was
/// paid, and ConfirmCart has just made the payment.
pub(crate) fn is_believed(endpoint: Endpoint, code: i64) -> bool {
    match endpoint {
        Endpoint::CancelCart => false,
        Endpoint::ConfirmCart => code != ResultCode::ALREADY_CONFIRMED,
        _ => true,
    }
}

/// What a paid answer does not name although it must.
pub(crate) fn unnamed(
    policy: PaymentInfoPolicy,
    payment: Option<&PaymentInfo>,
    cart: &CartRef,
) -> Option<&'static str> {
    if policy == PaymentInfoPolicy::IfPresent {
        return None;
    }
    let Some(payment) = payment else {
        return Some("has no PaymentInfo");
    };
    let named = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    if payment.total_amount.is_none() {
        Some("its PaymentInfo names no TotalAmount")
    } else if !named(&payment.reference_number) {
        Some("its PaymentInfo names no ReferenceNumber")
    } else if payment.transaction_id.is_none() && cart.amount.is_none() && cart.reference.is_none()
    {
        // Of a cart that is known by its id alone there is nothing else to compare.
        Some("its PaymentInfo names no TransactionId")
    } else {
        None
    }
}

fn another_cart(payment: Option<&PaymentInfo>, cart: &CartRef) -> Option<String> {
    payment?
        .transaction_id
        .filter(|id| *id != cart.transaction_id)
        .map(|id| {
            format!(
                "PaymentInfo is about the cart {id}, asked was {}",
                cart.transaction_id
            )
        })
}

/// Why a payment is not the one for this cart, as far as the cart's amount and reference are known.
pub(crate) fn mismatch(payment: Option<&PaymentInfo>, cart: &CartRef) -> Option<String> {
    let payment = payment?;
    if let (Some(told), Some(known)) = (payment.total_amount, cart.amount)
        && told != known
    {
        return Some(format!(
            "Netgíró holds {told} kr. for cart {}, the order is {known} kr.: do not ship, look into it",
            cart.transaction_id
        ));
    }
    if let (Some(told), Some(known)) = (&payment.reference_number, &cart.reference)
        && told != known
    {
        return Some(format!(
            "Netgíró holds reference {told:?} for cart {}, the order is {known:?}: do not ship, look into it",
            cart.transaction_id
        ));
    }
    None
}

pub(crate) fn refusal(endpoint: Endpoint, message: Option<&str>) -> String {
    match message {
        Some(message) if !message.trim().is_empty() => {
            format!(
                "Netgíró refused {}: {}",
                endpoint.name(),
                mask_within(message)
            )
        }
        _ => format!("Netgíró refused {}", endpoint.name()),
    }
}

/// The error for an answer whose HTTP status is not 2xx.
pub(crate) fn http_error(
    endpoint: Endpoint,
    status: u16,
    location: Option<&str>,
    retry_after: Option<Duration>,
    body: &[u8],
    reference_id: Option<String>,
) -> Error {
    let told = HttpErrorBody::read(body);
    let said = told
        .message
        .map(|message| format!(": {message}"))
        .unwrap_or_default();
    let name = endpoint.name();
    let (kind, message) = match status {
        300..=399 => (
            ErrorKind::Server,
            format!(
                "{name} was answered with a redirect{}, which is never followed: check base_url",
                location
                    .map(|to| format!(" to {}", beginning(to.as_bytes())))
                    .unwrap_or_default()
            ),
        ),
        401 | 403 => (
            ErrorKind::Authentication,
            format!(
                "{name} was not let in{said}: check the app key, the secret key and that they belong to this environment"
            ),
        ),
        // The last two are those of proxies: who asked them was gone before there was an answer.
        408 | 460 | 499 => (
            ErrorKind::Timeout,
            format!("{name} took too long to be answered{said}"),
        ),
        429 => (
            ErrorKind::RateLimited,
            format!("{name} was refused, there were too many calls{said}"),
        ),
        400..=499 => (ErrorKind::Api, format!("Netgíró refused {name}{said}")),
        _ => (
            ErrorKind::Server,
            format!("{name} failed at the server{said}"),
        ),
    };
    let doubt = (endpoint == Endpoint::InsertCart
        && matches!(status, 400..=499)
        && !insert_response::leaves_it_open(status))
    .then(|| insert_response::doubt(status, body))
    .flatten();
    let (kind, message) = match doubt {
        Some(doubt) => (doubt.kind, format!("{name}'s answer {}{said}", doubt.why)),
        None => (kind, message),
    };
    let error = Error::new(kind, message)
        .with_http_status(status)
        .with_retry_after(retry_after)
        .with_reference_id(reference_id)
        .with_request_sent(RequestSent::Yes);
    let error = if status >= 500 {
        error.transient()
    } else {
        error
    };
    match told.result_code {
        Some(code) => {
            let may_pass = code == ResultCode::SERVER_ERROR && endpoint.is_repeatable();
            let retryable = error.retryable() || may_pass;
            error.with_result_code(code).with_retryable(retryable)
        }
        None => error,
    }
}

/// What an error's body says, as far as it can be made out.
struct HttpErrorBody {
    message: Option<String>,
    result_code: Option<i64>,
}

impl HttpErrorBody {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow, alias = "Message")]
            message: Option<&'a RawValue>,
            #[serde(borrow, rename = "ResultCode")]
            result_code: Option<&'a RawValue>,
        }
        fn value<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
            serde_json::from_str(raw?.get()).ok()
        }
        let wire = std::str::from_utf8(body)
            .ok()
            .and_then(|text| object::<Wire<'_>>(text).ok());
        match wire {
            Some(wire) => Self {
                message: value(wire.message).map(|text: String| mask_within(&text)),
                result_code: value(wire.result_code),
            },
            None => Self {
                message: (!body.is_empty()).then(|| beginning(body)),
                result_code: None,
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CartAnswer<'a> {
    pub(crate) success: Option<bool>,
    pub(crate) payment_successful: Option<bool>,
    pub(crate) result_code: Option<i64>,
    pub(crate) message: Option<String>,
    #[serde(borrow)]
    pub(crate) payment_info: Option<&'a RawValue>,
}

/// Reads the PaymentInfo of an answer or a callback.
pub(crate) fn payment_info(raw: Option<&RawValue>) -> Result<Option<PaymentInfo>, String> {
    let Some(raw) = raw else { return Ok(None) };
    let wire: PaymentInfoWire<'_> = object(raw.get())
        .map_err(|error| format!("PaymentInfo has wrong data: {}", quote::json(&error)))?;
    PaymentInfo::try_from(wire).map(Some)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentInfoWire<'a> {
    transaction_id: Option<Uuid>,
    invoice_number: Option<i64>,
    reference_number: Option<String>,
    status_id: Option<i64>,
    created: Option<String>,
    #[serde(borrow)]
    total_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    discount_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    shipping_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    handling_amount: Option<&'a RawValue>,
    account_number: Option<i64>,
    number_of_installments: Option<i64>,
    client_identity_confirmed: Option<bool>,
    location_id: Option<String>,
    register_id: Option<String>,
}

impl TryFrom<PaymentInfoWire<'_>> for PaymentInfo {
    type Error = String;

    fn try_from(wire: PaymentInfoWire<'_>) -> Result<Self, String> {
        Ok(Self {
            transaction_id: wire.transaction_id,
            invoice_number: wire.invoice_number,
            reference_number: wire.reference_number,
            status_id: wire.status_id,
            created: wire.created.as_deref().and_then(instant),
            total_amount: decimal("TotalAmount", wire.total_amount)?,
            discount_amount: decimal("DiscountAmount", wire.discount_amount)?,
            shipping_amount: decimal("ShippingAmount", wire.shipping_amount)?,
            handling_amount: decimal("HandlingAmount", wire.handling_amount)?,
            account_number: wire.account_number,
            number_of_installments: wire.number_of_installments,
            client_identity_confirmed: wire.client_identity_confirmed,
            location_id: wire.location_id,
            register_id: wire.register_id,
        })
    }
}

/// Parses exactly one JSON object, and tells a body that is not the API's from one with wrong data.
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, (ErrorKind, String)> {
    let no_object = || {
        (
            ErrorKind::Server,
            format!("the body is not one JSON object: {}", beginning(body)),
        )
    };
    let text = std::str::from_utf8(body).map_err(|_| no_object())?;
    object(text).map_err(|error| {
        if !is_object(text) {
            return no_object();
        }
        match serde_json::from_str::<Members>(text) {
            Ok(Members { result_code: None }) => (
                ErrorKind::Server,
                format!("the body is not the API's: {}", beginning(body)),
            ),
            // Also where a member stands there twice: well-formed, and never to be believed.
            _ => (
                ErrorKind::Protocol,
                format!("the body has wrong data: {}", quote::json(&error)),
            ),
        }
    })
}

/// Reads a JSON object: an array of its values, which derived readers take as well, is none.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(serde::de::Error::custom("it is not a JSON object"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Members {
    result_code: Option<IgnoredAny>,
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The first characters of a body, for an error message.
pub(crate) fn beginning(body: &[u8]) -> String {
    const SHOWN: usize = 80;
    // So much that no number is cut before it is masked, even if each character is written as an escape.
    const READ: usize = 2 * SHOWN * "%E2%80%89".len();
    let text = mask_within(&String::from_utf8_lossy(body.get(..READ).unwrap_or(body)));
    let text: String = text.chars().take(SHOWN).collect();
    if text.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("{text:?}")
    }
}

/// An amount with the very digits that were sent.
pub(crate) fn decimal(member: &str, raw: Option<&RawValue>) -> Result<Option<Decimal>, String> {
    let Some(raw) = raw else { return Ok(None) };
    let text = raw.get();
    exact_decimal(text).map(Some).ok_or_else(|| {
        format!(
            "{member} is no exact amount: {}",
            beginning(text.as_bytes())
        )
    })
}

/// A date of the API: without an offset it is UTC, as Iceland is all year. Unreadable ones are left
/// out, since a payment must not be lost over its date.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, beginning, refusal};

    #[test]
    fn a_refusal_without_words_has_no_colon() {
        for said in [None, Some(""), Some("  ")] {
            assert_eq!(
                refusal(Endpoint::CheckCart, said),
                "Netgíró refused CheckCart"
            );
        }
        assert_eq!(
            refusal(Endpoint::CheckCart, Some("no")),
            "Netgíró refused CheckCart: no"
        );
    }

    #[test]
    fn the_beginning_of_a_body_has_no_part_of_a_number_in_it() {
        assert_eq!(
            beginning("a".repeat(200).as_bytes()),
            format!("{:?}", "a".repeat(80))
        );
        let number = ["8", "2", "2", "3", "2", "8", "1"].join(&"%E2%80%89".repeat(12));
        let body = format!("{} {number}", "a".repeat(75));
        assert!(!beginning(body.as_bytes()).contains(" 8"));
    }
}
