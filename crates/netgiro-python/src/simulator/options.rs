//! How a simulator is made.

use netgiro_simulator::{self as core, SimulatorError, SimulatorOptions};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use crate::convert::argument::{
    Argument as _, ArgumentInput, read_arguments, refused_unseen, texts, unseen,
};
use crate::convert::seconds_or;
use crate::errors;
use crate::simulator::Simulator;

/// Whether the simulator serves https, and with which certificate.
fn tls_of(value: &Bound<'_, PyAny>) -> PyResult<Option<core::Tls>> {
    if let Some(is_on) = bool::read(value) {
        return Ok(is_on.then_some(core::Tls::SelfMade));
    }
    let expected = "True, False, or a tuple of a certificate and its key in PEM";
    let pem: Option<(String, String)> = value.extract().ok();
    let (certificate, key) = pem.ok_or_else(|| refused_unseen("tls", expected, value))?;
    Ok(Some(core::Tls::Given { certificate, key }))
}

/// Milliseconds as they stand on the wire, which may be zero or negative.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and gives 0 for what is not a number"
)]
fn wire_milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

/// One of the simulator's words, which names the argument where it is refused.
fn word<T>(py: Python<'_>, argument: &str, value: &ArgumentInput<'_>, default: &str) -> PyResult<T>
where
    T: std::str::FromStr<Err = SimulatorError>,
{
    let word = value.or(argument, default.to_owned())?;
    word.parse().map_err(|error: SimulatorError| {
        let message = error.to_string();
        let expected = message.split_once(" must be ").map_or(&*message, |it| it.1);
        errors::invalid(py, format!("{argument} must be {expected}"))
    })
}

#[pymethods]
impl Simulator {
    #[new]
    #[pyo3(signature = (
        seed=ArgumentInput::ABSENT, *, port=ArgumentInput::ABSENT, app_key=None, secret_key=None, lifetime=ArgumentInput::ABSENT, check_interval=ArgumentInput::ABSENT,
        decimals=ArgumentInput::ABSENT, response_signatures=ArgumentInput::ABSENT, unknown_cart_code=ArgumentInput::ABSENT,
        reject_repeated_nonce=ArgumentInput::ABSENT, minimum_amount=ArgumentInput::ABSENT, reaction=ArgumentInput::ABSENT, callback_retry_delay=ArgumentInput::ABSENT,
        callback_timeout=ArgumentInput::ABSENT, history=ArgumentInput::ABSENT, latency=ArgumentInput::ABSENT, public_url=None, shop=None,
        tls=ArgumentInput::ABSENT, callback_hosts=ArgumentInput::ABSENT, settlement_cost=ArgumentInput::ABSENT,
        require_confirmation_type=ArgumentInput::ABSENT, require_json_numbers=ArgumentInput::ABSENT, omit_payment_info=ArgumentInput::ABSENT, stale_reads=ArgumentInput::ABSENT,
        v2_refusal_status=ArgumentInput::ABSENT, unknown_transaction_is_404=ArgumentInput::ABSENT, repeated_refund=ArgumentInput::ABSENT,
        repeated_capture=ArgumentInput::ABSENT, repeated_cancel=ArgumentInput::ABSENT, hold_lifetime=ArgumentInput::ABSENT,
        poll_interval=ArgumentInput::ABSENT, callback_signature_decimals=ArgumentInput::ABSENT,
        refuse_settled_refunds=ArgumentInput::ABSENT, hosted_callback_as_form=ArgumentInput::ABSENT,
        reference_lookup=ArgumentInput::ABSENT, form_callback_as_get=ArgumentInput::ABSENT
    ))]
    #[pyo3(
        text_signature = "(seed=0, *, port=0, app_key=None, secret_key=None, lifetime=180.0, check_interval=3.0, decimals=0, response_signatures='valid', unknown_cart_code=10201, reject_repeated_nonce=False, minimum_amount=1, reaction=0.0, callback_retry_delay=5.0, callback_timeout=5.0, history=100000, latency=0.0, public_url=None, shop='Prufuverslun', tls=False, callback_hosts=(), settlement_cost=195, require_confirmation_type=False, require_json_numbers=False, omit_payment_info=False, stale_reads=0, v2_refusal_status=400, unknown_transaction_is_404=False, repeated_refund='repeat', repeated_capture='refuse', repeated_cancel='refuse', hold_lifetime=604800.0, poll_interval=2.0, callback_signature_decimals=0, refuse_settled_refunds=False, hosted_callback_as_form=False, reference_lookup='carts', form_callback_as_get=False)"
    )]
    #[expect(clippy::too_many_arguments, reason = "as many as there are switches")]
    fn new(
        py: Python<'_>,
        seed: ArgumentInput<'_>,
        port: ArgumentInput<'_>,
        app_key: Option<&Bound<'_, PyAny>>,
        secret_key: Option<&Bound<'_, PyAny>>,
        lifetime: ArgumentInput<'_>,
        check_interval: ArgumentInput<'_>,
        decimals: ArgumentInput<'_>,
        response_signatures: ArgumentInput<'_>,
        unknown_cart_code: ArgumentInput<'_>,
        reject_repeated_nonce: ArgumentInput<'_>,
        minimum_amount: ArgumentInput<'_>,
        reaction: ArgumentInput<'_>,
        callback_retry_delay: ArgumentInput<'_>,
        callback_timeout: ArgumentInput<'_>,
        history: ArgumentInput<'_>,
        latency: ArgumentInput<'_>,
        public_url: Option<&Bound<'_, PyAny>>,
        shop: Option<&Bound<'_, PyAny>>,
        tls: ArgumentInput<'_>,
        callback_hosts: ArgumentInput<'_>,
        settlement_cost: ArgumentInput<'_>,
        require_confirmation_type: ArgumentInput<'_>,
        require_json_numbers: ArgumentInput<'_>,
        omit_payment_info: ArgumentInput<'_>,
        stale_reads: ArgumentInput<'_>,
        v2_refusal_status: ArgumentInput<'_>,
        unknown_transaction_is_404: ArgumentInput<'_>,
        repeated_refund: ArgumentInput<'_>,
        repeated_capture: ArgumentInput<'_>,
        repeated_cancel: ArgumentInput<'_>,
        hold_lifetime: ArgumentInput<'_>,
        poll_interval: ArgumentInput<'_>,
        callback_signature_decimals: ArgumentInput<'_>,
        refuse_settled_refunds: ArgumentInput<'_>,
        hosted_callback_as_form: ArgumentInput<'_>,
        reference_lookup: ArgumentInput<'_>,
        form_callback_as_get: ArgumentInput<'_>,
    ) -> PyResult<Self> {
        let mut options = SimulatorOptions::default();
        macro_rules! set {
            ($($option:ident),+) => {
                $(options.$option = $option.or(stringify!($option), options.$option)?;)+
            };
        }
        macro_rules! set_seconds {
            ($($option:ident),+) => {
                $(options.$option = seconds_or(stringify!($option), &$option, options.$option)?;)+
            };
        }
        set! {
            seed, port, decimals, unknown_cart_code, minimum_amount, history, settlement_cost, stale_reads,
            reject_repeated_nonce, require_confirmation_type, require_json_numbers, omit_payment_info,
            v2_refusal_status, unknown_transaction_is_404, callback_signature_decimals, refuse_settled_refunds,
            hosted_callback_as_form, form_callback_as_get
        }
        set_seconds! { lifetime, reaction, callback_retry_delay, callback_timeout, latency, hold_lifetime }
        read_arguments!(app_key, public_url, shop);
        options.app_key = app_key.unwrap_or(options.app_key);
        if let Some(key) = secret_key {
            options.secret_key = unseen("secret_key", key)?;
        }
        options.shop = shop.unwrap_or(options.shop);
        options.public_url = public_url;
        options.check_interval_ms = check_interval
            .or("check_interval", Some(3.0))?
            .map(wire_milliseconds);
        options.response_signatures =
            word(py, "response_signatures", &response_signatures, "valid")?;
        options.repeated_refund = word(py, "repeated_refund", &repeated_refund, "repeat")?;
        options.repeated_capture = word(py, "repeated_capture", &repeated_capture, "refuse")?;
        options.repeated_cancel = word(py, "repeated_cancel", &repeated_cancel, "refuse")?;
        options.reference_lookup = word(py, "reference_lookup", &reference_lookup, "carts")?;
        options.poll_interval_ms = poll_interval
            .or("poll_interval", Some(2.0))?
            .map(wire_milliseconds);
        options.tls = tls.get().map(tls_of).transpose()?.flatten();
        if let Some(hosts) = callback_hosts.get() {
            options.callback_hosts = texts("callback_hosts", hosts)?;
        }
        py.detach(|| core::Simulator::start(options))
            .map(Self)
            .map_err(|error| match error.get_ref() {
                Some(inner) if inner.is::<SimulatorError>() => {
                    errors::invalid(py, inner.to_string())
                }
                _ => PyOSError::new_err(format!("the simulator cannot be started: {error}")),
            })
    }
}
