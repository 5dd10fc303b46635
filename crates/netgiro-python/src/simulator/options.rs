//! How a simulator is made.

use netgiro_simulator::{self as core, SimulatorError, SimulatorOptions};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use crate::convert;
use crate::errors;
use crate::simulator::{Simulator, raised};

/// Whether the simulator serves https, and with which certificate.
#[derive(FromPyObject)]
enum Tls {
    #[pyo3(transparent, annotation = "bool")]
    SelfMade(bool),
    #[pyo3(annotation = "tuple[str, str]")]
    Pem(String, String),
}

impl From<Tls> for Option<core::Tls> {
    fn from(tls: Tls) -> Self {
        match tls {
            Tls::SelfMade(is_on) => is_on.then_some(core::Tls::SelfMade),
            Tls::Pem(certificate, key) => Some(core::Tls::Given { certificate, key }),
        }
    }
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
        seed=0, *, port=0, app_key=None, secret_key=None, lifetime=180.0, check_interval=Some(3.0),
        decimals=0, response_signatures="valid", unknown_cart_code=10201,
        reject_repeated_nonce=false, minimum_amount=1, reaction=0.0, callback_retry_delay=5.0,
        callback_timeout=5.0, history=100_000, latency=0.0, public_url=None, shop=None,
        tls=Tls::SelfMade(false), callback_hosts=Vec::new(), settlement_cost=195,
        require_confirmation_type=false, require_json_numbers=false, omit_payment_info=false, stale_reads=0
    ))]
    #[pyo3(
        text_signature = "(seed=0, *, port=0, app_key=None, secret_key=None, lifetime=180.0, check_interval=3.0, decimals=0, response_signatures='valid', unknown_cart_code=10201, reject_repeated_nonce=False, minimum_amount=1, reaction=0.0, callback_retry_delay=5.0, callback_timeout=5.0, history=100000, latency=0.0, public_url=None, shop='Prufuverslun', tls=False, callback_hosts=(), settlement_cost=195, require_confirmation_type=False, require_json_numbers=False, omit_payment_info=False, stale_reads=0)"
    )]
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        reason = "as many as there are switches"
    )]
    fn new(
        py: Python<'_>,
        seed: u64,
        port: u16,
        app_key: Option<String>,
        secret_key: Option<String>,
        lifetime: f64,
        check_interval: Option<f64>,
        decimals: u8,
        response_signatures: &str,
        unknown_cart_code: i64,
        reject_repeated_nonce: bool,
        minimum_amount: i64,
        reaction: f64,
        callback_retry_delay: f64,
        callback_timeout: f64,
        history: usize,
        latency: f64,
        public_url: Option<String>,
        shop: Option<String>,
        tls: Tls,
        callback_hosts: Vec<String>,
        settlement_cost: u32,
        require_confirmation_type: bool,
        require_json_numbers: bool,
        omit_payment_info: bool,
        stale_reads: u32,
    ) -> PyResult<Self> {
        let defaults = SimulatorOptions::default();
        let options = SimulatorOptions {
            seed,
            port,
            app_key: app_key.unwrap_or(defaults.app_key),
            secret_key: secret_key.unwrap_or(defaults.secret_key),
            lifetime: convert::seconds(py, "lifetime", lifetime)?,
            check_interval_ms: check_interval.map(wire_milliseconds),
            decimals,
            response_signatures: response_signatures
                .parse()
                .map_err(|error| raised(py, &error))?,
            unknown_cart_code,
            reject_repeated_nonce,
            minimum_amount,
            reaction: convert::seconds(py, "reaction", reaction)?,
            callback_retry_delay: convert::seconds(
                py,
                "callback_retry_delay",
                callback_retry_delay,
            )?,
            callback_timeout: convert::seconds(py, "callback_timeout", callback_timeout)?,
            history,
            latency: convert::seconds(py, "latency", latency)?,
            public_url,
            tls: tls.into(),
            callback_hosts,
            settlement_cost,
            allow_stop: false,
            require_confirmation_type,
            require_json_numbers,
            omit_payment_info,
            stale_reads,
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
