//! V1 beside its checkout: sales, payments by reference, and access codes for tests.

mod access_codes;
mod payments;

use crate::engine::exchange::Response;
use crate::engine::state::Engine;
use crate::model::codes;
use crate::model::endpoint::Endpoint;
use crate::protocol::request::{Invalid, Members};
use crate::protocol::response;
use jiff::Timestamp;

impl Engine {
    /// The response to a call with the right signature.
    pub(super) fn process_v1(
        &mut self,
        endpoint: Endpoint,
        members: Result<Members, Invalid>,
        now: Timestamp,
    ) -> Response {
        if endpoint == Endpoint::GetByReference {
            return self.look_up(members);
        }
        let body = members.and_then(|members| match endpoint {
            Endpoint::RequestConfirmation => self.give_access_code(&members, now),
            Endpoint::PaymentCancel => self.cancel_payment(members.transaction_id()?, now),
            Endpoint::PaymentChange => self.change_payment(&members, now),
            _ => self.sale_of(members.transaction_id(), now),
        });
        let body =
            body.unwrap_or_else(|Invalid { code, message }| response::error_body(code, &message));
        Response::new(200, body)
    }
}

/// The refusal of what a payment does not allow.
fn refused(message: &str) -> Invalid {
    Invalid {
        code: codes::GENERIC_ERROR,
        message: message.to_owned(),
    }
}
