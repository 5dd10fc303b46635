//! Why a command failed, and what to do about it.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use netgiro::{CartPoll, Error, ErrorKind, FailedCall, RequestSent};
use netgiro_simulator::SimulatorError;

use crate::console::{Console, sanitize};
use crate::exit::Exit;
use crate::records::{ErrorLine, ErrorRecord};
use crate::spelling::on_command_line;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// A file, a port or something else of this machine failed.
    Machine(String),
    /// The client failed.
    Client(Box<Error>, Box<ResumeHint>),
    /// Ctrl-C, and what it stopped.
    Interrupted(Box<ResumeHint>),
}

/// How the command can be resumed.
#[derive(Debug, Default)]
pub(crate) struct ResumeHint {
    /// The command.
    pub(crate) command: &'static str,
    /// The options that say which Netgíró was called, each with a space before it.
    pub(crate) connection: String,
    /// The position of the wait.
    pub(crate) poll: Option<CartPoll>,
    /// The file that holds that position.
    pub(crate) file: Option<PathBuf>,
    /// Whether the call may have changed the cart.
    pub(crate) changes: bool,
}

impl ResumeHint {
    /// For an insert with an unknown outcome, kept in this file.
    pub(crate) fn of_open_insert(file: &Path) -> Self {
        Self {
            command: "settle",
            file: Some(file.to_owned()),
            ..Self::default()
        }
    }
}

/// The message of an interrupted command.
const INTERRUPTED: &str = "netgiro: interrupted";

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(Box::new(error), Box::default())
    }
}

impl From<SimulatorError> for Failure {
    fn from(error: SimulatorError) -> Self {
        Self::Machine(on_command_line(&error.to_string()))
    }
}

impl Failure {
    /// A mistake in the command line, which may hold a customer's number.
    pub(crate) fn usage(message: impl AsRef<str>) -> Self {
        Self::Usage(netgiro::mask_customer_ids(message.as_ref()))
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(verb: &str, path: &Path, error: impl Display) -> Self {
        Self::Machine(format!("{} cannot be {verb}: {error}", path.display()))
    }

    /// The same, to be resumed with these options of the connection.
    pub(crate) fn of_connection(mut self, connection: String) -> Self {
        if let Self::Client(_, hint) | Self::Interrupted(hint) = &mut self {
            hint.connection = connection;
        }
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Machine(_) => Exit::Error,
            Self::Client(error, hint) => exit_for(error, hint.changes),
            Self::Interrupted(_) => Exit::Interrupted,
        }
    }

    /// Reports it on standard error, and as JSON where results are JSON; returns the exit code. `command` is the command
    /// that failed, where one was named.
    pub(crate) fn report(&self, console: &mut Console, command: Option<&str>) -> Exit {
        if console.writes_json() {
            console.record(&ErrorLine {
                error: self.record(),
            });
        }
        match self {
            Self::Usage(message) => {
                console.print_error(format_args!("netgiro: {}", sanitize(message)));
                let about = command.map(|name| format!(" {name}")).unwrap_or_default();
                console.print_error(format_args!("Try: netgiro{about} --help"));
            }
            Self::Machine(message) => {
                console.print_error(format_args!("netgiro: {}", sanitize(message)));
            }
            Self::Client(error, hint) => {
                let message = on_command_line(&error.to_string());
                console.print_error(format_args!("netgiro: {}", sanitize(&message)));
                if let Some(advice) = advice(error) {
                    console.print_error(advice);
                }
                hint.report(console);
            }
            Self::Interrupted(hint) => {
                match (&hint.poll, hint.changes) {
                    (None, false) => console.print_error(INTERRUPTED),
                    (None, true) => console.print_error(format_args!(
                        "{INTERRUPTED} before the response: check the cart before you continue: netgiro check"
                    )),
                    (Some(_), false) => console.print_error(format_args!(
                        "{INTERRUPTED}; the cart was left alone, and the customer can still answer"
                    )),
                    (Some(_), true) => console.print_error(format_args!(
                        "{INTERRUPTED} during the cancel: it is not known yet whether the cart is paid"
                    )),
                }
                hint.report(console);
            }
        }
        self.exit()
    }

    fn record(&self) -> ErrorRecord<'_> {
        match self {
            Self::Usage(message) => ErrorRecord::new("usage", message),
            Self::Machine(message) => ErrorRecord::new("machine", message),
            Self::Client(error, hint) => ErrorRecord::of(error).resumed_from(hint.poll.as_ref()),
            Self::Interrupted(hint) => {
                let sent = if hint.changes {
                    RequestSent::Maybe
                } else {
                    RequestSent::No
                };
                ErrorRecord::new("interrupted", "interrupted")
                    .with_request_sent(sent)
                    .resumed_from(hint.poll.as_ref())
            }
        }
    }
}

impl ResumeHint {
    /// Reports how to continue.
    fn report(&self, console: &mut Console) {
        let file = self
            .file
            .as_ref()
            .map(|file| quoted(&file.to_string_lossy()));
        let from = match (&self.poll, file) {
            (None, None) => return,
            (None, Some(file)) => {
                console.print_error(format_args!(
                    "Look the order up at Netgíró. If there is a cart: netgiro {}{} CART --resume {file}; if there is none, remove {file}.",
                    self.command, self.connection
                ));
                return;
            }
            (Some(_), Some(file)) => format!("--resume {file}"),
            (Some(poll), None) => format!("--poll {}", quoted(&poll.to_json())),
        };
        console.print_error(format_args!(
            "To go on: netgiro {}{} {from}",
            self.command, self.connection
        ));
    }
}

/// The exit code for a client's error; `changes` says whether the call may have changed a cart.
fn exit_for(error: &Error, changes: bool) -> Exit {
    match error.kind() {
        ErrorKind::Configuration | ErrorKind::InvalidRequest => Exit::Usage,
        ErrorKind::OutcomeUnknown | ErrorKind::Unresolved => Exit::Unknown,
        ErrorKind::Timeout | ErrorKind::Server | ErrorKind::Protocol | ErrorKind::Signature
            if changes && error.request_sent() != RequestSent::No =>
        {
            Exit::Unknown
        }
        ErrorKind::Signature => Exit::Refused,
        ErrorKind::WaitTimeout => Exit::StillOpen,
        _ => Exit::Error,
    }
}

/// What to do about an error, if its own message does not say that.
fn advice(error: &Error) -> Option<&'static str> {
    let is_checkout = error.failed_call() == Some(FailedCall::Checkout);
    Some(match error.kind() {
        ErrorKind::Configuration => {
            "The keys and the environment are read from NETGIRO_APP_KEY, NETGIRO_SECRET_KEY, \
             NETGIRO_ENVIRONMENT, NETGIRO_API, NETGIRO_BASE_URL and NETGIRO_PAYMENT_INFO."
        }
        ErrorKind::Connect => {
            "Nothing was sent: check the network and the base URL, and try again."
        }
        ErrorKind::Authentication => {
            "Netgíró did not accept the keys: check NETGIRO_APP_KEY, NETGIRO_SECRET_KEY and NETGIRO_ENVIRONMENT."
        }
        ErrorKind::RateLimited => "Netgíró limits the rate of requests: try again later.",
        ErrorKind::OutcomeUnknown if error.idempotency_key().is_some() => {
            "Repeat the command with the same --key, amount and transaction id: Netgíró refunds once for each key."
        }
        ErrorKind::OutcomeUnknown if is_checkout => {
            "Nobody can pay on a page that nobody knows: the command may be run again, which creates another checkout."
        }
        ErrorKind::OutcomeUnknown => {
            "Keep the order open under its reference, and look it up at Netgíró before anything is sent again."
        }
        ErrorKind::Mismatch if error.failed_call() == Some(FailedCall::Refund) => return None,
        ErrorKind::Mismatch => "Neither ship nor drop the order before a person has looked at it.",
        ErrorKind::Timeout | ErrorKind::Server | ErrorKind::Protocol if !is_checkout => {
            "Check the cart before you continue: netgiro check"
        }
        _ => return None,
    })
}

/// A word, quoted for a shell.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::tests::console;

    #[test]
    fn each_kind_of_error_has_its_exit_code() {
        let exit = |kind, changes| exit_for(&Error::new(kind, ""), changes).code();
        let codes: Vec<_> = ErrorKind::ALL
            .iter()
            .map(|&kind| (kind.code(), exit(kind, false)))
            .filter(|&(_, code)| code != 1)
            .collect();
        assert_eq!(
            codes,
            [
                ("configuration", 2),
                ("invalid_request", 2),
                ("outcome_unknown", 5),
                ("signature", 6),
                ("wait_timeout", 4),
                ("unresolved", 5)
            ]
        );
        let lost = Error::new(ErrorKind::Timeout, "").with_request_sent(RequestSent::Maybe);
        assert_eq!(exit_for(&lost, true), Exit::Unknown);
        assert_eq!(exit_for(&lost, false), Exit::Error);
        assert_eq!(exit(ErrorKind::Timeout, true), 1);
    }

    #[test]
    fn an_interrupted_wait_says_how_to_go_on() {
        let poll = netgiro::CartPoll::new(
            uuid::Uuid::from_u128(7),
            netgiro::WaitOptions::default(),
            jiff::Timestamp::UNIX_EPOCH,
        );
        let hint = ResumeHint {
            command: "wait",
            connection: " --api v2".to_owned(),
            poll: Some(poll.clone()),
            ..ResumeHint::default()
        };
        let (mut console, out, err) = console();
        console.write_json(true);
        let exit = Failure::Interrupted(Box::new(hint)).report(&mut console, Some("wait"));
        assert_eq!(exit, Exit::Interrupted);
        assert!(
            err.text()
                .contains("netgiro wait --api v2 --poll '{\"version\":1,")
        );
        let written: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
        assert_eq!(written["error"]["code"], "interrupted");
        let again = netgiro::CartPoll::from_json(&written["error"]["poll"].to_string());
        assert_eq!(again.unwrap(), poll);
    }

    #[test]
    fn a_shell_reads_a_quoted_word_as_one() {
        assert_eq!(quoted("a/b-c.json"), "a/b-c.json");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's {so}"), r"'it'\''s {so}'");
    }
}
