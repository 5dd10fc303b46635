//! What goes wrong between a shop and its server.

use fastrand::Rng;
use netgiro_simulator::{BodyAs, Fault as ServerFault, ResponseSignatures};
use tokio::time::Duration;

use crate::simulation::draw::happens;

/// A result code that no version knows.
const UNKNOWN_CODE: i64 = 10_999;

/// What happens to a request or to its answer.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The request is lost. Whether the client is told so, or waits.
    LostRequest { is_silent: bool },
    /// The request comes when nobody waits for its answer any more.
    LateRequest { after: Duration, is_silent: bool },
    /// The request is processed, and its answer is lost.
    LostAnswer { is_silent: bool },
    /// The answer breaks off in its body.
    BrokenAnswer,
    /// The request comes twice, the second time so much later; the first or the second answer comes back.
    Twice { after: Duration, is_second: bool },
    /// The answer to the same call about another cart comes back, which is paid and named.
    Foreign,
    /// V2 says "pending" in a word that no version knows.
    UnknownStatus,
    /// The answer takes so long.
    Slow(Duration),
    /// The server answers something else.
    Server(Box<ServerFault>),
}

/// What is asked, as far as faults care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// Makes a cart: may not come twice, since nothing below HTTP repeats what it has acknowledged.
    Insert,
    /// V1's cancel.
    Cancel,
    /// V2's cancel, which undoes a payment: no client can defend itself against one that comes late.
    CancelV2,
    /// It says where a cart stands.
    Check,
    /// It gives money back.
    Refund,
    /// Whatever else is safe to repeat.
    Other,
}

/// Draws the fault of a request.
pub(super) fn draw_fault(
    chance: &mut Rng,
    rate: f64,
    call: Call,
    is_signed: bool,
) -> Option<Fault> {
    if !happens(chance, rate) {
        let is_odd = matches!(call, Call::Check | Call::Refund) && happens(chance, rate / 12.0);
        return is_odd.then(|| match (call, chance.bool(), is_signed) {
            (Call::Refund, ..) => Fault::Server(Box::new(ServerFault::anywhere().status(400))),
            (_, true, _) => Fault::Foreign,
            (_, _, true) => {
                Fault::Server(Box::new(ServerFault::anywhere().result_code(UNKNOWN_CODE)))
            }
            _ => Fault::UnknownStatus,
        });
    }
    let is_silent = chance.bool();
    let seconds = |chance: &mut Rng, most: u64| Duration::from_millis(chance.u64(20..most * 1_000));
    let fault = match chance.u32(0..12) {
        0 | 1 => Fault::LostRequest { is_silent },
        2 | 3 => Fault::LostAnswer { is_silent },
        4 => Fault::BrokenAnswer,
        5 => Fault::Slow(seconds(chance, 14)),
        6 => match call {
            Call::CancelV2 => Fault::LostRequest { is_silent },
            _ => Fault::LateRequest {
                after: seconds(chance, 30),
                is_silent,
            },
        },
        7 => match call {
            Call::Insert | Call::CancelV2 => Fault::LostAnswer { is_silent },
            _ => Fault::Twice {
                after: seconds(chance, 9),
                is_second: chance.bool(),
            },
        },
        8 if call == Call::Cancel || call == Call::CancelV2 => {
            Fault::Server(Box::new(ServerFault::anywhere().confirm_during()))
        }
        _ => Fault::Server(Box::new(server_fault(chance, is_signed))),
    };
    Some(fault)
}

fn server_fault(chance: &mut Rng, is_signed: bool) -> ServerFault {
    let fault = ServerFault::anywhere();
    match chance.u32(0..9) {
        0 => fault.status(500).processed(true),
        1 => fault.status(500),
        2 => fault.status(502).processed(chance.bool()),
        3 => fault.status(503).retry_after(chance.u32(0..20).to_string()),
        4 => fault.status(429).retry_after(chance.u32(0..90).to_string()),
        5 => fault.body_as(BodyAs::Truncated),
        6 => fault.body_as(BodyAs::Html),
        7 => fault.body_as(BodyAs::DuplicateKeys),
        _ if is_signed => fault.signature(ResponseSignatures::Corrupt),
        _ => fault.body_as(BodyAs::Empty),
    }
}

impl Fault {
    /// What it is, for the trace.
    pub(super) fn describe(&self) -> String {
        let silently = |is_silent: &bool| if *is_silent { ", silently" } else { "" };
        match self {
            Self::LostRequest { is_silent } => {
                format!("the request is lost{}", silently(is_silent))
            }
            Self::LateRequest { after, is_silent } => {
                format!("the request comes {after:?} late{}", silently(is_silent))
            }
            Self::LostAnswer { is_silent } => format!("the answer is lost{}", silently(is_silent)),
            Self::BrokenAnswer => "the answer breaks off".to_owned(),
            Self::UnknownStatus => "the answer has an unknown status".to_owned(),
            Self::Foreign => "another cart's answer comes back".to_owned(),
            Self::Twice { after, is_second } => format!(
                "the request comes again after {after:?}, and the {} answer comes back",
                if *is_second { "second" } else { "first" }
            ),
            Self::Slow(by) => format!("the answer takes {by:?}"),
            Self::Server(fault) => {
                let mut what = Vec::new();
                what.extend(fault.status.map(|status| format!("answers {status}")));
                what.extend(
                    fault
                        .body_as
                        .map(|form| format!("spoils the body: {}", form.as_str())),
                );
                what.extend(fault.result_code.map(|code| format!("answers code {code}")));
                what.extend(fault.signature.map(|_| "signs wrongly".to_owned()));
                what.extend(
                    fault
                        .confirm_during
                        .then(|| "the customer accepts meanwhile".to_owned()),
                );
                what.extend(
                    fault
                        .processed
                        .filter(|done| *done)
                        .map(|_| "it was carried out".to_owned()),
                );
                format!("the server {}", what.join(", "))
            }
        }
    }
}
