"""The shop on a real SQLite, and on a real PostgreSQL where there is one; each test commits for real."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

import netgiro

pytest.importorskip("django", reason="Django is not there")

HERE = Path(__file__).parent

_folder = tempfile.TemporaryDirectory(prefix="netgiro-")


sys.path.insert(0, str(HERE))

from djshop.harness.databases import POSTGRESQL, create, drop, url_of  # noqa: E402

OWN = f"netgiro_django_{os.getpid()}"
urls = {"default": f"sqlite://{_folder.name}/shop.sqlite3"}
if POSTGRESQL:
    urls["postgresql"] = url_of(OWN)
os.environ["DJSHOP_DATABASES"] = " ".join(f"{alias}={url}" for alias, url in urls.items())
os.environ["DJANGO_SETTINGS_MODULE"] = "djshop.settings"

import django  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from djshop import receivers, router  # noqa: E402
from djshop.models import Told  # noqa: E402

from netgiro.django import worker  # noqa: E402
from netgiro.django.models import Cart, Refund, SeenCallback  # noqa: E402


@pytest.fixture(scope="session")
def tables():
    if POSTGRESQL:
        create(OWN)
    for alias in urls:
        call_command("migrate", database=alias, verbosity=0)
    setup_test_environment()
    yield
    teardown_test_environment()
    connections.close_all()
    if POSTGRESQL:
        drop(OWN)
    _folder.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tables):
    """The alias of the database that the shop is in; empty."""
    if request.param == "postgresql" and not POSTGRESQL:
        pytest.skip("there is no PostgreSQL: run by tools/services.py")
    router.alias = "default" if request.param == "sqlite" else "postgresql"
    yield router.alias
    receivers.also.clear()
    receivers.before.clear()
    assert worker._background.wait(20)
    for model in (Told, Refund, Cart, SeenCallback, User):
        model.objects.all().delete()
    connections.close_all()
    router.alias = "default"


@pytest.fixture
def on_postgresql(database):
    if database != "postgresql":
        pytest.skip("about what only PostgreSQL can do")
    return database


@pytest.fixture
def simulator():
    with netgiro.Simulator(
        check_interval=0.02, poll_interval=0.02, callback_retry_delay=0.05
    ) as simulator:
        yield simulator


@pytest.fixture
def options(simulator):
    """Sets options of NETGIRO for the rest of the test; call it with them."""
    overriding = []

    def override(**given):
        overriding.append(override_settings(NETGIRO={**settings.NETGIRO, **given}))
        overriding[-1].enable()

    override(BASE_URL=simulator.url)
    yield override
    for each in reversed(overriding):
        each.disable()


@pytest.fixture
def shop(database, simulator, options):
    """The simulator, for a shop that uses it; what is left to do after a callback is left to the test."""
    options(CHECK_AFTER_CALLBACK=False)
    return simulator
