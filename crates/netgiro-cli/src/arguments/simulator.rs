//! What the commands `simulator` and `trigger` take.

#![expect(
    clippy::doc_markdown,
    reason = "the comments on arguments are help, which is plain text"
)]

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use netgiro_simulator::{ReferenceLookup, RepeatedCall};

use super::output::OutputArgs;
use super::values::{reference_lookup, repeated_call, seconds};

/// For what `--export` writes the variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    // `export NAME=value`, for `eval` in sh, bash, zsh and dash.
    Sh,
    // `NAME=value`, for a `.env` file.
    Dotenv,
    // `set -gx NAME value`.
    Fish,
    // `$env:NAME = 'value'`.
    Powershell,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the simulator's"
)]
pub(crate) struct SimulatorArgs {
    /// Run in the background, and write the variables that a shop needs [default: sh]
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        default_missing_value = "sh",
        conflicts_with_all = ["write_env", "json"]
    )]
    pub(crate) export: Option<ExportFormat>,
    /// Stop the simulator that NETGIRO_BASE_URL names, or that was started in this folder
    #[arg(long, conflicts_with = "export")]
    pub(crate) stop: bool,
    /// The port on this machine; 0 takes a free one [default: 8765]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Decides every id, nonce and SMS code [default: at random]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// How long each response is delayed
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub(crate) latency: Duration,
    /// A JSON array of faults: which requests fail, and how
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// How long a cart waits for its customer
    #[arg(long, value_name = "SECONDS", default_value = "180", value_parser = seconds)]
    pub(crate) lifetime: Duration,
    /// The interval between checks that InsertCart recommends
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub(crate) check_interval: Duration,
    /// How long 8111111 and 8222222 take to answer
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub(crate) reaction: Duration,
    /// Refuse InsertCart without ConfirmationType
    #[arg(long)]
    pub(crate) require_confirmation_type: bool,
    /// Refuse numbers that are written as JSON strings
    #[arg(long)]
    pub(crate) require_json_numbers: bool,
    /// Respond without PaymentInfo
    #[arg(long)]
    pub(crate) omit_payment_info: bool,
    /// How many checks after a change still see the state before it
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    pub(crate) stale_reads: u32,
    /// The HTTP status with which V2 refuses what a transaction does not allow: 200 or 400
    #[arg(long, value_name = "STATUS", default_value = "400")]
    pub(crate) v2_refusal_status: u16,
    /// Respond with 404 to a transaction that V2 does not know
    #[arg(long)]
    pub(crate) unknown_transaction_is_404: bool,
    /// What V2 answers to a refund that it has processed before: repeat or refuse
    #[arg(long, value_name = "WORD", default_value = "repeat", value_parser = repeated_call())]
    pub(crate) repeated_refund: RepeatedCall,
    /// What V2 answers to a capture of what is captured already: repeat or refuse
    #[arg(long, value_name = "WORD", default_value = "refuse", value_parser = repeated_call())]
    pub(crate) repeated_capture: RepeatedCall,
    /// What V2 answers to a cancel of what is canceled already: repeat or refuse
    #[arg(long, value_name = "WORD", default_value = "refuse", value_parser = repeated_call())]
    pub(crate) repeated_cancel: RepeatedCall,
    /// How long V2 holds money that is not captured [default: 7 days]
    #[arg(long, value_name = "SECONDS", default_value = "604800", hide_default_value = true, value_parser = seconds)]
    pub(crate) hold_lifetime: Duration,
    /// The interval between checks that V2 recommends
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub(crate) poll_interval: Duration,
    /// Decimals of the amount that the signature of V2's callbacks covers: 0, 1 or 2
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    pub(crate) callback_signature_decimals: u8,
    /// Send the callbacks of the hosted checkout as a form
    #[arg(long)]
    pub(crate) hosted_callback_as_form: bool,
    /// Refuse to refund a sale whose settlement is made up
    #[arg(long)]
    pub(crate) refuse_settled_refunds: bool,
    /// What payment/GetByReference sees: carts, payments, or off
    #[arg(long, value_name = "WORD", default_value = "carts", value_parser = reference_lookup())]
    pub(crate) reference_lookup: ReferenceLookup,
    /// Send the callbacks of a checkout that a form opened with GET
    #[arg(long)]
    pub(crate) form_callback_as_get: bool,
    /// The shop's name on the customer's phone
    #[arg(long, value_name = "NAME")]
    pub(crate) shop: Option<String>,
    /// The URL at which a tunnel or proxy makes it reachable
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// A host outside this machine that may receive callbacks; may be repeated
    #[arg(long = "callback-host", value_name = "HOST")]
    pub(crate) callback_hosts: Vec<String>,
    /// Serve https, with a certificate made for this run
    #[arg(long)]
    pub(crate) tls: bool,
    /// Serve https with this certificate, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Accept NETGIRO_APP_KEY and NETGIRO_SECRET_KEY instead of the test account's keys
    #[arg(long)]
    pub(crate) own_keys: bool,
    /// Write the NETGIRO_ variables that a shop needs for it to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) write_env: Option<PathBuf>,
    // The process that --export starts.
    #[arg(long, hide = true, requires = "json")]
    pub(crate) background: bool,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What happens at a simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Trigger {
    // The customer accepts
    Confirm,
    // The customer declines
    Decline,
    // The cart's time is over
    Expire,
    // Netgíró sends the cart's callback, once more or too early
    Callback,
}

impl Trigger {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Decline => "decline",
            Self::Expire => "expire",
            Self::Callback => "callback",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TriggerArgs {
    /// What happens
    pub(crate) action: Trigger,
    /// The cart's transaction id [default: the newest that is open]
    pub(crate) cart: Option<String>,
    /// The simulator, instead of NETGIRO_BASE_URL's, this folder's, or the one on port 8765
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Also trust the certificate authorities in this PEM file
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}
