//! From what JavaScript gives to what the core takes.

use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use napi::bindgen_prelude::{BigInt, Either, Either4};
use napi_derive::napi;
pub(crate) use netgiro::milliseconds;
use netgiro::{
    Amount, BulkOptions, CartItem, CartPoll, CartRef, CheckResult, CheckResults, CustomerId, Error,
    ErrorKind, Given, NewCart, PollPolicy, Result, WaitOptions,
};
use serde::{Deserialize, Serialize};

use crate::views::StateView;
use crate::views::error::reply;

/// A number, a big integer, text, or anything else.
pub(crate) type GivenAmount = Either4<f64, BigInt, String, GivenObject>;

/// What is neither a number nor text: one of the two.
#[napi(object, object_to_js = false)]
pub struct GivenObject {
    /// The exact text of a decimal object.
    pub decimal: Option<String>,
    /// Anything else, as it prints.
    pub other: Option<String>,
}

pub(crate) fn amount(argument: &str, given: &GivenAmount) -> Result<Amount> {
    let given = match given {
        Either4::A(number) => Given::Number(*number),
        Either4::B(integer) => match integer.get_i128() {
            (integer, true) => Given::Integer(integer),
            _ => Given::Other("an integer of more than 127 bits"),
        },
        Either4::C(text) => Given::Text(text),
        Either4::D(GivenObject { decimal, other }) => match decimal {
            Some(text) => Given::Decimal(text),
            None => Given::Other(other.as_deref().unwrap_or_default()),
        },
    };
    Amount::parse(argument, given)
}

/// A cart: the text of its id, or what is known of it.
pub(crate) type GivenCart = Either<String, KnownCart>;

/// What is known of a cart beside its id.
#[napi(object, object_to_js = false)]
pub struct KnownCart {
    /// The cart's id.
    pub transaction_id: Option<String>,
    /// The amount it was inserted with.
    pub amount: Option<GivenAmount>,
    /// The reference it was inserted with.
    pub reference: Option<String>,
    /// The server's poll hint, in milliseconds.
    pub check_interval: Option<f64>,
    /// A poll of it, as JSON.
    pub poll: Option<String>,
}

pub(crate) fn cart(given: &GivenCart) -> Result<CartRef> {
    let known = match given {
        Either::A(text) => return CartRef::from_str(text),
        Either::B(known) => known,
    };
    if let Some(token) = &known.poll {
        return Ok(CartRef::from(&CartPoll::from_json(token)?));
    }
    let mut cart = CartRef::from_str(known.transaction_id.as_deref().unwrap_or_default())?;
    if let Some(given) = &known.amount {
        cart = cart.with_amount(amount("amount", given)?);
    }
    if let Some(reference) = &known.reference {
        cart = cart.with_reference(reference);
    }
    if let Some(interval) = known.check_interval {
        cart = cart.with_check_interval(milliseconds("checkInterval", interval)?);
    }
    Ok(cart)
}

/// What is known of a cart, as it is compared.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KnownView<'a> {
    transaction_id: String,
    amount: Option<i64>,
    reference: Option<&'a str>,
}

/// Reads a cart: its id, its amount and its reference as the core holds them.
#[napi(catch_unwind)]
pub fn read_cart(given: GivenCart) -> String {
    let cart = cart(&given);
    reply(&cart.as_ref().map_err(Clone::clone).map(|cart| KnownView {
        transaction_id: cart.transaction_id().to_string(),
        amount: cart.amount().map(Amount::kronur),
        reference: cart.reference(),
    }))
}

/// The carts of a bulk call; the error names the one that is none.
pub(crate) fn carts(given: &[GivenCart]) -> Result<Vec<CartRef>> {
    given
        .iter()
        .enumerate()
        .map(|(index, given)| {
            cart(given).map_err(|error| {
                Error::new(error.kind(), format!("carts[{index}]: {}", error.message()))
            })
        })
        .collect()
}

/// A cart to be inserted.
#[napi(object, object_to_js = false)]
pub struct GivenNewCart {
    /// Whole krónur.
    pub amount: GivenAmount,
    /// The shop's order id.
    pub reference: String,
    /// Who is asked.
    pub customer_id: String,
    /// A word, or its number as text.
    pub confirmation_type: Option<String>,
    /// Where the server reports a confirmation.
    pub callback_url: Option<String>,
    /// Where the server reports a cancellation.
    pub callback_cancel_url: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
    /// The lines.
    pub items: Option<Vec<GivenItem>>,
    /// The place of sale.
    pub location_id: Option<String>,
    /// The till.
    pub register_id: Option<String>,
}

/// One line of a cart.
#[napi(object, object_to_js = false)]
pub struct GivenItem {
    /// What is bought.
    pub name: String,
    /// Whole krónur for one piece.
    pub unit_price: GivenAmount,
    /// Pieces, in decimal text.
    pub quantity: String,
    /// Whole krónur for the line.
    pub amount: Option<GivenAmount>,
    /// The shop's product number.
    pub product_no: Option<String>,
    /// More about it.
    pub description: Option<String>,
}

pub(crate) fn new_cart(given: GivenNewCart) -> Result<NewCart> {
    let items = given
        .items
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(index, given)| item(index, given))
        .collect::<Result<_>>()?;
    let customer_id = CustomerId::parse(&given.customer_id)?;
    let mut cart = NewCart::new(
        amount("amount", &given.amount)?,
        given.reference,
        customer_id,
    );
    if let Some(confirmation_type) = given.confirmation_type {
        cart.confirmation_type = confirmation_type.parse()?;
    }
    cart.callback_url = given.callback_url;
    cart.callback_cancel_url = given.callback_cancel_url;
    cart.description = given.description;
    cart.items = items;
    cart.location_id = given.location_id;
    cart.register_id = given.register_id;
    Ok(cart)
}

fn item(index: usize, given: GivenItem) -> Result<CartItem> {
    let of_this = |member: &str| format!("items[{index}].{member}");
    let unit_price = amount(&of_this("unitPrice"), &given.unit_price)?;
    let total = given
        .amount
        .map(|total| amount(&of_this("amount"), &total))
        .transpose()?;
    let mut item = CartItem::new(given.name, unit_price, &given.quantity, total)
        .map_err(|error| Error::new(error.kind(), of_this(error.message())))?;
    item.product_no = given.product_no;
    item.description = given.description;
    Ok(item)
}

/// How long to wait, and how often to ask.
#[napi(object, object_to_js = false)]
pub struct GivenWait {
    /// In milliseconds.
    pub timeout_ms: Option<f64>,
    /// How often to ask.
    pub policy: Option<GivenPolicy>,
}

/// How often to ask.
#[expect(
    clippy::struct_field_names,
    reason = "the names of the JavaScript options"
)]
#[napi(object, object_to_js = false)]
pub struct GivenPolicy {
    /// In milliseconds.
    pub min_interval_ms: Option<f64>,
    /// In milliseconds.
    pub default_interval_ms: Option<f64>,
    /// In milliseconds.
    pub max_interval_ms: Option<f64>,
}

pub(crate) fn wait_options(given: &GivenWait) -> Result<WaitOptions> {
    let mut options = WaitOptions::default();
    if let Some(timeout) = given.timeout_ms {
        options.timeout = milliseconds("timeoutMs", timeout)?;
    }
    options.policy = given.policy.as_ref().map(policy).transpose()?;
    Ok(options)
}

fn policy(given: &GivenPolicy) -> Result<PollPolicy> {
    let default = PollPolicy::default();
    let interval = |name, given: Option<f64>, default| {
        given.map_or(Ok(default), |given| milliseconds(name, given))
    };
    PollPolicy::new(
        interval(
            "minIntervalMs",
            given.min_interval_ms,
            default.min_interval(),
        )?,
        interval(
            "defaultIntervalMs",
            given.default_interval_ms,
            default.default_interval(),
        )?,
        interval(
            "maxIntervalMs",
            given.max_interval_ms,
            default.max_interval(),
        )?,
    )
}

/// How to go about many checks; what is left out is the core's own.
#[napi(object, object_to_js = false)]
pub struct GivenBulk {
    /// How many at a time.
    pub concurrency: Option<f64>,
    /// How many a second.
    pub rate: Option<f64>,
    /// In milliseconds.
    pub retry_for_ms: Option<f64>,
    /// The JSON text of an array of [`Earlier`].
    pub resume: Option<String>,
}

/// What is known of a cart from an earlier call: its state, or the poll that was not over.
#[derive(Deserialize)]
struct Earlier<'a> {
    #[serde(borrow)]
    state: Option<StateView<'a>>,
    poll: Option<String>,
}

impl Earlier<'_> {
    fn read(self) -> Result<Option<CheckResult>, String> {
        if let Some(state) = self.state {
            let state = state.read()?;
            return Ok(Some(CheckResult {
                transaction_id: state.transaction_id,
                outcome: Ok(state),
            }));
        }
        let Some(token) = self.poll else {
            return Ok(None);
        };
        let poll = CartPoll::from_json(&token).map_err(|error| error.message().to_owned())?;
        let cut_short = Error::new(ErrorKind::WaitTimeout, "not settled then");
        Ok(Some(CheckResult {
            transaction_id: poll.transaction_id(),
            outcome: Err(cut_short.with_poll(poll)),
        }))
    }
}

pub(crate) fn bulk_options(given: GivenBulk) -> Result<BulkOptions> {
    let mut options = BulkOptions {
        rate: given.rate,
        ..BulkOptions::default()
    };
    if let Some(concurrency) = given.concurrency {
        options.concurrency = whole("concurrency", concurrency)?;
    }
    if let Some(retry_for) = given.retry_for_ms {
        options.retry_for = milliseconds("retryForMs", retry_for)?;
    }
    options.resume = given
        .resume
        .map(|text| earlier(&text).map(Arc::new))
        .transpose()?;
    Ok(options)
}

fn earlier(text: &str) -> Result<CheckResults> {
    let refused = |at: usize, why: String| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("resume[{at}] is no result of an earlier call: {why}"),
        )
    };
    let all: Vec<Earlier<'_>> = serde_json::from_str(text)
        .map_err(|error| refused(0, netgiro::mask_customer_ids(&error.to_string())))?;
    let mut results = CheckResults::default();
    for (at, one) in all.into_iter().enumerate() {
        if let Some(result) = one.read().map_err(|why| refused(at, why))? {
            results.push(&result);
        }
    }
    Ok(results)
}

/// A whole number, from a JavaScript number.
pub(crate) fn whole<T: FromStr>(argument: &str, given: f64) -> Result<T> {
    format!("{given}").parse().map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("{argument} must be a whole number within its bounds; got {given}"),
        )
    })
}

/// An instant in epoch milliseconds; `None` is now.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what `as` saturates is outside the range of a timestamp"
)]
pub(crate) fn instant(argument: &str, given: Option<f64>) -> Result<Timestamp> {
    let Some(milliseconds) = given else {
        return Ok(Timestamp::now());
    };
    Some(milliseconds.floor())
        .filter(|milliseconds| milliseconds.is_finite())
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds as i64).ok())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("{argument} must be an instant in epoch milliseconds; got {milliseconds}"),
            )
        })
}
