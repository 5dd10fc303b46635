//! How a simulator is set up.

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use netgiro::Result;
use netgiro_simulator::{SimulatorOptions, Tls};

use crate::arguments::scalars::{milliseconds, set, whole};
use crate::simulator::refused;

/// How a simulator is set up; durations are in milliseconds.
#[napi(object, object_to_js = false)]
pub struct SimulatorInput {
    /// Decides every id, nonce and SMS code.
    pub seed: Option<f64>,
    /// The loopback port.
    pub port: Option<f64>,
    /// The only application key that is let in.
    pub app_key: Option<String>,
    /// The secret key of both sides.
    pub secret_key: Option<String>,
    /// How long a cart waits for its customer.
    pub lifetime_ms: Option<f64>,
    /// The poll hint, as on the wire.
    pub check_interval_ms: Option<f64>,
    /// Whether the poll hint is sent as null.
    pub no_check_interval: bool,
    /// Decimals in response amounts.
    pub decimals: Option<f64>,
    /// A word.
    pub response_signatures: Option<String>,
    /// The result code for a cart nobody inserted.
    pub unknown_cart_code: Option<f64>,
    /// Whether a nonce may be used only once.
    pub reject_repeated_nonce: Option<bool>,
    /// The smallest amount accepted.
    pub minimum_amount: Option<f64>,
    /// How long the customers who answer by themselves take.
    pub reaction_ms: Option<f64>,
    /// The time before a callback is repeated.
    pub callback_retry_delay_ms: Option<f64>,
    /// How long a callback waits for its answer.
    pub callback_timeout_ms: Option<f64>,
    /// How many requests and callbacks are remembered.
    pub history: Option<f64>,
    /// How long every answer is held back.
    pub latency_ms: Option<f64>,
    /// Where others reach it.
    pub public_url: Option<String>,
    /// The shop's name.
    pub shop: Option<String>,
    /// Whether it makes a certificate up, or the one it shows.
    pub tls: Option<Either<bool, CertificateInput>>,
    /// Where callbacks may go beside this machine.
    pub callback_hosts: Option<Vec<String>>,
    /// What is kept of each sale, in hundredths of a percent.
    pub settlement_cost: Option<f64>,
    /// Whether an insert must say its confirmation type.
    pub require_confirmation_type: Option<bool>,
    /// Whether numbers as text are refused.
    pub require_json_numbers: Option<bool>,
    /// Whether answers have no payment info.
    pub omit_payment_info: Option<bool>,
    /// How many checks lag behind a change.
    pub stale_reads: Option<f64>,
    /// The HTTP status of V2's refusals.
    pub v2_refusal_status: Option<f64>,
    /// Whether V2 answers 404 for a transaction that it does not know.
    pub unknown_transaction_is_404: Option<bool>,
    /// A word.
    pub repeated_refund: Option<String>,
    /// Whether a sale whose settlement is made up is not refunded.
    pub refuse_settled_refunds: Option<bool>,
    /// A word.
    pub repeated_capture: Option<String>,
    /// A word.
    pub repeated_cancel: Option<String>,
    /// How long money is held that is not captured.
    pub hold_lifetime_ms: Option<f64>,
    /// The poll hint of V2's pending sales, as on the wire.
    pub poll_interval_ms: Option<f64>,
    /// Whether that hint is sent as null.
    pub no_poll_interval: bool,
    /// Decimals of the amount that the signature of V2's callbacks covers.
    pub callback_signature_decimals: Option<f64>,
    /// Whether the hosted checkout's callbacks are a form.
    pub hosted_callback_as_form: Option<bool>,
    /// A word.
    pub reference_lookup: Option<String>,
    /// Whether a form's callbacks are sent with GET.
    pub form_callback_as_get: Option<bool>,
}

/// A certificate and its key, as PEM.
#[napi(object, object_to_js = false)]
pub struct CertificateInput {
    /// The certificate and those that lead to its authority.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

pub(crate) fn simulator_options(input: SimulatorInput) -> Result<SimulatorOptions> {
    let mut options = SimulatorOptions::default();
    macro_rules! set {
        ($($option:ident: $read:expr),+ $(,)?) => {
            $(set(&mut options.$option, input.$option, $read)?;)+
        };
        ($($option:ident = $name:literal from $input:ident by $read:ident),+ $(,)?) => {
            $(set(&mut options.$option, input.$input, |number| $read($name, number))?;)+
        };
    }
    set! {
        app_key: Ok,
        secret_key: Ok,
        shop: Ok,
        callback_hosts: Ok,
        reject_repeated_nonce: Ok,
        require_confirmation_type: Ok,
        require_json_numbers: Ok,
        omit_payment_info: Ok,
        unknown_transaction_is_404: Ok,
        refuse_settled_refunds: Ok,
        hosted_callback_as_form: Ok,
        form_callback_as_get: Ok,
        reference_lookup: |word: String| word.parse().map_err(refused),
        repeated_refund: |word: String| word.parse().map_err(refused),
        repeated_capture: |word: String| word.parse().map_err(refused),
        repeated_cancel: |word: String| word.parse().map_err(refused),
        response_signatures: |word: String| word.parse().map_err(refused),
    }
    set! {
        seed = "seed" from seed by whole,
        port = "port" from port by whole,
        decimals = "decimals" from decimals by whole,
        unknown_cart_code = "unknownCartCode" from unknown_cart_code by whole,
        stale_reads = "staleReads" from stale_reads by whole,
        v2_refusal_status = "v2RefusalStatus" from v2_refusal_status by whole,
        callback_signature_decimals = "callbackSignatureDecimals" from callback_signature_decimals by whole,
        minimum_amount = "minimumAmount" from minimum_amount by whole,
        history = "history" from history by whole,
        settlement_cost = "settlementCost" from settlement_cost by whole,
        lifetime = "lifetimeMs" from lifetime_ms by milliseconds,
        reaction = "reactionMs" from reaction_ms by milliseconds,
        hold_lifetime = "holdLifetimeMs" from hold_lifetime_ms by milliseconds,
        latency = "latencyMs" from latency_ms by milliseconds,
        callback_retry_delay = "callbackRetryDelayMs" from callback_retry_delay_ms by milliseconds,
        callback_timeout = "callbackTimeoutMs" from callback_timeout_ms by milliseconds,
    }
    set(
        &mut options.check_interval_ms,
        input.check_interval_ms,
        |hint| whole("checkIntervalMs", hint).map(Some),
    )?;
    if input.no_check_interval {
        options.check_interval_ms = None;
    }
    set(
        &mut options.poll_interval_ms,
        input.poll_interval_ms,
        |hint| whole("pollIntervalMs", hint).map(Some),
    )?;
    if input.no_poll_interval {
        options.poll_interval_ms = None;
    }
    options.public_url = input.public_url;
    options.tls = match input.tls {
        None | Some(Either::A(false)) => None,
        Some(Either::A(true)) => Some(Tls::SelfMade),
        Some(Either::B(CertificateInput { certificate, key })) => {
            Some(Tls::Given { certificate, key })
        }
    };
    Ok(options)
}
