//! The command line. Parsing, help and completions are clap's, made from the types in `command`.

mod command;
mod output;
mod simulator;
mod values;

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use clap::builder::ValueHint;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, CommandFactory as _, FromArgMatches as _};

pub(crate) use self::command::{
    CallbackArgs, CaptureArgs, CartArgs, CheckoutArgs, Command, ConfirmArgs, ConnectionArgs,
    DoctorArgs, FollowArgs, InsertArgs, OrderArgs, RECONCILE, RefundArgs, RelayArgs,
    TransactionArgs,
};
use self::command::{CommandLine, NAME, Shell};
pub(crate) use self::simulator::{ExportFormat, SimulatorArgs, Trigger, TriggerArgs};
use crate::exit;
use crate::failure::Failure;

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A text to print: help or the version.
    Text(String),
    Command(Command),
}

/// Parses a command line without the program's name.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Parsed, Failure> {
    let program = OsStr::new(NAME);
    let words = std::iter::once(program).chain(arguments.iter().map(OsString::as_os_str));
    definition()
        .try_get_matches_from(words)
        .and_then(|matches| CommandLine::from_arg_matches(&matches))
        .map(|line| Parsed::Command(line.command))
        .or_else(|error| match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion => Ok(Parsed::Text(error.render().to_string())),
            _ => Err(Failure::usage(message(&error))),
        })
}

/// The name of the command that a command line starts with, if there is such a command.
pub(crate) fn command_name(arguments: &[OsString]) -> Option<String> {
    let name = arguments.first()?;
    Some(definition().find_subcommand(name)?.get_name().to_owned())
}

/// Whether a command line that cannot be parsed asks for JSON.
pub(crate) fn asks_for_json(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json")
}

pub(crate) fn completions(shell: Shell) -> String {
    use clap_complete::Shell as Known;

    let shell = match shell {
        Shell::Bash => Known::Bash,
        Shell::Zsh => Known::Zsh,
        Shell::Fish => Known::Fish,
        Shell::Powershell => Known::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut definition(), NAME, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn definition() -> clap::Command {
    let mut exit_codes = String::from("Exit codes:\n");
    for (exit, meaning) in exit::TABLE {
        let _ = writeln!(exit_codes, "  {:<5}{meaning}", exit.code());
    }
    let keys = "\
The keys come from the environment:
  NETGIRO_APP_KEY       the ApplicationId
  NETGIRO_SECRET_KEY    the SecretKey
  NETGIRO_ENVIRONMENT   test or production [default: test]
  NETGIRO_API           v1 or v2 [default: v1]
  NETGIRO_BASE_URL      another base URL, such as a simulator's
  NETGIRO_PAYMENT_INFO  required, or if_present [default: if_present]";
    CommandLine::command()
        .after_help(format!("{keys}\n\n{exit_codes}"))
        .mut_subcommands(|command| {
            command
                .help_template("{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}")
                .after_help(exit_codes.clone())
                .mut_args(with_value)
        })
}

/// An option takes the next word, whatever that is; shells complete files for those that take a file, and nothing for
/// other texts.
fn with_value(arg: Arg) -> Arg {
    if !arg.get_action().takes_values() {
        return arg;
    }
    let hint = match arg.get_value_hint() {
        ValueHint::AnyPath => ValueHint::FilePath,
        _ if arg.get_possible_values().is_empty() => ValueHint::Other,
        hint => hint,
    };
    // One whose value may be left out must not take the next option for it.
    let needs_value = arg
        .get_num_args()
        .is_none_or(|count| count.min_values() > 0);
    let takes_any = needs_value && !arg.is_positional();
    arg.value_hint(hint).allow_hyphen_values(takes_any)
}

/// What clap says about a mistake, on one line.
fn message(error: &clap::Error) -> String {
    if let (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    {
        let names: Vec<_> = missing
            .iter()
            .map(|usage| usage.split(' ').next().unwrap_or_default())
            .map(|name| name.trim_matches(['<', '>']))
            .collect();
        let are = if names.len() == 1 { "is" } else { "are" };
        return format!("{} {are} missing", names.join(", "));
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.split("\n\n")
        .take_while(|part| !part.starts_with("Usage:") && !part.starts_with("For more"))
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use netgiro::ConfirmationType;
    use std::time::Duration;

    fn split(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn command(line: &str) -> Command {
        match parse(&split(line)) {
            Ok(Parsed::Command(command)) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn refusal(line: &str) -> String {
        match parse(&split(line)) {
            Err(Failure::Usage(message)) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn text(line: &str) -> String {
        match parse(&split(line)) {
            Ok(Parsed::Text(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        definition().debug_assert();
    }

    #[test]
    fn options_and_arguments_come_in_any_order() {
        for line in [
            "wait abc --timeout 2.5 --json",
            "wait --json --timeout=2.5 abc",
            "wait --timeout 2.5 --json -- abc",
        ] {
            let command = command(line);
            assert!(command.writes_json(), "{line}");
            let Command::Wait(args) = command else {
                panic!("{line}")
            };
            assert_eq!(args.cart.as_deref(), Some("abc"));
            assert_eq!(args.timeout, Some(Duration::from_millis(2500)));
            assert_eq!(args.resume, None);
        }
        let line = "verify-callback --url u --header a:1 --header b:2";
        let Command::VerifyCallback(args) = command(line) else {
            panic!("{line}")
        };
        assert_eq!(args.more_headers, ["a:1", "b:2"]);
        let line = "insert --amount 1 --reference -5% --customer - --confirmation-type Manual";
        let Command::Insert(args) = command(line) else {
            panic!("{line}")
        };
        assert_eq!(args.reference, "-5%");
        assert_eq!(args.customer.as_deref(), Some("-"));
        assert_eq!(args.confirmation_type, ConfirmationType::Manual);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, expected) in [
            ("buy", "unrecognized subcommand 'buy'"),
            ("chekc", "'checkout', 'check'"),
            ("--json", "unexpected argument '--json'"),
            ("wait --tiemout 3", "similar argument exists: '--timeout'"),
            ("wait --timeout", "'--timeout <SECONDS>'"),
            ("wait --json=yes a", "--json"),
            ("wait a b", "'b'"),
            ("demo a", "'a'"),
            ("wait --timeout 1 --timeout 2", "multiple times"),
            ("wait -x", "-x"),
            ("check", "CART is missing"),
            ("check a --amount 1", "--reference is missing"),
            ("verify-callback", "--url is missing"),
            ("insert", "--amount, --reference, --customer are missing"),
            ("insert --customer 1 --barcode 2", "--barcode"),
            ("check a --api v3", "\"v1\", \"v2\""),
            ("refund a", "--key, AMOUNT are missing"),
            ("checkout 1 a", "--success-url, --cancel-url are missing"),
            ("insert 822-3281", "'******81'"),
            ("8223281", "'*****81'"),
            ("wait --timeout never", "number of seconds, 0 or more"),
            ("wait --timeout -1", "number of seconds, 0 or more"),
            ("wait --timeout NaN", "number of seconds, 0 or more"),
            ("completions tcsh", "bash, zsh, fish, powershell"),
            ("check a --environment moon", "\"test\", \"production\""),
            ("help nothing", "'nothing'"),
        ] {
            let message = refusal(line);
            assert!(message.contains(expected), "{line}: {message}");
            assert!(
                !message.contains('\n') && !message.contains("Usage"),
                "{message}"
            );
        }
        for line in [
            "check a --environment hunter2",
            "check --secret-key=hunter2",
            "check a -x=hunter2",
        ] {
            assert!(!refusal(line).contains("hunter2"), "{}", refusal(line));
        }
        assert_eq!(command_name(&split("wait -x")).as_deref(), Some("wait"));
        assert_eq!(command_name(&split("buy")), None);
    }

    #[test]
    fn help_needs_nothing_else() {
        let all = text("--help");
        for line in ["", "-h", "help"] {
            assert_eq!(text(line), all, "{line}");
        }
        assert!(all.contains("130  interrupted") && all.contains("NETGIRO_SECRET_KEY"));
        for command in definition().get_subcommands() {
            let name = command.get_name();
            assert!(
                all.contains(&command.get_about().unwrap().to_string()),
                "{name}"
            );
            if name == "reconcile" {
                continue;
            }
            let own = text(&format!("{name} --help"));
            assert!(own.contains(&format!("Usage: netgiro {name}")), "{own}");
            assert_eq!(text(&format!("help {name}")), own);
            assert_eq!(text(&format!("{name} -h")), own);
        }
        assert_eq!(text("wait --timeout 3 -h"), text("wait --help"));
        assert!(text("--version").starts_with("netgiro 0."));
    }

    #[test]
    fn each_shell_completes_every_command_and_option() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Powershell] {
            let script = completions(shell);
            for command in definition().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell:?}");
                for long in command.get_arguments().filter_map(Arg::get_long) {
                    assert!(script.contains(long), "{shell:?}: {long}");
                }
            }
        }
    }
}
