//! Access codes of customers: given for tests, and used in payments.

use crate::engine::clock::later;
use crate::engine::state::Engine;
use crate::model::access_code::AccessCode;
use crate::model::codes;
use crate::model::customer::{Behaviour, Channel, Customer};
use crate::model::transaction::Refusal;
use crate::protocol::request::{Invalid, Members};
use crate::protocol::v1;
use jiff::Timestamp;
use std::time::Duration;

const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// With this before its digits a code is an access code of V2, and the number of a barcode of V1 as well.
const PREFIX: &str = "500004";

/// Why a code cannot be used.
pub(crate) enum UnusableCode {
    Expired,
    /// Its customer has no credit.
    NoCredit,
}

impl UnusableCode {
    fn message(&self) -> &'static str {
        match self {
            Self::Expired => "The access code has expired",
            Self::NoCredit => "The customer does not have enough credit",
        }
    }
}

impl From<UnusableCode> for Invalid {
    fn from(unusable: UnusableCode) -> Self {
        Self {
            code: match unusable {
                UnusableCode::Expired => codes::NO_SUCH_CUSTOMER,
                UnusableCode::NoCredit => codes::REFUSED,
            },
            message: unusable.message().to_owned(),
        }
    }
}

impl From<UnusableCode> for Refusal {
    fn from(unusable: UnusableCode) -> Self {
        Self::not_allowed(unusable.message())
    }
}

impl Engine {
    /// `RequestConfirmation`: the message of the response is the code.
    pub(super) fn give_access_code(
        &mut self,
        members: &Members,
        now: Timestamp,
    ) -> Result<Vec<u8>, Invalid> {
        let id = members.required_text("Customer")?;
        let customer = Customer::find_hosted(&id).ok_or_else(|| Invalid {
            code: codes::NO_SUCH_CUSTOMER,
            message: "Customer does not exist".to_owned(),
        })?;
        let code = format!("{PREFIX}{:04}", self.message_rng.u32(0..10_000));
        let given = AccessCode {
            behaviour: customer.behaviour,
            expires_at: later(now, LIFETIME),
        };
        self.access_codes.insert(code.clone(), given);
        Ok(v1::done(codes::OK, Some(&code)))
    }

    /// The customer who pays, if a code that was given here can still be used. Other codes are those of the app, which
    /// nobody here knows.
    pub(in crate::engine) fn redeem(
        &self,
        customer: Customer,
        now: Timestamp,
    ) -> Result<Customer, UnusableCode> {
        let given =
            (self.access_codes.get(&customer.id)).filter(|_| customer.channel == Channel::AppCode);
        match given {
            Some(code) if code.expires_at <= now => Err(UnusableCode::Expired),
            Some(code) if code.behaviour == Behaviour::NoCredit => Err(UnusableCode::NoCredit),
            _ => Ok(customer),
        }
    }
}
