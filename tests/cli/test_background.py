"""A simulator in the background: simulator --export and --stop."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell import (
    ACCEPTS,
    APP_KEY,
    COMMAND,
    PATIENCE,
    SECRET_KEY,
    VARIABLES,
    Ended,
    Shell,
    Simulator,
    has,
)

NETGIRO = shlex.join(COMMAND)
FREE = ["--port", "0"]
INSERT = f"{NETGIRO} insert --amount 4990 --reference a --customer {ACCEPTS} --settle"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A folder in which simulators are stopped at the end."""
    shell = Shell(folder=tmp_path)
    yield shell
    while shell.run("simulator", "--stop").code == 0:
        pass


def run(shell: Shell, program: str, script: str) -> Ended:
    """Run a script; its output is read to its end, as $(...) does."""
    ended = subprocess.run(
        [program, "-c", script],
        env=shell.environment(),
        cwd=shell.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url.removesuffix("v1/"), timeout=PATIENCE) as page:
            return bool(page.status == 200)
    except urllib.error.URLError:
        return False


def variables(text: str, before: str = "export ") -> dict[str, str]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(line.startswith(before) for line in lines)
    return dict(line.removeprefix(before).split("=", 1) for line in lines)


@pytest.mark.parametrize("program", ["sh", "dash", "bash", "zsh"])
def test_a_shell_evaluates_its_output(shell: Shell, program: str) -> None:
    if not has(program):
        pytest.skip(f"{program} is not installed")
    script = f"""
        eval "$({NETGIRO} simulator --export --port 0)" && {INSERT} &&
        {NETGIRO} simulator --stop && ! {NETGIRO} check 00000000-0000-4000-8000-000000000000
    """
    ended = run(shell, program, script)
    assert ended.code == 0, ended.err
    assert "paid" in ended.out
    assert "Nothing was sent" in ended.err


def test_it_is_evaluated_without_quotes_too(shell: Shell) -> None:
    ended = run(shell, "sh", f"eval $({NETGIRO} simulator --export --port 0) && {INSERT}")
    assert ended.code == 0, ended.err


def test_nobody_waits_for_the_simulator(shell: Shell) -> None:
    # Each of these readers waits until every writer has closed the pipe.
    for script in [
        f'text=$({NETGIRO} simulator --export --port 0 2>&1); echo "$text"',
        f"{NETGIRO} simulator --export --port 0 2>&1 | cat",
        f"{NETGIRO} simulator --export --port 0 > exported; cat exported",
        # A descriptor of a caller's own, as a test harness has.
        f"exec 3>&1; {NETGIRO} simulator --export --port 0 > exported; cat exported",
    ]:
        ended = run(shell, "sh", script)
        assert ended.code == 0
        lines = [line for line in ended.out.splitlines() if line.startswith("export ")]
        url = variables("\n".join(lines))["NETGIRO_BASE_URL"]
        assert answers(url)


def test_a_file_of_variables_is_written(shell: Shell, tmp_path: Path) -> None:
    ended = run(shell, "sh", f"{NETGIRO} simulator --export dotenv {' '.join(FREE)} > .env")
    assert ended.code == 0
    found = variables((tmp_path / ".env").read_text(), before="")
    assert list(found) == VARIABLES
    assert found["NETGIRO_ENVIRONMENT"] == "test"
    assert answers(found["NETGIRO_BASE_URL"])
    node = "console.log(process.env.NETGIRO_BASE_URL, process.env.NETGIRO_SECRET_KEY)"
    if has("node"):
        shown = subprocess.run(
            ["node", "--env-file=.env", "-e", node],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": os.environ["PATH"]},
        )
        assert shown.stdout.split() == [found["NETGIRO_BASE_URL"], found["NETGIRO_SECRET_KEY"]]


@pytest.mark.parametrize(
    ("words_for", "line"),
    [
        ("fish", "set -gx NETGIRO_ENVIRONMENT test"),
        ("powershell", "$env:NETGIRO_ENVIRONMENT = 'test'"),
    ],
)
def test_other_shells_have_their_own_lines(shell: Shell, words_for: str, line: str) -> None:
    assert line in shell.run("simulator", "--export", words_for, *FREE).out.splitlines()


def test_a_second_start_in_the_folder_uses_the_same_one(shell: Shell, tmp_path: Path) -> None:
    first = shell.run("simulator", "--export", *FREE)
    second = shell.run("simulator", "--export")
    assert variables(first.out) == variables(second.out)
    assert "used again" in second.err
    assert "used again" not in first.err
    assert shell.run("simulator", "--export", *FREE).out == second.out

    # Other options are not what runs.
    third = shell.run("simulator", "--export", *FREE, "--seed", "7")
    assert variables(third.out) != variables(first.out)
    assert "(seed 7)" in third.err

    # Neither is another folder's.
    (tmp_path / "other").mkdir()
    other = Shell({"XDG_STATE_HOME": str(tmp_path / ".state")}, tmp_path / "other")
    fourth = other.run("simulator", "--export", *FREE)
    assert variables(fourth.out) != variables(first.out)
    assert other.run("simulator", "--stop").code == 0
    assert answers(variables(first.out)["NETGIRO_BASE_URL"])


def test_it_is_stopped(shell: Shell, tmp_path: Path) -> None:
    found = variables(shell.run("simulator", "--export", *FREE).out)
    url = found["NETGIRO_BASE_URL"]
    assert answers(url)
    stopped = shell.run("simulator", "--stop")
    assert stopped.code == 0
    assert url.removesuffix("v1/") in stopped.out
    assert not answers(url)
    again = shell.run("simulator", "--stop")
    assert again.code == 1
    assert "no simulator runs" in again.err

    # From anywhere, by what the shop's shell has, and by the port.
    for name_it in ["variables", "port"]:
        url = variables(shell.run("simulator", "--export", *FREE).out)["NETGIRO_BASE_URL"]
        port = url.split(":")[2].split("/")[0]
        elsewhere = Shell({"NETGIRO_BASE_URL": url} if name_it == "variables" else {}, Path("/"))
        options = ["--port", port] if name_it == "port" else []
        environment = elsewhere.environment() | {"XDG_STATE_HOME": str(tmp_path / ".state")}
        elsewhere.variables = environment
        assert elsewhere.run("simulator", "--stop", *options).code == 0
        assert not answers(url)


def test_one_that_was_killed_is_forgotten(shell: Shell, tmp_path: Path) -> None:
    simulator = Simulator(tmp_path)
    entries = tmp_path / ".state" / "netgiro" / "simulators"
    assert len(list(entries.iterdir())) == 1
    simulator.running.process.kill()
    simulator.running.process.wait()
    exported = shell.run("simulator", "--export", *FREE)
    assert "used again" not in exported.err
    (entry,) = entries.iterdir()
    assert entry.stat().st_mode & 0o077 == 0
    assert SECRET_KEY not in entry.read_text()


def test_a_port_that_is_taken(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = shell.run("simulator", "--export", "--port", port)
    assert ended.code == 1
    assert f"port {port} is taken" in ended.err
    assert ended.out == ""


def test_mistakes_end_it_with_nothing_to_evaluate(shell: Shell) -> None:
    for options in [
        *[["--export", "csh"], ["--export", "--json"], ["--export", "--stop"]],
        *[["--export", "--write-env", "a"], ["--export", "--faults", "none.json", *FREE]],
        ["--export", "--public-url", "tunnel", *FREE],
    ]:
        ended = shell.run("simulator", *options)
        assert ended.code in {1, 2}, options
        assert "export NETGIRO" not in ended.out
        assert ended.err


def test_own_keys_stay_where_they_are(tmp_path: Path) -> None:
    shell = Shell({"NETGIRO_APP_KEY": APP_KEY, "NETGIRO_SECRET_KEY": SECRET_KEY}, tmp_path)
    ended = run(
        shell, "sh", f'eval "$({NETGIRO} simulator --export --own-keys --port 0)"; {INSERT}'
    )
    assert ended.code == 0, ended.err
    exported = shell.run("simulator", "--export", "--own-keys", *FREE)
    assert "used again" in exported.err
    assert "NETGIRO_SECRET_KEY=" not in exported.out
    while shell.run("simulator", "--stop").code == 0:
        pass


def test_it_serves_https_in_the_background(shell: Shell) -> None:
    ended = shell.run("simulator", "--export", "--tls", *FREE)
    assert variables(ended.out)["NETGIRO_BASE_URL"].startswith("https://")
    assert "the authority to trust: " in ended.err
    assert shell.run("simulator", "--stop").code == 0
