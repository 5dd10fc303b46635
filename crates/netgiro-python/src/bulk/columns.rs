//! Results as Arrow's columns: pyarrow, polars, DuckDB and pandas take them as the very memory they
//! compute on, without any of them being needed here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Decimal128Builder, Int8Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    ArrayRef, DictionaryArray, RecordBatch, RecordBatchReader, StringArray, types::Int8Type,
};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use netgiro::columns::{Column, Value};
use netgiro::{CartStatus, CheckResult, CheckResults, ErrorKind, PaymentInfo};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use rust_decimal::Decimal;

/// How many rows are handed out at a time.
const BATCH: usize = 1 << 16;
/// Amounts have at least so many decimals, so that the tables of two days go together.
const USUAL_SCALE: u8 = 2;
const PRECISION: u8 = 38;

/// As Python's `__arrow_c_schema__` has to give it.
pub(crate) fn schema(py: Python<'_>, results: Arc<CheckResults>) -> PyResult<Bound<'_, PyCapsule>> {
    let reader = py.detach(|| Reader::new(results));
    let schema = FFI_ArrowSchema::try_from(reader.schema().as_ref())
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    PyCapsule::new_with_value_and_destructor(py, schema, c"arrow_schema", |schema, _| drop(schema))
}

/// As Python's `__arrow_c_stream__` has to give it.
pub(crate) fn stream(py: Python<'_>, results: Arc<CheckResults>) -> PyResult<Bound<'_, PyCapsule>> {
    let reader = py.detach(|| Reader::new(results));
    let stream = FFI_ArrowArrayStream::new(Box::new(reader));
    PyCapsule::new_with_value_and_destructor(py, stream, c"arrow_array_stream", |stream, _| {
        drop(stream);
    })
}

/// Hands results out a batch of rows at a time.
struct Reader {
    results: Arc<CheckResults>,
    schema: SchemaRef,
    next: usize,
    /// How many decimals amounts have: as many as the one that has most of them.
    scale: u8,
}

impl Reader {
    fn new(results: Arc<CheckResults>) -> Self {
        let decimals = results.iter().filter_map(|row| decimals(&row)).max();
        let scale = decimals.unwrap_or_default().max(USUAL_SCALE);
        // Of which type a column is, any result shows.
        let any = CheckResult {
            transaction_id: uuid::Uuid::nil(),
            outcome: Err(netgiro::Error::new(ErrorKind::Protocol, "")),
        };
        let fields: Vec<_> = Column::ALL
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let kind = Builder::new(&column.value(&any), scale).data_type(scale);
                Field::new(column.name, kind, at > 0)
            })
            .collect();
        Self {
            results,
            schema: Arc::new(Schema::new(fields)),
            next: 0,
            scale,
        }
    }

    /// The next rows; `None` after the last.
    fn batch(&mut self) -> Option<Result<RecordBatch, ArrowError>> {
        let rows = self.next..self.results.len().min(self.next + BATCH);
        if rows.is_empty() {
            return None;
        }
        self.next = rows.end;
        let rows: Vec<_> = rows.filter_map(|at| self.results.get(at)).collect();
        let columns = Column::ALL.iter().map(|column| self.array(column, &rows));
        let columns = columns.collect::<Result<Vec<_>, _>>();
        Some(columns.and_then(|columns| RecordBatch::try_new(Arc::clone(&self.schema), columns)))
    }

    fn array(&self, column: &Column, rows: &[CheckResult]) -> Result<ArrayRef, ArrowError> {
        let mut values: Option<Builder> = None;
        for row in rows {
            let value = column.value(row);
            values
                .get_or_insert_with(|| Builder::new(&value, self.scale))
                .push(&value, self.scale)
                .ok_or_else(|| {
                    ArrowError::ComputeError(format!(
                        "{} of cart {} does not fit into its column",
                        column.name, row.transaction_id
                    ))
                })?;
        }
        values.map_or_else(
            || Err(ArrowError::ComputeError("there are no rows".to_owned())),
            Builder::finish,
        )
    }
}

impl Iterator for Reader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Whoever calls this is written in C, and no panic may reach it.
        catch_unwind(AssertUnwindSafe(|| self.batch())).unwrap_or_else(|_| {
            let why = "netgiro has a bug: its columns could not be filled";
            Some(Err(ArrowError::ComputeError(why.to_owned())))
        })
    }
}

impl RecordBatchReader for Reader {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// The values of a column, as they are collected.
enum Builder {
    Text(StringBuilder),
    Integers(Int64Builder),
    Flags(BooleanBuilder),
    Instants(TimestampMicrosecondBuilder),
    Amounts(Decimal128Builder),
    /// Places in a list of words.
    Words(Int8Builder, fn() -> StringArray),
}

impl Builder {
    /// One without values, of the type that any value of the column shows.
    fn new(value: &Value<'_>, scale: u8) -> Self {
        match value {
            Value::Integer(_) => Self::Integers(Int64Builder::new()),
            Value::Flag(_) => Self::Flags(BooleanBuilder::new()),
            Value::Instant(_) => {
                Self::Instants(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            Value::Amount(_) => {
                Self::Amounts(Decimal128Builder::new().with_data_type(decimal(scale)))
            }
            Value::Status(_) => Self::Words(Int8Builder::new(), || {
                CartStatus::ALL
                    .iter()
                    .map(|status| Some(status.as_str()))
                    .collect()
            }),
            Value::ErrorCode(_) => Self::Words(Int8Builder::new(), || {
                ErrorKind::ALL
                    .iter()
                    .map(|kind| Some(kind.code()))
                    .collect()
            }),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Adds a value; `None` where it does not fit.
    fn push(&mut self, value: &Value<'_>, scale: u8) -> Option<()> {
        match (self, value) {
            (Self::Text(texts), Value::Text(text)) => {
                let length = text.as_ref().map_or(0, |text| text.len());
                i32::try_from(texts.values_slice().len() + length).ok()?;
                texts.append_option(text.as_deref());
            }
            (Self::Integers(integers), Value::Integer(integer)) => integers.append_option(*integer),
            (Self::Flags(flags), Value::Flag(flag)) => flags.append_option(*flag),
            (Self::Instants(instants), Value::Instant(instant)) => {
                instants.append_option(instant.map(jiff::Timestamp::as_microsecond));
            }
            (Self::Amounts(amounts), Value::Amount(amount)) => match amount {
                Some(amount) => amounts.append_value(scaled(*amount, scale)?),
                None => amounts.append_null(),
            },
            (Self::Words(places, _), Value::Status(status)) => {
                places.append_option(place(CartStatus::ALL, *status));
            }
            (Self::Words(places, _), Value::ErrorCode(kind)) => {
                places.append_option(place(ErrorKind::ALL, *kind));
            }
            _ => return None,
        }
        Some(())
    }

    fn data_type(&self, scale: u8) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Integers(_) => DataType::Int64,
            Self::Flags(_) => DataType::Boolean,
            Self::Instants(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Amounts(_) => decimal(scale),
            Self::Words(..) => {
                DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))
            }
        }
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Text(mut texts) => Arc::new(texts.finish()),
            Self::Integers(mut integers) => Arc::new(integers.finish()),
            Self::Flags(mut flags) => Arc::new(flags.finish()),
            Self::Instants(mut instants) => Arc::new(instants.finish()),
            Self::Amounts(mut amounts) => Arc::new(amounts.finish()),
            Self::Words(mut places, words) => Arc::new(DictionaryArray::<Int8Type>::try_new(
                places.finish(),
                Arc::new(words()),
            )?),
        })
    }
}

fn decimal(scale: u8) -> DataType {
    DataType::Decimal128(PRECISION, i8::try_from(scale).unwrap_or(i8::MAX))
}

fn place<T: PartialEq>(all: &[T], word: Option<T>) -> Option<i8> {
    let word = word?;
    let at = all.iter().position(|known| *known == word)?;
    i8::try_from(at).ok()
}

/// How many decimals the amounts of a result have, where it has any.
fn decimals(row: &CheckResult) -> Option<u8> {
    let amounts = |payment: &PaymentInfo| {
        [
            payment.total_amount,
            payment.discount_amount,
            payment.shipping_amount,
            payment.handling_amount,
        ]
    };
    let payment = row.outcome.as_ref().ok()?.payment.as_deref()?;
    let amounts = amounts(payment).into_iter().flatten();
    let most = amounts.map(|amount| amount.normalize().scale()).max()?;
    u8::try_from(most).ok()
}

/// An amount in units of its last decimal, where so many digits are allowed.
fn scaled(amount: Decimal, scale: u8) -> Option<i128> {
    let amount = amount.normalize();
    let factor = 10_i128.checked_pow(u32::from(scale).checked_sub(amount.scale())?)?;
    let units = amount.mantissa().checked_mul(factor)?;
    (units.unsigned_abs() < 10_u128.pow(PRECISION.into())).then_some(units)
}
