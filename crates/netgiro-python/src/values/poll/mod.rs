//! Polling as a value: the poll that a job queue keeps; and a cart as an argument, which may be one.

pub(crate) mod policy;
pub(crate) mod steps;

use netgiro::CartRef;
use pyo3::prelude::*;
use pyo3::types::PyString;
use uuid::Uuid;

use crate::convert;
use crate::convert::argument::{Argument as _, ArgumentInput, items, refused, refused_unseen};
use crate::convert::time::{DateTime, instant_or_now};
use crate::errors::OrRaise;
use crate::panics;
use crate::to_python::to_python;
use crate::values::cart::Cart;
use crate::values::cart_state::CartState;
use crate::values::poll::policy::wait_options;
use crate::values::{immutable, members};

/// A poll of one cart, as a value: what was seen, and when to ask next.
///
/// `poll_step` takes it one check further. Between two steps it can be kept as JSON, which holds
/// neither the secret key nor a phone number.
///
/// A cart that is not found, or canceled by result code 10201 without PaymentInfo, may not be there yet: for the first
/// 15 seconds it is checked again, in the latter case until it was seen so twice, an interval apart, or after a cancel
/// of the shop's. A cart that was seen open does not end as `not_found`. Until then `is_done` is false, whatever `state` is.
#[pyclass(frozen, eq, hash, module = "netgiro")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct CartPoll(pub(crate) netgiro::CartPoll);

to_python!(netgiro::CartPoll => CartPoll);

#[pymethods]
impl CartPoll {
    #[new]
    #[pyo3(signature = (cart, *, timeout=ArgumentInput::ABSENT, policy=None, now=None))]
    #[pyo3(text_signature = "(cart, *, timeout=180.0, policy=None, now=None)")]
    fn new(
        cart: &Bound<'_, PyAny>,
        timeout: ArgumentInput<'_>,
        policy: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let cart = cart_ref("cart", cart)?;
        let options = wait_options(&timeout, policy)?;
        let now = instant_or_now("now", now)?;
        panics::caught(|| Ok(Self(netgiro::CartPoll::new(cart, options, now))))
    }

    /// Return the poll as versioned JSON text, to be kept between two steps.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Read what `to_json` wrote; raises InvalidRequestError for anything else, and for what no answer about
    /// this cart can have said.
    #[staticmethod]
    #[pyo3(signature = (text))]
    fn from_json(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = text.py();
        let text = String::of("text", text)?;
        panics::caught(|| netgiro::CartPoll::from_json(&text).map(Self).or_raise(py))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        let restore = slf.py().get_type::<Self>().getattr("from_json")?;
        Ok((restore, (slf.get().0.to_json(),)))
    }
}

members! {
    CartPoll, poll {
        /// The server's id of the cart, a `uuid.UUID`.
        transaction_id: uuid::Uuid = poll.transaction_id();
        /// When to ask next, an aware `datetime` in UTC; a step before that sends nothing.
        next_check_at: DateTime = DateTime(poll.next_check_at());
        /// When the poll gives up, after one last check, an aware `datetime` in UTC.
        deadline: DateTime = DateTime(poll.deadline());
        /// The last state seen, a `CartState`; failures do not change it.
        state: Option<CartState> = poll.state().cloned().map(CartState::from);
        /// Whether polling has nothing more to learn: `state` is final and believed, or it is the merchant's move.
        is_done: bool = poll.is_done();
    }
}

immutable!(CartPoll);

/// A poll as `poll_step` takes it: the value, or its JSON.
pub(crate) fn poll_or_json(poll: &Bound<'_, PyAny>) -> PyResult<netgiro::CartPoll> {
    if let Ok(text) = poll.cast::<PyString>() {
        return panics::caught(|| {
            netgiro::CartPoll::from_json(&text.to_string_lossy()).or_raise(poll.py())
        });
    }
    let poll = poll
        .cast::<CartPoll>()
        .map_err(|_| refused("poll", "a netgiro.CartPoll or its JSON", poll))?;
    Ok(poll.get().0.clone())
}

/// A cart argument: a Cart, a CartState, a CartPoll, a UUID or its text.
pub(crate) fn cart_ref(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<CartRef> {
    panics::caught(|| {
        if let Ok(cart) = value.cast::<Cart>() {
            return Ok(CartRef::from(&cart.get().0));
        }
        if let Ok(state) = value.cast::<CartState>() {
            return Ok(CartRef::from(&state.get().0));
        }
        if let Ok(poll) = value.cast::<CartPoll>() {
            return Ok(CartRef::from(&poll.get().0));
        }
        convert::cart_id(argument, value)
    })
}

/// The id of such a cart.
pub(crate) fn transaction_id(value: &Bound<'_, PyAny>) -> PyResult<Uuid> {
    cart_ref("transaction_id", value).map(|cart| cart.transaction_id())
}

/// Many carts; the error names the place of what is not a cart.
pub(crate) fn cart_refs(argument: &str, carts: &Bound<'_, PyAny>) -> PyResult<Vec<CartRef>> {
    let of = if argument == "carts" {
        String::new()
    } else {
        format!(" of {argument}")
    };
    let is_one = carts.is_instance_of::<Cart>()
        || carts.is_instance_of::<CartState>()
        || carts.is_instance_of::<CartPoll>();
    if is_one {
        return Err(refused_unseen(argument, "an iterable of carts", carts));
    }
    items(argument, "an iterable of carts", carts)?
        .iter()
        .enumerate()
        .map(|(at, cart)| cart_ref(&format!("carts[{at}]{of}"), cart))
        .collect()
}
