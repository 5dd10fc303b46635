"""The settings: what the system checks say of them, and what is made of them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import override_settings

import netgiro
from netgiro.django import checks, conf

GOOD = settings.NETGIRO


def ids(given, **more):
    with override_settings(NETGIRO=given, **more):
        return {message.id for message in run_checks() if message.id.startswith("netgiro")}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (GOOD, set()),
        (None, {"netgiro.E001"}),
        ("keys", {"netgiro.E001"}),
        ({}, {"netgiro.E003"}),
        ({**GOOD, "CALLBACK_URL": "https://shop.example"}, {"netgiro.E002"}),
        ({**GOOD, "SECRET_KEY": ""}, {"netgiro.E003"}),
        ({**GOOD, "APP_KEY": "a shop"}, {"netgiro.E004"}),
        ({**GOOD, "ENVIRONMENT": "live"}, {"netgiro.E004"}),
        ({**GOOD, "BASE_URL": "http://netgiro.example/v1/"}, {"netgiro.E004"}),
        ({**GOOD, "TIMEOUT": "10"}, {"netgiro.E004"}),
        ({**GOOD, "PAYMENT_INFO": "required"}, set()),
        ({**GOOD, "PAYMENT_INFO": "sometimes"}, {"netgiro.E004"}),
        ({**GOOD, "CALLBACK_BASE_URL": "shop.example"}, {"netgiro.E005"}),
        ({**GOOD, "CALLBACK_BASE_URL": "https://shop.example/netgiro/callback/"}, {"netgiro.E005"}),
        ({**GOOD, "CALLBACK_BASE_URL": "https://shop.example:port"}, {"netgiro.E005"}),
        ({**GOOD, "CALLBACK_BASE_URL": None}, {"netgiro.W001"}),
        ({**GOOD, "CHECKOUT_TIMEOUT": 0}, {"netgiro.E007"}),
        ({**GOOD, "CHECKOUT_TIMEOUT": True}, {"netgiro.E007"}),
        ({**GOOD, "CHECKOUT_TIMEOUT": "180"}, {"netgiro.E007"}),
        ({**GOOD, "POLL_POLICY": {"min_interval": 0}}, {"netgiro.E008"}),
        ({**GOOD, "POLL_POLICY": {"often": 1}}, {"netgiro.E008"}),
        ({**GOOD, "POLL_POLICY": 3}, {"netgiro.E008"}),
        ({**GOOD, "REPLAY_GUARD": "no"}, {"netgiro.E009"}),
    ],
)
def test_checks(given, expected):
    assert ids(given) == expected


def test_checks_know_the_urls():
    assert ids(GOOD, ROOT_URLCONF="django.contrib.auth.urls") == {"netgiro.E006"}
    assert ids({**GOOD, "CALLBACK_BASE_URL": None}, ROOT_URLCONF="django.contrib.auth.urls") == {
        "netgiro.W001"
    }


def test_checks_give_hints():
    with override_settings(NETGIRO={**GOOD, "CALBACK_BASE_URL": "https://shop.example"}):
        (message,) = [m for m in run_checks() if m.id == "netgiro.E002"]
    assert message.hint == "Did you mean 'CALLBACK_BASE_URL'?"


def test_checks_of_a_deployment():
    def deployed(**given):
        with override_settings(NETGIRO={**GOOD, **given}):
            messages = run_checks(include_deployment_checks=True)
        return {message.id for message in messages if message.id.startswith("netgiro")}

    assert deployed(CALLBACK_BASE_URL="http://shop.example") == {"netgiro.W002", "netgiro.W003"}
    production = {"ENVIRONMENT": "production", "CALLBACK_BASE_URL": "https://shop.example"}
    assert deployed(**production) == set()


def test_refusals_do_not_show_the_secret():
    secret = "not a secret with blanks"
    with (
        override_settings(NETGIRO={**GOOD, "SECRET_KEY": secret}),
        pytest.raises(ImproperlyConfigured, match=r"netgiro\.E004") as refused,
    ):
        conf.options()
    assert secret not in str(refused.value)


def test_options_show_no_secret():
    assert GOOD["SECRET_KEY"] not in repr(conf.options())


def test_a_client_for_each_process_and_setting():
    first = conf.client()
    assert conf.client() is first
    assert isinstance(conf.async_client(), netgiro.AsyncClient)
    with override_settings(NETGIRO={**GOOD, "BASE_URL": "http://127.0.0.1:10/v1/"}):
        assert conf.client().base_url == "http://127.0.0.1:10/v1/"
    assert conf.client().base_url == first.base_url


def test_the_callback_url_is_configured():
    with override_settings(NETGIRO={**GOOD, "CALLBACK_BASE_URL": "https://shop.example/"}):
        assert conf.callback_url() == "https://shop.example/netgiro/callback/"
    with override_settings(NETGIRO={**GOOD, "CALLBACK_BASE_URL": None}):
        assert conf.callback_url() is None


def test_the_migrations_are_complete(tables):
    call_command("makemigrations", "netgiro", check=True, dry_run=True)


def test_the_database_keeps_orders_apart(database):
    assert not run_checks(tags=["database"], databases=[database])


def test_netgiro_does_not_import_django():
    program = "import sys, netgiro; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_django_there_is_a_sentence():
    program = "import sys; sys.modules['django'] = None; import netgiro.django"
    said = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert b"pip install 'netgiro[django]'" in said.stderr


# --- what the settings do not say, the environment does

VARIABLES = {
    "NETGIRO_APP_KEY": GOOD["APP_KEY"],
    "NETGIRO_SECRET_KEY": GOOD["SECRET_KEY"],
    "NETGIRO_ENVIRONMENT": "production",
    "NETGIRO_BASE_URL": "http://127.0.0.1:11/v1/",
}
SITE = {"CALLBACK_BASE_URL": "https://shop.example"}


@pytest.fixture
def environment(monkeypatch):
    """Sets the variables that a client reads, and these alone."""

    def state(**variables):
        for name in (*VARIABLES, "NETGIRO_PAYMENT_INFO"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    state()
    return state


@pytest.mark.parametrize(
    "given", [SITE, {**SITE, **dict.fromkeys(["APP_KEY", "BASE_URL"])}, {}, None]
)
def test_the_environment_says_what_the_settings_do_not(environment, given):
    environment(**VARIABLES)
    expected = set() if given else {"netgiro.W001"}
    assert ids(given) == expected
    with override_settings(NETGIRO=given):
        assert conf.client().base_url == "http://127.0.0.1:11/v1/"
        assert conf.async_client().base_url == "http://127.0.0.1:11/v1/"
    environment(**{**VARIABLES, "NETGIRO_BASE_URL": ""})
    with override_settings(NETGIRO=given):
        assert conf.client().base_url == "https://api.netgiro.is/v1/"


def test_the_settings_come_first(environment):
    environment(**VARIABLES | {"NETGIRO_APP_KEY": "not a key", "NETGIRO_PAYMENT_INFO": "sometimes"})
    own = {**GOOD, "ENVIRONMENT": "test", "PAYMENT_INFO": "required"}
    assert ids(own) == set()
    with override_settings(NETGIRO=own):
        assert conf.client().base_url == GOOD["BASE_URL"]


def test_checks_say_where_an_option_comes_from(environment):
    environment(**VARIABLES | {"NETGIRO_APP_KEY": "not a key"})
    with override_settings(NETGIRO=SITE):
        (message,) = [m for m in run_checks() if m.id == "netgiro.E004"]
    assert "From the environment come NETGIRO_APP_KEY, NETGIRO_SECRET_KEY" in message.hint
    assert GOOD["SECRET_KEY"] not in f"{message.msg} {message.hint}"
    environment(NETGIRO_APP_KEY=GOOD["APP_KEY"])
    with override_settings(NETGIRO=SITE):
        (message,) = [m for m in run_checks() if m.id == "netgiro.E003"]
    assert (
        message.msg == "NETGIRO lacks 'SECRET_KEY', and the environment has no NETGIRO_SECRET_KEY."
    )
    environment()
    with override_settings(NETGIRO=None):
        (message,) = [m for m in run_checks() if m.id == "netgiro.E001"]
    assert "nor are there NETGIRO_APP_KEY and NETGIRO_SECRET_KEY in the environment" in message.msg


def test_a_deployment_by_the_environment(environment):
    environment(**VARIABLES)
    with override_settings(NETGIRO=SITE):
        found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert "netgiro.W002" not in found
    environment(**VARIABLES | {"NETGIRO_ENVIRONMENT": "test"})
    with override_settings(NETGIRO=SITE):
        found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert "netgiro.W002" in found


def test_a_secret_of_the_environment_prints_as_stars(environment):
    environment(**VARIABLES)
    with override_settings(NETGIRO=SITE):
        assert GOOD["SECRET_KEY"] not in repr(conf.configured())
        assert conf.configured()["SECRET_KEY"] == GOOD["SECRET_KEY"]


# --- whose runserver it is


@pytest.mark.parametrize(
    ("apps", "shadowing"),
    [
        (["netgiro.django", "django.contrib.staticfiles"], None),
        (["django.contrib.staticfiles", "netgiro.django"], "django.contrib.staticfiles"),
        (["netgiro.django"], None),
    ],
)
def test_a_runserver_that_drops_the_headers_is_warned_of(apps, shadowing):
    others = [app for app in settings.INSTALLED_APPS if app != "netgiro.django"]
    more = {"INSTALLED_APPS": [*apps, *others], "STATIC_URL": "static/"}
    for debug in (True, False):
        with override_settings(NETGIRO=GOOD, DEBUG=debug, **more):
            found = checks.check_runserver()
            assert {message.id for message in found} <= {"netgiro.W004"}
        assert len(found) == (debug and shadowing is not None)
        for message in found:
            assert f"The runserver of {shadowing} is used" in message.msg
            assert f'put "netgiro.django" above {shadowing!r}' in message.hint
