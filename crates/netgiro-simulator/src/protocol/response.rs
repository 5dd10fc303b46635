//! The bodies of the API's responses.

use crate::model::codes;
use crate::model::order::{CartResponse, Payment};
use jiff::Timestamp;
use netgiro::ResultCode;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody<'a> {
    success: bool,
    message: &'a str,
    result_code: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InsertBody<'a> {
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
struct CartBody<'a> {
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

/// The message for a result code; none for success.
pub(crate) fn message(code: i64) -> Option<&'static str> {
    if matches!(code, codes::OK | codes::CONFIRMED) {
        return None;
    }
    ResultCode::find(code).map(|known| known.meaning)
}

/// `{"Success":false,"Message":…,"ResultCode":…}`
pub(crate) fn error_body(code: i64, message: &str) -> Vec<u8> {
    write(&ErrorBody {
        success: false,
        message,
        result_code: code,
    })
}

/// The response to an `InsertCart` that made a cart.
pub(crate) fn inserted(id: Uuid, check_interval_ms: Option<i64>, asks_phone: bool) -> Vec<u8> {
    write(&InsertBody {
        success: true,
        result_code: codes::OK,
        message: None,
        transaction_id: Some(id),
        process_cart_check_interval_miliseconds: check_interval_ms,
        remote_confirmation_available: asks_phone,
        announcement_message: None,
    })
}

/// The response to an `InsertCart` that failed.
pub(crate) fn not_inserted(code: i64, message: Option<&str>) -> Vec<u8> {
    write(&InsertBody {
        success: code == codes::OK,
        result_code: code,
        message,
        transaction_id: None,
        process_cart_check_interval_miliseconds: None,
        remote_confirmation_available: false,
        announcement_message: None,
    })
}

/// The response to `CheckCart`, `ConfirmCart` and `CancelCart`; also the body of a callback.
pub(crate) fn about_cart(response: &CartResponse, decimals: u8) -> Vec<u8> {
    write(&CartBody {
        payment_successful: response.paid,
        payment_info: response
            .payment
            .as_ref()
            .map(|payment| PaymentInfo::of(payment, decimals)),
        success: response.success,
        message: message(response.code),
        result_code: response.code,
    })
}

/// A date in the API's form, which has no offset.
pub(crate) fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// Strings, integers and booleans always serialize.
pub(crate) fn write(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_written_in_the_order_of_the_wire() {
        assert_eq!(
            String::from_utf8(error_body(401, "No")).unwrap(),
            r#"{"Success":false,"Message":"No","ResultCode":401}"#
        );
        assert_eq!(
            String::from_utf8(inserted(Uuid::from_u128(7), Some(3000), true)).unwrap(),
            r#"{"Success":true,"ResultCode":200,"Message":null,"TransactionId":"00000000-0000-0000-0000-000000000007","ProcessCartCheckIntervalMiliseconds":3000,"RemoteConfirmationAvailable":true,"AnnouncementMessage":null}"#
        );
        let canceled = CartResponse::without_payment(true, None, 10201);
        assert_eq!(
            String::from_utf8(about_cart(&canceled, 0)).unwrap(),
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
            let answer = CartResponse {
                success: true,
                paid: Some(true),
                code: 10200,
                payment: Some(payment.clone()),
            };
            let text = String::from_utf8(about_cart(&answer, decimals)).unwrap();
            assert_eq!(
                text,
                format!(
                    r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"00000000-0000-0000-0000-000000000007","InvoiceNumber":12,"ReferenceNumber":"A-1","StatusId":2,"Created":"2020-01-22T13:22:05.123","TotalAmount":{total},"DiscountAmount":{none},"ShippingAmount":{none},"HandlingAmount":{none},"AccountNumber":null,"NumberOfInstallments":1,"ClientIdentityConfirmed":null,"LocationId":null,"RegisterId":null}},"Success":true,"Message":null,"ResultCode":10200}}"#
                )
            );
        }
    }
}
