//! The requests for settlements, and what their responses mean. Read-only.
//!
//! The API's V2, of which little is documented: every member can be missing, and those that are there
//! are read in either spelling. An amount that cannot be read exactly is refused.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::settlement::{Settlement, SettlementItem};
use crate::model::text::quote;
use crate::protocol::json;
use crate::protocol::response::Response;

/// Adds the query of the list to its URL.
pub(crate) fn set_list_query(
    url: &mut Url,
    from: Date,
    to: Date,
    number: Option<&str>,
) -> Result<()> {
    if from > to {
        return Err(Error::invalid_request(format!(
            "date_from must not be after date_to; got {from} and {to}"
        )));
    }
    let mut query = url.query_pairs_mut();
    query.append_pair("dateFrom", &from.to_string());
    query.append_pair("dateTo", &to.to_string());
    if let Some(number) = number {
        check_number(number)?;
        query.append_pair("settlementNumber", number);
    }
    Ok(())
}

/// Adds a settlement's number to the URL of its items, as one segment of its path.
pub(crate) fn push_number(url: &mut Url, number: &str) -> Result<()> {
    check_number(number)?;
    url.path_segments_mut()
        .map_err(|()| Error::configuration("base_url cannot have a path"))?
        .push(number);
    Ok(())
}

/// The longest number that is sent; those documented have 13 characters.
const LONGEST_NUMBER: usize = 100;

fn check_number(number: &str) -> Result<()> {
    // A path of dots would lead elsewhere.
    let is_usable = !number.trim().is_empty()
        && number.chars().count() <= LONGEST_NUMBER
        && !number.chars().any(char::is_control)
        && !matches!(number, "." | "..");
    if is_usable {
        return Ok(());
    }
    let shown: String = number.chars().take(LONGEST_NUMBER).collect();
    Err(Error::invalid_request(format!(
        "a settlement's number must be text such as \"100000-000069\", of 1 to {LONGEST_NUMBER} characters that print; \
         got {shown:?}"
    )))
}

/// Reads an answer that is one JSON array of objects.
pub(crate) fn read<T: Record>(response: &Response) -> Result<Vec<T>> {
    let body = &response.body;
    let no_array = || {
        let beginning = json::beginning(body);
        let message = format!("the body is not one JSON array of objects: {beginning}");
        response.error(ErrorKind::Server, message)
    };
    let text = std::str::from_utf8(body).map_err(|_| no_array())?;
    let objects: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| no_array())?;
    if objects.iter().any(|object| !object.get().starts_with('{')) {
        return Err(no_array());
    }
    let mut records = Vec::with_capacity(objects.len());
    for (at, object) in objects.into_iter().enumerate() {
        let record = T::read(object.get()).map_err(|why| {
            let message = format!("the body has wrong data in its object {}: {why}", at + 1);
            response.error(ErrorKind::Protocol, message)
        })?;
        records.push(record);
    }
    Ok(records)
}

/// What an object of a response is read as.
pub(crate) trait Record: Sized {
    fn read(object: &str) -> Result<Self, String>;
}

/// The members of both kinds of objects. An object with a member twice is refused.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire<'a> {
    #[serde(borrow, alias = "providerName")]
    provider_name: Option<&'a RawValue>,
    #[serde(borrow, alias = "number")]
    number: Option<&'a RawValue>,
    #[serde(borrow, alias = "created")]
    created: Option<&'a RawValue>,
    #[serde(borrow, alias = "amount")]
    amount: Option<&'a RawValue>,
    #[serde(borrow, alias = "costAmount")]
    cost_amount: Option<&'a RawValue>,
    #[serde(borrow, alias = "bankTransferTransactionDate")]
    bank_transfer_transaction_date: Option<&'a RawValue>,
    #[serde(borrow, alias = "numberOfSales")]
    number_of_sales: Option<&'a RawValue>,
    #[serde(borrow, alias = "totalAmount")]
    total_amount: Option<&'a RawValue>,
    #[serde(borrow, alias = "status")]
    status: Option<&'a RawValue>,
    #[serde(borrow, alias = "loanNumber")]
    loan_number: Option<&'a RawValue>,
}

impl<'a> Wire<'a> {
    fn read(object: &'a str) -> Result<Self, String> {
        serde_json::from_str(object).map_err(|error| quote::json(&error))
    }
}

impl Record for Settlement {
    fn read(object: &str) -> Result<Self, String> {
        let wire = Wire::read(object)?;
        Ok(Self {
            provider_name: text(wire.provider_name),
            number: name("Number", wire.number)?,
            created: instant(wire.created),
            amount: json::decimal("Amount", wire.amount)?,
            cost_amount: json::decimal("CostAmount", wire.cost_amount)?,
            bank_transfer_transaction_date: instant(wire.bank_transfer_transaction_date),
            number_of_sales: whole("NumberOfSales", wire.number_of_sales)?,
            total_amount: json::decimal("TotalAmount", wire.total_amount)?,
            status: text(wire.status),
        })
    }
}

impl Record for SettlementItem {
    fn read(object: &str) -> Result<Self, String> {
        let wire = Wire::read(object)?;
        Ok(Self {
            total_amount: json::decimal("TotalAmount", wire.total_amount)?,
            cost_amount: json::decimal("CostAmount", wire.cost_amount)?,
            created: instant(wire.created),
            loan_number: name("LoanNumber", wire.loan_number)?,
        })
    }
}

/// A text, or the digits of a number, which a status may be.
fn text(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?.get();
    match serde_json::from_str(raw) {
        Ok(text) => Some(text),
        Err(_) if raw.starts_with(['{', '[']) => None,
        Err(_) => Some(raw.to_owned()),
    }
}

fn instant(raw: Option<&RawValue>) -> Option<Timestamp> {
    json::instant(&text(raw)?)
}

/// A number that is a name: text, or the digits of a number as they stand.
fn name(member: &str, raw: Option<&RawValue>) -> Result<Option<String>, String> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    let is_number = raw
        .get()
        .starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let name = match serde_json::from_str::<String>(raw.get()) {
        Ok(name) => name,
        Err(_) if is_number => raw.get().to_owned(),
        Err(_) => {
            let beginning = json::beginning(raw.get().as_bytes());
            return Err(format!(
                "{member} is neither text nor a number: {beginning}"
            ));
        }
    };
    Ok(Some(name).filter(|name| !name.is_empty()))
}

/// A whole number, which may be written as text.
fn whole(member: &str, raw: Option<&RawValue>) -> Result<Option<i64>, String> {
    let Some(digits) = text(raw) else {
        return match raw {
            Some(raw) => Err(no_number(member, raw.get())),
            None => Ok(None),
        };
    };
    let number = digits.trim().parse();
    number.map(Some).map_err(|_| no_number(member, &digits))
}

fn no_number(member: &str, text: &str) -> String {
    let beginning = json::beginning(text.as_bytes());
    format!("{member} is no whole number: {beginning}")
}
