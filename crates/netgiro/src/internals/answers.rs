//! What answers mean, and what follows a call that has none.

use jiff::Timestamp;

use crate::api;
use crate::model::cart::Cart;
use crate::model::cart::new_cart::NewCart;
use crate::model::cart::payment_info::PaymentInfoPolicy;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::http_error::http_error;
use crate::protocol::response::{Expected, Response};
use crate::protocol::v2::change;
use crate::protocol::{consistency, insert_response, v2};

/// A call about a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// InsertCart of V1.
    InsertCart,
    /// CheckCart of V1.
    CheckCart,
    /// CancelCart of V1.
    CancelCart,
    /// A payment of V2.
    Payment,
    /// A status of V2.
    Status,
    /// A cancel of V2.
    Cancel,
    /// A refund of V2.
    Refund,
}

impl Call {
    pub(super) const fn endpoint(self) -> Endpoint {
        match self {
            Self::InsertCart => Endpoint::InsertCart,
            Self::CheckCart => Endpoint::CheckCart,
            Self::CancelCart => Endpoint::CancelCart,
            Self::Payment => Endpoint::Payment,
            Self::Status => Endpoint::Status,
            Self::Cancel => Endpoint::Cancel,
            Self::Refund => Endpoint::Refund,
        }
    }
}

/// An answer as it comes in, verified.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Its HTTP status.
    pub http_status: u16,
    /// Its body.
    pub body: &'a str,
}

impl Received<'_> {
    /// The answer to be read; the error for one whose HTTP status says no, as the transport gives it.
    pub(super) fn open(self, call: Call) -> Result<Response> {
        let Self { http_status, body } = self;
        let endpoint = call.endpoint();
        let body = body.as_bytes();
        if !(200..300).contains(&http_status) && !v2::cart::is_refusal(endpoint, http_status, body)
        {
            return Err(http_error(endpoint, http_status, None, None, body, None));
        }
        Ok(Response {
            http_status,
            body: body.to_vec(),
            reference_id: None,
            signature: None,
            received_at: Timestamp::UNIX_EPOCH,
        })
    }
}

/// Reads where the answer to a call about a cart says that it stands; after `called_paid_by`, whose answer called it paid.
pub fn read_state(
    call: Call,
    cart: &CartRef,
    received: Received<'_>,
    called_paid_by: Option<Call>,
) -> Result<CartState> {
    let response = received.open(call)?;
    let called_paid_by = called_paid_by.map(Call::endpoint);
    match call {
        Call::CheckCart | Call::CancelCart => {
            let expected = Expected {
                cart,
                payment_info: PaymentInfoPolicy::default(),
                called_paid_by,
            };
            response.into_state(call.endpoint(), &expected)
        }
        _ => {
            let id = cart.transaction_id();
            let state = v2::cart::read_state(response, call.endpoint(), id)?;
            change::held_against(called_paid_by, state)
        }
    }
}

/// Reads the answer to an InsertCart, or to a payment of V2.
pub fn read_insert(call: Call, order: &NewCart, received: Received<'_>) -> Result<Cart> {
    let response = received.open(call)?;
    match call {
        Call::InsertCart => insert_response::read(response, order).map(|(cart, _)| cart),
        _ => v2::cart::read_payment(response, order),
    }
}

/// What the last failure of an InsertCart means for its order.
#[must_use]
pub fn insert_outcome(failure: Error, order: &NewCart) -> Error {
    api::insert::outcome_unknown(failure, &order.reference)
}

/// What the answer to a cancel says, or `None` where that is "paid" and only a check is believed to say so.
#[must_use]
pub fn believed(call: Call, state: CartState) -> Option<CartState> {
    consistency::believed(call.endpoint(), state)
}

/// Whether a status of V2 ends a settling before its cancel is sent.
pub fn before_cancel(status: CartState) -> Result<Option<CartState>> {
    change::before_cancel(status)
}

/// Whether `cancel_cart` sends a cancel of V2 to a cart that stands there.
#[must_use]
pub fn may_cancel(status: &CartState) -> bool {
    change::Change::Cancel.may_follow(status.status)
}

/// Whether sending a failed request again is safe and may help at once.
#[must_use]
pub fn may_be_sent_again(call: Call, error: &Error) -> bool {
    api::may_be_sent_again(call.endpoint(), error)
}

/// Whether a call of V2 may have taken effect although it failed.
#[must_use]
pub fn may_have_taken_effect(error: &Error) -> bool {
    v2::may_have_taken_effect(error)
}

/// The failure of a request that was not answered, as the transport gives it.
#[must_use]
pub fn failed(kind: ErrorKind, sent: RequestSent) -> Error {
    let error = Error::new(kind, "no answer").with_request_sent(sent);
    match kind {
        ErrorKind::Server => error.transient(),
        _ => error,
    }
}
