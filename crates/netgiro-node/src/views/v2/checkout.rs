//! `Checkout`, and `Redirect`.

use netgiro::{Amount, CartStatus, Checkout, Redirect};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// A hosted checkout that Netgíró has created.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct CheckoutView(#[serde(with = "CheckoutMembers")] pub(crate) Checkout);

#[derive(Serialize)]
#[serde(remote = "Checkout", rename_all = "camelCase")]
struct CheckoutMembers {
    checkout_url: String,
    reference: String,
    amount: Amount,
}

/// A redirect that verified.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct RedirectView(#[serde(with = "RedirectMembers")] pub(crate) Redirect);

#[derive(Serialize)]
#[serde(remote = "Redirect", rename_all = "camelCase")]
struct RedirectMembers {
    transaction_id: String,
    reference: String,
    amount: Decimal,
    invoice_number: Option<String>,
    #[serde(serialize_with = "word")]
    status: CartStatus,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn word<S: Serializer>(status: &CartStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}
