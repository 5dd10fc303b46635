"""Servers and the underscores in Netgíró's headers, which many servers drop.

The core says which do, and what to do about it. Here is how an ASGI server is recognised, which says nothing of itself
to an application, and what the development servers of the integrations let through.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["add_to_environ", "headers_of_scope", "is_netgiros", "let_through", "serving"]

# What a server has loaded once it serves; programs that merely can start it have not.
_SERVING = {
    "uvicorn": (
        "uvicorn.protocols.http.httptools_impl",
        "uvicorn.protocols.http.h11_impl",
        "uvicorn.protocols.http.zttp_impl",
    ),
    "hypercorn": ("hypercorn.protocol.http_stream",),
    "granian": ("granian.asgi",),
}
# The same of servers that are no program's by the way.
_LOADED = {"uwsgi": "uwsgi", "gunicorn": "gunicorn.arbiter", "daphne": "daphne.server"}


def headers_of_scope(scope: Mapping[str, Any]) -> list[Any]:
    """Return the headers of an ASGI scope and, as `SERVER_SOFTWARE` of a WSGI environ says it, the server."""
    return [*scope["headers"], ("SERVER_SOFTWARE", _software(scope))]


def _software(scope: Mapping[str, Any]) -> str:
    """Return the name of the server that made a scope; empty if it is not recognised."""
    if "aws.event" in scope:
        return "Mangum"
    # An app of Django's may load daphne, whichever server runs; but all others give the version of the specification.
    if "daphne.server" in sys.modules and "spec_version" not in scope.get("asgi", {}):
        request: Any = sys.modules["daphne.server"].HTTPFactory.__module__
        lets_through = getattr(sys.modules[request].WebRequest, "lets_through_netgiro", False)
        return let_through("daphne") if lets_through else "daphne"
    return _serving_asgi()


def _serving_asgi() -> str:
    for name, modules in _SERVING.items():
        if any(module in sys.modules for module in modules):
            return name
    return ""


def serving(headers: object) -> str:
    """Return the server that headers without a signature come from, by what it has loaded; empty if none is recognised."""
    server = _serving_asgi()
    # Django's own, which under ASGI leave out what has an underscore.
    is_djangos = isinstance(headers, dict) and "REQUEST_METHOD" in headers
    if server and (is_djangos or type(headers).__module__.startswith("django.")):
        return "Django under ASGI"
    if server:
        return server
    return next((name for name, module in _LOADED.items() if module in sys.modules), "")


def let_through(software: str) -> str:
    """Return the name of a server that is made to let Netgíró's headers through."""
    return f"{software} netgiro"


def is_netgiros(name: str) -> bool:
    """Return whether a header is one of Netgíró's, with the underscore that servers drop it for."""
    return name.lower().startswith("netgiro_")


def add_to_environ(environ: dict[str, Any], headers: Iterable[tuple[str, str]]) -> None:
    """Add Netgíró's headers to a WSGI environ which has been made without them."""
    for name, value in headers:
        if is_netgiros(name):
            key = f"HTTP_{name.upper()}"
            # A second one, spelled with a hyphen perhaps, must not replace the first: then neither is believed.
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ["SERVER_SOFTWARE"] = let_through(str(environ.get("SERVER_SOFTWARE", "")))
