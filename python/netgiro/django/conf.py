"""The setting NETGIRO: reads and checks it, and makes the clients from it.

What it does not say, the environment does, by the names that `Client.from_env` reads.
"""

from __future__ import annotations

import difflib
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.urls import NoReverseMatch, reverse

import netgiro
from netgiro.arguments import CLIENT_OPTIONS, FROM_ENVIRONMENT
from netgiro.django.concealed import conceal_settings, concealed_text

__all__ = [
    "Options",
    "Problem",
    "async_client",
    "callback_url",
    "client",
    "configured",
    "is_duration",
    "options",
    "problems",
]

_SHOP = {
    "CALLBACK_BASE_URL": None,
    "CHECKOUT_TIMEOUT": 180.0,
    "POLL_POLICY": None,
    "REPLAY_GUARD": False,
    "CHECK_AFTER_CALLBACK": True,
}
_NAMES = (*CLIENT_OPTIONS, *_SHOP)


class Problem(NamedTuple):
    """Something in the settings that is wrong."""

    id: str
    message: str
    hint: str


@dataclass(frozen=True)
class Options:
    """The setting NETGIRO, as the app uses it. Times are in seconds."""

    client: Mapping[str, Any] = field(repr=False)  # has the secret key
    timeout: float
    callback_base_url: str | None
    checkout_timeout: float
    poll_policy: netgiro.PollPolicy | None
    replay_guard: bool
    check_after_callback: bool

    @property
    def api(self) -> Literal["v1", "v2"]:
        """Which API the client speaks about carts."""
        return "v2" if self.client.get("api") == "v2" else "v1"

    @property
    def lease(self) -> float:
        """How long a process owns a cart that it follows: CancelCart, CheckCart twice, and the work around them."""
        return 3 * self.timeout + 5.0

    @property
    def insert_is_stale_after(self) -> float:
        """After how long an InsertCart without a recorded answer has certainly ended."""
        return self.timeout + 20.0


def configured() -> dict[str, Any]:
    """Return the options of the setting NETGIRO and, where it says nothing or None, of the environment.

    Empty if the setting is no dict.
    """
    given: Any = getattr(settings, "NETGIRO", None)
    if given is not None and not isinstance(given, Mapping):
        return {}
    options = dict(given or {})
    for name in FROM_ENVIRONMENT:
        value = os.environ.get(f"NETGIRO_{name}")
        if value and options.get(name) is None:
            options[name] = concealed_text(name, value)
    return options


def _from_environment() -> list[str]:
    """Return the variables of the environment that are used."""
    stated: Any = getattr(settings, "NETGIRO", None) or {}
    options = configured()
    return [
        f"NETGIRO_{name}"
        for name in FROM_ENVIRONMENT
        if name in options and options[name] != stated.get(name)
    ]


def problems() -> Iterator[Problem]:
    """Yield what is wrong with the setting NETGIRO."""
    stated: Any = getattr(settings, "NETGIRO", None)
    given = configured()
    if not isinstance(stated, Mapping) and (stated is not None or not given):
        yield Problem(
            "netgiro.E001",
            "The setting NETGIRO must be a dict"
            + (
                ", and is missing; nor are there NETGIRO_APP_KEY and NETGIRO_SECRET_KEY in the environment."
                if stated is None
                else "."
            ),
            'NETGIRO = {"APP_KEY": …, "SECRET_KEY": …, "ENVIRONMENT": "test"}',
        )
        return
    unknown = [name for name in given if name not in _NAMES]
    for name in unknown:
        near = difflib.get_close_matches(str(name).upper(), _NAMES, 1)
        yield Problem(
            "netgiro.E002",
            f"NETGIRO has no option {name!r}.",
            f"Did you mean {near[0]!r}?" if near else f"The options are {', '.join(_NAMES)}.",
        )
    missing = [name for name in ("APP_KEY", "SECRET_KEY") if not given.get(name)]
    for name in missing:
        yield Problem(
            "netgiro.E003",
            f"NETGIRO lacks {name!r}, and the environment has no NETGIRO_{name}.",
            "Netgíró gives each shop an ApplicationId (APP_KEY) and a SecretKey (SECRET_KEY).",
        )
    if not missing:
        yield from _client_problems(given)
    yield from _shop_problems(given)


def _client_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    variables = _from_environment()
    try:
        netgiro.Client(**_client_options(given))
    except (netgiro.ConfigurationError, TypeError, ValueError) as error:
        yield Problem(
            "netgiro.E004",
            f"NETGIRO cannot be used: {error}.",
            "The options are those of netgiro.Client, in capital letters."
            + (f" From the environment come {', '.join(variables)}." if variables else ""),
        )


def _shop_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    url = given.get("CALLBACK_BASE_URL")
    if url is not None and not _is_base_url(url):
        yield Problem(
            "netgiro.E005",
            f"CALLBACK_BASE_URL in NETGIRO cannot be used{_quoted(url)}.",
            'Where the site is reached from outside, without a path: "https://shop.example".',
        )
    elif url is not None:
        try:
            reverse("netgiro:callback")
        except NoReverseMatch:
            yield Problem(
                "netgiro.E006",
                "NETGIRO has a CALLBACK_BASE_URL, but no URL leads to the callback view.",
                'Add path("netgiro/", include("netgiro.django.urls")) to the URLs.',
            )
    timeout = given.get("CHECKOUT_TIMEOUT", _SHOP["CHECKOUT_TIMEOUT"])
    if not is_duration(timeout):
        yield Problem(
            "netgiro.E007",
            f"CHECKOUT_TIMEOUT in NETGIRO must be a number of seconds above 0; got {_shown(timeout)}.",
            "How long a customer may take before the cart is canceled; Netgíró's limit is 180.",
        )
    try:
        _policy(given)
    except (TypeError, ValueError) as error:
        yield Problem(
            "netgiro.E008",
            f"POLL_POLICY in NETGIRO cannot be used: {error}.",
            'A netgiro.PollPolicy, or its arguments in seconds: {"min_interval": 1.0}.',
        )
    for name in ("REPLAY_GUARD", "CHECK_AFTER_CALLBACK"):
        if not isinstance(given.get(name, _SHOP[name]), bool):
            yield Problem("netgiro.E009", f"{name} in NETGIRO must be True or False.", "")


def _shown(value: object) -> str:
    """Return a number as it is, of any other value the type: somebody may have put a secret here."""
    is_number = isinstance(value, (int, float))
    return repr(value) if is_number else f"an object of type {type(value).__name__}"


def _quoted(url: object) -> str:
    """Return a URL as the end of a message, unless it may hold a password or a key."""
    longest = 60
    is_plain = isinstance(url, str) and len(url) <= longest and not set(url) & set("@?#=+ ")
    return f": {url!r}" if is_plain else ""


def is_duration(value: object) -> bool:
    """Return whether a cart can be followed for a value as seconds: a number above 0."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0:
        return False
    try:
        netgiro.CartPoll(uuid.uuid4(), timeout=value)
    except (netgiro.InvalidRequestError, OverflowError):
        return False
    return True


def _is_base_url(value: object) -> bool:
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    return has_host and parts.scheme in {"http", "https"} and not any(rest)


def _client_options(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.lower(): value
        for name, value in given.items()
        # None is what the environment may say instead; an option that has no default refuses it.
        if name in CLIENT_OPTIONS and not (value is None and name in FROM_ENVIRONMENT)
    }


def _policy(given: Mapping[str, Any]) -> netgiro.PollPolicy | None:
    policy = given.get("POLL_POLICY")
    return netgiro.PollPolicy(**policy) if isinstance(policy, Mapping) else _checked(policy)


def _checked(policy: Any) -> netgiro.PollPolicy | None:
    if policy is None or isinstance(policy, netgiro.PollPolicy):
        return policy
    raise TypeError(f"got {_shown(policy)}")


class _Cache:
    """The options and clients of this process. A client survives a fork.

    Two threads that start at once may each make a client: there is no lock, which a fork could leave locked.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.options: Options | None = None
        self.client: netgiro.Client | None = None
        self.async_client: netgiro.AsyncClient | None = None


_cache = _Cache()


def _forget(*, setting: str, **_: object) -> None:
    if setting == "NETGIRO":
        _cache.forget()
        conceal_settings()


# A test that overrides the setting gets clients of its own.
setting_changed.connect(_forget, dispatch_uid="netgiro")


def options() -> Options:
    """Return the settings; raises ImproperlyConfigured when they cannot be used."""
    cached = _cache.options
    if cached is None:
        # E006 is ignored: a process that serves no requests may have no URLs.
        for problem in problems():
            if problem.id != "netgiro.E006":
                raise ImproperlyConfigured(f"{problem.message} {problem.hint} ({problem.id})")
        given = configured()
        shop = {**_SHOP, **given}
        base: Any = shop["CALLBACK_BASE_URL"]
        cached = _cache.options = Options(
            client=_client_options(given),
            timeout=float(given.get("TIMEOUT", 10.0)),
            callback_base_url=base and str(base).rstrip("/"),
            checkout_timeout=float(shop["CHECKOUT_TIMEOUT"] or 0),
            poll_policy=_policy(given),
            replay_guard=bool(shop["REPLAY_GUARD"]),
            check_after_callback=bool(shop["CHECK_AFTER_CALLBACK"]),
        )
    return cached


def client() -> netgiro.Client:
    """Return the client of this process, made on the first call."""
    cached = _cache.client
    if cached is None:
        cached = _cache.client = netgiro.Client(**options().client)
    return cached


def async_client() -> netgiro.AsyncClient:
    """Return the asynchronous client of this process, made on the first call."""
    cached = _cache.async_client
    if cached is None:
        cached = _cache.async_client = netgiro.AsyncClient(**options().client)
    return cached


def callback_url() -> str | None:
    """Return the URL that Netgíró calls and that callbacks are verified with; None if there is none."""
    base = options().callback_base_url
    return None if base is None else base + reverse("netgiro:callback")
