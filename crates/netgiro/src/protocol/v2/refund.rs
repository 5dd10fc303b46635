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

/// Reads an answer with a 2xx status: done, or refused.
pub(crate) fn read(
    response: &Response,
    transaction_id: Uuid,
    refund: &NewRefund,
) -> Result<Refund> {
    let RefundResponse { success, message } = response.parse()?;
    match success {
        Some(true) => Ok(done(transaction_id, refund, message.as_deref())),
        Some(false) => Err(response.error(
            ErrorKind::Api,
            refusal(Endpoint::Refund, message.as_deref()),
        )),
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
///
/// Netgíró processes one refund for each key, so a refusal of the key itself says that the refund has been made.
pub(crate) fn failure(
    error: Error,
    in_doubt: bool,
    transaction_id: Uuid,
    refund: &NewRefund,
) -> Result<Refund> {
    if error.kind() == ErrorKind::Api {
        let said = Refused::read(&error);
        match said {
            Refused::OtherRefund => {
                let message = format!(
                    "{}: the idempotency_key belongs to another refund, so nothing was refunded; another refund needs \
                     a key of its own",
                    error.message()
                );
                return Err(Error::new(ErrorKind::Mismatch, message).caused_by(error));
            }
            Refused::Repeated => return Ok(done(transaction_id, refund, Some(error.message()))),
            Refused::Otherwise => {}
        }
    }
    if in_doubt || leaves_open(&error) {
        return Err(outcome_unknown(error, refund));
    }
    Err(error)
}

/// Whether the refund may have been processed although this attempt at it failed.
pub(crate) fn leaves_open(error: &Error) -> bool {
    error.request_sent() != RequestSent::No
        && matches!(
            error.kind(),
            ErrorKind::Timeout | ErrorKind::Server | ErrorKind::Protocol
        )
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
    fn read(error: &Error) -> Self {
        let said: String = error
            .message()
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
    use crate::model::error::{Error, ErrorKind};

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
            let error = Error::new(ErrorKind::Api, said);
            assert_eq!(Refused::read(&error), refused, "{said}");
        }
    }
}
