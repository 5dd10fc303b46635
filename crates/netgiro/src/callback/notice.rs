//! The callbacks of V2, and of the hosted checkout: verified, they are a reason to ask, and nothing else.
//!
//! The signature of V2's covers the transaction and the amount, and is the same for a yes, a no and an expiry. The hosted
//! checkout once sent its callback as the fields of a form, with the signature of a redirect; both are read.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::callback::{Callback, plain_amount, redirect};
use crate::http::settings::Settings;
use crate::protocol::json::object;
use crate::protocol::signature::{SigningHeaders, hash_of, is_same};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notice<'a> {
    transaction_id: String,
    #[serde(borrow)]
    total_amount: &'a RawValue,
    reference_number: Option<String>,
}

/// Verifies a callback of V2 or of the hosted checkout; `None` for one that is neither.
pub(super) fn verify(
    settings: &Settings,
    signing: &SigningHeaders<'_>,
    body: &[u8],
) -> Option<Result<Callback, String>> {
    if signing.are_of_v2() {
        return Some(verify_json(settings, signing, body));
    }
    let form = std::str::from_utf8(body).ok();
    let form = form.filter(|form| signing.are_absent() && redirect::is_signed(form))?;
    Some(verify_form(settings, form))
}

fn verify_json(
    settings: &Settings,
    signing: &SigningHeaders<'_>,
    body: &[u8],
) -> Result<Callback, String> {
    let signature = signing.v2_signature().map_err(|why| why.to_string())?;
    let is_object = body.first() == Some(&b'{') && body.last() == Some(&b'}');
    let notice: Notice<'_> = std::str::from_utf8(body)
        .ok()
        .filter(|_| is_object)
        .and_then(|text| object(text).ok())
        .ok_or("its body is not exactly one JSON object with TransactionId and TotalAmount")?;
    let digits = notice.total_amount.get();
    let amount = plain_amount(digits).ok_or("its TotalAmount is not an amount")?;
    let whole = amount.trunc().to_string();
    let id = notice.transaction_id.as_str();
    // The digits as they stand there first: how the server writes them into what it signs is not documented.
    let forms = [Some(digits), amount.is_integer().then_some(whole.as_str())];
    let is_signed = settings.accepted_secret_keys().any(|key| {
        let signed_as = |form| is_same(&hash_of(key.expose(), &[id, form]), signature);
        forms.into_iter().flatten().any(signed_as)
    });
    if !is_signed {
        return Err(
            "its signature is not that of its TransactionId and TotalAmount under this secret key"
                .to_owned(),
        );
    }
    Ok(Callback {
        transaction_id: transaction_id(id)?,
        reference: notice.reference_number,
        amount: Some(amount),
        state: None,
        reference_id: signing.reference_id(),
    })
}

fn verify_form(settings: &Settings, form: &str) -> Result<Callback, String> {
    let redirect = redirect::read(settings, form, None)?;
    Ok(Callback {
        transaction_id: transaction_id(&redirect.transaction_id)?,
        reference: Some(redirect.reference),
        amount: Some(redirect.amount),
        state: None,
        reference_id: None,
    })
}

/// What is signed has no separators, so nothing but a GUID keeps digits from moving between the id and the amount.
fn transaction_id(text: &str) -> Result<Uuid, String> {
    Uuid::parse_str(text)
        .ok()
        .filter(|id| text.len() == 36 && !id.is_nil())
        .ok_or_else(|| "its TransactionId is not a GUID".to_owned())
}
