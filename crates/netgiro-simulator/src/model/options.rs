//! How a simulator is set up.

use crate::http::address::PublicUrl;
use crate::http::tls::Tls;
use crate::model::codes;
use crate::model::error::SimulatorError;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use url::Host;

/// The test account that Netgíró has published; it opens nothing.
const PUBLISHED_APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
const PUBLISHED_SECRET_KEY: &str = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=";

/// How a simulator is set up. The switches are the API's open questions.
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
    /// The loopback port; 0, the default, takes a free one.
    pub port: u16,
    /// The only application key that is let in. Default: the published test account's.
    pub app_key: String,
    /// The secret key of both sides. Default: the published test account's.
    pub secret_key: String,
    /// How long a cart waits for its customer, on the simulator's clock. Default 180 s.
    pub lifetime: Duration,
    /// The poll hint that `InsertCart` gives, in milliseconds as on the wire: `None` is sent as null, and zero or a
    /// negative number as it is. Default 3000.
    pub check_interval_ms: Option<i64>,
    /// Decimals in response amounts: 0 (`1000`), 1 (`1000.0`) or 2 (`1000.00`). Default 0.
    pub decimals: u8,
    /// Whether responses are signed. Default: they are.
    pub response_signatures: ResponseSignatures,
    /// The result code for a cart nobody inserted: 10201, the default, or 10424.
    pub unknown_cart_code: i64,
    /// Whether a nonce that was used before is refused with 401. Default: it is not.
    pub reject_repeated_nonce: bool,
    /// Whether `InsertCart` without `ConfirmationType` is refused with 10427. Default: it counts as 0, automatic.
    pub require_confirmation_type: bool,
    /// Whether a number written as JSON text (`"Amount":"4990"`) is refused. Default: it is read.
    pub require_json_numbers: bool,
    /// Whether answers have no `PaymentInfo`, as in 2019; callbacks keep theirs. Default: they have it.
    pub omit_payment_info: bool,
    /// How many `CheckCart`s after each change of a cart still answer what was true before it, as a replica that lags
    /// behind does: of a cart just inserted that there is none ([`unknown_cart_code`](Self::unknown_cart_code)).
    /// Default 0.
    pub stale_reads: u32,
    /// The smallest amount accepted, in krónur. Default 1.
    pub minimum_amount: i64,
    /// How long the customers `8111111` and `8222222` take to answer, on the simulator's clock. Default 0: at once.
    pub reaction: Duration,
    /// The time between a callback that was not acknowledged and its repetition, on the simulator's clock. Default 5 s.
    pub callback_retry_delay: Duration,
    /// How long a callback waits for its answer, in real time. Default 5 s.
    pub callback_timeout: Duration,
    /// How many requests, and how many callbacks, are remembered; the oldest are forgotten first. Default 100,000.
    pub history: usize,
    /// How long every answer of the API is held back, in real time, as a network would. Default 0.
    pub latency: Duration,
    /// Where others reach the simulator through a tunnel or a proxy, such as `https://abc.tunnel.example`. It is what
    /// [`Simulator::url`](crate::Simulator::url) gives then, and requests signed for it are let in whatever `Host` they
    /// arrive with.
    pub public_url: Option<String>,
    /// Serves https, with this certificate. Default `None`: plain http.
    pub tls: Option<Tls>,
    /// Hosts that callbacks may be carried to beside this machine, such as `shop.tunnel.example`: names or addresses,
    /// without a port. Default: none, so that a simulator reachable from outside cannot be sent anywhere.
    pub callback_hosts: Vec<String>,
    /// What Netgíró keeps of each sale, in hundredths of a percent, rounded to a króna. Default 195, which is made up.
    pub settlement_cost: u32,
    /// The shop's name, as the customer's phone shows it. Default `Prufuverslun`, a shop for trials.
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
            shop: "Prufuverslun".to_owned(),
        }
    }
}

impl SimulatorOptions {
    /// Refuses what no simulator can be started with.
    pub(crate) fn check(&self) -> Result<(), SimulatorError> {
        let wrong = |message: String| Err(SimulatorError::InvalidOption(message));
        if self.app_key.is_empty() || self.secret_key.is_empty() {
            return wrong("app_key and secret_key must not be empty".to_owned());
        }
        if self.decimals > 2 {
            return wrong(format!("decimals must be 0, 1 or 2; got {}", self.decimals));
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
        if let Some(host) = (self.callback_hosts.iter())
            .find(|host| host.is_empty() || host.contains(['/', '*']) || Host::parse(host).is_err())
        {
            return wrong(format!(
                "callback_hosts must be hosts such as \"shop.tunnel.example\", without scheme or port; got {host:?}"
            ));
        }
        self.public_url
            .as_deref()
            .map_or(Ok(()), |url| PublicUrl::read(url).map(drop))
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
            .field("shop", &self.shop)
            .finish()
    }
}

/// What becomes of the signature on a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseSignatures {
    /// Every 2xx response is signed.
    #[default]
    Valid,
    /// The signing headers are left out.
    Omit,
    /// The signature is wrong.
    Corrupt,
    /// Nonce and signature are those of the signed answer before it, whichever endpoint gave that.
    Replay,
}

impl ResponseSignatures {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Valid, Self::Omit, Self::Corrupt, Self::Replay];

    /// The word for it, the same in Rust, Python and Node.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Omit => "omit",
            Self::Corrupt => "corrupt",
            Self::Replay => "replay",
        }
    }
}

impl fmt::Display for ResponseSignatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ResponseSignatures {
    type Err = SimulatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == text)
            .ok_or_else(|| {
                SimulatorError::InvalidOption(format!(
                    "a response signature must be \"valid\", \"omit\", \"corrupt\" or \"replay\"; got {text:?}"
                ))
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
        assert!("VALID".parse::<ResponseSignatures>().is_err());
    }
}
