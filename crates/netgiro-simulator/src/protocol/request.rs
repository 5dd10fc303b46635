//! Parses the API's requests.

mod form;
mod v2;

use crate::model::codes;
use crate::model::customer::Customer;
use crate::model::options::SimulatorOptions;
use crate::model::order::{Api, Order};
use netgiro::ConfirmationType;
use serde_json::{Map, Value};
use url::form_urlencoded;
use uuid::Uuid;

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

/// The members of a request: of its JSON object, its form, or its query. Their names match in upper or lower case.
pub(crate) struct Members {
    members: Map<String, Value>,
    /// Whether a number in a string is refused.
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

    /// Reads a form or a query, whose values are all text.
    pub(crate) fn read_pairs(pairs: &[u8]) -> Self {
        Self {
            members: form_urlencoded::parse(pairs)
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect(),
            require_json_numbers: false,
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

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Invalid::plain(format!("{name} must be a string"))),
        }
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<String, Invalid> {
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

    /// The reference of the order that a request is about.
    pub(crate) fn reference(&self) -> Option<String> {
        let named = |name| self.text(name).ok()?;
        named("Reference").or_else(|| named("ReferenceNumber"))
    }

    pub(crate) fn identifier(&self) -> Result<Option<String>, Invalid> {
        self.text("Identifier")
    }

    /// Parses an `InsertCart`.
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
            api: Api::V1,
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
            return_urls: None,
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
        assert_eq!(self::order(camel).unwrap().callback_url, None);
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
}
