//! V2 of the API: the checkout, refunds, the details of transactions, and settlements; the hosted checkout; and the
//! Partner API, which had the refunds before.

mod checkout;
mod details;
pub(crate) mod hosted;
mod partner;
mod refunds;

use crate::engine::exchange::Response;
use crate::engine::state::Engine;
use crate::model::endpoint::Endpoint;
use crate::model::transaction::Refusal;
use crate::protocol::request::{Invalid, Members};
use crate::protocol::{response, v2};
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    /// The response to a call of V2 with the right key.
    pub(super) fn process_v2(
        &mut self,
        endpoint: Endpoint,
        path: &str,
        members: Result<Members, Invalid>,
        now: Timestamp,
    ) -> Response {
        if endpoint.is_settlement() {
            return match self.settlements(now).answer(endpoint, path) {
                Ok(body) => Response::new(200, body),
                Err((status, message)) => {
                    Response::new(status, response::error_body(status.into(), &message))
                }
            };
        }
        let answer = match endpoint {
            Endpoint::Details => self.details(id_in_path(path), now),
            Endpoint::Status => self.sale_status(id_in_path(path)),
            _ => members
                .map_err(Refusal::from)
                .and_then(|members| match endpoint {
                    Endpoint::Payment => self.pay(&members, now),
                    Endpoint::Capture => self.capture(&members.capture()?, now),
                    Endpoint::Cancel => self.cancel(&members.v2_transaction_id()?, now),
                    _ => (self.refund(members.refund()?, now)).map(|()| v2::done()),
                }),
        };
        match answer {
            Ok(body) => Response::new(200, body),
            Err(refusal) => {
                let status = self.refusal_status(&refusal);
                let body = if endpoint.is_checkout_v2() {
                    v2::no_sale(refusal.message())
                } else {
                    v2::refused(refusal.message())
                };
                Response::new(status, body)
            }
        }
    }

    fn refusal_status(&self, refusal: &Refusal) -> u16 {
        match refusal {
            Refusal::Invalid(_) => 400,
            Refusal::UnknownTransaction if self.options.unknown_transaction_is_404 => 404,
            Refusal::UnknownTransaction | Refusal::NotAllowed(_) => self.options.v2_refusal_status,
        }
    }

    /// The cart with an id as V2 writes it, which is any text.
    fn known(&self, id: &str) -> Result<Uuid, Refusal> {
        Uuid::parse_str(id)
            .ok()
            .filter(|id| self.find(*id).is_some())
            .ok_or(Refusal::UnknownTransaction)
    }
}

/// The id at the end of a path.
pub(super) fn id_in_path(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}
