//! The columns of bulk results: what they are called, of which type they are, and where their values
//! come from.

use std::borrow::Cow;
use std::ffi::CString;
use std::sync::Arc;

use jiff::Timestamp;
use netgiro::{CartState, CartStatus, CheckResult, CheckResults, ErrorKind, PaymentInfo};
use rust_decimal::Decimal;

use crate::arrow::{Array, Buffer, Schema, Table};

/// How many rows are handed out at a time.
const BATCH: usize = 1 << 16;
/// Amounts have at least so many decimals, so that the tables of two days go together.
const USUAL_SCALE: u32 = 2;
const PRECISION: u32 = 38;

/// A column's name, and what it says of a result. Of a cart that could not be checked only its error
/// says something.
struct Column(&'static str, fn(&CheckResult) -> Value<'_>);

const COLUMNS: &[Column] = &[
    Column("transaction_id", |row| {
        Value::Text(Some(row.transaction_id.to_string().into()))
    }),
    Column("reference", |row| {
        text(payment(row).and_then(|payment| payment.reference_number.as_ref()))
    }),
    Column("amount", |row| {
        Value::Amount(payment(row).and_then(|payment| payment.total_amount))
    }),
    Column("status", |row| {
        Value::Status(state(row).map(|state| state.status))
    }),
    Column("is_paid", |row| {
        Value::Flag(state(row).map(CartState::is_paid))
    }),
    Column("result_code", |row| {
        Value::Integer(match &row.outcome {
            Ok(state) => state.result_code,
            Err(error) => error.result_code(),
        })
    }),
    Column("payment_successful", |row| {
        Value::Flag(state(row).and_then(|state| state.payment_successful))
    }),
    Column("message", |row| {
        text(state(row).and_then(|state| state.message.as_ref()))
    }),
    Column("invoice_number", |row| {
        Value::Integer(payment(row).and_then(|payment| payment.invoice_number))
    }),
    Column("payment_status_id", |row| {
        Value::Integer(payment(row).and_then(|payment| payment.status_id))
    }),
    Column("created", |row| {
        Value::Instant(payment(row).and_then(|payment| payment.created))
    }),
    Column("discount_amount", |row| {
        Value::Amount(payment(row).and_then(|payment| payment.discount_amount))
    }),
    Column("shipping_amount", |row| {
        Value::Amount(payment(row).and_then(|payment| payment.shipping_amount))
    }),
    Column("handling_amount", |row| {
        Value::Amount(payment(row).and_then(|payment| payment.handling_amount))
    }),
    Column("account_number", |row| {
        Value::Integer(payment(row).and_then(|payment| payment.account_number))
    }),
    Column("number_of_installments", |row| {
        Value::Integer(payment(row).and_then(|payment| payment.number_of_installments))
    }),
    Column("client_identity_confirmed", |row| {
        Value::Flag(payment(row).and_then(|payment| payment.client_identity_confirmed))
    }),
    Column("location_id", |row| {
        text(payment(row).and_then(|payment| payment.location_id.as_ref()))
    }),
    Column("register_id", |row| {
        text(payment(row).and_then(|payment| payment.register_id.as_ref()))
    }),
    Column("checked_at", |row| {
        Value::Instant(state(row).map(|state| state.checked_at))
    }),
    Column("reference_id", |row| {
        Value::Text(match &row.outcome {
            Ok(state) => state.reference_id.as_deref().map(Cow::from),
            Err(error) => error.reference_id().map(Cow::from),
        })
    }),
    Column("error_code", |row| {
        Value::ErrorCode(row.outcome.as_ref().err().map(netgiro::Error::kind))
    }),
    Column("error_message", |row| {
        Value::Text(
            row.outcome
                .as_ref()
                .err()
                .map(|error| error.message().into()),
        )
    }),
];

fn state(row: &CheckResult) -> Option<&CartState> {
    row.outcome.as_ref().ok()
}

fn payment(row: &CheckResult) -> Option<&PaymentInfo> {
    state(row)?.payment.as_deref()
}

fn text(value: Option<&String>) -> Value<'_> {
    Value::Text(value.map(|text| text.as_str().into()))
}

/// What a column says of one result; which variant it is depends on the column alone.
enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Integer(Option<i64>),
    Flag(Option<bool>),
    Instant(Option<Timestamp>),
    Amount(Option<Decimal>),
    Status(Option<CartStatus>),
    ErrorCode(Option<ErrorKind>),
}

/// The values of a column, as they are collected.
enum Values {
    Text {
        offsets: Vec<i32>,
        bytes: Vec<u8>,
    },
    Integers(Vec<i64>),
    Instants(Vec<i64>),
    Flags(Bits),
    Amounts(Vec<i128>),
    /// Places in a list of words.
    Words(Vec<u8>, fn() -> Vec<&'static str>),
}

impl Values {
    /// None yet, of the type that the value of any row shows.
    fn like(value: &Value<'_>) -> Self {
        match value {
            Value::Text(_) => Self::Text {
                offsets: vec![0],
                bytes: Vec::new(),
            },
            Value::Integer(_) => Self::Integers(Vec::new()),
            Value::Instant(_) => Self::Instants(Vec::new()),
            Value::Flag(_) => Self::Flags(Bits::default()),
            Value::Amount(_) => Self::Amounts(Vec::new()),
            Value::Status(_) => Self::Words(Vec::new(), statuses),
            Value::ErrorCode(_) => Self::Words(Vec::new(), error_codes),
        }
    }

    /// Adds a value, and says whether there was one; `None` where its digits are too many.
    fn push(&mut self, value: &Value<'_>, scale: u32) -> Option<bool> {
        match (self, value) {
            (Self::Text { offsets, bytes }, Value::Text(text)) => {
                bytes.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
                offsets.push(i32::try_from(bytes.len()).ok()?);
                Some(text.is_some())
            }
            (Self::Integers(integers), Value::Integer(integer)) => {
                integers.push(integer.unwrap_or_default());
                Some(integer.is_some())
            }
            (Self::Instants(instants), Value::Instant(instant)) => {
                instants.push(instant.map_or(0, Timestamp::as_microsecond));
                Some(instant.is_some())
            }
            (Self::Flags(flags), Value::Flag(flag)) => {
                flags.push(flag.unwrap_or_default());
                Some(flag.is_some())
            }
            (Self::Amounts(amounts), Value::Amount(amount)) => {
                amounts.push(amount.map_or(Some(0), |amount| scaled(amount, scale))?);
                Some(amount.is_some())
            }
            (Self::Words(places, _), Value::Status(status)) => {
                let place = |status| CartStatus::ALL.iter().position(|known| *known == status);
                places.push(u8::try_from(status.and_then(place).unwrap_or_default()).ok()?);
                Some(status.is_some())
            }
            (Self::Words(places, _), Value::ErrorCode(kind)) => {
                let place = |kind| ErrorKind::ALL.iter().position(|known| *known == kind);
                places.push(u8::try_from(kind.and_then(place).unwrap_or_default()).ok()?);
                Some(kind.is_some())
            }
            _ => None,
        }
    }

    fn schema(&self, name: &str, is_nullable: bool, scale: u32) -> Schema {
        let name = CString::new(name).unwrap_or_default();
        let format = match self {
            Self::Text { .. } => c"u".to_owned(),
            Self::Integers(_) => c"l".to_owned(),
            Self::Instants(_) => c"tsu:UTC".to_owned(),
            Self::Flags(_) => c"b".to_owned(),
            Self::Amounts(_) => CString::new(format!("d:{PRECISION},{scale}")).unwrap_or_default(),
            Self::Words(..) => {
                let words = Schema::new(c"u".to_owned(), CString::default(), false);
                return Schema::dictionary(c"c".to_owned(), name, words);
            }
        };
        Schema::new(format, name, is_nullable)
    }

    fn array(self, length: usize, present: Bits) -> Array {
        let nulls = present.unset;
        let present = if nulls == 0 {
            Buffer::Absent
        } else {
            Buffer::Bytes(present.bytes)
        };
        let buffers = match self {
            Self::Text { offsets, bytes } => {
                vec![present, Buffer::Offsets(offsets), Buffer::Bytes(bytes)]
            }
            Self::Integers(values) | Self::Instants(values) => {
                vec![present, Buffer::Integers(values)]
            }
            Self::Flags(flags) => vec![present, Buffer::Bytes(flags.bytes)],
            Self::Amounts(values) => vec![present, Buffer::Decimals(values)],
            Self::Words(places, words) => {
                let buffers = vec![present, Buffer::Bytes(places)];
                return Array::dictionary(length, nulls, buffers, dictionary(&words()));
            }
        };
        Array::new(length, nulls, buffers)
    }
}

fn statuses() -> Vec<&'static str> {
    CartStatus::ALL
        .iter()
        .map(|status| status.as_str())
        .collect()
}

fn error_codes() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
}

/// Words as the values of a dictionary.
fn dictionary(words: &[&str]) -> Array {
    let mut values = Values::like(&Value::Text(None));
    for &word in words {
        values.push(&Value::Text(Some(word.into())), USUAL_SCALE);
    }
    values.array(words.len(), Bits::default())
}

/// An amount in units of its last decimal, where so many digits are allowed.
fn scaled(amount: Decimal, scale: u32) -> Option<i128> {
    let amount = amount.normalize();
    let factor = 10_i128.checked_pow(scale.checked_sub(amount.scale())?)?;
    let units = amount.mantissa().checked_mul(factor)?;
    (units.unsigned_abs() < 10_u128.pow(PRECISION)).then_some(units)
}

/// Bits, eight in a byte, the first of them the lowest.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    length: usize,
    unset: usize,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.length.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let (true, Some(last)) = (bit, self.bytes.last_mut()) {
            *last |= 1 << (self.length % 8);
        }
        self.length += 1;
        self.unset += usize::from(!bit);
    }
}

/// Results on their way into the tables of another library.
pub(crate) struct Columns {
    results: Arc<CheckResults>,
    next: usize,
    /// How many decimals amounts have: as many as the one that has most of them.
    scale: u32,
}

impl Columns {
    pub(crate) fn of(results: Arc<CheckResults>) -> Self {
        let decimals = |row: CheckResult| {
            let amounts = |payment: &PaymentInfo| {
                [
                    payment.total_amount,
                    payment.discount_amount,
                    payment.shipping_amount,
                    payment.handling_amount,
                ]
            };
            let amounts = payment(&row).map(amounts).into_iter().flatten().flatten();
            amounts.map(|amount| amount.normalize().scale()).max()
        };
        let scale = results.iter().filter_map(decimals).max();
        Self {
            scale: scale.unwrap_or_default().max(USUAL_SCALE),
            results,
            next: 0,
        }
    }
}

impl Table for Columns {
    fn schema(&self) -> Schema {
        let any = any_result();
        Schema::record(COLUMNS.iter().enumerate().map(|(at, Column(name, value))| {
            Values::like(&value(&any)).schema(name, at > 0, self.scale)
        }))
    }

    fn next(&mut self) -> Result<Option<Array>, String> {
        let rows = self.next..self.results.len().min(self.next + BATCH);
        if rows.is_empty() {
            return Ok(None);
        }
        self.next = rows.end;
        let length = rows.len();
        let any = any_result();
        let mut columns: Vec<_> = COLUMNS
            .iter()
            .map(|Column(_, value)| (Values::like(&value(&any)), Bits::default()))
            .collect();
        for at in rows {
            let Some(row) = self.results.get(at) else {
                return Err(format!("there is no result {at}"));
            };
            for (Column(name, value), (values, present)) in COLUMNS.iter().zip(&mut columns) {
                let Some(is_present) = values.push(&value(&row), self.scale) else {
                    return Err(format!(
                        "{name} of cart {} does not fit into its column",
                        row.transaction_id
                    ));
                };
                present.push(is_present);
            }
        }
        let arrays = columns
            .into_iter()
            .map(|(values, present)| values.array(length, present));
        Ok(Some(Array::record(length, arrays)))
    }
}

/// A result of which only the columns' types are asked.
fn any_result() -> CheckResult {
    CheckResult {
        transaction_id: uuid::Uuid::nil(),
        outcome: Err(netgiro::Error::new(ErrorKind::Protocol, "")),
    }
}
