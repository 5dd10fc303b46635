"""Netgíró in a Flask shop: a client by app, and a callback route.

    netgiro = Netgiro(app)

    @netgiro.callback("/netgiro/callback", url=CALLBACK_URL, order=find_order, record=record)
    def settled(state, callback):
        if state.is_paid: ...

The keys come from the app's config (NETGIRO_APP_KEY, NETGIRO_SECRET_KEY, …) or from the environment.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

try:
    from flask import Flask, Response, current_app, request
except ImportError as error:
    raise ImportError("netgiro.flask needs Flask: pip install 'netgiro[flask]'") from error
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.serving import WSGIRequestHandler

import netgiro
from netgiro import _netgiro, arguments
from netgiro.arguments import CLIENT_OPTIONS, FROM_ENVIRONMENT, having, instance, text
from netgiro.webhook import MAX_BODY, Accepted, MemoryLedger, Refusal, Webhook, too_large
from netgiro.webhook.followup import FollowUp
from netgiro.webhook.greenlets import off_the_hub
from netgiro.webhook.ledger import LEDGER
from netgiro.webhook.servers import add_to_environ
from netgiro.webhook.sync_or_async import run
from netgiro.webhook.worker_threads import Background

if TYPE_CHECKING:
    from flask.sansio.scaffold import Scaffold

    from netgiro.replay import ReplayGuard
    from netgiro.webhook import Ledger
    from netgiro.webhook.followup import Settled
    from netgiro.webhook.route import Find, Record

    _Function = TypeVar("_Function", bound=Settled)

__all__ = ["Netgiro", "RequestHandler"]

logger = logging.getLogger("netgiro.webhook")

# The 200 is out by then, in servers that do not say when it is.
_AFTER_THE_ANSWER = 0.25


class Netgiro:
    """The extension: `Netgiro(app)`, or `Netgiro()` and `init_app(app)` for each app.

    One extension serves several apps, each with a client of its own.
    """

    def __init__(self, app: Flask | None = None, *, ledger: Ledger | None = None) -> None:
        """Make the extension, and use it in `app`.

        The `ledger` is where worker processes agree which of them calls your function for a cart. By
        default that is in this process's memory: pass a `netgiro.webhook.SqliteLedger`, or one on your
        database, where the shop is several processes.
        """
        self._ledger = MemoryLedger() if ledger is None else having("ledger", ledger, *LEDGER)
        self._is_warned = ledger is not None
        self._background = Background()
        self._routes: list[Callable[[Scaffold], None]] = []
        self._apps: weakref.WeakSet[Flask] = weakref.WeakSet()
        self._lock = threading.Lock()
        if app is not None:
            self.init_app(instance("app", app, Flask, "a Flask app"))

    def init_app(self, app: Flask) -> None:
        """Use the extension in an app, with the callback routes it has, and will have."""
        app.extensions["netgiro"] = self
        self._apps.add(app)
        for add in self._routes:
            add(app)

    @property
    def client(self) -> netgiro.Client:
        """The current app's `netgiro.Client`, safe to share between threads and to bring through a fork.

        Raises ConfigurationError when the keys are not configured.
        """
        app = current_app
        with self._lock:
            client = app.extensions.get("netgiro.client")
            if client is None:
                client = app.extensions["netgiro.client"] = _client(app.config)
            kept: netgiro.Client = client
            return kept

    def callback(  # noqa: PLR0913 - each is a fact of the route
        self,
        rule: str,
        *,
        url: str | Callable[..., str],
        order: Find,
        record: Record | None = None,
        replay_guard: ReplayGuard | None = None,
        endpoint: str | None = None,
        on: Scaffold | None = None,
    ) -> Callable[[_Function], _Function]:
        """Add a callback route, and call the decorated function once for each cart that is settled.

        `url` is the one given to `insert_cart`, or a function of the rule's variables that returns it;
        it is never taken from the request. `order(callback)` finds the order, an object with `amount`
        (in krónur) and `reference`, or returns None. `record(callback)` records durably that the
        callback came; each time it does. A `replay_guard` lets each callback through once.

        The function is called with `(state, callback)` on a thread of this process, within the app's
        context, after the answer; again, until it succeeds, if it raised. `on` is a blueprint to add the
        route to; by default it is added to every app of the extension.
        """
        text("rule", rule)
        if not callable(url):
            text("url", url)
        webhook = Webhook(order=order, record=record, replay_guard=replay_guard)

        def decorate(function: _Function) -> _Function:
            arguments.function("the decorated function", function)

            def view(**variables: Any) -> Response:
                return self._answer(webhook, function, url(**variables) if callable(url) else url)

            name = endpoint or f"netgiro_{getattr(function, '__name__', 'callback')}"

            def add(scaffold: Scaffold) -> None:
                scaffold.add_url_rule(
                    rule, name, view, methods=["POST"], provide_automatic_options=False
                )

            if on is not None:
                add(on)
                return function
            self._routes.append(add)
            for app in self._apps:
                add(app)
            return function

        return decorate

    def wait(self, timeout: float = 10.0) -> bool:
        """Wait until all is done that comes after the answers, in this process; for tests.

        Returns whether it is after `timeout` seconds.
        """
        return self._background.wait(timeout)

    def _answer(self, webhook: Webhook, settled: Settled, url: str) -> Response:
        client = self.client
        if request.environ.get("wsgi.multiprocess") and not self._is_warned:
            self._is_warned = True
            logger.warning(
                "several processes serve this shop, and each may call the function of a cart: "
                "pass Netgiro a ledger that they share, such as netgiro.webhook.SqliteLedger(path)"
            )
        try:
            accepted = webhook.receive(client, url=url, headers=request.headers, body=_body())
        except Refusal as refusal:
            text, _ = _netgiro.callback_answer(refusal.status)
            return Response(text, refusal.status, mimetype="text/plain")
        response = Response(status=200, mimetype="text/plain")
        job = self._job(accepted, settled, client)
        # When the response is closed, it has been sent. But whoever calls the app without a server
        # may never close it.
        response.call_on_close(self._background.put(job, delay=_AFTER_THE_ANSWER))
        return response

    def _job(
        self, accepted: Accepted, settled: Settled, client: netgiro.Client
    ) -> Callable[[], float | None]:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        follow_up = FollowUp(accepted, settled, self._ledger, off_the_hub(client.poll_step))

        def job() -> float | None:
            with app.app_context():
                return run(follow_up.attempt())

        return job


class RequestHandler(WSGIRequestHandler):
    """Lets Netgíró's headers through Werkzeug's development server: `app.run(request_handler=RequestHandler)`.

    They have underscores in their names, and Werkzeug drops such headers, all others of which it still drops.
    """

    def make_environ(self) -> dict[str, Any]:
        """Return the WSGI environ of a request."""
        environ = super().make_environ()
        add_to_environ(environ, self.headers.items())
        return environ


def _client(config: Any) -> netgiro.Client:
    stated = {name: config.get(f"NETGIRO_{name}") for name in CLIENT_OPTIONS}
    given: dict[str, Any] = {name: os.environ.get(f"NETGIRO_{name}") for name in FROM_ENVIRONMENT}
    given = {name: value for name, value in given.items() if value}
    given.update({name: value for name, value in stated.items() if value is not None})
    missing = [f"NETGIRO_{name}" for name in ("APP_KEY", "SECRET_KEY") if not given.get(name)]
    if missing:
        raise netgiro.ConfigurationError(
            f"set {' and '.join(missing)} in the app's config or in the environment"
        )
    return netgiro.Client(**{name.lower(): value for name, value in given.items()})


def _body() -> bytes:
    # One more, since Werkzeug cuts off without a word what has no length of its own.
    request.max_content_length = MAX_BODY + 1
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise too_large() from None
