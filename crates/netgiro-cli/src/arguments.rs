//! From what was typed to what is wanted.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use lexopt::{Arg, Parser};

use crate::failure::Failure;
use crate::grammar::{COMMANDS, Command, Takes};

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Help: on a command, or on all of them.
    Help(Option<&'static Command>),
    Version,
    Command(Given),
}

/// A command, and what it was given.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) command: &'static Command,
    argument: Option<OsString>,
    values: Vec<(&'static str, OsString)>,
}

/// Reads a command line without the program's name.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Wanted, Failure> {
    let mut parser = Parser::from_args(arguments);
    let first = parser.next().map_err(|error| refused(&error, None))?;
    let name = match first {
        None | Some(Arg::Long("help") | Arg::Short('h')) => return Ok(Wanted::Help(None)),
        Some(Arg::Long("version") | Arg::Short('V')) => return Ok(Wanted::Version),
        Some(Arg::Value(name)) => name,
        Some(other) => return Err(refused(&other.unexpected(), None)),
    };
    if name == "help" {
        return match parser.next().map_err(|error| refused(&error, None))? {
            Some(Arg::Value(name)) => find(&name).map(|command| Wanted::Help(Some(command))),
            _ => Ok(Wanted::Help(None)),
        };
    }
    of_command(find(&name)?, &mut parser)
}

fn of_command(command: &'static Command, parser: &mut Parser) -> Result<Wanted, Failure> {
    let refused = |error: lexopt::Error| refused(&error, Some(command));
    let mut given = Given {
        command,
        argument: None,
        values: Vec::new(),
    };
    // Another program's, where it is at all: its options are not known here.
    if command.name == "reconcile" {
        return Ok(Wanted::Command(given));
    }
    while let Some(argument) = parser.next().map_err(refused)? {
        let name = match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Wanted::Help(Some(command))),
            Arg::Value(value) if command.argument.is_some() && given.argument.is_none() => {
                given.argument = Some(value);
                continue;
            }
            Arg::Long(name) => name,
            other => return Err(refused(other.unexpected())),
        };
        let Some(option) = command.options().find(|option| option.name == name) else {
            return Err(refused(Arg::Long(name).unexpected()));
        };
        let value = match option.takes {
            Takes::Nothing => OsString::new(),
            _ => parser.value().map_err(refused)?,
        };
        if !option.repeats && given.value(option.name).is_some() {
            return Err(given.usage(format!("--{} was given twice", option.name)));
        }
        given.values.push((option.name, value));
    }
    Ok(Wanted::Command(given))
}

fn find(name: &OsStr) -> Result<&'static Command, Failure> {
    name.to_str().and_then(Command::find).ok_or_else(|| {
        let names: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
        Failure::usage(format!(
            "there is no command {:?}; there are {}",
            name.to_string_lossy(),
            names.join(", ")
        ))
    })
}

fn refused(error: &lexopt::Error, command: Option<&'static Command>) -> Failure {
    Failure::misused(&error.to_string(), command.map(|command| command.name))
}

impl Given {
    /// A mistake in what the command was given.
    pub(crate) fn usage(&self, message: impl Into<String>) -> Failure {
        Failure::misused(&message.into(), Some(self.command.name))
    }

    /// The command's argument, if it was given.
    pub(crate) fn argument(&self) -> Result<Option<&str>, Failure> {
        let name = self.command.argument.as_ref().map_or("", |it| it.name);
        self.argument
            .as_deref()
            .map(|value| self.as_text(name, value))
            .transpose()
    }

    /// The command's argument, which must be given.
    pub(crate) fn required_argument(&self) -> Result<&str, Failure> {
        let name = self.command.argument.as_ref().map_or("", |it| it.name);
        self.argument()?
            .ok_or_else(|| self.usage(format!("{name} is missing")))
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        self.value(name)
            .map(|value| self.as_text(&format!("--{name}"), value))
            .transpose()
    }

    pub(crate) fn owned(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.text(name)?
            .ok_or_else(|| self.usage(format!("--{name} is missing")))
    }

    /// The texts of an option that may be repeated.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&str>, Failure> {
        self.values
            .iter()
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| self.as_text(&format!("--{name}"), value))
            .collect()
    }

    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        self.value(name).map(Path::new)
    }

    /// A value read from its text; `what` says what it should be.
    pub(crate) fn read<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Failure> {
        self.text(name)?
            .map(|text| {
                text.parse()
                    .map_err(|_| self.usage(format!("--{name} must be {what}; got {text:?}")))
            })
            .transpose()
    }

    /// A duration in seconds.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<Duration>, Failure> {
        let what = "a number of seconds, 0 or more";
        self.read::<f64>(name, what)?
            .map(|seconds| {
                Duration::try_from_secs_f64(seconds)
                    .map_err(|_| self.usage(format!("--{name} must be {what}; got {seconds}")))
            })
            .transpose()
    }

    fn value(&self, name: &str) -> Option<&OsStr> {
        debug_assert!(
            name == "json" || self.command.options().any(|option| option.name == name),
            "{} has no --{name}",
            self.command.name
        );
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_os_str())
    }

    fn as_text<'a>(&self, name: &str, value: &'a OsStr) -> Result<&'a str, Failure> {
        value
            .to_str()
            .ok_or_else(|| self.usage(format!("{name} is not valid text: {}", value.display())))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wanted, Failure> {
        parse(line.split_whitespace().map(OsString::from).collect())
    }

    pub(crate) fn given(line: &str) -> Given {
        match parsed(line) {
            Ok(Wanted::Command(given)) => given,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn refusal(line: &str) -> (String, Option<&'static str>) {
        match parsed(line) {
            Err(Failure::Usage(message, command)) => (message, command),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_and_arguments_come_in_any_order() {
        for line in [
            "wait abc --timeout 2.5 --json",
            "wait --json --timeout=2.5 abc",
            "wait --timeout 2.5 --json -- abc",
        ] {
            let given = given(line);
            assert_eq!(given.required_argument().unwrap(), "abc");
            assert_eq!(
                given.seconds("timeout").unwrap(),
                Some(Duration::from_millis(2500))
            );
            assert!(given.flag("json"));
            assert_eq!(given.path("resume"), None);
        }
        let headers = given("verify-callback --header a:1 --header b:2");
        assert_eq!(headers.texts("header").unwrap(), ["a:1", "b:2"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, message, command) in [
            (
                "buy",
                "there is no command \"buy\"; there are insert,",
                None,
            ),
            ("--json", "--json", None),
            ("wait --tiemout 3", "--tiemout", Some("wait")),
            ("wait --timeout", "--timeout", Some("wait")),
            ("wait --json=yes a", "--json", Some("wait")),
            ("wait a b", "\"b\"", Some("wait")),
            ("demo a", "\"a\"", Some("demo")),
            (
                "wait --timeout 1 --timeout 2",
                "--timeout was given twice",
                Some("wait"),
            ),
            ("wait -x", "-x", Some("wait")),
            ("insert 822-3281", "\"******81\"", Some("insert")),
            ("8223281", "no command \"*****81\"", None),
        ] {
            let (told, about) = refusal(line);
            assert!(told.contains(message), "{line}: {told}");
            assert_eq!(about, command, "{line}");
        }
        let never = given("wait --timeout never");
        assert!(
            matches!(never.seconds("timeout"), Err(Failure::Usage(message, _))
            if message == "--timeout must be a number of seconds, 0 or more; got \"never\"")
        );
        assert!(given("wait --timeout -1").seconds("timeout").is_err());
        assert!(given("wait --timeout NaN").seconds("timeout").is_err());
        assert!(given("wait").required_argument().is_err());
    }

    #[test]
    fn help_is_never_far() {
        for (line, about) in [
            ("", None),
            ("--help", None),
            ("-h", None),
            ("help", None),
            ("help wait", Some("wait")),
            ("wait --help", Some("wait")),
            ("wait --timeout 3 -h", Some("wait")),
        ] {
            match parsed(line) {
                Ok(Wanted::Help(command)) => {
                    assert_eq!(command.map(|command| command.name), about, "{line}");
                }
                other => panic!("{line}: {other:?}"),
            }
        }
        assert!(matches!(parsed("--version"), Ok(Wanted::Version)));
        assert!(parsed("help nothing").is_err());
    }
}
