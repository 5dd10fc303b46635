"""Everything this package raises, in one tree under `NetgiroError`.

Where a builtin exception has the same meaning, it is a base as well: `except ConnectionError`,
`except TimeoutError` and `except ValueError` work as expected.

A bug in the package is not one of these: it raises a plain `RuntimeError` that says so, and the next call
works. An `insert_cart`, a `refund_cart` or a `create_checkout` that ends with it may have been sent.
"""

from __future__ import annotations

import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Literal

    from netgiro._netgiro import CartPoll, CartState

__all__ = [
    "ApiError",
    "AuthenticationError",
    "ConfigurationError",
    "ConnectError",
    "InvalidRequestError",
    "MismatchError",
    "NetgiroError",
    "OutcomeUnknownError",
    "ProtocolError",
    "RateLimitedError",
    "ServerError",
    "SignatureError",
    "TimeoutError",
    "UnresolvedError",
    "WaitTimeoutError",
]


class NetgiroError(Exception):
    """The base of every error that a call of this package raises.

    `str()` of it is the message with the facts that belong in a log.
    """

    code: ClassVar[str] = "netgiro"
    """The stable code of the error, the same in Rust, Python and Node."""

    message: str
    """What went wrong, and what to do about it."""
    http_status: int | None
    """The HTTP status, when there was an answer."""
    result_code: int | None
    """Netgíró's result code, when the answer held one."""
    reference_id: str | None
    """What identifies the call to Netgíró's support (`netgiro_referenceId`)."""
    request_sent: Literal["no", "maybe", "yes"]
    """Whether the request left this machine."""
    retryable: bool
    """Whether making the same call again is safe and may succeed."""

    # Whether an earlier answer said that the cart is paid, which the failed call should have confirmed.
    _is_called_paid = False
    # Which call failed, for what the customer is told: "insert", "confirm", "follow", "refund" or
    # "checkout".
    _failed_call: str | None = None
    _is_usually_retryable: ClassVar[bool] = False
    _facts: ClassVar[tuple[str, ...]] = (
        "http_status",
        "result_code",
        "reference_id",
        "request_sent",
        "retryable",
    )

    def __init__(
        self,
        message: str = "",
        *,
        http_status: int | None = None,
        result_code: int | None = None,
        reference_id: str | None = None,
        request_sent: Literal["no", "maybe", "yes"] = "no",
        retryable: bool | None = None,
        text: str | None = None,
    ) -> None:
        """Make an error, for your own tests.

        `retryable` is by default that of the class; `text` is what `str()` returns, by default the message.
        """
        super().__init__(message if text is None else text)
        self.message = message
        self.http_status = http_status
        self.result_code = result_code
        self.reference_id = reference_id
        self.request_sent = request_sent
        self.retryable = self._is_usually_retryable if retryable is None else retryable

    def customer_message(self, lang: str = "is") -> str:
        """Return what the customer may read about it, in whole sentences.

        In Icelandic, or with another `lang` than `"is"` (a tag such as `"is-IS"` counts) in English. It says
        that nothing was charged only where that is known, and holds no developer's words, codes or numbers.
        """
        from netgiro._netgiro import error_customer_message  # noqa: PLC0415 - it imports this module

        return error_customer_message(self, lang)

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the code, the message and the facts as a dict, for a log.

        With `mode="json"` as what JSON holds: amounts as numbers, instants as ISO 8601 text.
        """
        from netgiro.presentation import jsonable  # noqa: PLC0415 - most errors are only raised

        facts: dict[str, Any] = {"code": self.code, "message": self.message}
        facts.update((name, getattr(self, name)) for name in self._facts)
        return jsonable.members(facts, mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        from netgiro.presentation import jsonable  # noqa: PLC0415

        return jsonable.text(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any:
        from netgiro.presentation import jsonable  # noqa: PLC0415

        return jsonable.core_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]:
        return {"title": cls.__name__, "type": "object"}

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {name: getattr(self, name) for name in self._facts}
        made = (type(self), self.message, str(self), facts, self.__cause__)
        return _restore, made, {"_failed_call": self._failed_call}


class ConfigurationError(NetgiroError, ValueError):
    """Bad keys, http to anywhere but loopback, a bad URL, or a client that was closed."""

    code = "configuration"


class InvalidRequestError(NetgiroError, ValueError, TypeError):
    """Refused here, before anything was sent: the message says what was given and what is wanted.

    It is a ValueError, and a TypeError as well: a value of a wrong type is refused by it too.
    """

    code = "invalid_request"


class ConnectError(NetgiroError, ConnectionError):
    """No connection: nothing was sent, so it is safe to try again."""

    code = "connect"
    _is_usually_retryable = True


class TimeoutError(NetgiroError, builtins.TimeoutError):
    """A call that may be repeated took too long."""

    code = "timeout"
    _is_usually_retryable = True


class OutcomeUnknownError(NetgiroError):
    """InsertCart, a refund or a hosted checkout may have reached the server.

    The customer may have been asked, or refunded, or the checkout created; `__cause__` is what happened. Do not insert the order again without asking the customer. A refund has its
    `idempotency_key`, and is `retryable`: make the same call again, with the same key. Nobody can have paid on the
    page of a checkout that is not known to be created.
    """

    code = "outcome_unknown"

    reference: str | None
    """The order's reference, as given to `insert_cart` or `create_checkout`; None for a refund."""
    idempotency_key: str | None
    """The key to refund again with; None for an insert and a checkout."""

    _facts = (*NetgiroError._facts, "reference", "idempotency_key")  # noqa: SLF001

    def __init__(
        self,
        message: str = "",
        *,
        reference: str | None = None,
        idempotency_key: str | None = None,
        **facts: Any,
    ) -> None:
        """Make an error about the order `reference`, or about the refund `idempotency_key`."""
        super().__init__(message, **facts)
        self.reference = reference
        self.idempotency_key = idempotency_key


class ApiError(NetgiroError):
    """The server said no; `result_code` says why (400, 10305, 10306, 10427, …)."""

    code = "api"


class AuthenticationError(NetgiroError):
    """The server did not accept the keys or the signature (HTTP 401, 403)."""

    code = "authentication"


class RateLimitedError(NetgiroError):
    """Too many calls (HTTP 429)."""

    code = "rate_limited"
    _is_usually_retryable = True

    retry_after: float | None
    """How long the server asks clients to wait, in seconds."""

    _facts = (*NetgiroError._facts, "retry_after")  # noqa: SLF001

    def __init__(
        self, message: str = "", *, retry_after: float | None = None, **facts: Any
    ) -> None:
        """Make an error that asks clients to wait for `retry_after` seconds."""
        super().__init__(message, **facts)
        self.retry_after = retry_after


class ServerError(NetgiroError):
    """HTTP 5xx, a broken answer, or a body that is not the API's."""

    code = "server"
    _is_usually_retryable = True


class SignatureError(NetgiroError):
    """A response or callback that does not verify: nothing in it was believed."""

    code = "signature"


class ProtocolError(NetgiroError):
    """Contradictory or malformed data."""

    code = "protocol"


class MismatchError(NetgiroError):
    """An answer about another amount or reference than the cart's."""

    code = "mismatch"


class _WaitError(NetgiroError):
    state: CartState | None
    """The last state seen."""
    poll: CartPoll | None
    """The poll to resume from: give it to `wait_for_cart` or `settle_cart`, or keep its JSON."""

    _facts = (*NetgiroError._facts, "state", "poll")  # noqa: SLF001

    def __init__(
        self,
        message: str = "",
        *,
        state: CartState | None = None,
        poll: CartPoll | None = None,
        **facts: Any,
    ) -> None:
        """Make an error with the last state seen and the poll to resume from."""
        super().__init__(message, **facts)
        self.state = state
        self.poll = poll


class WaitTimeoutError(_WaitError, builtins.TimeoutError):
    """The deadline was reached while the cart was still open: go on waiting, or settle it."""

    code = "wait_timeout"
    _is_usually_retryable = True


class UnresolvedError(_WaitError):
    """Settling did not find out whether the cart was paid: go on from `poll`."""

    code = "unresolved"
    _is_usually_retryable = True


def _restore(
    kind: type[NetgiroError],
    message: str,
    text: str,
    facts: dict[str, Any],
    cause: BaseException | None,
) -> NetgiroError:
    error = kind(message, text=text, **facts)
    error.__cause__ = cause
    return error
