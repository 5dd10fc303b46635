//! Help, made from the table of commands.

use std::fmt::Write as _;

use crate::exit;
use crate::grammar::{COMMANDS, Command, Opt};

const WIDTH: usize = 100;

/// Help on a command, or on all of them.
pub(crate) fn text(about: Option<&Command>) -> String {
    about.map_or_else(of_all, of_command)
}

fn of_all() -> String {
    let mut text = String::from(
        "netgiro: take payments with Netgíró\n\nUsage: netgiro COMMAND [OPTIONS]\n\nCommands:\n",
    );
    for command in COMMANDS {
        row(&mut text, command.name, 17, command.summary);
    }
    text.push_str(
        "\nOptions:\n  --help           Show this, or what there is to know of a command\n  \
         --version        Show the version\n\n\
         The keys come from the environment:\n  \
         NETGIRO_APP_KEY       the ApplicationId\n  \
         NETGIRO_SECRET_KEY    the SecretKey\n  \
         NETGIRO_ENVIRONMENT   test or production [default: test]\n  \
         NETGIRO_BASE_URL      another base URL, such as a simulator's\n  \
         NETGIRO_PAYMENT_INFO  required, or if_present [default: if_present]\n",
    );
    exit_codes(&mut text);
    text
}

fn of_command(command: &Command) -> String {
    let argument = command
        .argument
        .as_ref()
        .map(|argument| format!(" {}", argument.name))
        .unwrap_or_default();
    let mut text = format!(
        "{}\n\nUsage: netgiro {} [OPTIONS]{argument}\n",
        command.about, command.name
    );
    if let Some(argument) = &command.argument {
        text.push_str("\nArgument:\n");
        row(&mut text, argument.name, 17, argument.help);
    }
    let options: Vec<_> = command.options().collect();
    let width = options.iter().map(|it| label(it).len()).max().unwrap_or(0);
    text.push_str("\nOptions:\n");
    for option in options {
        let mut help = option.help.to_owned();
        let words = option.takes.words();
        if !words.is_empty() {
            let _ = write!(help, ": {}", words.join(", "));
        }
        row(&mut text, &label(option), width.max(15) + 2, &help);
    }
    row(&mut text, "--help", width.max(15) + 2, "Show this");
    exit_codes(&mut text);
    text
}

fn label(option: &Opt) -> String {
    match option.takes.placeholder() {
        Some(value) => format!("--{} {value}", option.name),
        None => format!("--{}", option.name),
    }
}

fn exit_codes(text: &mut String) {
    text.push_str("\nExit codes:\n");
    for (exit, meaning) in exit::TABLE {
        row(text, &exit.code().to_string(), 5, meaning);
    }
}

/// A name, and what there is to say of it beside it.
fn row(text: &mut String, name: &str, column: usize, help: &str) {
    let mut line = format!("  {name:column$}");
    let mut is_empty = true;
    for word in help.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(column + 2);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_there_is_is_told_of_and_fits() {
        let all = text(None);
        for command in COMMANDS {
            assert!(all.contains(command.summary), "{}", command.name);
            let own = text(Some(command));
            for option in command.options() {
                assert!(own.contains(&format!("--{}", option.name)));
            }
            for line in all.lines().chain(own.lines()) {
                assert!(line.chars().count() <= 110, "{line}");
                assert_eq!(line, line.trim_end());
            }
        }
        assert!(all.contains("130  interrupted") && all.contains("NETGIRO_SECRET_KEY"));
    }
}
