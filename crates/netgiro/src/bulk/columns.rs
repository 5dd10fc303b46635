//! The columns of bulk results: what each is called, and what it says of a result.

use std::borrow::Cow;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::model::cart::CheckResult;
use crate::model::cart::payment_info::PaymentInfo;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind};
use crate::model::status::CartStatus;

/// A column of a table of [`CheckResult`]s.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What it is called, in snake case.
    pub name: &'static str,
    value: fn(&CheckResult) -> Value<'_>,
}

impl Column {
    /// The columns, in order.
    pub const ALL: &'static [Self] = COLUMNS;

    /// What it says of a result. Which variant it is depends on the column alone.
    ///
    /// Of a cart that could not be checked, only the columns of its error hold something.
    #[must_use]
    pub fn value<'a>(&self, result: &'a CheckResult) -> Value<'a> {
        (self.value)(result)
    }
}

/// What a column says of one result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A text.
    Text(Option<Cow<'a, str>>),
    /// A whole number.
    Integer(Option<i64>),
    /// True or false.
    Flag(Option<bool>),
    /// A point in time.
    Instant(Option<Timestamp>),
    /// An amount in krónur.
    Amount(Option<Decimal>),
    /// A word of the table of statuses.
    Status(Option<CartStatus>),
    /// A code of the error table.
    ErrorCode(Option<ErrorKind>),
}

/// The column of a payment's member, by its name if it has no other.
macro_rules! of_payment {
    ($member:ident: Text as $name:expr) => {
        column($name, |row| {
            text(payment(row).and_then(|payment| payment.$member.as_ref()))
        })
    };
    ($member:ident: $kind:ident as $name:expr) => {
        column($name, |row| {
            Value::$kind(payment(row).and_then(|payment| payment.$member))
        })
    };
    ($member:ident: $kind:ident) => {
        of_payment!($member: $kind as stringify!($member))
    };
}

const COLUMNS: &[Column] = &[
    column("transaction_id", |row| {
        Value::Text(Some(row.transaction_id.to_string().into()))
    }),
    of_payment!(reference_number: Text as "reference"),
    of_payment!(total_amount: Amount as "amount"),
    column("status", |row| {
        Value::Status(state(row).map(|state| state.status))
    }),
    column("is_paid", |row| {
        Value::Flag(state(row).map(CartState::is_paid))
    }),
    column("result_code", |row| {
        Value::Integer(match &row.outcome {
            Ok(state) => state.result_code,
            Err(error) => error.result_code(),
        })
    }),
    column("payment_successful", |row| {
        Value::Flag(state(row).and_then(|state| state.payment_successful))
    }),
    column("message", |row| {
        text(state(row).and_then(|state| state.message.as_ref()))
    }),
    of_payment!(invoice_number: Integer),
    of_payment!(status_id: Integer as "payment_status_id"),
    of_payment!(created: Instant),
    of_payment!(discount_amount: Amount),
    of_payment!(shipping_amount: Amount),
    of_payment!(handling_amount: Amount),
    of_payment!(account_number: Integer),
    of_payment!(number_of_installments: Integer),
    of_payment!(client_identity_confirmed: Flag),
    of_payment!(location_id: Text),
    of_payment!(register_id: Text),
    column("checked_at", |row| {
        Value::Instant(state(row).map(|state| state.checked_at))
    }),
    column("reference_id", |row| {
        Value::Text(match &row.outcome {
            Ok(state) => state.reference_id.as_deref().map(Cow::from),
            Err(error) => error.reference_id().map(Cow::from),
        })
    }),
    column("error_code", |row| {
        Value::ErrorCode(error(row).map(Error::kind))
    }),
    column("error_message", |row| {
        Value::Text(error(row).map(|error| error.message().into()))
    }),
];

const fn column(name: &'static str, value: fn(&CheckResult) -> Value<'_>) -> Column {
    Column { name, value }
}

fn state(row: &CheckResult) -> Option<&CartState> {
    row.outcome.as_ref().ok()
}

fn error(row: &CheckResult) -> Option<&Error> {
    row.outcome.as_ref().err()
}

fn payment(row: &CheckResult) -> Option<&PaymentInfo> {
    state(row)?.payment.as_deref()
}

fn text(value: Option<&String>) -> Value<'_> {
    Value::Text(value.map(|text| text.as_str().into()))
}
