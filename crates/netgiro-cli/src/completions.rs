//! Completions for shells, made from the table of commands.

use std::fmt::Write as _;

use crate::grammar::{COMMANDS, Command, Opt, Takes};

/// The completions for a shell; `None` for one that is not known.
pub(crate) fn text(shell: &str) -> Option<String> {
    Some(match shell {
        "bash" => bash(),
        "zsh" => zsh(),
        "fish" => fish(),
        "powershell" => powershell(),
        _ => return None,
    })
}

/// Every option of a command, `--help` among them.
fn flags(command: &Command) -> Vec<String> {
    command
        .options()
        .map(|option| format!("--{}", option.name))
        .chain(["--help".to_owned()])
        .collect()
}

fn names() -> Vec<&'static str> {
    COMMANDS.iter().map(|command| command.name).collect()
}

/// What can stand in a command's argument.
fn argument_words(command: &Command) -> Vec<&'static str> {
    command
        .argument
        .as_ref()
        .map(|argument| argument.takes.words())
        .unwrap_or_default()
}

fn bash() -> String {
    let mut values = String::new();
    let mut options = String::new();
    for command in COMMANDS {
        for option in command.options() {
            let offer = match option.takes {
                Takes::Nothing => continue,
                Takes::Text(_) => "return".to_owned(),
                Takes::File => {
                    r#"compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word"); return"#
                        .to_owned()
                }
                Takes::Word(_) => format!(
                    r#"mapfile -t COMPREPLY < <(compgen -W "{}" -- "$word"); return"#,
                    option.takes.words().join(" ")
                ),
            };
            let _ = writeln!(
                values,
                "        '{} --{}') {offer} ;;",
                command.name, option.name
            );
        }
        let mut words = flags(command);
        words.extend(argument_words(command).into_iter().map(str::to_owned));
        let _ = writeln!(
            options,
            "        {}) words='{}' ;;",
            command.name,
            words.join(" ")
        );
    }
    format!(
        r#"_netgiro() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" words=''
    COMPREPLY=()
    case "${{COMP_WORDS[1]}} ${{COMP_WORDS[COMP_CWORD-1]}}" in
{values}    esac
    if ((COMP_CWORD == 1)); then
        words='{} --help --version'
    else
        case "${{COMP_WORDS[1]}}" in
{options}        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}}
complete -F _netgiro netgiro
"#,
        names().join(" "),
    )
}

fn zsh() -> String {
    // Within single quotes, and within the brackets and colons of _arguments.
    let said = |text: &str| {
        text.replace('\'', "'\\''")
            .replace('[', "(")
            .replace(']', ")")
            .replace(':', "\\:")
    };
    let mut commands = String::new();
    let mut cases = String::new();
    for command in COMMANDS {
        let _ = writeln!(
            commands,
            "        '{}:{}'",
            command.name,
            said(command.summary)
        );
        let _ = write!(cases, "        {}) _arguments", command.name);
        for option in command.options() {
            let repeats = if option.repeats { "*" } else { "" };
            let value = match option.takes {
                Takes::Nothing => String::new(),
                Takes::Text(name) => format!(":{}:", said(name)),
                Takes::File => ":file:_files".to_owned(),
                Takes::Word(_) => format!(":word:({})", option.takes.words().join(" ")),
            };
            let _ = write!(
                cases,
                " \\\n            '{repeats}--{}[{}]{value}'",
                option.name,
                said(option.help)
            );
        }
        cases.push_str(" \\\n            '--help[Show help]'");
        if let Some(argument) = &command.argument {
            let words = argument_words(command);
            let offer = if words.is_empty() {
                String::new()
            } else {
                format!("({})", words.join(" "))
            };
            let _ = write!(cases, " \\\n            '1:{}:{offer}'", argument.name);
        }
        cases.push_str(" ;;\n");
    }
    format!(
        r#"#compdef netgiro
_netgiro() {{
    local -a commands=(
{commands}    )
    if ((CURRENT == 2)); then
        _describe command commands
        _arguments '--help[Show help]' '--version[Show the version]'
        return
    fi
    shift words
    ((CURRENT--))
    case "$words[1]" in
{cases}    esac
}}
if [[ "$funcstack[1]" == _netgiro ]]; then
    _netgiro "$@"
else
    compdef _netgiro netgiro
fi
"#
    )
}

fn fish() -> String {
    let said = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    let mut text = String::from(
        "complete -c netgiro -f\n\
         complete -c netgiro -n __fish_use_subcommand -l help -d 'Show help'\n\
         complete -c netgiro -n __fish_use_subcommand -l version -d 'Show the version'\n",
    );
    for command in COMMANDS {
        let _ = writeln!(
            text,
            "complete -c netgiro -n __fish_use_subcommand -a {} -d '{}'",
            command.name,
            said(command.summary)
        );
    }
    for command in COMMANDS {
        let within = format!(
            "complete -c netgiro -n '__fish_seen_subcommand_from {}'",
            command.name
        );
        for option in command.options() {
            let value = match option.takes {
                Takes::Nothing => String::new(),
                Takes::Text(_) => " -x".to_owned(),
                Takes::File => " -r -F".to_owned(),
                Takes::Word(_) => format!(" -x -a '{}'", option.takes.words().join(" ")),
            };
            let _ = writeln!(
                text,
                "{within} -l {}{value} -d '{}'",
                option.name,
                said(option.help)
            );
        }
        let _ = writeln!(text, "{within} -l help -d 'Show help'");
        let words = argument_words(command);
        if !words.is_empty() {
            let _ = writeln!(text, "{within} -a '{}'", words.join(" "));
        }
    }
    text
}

fn powershell() -> String {
    let listed = |words: &[String]| {
        let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        quoted.join(", ")
    };
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut values = String::new();
    let mut options = String::new();
    for command in COMMANDS {
        let taking = |option: &&Opt| !matches!(option.takes, Takes::Nothing);
        for option in command.options().filter(taking) {
            let _ = writeln!(
                values,
                "        '{} --{}' {{ @({}); break }}",
                command.name,
                option.name,
                listed(&owned(option.takes.words()))
            );
        }
        let mut words = flags(command);
        words.extend(owned(argument_words(command)));
        let _ = writeln!(
            options,
            "        '{}' {{ @({}); break }}",
            command.name,
            listed(&words)
        );
    }
    let mut first = owned(names());
    first.extend(["--help".to_owned(), "--version".to_owned()]);
    format!(
        r#"Register-ArgumentCompleter -Native -CommandName netgiro -ScriptBlock {{
    param($word, $line, $cursor)
    $given = @($line.CommandElements | Where-Object {{ $_.Extent.EndOffset -lt $cursor }} | ForEach-Object {{ "$_" }})
    $offered = switch ("$($given[1]) $($given[-1])") {{
{values}        default {{ $null }}
    }}
    if ($null -eq $offered) {{
        $offered = if ($given.Count -lt 2) {{ @({}) }} else {{ switch ($given[1]) {{
{options}        }} }}
    }}
    $offered | Where-Object {{ $_ -like "$word*" }} | ForEach-Object {{
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }}
}}
"#,
        listed(&first),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::shells;

    #[test]
    fn each_shell_is_told_of_every_command_and_option() {
        for shell in shells() {
            let text = text(shell).unwrap();
            for command in COMMANDS {
                assert!(text.contains(command.name), "{shell}: {}", command.name);
                for option in command.options() {
                    assert!(text.contains(option.name), "{shell}: {}", option.name);
                }
            }
            assert!(text.contains("server_callback"), "{shell}");
        }
        assert_eq!(text("tcsh"), None);
    }
}
