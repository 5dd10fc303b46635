//! `PaymentInfo`.

use pyo3::prelude::*;
use rust_decimal::Decimal;

use crate::convert::time::{DateTime, instant};
use crate::convert::{self, Exact};
use crate::values::{members, pickled_by_members};

/// What the server holds about a payment. Every member can be None.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PaymentInfo(pub(crate) netgiro::PaymentInfo);

pickled_by_members!(PaymentInfo);

#[pymethods]
impl PaymentInfo {
    #[new]
    #[pyo3(signature = (
        *, transaction_id=None, invoice_number=None, reference_number=None, status_id=None,
        created=None, total_amount=None, discount_amount=None, shipping_amount=None,
        handling_amount=None, account_number=None, number_of_installments=None,
        client_identity_confirmed=None, location_id=None, register_id=None
    ))]
    #[expect(
        clippy::too_many_arguments,
        reason = "as many as the payment has members"
    )]
    fn new(
        transaction_id: Option<&Bound<'_, PyAny>>,
        invoice_number: Option<i64>,
        reference_number: Option<String>,
        status_id: Option<i64>,
        created: Option<&Bound<'_, PyAny>>,
        total_amount: Option<Exact>,
        discount_amount: Option<Exact>,
        shipping_amount: Option<Exact>,
        handling_amount: Option<Exact>,
        account_number: Option<i64>,
        number_of_installments: Option<i64>,
        client_identity_confirmed: Option<bool>,
        location_id: Option<String>,
        register_id: Option<String>,
    ) -> PyResult<Self> {
        Ok(Self(netgiro::PaymentInfo {
            transaction_id: transaction_id.map(convert::uuid).transpose()?,
            invoice_number,
            reference_number,
            status_id,
            created: created
                .map(|created| instant("created", created))
                .transpose()?,
            total_amount: total_amount.map(|amount| amount.0),
            discount_amount: discount_amount.map(|amount| amount.0),
            shipping_amount: shipping_amount.map(|amount| amount.0),
            handling_amount: handling_amount.map(|amount| amount.0),
            account_number,
            number_of_installments,
            client_identity_confirmed,
            location_id,
            register_id,
        }))
    }
}

members! {
    PaymentInfo, payment {
        /// The server's id of the cart, a `uuid.UUID`.
        transaction_id: Option<uuid::Uuid> = payment.transaction_id;
        /// The number of the invoice.
        invoice_number: Option<i64> = payment.invoice_number;
        /// The shop's order id.
        reference_number: Option<&str> = payment.reference_number.as_deref();
        /// 1 unconfirmed, 2 confirmed, 5 canceled.
        status_id: Option<i64> = payment.status_id;
        /// When the payment was created, an aware `datetime` in UTC.
        created: Option<DateTime> = payment.created.map(DateTime);
        /// The total in krónur, a `Decimal` with the digits the server sent.
        total_amount: Option<Decimal> = payment.total_amount;
        /// The discount in krónur, a `Decimal` with the digits the server sent.
        discount_amount: Option<Decimal> = payment.discount_amount;
        /// The cost of shipping in krónur, a `Decimal` with the digits the server sent.
        shipping_amount: Option<Decimal> = payment.shipping_amount;
        /// The cost of handling in krónur, a `Decimal` with the digits the server sent.
        handling_amount: Option<Decimal> = payment.handling_amount;
        /// The number of the customer's account.
        account_number: Option<i64> = payment.account_number;
        /// In how many parts the customer pays.
        number_of_installments: Option<i64> = payment.number_of_installments;
        /// Whether the customer's identity was confirmed.
        client_identity_confirmed: Option<bool> = payment.client_identity_confirmed;
        /// The shop's own name for the place of sale.
        location_id: Option<&str> = payment.location_id.as_deref();
        /// The shop's own name for the till.
        register_id: Option<&str> = payment.register_id.as_deref();
    }
}
