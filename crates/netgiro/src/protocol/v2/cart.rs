//! V2's requests about carts, and what their answers mean.
//!
//! Payment, status, capture and cancel are answered alike. Nothing is signed, so an answer is believed of the transaction
//! that was asked about alone, and one without success is no status. V2 has no result codes: of a refusal there is its HTTP
//! status and its words.
//!
//! What an answer to a payment means for the order:
//!
//! | HTTP status | `Success` | `TransactionId` | the order |
//! |---|---|---|---|
//! | 2xx | true | a GUID | has the cart |
//! | 2xx, 4xx | false, and no `Status` but canceled | any | is free |
//! | 4xx that comes before a request is carried out | the body is not the API's | | is free |
//! | everything else | | | is in doubt |

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;
use uuid::Uuid;

use crate::model::api_version::ApiVersion;
use crate::model::cart::Cart;
use crate::model::cart::new_cart::{ConfirmationType, NewCart};
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::status::CartStatus;
use crate::model::text::masking::mask_within;
use crate::model::values::amount::Amount;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::insert_response::{self, Doubt};
use crate::protocol::json::{beginning, object};
use crate::protocol::request::to_json;
use crate::protocol::response::{Response, refusal};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentRequest<'a> {
    amount: i64,
    reference: &'a str,
    customer_identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_cancel_url: Option<&'a str>,
    manual_capture: bool,
}

pub(crate) fn payment_request(cart: &NewCart) -> Result<Vec<u8>> {
    to_json(&PaymentRequest {
        amount: cart.amount.kronur(),
        reference: &cart.reference,
        customer_identifier: cart.customer_id.as_str(),
        callback_url: cart.callback_url.as_deref(),
        callback_cancel_url: cart.callback_cancel_url.as_deref(),
        manual_capture: cart.confirmation_type == ConfirmationType::Manual,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TransactionRequest {
    transaction_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
}

/// The body of a capture or a cancel; without an amount all of it is captured.
pub(crate) fn transaction_request(transaction_id: Uuid, amount: Option<Amount>) -> Result<Vec<u8>> {
    to_json(&TransactionRequest {
        transaction_id,
        amount: amount.map(Amount::kronur),
    })
}

/// Adds a transaction's id to a URL.
pub(crate) fn push_id(url: &mut Url, transaction_id: Uuid) -> Result<()> {
    url.path_segments_mut()
        .map_err(|()| Error::configuration("base_url cannot have a path"))?
        .push(&transaction_id.to_string());
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatusResponse<'a> {
    success: Option<bool>,
    message: Option<String>,
    // None of these may fail a payment's answer: the cart exists whatever they hold.
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    transaction_id: Option<&'a RawValue>,
    #[serde(borrow)]
    poll_interval_ms: Option<&'a RawValue>,
}

impl StatusResponse<'_> {
    fn transaction_id(&self) -> Option<Uuid> {
        let id: Uuid = serde_json::from_str(self.transaction_id?.get()).ok()?;
        (!id.is_nil()).then_some(id)
    }

    fn status(&self) -> Option<CartStatus> {
        let text: Option<String> = serde_json::from_str(self.status?.get()).ok()?;
        Some(status_of(&text?))
    }

    fn check_interval(&self) -> Option<Duration> {
        let milliseconds: u64 = self.poll_interval_ms?.get().parse().ok()?;
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }

    /// Why a refusal contradicts itself: it names where the transaction stands.
    fn contradicts_refusal(&self) -> bool {
        self.status()
            .is_some_and(|status| status != CartStatus::Canceled)
    }
}

/// The status in any case; one l or two, s or z.
fn status_of(text: &str) -> CartStatus {
    match text.trim().to_ascii_lowercase().as_str() {
        "pending" => CartStatus::Pending,
        "authorized" | "authorised" => CartStatus::Reserved,
        "confirmed" => CartStatus::Confirmed,
        "cancelled" | "canceled" => CartStatus::Canceled,
        _ => CartStatus::Unknown,
    }
}

/// Whether an answer with this HTTP status, which is not 2xx, is the API's own "no": it is read as the others are.
pub(crate) fn is_refusal(endpoint: Endpoint, http_status: u16, body: &[u8]) -> bool {
    endpoint.is_answered_with_success()
        && matches!(http_status, 400..=499)
        && !matches!(http_status, 401 | 403 | 408 | 429 | 460 | 499)
        && members(body).is_some_and(|wire| wire.success == Some(false))
}

fn members(body: &[u8]) -> Option<StatusResponse<'_>> {
    object(std::str::from_utf8(body).ok()?).ok()
}

/// Why an answer to a payment with a 4xx status, which is not the API's own "no", does not say no either.
pub(crate) fn doubt(http_status: u16, body: &[u8]) -> Option<Doubt> {
    let text = String::from_utf8_lossy(body);
    let is_object = text
        .trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .starts_with('{');
    let names_nothing = |wire: &StatusResponse<'_>| {
        wire.success.is_none() && wire.status.is_none() && wire.transaction_id.is_none()
    };
    match members(body) {
        _ if !is_object => insert_response::doubt_of_foreign_body(http_status),
        // The API's own, with a status that has a meaning of its own: the keys, the pace.
        Some(wire) if wire.success == Some(false) && !wire.contradicts_refusal() => None,
        Some(wire) if names_nothing(&wire) => insert_response::doubt_of_foreign_body(http_status),
        _ => Some(Doubt {
            kind: ErrorKind::Protocol,
            why: format!("is HTTP {http_status} with a body that does not say no"),
        }),
    }
}

/// Reads the answer to a payment: the cart that was made.
pub(crate) fn read_payment(response: Response, sent: &NewCart) -> Result<Cart> {
    let wire: StatusResponse<'_> = response.parse()?;
    let contradiction = |what: &str| {
        let message = format!(
            "{}'s answer contradicts itself: {what}",
            Endpoint::Payment.name()
        );
        Err(response.error(ErrorKind::Protocol, message))
    };
    match (wire.success, wire.transaction_id()) {
        (Some(true), Some(transaction_id)) => Ok(Cart {
            transaction_id,
            reference: sent.reference.clone(),
            amount: sent.amount,
            check_interval: wire.check_interval(),
            message: wire.message.as_deref().map(mask_within),
            reference_id: response.reference_id,
        }),
        (Some(true), None) => contradiction("Success true, no TransactionId that is a GUID"),
        (Some(false), _) if wire.contradicts_refusal() => {
            contradiction("Success false, and a Status")
        }
        (Some(false), _) => Err(refused(
            &response,
            Endpoint::Payment,
            wire.message.as_deref(),
        )),
        (None, _) => Err(not_the_apis(&response)),
    }
}

/// Reads where the transaction that was asked about stands. A refusal is an error, but for a status that says that there
/// is no such transaction.
pub(crate) fn read_state(response: Response, endpoint: Endpoint, asked: Uuid) -> Result<CartState> {
    let wire: StatusResponse<'_> = response.parse()?;
    let wrong = |why: String| Err(response.error(ErrorKind::Protocol, why));
    let name = endpoint.name();
    let status = match (wire.success, wire.status()) {
        (None, _) => return Err(not_the_apis(&response)),
        (Some(false), Some(_)) => {
            return wrong(format!(
                "{name}'s answer contradicts itself: Success false, and a Status"
            ));
        }
        (Some(false), None) if endpoint == Endpoint::Status && is_missing(&response, &wire) => {
            CartStatus::NotFound
        }
        (Some(false), None) => return Err(refused(&response, endpoint, wire.message.as_deref())),
        (Some(true), None) => return wrong(format!("{name}'s answer has no Status")),
        (Some(true), Some(status)) => match wire.transaction_id() {
            Some(id) if id == asked => status,
            Some(id) => {
                return wrong(format!(
                    "{name}'s answer is about the transaction {id}, asked was {asked}"
                ));
            }
            None => {
                return wrong(format!(
                    "{name}'s answer does not name the transaction {asked}"
                ));
            }
        },
    };
    Ok(CartState {
        message: wire.message.as_deref().map(mask_within),
        reference_id: response.reference_id,
        api: ApiVersion::V2,
        ..CartState::of(asked, status, response.received_at)
    })
}

/// Whether a refused status says that there is no such transaction.
fn is_missing(response: &Response, wire: &StatusResponse<'_>) -> bool {
    let says_so = |message: &String| message.to_ascii_lowercase().contains("not found");
    response.http_status == 404 || wire.message.as_ref().is_some_and(says_so)
}

fn refused(response: &Response, endpoint: Endpoint, message: Option<&str>) -> Error {
    response.error(ErrorKind::Api, refusal(endpoint, message))
}

fn not_the_apis(response: &Response) -> Error {
    let message = format!("the body is not the API's: {}", beginning(&response.body));
    response.error(ErrorKind::Server, message)
}
