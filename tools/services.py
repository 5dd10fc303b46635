"""The servers that the shops' tests need: PostgreSQL, Redis and Chromium, from Debian's packages, on loopback.

    python3 tools/services.py -- COMMAND …      runs a command beside them

A command finds them by the variables NETGIRO_TEST_POSTGRESQL, NETGIRO_TEST_REDIS and
NETGIRO_TEST_CHROMIUM. What cannot be installed has no variable; its tests skip, and say so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Where Debian puts what is not on the path.
POSTGRESQL = "/usr/lib/postgresql/*/bin"
PACKAGES = {
    "PostgreSQL": ("postgres", "postgresql"),
    "Redis": ("redis-server", "redis-server"),
    "Chromium": ("chromium", "chromium"),
}
START = 60.0


def found(program: str) -> Path | None:
    """Where a program is: on the path, or in the newest PostgreSQL's folder."""
    on_path = shutil.which(program)
    if on_path is not None:
        return Path(on_path)
    versions = sorted(Path("/").glob(POSTGRESQL[1:]), key=lambda folder: float(folder.parent.name))
    return next(
        (folder / program for folder in versions[::-1] if (folder / program).exists()), None
    )


def install(*packages: str) -> None:
    """Installs those of Debian's packages that are missing, where that can be done without asking anybody.

    A package is missing when the program of its name is, or the one that `PACKAGES` says.
    """
    programs = {package: program for program, package in PACKAGES.values()}
    missing = [package for package in packages if found(programs.get(package, package)) is None]
    if not missing or shutil.which("apt-get") is None:
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if as_root and shutil.which("sudo") is None:
        return
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = [*as_root, "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    for arguments in [["update"], ["install", "--yes", "--no-install-recommends", *missing]]:
        subprocess.run(
            [*apt, *arguments], check=False, stdout=subprocess.DEVNULL, env=os.environ | environment
        )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for_port(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start")


@contextmanager
def serving(
    command: list[str | Path], port: int, log: Path, user: str | None = None
) -> Iterator[None]:
    """A server, from when its port answers until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, user=user)
    try:
        wait_for_port(process, port)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A cluster of its own: empty, on a free port, and gone afterwards."""
    # It will not run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = folder / "data"
    subprocess.run(
        [found("initdb") or "initdb", "--auth=trust", "--username=postgres", "--no-sync", data],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user,
        cwd=folder,
    )
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "max_connections": 200,
        "fsync": "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [found("postgres") or "postgres", "-D", data, *options]
    with serving(command, port, folder / "log", user):
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with serving([found("redis-server") or "redis-server", *options], port, folder / "log"):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def chromium(_folder: Path) -> Iterator[str]:
    yield str(found("chromium"))


SERVICES = {"PostgreSQL": postgresql, "Redis": redis, "Chromium": chromium}


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """The services that could be started, as the variables by which tests find them."""
    install(*(package for _, package in PACKAGES.values()))
    variables: dict[str, str] = {}
    with ExitStack() as stack:
        for name, service in SERVICES.items():
            program, package = PACKAGES[name]
            if found(program) is None:
                print(f"    skipped: what needs {name}; install Debian's package {package}")
                continue
            # Not below the project, whose folders another user may not be let into.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netgiro-")))
            try:
                address = stack.enter_context(service(folder))
            except (OSError, KeyError, RuntimeError, subprocess.SubprocessError) as error:
                print(f"    skipped: what needs {name}, which did not start: {error}")
                continue
            variables[f"NETGIRO_TEST_{name.upper()}"] = address
        yield variables


def main() -> int:
    command = sys.argv[2:] if sys.argv[1:2] == ["--"] else []
    if not command:
        sys.exit(str(__doc__))
    with running() as variables:
        return subprocess.run(command, check=False, env=os.environ | variables).returncode


if __name__ == "__main__":
    sys.exit(main())
