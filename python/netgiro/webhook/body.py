"""The body of a callback: read to its end, and no further than to where it is too large."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable

from netgiro import _netgiro

__all__ = ["MAX_BODY", "TOO_LARGE", "Refusal", "read_body", "read_chunks", "too_large"]

MAX_BODY = _netgiro.CALLBACK_MAX_BODY
"""The largest body that a callback route reads, in bytes; Netgíró's are below 1 KiB."""
TOO_LARGE = 413
"""The status that refuses a larger one."""


class Refusal(Exception):  # noqa: N818 - it is an answer, and no error of this program
    """The route answers `status`, and nothing has changed. The reason is for the log alone."""

    def __init__(self, status: int, reason: str) -> None:
        """Refuse a callback with this HTTP status, and for this reason."""
        super().__init__(reason)
        self.status = status
        self.reason = reason


def read_body(read: Callable[[int], bytes], content_length: str | int | None = None) -> bytes:
    """Read a body with `read(size)`, and raise a Refusal rather than read one that is too large."""
    _check_length(content_length)
    body = bytearray()
    while chunk := read(MAX_BODY + 1 - len(body)):
        _append(body, chunk)
    return bytes(body)


async def read_chunks(
    chunks: AsyncIterable[bytes], content_length: str | int | None = None
) -> bytes:
    """Read a body that comes in chunks, and raise a Refusal once it is too large."""
    _check_length(content_length)
    body = bytearray()
    async for chunk in chunks:
        _append(body, chunk)
    return bytes(body)


def _check_length(content_length: str | int | None) -> None:
    digits = str(content_length).lstrip("0")
    # Python refuses to read a number of thousands of digits.
    if digits.isdecimal() and (len(digits) > len(str(MAX_BODY)) or int(digits) > MAX_BODY):
        raise too_large()


def _append(body: bytearray, chunk: bytes) -> None:
    body += chunk
    if len(body) > MAX_BODY:
        raise too_large()


def too_large() -> Refusal:
    """Return the refusal of a body that is larger than `MAX_BODY`."""
    request = _netgiro.CallbackRoute(has_guard=False).request()
    request.body(MAX_BODY + 1)
    return Refusal(request.status, request.reason)
