//! Settlements: what Netgíró transfers to the shop's bank, and the sales that are in it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::model::error::{Error, Result};
use crate::model::text::quote;

/// One transfer to the shop's bank. Every member can be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Settlement {
    /// Who settles.
    pub provider_name: Option<String>,
    /// The number to ask for its items by, such as `100000-000069`: text.
    pub number: Option<String>,
    /// When it was made up.
    pub created: Option<Timestamp>,
    /// What the bank gets, in krónur.
    pub amount: Option<Decimal>,
    /// What Netgíró keeps, in krónur.
    pub cost_amount: Option<Decimal>,
    /// When the bank gets it.
    pub bank_transfer_transaction_date: Option<Timestamp>,
    /// How many sales are in it.
    pub number_of_sales: Option<i64>,
    /// What the customers paid, in krónur.
    pub total_amount: Option<Decimal>,
    /// Where it stands, in Netgíró's own word.
    pub status: Option<String>,
}

/// One sale in a settlement. Every member can be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SettlementItem {
    /// What the customer paid, in krónur.
    pub total_amount: Option<Decimal>,
    /// What Netgíró keeps of it, in krónur.
    pub cost_amount: Option<Decimal>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The number of its loan, such as `L-123456`: text. What connects it to a cart is documented nowhere.
    pub loan_number: Option<String>,
}

/// A day as callers write it: `2026-01-31`, or an instant of it, in UTC as all of Iceland is.
pub fn day(argument: &str, text: &str) -> Result<Date> {
    text.parse::<Timestamp>()
        .map(|at| TimeZone::UTC.to_datetime(at).date())
        .or_else(|_| text.parse())
        .map_err(|_| {
            Error::invalid_request(format!(
                "{argument} must be a day such as 2026-01-31; got {}",
                quote::text(text)
            ))
        })
}
