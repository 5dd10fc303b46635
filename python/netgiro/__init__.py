"""Take payments with Netgíró: insert a cart, follow it, settle it.

An unofficial client. `Client` blocks; `AsyncClient` has the same methods, awaited.

    import netgiro

    with netgiro.Client(app_key, secret_key) as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
        state = client.settle_cart(cart)
        if state.is_paid:
            ...
"""

from __future__ import annotations

try:
    from netgiro._netgiro import (
        Callback,
        Cart,
        CartItem,
        CartPoll,
        CartState,
        Checkout,
        CheckResult,
        CheckResults,
        Client,
        DoctorCheck,
        DoctorReport,
        MemoryReplayGuard,
        PaymentInfo,
        PollPolicy,
        Redirect,
        Refund,
        SimulatedCallback,
        SimulatedCart,
        SimulatedRefund,
        SimulatedRequest,
        Simulator,
        Transaction,
        __version__,
        customer_message,
        doctor,
        sign,
    )
except ImportError as error:
    from netgiro.presentation.platforms import explained

    raise explained(error) from error
from netgiro.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    InvalidRequestError,
    MismatchError,
    NetgiroError,
    OutcomeUnknownError,
    ProtocolError,
    RateLimitedError,
    ServerError,
    SignatureError,
    TimeoutError,  # noqa: A004 - it is the builtin one as well
    UnresolvedError,
    WaitTimeoutError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from netgiro.async_client import AsyncClient
    from netgiro.enums import (
        CartStatus,
        ConfirmationType,
        Environment,
        PaymentInfoPolicy,
        ResponseVerification,
        TransactionStatus,
    )
    from netgiro.reconciliation import Outcome, Reconciliation, reconcile
    from netgiro.settlements import Settlement, SettlementItem

__all__ = [
    "ApiError",
    "AsyncClient",
    "AuthenticationError",
    "Callback",
    "Cart",
    "CartItem",
    "CartPoll",
    "CartState",
    "CartStatus",
    "CheckResult",
    "CheckResults",
    "Checkout",
    "Client",
    "ConfigurationError",
    "ConfirmationType",
    "ConnectError",
    "DoctorCheck",
    "DoctorReport",
    "Environment",
    "InvalidRequestError",
    "MemoryReplayGuard",
    "MismatchError",
    "NetgiroError",
    "Outcome",
    "OutcomeUnknownError",
    "PaymentInfo",
    "PaymentInfoPolicy",
    "PollPolicy",
    "ProtocolError",
    "RateLimitedError",
    "Reconciliation",
    "Redirect",
    "Refund",
    "ResponseVerification",
    "ServerError",
    "Settlement",
    "SettlementItem",
    "SignatureError",
    "SimulatedCallback",
    "SimulatedCart",
    "SimulatedRefund",
    "SimulatedRequest",
    "Simulator",
    "TimeoutError",
    "Transaction",
    "TransactionStatus",
    "UnresolvedError",
    "WaitTimeoutError",
    "__version__",
    "customer_message",
    "doctor",
    "reconcile",
    "sign",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # Importing `enum` takes longer than all the rest, and most programs compare with words.
        if name in {
            "CartStatus",
            "ConfirmationType",
            "Environment",
            "PaymentInfoPolicy",
            "ResponseVerification",
            "TransactionStatus",
        }:
            from netgiro import enums  # noqa: PLC0415

            value = getattr(enums, name)
            globals()[name] = value
            return value
        if name == "AsyncClient":
            from netgiro import async_client  # noqa: PLC0415 - blocking programs need none

            globals()[name] = async_client.AsyncClient
            return async_client.AsyncClient
        # Nothing of it is needed to take a payment.
        if name in {"Outcome", "Reconciliation", "reconcile"}:
            from netgiro import reconciliation  # noqa: PLC0415

            return getattr(reconciliation, name)
        if name in {"Settlement", "SettlementItem"}:
            from netgiro import settlements  # noqa: PLC0415

            return getattr(settlements, name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
