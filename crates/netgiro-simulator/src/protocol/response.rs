//! The API's messages: requests read, answers written.

use crate::engine::cart::{Answer, Order, Payment};
use crate::model::codes;
use crate::model::customer::Customer;
use crate::model::error::SimulatorError;
use crate::model::options::SimulatorOptions;
use jiff::Timestamp;
use netgiro::{ConfirmationType, ResultCode};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A call of the API: of the checkout, or of V2's settlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// Asks a customer to pay.
    InsertCart,
    /// Asks where a cart stands.
    CheckCart,
    /// Makes a reservation a payment, or brings the customer's SMS code.
    ConfirmCart,
    /// Withdraws a cart.
    CancelCart,
    /// Asks for the settlements of some days: `GET /v2/settlement/list`.
    SettlementList,
    /// Asks for the sales in a settlement: `GET /v2/settlement/items/{number}`.
    SettlementItems,
}

impl Endpoint {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::InsertCart,
        Self::CheckCart,
        Self::ConfirmCart,
        Self::CancelCart,
        Self::SettlementList,
        Self::SettlementItems,
    ];

    /// Its name: of the checkout's, the last part of the path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InsertCart => "InsertCart",
            Self::CheckCart => "CheckCart",
            Self::ConfirmCart => "ConfirmCart",
            Self::CancelCart => "CancelCart",
            Self::SettlementList => "SettlementList",
            Self::SettlementItems => "SettlementItems",
        }
    }

    /// Whether it is of V2: asked for with GET and the application key, and signed by nobody.
    pub(crate) const fn is_v2(self) -> bool {
        matches!(self, Self::SettlementList | Self::SettlementItems)
    }

    pub(crate) const fn method(self) -> &'static str {
        if self.is_v2() { "GET" } else { "POST" }
    }

    /// Finds the endpoint of a path, whatever its case.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        if let Some(path) = path.strip_prefix("/v2/settlement/") {
            return match path.split_once('/') {
                None if path == "list" => Some(Self::SettlementList),
                Some(("items", number)) if !number.contains('/') => Some(Self::SettlementItems),
                _ => None,
            };
        }
        let path = BASE_PATHS.iter().find_map(|base| path.strip_prefix(base))?;
        let name = path.strip_prefix("checkout/")?;
        Self::ALL
            .iter()
            .copied()
            .find(|endpoint| !endpoint.is_v2() && endpoint.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Endpoint {
    type Err = SimulatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|endpoint| endpoint.as_str() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|known| known.as_str()).collect();
                SimulatorError::InvalidOption(format!(
                    "an endpoint must be one of {}; got {text:?}",
                    known.join(", ")
                ))
            })
    }
}

/// Where the checkout is: today, and on the test host until 2024. V2's settlements are beside either.
const BASE_PATHS: [&str; 2] = ["/v1/", "/api/"];

/// Why a request is answered with `Success` false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Invalid {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    fn plain(message: impl Into<String>) -> Self {
        Self::new(codes::GENERIC_ERROR, message)
    }
}

/// A request's JSON object, its members found whatever the case of their names.
pub(crate) struct Members {
    members: Map<String, Value>,
    /// Whether a number may not be written as text.
    require_json_numbers: bool,
}

impl Members {
    pub(crate) fn read(body: &[u8], options: &SimulatorOptions) -> Result<Self, Invalid> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self {
                members,
                require_json_numbers: options.require_json_numbers,
            }),
            Ok(_) => Err(Invalid::plain("The body must be one JSON object")),
            Err(error) => Err(Invalid::plain(format!("The body is not JSON: {error}"))),
        }
    }

    /// Null counts as absent.
    fn get(&self, name: &str) -> Option<&Value> {
        self.members
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Invalid::plain(format!("{name} must be a string"))),
        }
    }

    fn required_text(&self, name: &str) -> Result<String, Invalid> {
        self.text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Invalid::plain(format!("{name} is required")))
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Invalid> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => self
                .whole(value)
                .map(Some)
                .ok_or_else(|| Invalid::plain(format!("{name} must be an integer"))),
        }
    }

    fn whole(&self, value: &Value) -> Option<i64> {
        let number = match value {
            Value::String(text) if !self.require_json_numbers => text.trim().parse().ok()?,
            value => value.as_i64()?,
        };
        i32::try_from(number).is_ok().then_some(number)
    }

    pub(crate) fn transaction_id(&self) -> Result<Uuid, Invalid> {
        let text = self.required_text("TransactionId")?;
        Uuid::parse_str(&text).map_err(|_| Invalid::plain("TransactionId must be a GUID"))
    }

    /// The order that an `InsertCart` is for.
    pub(crate) fn reference(&self) -> Option<String> {
        self.text("Reference").ok()?
    }

    pub(crate) fn identifier(&self) -> Result<Option<String>, Invalid> {
        self.text("Identifier")
    }

    /// Reads an `InsertCart`.
    pub(crate) fn order(&self, options: &SimulatorOptions) -> Result<Order, Invalid> {
        let amount = self
            .integer("Amount")?
            .ok_or_else(|| Invalid::plain("Amount is required"))?;
        let reference = self.required_text("Reference")?;
        let customer_id = self.required_text("CustomerId")?;
        let confirmation = match self.get("ConfirmationType") {
            None if !options.require_confirmation_type => Some(ConfirmationType::Automatic),
            None => None,
            Some(number) => self.whole(number).and_then(confirmation_type),
        };
        let confirmation = confirmation.ok_or_else(|| {
            Invalid::new(
                codes::BAD_CONFIRMATION_TYPE,
                "ConfirmationType must be 0, 1 or 2",
            )
        })?;
        let callback_url = self.text("CallbackUrl")?.filter(|url| !url.is_empty());
        if confirmation == ConfirmationType::ServerCallback && callback_url.is_none() {
            return Err(Invalid::new(
                codes::BAD_CONFIRMATION_TYPE,
                "ConfirmationType 1 needs a CallbackUrl",
            ));
        }
        if amount < options.minimum_amount {
            return Err(Invalid::new(
                codes::BELOW_MINIMUM,
                format!("Amount is below the minimum of {}", options.minimum_amount),
            ));
        }
        let customer = Customer::find(&customer_id)
            .ok_or_else(|| Invalid::new(codes::NO_SUCH_CUSTOMER, "Customer does not exist"))?;
        self.text("Description")?;
        self.check_items()?;
        Ok(Order {
            amount,
            reference,
            customer,
            confirmation,
            callback_url,
            callback_cancel_url: self
                .text("CallbackCancelUrl")?
                .filter(|url| !url.is_empty()),
            location_id: self.text("LocationId")?,
            register_id: self.text("RegisterId")?,
        })
    }

    fn check_items(&self) -> Result<(), Invalid> {
        let items = match self.get("CartItemRequests") {
            None => return Ok(()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(Invalid::plain("CartItemRequests must be an array")),
        };
        for item in items {
            let Value::Object(members) = item else {
                return Err(Invalid::plain("CartItemRequests must hold objects"));
            };
            let item = Self {
                members: members.clone(),
                ..*self
            };
            for name in ["ProductNo", "Name", "Description"] {
                item.text(name)?;
            }
            for name in ["UnitPrice", "Quantity", "Amount"] {
                item.integer(name)?;
            }
        }
        Ok(())
    }
}

fn confirmation_type(number: i64) -> Option<ConfirmationType> {
    match number {
        0 => Some(ConfirmationType::Automatic),
        1 => Some(ConfirmationType::ServerCallback),
        2 => Some(ConfirmationType::Manual),
        _ => None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Refused<'a> {
    success: bool,
    message: &'a str,
    result_code: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Inserted<'a> {
    success: bool,
    result_code: i64,
    message: Option<&'a str>,
    transaction_id: Option<Uuid>,
    process_cart_check_interval_miliseconds: Option<i64>,
    remote_confirmation_available: bool,
    announcement_message: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answered<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_successful: Option<bool>,
    payment_info: Option<PaymentInfo<'a>>,
    success: bool,
    message: Option<&'a str>,
    result_code: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentInfo<'a> {
    transaction_id: Uuid,
    invoice_number: i64,
    reference_number: &'a str,
    status_id: i64,
    created: String,
    total_amount: Box<RawValue>,
    discount_amount: Box<RawValue>,
    shipping_amount: Box<RawValue>,
    handling_amount: Box<RawValue>,
    account_number: Option<i64>,
    number_of_installments: i64,
    client_identity_confirmed: Option<bool>,
    location_id: Option<&'a str>,
    register_id: Option<&'a str>,
}

impl<'a> PaymentInfo<'a> {
    fn of(payment: &'a Payment, decimals: u8) -> Self {
        Self {
            transaction_id: payment.transaction_id,
            invoice_number: payment.invoice_number,
            reference_number: &payment.reference,
            status_id: payment.status_id,
            created: date(payment.created),
            total_amount: decimal(payment.amount, decimals),
            discount_amount: decimal(0, decimals),
            shipping_amount: decimal(0, decimals),
            handling_amount: decimal(0, decimals),
            account_number: None,
            number_of_installments: 1,
            client_identity_confirmed: payment.identity_confirmed,
            location_id: payment.location_id.as_deref(),
            register_id: payment.register_id.as_deref(),
        }
    }
}

/// .NET writes a decimal with the digits it was given: 1000, 1000.0 or 1000.00.
pub(crate) fn decimal(kronur: i64, decimals: u8) -> Box<RawValue> {
    let text = match decimals {
        0 => kronur.to_string(),
        1 => format!("{kronur}.0"),
        _ => format!("{kronur}.00"),
    };
    RawValue::from_string(text).unwrap_or_default()
}

/// What is said about a code; nothing where all is well.
pub(crate) fn message(code: i64) -> Option<&'static str> {
    if matches!(code, codes::OK | codes::CONFIRMED) {
        return None;
    }
    ResultCode::find(code).map(|known| known.meaning)
}

/// `{"Success":false,"Message":…,"ResultCode":…}`
pub(crate) fn refusal(code: i64, message: &str) -> Vec<u8> {
    write(&Refused {
        success: false,
        message,
        result_code: code,
    })
}

/// The answer to an `InsertCart` that made a cart.
pub(crate) fn inserted(id: Uuid, check_interval_ms: Option<i64>, asks_phone: bool) -> Vec<u8> {
    write(&Inserted {
        success: true,
        result_code: codes::OK,
        message: None,
        transaction_id: Some(id),
        process_cart_check_interval_miliseconds: check_interval_ms,
        remote_confirmation_available: asks_phone,
        announcement_message: None,
    })
}

/// The answer to an `InsertCart` that made none.
pub(crate) fn not_inserted(code: i64, message: Option<&str>) -> Vec<u8> {
    write(&Inserted {
        success: code == codes::OK,
        result_code: code,
        message,
        transaction_id: None,
        process_cart_check_interval_miliseconds: None,
        remote_confirmation_available: false,
        announcement_message: None,
    })
}

/// The answer to `CheckCart`, `ConfirmCart` and `CancelCart`; also the body of a callback.
pub(crate) fn answered(answer: &Answer, decimals: u8) -> Vec<u8> {
    write(&Answered {
        payment_successful: answer.paid,
        payment_info: answer
            .payment
            .as_ref()
            .map(|payment| PaymentInfo::of(payment, decimals)),
        success: answer.success,
        message: message(answer.code),
        result_code: answer.code,
    })
}

/// A date of the API, which has no offset.
pub(crate) fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// Strings, integers and booleans: there is nothing in them that cannot be written.
pub(crate) fn write(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order_with(options: &SimulatorOptions, body: &str) -> Result<Order, Invalid> {
        Members::read(body.as_bytes(), options)?.order(options)
    }

    fn order(body: &str) -> Result<Order, Invalid> {
        let options = SimulatorOptions {
            minimum_amount: 100,
            ..SimulatorOptions::default()
        };
        order_with(&options, body)
    }

    fn code(body: &str) -> i64 {
        order(body).unwrap_err().code
    }

    const FULL: &str = r#"{"Amount":1000,"Reference":"A-1","CustomerId":"8223281","ConfirmationType":1,"CallbackUrl":"http://127.0.0.1/c","CallbackCancelUrl":"http://127.0.0.1/x","Description":"Þrír","CartItemRequests":[{"ProductNo":"1","Name":"Bók","UnitPrice":500,"Quantity":2000,"Amount":1000}],"LocationId":"L","RegisterId":"R"}"#;

    #[test]
    fn an_order_is_read_in_both_spellings() {
        let order = order(FULL).unwrap();
        assert_eq!(order.amount, 1000);
        assert_eq!(
            order.callback_cancel_url.as_deref(),
            Some("http://127.0.0.1/x")
        );
        assert_eq!(order.location_id.as_deref(), Some("L"));
        let camel = r#"{"amount":100,"reference":"A","customerId":"8223281","confirmationType":0,"callbackUrl":null}"#;
        assert_eq!(super::tests::order(camel).unwrap().callback_url, None);
    }

    #[test]
    fn each_mistake_has_its_code() {
        let with = |from: &str, to: &str| code(&FULL.replacen(from, to, 1));
        assert_eq!(with("1000", "99"), 10305);
        assert_eq!(with("1000", "-1"), 10305);
        assert_eq!(with("1000", "\"1000.0\""), 400);
        assert_eq!(with("1000", "\"\""), 400);
        assert_eq!(with("1000", "\"2147483648\""), 400);
        assert_eq!(with("1000", "\"99\""), 10305);
        assert_eq!(with("1000", "1000.5"), 400);
        assert_eq!(with("1000", "true"), 400);
        assert_eq!(with("1000", "2147483648"), 400);
        assert_eq!(with("8223281", "5223281"), 10306);
        assert_eq!(with("8223281", ""), 400);
        assert_eq!(with("A-1", ""), 400);
        assert_eq!(
            with("\"ConfirmationType\":1", "\"ConfirmationType\":3"),
            10427
        );
        assert_eq!(
            with("\"ConfirmationType\":1", "\"ConfirmationType\":\"one\""),
            10427
        );
        assert_eq!(with("http://127.0.0.1/c", ""), 10427);
        assert_eq!(
            with(
                "\"CallbackUrl\":\"http://127.0.0.1/c\"",
                "\"CallbackUrl\":1"
            ),
            400
        );
        assert_eq!(with("500,", "\"five\","), 400);
        assert_eq!(with("[{", "[1,{"), 400);
        assert_eq!(code("[]"), 400);
        assert_eq!(code(""), 400);
        assert_eq!(code("{} {}"), 400);
    }

    #[test]
    fn numbers_may_be_text_and_the_confirmation_type_left_out() {
        let text = FULL
            .replacen(":1000", ":\"1000\"", 1)
            .replacen("\"ConfirmationType\":1", "\"ConfirmationType\":\"1\"", 1)
            .replacen("500,", "\"500\",", 1);
        let bare = FULL.replacen("\"ConfirmationType\":1,", "", 1);
        let read = order(&text).unwrap();
        assert_eq!(read.amount, 1000);
        assert_eq!(read.confirmation, ConfirmationType::ServerCallback);
        assert_eq!(
            order(&bare).unwrap().confirmation,
            ConfirmationType::Automatic
        );

        let strict = SimulatorOptions {
            require_confirmation_type: true,
            require_json_numbers: true,
            ..SimulatorOptions::default()
        };
        let code = |body: &str| order_with(&strict, body).unwrap_err().code;
        assert!(order_with(&strict, FULL).is_ok());
        assert_eq!(code(&bare), 10427);
        assert_eq!(code(&text), 400);
        for (number, expected) in [(":1000", 400), ("Type\":1", 10427), (":500", 400)] {
            let (name, digits) = number.rsplit_once(':').unwrap();
            let body = FULL.replacen(number, &format!("{name}:\"{digits}\""), 1);
            assert_eq!(code(&body), expected, "{number}");
        }
    }

    #[test]
    fn answers_are_written_in_the_order_of_the_wire() {
        assert_eq!(
            String::from_utf8(refusal(401, "No")).unwrap(),
            r#"{"Success":false,"Message":"No","ResultCode":401}"#
        );
        assert_eq!(
            String::from_utf8(inserted(Uuid::from_u128(7), Some(3000), true)).unwrap(),
            r#"{"Success":true,"ResultCode":200,"Message":null,"TransactionId":"00000000-0000-0000-0000-000000000007","ProcessCartCheckIntervalMiliseconds":3000,"RemoteConfirmationAvailable":true,"AnnouncementMessage":null}"#
        );
        let canceled = Answer::bare(true, None, 10201);
        assert_eq!(
            String::from_utf8(answered(&canceled, 0)).unwrap(),
            r#"{"PaymentInfo":null,"Success":true,"Message":"payment canceled","ResultCode":10201}"#
        );
    }

    #[test]
    fn a_payment_shows_its_decimals_and_no_offset() {
        let payment = Payment {
            transaction_id: Uuid::from_u128(7),
            invoice_number: 12,
            reference: "A-1".to_owned(),
            status_id: 2,
            created: Timestamp::from_millisecond(1_579_699_325_123).unwrap(),
            amount: 1000,
            identity_confirmed: None,
            location_id: None,
            register_id: None,
        };
        for (decimals, total, none) in [
            (0, "1000", "0"),
            (1, "1000.0", "0.0"),
            (2, "1000.00", "0.00"),
        ] {
            let answer = Answer {
                success: true,
                paid: Some(true),
                code: 10200,
                payment: Some(payment.clone()),
            };
            let text = String::from_utf8(answered(&answer, decimals)).unwrap();
            assert_eq!(
                text,
                format!(
                    r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"00000000-0000-0000-0000-000000000007","InvoiceNumber":12,"ReferenceNumber":"A-1","StatusId":2,"Created":"2020-01-22T13:22:05.123","TotalAmount":{total},"DiscountAmount":{none},"ShippingAmount":{none},"HandlingAmount":{none},"AccountNumber":null,"NumberOfInstallments":1,"ClientIdentityConfirmed":null,"LocationId":null,"RegisterId":null}},"Success":true,"Message":null,"ResultCode":10200}}"#
                )
            );
        }
    }

    #[test]
    fn paths_are_found_whatever_their_case() {
        for path in [
            "/v1/Checkout/CheckCart",
            "/v1/checkout/checkcart",
            "/V1/CHECKOUT/CHECKCART",
            "/api/Checkout/CheckCart",
            "/API/checkout/checkcart",
        ] {
            assert_eq!(Endpoint::of_path(path), Some(Endpoint::CheckCart));
        }
        let list = Endpoint::of_path("/v2/Settlement/List");
        assert_eq!(list, Some(Endpoint::SettlementList));
        let items = Endpoint::of_path("/v2/settlement/items/20780");
        assert_eq!(items, Some(Endpoint::SettlementItems));
        for path in [
            "/v1/checkout/SettlementList",
            "/v2/settlement/items",
            "/v2/settlement/items/1/2",
            "/v1/Checkout/Check",
            "/Checkout/CheckCart",
            "/api/v1/Checkout/CheckCart",
            "/api/CheckCart",
            "/",
            "/v1/checkout/checkcart/x",
        ] {
            assert_eq!(Endpoint::of_path(path), None);
        }
    }
}
