//! The result codes this server answers.

pub(crate) const OK: i64 = 200;
pub(crate) const GENERIC_ERROR: i64 = 400;
pub(crate) const UNAUTHORIZED: i64 = 401;
pub(crate) const SERVER_ERROR: i64 = 500;
pub(crate) const CONFIRMED: i64 = 10200;
pub(crate) const CANCELED: i64 = 10201;
pub(crate) const ALREADY_CANCELED: i64 = 10202;
pub(crate) const ALREADY_CONFIRMED: i64 = 10203;
/// Declined by Netgíró: the customer has no credit.
pub(crate) const REFUSED: i64 = 10302;
pub(crate) const BELOW_MINIMUM: i64 = 10305;
pub(crate) const NO_SUCH_CUSTOMER: i64 = 10306;
pub(crate) const DECLINED: i64 = 10423;
pub(crate) const NO_SUCH_CART: i64 = 10424;
pub(crate) const WAITING: i64 = 10425;
pub(crate) const RESERVED: i64 = 10426;
pub(crate) const BAD_CONFIRMATION_TYPE: i64 = 10427;
pub(crate) const NEEDS_CODE: i64 = 10428;
pub(crate) const AWAITING_CALLBACK: i64 = 10429;
