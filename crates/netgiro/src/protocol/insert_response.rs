//! What an answer to InsertCart means for the order: it has a cart, it is free, or that is not known.
//!
//! A "no" frees the order, and its customer is asked again. So it is one only when it is the API's and says so with a
//! code that means no; whatever else is not a cart is in doubt, since the cart may be there.
//!
//! | HTTP status | Success | `ResultCode` | `TransactionId` | the order |
//! |---|---|---|---|---|
//! | 2xx | true | 200, that of an open or a paid cart, or one not known | a GUID | has the cart |
//! | 2xx, 4xx | false; 4xx: or missing | 400, 10305, 10306, 10427, or that of a cart that ended unpaid | any | is free |
//! | 2xx, 4xx | the same | one not known; 4xx: or missing | none | is free |
//! | 4xx that comes before a request is carried out | | the body is not the API's | | is free |
//! | 408, 460, 499, 3xx, 5xx | | | | is in doubt |
//! | everything else: 500 and its like as the code, an unknown code beside an id, members or a status that contradict each other | | | | is in doubt |

use std::time::Duration;

use rust_decimal::prelude::ToPrimitive as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::model::cart::Cart;
use crate::model::cart::new_cart::NewCart;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::status::ResultCode;
use crate::model::text::masking::mask_within;
use crate::model::values::decimal::exact_decimal;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::{self, Response};

/// Why an answer neither brings a cart nor says no.
pub(crate) struct Doubt {
    pub(crate) kind: ErrorKind,
    pub(crate) why: String,
}

/// What an answer to InsertCart says, apart from its HTTP status.
#[derive(Clone, Copy)]
struct InsertClaim {
    success: Option<bool>,
    code: Option<i64>,
    names_a_cart: bool,
}

/// What a result code says of a cart that was to be inserted.
enum Meaning {
    Inserted,
    Refused,
    /// Something went wrong, before the cart was made or after it.
    Failed,
    Unknown,
}

impl Meaning {
    fn of(code: i64) -> Self {
        if u16::try_from(code).is_ok_and(leaves_outcome_open) {
            return Self::Failed;
        }
        match ResultCode::find(code) {
            None => Self::Unknown,
            Some(ResultCode {
                code: ResultCode::SUCCESS,
                ..
            }) => Self::Inserted,
            Some(known) => match known.status {
                Some(status) if !status.is_final() || status.is_paid() => Self::Inserted,
                _ => Self::Refused,
            },
        }
    }
}

/// Whether an HTTP status says that something failed, and leaves open whether the request was carried out: also where
/// the client or a proxy did not wait for the answer.
pub(crate) fn leaves_outcome_open(status: u16) -> bool {
    matches!(status, 408 | 460 | 499 | 500..=599)
}

/// Whether whoever gives this HTTP status does so before the request is carried out. 406 and 424 may come after it, and
/// so may a status that no standard has.
fn precedes_handling(status: u16) -> bool {
    matches!(
        status,
        400..=405 | 407 | 409..=417 | 421..=423 | 425 | 426 | 428 | 429 | 431 | 451
    )
}

impl InsertClaim {
    /// Why this is not a "no"; `None` where it is one.
    fn doubt(self) -> Option<Doubt> {
        let contradiction = |what: String| {
            Some(Doubt {
                kind: ErrorKind::Protocol,
                why: format!("contradicts itself: {what}"),
            })
        };
        let beside = if self.names_a_cart { "a" } else { "no" };
        if self.success == Some(true) {
            return contradiction(match self.code {
                Some(code) => {
                    format!("Success true, result code {code}, {beside} cart's TransactionId")
                }
                None => format!("Success true, {beside} cart's TransactionId"),
            });
        }
        match self.code.map_or(Meaning::Unknown, Meaning::of) {
            Meaning::Inserted => contradiction(format!(
                "Success false, result code {}",
                self.code.unwrap_or_default()
            )),
            Meaning::Failed => Some(Doubt {
                kind: ErrorKind::Server,
                why: "says that something failed, and not whether the cart was made".to_owned(),
            }),
            Meaning::Unknown if self.names_a_cart => Some(Doubt {
                kind: ErrorKind::Protocol,
                why: "names a cart, with a result code that this version does not know".to_owned(),
            }),
            Meaning::Unknown | Meaning::Refused => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InsertCartResponse<'a> {
    success: bool,
    result_code: i64,
    message: Option<String>,
    // Neither may fail the call: the cart exists whatever these hold.
    #[serde(borrow)]
    transaction_id: Option<&'a RawValue>,
    #[serde(borrow)]
    process_cart_check_interval_miliseconds: Option<&'a RawValue>,
}

impl InsertCartResponse<'_> {
    fn check_interval(&self) -> Option<Duration> {
        let hint = self.process_cart_check_interval_miliseconds?;
        let milliseconds: u64 = hint.get().parse().ok()?;
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }
}

fn transaction_id(raw: Option<&RawValue>) -> Option<Uuid> {
    let id: Uuid = serde_json::from_str(raw?.get()).ok()?;
    (!id.is_nil()).then_some(id)
}

/// Whether a TransactionId stands for a cart, even one that cannot be read.
fn names_a_cart(raw: Option<&RawValue>) -> bool {
    let Some(raw) = raw.map(RawValue::get) else {
        return false;
    };
    match serde_json::from_str::<Option<String>>(raw) {
        Ok(None) => false,
        Ok(Some(text)) => !text.trim().is_empty() && Uuid::parse_str(&text) != Ok(Uuid::nil()),
        Err(_) => true,
    }
}

/// Reads an answer with a 2xx status: the cart that was made, and the result code.
pub(crate) fn read(response: Response, sent: &NewCart) -> Result<(Cart, i64)> {
    let wire: InsertCartResponse<'_> = response.parse()?;
    let code = wire.result_code;
    if let (true, Some(transaction_id), Meaning::Inserted | Meaning::Unknown) = (
        wire.success,
        transaction_id(wire.transaction_id),
        Meaning::of(code),
    ) {
        let cart = Cart {
            transaction_id,
            reference: sent.reference.clone(),
            amount: sent.amount,
            check_interval: wire.check_interval(),
            message: wire.message.as_deref().map(mask_within),
            reference_id: response.reference_id,
        };
        return Ok((cart, code));
    }
    let claim = InsertClaim {
        success: Some(wire.success),
        code: Some(code),
        names_a_cart: names_a_cart(wire.transaction_id),
    };
    let error: Error = match claim.doubt() {
        None => {
            let refusal = response::refusal(Endpoint::InsertCart, wire.message.as_deref());
            response.error(ErrorKind::Api, refusal)
        }
        Some(doubt) => response.error(doubt.kind, format!("InsertCart's answer {}", doubt.why)),
    };
    Err(error.with_result_code(code))
}

/// Why an answer with a 4xx status does not say no, as far as its body can be read.
pub(crate) fn doubt(http_status: u16, body: &[u8]) -> Option<Doubt> {
    #[derive(Deserialize)]
    struct Members<'a> {
        #[serde(borrow, rename = "Success", alias = "success")]
        success: Option<&'a RawValue>,
        #[serde(borrow, rename = "ResultCode", alias = "resultCode")]
        code: Option<&'a RawValue>,
        #[serde(borrow, rename = "TransactionId", alias = "transactionId")]
        transaction_id: Option<&'a RawValue>,
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !text.starts_with('{') {
        return doubt_of_foreign_body(http_status);
    }
    let Ok(members) = serde_json::from_str::<Members<'_>>(text) else {
        return Some(Doubt {
            kind: ErrorKind::Protocol,
            why: format!("is HTTP {http_status} with a body that cannot be made out"),
        });
    };
    if members.success.is_none() && members.code.is_none() && members.transaction_id.is_none() {
        return doubt_of_foreign_body(http_status);
    }
    let claim = InsertClaim {
        // Whatever is not a plain false may have been meant as a yes.
        success: members.success.map(|success| success.get() != "false"),
        code: members.code.and_then(|code| {
            let code = exact_decimal(code.get().trim_matches('"').trim())?;
            code.is_integer().then(|| code.to_i64()).flatten()
        }),
        names_a_cart: names_a_cart(members.transaction_id),
    };
    claim.doubt().map(|doubt| Doubt {
        why: format!("is HTTP {http_status}, and its body {}", doubt.why),
        ..doubt
    })
}

/// The same for a body that is not the API's.
pub(crate) fn doubt_of_foreign_body(http_status: u16) -> Option<Doubt> {
    (!precedes_handling(http_status)).then(|| Doubt {
        kind: ErrorKind::Server,
        why: format!("is HTTP {http_status}, which does not say whether the cart was made"),
    })
}

#[cfg(test)]
mod tests {
    use super::doubt;
    use crate::model::error::ErrorKind;

    const ID: &str = r#""TransactionId":"0f0e0d0c-0b0a-4908-8706-050403020100""#;

    #[test]
    fn a_refusal_by_status_is_one_unless_its_body_says_otherwise() {
        let kind = |status, body: &str| {
            let doubt = doubt(status, body.as_bytes())?;
            let said = format!("is HTTP {status}");
            assert!(doubt.why.starts_with(&said), "{}", doubt.why);
            Some(doubt.kind)
        };
        let protocol = Some(ErrorKind::Protocol);
        for (status, body, expected) in [
            (400, "", None),
            (404, "<html>", None),
            (429, "", None),
            (403, "null", None),
            (400, r#"[{"Success":true}]"#, None),
            (400, r#"{"message":"Amount missing"}"#, None),
            (400, r#"{"Success":false,"ResultCode":400}"#, None),
            (400, r#"{"Success":false,"ResultCode":"400"}"#, None),
            (400, r#"{"ResultCode":10306}"#, None),
            (400, r#"{"Success":false,"ResultCode":400.0}"#, None),
            (
                400,
                r#"{"Success":false,"ResultCode":500.0}"#,
                Some(ErrorKind::Server),
            ),
            (
                409,
                r#"{"Success":false,"ResultCode":"5e2"}"#,
                Some(ErrorKind::Server),
            ),
            (404, r#"{"Success":false,"ResultCode":404}"#, None),
            (400, r#"{"Success":false}"#, None),
            (406, "", Some(ErrorKind::Server)),
            (424, "", Some(ErrorKind::Server)),
            (444, "<html>", Some(ErrorKind::Server)),
            (444, r#"{"Success":false,"ResultCode":400}"#, None),
            (
                400,
                r#"{"Success":false,"ResultCode":500}"#,
                Some(ErrorKind::Server),
            ),
            (400, r#"{"Success":true,"ResultCode":200}"#, protocol),
            (401, r#"{"Success":true}"#, protocol),
            (400, r#"{"success":true}"#, protocol),
            (400, r#"{"Success":"true"}"#, protocol),
            (400, r#"{"Success":false,"ResultCode":200}"#, protocol),
            (400, r#"{"Success":false,"ResultCode":10425}"#, protocol),
            (400, r#"{"ResultCode":200}"#, protocol),
            (400, r#"{"Success":false,"Success":true}"#, protocol),
            (400, r#"{"Success":true,"ResultCode":200"#, protocol),
            (
                400,
                "\u{feff}{\"Success\":true,\"ResultCode\":200}",
                protocol,
            ),
        ] {
            assert_eq!(kind(status, body), expected, "{status} {body}");
        }
        for (code, expected) in [("400", None), ("10306", None), ("10999", protocol)] {
            let body = format!(r#"{{"Success":false,"ResultCode":{code},{ID}}}"#);
            assert_eq!(kind(409, &body), expected, "{body}");
        }
        assert_eq!(kind(409, &format!("{{{ID}}}")), protocol);
        for none in ["null", r#""""#, r#""00000000-0000-0000-0000-000000000000""#] {
            let body = format!(r#"{{"Success":false,"ResultCode":10999,"TransactionId":{none}}}"#);
            assert_eq!(kind(409, &body), None, "{body}");
        }
    }
}
