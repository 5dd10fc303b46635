//! Whether the members of a response can all be true, and whose "paid" is believed.

use crate::model::cart::payment_info::PaymentInfo;
use crate::model::cart::state::CartState;
use crate::model::poll::cart_ref::CartRef;
use crate::model::status::{CartStatus, ResultCode};
use crate::options::PaymentInfoPolicy;
use crate::protocol::endpoint::Endpoint;

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
    pub(crate) fn is_refusal(&self, endpoint: Endpoint) -> bool {
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

/// Why a cart that another call's answer called paid has not ended unpaid: the two contradict each other, and neither
/// is believed, so that no paid order is dropped.
pub(crate) fn drops_a_paid_one(called_paid_by: Option<Endpoint>, code: i64) -> Option<String> {
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

pub(crate) fn another_cart(payment: Option<&PaymentInfo>, cart: &CartRef) -> Option<String> {
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
