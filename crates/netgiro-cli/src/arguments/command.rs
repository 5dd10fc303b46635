//! What each command takes.

#![expect(
    clippy::doc_markdown,
    reason = "the comments on arguments are help, which is plain text"
)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};
use netgiro::{ApiVersion, ConfirmationType, Environment, PaymentInfoPolicy};

use crate::failure::quoted;

use super::output::OutputArgs;
use super::simulator::{SimulatorArgs, TriggerArgs};
use super::values::{api, confirmation_type, environment, payment_info, seconds};

pub(super) const NAME: &str = "netgiro";

#[derive(Debug, Parser)]
#[command(
    name = NAME,
    version,
    about = "netgiro: take payments with Netgíró",
    arg_required_else_help = true
)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a customer to pay
    #[command(before_help = "\
Inserts a cart: the customer is asked to pay in Netgíró's app. The request is sent once. When it is not
known whether it arrived, the exit code is 5: look the order up at Netgíró before you insert it again.

With --resume the order is written to a file before it is sent, so that no second run asks the customer again.
With --wait or --settle the command continues as those commands do.")]
    Insert(Box<InsertArgs>),
    /// Ask for a cart's status
    #[command(before_help = "\
Asks once for a cart's status. The exit code says it: 0 paid, 3 not paid, 4 still open.")]
    Check(CartArgs),
    /// Cancel a cart, and learn whether the customer paid first
    #[command(before_help = "\
Cancels a cart that the customer has not answered. The exit code is 0 when the cart is canceled, and 7 when
the customer was faster: then the cart is paid.")]
    Cancel(CartArgs),
    /// Confirm a reserved cart, or send the customer's SMS code
    #[command(before_help = "\
Confirms a reserved cart (confirmation type manual), or sends the code that the customer received by SMS.")]
    Confirm(ConfirmArgs),
    /// Capture what is held of a reserved cart, all of it or a part
    #[command(before_help = "\
Captures what the customer has approved of a reserved cart (confirmation type manual): all of it, or the AMOUNT of
--amount. A cart that was captured before is not captured again. A part can be captured with --api v2 alone.")]
    Capture(CaptureArgs),
    /// Cancel a payment that is made
    #[command(before_help = "\
Cancels a cart that is paid: the customer pays nothing. The exit code is 0 when the cart is canceled, and 7 when it
is still paid. With --api v2 alone, where netgiro cancel leaves a paid cart as it is. To give back a part, refund it.")]
    Void(TransactionArgs),
    /// Refund a payment, in full or in part
    #[command(before_help = "\
Refunds AMOUNT krónur of a cart's payment. Netgíró processes one refund for each key: make the key of what the
refund is, such as the order and the line that comes back, and keep it. When it is not known whether the refund was
made, the exit code is 5: repeat the command with the same key, amount and cart.")]
    Refund(RefundArgs),
    /// Ask what Netgíró holds about a cart's payment
    #[command(before_help = "\
Asks once for a cart's transaction: whether it can be refunded, and when the money goes to the shop. The exit code
is 0 where it is paid, 3 where it is canceled, and 4 otherwise. The answer is not signed: netgiro check alone says
whether a cart is paid.")]
    Transaction(TransactionArgs),
    /// Create a hosted checkout: a page of Netgíró's where a customer pays
    #[command(before_help = "\
Creates a hosted checkout and writes the URL of its page, to which the shop sends the customer's browser. Nobody is
asked to pay before that. The request is sent once. When it is not known whether it arrived, the exit code is 5:
nobody can pay on a page that nobody knows, so the command may be run again, which creates another checkout.")]
    Checkout(CheckoutArgs),
    /// Wait until the customer has answered
    #[command(before_help = "\
Waits until a cart is paid, canceled or declined, or until it is your turn, and writes each change. The last
line is how it ended. At the deadline the cart is still open: exit code 4.

Ctrl-C stops waiting, does not change the cart, and prints the command that continues.")]
    Wait(FollowArgs),
    /// Wait, and cancel a cart that is still open at the deadline
    #[command(before_help = "\
Waits as netgiro wait does. At the deadline it cancels the cart, and asks until Netgíró has said how the cart
ended: 0 paid, 3 not paid. When Netgíró does not say so within a minute, the exit code is 5.")]
    Settle(FollowArgs),
    /// Verify a callback that your shop received
    #[command(before_help = "\
Verifies a callback's signature for the URL that was registered with the cart, and shows its content.
A callback does not prove a payment: run netgiro check.")]
    VerifyCallback(CallbackArgs),
    /// Find what is wrong with keys, connection and callback route
    #[command(before_help = "\
Looks at the keys, the proxy, DNS, TLS, the clock and whether Netgíró accepts the keys; and with --callback at
the shop's callback route: it posts signed test callbacks about a cart that does not exist, and forged ones, which
change nothing in a sound shop. Each thing that is wrong comes with what mends it. The exit code is 1 if there is
one.")]
    Doctor(DoctorArgs),
    /// Run a local Netgíró
    #[command(before_help = "\
Runs a local Netgíró until Ctrl-C: the API, and a page with the customer's phone beside the shop's view.
It accepts the keys of the published test account, unless --own-keys is given. With --export it runs in the
background, and the command writes the variables that a shop needs and ends:

  eval \"$(netgiro simulator --export)\"       in sh, bash, zsh and dash
  netgiro simulator --export dotenv > .env   for node --env-file=.env and python-dotenv
  netgiro simulator --stop

The customer 8111111 accepts automatically, 8222222 declines automatically.")]
    Simulator(Box<SimulatorArgs>),
    /// Post the callbacks of Netgíró's test host to a shop on this machine
    #[command(before_help = "\
Netgíró's test host cannot reach a shop on your machine. Start the shop with the base URL that the relay prints:
its calls go on to the test host, and the relay follows each cart that it inserts by CheckCart, and posts what the
callback would be, signed for the URL that the shop registered, to --to. A callback that is not answered with 200
is posted once more. With carts, the relay follows those and ends.

For the test environment and simulators alone. A sale of confirmation type server_callback is paid only when
Netgíró itself reaches the shop: for those you need a tunnel, or the simulator.")]
    Relay(RelayArgs),
    /// At a running simulator: confirm, decline or expire a cart, or send its callback
    #[command(before_help = "\
Does what a customer or Netgíró does, at a running simulator: confirm, decline, expire, or send the callback
once more. It writes the cart's status, and what the shop answered to the callback. When the shop did not answer
the callback of netgiro trigger callback with 200, the exit code is 1.")]
    Trigger(TriggerArgs),
    /// Play five checkouts against a local Netgíró
    #[command(before_help = "\
Plays five checkouts against a simulator of its own, as a timeline: accepted, declined, no answer, accepted
during the cancel, and confirmed by callback. It needs no keys.")]
    Demo(DemoArgs),
    /// Match the shop's orders with Netgíró (Python package)
    #[command(before_help = RECONCILE, disable_help_flag = true)]
    Reconcile {
        // Another program's arguments, if that program is there at all.
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        _arguments: Vec<OsString>,
    },
    /// Write completions for a shell
    #[command(before_help = "\
Writes completions for a shell, such as:

  netgiro completions bash > ~/.local/share/bash-completion/completions/netgiro
  netgiro completions zsh > ~/.zfunc/_netgiro
  netgiro completions fish > ~/.config/fish/completions/netgiro.fish
  netgiro completions powershell >> $PROFILE")]
    Completions { shell: Shell },
}

pub(crate) const RECONCILE: &str = "\
The command reconcile is in the Python package: pip install 'netgiro[reconcile]', then netgiro reconcile --help";

#[derive(Debug, Args)]
#[group(id = "follow", args = ["wait", "settle"], multiple = false)]
#[command(group = ArgGroup::new("who").args(["customer", "access_code", "barcode"]).required(true))]
pub(crate) struct InsertArgs {
    /// The amount in whole krónur
    #[arg(long, value_name = "KRONUR")]
    pub(crate) amount: String,
    /// The order's id in the shop
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: String,
    /// A mobile number, a kennitala or an app code; - reads it from standard input
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<String>,
    /// The customer's code of 10 digits, which pays at once (--api v2); - reads it from standard input
    #[arg(long, value_name = "CODE")]
    pub(crate) access_code: Option<String>,
    /// What the till scanned from the customer's app, which pays at once (--api v2); - reads it from standard input
    #[arg(long, value_name = "CODE")]
    pub(crate) barcode: Option<String>,
    /// Who creates the payment once the customer has accepted
    #[arg(long, value_name = "WORD", default_value = "automatic", value_parser = confirmation_type())]
    pub(crate) confirmation_type: ConfirmationType,
    /// Where Netgíró reports that the customer has confirmed
    #[arg(long, value_name = "URL")]
    pub(crate) callback_url: Option<String>,
    /// Where Netgíró reports that the cart was canceled
    #[arg(long, value_name = "URL")]
    pub(crate) callback_cancel_url: Option<String>,
    /// A text that the customer sees
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// A line of the cart, such as 990:2:Coffee; may be repeated
    #[arg(long = "item", value_name = "PRICE:QUANTITY:NAME")]
    pub(crate) items: Vec<String>,
    /// The shop's name for the place of sale
    #[arg(long, value_name = "TEXT")]
    pub(crate) location_id: Option<String>,
    /// The shop's name for the till
    #[arg(long, value_name = "TEXT")]
    pub(crate) register_id: Option<String>,
    /// Wait for the customer's answer, as netgiro wait does
    #[arg(long)]
    pub(crate) wait: bool,
    /// Settle the cart, as netgiro settle does
    #[arg(long)]
    pub(crate) settle: bool,
    /// When to stop waiting, from now [default: 180]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "follow")]
    pub(crate) timeout: Option<Duration>,
    /// Write the order, and then the wait's position, to this file; it must be empty or new
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CartArgs {
    /// The cart's transaction id, as insert printed it
    pub(crate) cart: String,
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ConfirmArgs {
    /// The customer's SMS code, for carts that need one
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) cart: CartArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureArgs {
    /// The cart's transaction id, as insert printed it
    pub(crate) transaction_id: String,
    /// What to capture, in whole krónur [default: all of it]
    #[arg(long, value_name = "KRONUR")]
    pub(crate) amount: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RefundArgs {
    /// The cart's transaction id, as insert printed it
    pub(crate) transaction_id: String,
    /// What the customer gets back, in whole krónur
    pub(crate) amount: String,
    /// The shop's own name of this refund, such as order-1001-line-2
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// A text for Netgíró's merchant portal
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TransactionArgs {
    /// The cart's transaction id, as insert printed it
    pub(crate) transaction_id: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CheckoutArgs {
    /// The amount in whole krónur
    pub(crate) amount: String,
    /// The order's id in the shop
    pub(crate) reference: String,
    /// Where the customer's browser goes after paying
    #[arg(long, value_name = "URL")]
    pub(crate) success_url: String,
    /// Where the customer's browser goes after canceling
    #[arg(long, value_name = "URL")]
    pub(crate) cancel_url: String,
    /// Where Netgíró reports that the customer paid; its answer makes the payment
    #[arg(long, value_name = "URL")]
    pub(crate) callback_url: Option<String>,
    /// Hold the money until the shop captures it
    #[arg(long)]
    pub(crate) manual_capture: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FollowArgs {
    /// The cart's transaction id, as insert printed it
    pub(crate) cart: Option<String>,
    /// When to stop waiting, from now [default: 180]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Continue an earlier wait from the token that it printed, without CART
    #[arg(long, value_name = "TOKEN")]
    pub(crate) poll: Option<String>,
    /// Keep the wait's position in this file, and continue from it
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CallbackArgs {
    /// The URL exactly as it was registered, including its query
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// A file with the headers: lines of "Name: value", or a JSON object; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) headers: Option<PathBuf>,
    /// One header; may be repeated
    #[arg(long = "header", value_name = "NAME:VALUE")]
    pub(crate) more_headers: Vec<String>,
    /// A file with the body, exactly the received bytes; - for standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) body: PathBuf,
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The URL of the shop's callback route, to which test callbacks are posted
    #[arg(long, value_name = "URL")]
    pub(crate) callback: Option<String>,
    /// The callback URL as it is registered, if it is another than the one of --callback
    #[arg(long, value_name = "URL", requires = "callback")]
    pub(crate) registered_url: Option<String>,
    /// How long the shop may take to answer [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RelayArgs {
    /// The shop's callback route on this machine; without a path, the path of the registered URL is used
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Transaction ids of carts to follow, instead of those that the shop inserts by the relay
    #[arg(value_name = "CART")]
    pub(crate) carts: Vec<String>,
    /// The callback URL as it is registered with the carts that are named, if it is not the one of --to
    #[arg(long, value_name = "URL", requires = "carts")]
    pub(crate) registered_url: Option<String>,
    /// The port for the shop on this machine; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value = "8766")]
    pub(crate) port: u16,
    /// How long the shop may take to answer a callback
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// When a callback is posted again that was not answered with 200
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) callback_retry: Duration,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    output: OutputArgs,
}

/// The order that a response must be about.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    /// The order's amount; a response about another amount is an error
    #[arg(long, value_name = "KRONUR", requires = "reference")]
    pub(crate) amount: Option<String>,
    /// The order's reference; a response about another reference is an error
    #[arg(long, value_name = "TEXT", requires = "amount")]
    pub(crate) reference: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConnectionArgs {
    /// Which Netgíró to call, instead of NETGIRO_ENVIRONMENT
    #[arg(long, value_name = "WORD", value_parser = environment())]
    pub(crate) environment: Option<Environment>,
    /// Which API to speak about carts, instead of NETGIRO_API
    #[arg(long, value_name = "WORD", value_parser = api())]
    pub(crate) api: Option<ApiVersion>,
    /// Another base URL, instead of NETGIRO_BASE_URL
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Whether a paid response must name amount and reference, instead of NETGIRO_PAYMENT_INFO
    #[arg(long, value_name = "WORD", value_parser = payment_info())]
    pub(crate) payment_info: Option<PaymentInfoPolicy>,
    /// Also trust the certificate authorities in this PEM file
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

impl ConnectionArgs {
    /// The options as they were given, each with a space before it, for another command that is to call the same Netgíró.
    pub(crate) fn given(&self) -> String {
        let ca_file = self.ca_file.as_ref().map(|path| path.to_string_lossy());
        [
            ("--environment", self.environment.map(Environment::as_str)),
            ("--api", self.api.map(ApiVersion::as_str)),
            ("--base-url", self.base_url.as_deref()),
            (
                "--payment-info",
                self.payment_info.map(PaymentInfoPolicy::as_str),
            ),
            ("--ca-file", ca_file.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!(" {name} {}", quoted(value?))))
        .collect()
    }
}

/// The shells with completions.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Command {
    /// Which Netgíró it calls, if it calls one.
    pub(crate) fn connection(&self) -> Option<&ConnectionArgs> {
        Some(match self {
            Self::Insert(args) => &args.connection,
            Self::Check(args) | Self::Cancel(args) => &args.connection,
            Self::Confirm(args) => &args.cart.connection,
            Self::Capture(args) => &args.connection,
            Self::Refund(args) => &args.connection,
            Self::Transaction(args) | Self::Void(args) => &args.connection,
            Self::Wait(args) | Self::Settle(args) => &args.connection,
            Self::Doctor(args) => &args.connection,
            Self::Relay(args) => &args.connection,
            _ => return None,
        })
    }

    pub(crate) fn writes_json(&self) -> bool {
        let output = match self {
            Self::Insert(args) => &args.output,
            Self::Check(args) | Self::Cancel(args) => &args.output,
            Self::Confirm(args) => &args.cart.output,
            Self::Refund(args) => &args.output,
            Self::Capture(args) => &args.output,
            Self::Transaction(args) | Self::Void(args) => &args.output,
            Self::Checkout(args) => &args.output,
            Self::Wait(args) | Self::Settle(args) => &args.output,
            Self::VerifyCallback(args) => &args.output,
            Self::Simulator(args) => &args.output,
            Self::Doctor(args) => &args.output,
            Self::Relay(args) => &args.output,
            Self::Trigger(args) => &args.output,
            Self::Demo(args) => &args.output,
            Self::Reconcile { .. } | Self::Completions { .. } => return false,
        };
        output.json
    }
}
