//! `PaymentInfo`.

use pyo3::prelude::*;
use rust_decimal::Decimal;

use crate::convert::argument::read_arguments;
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
        invoice_number: Option<&Bound<'_, PyAny>>,
        reference_number: Option<&Bound<'_, PyAny>>,
        status_id: Option<&Bound<'_, PyAny>>,
        created: Option<&Bound<'_, PyAny>>,
        total_amount: Option<&Bound<'_, PyAny>>,
        discount_amount: Option<&Bound<'_, PyAny>>,
        shipping_amount: Option<&Bound<'_, PyAny>>,
        handling_amount: Option<&Bound<'_, PyAny>>,
        account_number: Option<&Bound<'_, PyAny>>,
        number_of_installments: Option<&Bound<'_, PyAny>>,
        client_identity_confirmed: Option<&Bound<'_, PyAny>>,
        location_id: Option<&Bound<'_, PyAny>>,
        register_id: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        read_arguments!(
            invoice_number,
            reference_number,
            status_id,
            total_amount,
            discount_amount,
            shipping_amount,
            handling_amount,
            account_number,
            number_of_installments,
            client_identity_confirmed,
            location_id,
            register_id,
        );
        let exact = |amount: Option<Exact>| amount.map(|amount| amount.0);
        Ok(Self(netgiro::PaymentInfo {
            transaction_id: transaction_id
                .map(|id| convert::uuid("transaction_id", id))
                .transpose()?,
            invoice_number,
            reference_number,
            status_id,
            created: created
                .map(|created| instant("created", created))
                .transpose()?,
            total_amount: exact(total_amount),
            discount_amount: exact(discount_amount),
            shipping_amount: exact(shipping_amount),
            handling_amount: exact(handling_amount),
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
