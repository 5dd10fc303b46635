//! Callbacks: verified, parsed, matched against the order.

pub(crate) mod diagnosis;
pub(crate) mod json_style;
pub(crate) mod notice;
pub(crate) mod redirect;
pub(crate) mod replay_guard;
pub(crate) mod servers;

use jiff::Timestamp;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::callback::diagnosis::Allowance;
use crate::callback::replay_guard::ReplayGuard;
use crate::http::settings::Settings;
use crate::model::cart::payment_claim::PaymentClaim;
use crate::model::cart::payment_info::PaymentInfoPolicy;
use crate::model::cart::state::CartState;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::status::CartStatus;
use crate::model::text::masking::mask_within;
use crate::model::values::amount::Amount;
use crate::model::values::decimal::exact_decimal;
use crate::protocol::consistency;
use crate::protocol::json;
use crate::protocol::payment_info;
use crate::protocol::response::CartResponse;
use crate::protocol::signature::{Malformed, SigningHeaders, is_signing_header};

/// Callbacks are below a kibibyte; what is larger than this is not even hashed.
pub(crate) const LARGEST_BODY: usize = 64 * 1024;

/// A callback that verified: the server says something about this cart.
///
/// One of V2, or of a hosted checkout, has no state: its signature is the same whatever happened, so it is only a reason to
/// ask.
///
/// Compare it with the order by [`matches`](Self::matches), record it, answer 200, and let
/// `check_cart` decide whether the cart is paid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Callback {
    /// The server's id of the cart.
    pub transaction_id: Uuid,
    /// The shop's order id, as the server holds it.
    pub reference: Option<String>,
    /// The amount in krónur, as the server holds it.
    pub amount: Option<Decimal>,
    /// Where the cart stands; `None` for a callback of V2; `unknown` where the callback's members contradict each other, or
    /// where it says "paid" and lacks what [`PaymentInfoPolicy::Required`] asks for.
    pub state: Option<CartState>,
    /// What identifies the call to Netgíró's support.
    pub reference_id: Option<String>,
}

impl Callback {
    /// Whether the callback is about this amount and this reference.
    #[must_use]
    pub fn matches(&self, amount: Amount, reference: &str) -> bool {
        names_order(self.amount, self.reference.as_deref(), amount, reference)
    }
}

/// Whether what a callback says is this amount and this reference.
pub(crate) fn names_order(
    reported_amount: Option<Decimal>,
    reported_reference: Option<&str>,
    amount: Amount,
    reference: &str,
) -> bool {
    reported_amount.is_some_and(|reported| reported == amount)
        && reported_reference == Some(reference)
}

/// An amount as it must stand in what is signed without separators: plain digits, with decimals or without.
pub(crate) fn plain_amount(digits: &str) -> Option<Decimal> {
    let (kronur, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_plain = are_digits(kronur) && !kronur.starts_with('0') && are_digits(decimals);
    exact_decimal(digits).filter(|_| is_plain)
}

/// What a replay guard is asked about a verified callback.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplayKey {
    /// The nonce, as received.
    pub nonce: String,
    /// The signature, in lowercase.
    pub signature: String,
}

/// Verifies a callback as [`verify_keyed`] does, and asks a `guard` last, so that only callbacks that are accepted
/// otherwise are ever recorded.
pub(crate) fn verify(
    settings: &Settings,
    diagnoses: &Allowance,
    guard: Option<&dyn ReplayGuard>,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Callback> {
    let (callback, key) = verify_keyed(settings, diagnoses, url, headers, body)?;
    match guard.zip(key) {
        Some((guard, key)) if !guard.is_first(&key.nonce, &key.signature)? => {
            Err(replayed(callback.reference_id))
        }
        _ => Ok(callback),
    }
}

/// The error for a callback that its guard has seen before.
#[must_use]
pub fn replayed(reference_id: Option<String>) -> Error {
    refusal(
        "it is a replay: it verifies, and was accepted before",
        reference_id,
    )
}

fn refusal(why: &str, reference_id: Option<String>) -> Error {
    Error::new(
        ErrorKind::Signature,
        format!("the callback was refused: {why}"),
    )
    .with_reference_id(reference_id)
}

/// Verifies a callback against the URL that was given to InsertCart, and reads it. One of V2 has no key for a guard.
pub(crate) fn verify_keyed(
    settings: &Settings,
    diagnoses: &Allowance,
    url: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<(Callback, Option<ReplayKey>)> {
    let signing = SigningHeaders::read(headers.iter().map(|(name, value)| (&**name, &**value)));
    let refused = |why: String| refusal(&why, signing.reference_id());
    if body.len() > LARGEST_BODY {
        return Err(refused(format!(
            "its body is larger than {LARGEST_BODY} bytes"
        )));
    }
    if let Some(notice) = notice::verify(settings, &signing, body) {
        return Ok((notice.map_err(refused)?, None));
    }
    let signed = signing
        .signed()
        .map_err(|why| refused(malformed(why, headers)))?;
    if !settings
        .accepted_secret_keys()
        .any(|key| signed.covers(key.expose(), url, body))
    {
        return Err(refused(diagnosis::explain(
            diagnoses,
            &settings.secret_key,
            signed,
            url,
            body,
        )));
    }
    // Text after the object could have been appended to a body that was signed.
    if body.first() != Some(&b'{') || body.last() != Some(&b'}') {
        return Err(refused(
            "its body is not exactly one JSON object".to_owned(),
        ));
    }
    let unreadable = |why: String| {
        Error::new(
            ErrorKind::Protocol,
            format!("the callback verifies, but {why}"),
        )
        .with_reference_id(signing.reference_id())
    };
    let wire: CartResponse<'_> = json::parse(body).map_err(|(kind, why)| match kind {
        ErrorKind::Protocol => unreadable(why),
        _ => refused(why),
    })?;
    let callback =
        read(&wire, signing.reference_id(), settings.payment_info).map_err(unreadable)?;
    let key = ReplayKey {
        nonce: signed.nonce.to_owned(),
        signature: signed.signature.to_ascii_lowercase(),
    };
    Ok((callback, Some(key)))
}

fn malformed(why: Malformed, headers: &[(String, String)]) -> String {
    match why {
        Malformed::Missing(_) => format!("{why}. {}", servers::advice(headers)),
        _ => why.to_string(),
    }
}

/// Whether [`verify_callback`](crate::Client::verify_callback) reads a header, in any spelling: the others need not be kept.
///
/// It reads what verifies a callback, and, to explain why that is missing, what says which server received it: members
/// of a WSGI environ, such as `SERVER_SOFTWARE`.
#[must_use]
pub fn is_callback_header(name: &str) -> bool {
    is_signing_header(name) || servers::tells_of_server(name)
}

fn read(
    wire: &CartResponse<'_>,
    reference_id: Option<String>,
    policy: PaymentInfoPolicy,
) -> Result<Callback, String> {
    let payment = payment_info::payment_info(wire.payment_info)?.unwrap_or_default();
    let transaction_id = payment
        .transaction_id
        .ok_or("its PaymentInfo names no TransactionId")?;
    // What these members say in a callback is documented nowhere, so a contradiction must not make
    // the shop refuse it, and must not pay an order either.
    let status = wire.result_code.map_or(CartStatus::Unknown, |code| {
        let claim = PaymentClaim {
            success: wire.success.unwrap_or_default(),
            payment_successful: wire.payment_successful,
            code,
            status_id: payment.status_id,
        };
        let status = CartStatus::of_code(code);
        let lacks_proof = status.is_paid()
            && consistency::unnamed(policy, Some(&payment), &CartRef::from(transaction_id))
                .is_some();
        match claim.contradiction() {
            None if !lacks_proof => status,
            _ => CartStatus::Unknown,
        }
    });
    Ok(Callback {
        transaction_id,
        reference: payment.reference_number.clone(),
        amount: payment.total_amount,
        state: Some(CartState {
            result_code: wire.result_code,
            payment_successful: wire.payment_successful,
            message: wire.message.as_deref().map(mask_within),
            payment: Some(Box::new(payment)),
            reference_id: reference_id.clone(),
            ..CartState::of(transaction_id, status, Timestamp::now())
        }),
        reference_id,
    })
}

#[cfg(test)]
mod tests {
    use super::is_callback_header;

    #[test]
    fn what_verifies_and_what_names_the_server_is_kept() {
        assert!(is_callback_header("Netgiro-Signature"));
        assert!(is_callback_header("SERVER_SOFTWARE"));
        assert!(!is_callback_header("cookie"));
    }
}
