//! The orders of the shops, and their customers, as the seed has them.

use netgiro::{Amount, ApiVersion, ConfirmationType, CustomerId, NewCart};
use netgiro_simulator::{ReferenceLookup, RepeatedCall, SimulatorOptions};
use tokio::time::Duration;

use crate::simulation::draw::{About, draw, happens};
use crate::simulation::plan::Plan;

/// How a shop's worker follows a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkerMode {
    /// It settles the cart, and keeps the poll after each change.
    Settles,
    /// It waits, and cancels by itself at the deadline.
    Waits,
    /// One check a message of a queue.
    Queue,
}

/// What a customer does when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepts(Duration),
    Declines(Duration),
    Nothing,
}

/// A shop: which API it speaks, and its server.
#[derive(Clone, Debug)]
pub(super) struct ShopPlan {
    pub(super) api: ApiVersion,
    pub(super) options: SimulatorOptions,
    /// How far the server's clock is ahead, in seconds.
    pub(super) server_ahead: i64,
    /// The share of requests that go wrong.
    pub(super) fault_rate: f64,
}

impl ShopPlan {
    pub(super) fn draw(plan: &Plan, number: u32) -> Self {
        let mut chance = draw(plan.seed, About::Shop, number, 0);
        let api = if happens(&mut chance, 0.6) {
            ApiVersion::V1
        } else {
            ApiVersion::V2
        };
        let pick = |of: [i64; 4], at: usize| of.get(at).copied().unwrap_or_default();
        let hint = pick([3_000, 0, 1_000, 5_000], chance.usize(0..4));
        let rates = [0.0, 0.05, 0.15, 0.3];
        let defaults = SimulatorOptions::default();
        let options = SimulatorOptions {
            seed: chance.u64(..),
            check_interval_ms: happens(&mut chance, 0.8).then_some(hint),
            poll_interval_ms: happens(&mut chance, 0.8).then_some(hint),
            decimals: chance.u8(0..3),
            unknown_cart_code: if chance.bool() { 10_201 } else { 10_424 },
            reject_repeated_nonce: chance.bool(),
            omit_payment_info: happens(&mut chance, 0.2),
            // A replica of V2 that lags would let a cancel undo what was paid long before.
            stale_reads: u32::from(api == ApiVersion::V1 && happens(&mut chance, 0.3)),
            v2_refusal_status: if chance.bool() { 400 } else { 200 },
            unknown_transaction_is_404: chance.bool(),
            repeated_refund: repeated(chance.bool()),
            repeated_capture: repeated(chance.bool()),
            repeated_cancel: repeated(chance.bool()),
            reference_lookup: match chance.u32(0..3) {
                0 => ReferenceLookup::Carts,
                1 => ReferenceLookup::Payments,
                _ => ReferenceLookup::Off,
            },
            history: 0,
            ..defaults
        };
        Self {
            api,
            options,
            server_ahead: if happens(&mut chance, 0.3) {
                chance.i64(-7_200..7_200)
            } else {
                0
            },
            fault_rate: rates.get(chance.usize(0..4)).copied().unwrap_or_default(),
        }
    }
}

fn repeated(is_repeated: bool) -> RepeatedCall {
    if is_repeated {
        RepeatedCall::Repeat
    } else {
        RepeatedCall::Refuse
    }
}

/// An order: what is asked of the customer, and how the shop goes about it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) cart: NewCart,
    /// When it comes, after the beginning.
    pub(super) comes: Duration,
    pub(super) worker_mode: WorkerMode,
    /// How long the shop waits for the customer.
    pub(super) timeout: Duration,
    pub(super) answer: Answer,
    /// When the customer breaks off on the shop's page.
    pub(super) breaks_off: Option<Duration>,
    /// What is given back of a payment.
    pub(super) refund: Option<Amount>,
    /// Whether the shop delivers what is reserved; else it cancels.
    pub(super) delivers: bool,
    /// Whether the replay guard can forget.
    pub(super) guard_forgets: bool,
}

impl Order {
    pub(super) fn draw(plan: &Plan, number: u32, api: ApiVersion) -> Option<Self> {
        let mut chance = draw(plan.seed, About::Order, number, 0);
        let seconds = |seconds: f64| Duration::from_secs_f64(seconds);
        let kronur = chance.i64(100..50_000);
        let customer: CustomerId = format!("6{:06}", number % 1_000_000).parse().ok()?;
        let mut cart = NewCart::new(
            Amount::new(kronur).ok()?,
            format!("order-{number}"),
            customer,
        );
        let url = format!("https://shop.example/callback/{number}");
        let has_callback = match chance.u32(0..10) {
            0..4 => {
                cart.confirmation_type = ConfirmationType::ServerCallback;
                true
            }
            4 | 5 => {
                cart.confirmation_type = ConfirmationType::Manual;
                api == ApiVersion::V1 && chance.bool()
            }
            _ => api == ApiVersion::V1 && chance.bool(),
        };
        if has_callback {
            cart.callback_url = Some(url.clone());
            cart.callback_cancel_url = chance.bool().then_some(url);
        }
        Some(Self {
            cart,
            comes: seconds(chance.f64() * 3_600.0),
            worker_mode: match chance.u32(0..10) {
                0..4 => WorkerMode::Settles,
                4 => WorkerMode::Waits,
                _ => WorkerMode::Queue,
            },
            timeout: seconds(if happens(&mut chance, 0.8) {
                180.0
            } else {
                20.0 + chance.f64() * 220.0
            }),
            breaks_off: happens(&mut chance, 0.08).then(|| seconds(1.0 + chance.f64() * 60.0)),
            refund: happens(&mut chance, 0.25)
                .then(|| Amount::new(chance.i64(1..=kronur)).ok())
                .flatten(),
            delivers: happens(&mut chance, 0.8),
            guard_forgets: chance.bool(),
            answer: Self::draw_answer(plan, number),
        })
    }

    fn draw_answer(plan: &Plan, number: u32) -> Answer {
        let mut chance = draw(plan.seed, About::Customer, number, 0);
        let soon = Duration::from_secs_f64(0.5 + chance.f64() * chance.f64() * 60.0);
        // About when the shop gives up, and when the cart expires.
        let late = Duration::from_secs_f64(150.0 + chance.f64() * 40.0);
        match chance.u32(0..20) {
            0..12 => Answer::Accepts(soon),
            12..15 => Answer::Declines(soon),
            15..17 => Answer::Accepts(late),
            17 => Answer::Declines(late),
            _ => Answer::Nothing,
        }
    }
}

/// The number of the checkout that a reference or a URL names.
pub(super) fn number_in(text: &str) -> Option<u32> {
    text.rsplit(['-', '/']).next()?.parse().ok()
}
