"""netgiro.doctor() at the example shops: sound, broken on purpose, and on development servers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

import netgiro

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[3] / "examples"
PATIENCE = 60.0

GUNICORN = [
    "-m",
    "gunicorn",
    "broken:app",
    "--threads=8",
    "--no-control-socket",
    "--bind=fd://{fd}",
]
DANGEROUS = "--header-map=dangerous"
SERVERS = {
    "flask": ("flask-shop", "shop", [*GUNICORN, DANGEROUS]),
    "fastapi": (
        "fastapi-shop",
        "shop",
        ["-m", "uvicorn", "broken:app", "--log-level=warning", "--fd={fd}"],
    ),
    "django": ("django-shop", "shop.wsgi", [*GUNICORN, DANGEROUS]),
}
# Django's own, whatever an app puts in its place.
RUNSERVER = """
import django
from django.core.management.commands.runserver import Command

django.setup()
Command().run_from_argv(["manage.py", "runserver", "{port}", "--noreload"])
"""
# Each drops the headers by itself.
DEVELOPMENT = {
    "gunicorn": ("flask-shop", "shop", GUNICORN, "gunicorn"),
    "werkzeug": (
        "flask-shop",
        "shop",
        ["-m", "flask", "--app=shop", "run", "--port={port}"],
        "Werkzeug",
    ),
    "runserver": (
        "django-shop",
        "shop.wsgi",
        ["-c", RUNSERVER],
        "runserver",
    ),
}


@contextmanager
def served(simulator, folder, how, fault=""):
    """An example shop on a server; gives the URL of its callback route."""
    example, module, command = how
    with socket.create_server(("127.0.0.1", 0)) as listening, (folder / "log").open("a+") as log:
        listening.set_inheritable(True)
        port = listening.getsockname()[1]
        by_port = any("{port}" in part for part in command)
        if by_port:
            listening.close()
        url = f"http://127.0.0.1:{port}"
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_BASE_URL": simulator.url,
            "PUBLIC_URL": url,
            "PORT": str(port),
            "DATABASE": str(folder / "shop.sqlite3"),
            "DATABASE_URL": f"sqlite:///{folder / 'shop.sqlite3'}",
            "PYTHONPATH": os.pathsep.join(map(str, [HERE, EXAMPLES / example, EXAMPLES])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "FAULT": fault,
            "SHOP": module,
        }
        where = {"cwd": EXAMPLES / example, "env": env, "stdout": log, "stderr": log}
        if example == "django-shop":
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
            subprocess.run(migrate, check=True, **where)
        parts = [
            part.format(port=port, fd="" if by_port else listening.fileno()) for part in command
        ]
        fds = [] if by_port else [listening.fileno()]
        server = subprocess.Popen(
            [sys.executable, *parts], pass_fds=fds, start_new_session=True, **where
        )
        try:
            until_it_answers(url, server, folder / "log")
            slash = "/" if example == "django-shop" else ""
            yield f"{url}/netgiro/callback{slash}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def until_it_answers(url, server, log):
    deadline = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{url}/", timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return


def examined(simulator, url, **options):
    report = netgiro.doctor(
        callback=url,
        app_key=simulator.app_key,
        secret_key=simulator.secret_key,
        base_url=simulator.url,
        **options,
    )
    assert simulator.secret_key not in report.text
    assert report.ok is all(check.ok is not False for check in report.checks)
    return {check.name: check for check in report.checks}


def wrong(checks):
    return [name for name, check in checks.items() if check.ok is False]


@pytest.mark.parametrize("framework", SERVERS)
def test_a_sound_shop_changes_nothing(simulator, tmp_path, framework):
    with served(simulator, tmp_path, SERVERS[framework]) as url:
        checks = examined(simulator, url)
        assert wrong(checks) == [], checks
        assert "409 for an unknown cart" in checks["callback_signature"].detail
        assert "was answered 400" in checks["callback_forgery"].detail
    assert simulator.secret_key not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("framework", SERVERS)
@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("redirect", ("callback", "a redirect: 308")),
        ("csrf", ("callback", "CSRF")),
        ("slow", ("callback", "too slow")),
        ("drops", ("callback_signature", "are dropped")),
        ("reserialises", ("callback_signature", "re-serialised")),
        ("accepts all", ("callback_forgery", "GRAVE")),
    ],
)
def test_a_broken_shop(simulator, tmp_path, framework, fault, found):
    name, detail = found
    with served(simulator, tmp_path, SERVERS[framework], fault=fault) as url:
        timeout = 0.3 if fault == "slow" else 30.0
        checks = examined(simulator, url, timeout=timeout)
        assert wrong(checks) == [name], checks
        assert detail in checks[name].detail


@pytest.mark.parametrize("server", DEVELOPMENT)
def test_servers_that_drop_headers_are_named(simulator, tmp_path, server):
    *how, name = DEVELOPMENT[server]
    with served(simulator, tmp_path, how) as url:
        found = examined(simulator, url)["callback_signature"]
        assert found.ok is False
        assert f"are dropped by {name}" in found.detail or f"by Django's {name}" in found.detail
        assert found.remedy


def test_djangos_own_csrf_protection(simulator, tmp_path):
    """A page of the shop that lacks @csrf_exempt."""
    with served(simulator, tmp_path, SERVERS["django"]) as url:
        checks = examined(simulator, url.replace("/netgiro/callback/", "/pay/"))
        assert wrong(checks) == ["callback"]
        assert checks["callback"].ok is False


def test_the_report_in_python(simulator):
    report = netgiro.doctor(
        app_key=simulator.app_key, secret_key=simulator.secret_key, base_url=simulator.url
    )
    assert report.ok
    assert str(report) == report.text
    assert report.text.startswith("✓ keys ")
    assert report.to_dict()["ok"] is True
    assert report.to_dict()["checks"][0]["name"] == "keys"
    assert repr(report) == "<DoctorReport ok=True, 7 checks>"
    with pytest.raises(netgiro.InvalidRequestError, match="callback must be"):
        netgiro.doctor(callback="shop.is")
    refused = netgiro.doctor(app_key=simulator.app_key, secret_key="changeme")
    assert wrong({check.name: check for check in refused.checks}) == ["keys"]
    assert "placeholder" in refused.checks[0].detail
