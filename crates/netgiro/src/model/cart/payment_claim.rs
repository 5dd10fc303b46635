//! What an answer claims about a payment, before it is believed.

use crate::model::status::CartStatus;

/// The members of an answer that say whether something was paid.
pub(crate) struct PaymentClaim {
    pub(crate) success: bool,
    pub(crate) payment_successful: Option<bool>,
    pub(crate) code: i64,
    pub(crate) status_id: Option<i64>,
}

impl PaymentClaim {
    const STATUS_ID_CONFIRMED: i64 = 2;

    /// Why these members of CheckCart's answer cannot all be true.
    pub(crate) fn contradiction(&self) -> Option<String> {
        let is_confirmed = CartStatus::of_code(self.code) == CartStatus::Confirmed;
        self.code_contradiction().or_else(|| {
            if !is_confirmed {
                None
            } else if self.payment_successful != Some(true) {
                Some(self.code_with("PaymentSuccessful not true"))
            } else if !self.success {
                Some(self.code_with("Success not true"))
            } else {
                None
            }
        })
    }

    /// The same for an answer of any call: some of them say no more of a paid cart than its result code.
    pub(crate) fn code_contradiction(&self) -> Option<String> {
        let is_confirmed = self.status_id == Some(Self::STATUS_ID_CONFIRMED);
        let what = match CartStatus::of_code(self.code) {
            CartStatus::Unknown => None,
            CartStatus::Confirmed => (self.status_id.is_some() && !is_confirmed)
                .then_some("a PaymentInfo that is not confirmed"),
            _ if self.payment_successful == Some(true) => Some("PaymentSuccessful true"),
            status => {
                (status.is_final() && is_confirmed).then_some("a PaymentInfo that is confirmed")
            }
        };
        what.map(|what| self.code_with(what))
    }

    /// The sentence for a result code and a member that contradict each other.
    pub(crate) fn code_with(&self, what: &str) -> String {
        format!("result code {} with {what}", self.code)
    }
}
