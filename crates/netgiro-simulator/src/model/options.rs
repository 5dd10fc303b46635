//! The options of a simulator.

use crate::model::codes;
use crate::model::error::SimulatorError;
use crate::model::words::words;
use std::fmt;
use std::time::Duration;
use url::Host;

/// The test account that Netgíró has published; it gives access to nothing.
const PUBLISHED_APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const PUBLISHED_SECRET_KEY: &str = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=";

/// The options of a simulator. Its switches are open questions about the API.
///
/// `Debug` leaves the secret key out.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an open question of its own"
)]
pub struct SimulatorOptions {
    /// Decides every id, nonce, invoice number and SMS code. Default 0.
    pub seed: u64,
    /// The loopback port; 0, the default, takes a free port.
    pub port: u16,
    /// The only application key that is accepted. Default: the published test account's.
    pub app_key: String,
    /// The secret key that both sides sign with. Default: the published test account's.
    pub secret_key: String,
    /// How long a cart waits for its customer, on the simulator's clock. Default 180 s.
    pub lifetime: Duration,
    /// The interval between checks that `InsertCart` recommends, in milliseconds as in its JSON: `None` is sent as
    /// null, zero and negative numbers are sent unchanged. Default 3000.
    pub check_interval_ms: Option<i64>,
    /// Decimals in response amounts: 0 (`1000`), 1 (`1000.0`) or 2 (`1000.00`). Default 0.
    pub decimals: u8,
    /// Whether responses are signed. Default: they are.
    pub response_signatures: ResponseSignatures,
    /// The result code for a cart that was never inserted: 10201, the default, or 10424.
    pub unknown_cart_code: i64,
    /// Whether a nonce that was used before is refused with 401. Default: it is not.
    pub reject_repeated_nonce: bool,
    /// Whether `InsertCart` without `ConfirmationType` is refused with 10427. Default: it counts as 0, automatic.
    pub require_confirmation_type: bool,
    /// Whether a number in a JSON string (`"Amount":"4990"`) is refused. Default: it is accepted.
    pub require_json_numbers: bool,
    /// Whether responses leave `PaymentInfo` out, as in 2019; callbacks always have it. Default: they have it.
    pub omit_payment_info: bool,
    /// How many `CheckCart`s after each change of a cart still answer with the state before it, as a lagging replica
    /// does: a new cart is unknown at first ([`unknown_cart_code`](Self::unknown_cart_code)). Default 0.
    pub stale_reads: u32,
    /// The smallest amount accepted, in krónur. Default 1.
    pub minimum_amount: i64,
    /// How long the customers `8111111` and `8222222` take to answer, on the simulator's clock. Default 0: at once.
    pub reaction: Duration,
    /// The time between a callback that was not acknowledged and its repetition, on the simulator's clock. Default 5 s.
    pub callback_retry_delay: Duration,
    /// How long a callback waits for its response, in real time. Default 5 s.
    pub callback_timeout: Duration,
    /// How many requests, and how many callbacks, are kept; the oldest are dropped first. Default 100,000.
    pub history: usize,
    /// How long every response of the API is delayed, in real time, as by a network. Default 0.
    pub latency: Duration,
    /// The URL at which a tunnel or a proxy makes the simulator reachable, such as `https://abc.tunnel.example`.
    /// [`Simulator::url`](crate::Simulator::url) then starts with it, and requests signed for it are accepted with
    /// any `Host`.
    pub public_url: Option<String>,
    /// Serves https, with this certificate. Default `None`: plain http.
    pub tls: Option<Tls>,
    /// Hosts outside this machine that may receive callbacks, such as `shop.tunnel.example`: names or addresses,
    /// without a port. Default: none, so that nobody can make a simulator that is reachable from outside call other
    /// hosts.
    pub callback_hosts: Vec<String>,
    /// What Netgíró keeps of each sale, in hundredths of a percent, rounded to a króna. Default 195, an invented
    /// number.
    pub settlement_cost: u32,
    /// The HTTP status with which V2 refuses what a transaction does not allow: 400, the default, or 200. Requests
    /// that are incomplete or malformed always get 400.
    pub v2_refusal_status: u16,
    /// Whether V2 answers 404 for a transaction that it does not know. Default: `v2_refusal_status`.
    pub unknown_transaction_is_404: bool,
    /// What V2 answers to a refund with a key, an amount and a transaction that it has processed before. Default: the
    /// first answer again.
    pub repeated_refund: RepeatedCall,
    /// What V2 answers to a capture of what is captured already, with the same amount or without one. Default: a
    /// refusal.
    pub repeated_capture: RepeatedCall,
    /// What V2 answers to a cancel of what is canceled already. Default: a refusal.
    pub repeated_cancel: RepeatedCall,
    /// How long V2 holds money that is not captured, on the simulator's clock. Default 7 days.
    pub hold_lifetime: Duration,
    /// `PollIntervalMs` of V2's pending sales: `None` is sent as null. Default 2000.
    pub poll_interval_ms: Option<i64>,
    /// Decimals of the amount in what the signature of V2's callbacks covers: 0 (`5000`), 1 (`5000.0`) or 2
    /// (`5000.00`), whatever [`decimals`](Self::decimals) the body shows. Default 0.
    pub callback_signature_decimals: u8,
    /// Whether the callbacks of the hosted checkout are a form with `NetgiroSignature`, as first published, and not V2's
    /// JSON. Default: they are JSON.
    pub hosted_callback_as_form: bool,
    /// What V1's `payment/GetByReference` sees, which was last documented in 2020. Default: carts.
    pub reference_lookup: ReferenceLookup,
    /// Whether the callbacks of a hosted checkout that a form opened are sent by `GET`, with their content in the query;
    /// both are documented. Default: they are posted.
    pub form_callback_as_get: bool,
    /// Whether V2 refuses to refund a sale whose settlement is made up. Default: it does not.
    pub refuse_settled_refunds: bool,
    /// Whether `POST /simulator/stop` asks for its end, which [`Simulator::stop_requested`](crate::Simulator::stop_requested)
    /// then reports. Default: it does not.
    pub allow_stop: bool,
    /// The shop's name on the customer's phone. Default `Prufuverslun`, which means test shop.
    pub shop: String,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            port: 0,
            app_key: PUBLISHED_APP_KEY.to_owned(),
            secret_key: PUBLISHED_SECRET_KEY.to_owned(),
            lifetime: Duration::from_secs(180),
            check_interval_ms: Some(3000),
            decimals: 0,
            response_signatures: ResponseSignatures::Valid,
            unknown_cart_code: codes::CANCELED,
            reject_repeated_nonce: false,
            require_confirmation_type: false,
            require_json_numbers: false,
            omit_payment_info: false,
            stale_reads: 0,
            minimum_amount: 1,
            reaction: Duration::ZERO,
            callback_retry_delay: Duration::from_secs(5),
            callback_timeout: Duration::from_secs(5),
            history: 100_000,
            latency: Duration::ZERO,
            public_url: None,
            tls: None,
            callback_hosts: Vec::new(),
            settlement_cost: 195,
            v2_refusal_status: 400,
            unknown_transaction_is_404: false,
            repeated_refund: RepeatedCall::Repeat,
            repeated_capture: RepeatedCall::Refuse,
            repeated_cancel: RepeatedCall::Refuse,
            hold_lifetime: Duration::from_secs(7 * 86_400),
            poll_interval_ms: Some(2000),
            callback_signature_decimals: 0,
            hosted_callback_as_form: false,
            reference_lookup: ReferenceLookup::Carts,
            form_callback_as_get: false,
            refuse_settled_refunds: false,
            allow_stop: false,
            shop: "Prufuverslun".to_owned(),
        }
    }
}

impl SimulatorOptions {
    /// Refuses options with which no simulator can start.
    pub(crate) fn check(&self) -> Result<(), SimulatorError> {
        let wrong = |message: String| Err(SimulatorError::InvalidOption(message));
        if self.app_key.is_empty() || self.secret_key.is_empty() {
            return wrong("app_key and secret_key must not be empty".to_owned());
        }
        for (name, decimals) in [
            ("decimals", self.decimals),
            (
                "callback_signature_decimals",
                self.callback_signature_decimals,
            ),
        ] {
            if decimals > 2 {
                return wrong(format!("{name} must be 0, 1 or 2; got {decimals}"));
            }
        }
        if self.settlement_cost > 10_000 {
            return wrong(format!(
                "settlement_cost must be hundredths of a percent, at most 10000; got {}",
                self.settlement_cost
            ));
        }
        if ![codes::CANCELED, codes::NO_SUCH_CART].contains(&self.unknown_cart_code) {
            return wrong(format!(
                "unknown_cart_code must be {} or {}; got {}",
                codes::CANCELED,
                codes::NO_SUCH_CART,
                self.unknown_cart_code
            ));
        }
        if ![200, 400].contains(&self.v2_refusal_status) {
            return wrong(format!(
                "v2_refusal_status must be 200 or 400; got {}",
                self.v2_refusal_status
            ));
        }
        if let Some(host) = (self.callback_hosts.iter())
            .find(|host| host.is_empty() || host.contains(['/', '*']) || Host::parse(host).is_err())
        {
            return wrong(format!(
                "callback_hosts must be hosts such as \"shop.tunnel.example\", without scheme or port; got {host:?}"
            ));
        }
        Ok(())
    }
}

impl fmt::Debug for SimulatorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorOptions")
            .field("seed", &self.seed)
            .field("port", &self.port)
            .field("app_key", &self.app_key)
            .field("secret_key", &"[redacted]")
            .field("lifetime", &self.lifetime)
            .field("check_interval_ms", &self.check_interval_ms)
            .field("decimals", &self.decimals)
            .field("response_signatures", &self.response_signatures)
            .field("unknown_cart_code", &self.unknown_cart_code)
            .field("reject_repeated_nonce", &self.reject_repeated_nonce)
            .field("require_confirmation_type", &self.require_confirmation_type)
            .field("require_json_numbers", &self.require_json_numbers)
            .field("omit_payment_info", &self.omit_payment_info)
            .field("stale_reads", &self.stale_reads)
            .field("minimum_amount", &self.minimum_amount)
            .field("reaction", &self.reaction)
            .field("callback_retry_delay", &self.callback_retry_delay)
            .field("callback_timeout", &self.callback_timeout)
            .field("history", &self.history)
            .field("latency", &self.latency)
            .field("public_url", &self.public_url)
            .field("tls", &self.tls)
            .field("callback_hosts", &self.callback_hosts)
            .field("settlement_cost", &self.settlement_cost)
            .field("v2_refusal_status", &self.v2_refusal_status)
            .field(
                "unknown_transaction_is_404",
                &self.unknown_transaction_is_404,
            )
            .field("repeated_refund", &self.repeated_refund)
            .field("repeated_capture", &self.repeated_capture)
            .field("repeated_cancel", &self.repeated_cancel)
            .field("hold_lifetime", &self.hold_lifetime)
            .field("poll_interval_ms", &self.poll_interval_ms)
            .field(
                "callback_signature_decimals",
                &self.callback_signature_decimals,
            )
            .field("hosted_callback_as_form", &self.hosted_callback_as_form)
            .field("reference_lookup", &self.reference_lookup)
            .field("form_callback_as_get", &self.form_callback_as_get)
            .field("refuse_settled_refunds", &self.refuse_settled_refunds)
            .field("allow_stop", &self.allow_stop)
            .field("shop", &self.shop)
            .finish()
    }
}

words! {
    /// What happens to the signature of a response.
    #[derive(Default)]
    ResponseSignatures, "a response signature":
    /// Every 2xx response is signed.
    #[default]
    Valid "valid";
    /// The signing headers are left out.
    Omit "omit";
    /// The signature is wrong.
    Corrupt "corrupt";
    /// Nonce and signature are those of the last signed response, whichever endpoint gave it.
    Replay "replay";
}

words! {
    /// What V2 answers to a call that it has processed before.
    RepeatedCall, "an answer to a repeated call":
    /// The first answer again.
    Repeat "repeat";
    /// A refusal.
    Refuse "refuse";
}

words! {
    /// What the look-up by a shop's reference sees.
    ReferenceLookup, "a look-up by reference":
    /// Every cart.
    Carts "carts";
    /// Payments, and reservations for one: a cart whose customer has accepted.
    Payments "payments";
    /// Nothing: the API no longer has it, and answers 404 with a page.
    Off "off";
}

/// The simulator's own certificate.
///
/// `Debug` leaves the key out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// A certificate made at the start, for `localhost`, `127.0.0.1`, `::1` and the public URL's host, signed by an
    /// authority made with it: [`Simulator::ca_pem`](crate::Simulator::ca_pem).
    SelfMade,
    /// A certificate of your own.
    Given {
        /// The certificate and the chain to its authority, as PEM.
        certificate: String,
        /// Its private key, as PEM.
        key: String,
    },
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SelfMade => "SelfMade",
            Self::Given { .. } => "Given",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_keeps_the_secret() {
        let options = SimulatorOptions {
            secret_key: "hush".to_owned(),
            ..SimulatorOptions::default()
        };
        assert!(!format!("{options:?}").contains("hush"));
    }

    #[test]
    fn unusable_options_are_named() {
        let decimals = SimulatorOptions {
            decimals: 3,
            ..SimulatorOptions::default()
        };
        assert_eq!(
            decimals.check().unwrap_err().to_string(),
            "decimals must be 0, 1 or 2; got 3"
        );
        let code = SimulatorOptions {
            unknown_cart_code: 7,
            ..SimulatorOptions::default()
        };
        assert!(code.check().unwrap_err().to_string().contains("10424"));
        let status = SimulatorOptions {
            v2_refusal_status: 409,
            ..SimulatorOptions::default()
        };
        assert!(status.check().unwrap_err().to_string().contains("got 409"));
        assert!("VALID".parse::<ResponseSignatures>().is_err());
    }
}
