//! The request for a refund, and what its answer means.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::error::{Error, ErrorKind, RequestSent, Result};
use crate::model::refund::{NewRefund, Refund};
use crate::model::text::masking::mask_within;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::json::beginning;
use crate::protocol::request::to_json;
use crate::protocol::response::{Response, refusal};
use crate::protocol::v2::may_have_taken_effect;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RefundRequest<'a> {
    transaction_id: Uuid,
    refund_amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    idempotency_key: &'a str,
}

pub(crate) fn refund_request(transaction_id: Uuid, refund: &NewRefund) -> Result<Vec<u8>> {
    to_json(&RefundRequest {
        transaction_id,
        refund_amount: refund.amount.kronur(),
        description: refund.description.as_deref(),
        idempotency_key: &refund.idempotency_key,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RefundResponse {
    success: Option<bool>,
    message: Option<String>,
}

/// Reads an answer: done, or refused. Netgíró processes one refund for each key, so a refusal of the key itself says that
/// the refund has been made; only an answer of the API's own says so.
pub(crate) fn read(
    response: &Response,
    transaction_id: Uuid,
    refund: &NewRefund,
) -> Result<Refund> {
    let RefundResponse { success, message } = response.parse()?;
    match success {
        Some(true) => Ok(done(transaction_id, refund, message.as_deref())),
        Some(false) => {
            let said = refusal(Endpoint::Refund, message.as_deref());
            match Refused::read(message.as_deref().unwrap_or_default()) {
                Refused::Repeated => Ok(done(transaction_id, refund, Some(&said))),
                Refused::Otherwise => Err(response.error(ErrorKind::Api, said)),
                Refused::OtherRefund => Err(response.error(
                    ErrorKind::Mismatch,
                    format!(
                        "{said}: the idempotency_key belongs to another refund, so nothing was refunded; another refund \
                         needs a key of its own"
                    ),
                )),
            }
        }
        None => Err(response.error(
            ErrorKind::Server,
            format!("the body is not the API's: {}", beginning(&response.body)),
        )),
    }
}

fn done(transaction_id: Uuid, refund: &NewRefund, message: Option<&str>) -> Refund {
    Refund {
        transaction_id,
        amount: refund.amount,
        idempotency_key: refund.idempotency_key.clone(),
        message: message.map(mask_within),
    }
}

/// What a refund's failure means, where an earlier attempt may have been processed `in_doubt`.
pub(crate) fn failure(error: Error, in_doubt: bool, refund: &NewRefund) -> Error {
    // That the key belongs to another refund is certain, whatever became of earlier attempts.
    let is_certain = error.kind() == ErrorKind::Mismatch;
    if !is_certain && (in_doubt || may_have_taken_effect(&error)) {
        return outcome_unknown(error, refund);
    }
    error
}

fn outcome_unknown(error: Error, refund: &NewRefund) -> Error {
    let sent = match error.request_sent() {
        RequestSent::No => RequestSent::Maybe,
        sent => sent,
    };
    refund
        .outcome_unknown(error.message())
        .caused_by(error)
        .with_request_sent(sent)
}

/// Why the API refused a refund, as far as its words say. V2 has no result codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// The key has been processed: the refund has been made.
    Repeated,
    /// The key was used for a refund of something else.
    OtherRefund,
    Otherwise,
}

impl Refused {
    fn read(message: &str) -> Self {
        let said: String = message
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let names_key = says(&["idempotency", "duplicate"]);
        if names_key && says(&["another", "different", "mismatch", "notmatch", "other"]) {
            Self::OtherRefund
        } else if says(&["duplicate"])
            || (names_key && says(&["already", "used", "exists", "processed", "repeat"]))
        {
            Self::Repeated
        } else {
            Self::Otherwise
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refused;

    #[test]
    fn a_refused_key_is_told_from_other_refusals() {
        for (said, refused) in [
            (
                "IdempotencyKey has been processed already",
                Refused::Repeated,
            ),
            ("Idempotency key already used", Refused::Repeated),
            ("Duplicate request", Refused::Repeated),
            (
                "IdempotencyKey was used for another refund",
                Refused::OtherRefund,
            ),
            (
                "Duplicate key with a different amount",
                Refused::OtherRefund,
            ),
            ("IdempotencyKey must not be empty", Refused::Otherwise),
            ("RefundAmount is more than what is left", Refused::Otherwise),
            ("The payment has been refunded already", Refused::Otherwise),
            ("", Refused::Otherwise),
        ] {
            assert_eq!(Refused::read(said), refused, "{said}");
        }
    }
}
