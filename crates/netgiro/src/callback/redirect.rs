//! The redirect with which a customer comes back from a page of Netgíró's: verified and read, for display.

use rust_decimal::Decimal;
use url::form_urlencoded;
use uuid::Uuid;

use crate::callback::plain_amount;
use crate::http::settings::Settings;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::status::CartStatus;
use crate::model::values::amount::Amount;
use crate::protocol::signature::{hash_of, is_same};

/// A redirect that verified. It says what the customer is to see; deliver after a callback and a check alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Redirect {
    /// The server's id of the transaction: a GUID in lower case as far as is known, and any other text as it came.
    pub transaction_id: String,
    /// The shop's order id, as the server holds it.
    pub reference: String,
    /// The amount in krónur, as the server holds it.
    pub amount: Decimal,
    /// The number of the invoice, where there is one.
    pub invoice_number: Option<String>,
    /// `confirmed`, `canceled` or `pending`; `unknown` for a number that this version does not know.
    pub status: CartStatus,
}

/// The members of a redirect, as they came in. The form's have a prefix.
#[derive(Default)]
struct Query {
    transaction_id: Option<String>,
    reference: Option<String>,
    invoice_number: Option<String>,
    amount: Option<String>,
    status: Option<String>,
    signature: Option<String>,
}

const PREFIX: &str = "ng_";

impl Query {
    fn read(url: &str) -> Result<Self, String> {
        let query = match url.split_once('?') {
            Some((_, query)) => query,
            None if url.contains("://") => "",
            None => url,
        };
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let name = name.to_ascii_lowercase();
            let member = match name.strip_prefix(PREFIX).unwrap_or(&name) {
                "transactionid" => &mut read.transaction_id,
                "referencenumber" => &mut read.reference,
                "invoicenumber" => &mut read.invoice_number,
                "totalamount" => &mut read.amount,
                "status" => &mut read.status,
                "netgirosignature" => &mut read.signature,
                _ => continue,
            };
            if member.replace(value.into_owned()).is_some() {
                return Err(format!("its {name} stands there more than once"));
            }
        }
        Ok(read)
    }
}

fn given(member: Option<String>, name: &str) -> Result<String, String> {
    member.ok_or_else(|| format!("it has no {name}"))
}

/// Verifies the URL of a redirect, or its query, and reads it. `amount` and `reference` are the order's, where known.
pub(crate) fn verify(
    settings: &Settings,
    url: &str,
    amount: Option<Amount>,
    reference: Option<&str>,
) -> Result<Redirect> {
    let redirect = read(settings, url, reference).map_err(|why| {
        let message = format!("the redirect was refused: {why}");
        Error::new(ErrorKind::Signature, message)
    })?;
    let mismatch = |what: String| {
        let message = format!("the redirect is about another order: {what}");
        Err(Error::new(ErrorKind::Mismatch, message))
    };
    if let Some(known) = amount.filter(|known| redirect.amount != *known) {
        return mismatch(format!(
            "its amount is {} kr., the order's {known} kr.",
            redirect.amount
        ));
    }
    match reference {
        Some(known) if known != redirect.reference => mismatch(format!(
            "its reference is {:?}, the order's {known:?}",
            redirect.reference
        )),
        _ => Ok(redirect),
    }
}

/// Whether a query has the signature that a redirect has.
pub(super) fn is_signed(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix(PREFIX).unwrap_or(&name) == "netgirosignature"
    })
}

/// Reads what is signed; `known` is the order's reference.
pub(super) fn read(
    settings: &Settings,
    url: &str,
    known: Option<&str>,
) -> Result<Redirect, String> {
    let query = Query::read(url)?;
    let signature = given(query.signature, "NetgiroSignature")?;
    let transaction_id = given(query.transaction_id, "TransactionId")?;
    let reference = given(query.reference, "ReferenceNumber")?;
    let amount = given(query.amount, "TotalAmount")?;
    let status = given(query.status, "Status")?;
    let invoice_number = query.invoice_number.unwrap_or_default();
    let parts = [
        reference.as_str(),
        &transaction_id,
        &invoice_number,
        &amount,
        &status,
    ];
    let is_signed = settings
        .accepted_secret_keys()
        .any(|key| is_same(&hash_of(key.expose(), &parts), &signature));
    if !is_signed {
        return Err("its signature does not match its members under this secret key".to_owned());
    }
    // What is signed has no separators, so text could have been moved from one member to the next.
    let status = match status.as_bytes() {
        [digit] if digit.is_ascii_digit() => *digit,
        _ => return Err("its Status is not one digit".to_owned()),
    };
    if !invoice_number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its InvoiceNumber is not a number".to_owned());
    }
    let amount = plain_amount(&amount).ok_or("its TotalAmount is not an amount")?;
    let guid = Uuid::parse_str(&transaction_id).ok();
    if known.is_none() && guid.is_none() {
        return Err(
            "its TransactionId is not a GUID: give the order's reference to compare it with"
                .to_owned(),
        );
    }
    Ok(Redirect {
        transaction_id: guid.map_or(transaction_id, |guid| guid.to_string()),
        reference,
        amount,
        invoice_number: Some(invoice_number).filter(|number| !number.is_empty()),
        status: match status {
            b'1' => CartStatus::Pending,
            b'2' => CartStatus::Confirmed,
            b'5' => CartStatus::Canceled,
            _ => CartStatus::Unknown,
        },
    })
}
