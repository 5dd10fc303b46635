//! The hosted checkout: its response, its redirects and its callbacks as forms.

use crate::model::order::Payment;
use crate::protocol::response::{decimal, write};
use crate::protocol::signature::Keys;
use serde::Serialize;
use url::Url;
use url::form_urlencoded::Serializer;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OpenedBody<'a> {
    success: bool,
    checkout_url: &'a str,
}

/// The response to a `HostedPayment`.
pub(crate) fn opened(checkout_url: &str) -> Vec<u8> {
    write(&OpenedBody {
        success: true,
        checkout_url,
    })
}

/// The members of a redirect or of a form, with their signature.
fn members(payment: &Payment, keys: &Keys<'_>, decimals: u8) -> [(&'static str, String); 6] {
    let id = payment.transaction_id.to_string();
    let invoice = payment.invoice_number.to_string();
    let amount = decimal(payment.amount, decimals).get().to_owned();
    let status = payment.status_id.to_string();
    let signature = keys.sign_texts(&[&payment.reference, &id, &invoice, &amount, &status]);
    [
        ("TransactionId", id),
        ("ReferenceNumber", payment.reference.clone()),
        ("InvoiceNumber", invoice),
        ("TotalAmount", amount),
        ("Status", status),
        ("NetgiroSignature", signature),
    ]
}

/// The shop's URL to which the customer returns.
pub(crate) fn redirect(url: &Url, payment: &Payment, keys: &Keys<'_>, decimals: u8) -> Url {
    let mut url = url.clone();
    (url.query_pairs_mut()).extend_pairs(members(payment, keys, decimals));
    url
}

/// The body of a callback as a form.
pub(crate) fn form(payment: &Payment, keys: &Keys<'_>, decimals: u8) -> Vec<u8> {
    let mut form = Serializer::new(String::new());
    form.extend_pairs(members(payment, keys, decimals));
    form.finish().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use uuid::Uuid;

    #[test]
    fn a_redirect_keeps_the_query_of_the_shop() {
        let keys = Keys {
            app_key: "APP",
            secret_key: "secret",
        };
        let payment = Payment {
            transaction_id: Uuid::from_u128(7),
            invoice_number: 12,
            reference: "Pöntun 1".to_owned(),
            status_id: 2,
            created: Timestamp::UNIX_EPOCH,
            amount: 1000,
            identity_confirmed: None,
            location_id: None,
            register_id: None,
        };
        let shop = Url::parse("https://shop.example/done?order=1#end").unwrap();
        let url = redirect(&shop, &payment, &keys, 0);
        let signature = keys.sign_texts(&[
            "Pöntun 1",
            "00000000-0000-0000-0000-000000000007",
            "12",
            "1000",
            "2",
        ]);
        assert_eq!(
            url.as_str(),
            format!(
                "https://shop.example/done?order=1&TransactionId=00000000-0000-0000-0000-000000000007\
                 &ReferenceNumber=P%C3%B6ntun+1&InvoiceNumber=12&TotalAmount=1000&Status=2\
                 &NetgiroSignature={signature}#end"
            )
        );
        let form = String::from_utf8(form(&payment, &keys, 0)).unwrap();
        assert!(url.as_str().contains(&form), "{form}");
    }
}
