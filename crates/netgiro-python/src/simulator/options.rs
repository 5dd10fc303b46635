//! How a simulator is made.

use std::time::Duration;

use netgiro_simulator::{self as core, SimulatorError, SimulatorOptions};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use crate::convert;
use crate::convert::argument::{
    Argument as _, ArgumentInput, read_arguments, refused_unseen, texts, unseen,
};
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

#[pymethods]
impl Simulator {
    #[new]
    #[pyo3(signature = (
        seed=ArgumentInput::ABSENT, *, port=ArgumentInput::ABSENT, app_key=None, secret_key=None, lifetime=ArgumentInput::ABSENT, check_interval=ArgumentInput::ABSENT,
        decimals=ArgumentInput::ABSENT, response_signatures=ArgumentInput::ABSENT, unknown_cart_code=ArgumentInput::ABSENT,
        reject_repeated_nonce=ArgumentInput::ABSENT, minimum_amount=ArgumentInput::ABSENT, reaction=ArgumentInput::ABSENT, callback_retry_delay=ArgumentInput::ABSENT,
        callback_timeout=ArgumentInput::ABSENT, history=ArgumentInput::ABSENT, latency=ArgumentInput::ABSENT, public_url=None, shop=None,
        tls=ArgumentInput::ABSENT, callback_hosts=ArgumentInput::ABSENT, settlement_cost=ArgumentInput::ABSENT,
        require_confirmation_type=ArgumentInput::ABSENT, require_json_numbers=ArgumentInput::ABSENT, omit_payment_info=ArgumentInput::ABSENT, stale_reads=ArgumentInput::ABSENT
    ))]
    #[pyo3(
        text_signature = "(seed=0, *, port=0, app_key=None, secret_key=None, lifetime=180.0, check_interval=3.0, decimals=0, response_signatures='valid', unknown_cart_code=10201, reject_repeated_nonce=False, minimum_amount=1, reaction=0.0, callback_retry_delay=5.0, callback_timeout=5.0, history=100000, latency=0.0, public_url=None, shop='Prufuverslun', tls=False, callback_hosts=(), settlement_cost=195, require_confirmation_type=False, require_json_numbers=False, omit_payment_info=False, stale_reads=0)"
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
    ) -> PyResult<Self> {
        let defaults = SimulatorOptions::default();
        read_arguments!(app_key, public_url, shop);
        let secret_key = secret_key
            .map(|key| unseen("secret_key", key))
            .transpose()?;
        let response_signatures =
            response_signatures.or("response_signatures", "valid".to_owned())?;
        let options = SimulatorOptions {
            seed: seed.or("seed", 0)?,
            port: port.or("port", 0)?,
            app_key: app_key.unwrap_or(defaults.app_key),
            secret_key: secret_key.unwrap_or(defaults.secret_key),
            lifetime: convert::seconds_or("lifetime", &lifetime, defaults.lifetime)?,
            check_interval_ms: check_interval
                .or("check_interval", Some(3.0))?
                .map(wire_milliseconds),
            decimals: decimals.or("decimals", 0)?,
            response_signatures: response_signatures
                .parse()
                .map_err(|error: SimulatorError| {
                    let message = error.to_string();
                    let expected = message.split_once(" must be ").map_or(&*message, |it| it.1);
                    errors::invalid(py, format!("response_signatures must be {expected}"))
                })?,
            unknown_cart_code: unknown_cart_code.or("unknown_cart_code", 10201)?,
            reject_repeated_nonce: reject_repeated_nonce.or("reject_repeated_nonce", false)?,
            minimum_amount: minimum_amount.or("minimum_amount", 1)?,
            reaction: convert::seconds_or("reaction", &reaction, Duration::ZERO)?,
            callback_retry_delay: convert::seconds_or(
                "callback_retry_delay",
                &callback_retry_delay,
                Duration::from_secs(5),
            )?,
            callback_timeout: convert::seconds_or(
                "callback_timeout",
                &callback_timeout,
                Duration::from_secs(5),
            )?,
            history: history.or("history", 100_000)?,
            latency: convert::seconds_or("latency", &latency, Duration::ZERO)?,
            public_url,
            tls: tls.get().map(tls_of).transpose()?.flatten(),
            callback_hosts: match callback_hosts.get() {
                Some(hosts) => texts("callback_hosts", hosts)?,
                None => Vec::new(),
            },
            settlement_cost: settlement_cost.or("settlement_cost", 195)?,
            allow_stop: false,
            require_confirmation_type: require_confirmation_type
                .or("require_confirmation_type", false)?,
            require_json_numbers: require_json_numbers.or("require_json_numbers", false)?,
            omit_payment_info: omit_payment_info.or("omit_payment_info", false)?,
            stale_reads: stale_reads.or("stale_reads", 0)?,
            shop: shop.unwrap_or(defaults.shop),
        };
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
