"""Netgíró in a FastAPI or Starlette shop: a client for the app's lifespan, and a callback route.

    netgiro = Netgiro()

    @netgiro.callback("/netgiro/callback", url=CALLBACK_URL, order=find_order, record=record)
    async def settled(state, callback):
        if state.is_paid: ...

    app = FastAPI(lifespan=netgiro.lifespan)
    app.include_router(netgiro.router)

    @app.post("/checkout")
    async def checkout(client: NetgiroClient): ...

With Starlette alone, it is `Starlette(routes=[*netgiro.routes], lifespan=netgiro.lifespan)` and
`await get_client(request)`. Only `NetgiroClient` and `router` import FastAPI.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

try:
    from starlette.background import BackgroundTask
    from starlette.requests import HTTPConnection, Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route
except ImportError as error:
    raise ImportError("netgiro.fastapi needs FastAPI: pip install 'netgiro[fastapi]'") from error

import netgiro
from netgiro import _netgiro, arguments
from netgiro.arguments import having, seconds, text
from netgiro.webhook import Accepted, MemoryLedger, Refusal, Webhook, read_chunks
from netgiro.webhook.followup import FollowUp
from netgiro.webhook.ledger import LEDGER
from netgiro.webhook.servers import headers_of_scope
from netgiro.webhook.sync_or_async import run_async

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.applications import Starlette

    from netgiro.replay import AsyncReplayGuard, ReplayGuard
    from netgiro.webhook import AsyncLedger, Ledger
    from netgiro.webhook.followup import Settled
    from netgiro.webhook.route import Find, Record

    _Function = TypeVar("_Function", bound=Settled)

__all__ = ["Netgiro", "NetgiroClient", "get_client"]

# A server's answer is out before this; whoever calls the app without one, as tests do, may end the
# loop right after it.
_MOMENT = 0.25
# How many functions that are no coroutine functions run at once, after the answers.
_THREADS = 4


class Netgiro:
    """A client for the app's lifespan, and its callback routes."""

    def __init__(
        self,
        client: Callable[[], netgiro.AsyncClient] = netgiro.AsyncClient.from_env,
        *,
        ledger: Ledger | AsyncLedger | None = None,
        grace: float = 5.0,
    ) -> None:
        """Make it; `client` makes the app's client, by default from the environment.

        The `ledger` is where worker processes agree which of them calls your function for a cart. By
        default that is in this process's memory: pass a `netgiro.webhook.SqliteLedger`, or one on your
        database, where the shop is several processes. At the end of the lifespan, what goes on after the
        answers is given `grace` seconds.
        """
        self._make = arguments.function("client", client, expected="a function that makes one")
        self._client: netgiro.AsyncClient | None = None
        self._ledger = MemoryLedger() if ledger is None else having("ledger", ledger, *LEDGER)
        self._grace = seconds("grace", grace)
        # Functions that take their time must not take the threads of those that answer.
        self._threads = ThreadPoolExecutor(_THREADS, "netgiro")
        self._tasks: set[asyncio.Task[None]] = set()
        self._resting: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        self.routes: list[Route] = []
        """The callback routes, for Starlette."""

    @property
    def client(self) -> netgiro.AsyncClient:
        """The app's client. Raises ConfigurationError when it cannot be made."""
        if self._client is None:
            self._client = self._make()
        return self._client

    @property
    def router(self) -> APIRouter:
        """The callback routes there are so far, for FastAPI's `include_router`."""
        from fastapi import APIRouter  # noqa: PLC0415 - Starlette's shops may have none

        return APIRouter(routes=[*self.routes])

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Make the client when the app starts, and close it when it ends.

        For an app with a lifespan of its own: `async with netgiro.lifespan(app): yield`.
        """
        app.state.netgiro = self
        client = self.client
        try:
            yield
        finally:
            await self._end()
            await client.close()
            self._client = None

    def callback(  # noqa: PLR0913 - each is a fact of the route
        self,
        path: str,
        *,
        url: str | Callable[..., str],
        order: Find,
        record: Record | None = None,
        replay_guard: ReplayGuard | AsyncReplayGuard | None = None,
        name: str | None = None,
    ) -> Callable[[_Function], _Function]:
        """Add a callback route, and call the decorated function once for each cart that is settled.

        `url` is the one given to `insert_cart`, or a function of the path's parameters that returns it;
        it is never taken from the request. `order(callback)` finds the order, an object with `amount`
        (in krónur) and `reference`, or returns None. `record(callback)` records durably that the
        callback came; each time it does. A `replay_guard` lets each callback through once.

        The function is called with `(state, callback)` after the answer; again, until it succeeds, if it
        raised. Each function may be a coroutine function; any other runs in a thread.
        """
        text("path", path)
        if name is not None:
            text("name", name)
        if not callable(url):
            text("url", url)
        webhook = Webhook(order=order, record=record, replay_guard=replay_guard)

        def decorate(function: _Function) -> _Function:
            arguments.function("the decorated function", function)

            async def endpoint(request: Request) -> Response:
                registered = url(**request.path_params) if callable(url) else url
                return await self._answer(request, webhook, function, registered)

            title = name or f"netgiro_{getattr(function, '__name__', 'callback')}"
            self.routes.append(
                Route(path, endpoint, methods=["POST"], name=title, include_in_schema=False)
            )
            return function

        return decorate

    async def _answer(
        self, request: Request, webhook: Webhook, settled: Settled, url: str
    ) -> Response:
        try:
            body = await read_chunks(request.stream(), request.headers.get("content-length"))
            accepted = await webhook.receive_async(
                self.client, url=url, headers=headers_of_scope(request.scope), body=body
            )
        except Refusal as refusal:
            text, header = _netgiro.callback_answer(refusal.status)
            return PlainTextResponse(text, refusal.status, headers=dict(filter(None, [header])))
        return PlainTextResponse("", background=BackgroundTask(self._go_on, accepted, settled))

    async def _go_on(self, accepted: Accepted, settled: Settled) -> None:
        """Start a task that outlives the request, which some middleware cancels or waits for."""
        task = asyncio.create_task(self._settle(accepted, settled))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait([task], timeout=_MOMENT)

    async def _settle(self, accepted: Accepted, settled: Settled) -> None:
        client = self.client

        async def check(poll: netgiro.CartPoll) -> netgiro.CartPoll:
            return await client.poll_step(poll)

        follow_up = FollowUp(accepted, settled, self._ledger, check)
        delay = await run_async(follow_up.attempt(), self._threads)
        while delay is not None:
            with self._rest():
                await asyncio.sleep(delay)
            delay = await run_async(follow_up.attempt(), self._threads)

    @contextlib.contextmanager
    def _rest(self) -> Iterator[None]:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("nothing rests outside of a task")
        self._resting.add(task)
        yield
        self._resting.discard(task)

    async def _end(self) -> None:
        """Let end what is in flight; what waits for another attempt is another process's, later."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while tasks := {task for task in self._tasks if task.get_loop() is loop}:
            for task in tasks:
                if task in self._resting or loop.time() - began > self._grace:
                    task.cancel()
            await asyncio.wait(tasks, timeout=0.05)


async def get_client(connection: HTTPConnection) -> netgiro.AsyncClient:
    """Return the client of the app that a request came to.

    Raises ConfigurationError when `Netgiro.lifespan` has not begun.
    """
    kept = getattr(connection.app.state, "netgiro", None)
    if not isinstance(kept, Netgiro):
        raise netgiro.ConfigurationError(
            "the app has no client: make it with lifespan=netgiro.lifespan, and let its lifespan begin"
        )
    return kept.client


if TYPE_CHECKING:
    from fastapi import Depends

    NetgiroClient = Annotated[netgiro.AsyncClient, Depends(get_client)]
    """The type of a parameter that FastAPI gives the app's client to."""
else:

    def __getattr__(name: str) -> Any:
        # Starlette's shops have no FastAPI.
        if name == "NetgiroClient":
            from fastapi import Depends  # noqa: PLC0415

            globals()[name] = Annotated[netgiro.AsyncClient, Depends(get_client)]
            return globals()[name]
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
