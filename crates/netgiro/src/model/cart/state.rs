//! Where a cart stood when it was checked.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::model::api_version::ApiVersion;
use crate::model::cart::payment_claim::PaymentClaim;
use crate::model::cart::payment_info::PaymentInfo;
use crate::model::status::{CartStatus, ResultCode};

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
    /// Which API said so. V2 has no result codes, and says nothing about the payment.
    #[serde(default, skip_serializing_if = "ApiVersion::is_v1")]
    pub api: ApiVersion,
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
    /// canceled carts, and for unknown ones. V2 tells the two apart.
    pub(crate) fn may_be_missing(&self) -> bool {
        let names_nothing = self
            .payment
            .as_deref()
            .is_none_or(|payment| *payment == PaymentInfo::default());
        match self.status {
            CartStatus::NotFound => true,
            CartStatus::Canceled => {
                self.api.is_v1()
                    && names_nothing
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

    /// Why a state that is read back, or handed in, cannot be what an answer about this cart said. It gets the checks
    /// that an answer gets.
    pub(crate) fn contradiction(&self, cart: Uuid) -> Option<String> {
        if self.transaction_id != cart {
            return Some(format!(
                "the state is about the cart {}, and not about {cart}",
                self.transaction_id
            ));
        }
        if self.api == ApiVersion::V2 {
            return self.contradiction_of_v2();
        }
        let payment = self.payment.as_deref();
        let contradiction = match self.result_code {
            // It ends nothing. Its code may have got a meaning since it was written; the codes of a paid cart have always had theirs.
            code if self.status == CartStatus::Unknown => code
                .filter(|&code| CartStatus::of_code(code).is_paid())
                .map(|code| format!("its status is unknown, with result code {code}")),
            Some(code) if CartStatus::of_code(code) != self.status => Some(format!(
                "its status is {}, and not that of result code {code}",
                self.status
            )),
            Some(code) => PaymentClaim {
                success: true,
                payment_successful: self.payment_successful,
                code,
                status_id: payment.and_then(|payment| payment.status_id),
            }
            .contradiction(),
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
        contradiction.or_else(|| payment?.another_cart(cart))
    }

    /// Why V2 cannot have said this.
    fn contradiction_of_v2(&self) -> Option<String> {
        let is_never_said = matches!(
            self.status,
            CartStatus::NeedsCode | CartStatus::AwaitingCallback | CartStatus::Declined
        );
        if is_never_said {
            return Some(format!(
                "its status is {}, which V2 does not have",
                self.status
            ));
        }
        let has_members_of_v1 = self.result_code.is_some()
            || self.payment_successful.is_some()
            || self.payment.is_some();
        has_members_of_v1
            .then(|| "it has a result code or a payment, which V2 does not name".to_owned())
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
            api: ApiVersion::V1,
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
        match state.contradiction(state.transaction_id) {
            None => Ok(state),
            Some(why) => Err(D::Error::custom(format!("{why}: it contradicts itself"))),
        }
    }
}
