//! What a server may answer, and what the product reads in it.
//!
//! A model's server speaks in bytes, so that a model steps the code that reads them. Each answer is read once: the code
//! is pure, and the same bytes mean the same thing in every state.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use netgiro::internals::{self, Call, Received};
use netgiro::{Amount, CartRef, CartState, Error, ErrorKind, RequestSent};
use uuid::Uuid;

/// The cart of a model's only order.
pub const CART: Uuid = Uuid::from_u128(0x8f3a_11c0_52d7_4f6b_9a60_0d3c_7be1_0001);
const OTHER: &str = "8f3a11c0-52d7-4f6b-9a60-0d3c7be10002";
/// What the order costs, in krónur.
pub const AMOUNT: i64 = 4990;
/// The order's reference.
pub const REFERENCE: &str = "order-1";
/// What a server that is asked too often wants to be left alone for.
pub const RETRY_AFTER: Duration = Duration::from_secs(20);

/// An answer, the call that it answers, and the one before it that has called the cart paid.
type Asked = (Reply, Call, Option<Call>);

/// What comes back from a call about a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reply {
    /// The cart waits for its customer.
    Pending,
    /// It is paid.
    Paid,
    /// It is canceled, has expired, or is not there.
    Canceled,
    /// It was canceled before.
    AlreadyCanceled,
    /// The customer has declined.
    Declined,
    /// There is no such cart.
    NotFound,
    /// Something that this version does not know.
    Unknown,
    /// "Paid", about another cart.
    Foreign,
    /// "Paid", with another amount than the order's.
    OtherAmount,
    /// "Paid", and not paid, in one.
    Contradiction,
    /// Success, and nothing more: the call was made.
    Success,
    /// A signature that is wrong.
    Forged,
    /// 401.
    KeysRefused,
    /// 429, with Retry-After.
    TooMany,
    /// 503.
    Busy,
    /// The request did not leave.
    NotSent,
    /// The connection broke: before or after the request was processed.
    Broken,
    /// Nothing, for as long as the client waits.
    Silence,
}

impl Reply {
    const ALL: [Self; 18] = [
        Self::Pending,
        Self::Paid,
        Self::Canceled,
        Self::AlreadyCanceled,
        Self::Declined,
        Self::NotFound,
        Self::Unknown,
        Self::Foreign,
        Self::OtherAmount,
        Self::Contradiction,
        Self::Success,
        Self::Forged,
        Self::KeysRefused,
        Self::TooMany,
        Self::Busy,
        Self::NotSent,
        Self::Broken,
        Self::Silence,
    ];

    /// Whether it is an answer over HTTP, which says what the server's clock says.
    #[must_use]
    pub fn is_dated(self) -> bool {
        !matches!(self, Self::NotSent | Self::Broken | Self::Silence)
    }

    /// Whether it comes of a fault, and says nothing about the cart.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Foreign
                | Self::OtherAmount
                | Self::Contradiction
                | Self::Success
                | Self::Forged
                | Self::KeysRefused
                | Self::TooMany
                | Self::Busy
                | Self::NotSent
                | Self::Broken
                | Self::Silence
        )
    }

    /// Whether it may end a wait before its deadline: keys that stopped working, another order's amount, and signatures that
    /// are wrong, if there are three of them.
    #[must_use]
    pub fn is_final_failure(self) -> bool {
        matches!(self, Self::KeysRefused | Self::OtherAmount | Self::Forged)
    }

    fn body_of_v1(self, call: Call) -> (u16, String) {
        let amount = if self == Self::OtherAmount { 1 } else { AMOUNT };
        let payment = |cart: &str| {
            format!(
                r#"{{"TransactionId":"{cart}","InvoiceNumber":7,"ReferenceNumber":"{REFERENCE}","StatusId":2,"TotalAmount":{amount}}}"#
            )
        };
        let paid = |success: bool, cart: &str| {
            let payment = payment(cart);
            format!(
                r#"{{"PaymentSuccessful":{success},"PaymentInfo":{payment},"Success":true,"Message":null,"ResultCode":10200}}"#
            )
        };
        let own = CART.to_string();
        let code = match self {
            Self::Paid if call == Call::CancelCart => {
                let late = r#"{"Success":false,"Message":"too late","ResultCode":10200}"#;
                return (200, late.to_owned());
            }
            Self::Paid | Self::OtherAmount => return (200, paid(true, &own)),
            Self::Foreign => return (200, paid(true, OTHER)),
            Self::Contradiction => return (200, paid(false, &own)),
            Self::Pending => 10425,
            Self::Canceled => 10201,
            Self::AlreadyCanceled => 10202,
            Self::Declined => 10423,
            Self::NotFound => 10424,
            Self::Success => 200,
            _ => 10999,
        };
        let payment = match call {
            Call::CancelCart => "",
            _ => r#""PaymentSuccessful":false,"PaymentInfo":null,"#,
        };
        let body = format!(r#"{{{payment}"Success":true,"Message":null,"ResultCode":{code}}}"#);
        (200, body)
    }

    fn body_of_v2(self) -> (u16, String) {
        let own = CART.to_string();
        let (status, cart) = match self {
            Self::NotFound => {
                let refused = r#"{"Success":false,"Message":"Transaction not found","Status":null,"TransactionId":null}"#;
                return (400, refused.to_owned());
            }
            Self::Contradiction => {
                let body = r#"{"Success":false,"Message":null,"Status":"Confirmed"}"#;
                return (200, body.to_owned());
            }
            Self::Foreign => ("Confirmed", OTHER),
            Self::Success => {
                let body = format!(r#"{{"Success":true,"Message":null,"TransactionId":"{own}"}}"#);
                return (200, body);
            }
            Self::Pending => ("Pending", own.as_str()),
            Self::Paid => ("Confirmed", own.as_str()),
            Self::Canceled | Self::AlreadyCanceled | Self::Declined => ("Cancelled", own.as_str()),
            _ => ("Refunding", own.as_str()),
        };
        let body = format!(
            r#"{{"Success":true,"Message":null,"Status":"{status}","TransactionId":"{cart}"}}"#
        );
        (200, body)
    }

    /// What the product reads.
    fn is_read(self, call: Call, called_paid_by: Option<Call>) -> Result<CartState, Error> {
        let (http_status, body) = match self {
            Self::NotSent => return Err(internals::failed(ErrorKind::Connect, RequestSent::No)),
            Self::Broken => return Err(internals::failed(ErrorKind::Server, RequestSent::Maybe)),
            Self::Silence => {
                return Err(internals::failed(ErrorKind::Timeout, RequestSent::Maybe));
            }
            Self::Forged => {
                return Err(internals::failed(ErrorKind::Signature, RequestSent::Yes));
            }
            Self::KeysRefused => (401, String::new()),
            Self::TooMany => (429, String::new()),
            Self::Busy => (503, String::new()),
            _ => match call {
                Call::CheckCart | Call::CancelCart => self.body_of_v1(call),
                _ => self.body_of_v2(),
            },
        };
        let received = Received {
            http_status,
            body: &body,
        };
        let asked_too_often = self == Self::TooMany;
        internals::read_state(call, &order(), received, called_paid_by)
            .map_err(|error| error.with_retry_after(asked_too_often.then_some(RETRY_AFTER)))
    }

    /// What the product reads in the answer to a call, after one that has called the cart paid.
    ///
    /// # Errors
    ///
    /// What the product makes of it where that is an error.
    pub fn read(self, call: Call, called_paid_by: Option<Call>) -> Result<CartState, Error> {
        static READ: OnceLock<HashMap<Asked, Result<CartState, Error>>> = OnceLock::new();
        let all = READ.get_or_init(|| {
            let mut all = HashMap::new();
            for reply in Self::ALL {
                for call in [
                    Call::CheckCart,
                    Call::CancelCart,
                    Call::Status,
                    Call::Cancel,
                ] {
                    for by in [None, Some(Call::CancelCart), Some(Call::Cancel)] {
                        all.insert((reply, call, by), reply.is_read(call, by));
                    }
                }
            }
            all
        });
        all.get(&(self, call, called_paid_by))
            .cloned()
            .unwrap_or_else(|| self.is_read(call, called_paid_by))
    }
}

/// The order's cart, with what the shop knows of it.
#[must_use]
pub fn order() -> CartRef {
    let cart = CartRef::from(CART).with_reference(REFERENCE);
    match Amount::new(AMOUNT) {
        Ok(amount) => cart.with_amount(amount),
        Err(_) => cart,
    }
}
