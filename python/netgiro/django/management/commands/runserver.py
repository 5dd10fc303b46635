"""The runserver of the project, which lets Netgíró's headers through: they have underscores in their names.

It is whichever runserver there would be without this app: Django's, that of staticfiles, daphne's.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.servers.basehttp import WSGIServer

from netgiro.django.management.development import next_runserver
from netgiro.webhook.servers import add_to_environ

__all__ = ["Command"]

_Runserver: Any = next_runserver()


class Command(_Runserver):  # type: ignore[misc]
    """Starts the development server, and lets Netgíró's callbacks reach the site with their headers."""

    @property
    def server_cls(self) -> Any:
        """The class of the server, which daphne's command sets to Django's with --noasgi."""
        return _letting_through(self.__dict__.get("server_cls", _Runserver.server_cls))

    @server_cls.setter
    def server_cls(self, server_cls: Any) -> None:
        self.__dict__["server_cls"] = server_cls


def _letting_through(server_cls: Any) -> Any:
    if issubclass(server_cls, WSGIServer):
        return _wsgi_server(server_cls)
    daphne = sys.modules.get("daphne.server")
    if daphne is not None and issubclass(server_cls, daphne.Server):
        return _daphne_server(server_cls)
    return server_cls


def _wsgi_server(server_cls: Any) -> Any:
    class Server(server_cls):  # type: ignore[misc]
        def __init__(self, address: Any, handler: Any, *arguments: Any, **options: Any) -> None:
            super().__init__(address, _handler(handler), *arguments, **options)

    return Server


def _handler(handler: Any) -> Any:
    class RequestHandler(handler):  # type: ignore[misc]
        def get_environ(self) -> Any:
            # Django removes what has an underscore in its name.
            headers = list(self.headers.items())
            environ = super().get_environ()
            add_to_environ(environ, headers)
            return environ

    return RequestHandler


def _daphne_server(server_cls: Any) -> Any:
    class Server(server_cls):  # type: ignore[misc]
        def run(self) -> None:
            # Its factory finds the class of requests there.
            protocol: Any = sys.modules["daphne.http_protocol"]
            protocol.WebRequest = _daphne_request(protocol.WebRequest)
            super().run()

    return Server


def _daphne_request(request: Any) -> Any:
    class Request(request):  # type: ignore[misc]
        lets_through_netgiro = True

        def process(self) -> Any:
            headers = self.requestHeaders
            for name, values in list(headers.getAllRawHeaders()):
                if name.lower().startswith(b"netgiro_"):
                    hyphened = name.replace(b"_", b"-")
                    others = headers.getRawHeaders(hyphened, [])
                    headers.removeHeader(name)
                    headers.setRawHeaders(hyphened, [*others, *values])
            return super().process()

    return Request
