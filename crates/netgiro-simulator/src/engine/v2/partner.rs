//! The Partner API: refunds and transactions, as before V2.

use crate::engine::exchange::Response;
use crate::engine::state::Engine;
use crate::engine::v2::id_in_path;
use crate::model::endpoint::Endpoint;
use crate::model::transaction::Refusal;
use crate::protocol::partner;
use crate::protocol::request::{Invalid, Members};
use jiff::Timestamp;

impl Engine {
    /// The response to a call of the Partner API with the right token. HTTP 200 is success, so a refusal has another
    /// status.
    pub(in crate::engine) fn process_partner(
        &mut self,
        endpoint: Endpoint,
        path: &str,
        members: Result<Members, Invalid>,
        now: Timestamp,
    ) -> Response {
        let answer = if endpoint == Endpoint::PartnerTransaction {
            self.known(id_in_path(path))
                .and_then(|id| self.transaction_details(id, now))
                .map(|details| partner::transaction(&details, self.options.decimals))
        } else {
            members
                .map_err(Refusal::from)
                .and_then(|members| self.refund(members.partner_refund()?, now))
                .map(|()| partner::message("Success"))
        };
        answer.map_or_else(
            |refusal| {
                let is_unknown = refusal == Refusal::UnknownTransaction;
                let status = if is_unknown && self.options.unknown_transaction_is_404 {
                    404
                } else {
                    400
                };
                Response::new(status, partner::message(refusal.message()))
            },
            |body| Response::new(200, body),
        )
    }
}
