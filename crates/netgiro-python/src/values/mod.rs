//! The results, as Python sees them: immutable, comparable, hashable, picklable.
//!
//! A member is converted when it is asked for. Every class can be made with keywords as well, for
//! the tests of those who use this package, and that is how it is unpickled.

pub(crate) mod callback;
pub(crate) mod poll;

use std::time::Duration;

use netgiro::{CartStatus, CheckResult as Outcome};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};
use rust_decimal::Decimal;

use crate::convert::{self, Exact};
use crate::errors::{self, OrRaise};

/// A value of the core in Python's terms.
pub(crate) trait ToPython {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>>;
}

impl ToPython for () {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(py.None())
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let items: Vec<_> = self
            .into_iter()
            .map(|item| item.to_python(py))
            .collect::<PyResult<_>>()?;
        Ok(items.into_pyobject(py)?.unbind())
    }
}

macro_rules! to_python {
    ($($core:ty => $class:expr;)+) => {$(
        impl ToPython for $core {
            fn to_python(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                Ok(Py::new(py, $class(self))?.into_any())
            }
        }
    )+};
}
pub(crate) use to_python;

to_python! {
    netgiro::Cart => Cart;
    netgiro::PaymentInfo => PaymentInfo;
    netgiro::CartItem => CartItem;
    netgiro::CheckResult => CheckResult;
}

impl ToPython for netgiro::CartState {
    fn to_python(mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.checked_at = convert::to_the_microsecond(self.checked_at);
        Ok(Py::new(py, CartState(self))?.into_any())
    }
}

/// The enum member for a status; members are looked up once.
pub(crate) fn status(py: Python<'_>, status: CartStatus) -> PyResult<Py<PyAny>> {
    static MEMBERS: PyOnceLock<Vec<(CartStatus, Py<PyAny>)>> = PyOnceLock::new();
    let members = MEMBERS.get_or_try_init(py, || {
        let class = py.import("netgiro.enums")?.getattr("CartStatus")?;
        CartStatus::ALL
            .iter()
            .map(|&status| Ok((status, class.call1((status.as_str(),))?.unbind())))
            .collect::<PyResult<_>>()
    })?;
    members
        .iter()
        .find(|(known, _)| *known == status)
        .map(|(_, member)| member.clone_ref(py))
        .ok_or_else(|| PyTypeError::new_err("a status without a name"))
}

/// A value's members and theirs, by name.
pub(crate) fn to_dict<'py>(
    value: &Bound<'py, PyAny>,
    members: &[&str],
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(value.py());
    for name in members {
        let member = value.getattr(*name)?;
        if member.hasattr("to_dict")? {
            dict.set_item(name, member.call_method0("to_dict")?)?;
        } else {
            dict.set_item(name, member)?;
        }
    }
    Ok(dict)
}

/// A value as the call that would make it; members that are absent are left out.
pub(crate) fn repr(value: &Bound<'_, PyAny>, members: &[&str]) -> PyResult<String> {
    let mut shown = Vec::new();
    for name in members {
        let member = value.getattr(*name)?;
        if member.is_none() {
            continue;
        }
        let kind = member.get_type().name()?;
        // An enum as its word, an id and an instant as their text.
        let is_word = member.is_instance_of::<PyString>() || kind == "UUID" || kind == "datetime";
        let text = if is_word {
            PyString::new(value.py(), &member.str()?.to_string_lossy()).repr()?
        } else {
            member.repr()?
        };
        shown.push(format!("{name}={text}"));
    }
    let class = value.get_type();
    Ok(format!("{}({})", class.name()?, shown.join(", ")))
}

/// The members by name, as the constructor takes them.
pub(crate) fn arguments<'py>(
    value: &Bound<'py, PyAny>,
    members: &[&str],
) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
    let py = value.py();
    let named = PyDict::new(py);
    for name in members {
        named.set_item(name, value.getattr(*name)?)?;
    }
    Ok((PyTuple::empty(py), named))
}

/// The methods of a class, and those that every value has.
macro_rules! value {
    (
        $class:ident
        members [$($member:literal),+ $(,)?]
        derived [$($derived:literal),* $(,)?]
        { $($methods:tt)* }
    ) => {
        #[pymethods]
        impl $class {
            $($methods)*

            /// Return the members by name, and theirs, as a dict of plain Python values.
            fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
                $crate::values::to_dict(slf.as_any(), &[$($member,)+ $($derived,)*])
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                $crate::values::repr(slf.as_any(), &[$($member),+])
            }

            fn __getnewargs_ex__<'py>(
                slf: &Bound<'py, Self>,
            ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
                $crate::values::arguments(slf.as_any(), &[$($member),+])
            }

            fn __copy__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
                slf
            }
        }
    };
}
pub(crate) use value;

/// A cart that the server has accepted.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Cart(pub(crate) netgiro::Cart);

value! {
    Cart
    members ["transaction_id", "reference", "amount", "check_interval", "message", "reference_id"]
    derived []
    {
        #[new]
        #[pyo3(signature = (
            transaction_id, *, reference, amount, check_interval=None, message=None,
            reference_id=None
        ))]
        fn new(
            py: Python<'_>,
            transaction_id: &Bound<'_, PyAny>,
            reference: &Bound<'_, PyAny>,
            amount: &Bound<'_, PyAny>,
            check_interval: Option<f64>,
            message: Option<String>,
            reference_id: Option<String>,
        ) -> PyResult<Self> {
            let reference = convert::reference(reference)?;
            netgiro::check_reference(&reference).or_raise(py)?;
            Ok(Self(netgiro::Cart {
                transaction_id: convert::uuid(transaction_id)?,
                reference,
                amount: convert::amount("amount", amount)?,
                check_interval: check_interval
                    .map(|value| convert::seconds(py, "check_interval", value))
                    .transpose()?,
                message,
                reference_id,
            }))
        }

        /// The server's id of the cart, a `uuid.UUID`.
        #[getter]
        fn transaction_id(&self) -> uuid::Uuid {
            self.0.transaction_id
        }

        /// The shop's order id, as sent.
        #[getter]
        fn reference(&self) -> &str {
            &self.0.reference
        }

        /// The amount in krónur, as sent.
        #[getter]
        fn amount(&self) -> i64 {
            self.0.amount.kronur()
        }

        /// How often the server wants to be asked, in seconds; None when it did not say.
        #[getter]
        fn check_interval(&self) -> Option<f64> {
            self.0.check_interval.as_ref().map(Duration::as_secs_f64)
        }

        /// What the server has to say about it.
        #[getter]
        fn message(&self) -> Option<&str> {
            self.0.message.as_deref()
        }

        /// What identifies the call to Netgíró's support.
        #[getter]
        fn reference_id(&self) -> Option<&str> {
            self.0.reference_id.as_deref()
        }
    }
}

/// Where a cart stood when it was checked.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CartState(pub(crate) netgiro::CartState);

value! {
    CartState
    members [
        "transaction_id", "status", "result_code", "payment_successful", "message", "payment",
        "reference_id", "checked_at",
    ]
    derived ["is_final", "is_paid"]
    {
        #[new]
        #[pyo3(signature = (
            transaction_id, status, *, result_code=None, payment_successful=None, message=None,
            payment=None, reference_id=None, checked_at=None
        ))]
        #[expect(clippy::too_many_arguments, reason = "as many as the state has members")]
        fn new(
            transaction_id: &Bound<'_, PyAny>,
            status: &Bound<'_, PyAny>,
            result_code: Option<i64>,
            payment_successful: Option<bool>,
            message: Option<String>,
            payment: Option<&Bound<'_, PaymentInfo>>,
            reference_id: Option<String>,
            checked_at: Option<&Bound<'_, PyAny>>,
        ) -> PyResult<Self> {
            let checked_at = convert::instant_or_now("checked_at", checked_at)?;
            Ok(Self(netgiro::CartState {
                transaction_id: convert::uuid(transaction_id)?,
                status: convert::word(status)?,
                result_code,
                payment_successful,
                message,
                payment: payment.map(|payment| Box::new(payment.get().0.clone())),
                reference_id,
                checked_at: convert::to_the_microsecond(checked_at),
            }))
        }

        /// The server's id of the cart, a `uuid.UUID`.
        #[getter]
        fn transaction_id(&self) -> uuid::Uuid {
            self.0.transaction_id
        }

        /// What the result code means, a `CartStatus`: a str as well.
        #[getter]
        fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            status(py, self.0.status)
        }

        /// The result code, also when its meaning is unknown.
        #[getter]
        fn result_code(&self) -> Option<i64> {
            self.0.result_code
        }

        /// What the server said about the payment; CancelCart says nothing.
        #[getter]
        fn payment_successful(&self) -> Option<bool> {
            self.0.payment_successful
        }

        /// What the server has to say about it.
        #[getter]
        fn message(&self) -> Option<&str> {
            self.0.message.as_deref()
        }

        /// What was paid or reserved, a `PaymentInfo`, when the server said so.
        #[getter]
        fn payment(&self) -> Option<PaymentInfo> {
            self.0.payment.as_deref().cloned().map(PaymentInfo)
        }

        /// What identifies the call to Netgíró's support.
        #[getter]
        fn reference_id(&self) -> Option<&str> {
            self.0.reference_id.as_deref()
        }

        /// When the answer came in, an aware `datetime` in UTC.
        #[getter]
        fn checked_at(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
            convert::datetime(py, self.0.checked_at)
        }

        /// Whether the cart can no longer change.
        #[getter]
        fn is_final(&self) -> bool {
            self.0.is_final()
        }

        /// Whether the cart is paid: true only when the server said so, in an answer that no check refused.
        #[getter]
        fn is_paid(&self) -> bool {
            self.0.is_paid()
        }

        fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
            let py = slf.py();
            py.import(intern!(py, "netgiro.presentation.display"))?
                .call_method1(intern!(py, "state"), (slf,))
                .map(Bound::unbind)
        }
    }
}

/// What the server holds about a payment. Every member can be None.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PaymentInfo(pub(crate) netgiro::PaymentInfo);

value! {
    PaymentInfo
    members [
        "transaction_id", "invoice_number", "reference_number", "status_id", "created",
        "total_amount", "discount_amount", "shipping_amount", "handling_amount", "account_number",
        "number_of_installments", "client_identity_confirmed", "location_id", "register_id",
    ]
    derived []
    {
        #[new]
        #[pyo3(signature = (
            *, transaction_id=None, invoice_number=None, reference_number=None, status_id=None,
            created=None, total_amount=None, discount_amount=None, shipping_amount=None,
            handling_amount=None, account_number=None, number_of_installments=None,
            client_identity_confirmed=None, location_id=None, register_id=None
        ))]
        #[expect(clippy::too_many_arguments, reason = "as many as the payment has members")]
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
                    .map(|created| convert::instant("created", created))
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

        /// The server's id of the cart, a `uuid.UUID`.
        #[getter]
        fn transaction_id(&self) -> Option<uuid::Uuid> {
            self.0.transaction_id
        }

        /// The number of the invoice.
        #[getter]
        fn invoice_number(&self) -> Option<i64> {
            self.0.invoice_number
        }

        /// The shop's order id.
        #[getter]
        fn reference_number(&self) -> Option<&str> {
            self.0.reference_number.as_deref()
        }

        /// 1 unconfirmed, 2 confirmed, 5 canceled.
        #[getter]
        fn status_id(&self) -> Option<i64> {
            self.0.status_id
        }

        /// When the payment was created, an aware `datetime` in UTC.
        #[getter]
        fn created(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
            self.0
                .created
                .map(|created| convert::datetime(py, created))
                .transpose()
        }

        /// The total in krónur, a `Decimal` with the digits the server sent.
        #[getter]
        fn total_amount(&self) -> Option<Decimal> {
            self.0.total_amount
        }

        /// The discount in krónur, a `Decimal` with the digits the server sent.
        #[getter]
        fn discount_amount(&self) -> Option<Decimal> {
            self.0.discount_amount
        }

        /// The cost of shipping in krónur, a `Decimal` with the digits the server sent.
        #[getter]
        fn shipping_amount(&self) -> Option<Decimal> {
            self.0.shipping_amount
        }

        /// The cost of handling in krónur, a `Decimal` with the digits the server sent.
        #[getter]
        fn handling_amount(&self) -> Option<Decimal> {
            self.0.handling_amount
        }

        /// The number of the customer's account.
        #[getter]
        fn account_number(&self) -> Option<i64> {
            self.0.account_number
        }

        /// In how many parts the customer pays.
        #[getter]
        fn number_of_installments(&self) -> Option<i64> {
            self.0.number_of_installments
        }

        /// Whether the customer's identity was confirmed.
        #[getter]
        fn client_identity_confirmed(&self) -> Option<bool> {
            self.0.client_identity_confirmed
        }

        /// The shop's own name for the place of sale.
        #[getter]
        fn location_id(&self) -> Option<&str> {
            self.0.location_id.as_deref()
        }

        /// The shop's own name for the till.
        #[getter]
        fn register_id(&self) -> Option<&str> {
            self.0.register_id.as_deref()
        }
    }
}

/// One line of a cart, as the customer sees it.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CartItem(pub(crate) netgiro::CartItem);

value! {
    CartItem
    members ["name", "unit_price", "quantity", "amount", "product_no", "description"]
    derived []
    {
        #[new]
        #[pyo3(signature = (
            name, unit_price, quantity=None, *, amount=None, product_no=None, description=None
        ))]
        #[pyo3(text_signature = "(name, unit_price, quantity=1, *, amount=None, product_no=None, description=None)")]
        fn new(
            py: Python<'_>,
            name: String,
            unit_price: &Bound<'_, PyAny>,
            quantity: Option<&Bound<'_, PyAny>>,
            amount: Option<&Bound<'_, PyAny>>,
            product_no: Option<String>,
            description: Option<String>,
        ) -> PyResult<Self> {
            let unit_price = convert::amount("unit_price", unit_price)?;
            let amount = amount
                .map(|amount| convert::amount("amount", amount))
                .transpose()?;
            let quantity = quantity.map_or_else(|| Ok("1".to_owned()), convert::quantity)?;
            let mut item =
                netgiro::CartItem::new(name, unit_price, &quantity, amount).or_raise(py)?;
            item.product_no = product_no;
            item.description = description;
            Ok(Self(item))
        }

        /// What is bought.
        #[getter]
        fn name(&self) -> &str {
            &self.0.name
        }

        /// The price of one piece in krónur.
        #[getter]
        fn unit_price(&self) -> i64 {
            self.0.unit_price.kronur()
        }

        /// How many pieces, a `Decimal`.
        #[getter]
        fn quantity(&self) -> Decimal {
            self.0.quantity()
        }

        /// The line's total in krónur.
        #[getter]
        fn amount(&self) -> i64 {
            self.0.amount.kronur()
        }

        /// The shop's product number.
        #[getter]
        fn product_no(&self) -> Option<&str> {
            self.0.product_no.as_deref()
        }

        /// More about it.
        #[getter]
        fn description(&self) -> Option<&str> {
            self.0.description.as_deref()
        }
    }
}

/// The lines of a cart: `CartItem`s, or dicts with the same names.
pub(crate) fn items(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<netgiro::CartItem>> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let py = value.py();
    let mut items = Vec::new();
    for item in value.try_iter()? {
        let item = item?;
        let item = match item.cast::<PyDict>() {
            Ok(named) => py.get_type::<CartItem>().call((), Some(named))?,
            Err(_) => item,
        };
        items.push(item.cast::<CartItem>()?.get().0.clone());
    }
    Ok(items)
}

/// One answer of a bulk call: `state` or `error`, and never both.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CheckResult(pub(crate) netgiro::CheckResult);

value! {
    CheckResult
    members ["transaction_id", "state", "error"]
    derived []
    {
        #[new]
        #[pyo3(signature = (transaction_id, *, state=None, error=None))]
        fn new(
            transaction_id: &Bound<'_, PyAny>,
            state: Option<&Bound<'_, CartState>>,
            error: Option<&Bound<'_, PyAny>>,
        ) -> PyResult<Self> {
            let outcome = match (state, error) {
                (Some(state), None) => Ok(state.get().0.clone()),
                (None, Some(error)) => Err(errors::from_py(error)?),
                _ => {
                    return Err(PyTypeError::new_err(
                        "a CheckResult has either a state or an error",
                    ));
                }
            };
            Ok(Self(Outcome {
                transaction_id: convert::uuid(transaction_id)?,
                outcome,
            }))
        }

        /// The server's id of the cart, a `uuid.UUID`.
        #[getter]
        fn transaction_id(&self) -> uuid::Uuid {
            self.0.transaction_id
        }

        /// Where the cart stands, a `CartState`; None when that could not be learnt.
        #[getter]
        fn state(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
            let state = self.0.outcome.as_ref().ok().cloned();
            state.map(|state| state.to_python(py)).transpose()
        }

        /// Why that could not be learnt, a `NetgiroError`; None when it could. Not raised.
        #[getter]
        fn error<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
            let error = self.0.outcome.as_ref().err();
            error.map(|error| errors::exception(py, error)).transpose()
        }
    }
}
