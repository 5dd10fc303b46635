"""What a replay guard is, and how a callback is verified with one that has to be awaited.

A guard remembers the callbacks that were accepted, so that none is accepted twice. A signature never
expires, so whoever has read a callback can send it again. A handler that is idempotent (records the
cart as paid, however often it hears so) needs no guard. One that is not should know that a callback
which was seen but not answered with 200 may come again word for word, and that the guard then refuses
it: answer 200 to what has been recorded.
"""

from __future__ import annotations

from typing import Protocol

from netgiro import _netgiro

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

    from netgiro._netgiro import AsyncClient, Callback

__all__ = ["AsyncReplayGuard", "ReplayGuard"]


class ReplayGuard(Protocol):
    """What `verify_callback` takes: `netgiro.MemoryReplayGuard`, or your own."""

    def is_first(self, nonce: str, signature: str, /) -> object:
        """Record a callback, and say whether it had not been recorded before: what is false refuses it.

        The check and the recording must be one step, since two copies may come at once: `SET NX` in
        Redis, a unique column in the database. `signature` is in lowercase; it covers the nonce, so to
        keep the signature alone is enough. What it raises, the verification raises.
        """


class AsyncReplayGuard(Protocol):
    """What `verify_callback_once` of `AsyncClient` takes as well.

    class RedisGuard:
        async def is_first(self, nonce, signature):
            return await redis.set(f"netgiro:{signature}", 1, nx=True)
    """

    def is_first(self, nonce: str, signature: str, /) -> Awaitable[object]:
        """Do what `ReplayGuard.is_first` does, and be awaited."""


async def verify_once(
    client: AsyncClient, guard: ReplayGuard | AsyncReplayGuard, parts: dict[str, Any]
) -> Callback:
    """Verify first, and only then ask the guard: what is refused otherwise is never recorded.

    The guard is not asked about callbacks of V2, whose "yes" and "no" carry the same signature.
    """
    callback = client.verify_callback(**parts)
    key = _netgiro.replay_key(callback)
    if key is None:
        return callback
    is_first: Any = guard.is_first(*key)
    if hasattr(is_first, "__await__"):
        is_first = await is_first
    if not is_first:
        raise _netgiro.replayed(callback)
    return callback
