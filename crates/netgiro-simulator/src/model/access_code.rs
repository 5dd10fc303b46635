//! The access code of a customer.

use crate::model::customer::Behaviour;
use jiff::Timestamp;

/// A code that was given, to whom, and until when.
#[derive(Debug)]
pub(crate) struct AccessCode {
    pub(crate) behaviour: Behaviour,
    pub(crate) expires_at: Timestamp,
}
