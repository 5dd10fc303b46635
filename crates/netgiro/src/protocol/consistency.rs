//! Whether the members of a response can all be true, and whose "paid" is believed.

use crate::model::cart::payment_claim::PaymentClaim;
use crate::model::cart::payment_info::{PaymentInfo, PaymentInfoPolicy};
use crate::model::cart::state::CartState;
use crate::model::poll::cart_ref::CartRef;
use crate::model::status::{CartStatus, ResultCode};
use crate::protocol::endpoint::Endpoint;

/// Why the members of a call's answer cannot all be true.
pub(crate) fn contradiction(claim: &PaymentClaim, endpoint: Endpoint) -> Option<String> {
    let code_contradiction = || claim.code_contradiction();
    match endpoint {
        // It says nothing of the payment, and Success false when it came too late.
        Endpoint::CancelCart => code_contradiction().or_else(|| {
            let is_paid = CartStatus::of_code(claim.code).is_paid();
            (is_paid && claim.payment_successful == Some(false))
                .then(|| claim.code_with("PaymentSuccessful false"))
        }),
        // Confirmed before: CheckCart is asked before it is believed.
        Endpoint::ConfirmCart if claim.code == ResultCode::ALREADY_CONFIRMED => {
            code_contradiction()
        }
        _ => claim.contradiction(),
    }
}

/// Whether the server said no, leaving the cart as it was.
pub(crate) fn is_refusal(claim: &PaymentClaim, endpoint: Endpoint) -> bool {
    CartStatus::of_code(claim.code) == CartStatus::Unknown
        && (!claim.success
            || (endpoint == Endpoint::ConfirmCart && claim.payment_successful != Some(true)))
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

/// What the answer to a change says, or `None` where that is "paid" and not believed of this call.
pub(crate) fn believed(endpoint: Endpoint, state: CartState) -> Option<CartState> {
    let is_believed = |code| is_believed(endpoint, code);
    let stands = !state.is_paid() || state.result_code.is_some_and(is_believed);
    stands.then_some(state)
}

/// What a paid answer must name and does not.
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
