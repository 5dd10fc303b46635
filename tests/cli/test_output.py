"""Terminals and pipes, help and completions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from shell import ACCEPTS, COMMAND, IS_PYTHON, PATIENCE, Shell, Terminal, has

COMMANDS = [
    *["insert", "check", "cancel", "confirm", "refund", "transaction", "checkout", "wait"],
    *["settle", "verify-callback", "simulator", "demo", "completions"],
]


@pytest.fixture
def bare() -> Shell:
    """A shell without any of netgiro's variables."""
    return Shell()


def test_version_and_help_need_nothing(bare: Shell) -> None:
    version = bare.run("--version")
    assert (version.code, version.err) == (0, "")
    assert version.out.startswith("netgiro 0.")
    for arguments in [(), ("--help",), ("-h",), ("help",)]:
        ended = bare.run(*arguments)
        assert ended.code == 0
        assert all(command in ended.out for command in COMMANDS)
        assert "NETGIRO_SECRET_KEY" in ended.out
        assert "130" in ended.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(bare: Shell, command: str) -> None:
    own = bare.run(command, "--help")
    assert (own.code, own.err) == (0, "")
    assert f"Usage: netgiro {command}" in own.out
    assert bare.run("help", command).out == own.out


@pytest.mark.parametrize(
    ("variables", "is_colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_colors_are_for_terminals_that_want_them(
    shell: Shell, variables: dict[str, str], *, is_colored: bool
) -> None:
    cart = shell.run(
        *["insert", "--amount", "1", "--reference", "a", "--customer", ACCEPTS, "--json"]
    ).record["transaction_id"]
    terminal = Terminal()
    shell.variables = {**shell.variables, **variables}
    running = shell.start("check", cart, stdout=terminal.theirs)
    terminal.handed_over()
    shown = terminal.read_until(lambda shown: "paid" in shown)
    assert ("\x1b[32mconfirmed\x1b[0m" in shown) is is_colored
    assert running.ended().code == 0
    terminal.close()


def pipe(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, "bash", *COMMAND],
        env=Shell().environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_closed_pipe_is_not_an_error() -> None:
    for line in ['"$@" completions bash | head -n 1', '"$@" demo --json | head -n 1']:
        ended = pipe(line)
        assert (ended.returncode, ended.stderr) == (0, ""), line
        assert ended.stdout.count("\n") == 1


def test_closed_streams_are_survived() -> None:
    for line in ['"$@" --version >&-', '"$@" nonsense 2>&- || test $? = 2']:
        assert pipe(line).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_failed_write_is_an_error() -> None:
    ended = pipe('"$@" completions zsh > /dev/full')
    assert ended.returncode == 1
    assert "could not be written" in ended.stderr


@pytest.mark.parametrize(
    ("shell_name", "check"),
    [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])],
)
def test_shells_can_parse_the_completions(
    bare: Shell, tmp_path: Path, shell_name: str, check: list[str]
) -> None:
    written = bare.run("completions", shell_name)
    assert written.code == 0
    assert all(command in written.out for command in COMMANDS)
    if not has(shell_name):
        pytest.skip(f"there is no {shell_name} here to read them")
    script = tmp_path / "completions"
    script.write_text(written.out)
    read = subprocess.run([*check, script], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_completions_for_powershell_and_for_none(bare: Shell) -> None:
    assert "Register-ArgumentCompleter" in bare.run("completions", "powershell").out
    refused = bare.run("completions", "tcsh")
    assert refused.code == 2
    assert "bash, zsh, fish, powershell" in refused.err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("netgiro ver", ["verify-callback"]),
        ("netgiro wait --t", ["--timeout"]),
        ("netgiro insert --confirmation-type ", ["automatic", "server_callback", "manual"]),
        ("netgiro insert --confirmation-type s", ["server_callback"]),
        ("netgiro completions z", ["zsh"]),
        ("netgiro wait --timeout ", []),
        ("netgiro simulator --faults fau", ["faults of mine.json"]),
    ],
)
def test_bash_completes(bare: Shell, tmp_path: Path, typed: str, offered: list[str]) -> None:
    script = tmp_path / "completions"
    script.write_text(bare.run("completions", "bash").out)
    (tmp_path / "faults of mine.json").touch()
    line = (
        f'. {script}; read -ra COMP_WORDS <<< "$1"; [[ "$1" == *" " ]] && COMP_WORDS+=("");'
        " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { :; };"
        ' _netgiro netgiro "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}";'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    completed = subprocess.run(
        ["bash", "-c", line, "bash", typed],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.stderr == ""
    assert completed.stdout.split("\n")[:-1] == (offered or [""])


@pytest.mark.skipif(not IS_PYTHON, reason="of the Python package alone")
def test_the_module_is_the_command() -> None:
    def module(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False
        )

    assert module("-m", "netgiro", "--version").stdout.startswith("netgiro 0.")
    assert module("-m", "netgiro", "nonsense").returncode == 2


@pytest.mark.skipif(not IS_PYTHON, reason="of the Python package alone")
def test_reconcile_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['netgiro.reconciliation.command'] = None\n"
        "from netgiro.__main__ import main; sys.exit(main(['reconcile', 'orders.csv']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "pip install 'netgiro[reconcile]'" in ended.stderr


@pytest.mark.skipif(IS_PYTHON, reason="of the npm package alone")
def test_reconciling_is_in_the_python_package(bare: Shell) -> None:
    ended = bare.run("reconcile", "orders.csv", "--out", "report.html")
    assert ended.code == 2
    assert "pip install 'netgiro[reconcile]'" in ended.err
