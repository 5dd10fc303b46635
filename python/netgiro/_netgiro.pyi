"""The compiled half of the package. Import its names from `netgiro`."""

import datetime
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import TracebackType
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    SupportsIndex,
    TypedDict,
    TypeVar,
    final,
    overload,
)

from typing_extensions import Never, NotRequired, Self, TypeAlias, disjoint_base

from netgiro.enums import (
    CartStatus,
    ConfirmationType,
    Environment,
    PaymentInfoPolicy,
    ResponseVerification,
    TransactionStatus,
)
from netgiro.errors import NetgiroError
from netgiro.replay import AsyncReplayGuard, ReplayGuard
from netgiro.settlements import Settlement, SettlementItem

__all__ = [
    "CALLBACK_MAX_BODY",
    "AsyncClient",
    "AsyncResultIterator",
    "Callback",
    "CallbackRequest",
    "CallbackRoute",
    "Cart",
    "CartItem",
    "CartPoll",
    "CartState",
    "CheckResult",
    "CheckResults",
    "Checkout",
    "Client",
    "DoctorCheck",
    "DoctorReport",
    "FollowUp",
    "MemoryReplayGuard",
    "PaymentInfo",
    "PollPolicy",
    "Redirect",
    "Refund",
    "ResultIterator",
    "SimulatedCallback",
    "SimulatedCart",
    "SimulatedRefund",
    "SimulatedRequest",
    "Simulator",
    "Transaction",
    "__version__",
    "backoff",
    "callback_answer",
    "check_new_cart",
    "command",
    "csv_cell",
    "customer_message",
    "doctor",
    "error_customer_message",
    "icelandic_number",
    "is_json_mode",
    "mask_customer_id",
    "mask_customer_ids",
    "poll_dated",
    "poll_delay",
    "poll_on_clock",
    "reconcile_columns",
    "reconcile_settlements",
    "replay_key",
    "replayed",
    "server_now",
    "sign",
]

__version__: str
CALLBACK_MAX_BODY: Final[int]
"""The largest body that a callback route reads, in bytes."""

_T = TypeVar("_T")

_StatusWord: TypeAlias = Literal[
    "pending",
    "needs_code",
    "reserved",
    "awaiting_callback",
    "confirmed",
    "canceled",
    "declined",
    "not_found",
    "unknown",
]
_TransactionStatusWord: TypeAlias = Literal["paid", "unpaid", "canceled", "reservation", "unknown"]
_EnvironmentWord: TypeAlias = Literal["test", "production"]
_ConfirmationWord: TypeAlias = Literal["automatic", "server_callback", "manual"]
_VerificationWord: TypeAlias = Literal["required", "if_present", "off"]
_PaymentInfoWord: TypeAlias = Literal["required", "if_present"]
_EndpointWord: TypeAlias = Literal[
    "InsertCart",
    "CheckCart",
    "ConfirmCart",
    "CancelCart",
    "SettlementList",
    "SettlementItems",
    "Refund",
    "Details",
    "Payment",
    "Status",
    "Capture",
    "Cancel",
    "HostedPayment",
    "HostedForm",
    "Transactions",
    "GetByReference",
    "PaymentCancel",
    "PaymentChange",
    "RequestConfirmation",
    "PartnerRefund",
    "PartnerTransaction",
]
_SignatureWord: TypeAlias = Literal["valid", "omit", "corrupt", "replay"]
_SpoiltWord: TypeAlias = Literal[
    "empty",
    "html",
    "truncated",
    "doubled",
    "bom",
    "gzip",
    "invalid_utf8",
    "duplicate_keys",
    "deep",
    "overflow",
    "quoted",
    "replayed",
]

_TransactionId: TypeAlias = uuid.UUID | str
_CartArgument: TypeAlias = Cart | CartState | CartPoll | uuid.UUID | str
_HeaderText: TypeAlias = str | bytes
_Headers: TypeAlias = Mapping[str, Any] | Mapping[bytes, Any] | Iterable[tuple[_HeaderText, Any]]
_Body: TypeAlias = bytes | bytearray | memoryview | str
_Day: TypeAlias = datetime.date | str
_Path: TypeAlias = str | os.PathLike[str]
_Amount: TypeAlias = SupportsIndex | Decimal | Fraction | str

class _CartItemDict(TypedDict):
    name: str
    unit_price: _Amount
    quantity: NotRequired[SupportsIndex | Decimal | str]
    amount: NotRequired[_Amount | None]
    product_no: NotRequired[str | None]
    description: NotRequired[str | None]

@final
class Cart:
    """A cart that the server has accepted."""

    def __new__(
        cls,
        transaction_id: _TransactionId,
        *,
        reference: str,
        amount: _Amount,
        check_interval: float | None = None,
        message: str | None = None,
        reference_id: str | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID:
        """The server's id of the cart, a `uuid.UUID`."""

    @property
    def reference(self) -> str:
        """The shop's order id, as sent."""

    @property
    def amount(self) -> int:
        """The amount in krónur, as sent."""

    @property
    def check_interval(self) -> float | None:
        """How often the server wants to be asked, in seconds; None when it did not say."""

    @property
    def message(self) -> str | None:
        """What the server has to say about it."""

    @property
    def reference_id(self) -> str | None:
        """What identifies the call to Netgíró's support."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class CartState:
    """Where a cart stood when it was checked."""

    def __new__(
        cls,
        transaction_id: _TransactionId,
        status: CartStatus | _StatusWord,
        *,
        result_code: int | None = None,
        payment_successful: bool | None = None,
        message: str | None = None,
        payment: PaymentInfo | None = None,
        reference_id: str | None = None,
        checked_at: datetime.datetime | None = None,
        api: Literal["v1", "v2"] | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID:
        """The server's id of the cart, a `uuid.UUID`."""

    @property
    def status(self) -> CartStatus:
        """What the result code means, a `CartStatus`: a str as well."""

    @property
    def result_code(self) -> int | None:
        """The result code, also when its meaning is unknown."""

    @property
    def payment_successful(self) -> bool | None:
        """What the server said about the payment; CancelCart says nothing."""

    @property
    def message(self) -> str | None:
        """What the server has to say about it."""

    @property
    def payment(self) -> PaymentInfo | None:
        """What was paid or reserved, a `PaymentInfo`, when the server said so."""

    @property
    def reference_id(self) -> str | None:
        """What identifies the call to Netgíró's support."""

    @property
    def checked_at(self) -> datetime.datetime:
        """When the answer came in, an aware `datetime` in UTC."""

    @property
    def api(self) -> Literal["v1", "v2"]:
        """Which API said so, `"v1"` or `"v2"`. V2 has no result codes, and says nothing about the payment."""

    @property
    def is_final(self) -> bool:
        """Whether the cart can no longer change."""

    @property
    def is_paid(self) -> bool:
        """Whether the cart is paid: true only when the server said so, in an answer that no check refused."""

    def customer_message(self, lang: str = "is", *, timed_out: bool = False) -> str:
        """Return what the customer may read about it, in whole sentences.

        In Icelandic, or with another `lang` than `"is"` (a tag such as `"is-IS"` counts) in English. `timed_out`
        says of a canceled cart that the customer did not answer in time, which Netgíró's answers do not tell.
        """

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class PaymentInfo:
    """What the server holds about a payment. Every member can be None."""

    def __new__(
        cls,
        *,
        transaction_id: _TransactionId | None = None,
        invoice_number: int | None = None,
        reference_number: str | None = None,
        status_id: int | None = None,
        created: datetime.datetime | None = None,
        total_amount: Decimal | SupportsIndex | str | None = None,
        discount_amount: Decimal | SupportsIndex | str | None = None,
        shipping_amount: Decimal | SupportsIndex | str | None = None,
        handling_amount: Decimal | SupportsIndex | str | None = None,
        account_number: int | None = None,
        number_of_installments: int | None = None,
        client_identity_confirmed: bool | None = None,
        location_id: str | None = None,
        register_id: str | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID | None:
        """The server's id of the cart, a `uuid.UUID`."""

    @property
    def invoice_number(self) -> int | None:
        """The number of the invoice."""

    @property
    def reference_number(self) -> str | None:
        """The shop's order id."""

    @property
    def status_id(self) -> int | None:
        """1 unconfirmed, 2 confirmed, 5 canceled."""

    @property
    def created(self) -> datetime.datetime | None:
        """When the payment was created, an aware `datetime` in UTC."""

    @property
    def total_amount(self) -> Decimal | None:
        """The total in krónur, a `Decimal` with the digits the server sent."""

    @property
    def discount_amount(self) -> Decimal | None:
        """The discount in krónur, a `Decimal` with the digits the server sent."""

    @property
    def shipping_amount(self) -> Decimal | None:
        """The cost of shipping in krónur, a `Decimal` with the digits the server sent."""

    @property
    def handling_amount(self) -> Decimal | None:
        """The cost of handling in krónur, a `Decimal` with the digits the server sent."""

    @property
    def account_number(self) -> int | None:
        """The number of the customer's account."""

    @property
    def number_of_installments(self) -> int | None:
        """In how many parts the customer pays."""

    @property
    def client_identity_confirmed(self) -> bool | None:
        """Whether the customer's identity was confirmed."""

    @property
    def location_id(self) -> str | None:
        """The shop's own name for the place of sale."""

    @property
    def register_id(self) -> str | None:
        """The shop's own name for the till."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class Checkout:
    """A hosted checkout that Netgíró has created."""

    def __new__(cls, checkout_url: str, *, reference: str, amount: _Amount) -> Self: ...
    @property
    def checkout_url(self) -> str:
        """Where to send the customer's browser."""

    @property
    def reference(self) -> str:
        """The shop's order id, as sent."""

    @property
    def amount(self) -> int:
        """The amount in krónur, as sent."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class Redirect:
    """A redirect that verified. It says what the customer is to see; deliver after a callback and a check alone."""

    def __new__(
        cls,
        transaction_id: _TransactionId,
        *,
        reference: str,
        amount: Decimal | SupportsIndex | str,
        invoice_number: str | None = None,
        status: CartStatus | _StatusWord,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID | str:
        """The server's id of the transaction: a `uuid.UUID`, or text where it is not one."""

    @property
    def reference(self) -> str:
        """The shop's order id, as the server holds it."""

    @property
    def amount(self) -> Decimal:
        """The amount in krónur, as the server holds it, a `Decimal`."""

    @property
    def invoice_number(self) -> str | None:
        """The number of the invoice, where there is one."""

    @property
    def status(self) -> CartStatus:
        """`confirmed`, `canceled` or `pending`, or `unknown` for a number that this version does not know: a
        `CartStatus`, which is a str as well.
        """

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class Refund:
    """A refund that Netgíró has processed."""

    def __new__(
        cls,
        transaction_id: _TransactionId,
        *,
        amount: _Amount,
        idempotency_key: str,
        message: str | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID:
        """The cart whose payment is refunded, a `uuid.UUID`."""

    @property
    def amount(self) -> int:
        """What the customer gets back, in krónur."""

    @property
    def idempotency_key(self) -> str:
        """The shop's name of this refund."""

    @property
    def message(self) -> str | None:
        """What the server has to say about it."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class Transaction:
    """What Netgíró holds about a transaction."""

    def __new__(
        cls,
        transaction_id: _TransactionId,
        status: TransactionStatus | _TransactionStatusWord,
        *,
        total_amount: Decimal | SupportsIndex | str | None = None,
        is_refundable: bool | None = None,
        created: datetime.datetime | None = None,
        settlement_date: datetime.datetime | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID:
        """The server's id of the cart, a `uuid.UUID`."""

    @property
    def status(self) -> TransactionStatus:
        """Where it stands, a `TransactionStatus`: a str as well."""

    @property
    def total_amount(self) -> Decimal | None:
        """The total in krónur, a `Decimal`. Refunds are not subtracted: nothing says how much was refunded."""

    @property
    def is_refundable(self) -> bool | None:
        """Whether it can be refunded."""

    @property
    def created(self) -> datetime.datetime | None:
        """When it was created, an aware `datetime` in UTC."""

    @property
    def settlement_date(self) -> datetime.datetime | None:
        """When the money goes to the shop, an aware `datetime` in UTC; None before that is known."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class CartItem:
    """One line of a cart, as the customer sees it."""

    def __new__(
        cls,
        name: str,
        unit_price: _Amount,
        quantity: SupportsIndex | Decimal | str = 1,
        *,
        amount: _Amount | None = None,
        product_no: str | None = None,
        description: str | None = None,
    ) -> Self: ...
    @property
    def name(self) -> str:
        """What is bought."""

    @property
    def unit_price(self) -> int:
        """The price of one piece in krónur."""

    @property
    def quantity(self) -> Decimal:
        """How many pieces, a `Decimal`."""

    @property
    def amount(self) -> int:
        """The line's total in krónur."""

    @property
    def product_no(self) -> str | None:
        """The shop's product number."""

    @property
    def description(self) -> str | None:
        """More about it."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class CheckResult:
    """One answer of a bulk call: `state` or `error`, and never both."""

    def __new__(
        cls,
        transaction_id: _TransactionId,
        *,
        state: CartState | None = None,
        error: NetgiroError | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID:
        """The server's id of the cart, a `uuid.UUID`."""

    @property
    def state(self) -> CartState | None:
        """Where the cart stands, a `CartState`; None when that could not be learnt."""

    @property
    def error(self) -> NetgiroError | None:
        """Why that could not be learnt, a `NetgiroError`; None when it could. Not raised."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class CheckResults(Sequence[CheckResult]):
    """The results of a bulk check: a sequence of CheckResult, and a table as well.

    Takes some 200 bytes a cart. `polars.DataFrame(results)`, `pyarrow.table(results)` and DuckDB take
    it as it is; so does `check_many(ids, resume=results)`.
    """

    def __new__(cls, results: Iterable[CheckResult] = (), /) -> Self: ...
    @staticmethod
    def load(path: str | os.PathLike[str]) -> CheckResults:
        """Load what `save` saved. Raises InvalidRequestError for what it did not save.

        Args:
            path: The file that `save` wrote.
        """

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the results in a file, all or nothing: JSON lines, to go on from or to look into.

        Args:
            path: The file to write.
        """

    @property
    def total(self) -> int:
        """How many carts were to be checked."""

    @property
    def is_complete(self) -> bool:
        """Whether each of them has a result: False for what was kept of an interrupted call."""

    def tally(self) -> dict[str, int]:
        """Return how many carts have each status, as a dict in the order of the table of statuses; those
        that could not be checked are under `"error"`.
        """

    def to_json(self) -> str:
        """Return the results as JSON text: a list of what their `to_dict(mode="json")` gives."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table`. Needs pyarrow."""

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with Arrow's types: exact decimals, UTC, categories. Needs pandas
        and pyarrow.
        """

    def to_polars(self) -> Any:
        """Return a `polars.DataFrame`. Needs polars."""

    def __arrow_c_schema__(self) -> object:
        """Return the columns' names and types, as Arrow's PyCapsule interface has it."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the results as columns, as Arrow's PyCapsule interface has it."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> CheckResult: ...
    @overload
    def __getitem__(self, index: slice, /) -> CheckResults: ...
    def __iter__(self) -> Iterator[CheckResult]: ...
    def __contains__(self, value: object, /) -> bool: ...
    def index(self, value: object, start: int = 0, stop: int | None = None, /) -> int:
        """Return the place of a result, counted from 0. Raises ValueError when it is not there."""

    def count(self, value: object, /) -> int:
        """Return how often a result is there."""

    def __add__(self, other: Iterable[CheckResult], /) -> CheckResults: ...
    # Comes with the one above, and takes nothing.
    def __radd__(self, other: Never, /) -> Never: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class Callback:
    """A callback that verified: the server says something about this cart.

    Compare it with the order by `matches`, record it, answer 200, and let `check_cart` decide
    whether the cart is paid.
    """

    def __new__(
        cls,
        transaction_id: _TransactionId,
        *,
        state: CartState | None = None,
        reference: str | None = None,
        amount: Decimal | SupportsIndex | str | None = None,
        reference_id: str | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID:
        """The server's id of the cart, a `uuid.UUID`."""

    @property
    def reference(self) -> str | None:
        """The shop's order id, as the server holds it."""

    @property
    def amount(self) -> Decimal | None:
        """The amount in krónur, as the server holds it, a `Decimal`."""

    @property
    def state(self) -> CartState | None:
        """Where the cart stands, a `CartState`; `unknown` where the callback contradicts itself. None for a callback of V2,
        whose signature is the same whatever happened: ask where the cart stands.
        """

    @property
    def reference_id(self) -> str | None:
        """What identifies the call to Netgíró's support."""

    def matches(self, amount: _Amount, reference: str) -> bool:
        """Return whether the callback is about this amount, in krónur, and this reference.

        Raises InvalidRequestError for an amount that cannot be read.

        Args:
            amount: The order's amount, in whole krónur.
            reference: The order's reference.

        Raises:
            InvalidRequestError: The amount cannot be read.
        """

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class PollPolicy:
    """How often to check a cart, in seconds."""

    def __new__(
        cls,
        min_interval: float = 1.0,
        default_interval: float = 3.0,
        max_interval: float = 60.0,
    ) -> Self: ...
    @property
    def min_interval(self) -> float:
        """The least time between two checks, in seconds."""

    @property
    def default_interval(self) -> float:
        """The time between two checks when the server gave no hint, in seconds."""

    @property
    def max_interval(self) -> float:
        """The most time between two checks, failures apart, in seconds."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class CartPoll:
    """A poll of one cart, as a value: what was seen, and when to ask next.

    `poll_step` takes it one check further. Between two steps it can be kept as JSON, which holds
    neither the secret key nor a phone number.

    A cart that is not found, or canceled by result code 10201 without PaymentInfo, may not be there yet: for the
    first 15 seconds it is checked again, in the latter case until it was seen so twice, an interval apart, or
    after a cancel of the shop's. A cart that was seen open does not end as `not_found`. Until then `is_done` is
    false, whatever `state` is.
    """

    def __new__(
        cls,
        cart: _CartArgument,
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
        now: datetime.datetime | None = None,
    ) -> Self: ...
    @property
    def transaction_id(self) -> uuid.UUID:
        """The server's id of the cart, a `uuid.UUID`."""

    @property
    def next_check_at(self) -> datetime.datetime:
        """When to ask next, an aware `datetime` in UTC; a step before that sends nothing."""

    @property
    def deadline(self) -> datetime.datetime:
        """When the poll gives up, after one last check, an aware `datetime` in UTC."""

    @property
    def state(self) -> CartState | None:
        """The last state seen, a `CartState`; failures do not change it."""

    @property
    def is_done(self) -> bool:
        """Whether polling has nothing more to learn: `state` is final and believed, or it is the merchant's move."""

    def to_json(self) -> str:
        """Return the poll as versioned JSON text, to be kept between two steps."""

    @staticmethod
    def from_json(text: str) -> CartPoll:
        """Read what `to_json` wrote; raises InvalidRequestError for anything else, and for what no answer about
        this cart can have said.

        Args:
            text: What `to_json` returned.

        Raises:
            InvalidRequestError: The text is not a poll.
        """

    def answered(
        self,
        seen: CartState | CartStatus | _StatusWord | NetgiroError,
        *,
        sent_at: datetime.datetime | None = None,
        now: datetime.datetime | None = None,
        jitter: float | None = None,
        after_cancel: bool = False,
    ) -> CartPoll:
        """Return the poll after a check that brought `seen`, without sending anything.

        `seen` is a CartState, a status word (which stands for what CheckCart says with it) or a NetgiroError;
        `sent_at` is when that check was sent and `now` when it was answered, both by default now; `jitter` is
        in 0..=1, by default random. With `after_cancel` a CartState is what `cancel_cart` or `settle_cart` gave:
        that it is canceled is then believed at once. Raises the error that ends the poll, as `poll_step` does,
        and InvalidRequestError for a CartState that no answer about this cart can have given.
        """

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...

@final
class MemoryReplayGuard:
    """A guard in this process's memory: bounded, the oldest callbacks are forgotten first.

    For a shop that is one process; where it is several, they need one that they share.
    """

    def __new__(cls, *, capacity: int = 100000) -> Self:
        """Make a guard that remembers so many callbacks; 100,000 take about 15 MB."""

    def is_first(self, nonce: str, signature: str) -> bool:
        """Record a callback; returns False if it has been recorded before.

        Args:
            nonce: The callback's nonce.
            signature: The callback's signature.
        """

@final
class ResultIterator(Iterator[_T], Generic[_T]):
    """What `watch_cart` and `wait_many` of Client return: a blocking iterator.

    Checks keep to their schedule whatever is done between two items.
    """

    def __iter__(self) -> Self: ...
    def __next__(self) -> _T: ...
    def close(self) -> None:
        """Stop asking. The carts are left as they are."""

@final
class AsyncResultIterator(AsyncIterator[_T], Generic[_T]):
    """What `watch_cart` and `wait_many` of AsyncClient return: an asynchronous iterator.

    Cancelling whoever waits for the next item ends it, as with an asynchronous generator.
    """

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> _T: ...
    async def aclose(self) -> None:
        """Stop asking. The carts are left as they are."""

@disjoint_base
class Client:
    """Talks to Netgíró for one shop, and blocks until there is an answer.

    Safe to share between threads; other threads run while one waits. Nothing is opened before the
    first call. After a fork the child opens connections of its own.
    """

    def __init__(
        self,
        app_key: str,
        secret_key: str,
        *,
        environment: Environment | _EnvironmentWord = "test",
        api: Literal["v1", "v2"] = "v1",
        base_url: str | None = None,
        checkout_base_url: str | None = None,
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        response_verification: ResponseVerification | _VerificationWord = "if_present",
        payment_info: PaymentInfoPolicy | _PaymentInfoWord = "if_present",
        ca_file: _Path | None = None,
        previous_secret_keys: Iterable[str] = (),
        proxy: str | None = None,
    ) -> None:
        """Make a client; raises ConfigurationError when an option cannot be used.

        `app_key` is the ApplicationId and `secret_key` the SecretKey that Netgíró gave the shop.
        `api` says by which of Netgíró's APIs carts are inserted, checked, confirmed and canceled.
        `base_url` replaces the environment's: https, or http on loopback; V1 is under `/v1/` there and
        V2 under `/v2/`, whichever of the two it names. `checkout_base_url` is where hosted checkouts
        are created, instead of the environment's, or of `/v1/` beside a `base_url`. `timeout` is how
        long one call may take, its repeats included, and `connect_timeout` how long connecting may, in
        seconds. `response_verification` says what to do about the signatures of answers, and
        `payment_info` about an answer that says "paid" and not what was paid. `ca_file` is a PEM file
        with certificate authorities to trust as well.
        `previous_secret_keys` are keys that are being replaced: callbacks signed with them are still
        accepted, and nothing is signed with them. `proxy` is an http or https URL to go through,
        rather than the environment's (HTTPS_PROXY, ALL_PROXY, NO_PROXY): a variable of those that
        cannot be read is refused, and not passed by.

        Args:
            app_key: The ApplicationId that Netgíró gave the shop.
            secret_key: The SecretKey that Netgíró gave the shop.
            environment: `"test"` or `"production"`.
            api: Which API carts are inserted and followed by, `"v1"` or `"v2"`.
            base_url: Another base URL than the environment's: https, or http on loopback.
            checkout_base_url: Where hosted checkouts are created, if not at the environment's URL.
            timeout: How long one call may take, its repeats included, in seconds.
            connect_timeout: How long connecting may take, in seconds.
            response_verification: What to do about the signatures of answers: `"required"`,
                `"if_present"` or `"off"`.
            payment_info: What to do about an answer that says "paid" and not what was paid:
                `"required"` refuses it.
            ca_file: The path of a PEM file with certificate authorities to trust as well.
            previous_secret_keys: Secret keys that are being replaced: callbacks signed with them
                are still accepted.
            proxy: The http or https URL of a proxy, rather than the environment's.

        Raises:
            ConfigurationError: A key, a URL or an option cannot be used.
        """

    @classmethod
    def from_env(cls) -> Self:
        """Make a client from NETGIRO_APP_KEY, NETGIRO_SECRET_KEY, NETGIRO_ENVIRONMENT, NETGIRO_API,
        NETGIRO_BASE_URL and NETGIRO_PAYMENT_INFO.

        Of a subclass it makes one of that: its `__init__` is called with the options as keywords, if it takes
        them. Raises ConfigurationError when the keys are not set or a variable cannot be used.

        Raises:
            ConfigurationError: The keys are not set, or a variable cannot be used.
        """

    @property
    def api(self) -> Literal["v1", "v2"]:
        """Which API it speaks about carts, `"v1"` or `"v2"`."""

    @property
    def base_url(self) -> str:
        """Where the calls go: the base URL."""

    def insert_cart(
        self,
        *,
        amount: _Amount,
        reference: str,
        customer_id: str | None = None,
        access_code: str | None = None,
        barcode: str | None = None,
        confirmation_type: ConfirmationType | _ConfirmationWord | Literal[0, 1, 2] = "automatic",
        callback_url: str | None = None,
        callback_cancel_url: str | None = None,
        description: str | None = None,
        items: Iterable[CartItem | _CartItemDict] | None = None,
        location_id: str | None = None,
        register_id: str | None = None,
    ) -> Cart:
        """Ask a customer to pay; returns the Cart.

        `amount` is in whole krónur: an int, text or a Decimal without a fraction. Sent once: what may
        have reached the server is never sent again, and OutcomeUnknownError says so.

        `reference` is the shop's order id, without control characters. `customer_id` is a mobile
        number, a kennitala (10 digits) or an app code, in any usual spelling. With V2 it is a mobile
        number; in its place, `access_code` (10 digits) or `barcode`, as a till scans it, pays at once.
        `confirmation_type` says who creates the payment once the customer has accepted; "server_callback"
        needs a `callback_url`. What V2 does not have, such as items, is refused by its name. Raises InvalidRequestError before anything is sent, ConnectError when nothing
        could be sent, ApiError when the server clearly says no: nobody was asked, and the order is
        free.

        What breaks the call off, such as KeyboardInterrupt, has what is known of it as its
        `__cause__`: an OutcomeUnknownError when the customer may have been asked, which a note says
        as well (Python 3.11 on), and else an error whose `request_sent` is "no".

        Args:
            amount: Whole krónur.
            reference: The shop's name of the order.
            customer_id: A mobile number, a kennitala or an app code; with V2 a mobile number.
            access_code: With V2, in place of `customer_id`: the code that a customer reads out.
            barcode: With V2, in place of `customer_id`: the code that a till scans.
            confirmation_type: Who creates the payment: `"automatic"`, `"server_callback"` or
                `"manual"`.
            callback_url: Where Netgíró reports that the customer has accepted.
            callback_cancel_url: Where Netgíró reports that the customer has canceled.
            description: A text about the order.
            items: The lines that the customer sees.
            location_id: The shop's own name for the place of sale.
            register_id: The shop's own name for the till.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
            ConnectError: Not one byte was sent.
            ApiError: Netgíró said no: nobody was asked.
            OutcomeUnknownError: The customer may have been asked: do not insert again.
        """

    def check_cart(self, transaction_id: _CartArgument) -> CartState:
        """Ask where a cart stands; returns a CartState, with what the server says: `canceled` may also mean that it
        has no such cart, or does not have it yet. To wait is to be sure.

        Raises MismatchError when a Cart is given and the answer is about another amount or
        reference, and ProtocolError when the answer contradicts itself.

        Args:
            transaction_id: The `Cart`, so that amount and reference are compared; or its id, a
                `CartState` or a `CartPoll`.

        Raises:
            MismatchError: The answer is about another amount or reference than the Cart's.
            ProtocolError: The answer contradicts itself.
            NetgiroError: What else the request failed with.
        """

    def cancel_cart(self, transaction_id: _CartArgument) -> CartState:
        """Cancel a cart and read the answer; returns a CartState: `canceled`, or `confirmed` when
        the customer was first. With V2, whose cancel would also undo a payment, the cart is checked
        first, and a paid one is left as it is.

        That it is paid is believed of CheckCart alone, which is asked once then, and whose answer or
        error this gives: also `pending`, say. Where CheckCart says that the cart ended unpaid, the two
        contradict each other, which is a ProtocolError: ask again.

        Args:
            transaction_id: The `Cart`, so that amount and reference are compared; or its id, a
                `CartState` or a `CartPoll`.

        Raises:
            ProtocolError: Two answers contradict each other: check the cart again.
            NetgiroError: What else the request failed with.
        """

    def confirm_cart(
        self, transaction_id: _CartArgument, identifier: str | None = None
    ) -> CartState:
        """Confirm a reserved cart, or send the customer's SMS code as `identifier`; returns a
        CartState. V2 has no such code.

        Raises ApiError when the server says no; the cart is then as it was.

        Args:
            transaction_id: The `Cart`, so that amount and reference are compared; or its id, a
                `CartState` or a `CartPoll`.
            identifier: The customer's SMS code, where the cart needs one.

        Raises:
            ApiError: Netgíró said no; the cart is as it was.
            NetgiroError: What else the request failed with.
        """

    def capture_cart(self, cart: _CartArgument, amount: _Amount | None = None) -> CartState:
        """Capture what is held of a reserved cart, all of it or an `amount` of it in krónur; returns a CartState:
        `confirmed`. What was captured before is not captured again.

        Of V2. With `api` "v1" it does what `confirm_cart` does, and refuses an amount. Raises ApiError when the server
        says no: the cart is then as it was.

        Args:
            cart: The cart, or its id.
            amount: What to take of what is held, in whole krónur; None for all of it.

        Raises:
            ApiError: Netgíró said no; the cart is as it was.
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    def void_cart(self, cart: _CartArgument) -> CartState:
        """Cancel a payment that is made; returns a CartState: `canceled`, and the customer pays nothing. To give back a part,
        refund it.

        Of V2, where `cancel_cart` leaves a paid cart as it is. Raises InvalidRequestError for a cart that is not paid, and
        ApiError when the server says no.

        Args:
            cart: The cart, or its id.

        Raises:
            InvalidRequestError: The cart is not paid.
            ApiError: Netgíró said no.
            NetgiroError: What else the request failed with.
        """

    def wait_for_cart(
        self,
        cart: _CartArgument,
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
        on_update: Callable[[CartState], object] | None = None,
    ) -> CartState:
        """Wait until polling alone cannot change the cart any more; returns its CartState.

        `on_update` is called with a CartState for each change. Raises WaitTimeoutError after
        `timeout` seconds; the cart is then still open.

        Args:
            cart: The `Cart`, so that amount and reference are compared; or its id, a `CartState` or
                a `CartPoll`.
            timeout: How long to wait, in seconds.
            policy: How often to check; by default as often as Netgíró wants.
            on_update: Called with the `CartState` of each change.

        Raises:
            WaitTimeoutError: The cart is still open after `timeout`.
            NetgiroError: What else the request failed with.
        """

    def settle_cart(
        self,
        cart: _CartArgument,
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
        on_update: Callable[[CartState], object] | None = None,
    ) -> CartState:
        """Wait, and cancel after `timeout` seconds; returns a CartState that says whether the
        customer was first.

        Never reports `canceled` for a cart that was paid: raises UnresolvedError when the
        truth cannot be learnt within another minute.

        Args:
            cart: The `Cart`, so that amount and reference are compared; or its id, a `CartState` or
                a `CartPoll`.
            timeout: How long to wait, in seconds.
            policy: How often to check; by default as often as Netgíró wants.
            on_update: Called with the `CartState` of each change.

        Raises:
            UnresolvedError: The cart was being canceled, and its outcome is not known.
            NetgiroError: What else the request failed with.
        """

    def watch_cart(
        self,
        cart: _CartArgument,
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
    ) -> ResultIterator[CartState]:
        """Iterate over the changes of a cart, a CartState each, until polling alone cannot change
        it any more.

        Raises WaitTimeoutError after `timeout` seconds. Checks keep to their schedule whatever
        is done between two items.

        Args:
            cart: The `Cart`, so that amount and reference are compared; or its id, a `CartState` or
                a `CartPoll`.
            timeout: How long to wait, in seconds.
            policy: How often to check; by default as often as Netgíró wants.

        Raises:
            WaitTimeoutError: The cart is still open after `timeout`.
            NetgiroError: What else the request failed with.
        """

    def check_many(
        self,
        ids: Iterable[_CartArgument],
        *,
        concurrency: int = 32,
        rate: float | None = None,
        retry_for: float = 30.0,
        resume: Iterable[CheckResult] | str | os.PathLike[str] | None = None,
        on_progress: Callable[[int, int], object] | None = None,
        progress: bool | None = None,
    ) -> CheckResults:
        """Check many carts, `concurrency` at a time; returns CheckResults: a CheckResult for each, in
        order, and a table as well.

        At most `rate` checks are sent a second, fewer where the server says that it is too much. A
        check that fails in a way that may pass is made again for `retry_for` seconds; what a check
        fails with in the end is its cart's result. Three refusals of the keys in a row end it all,
        as does an outage of `retry_for`: the carts that were not checked say so.

        What `resume`, earlier CheckResults or the path of a file they were saved in, knows a state
        of is not asked again. When the call is interrupted, what is done is in `unfinished`.
        `on_progress(done, total)` is called for each that is done. `progress` shows a bar: by
        default in notebooks and interactive sessions that have tqdm.

        Args:
            ids: The carts, or their ids.
            concurrency: How many checks are in flight at most.
            rate: How many checks are sent in a second at most; None for no limit.
            retry_for: How long a check that fails is made again, in seconds.
            resume: Earlier results, or the path of their file: what they know is not asked again.
            on_progress: Called with how many are done and how many there are.
            progress: Whether to show a bar; None for what fits the place.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def check_each(
        self,
        ids: Iterable[_CartArgument],
        *,
        concurrency: int = 32,
        rate: float | None = None,
        retry_for: float = 30.0,
        resume: Iterable[CheckResult] | str | os.PathLike[str] | None = None,
        on_progress: Callable[[int, int], object] | None = None,
        progress: bool | None = None,
    ) -> ResultIterator[CheckResult]:
        """Check many carts as `check_many` does; iterates over a CheckResult for each, as it comes,
        those first that `resume` knows.

        Args:
            ids: The carts, or their ids.
            concurrency: How many checks are in flight at most.
            rate: How many checks are sent in a second at most; None for no limit.
            retry_for: How long a check that fails is made again, in seconds.
            resume: Earlier results, or the path of their file: what they know is not asked again.
            on_progress: Called with how many are done and how many there are.
            progress: Whether to show a bar; None for what fits the place.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    @property
    def unfinished(self) -> CheckResults | None:
        """The results, as far as they came, of the last `check_many` when it was interrupted; None
        when it was not. While one is in flight: what it has so far.
        """

    def wait_many(
        self,
        carts: Iterable[_CartArgument],
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
        concurrency: int | None = None,
        rate: float | None = None,
        resume: Iterable[CheckResult] | str | os.PathLike[str] | None = None,
        on_progress: Callable[[int, int], object] | None = None,
        progress: bool | None = None,
    ) -> ResultIterator[CheckResult]:
        """Wait for many carts, at most `concurrency` checks at a time and `rate` a second; iterates
        over a CheckResult for each, as it settles.

        A cart that is not decided after `timeout` seconds comes with a WaitTimeoutError as its
        `error`. What `resume`, earlier CheckResults or the path of a file, knows to be settled
        comes first, unasked; what timed out there goes on from its poll. `on_progress(done, total)`
        is called for each that is done; `progress` shows a bar, as for `check_many`.

        Args:
            carts: The carts, or their ids.
            timeout: How long to wait for each cart, in seconds.
            policy: How often to check; by default as often as Netgíró wants.
            concurrency: How many checks are in flight at most; None for 32, and for up to 256 where
                the carts need more to be checked in time.
            rate: How many checks are sent in a second at most; None for no limit.
            resume: Earlier results, or the path of their file: what they know is not asked again.
            on_progress: Called with how many are done and how many there are.
            progress: Whether to show a bar; None for what fits the place.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def poll_step(self, poll: CartPoll | str) -> CartPoll:
        """Take a CartPoll, or its JSON, one check further; returns the CartPoll to keep.

        Sends nothing when the check is not due yet or the poll is done. The poll it returns is on
        this machine's clock, also where it was kept by a machine whose clock differs. Raises
        WaitTimeoutError at the deadline, and any error that waiting cannot mend.

        Args:
            poll: The poll, or its JSON.

        Raises:
            WaitTimeoutError: The deadline was reached, and the cart is still open.
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    def find_by_reference(self, reference: str, *, amount: _Amount) -> Cart | None:
        """Look for the cart of an `insert_cart` whose outcome is unknown, by the order's reference; returns a Cart or
        None. A Cart may be the one, with the order's amount and reference: go on as if `insert_cart` had returned
        it, and check it. Only a check says where it stands.

        Netgíró last documented this look-up in 2020, so it may not exist any more, and may not see a cart that the
        customer has not accepted yet. None means that the server says that it has no such cart. It does not mean
        that nobody was asked to pay: do not insert the order again on its account before the customer can no longer
        accept.

        Raises MismatchError when the answer names another reference or another amount, ApiError when Netgíró
        refuses or does not have the look-up, and ProtocolError or ServerError for an answer that cannot be read.

        Args:
            reference: The order's reference, as given to `insert_cart`.
            amount: The order's amount, in whole krónur.

        Raises:
            MismatchError: The answer names another reference or another amount.
            ApiError: Netgíró refuses, or does not have the look-up.
            NetgiroError: What else the request failed with.
        """

    def refund_cart(
        self,
        cart: _CartArgument,
        amount: _Amount,
        *,
        idempotency_key: str,
        description: str | None = None,
    ) -> Refund:
        """Refund a payment, in full or in part; returns the Refund: the customer gets `amount` krónur back. For carts
        of V1 too.

        Netgíró processes one refund for each `idempotency_key`, so what may have been lost is sent again with it.
        Raises OutcomeUnknownError, which has the key, when the refund may have been made although no sound answer
        came: make the same call again. Raises ApiError when Netgíró says no, and MismatchError when the key belongs to
        another refund. A refund changes no status: a paid cart stays paid, and how much was refunded is the shop's to
        store.

        Asked of the API's V2, whose answers are not signed.

        What breaks the call off, such as KeyboardInterrupt, has what is known of it as its `__cause__`: an
        OutcomeUnknownError when the refund may have been made, which a note says as well (Python 3.11 on).
        Make the same call again with the same key then.

        Args:
            cart: The cart whose payment is refunded, or its id.
            amount: What the customer gets back, in whole krónur.
            idempotency_key: The shop's own name of this refund, made of what it is.
            description: Shown in Netgíró's merchant portal.

        Raises:
            OutcomeUnknownError: The refund may have been made: make the same call again.
            ApiError: Netgíró said no.
            MismatchError: The key belongs to another refund.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def get_transaction(self, cart: _CartArgument) -> Transaction:
        """Ask what Netgíró holds about a cart's payment; returns a Transaction: whether it can be refunded, and when
        the money goes to the shop.

        Asked of the API's V2, whose answers are not signed: `check_cart` alone says whether a cart is paid.

        Args:
            cart: The cart, or its id.

        Raises:
            ApiError: Netgíró said no.
            NetgiroError: What else the request failed with.
        """

    def create_checkout(
        self,
        *,
        amount: _Amount,
        reference: str,
        success_url: str,
        cancel_url: str,
        callback_url: str | None = None,
        manual_capture: bool = False,
    ) -> Checkout:
        """Create a hosted checkout; returns the Checkout: a page of Netgíró's, to whose `checkout_url` the customer's
        browser is sent. Nobody is asked to pay before that.

        `amount` is in whole krónur: an int, text or a Decimal without a fraction. `reference` is the shop's order
        id, without control characters. The customer's browser goes to `success_url` after paying, and to `cancel_url`
        after canceling. With a `callback_url` the 2xx of that URL makes the payment; with `manual_capture` the money
        is held until the shop captures it. All three are absolute URLs.

        Sent once: raises OutcomeUnknownError, which has the reference, when the checkout may have been created
        although no sound answer came. Raises InvalidRequestError before anything is sent, ConnectError when nothing
        could be sent, and ApiError when Netgíró says no. The Checkout has no transaction id: that comes with the
        redirect and the callback.

        What breaks the call off, such as KeyboardInterrupt, has what is known of it as its `__cause__`: an
        OutcomeUnknownError when the checkout may have been created, which a note says as well (Python 3.11 on).

        Args:
            amount: What the customer is asked to pay, in whole krónur.
            reference: The shop's order id.
            success_url: Where the customer's browser goes after paying, an absolute URL.
            cancel_url: Where the customer's browser goes after canceling, an absolute URL.
            callback_url: Where Netgíró reports that the customer paid; its 2xx makes the payment.
            manual_capture: Whether the money is held until the shop captures it.

        Raises:
            OutcomeUnknownError: The checkout may have been created; nobody can have paid on its page.
            ApiError: Netgíró said no.
            ConnectError: Nothing was sent.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def verify_redirect(
        self, url: str, *, amount: _Amount | None = None, reference: str | None = None
    ) -> Redirect:
        """Verify the URL with which a customer comes back from Netgíró's page, and read it; returns a Redirect. Not
        awaited.

        For display alone: whoever has the URL can open it again, so deliver after a callback and a check. `url` is
        the whole URL, or its query; `amount`, in whole krónur, and `reference` are the order's. Raises
        SignatureError when it does not verify, and MismatchError when it is about another amount or reference.

        Args:
            url: The URL as the browser requested it, or its query.
            amount: The order's amount, in whole krónur.
            reference: The order's reference.

        Raises:
            SignatureError: It does not verify.
            MismatchError: It is about another amount or reference.
            InvalidRequestError: An argument cannot be used.
        """

    def settlements(
        self, date_from: _Day, date_to: _Day, *, settlement_number: str | None = None
    ) -> list[Settlement]:
        """Ask for the settlements from one day to another, or for one of them; returns a list of
        Settlement.

        Days are dates, datetimes or text such as "2026-01-31". The answer is not signed:
        `response_verification` says nothing of it.

        Args:
            date_from: The first day.
            date_to: The last day.
            settlement_number: The number of the one settlement to ask for.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    def settlement_items(self, number: str) -> list[SettlementItem]:
        """Ask for the sales in a settlement; returns a list of SettlementItem.

        Args:
            number: The settlement's `number`.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    def verify_callback(
        self,
        *,
        url: str,
        headers: _Headers,
        body: _Body,
        replay_guard: ReplayGuard | None = None,
    ) -> Callback:
        """Verify a callback and read it; returns a Callback, or raises SignatureError. Not awaited.

        `url` is the one given to `insert_cart`; `headers` a mapping, a WSGI environ or pairs;
        `body` the bytes as received. A `replay_guard` is asked last, and refuses a callback
        that was accepted before.

        Args:
            url: The URL as it was given to `insert_cart`.
            headers: All headers of the request: a mapping, a WSGI environ or pairs.
            body: The bytes as received.
            replay_guard: Refuses a callback that was accepted before.

        Raises:
            SignatureError: It does not verify: answer 400.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def verify_callback_once(
        self, *, url: str, headers: _Headers, body: _Body, replay_guard: ReplayGuard
    ) -> Callback:
        """Verify a callback as `verify_callback` does, with a replay guard.

        Awaited on AsyncClient, where `is_first` may be a coroutine function: one that asks a database
        or Redis.

        Args:
            url: The URL as it was given to `insert_cart`.
            headers: All headers of the request: a mapping, a WSGI environ or pairs.
            body: The bytes as received.
            replay_guard: Refuses a callback that was accepted before.

        Raises:
            SignatureError: It does not verify, or was accepted before.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def close(self) -> None:
        """Close the connections. Calls in flight end by themselves; later ones raise
        ConfigurationError.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...

@disjoint_base
class AsyncClient:
    """Talks to Netgíró for one shop, awaited on asyncio or uvloop.

    One client serves any number of event loops and threads. Nothing is opened before the first call.
    Cancelling a task ends its call at once, and leaves the cart as it is.
    """

    def __init__(
        self,
        app_key: str,
        secret_key: str,
        *,
        environment: Environment | _EnvironmentWord = "test",
        api: Literal["v1", "v2"] = "v1",
        base_url: str | None = None,
        checkout_base_url: str | None = None,
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        response_verification: ResponseVerification | _VerificationWord = "if_present",
        payment_info: PaymentInfoPolicy | _PaymentInfoWord = "if_present",
        ca_file: _Path | None = None,
        previous_secret_keys: Iterable[str] = (),
        proxy: str | None = None,
    ) -> None:
        """Make a client; raises ConfigurationError when an option cannot be used.

        `app_key` is the ApplicationId and `secret_key` the SecretKey that Netgíró gave the shop.
        `api` says by which of Netgíró's APIs carts are inserted, checked, confirmed and canceled.
        `base_url` replaces the environment's: https, or http on loopback; V1 is under `/v1/` there and
        V2 under `/v2/`, whichever of the two it names. `checkout_base_url` is where hosted checkouts
        are created, instead of the environment's, or of `/v1/` beside a `base_url`. `timeout` is how
        long one call may take, its repeats included, and `connect_timeout` how long connecting may, in
        seconds. `response_verification` says what to do about the signatures of answers, and
        `payment_info` about an answer that says "paid" and not what was paid. `ca_file` is a PEM file
        with certificate authorities to trust as well.
        `previous_secret_keys` are keys that are being replaced: callbacks signed with them are still
        accepted, and nothing is signed with them. `proxy` is an http or https URL to go through,
        rather than the environment's (HTTPS_PROXY, ALL_PROXY, NO_PROXY): a variable of those that
        cannot be read is refused, and not passed by.

        Args:
            app_key: The ApplicationId that Netgíró gave the shop.
            secret_key: The SecretKey that Netgíró gave the shop.
            environment: `"test"` or `"production"`.
            api: Which API carts are inserted and followed by, `"v1"` or `"v2"`.
            base_url: Another base URL than the environment's: https, or http on loopback.
            checkout_base_url: Where hosted checkouts are created, if not at the environment's URL.
            timeout: How long one call may take, its repeats included, in seconds.
            connect_timeout: How long connecting may take, in seconds.
            response_verification: What to do about the signatures of answers: `"required"`,
                `"if_present"` or `"off"`.
            payment_info: What to do about an answer that says "paid" and not what was paid:
                `"required"` refuses it.
            ca_file: The path of a PEM file with certificate authorities to trust as well.
            previous_secret_keys: Secret keys that are being replaced: callbacks signed with them
                are still accepted.
            proxy: The http or https URL of a proxy, rather than the environment's.

        Raises:
            ConfigurationError: A key, a URL or an option cannot be used.
        """

    @classmethod
    def from_env(cls) -> Self:
        """Make a client from NETGIRO_APP_KEY, NETGIRO_SECRET_KEY, NETGIRO_ENVIRONMENT, NETGIRO_API,
        NETGIRO_BASE_URL and NETGIRO_PAYMENT_INFO.

        Of a subclass it makes one of that: its `__init__` is called with the options as keywords, if it takes
        them. Raises ConfigurationError when the keys are not set or a variable cannot be used.

        Raises:
            ConfigurationError: The keys are not set, or a variable cannot be used.
        """

    @property
    def api(self) -> Literal["v1", "v2"]:
        """Which API it speaks about carts, `"v1"` or `"v2"`."""

    @property
    def base_url(self) -> str:
        """Where the calls go: the base URL."""

    async def insert_cart(
        self,
        *,
        amount: _Amount,
        reference: str,
        customer_id: str | None = None,
        access_code: str | None = None,
        barcode: str | None = None,
        confirmation_type: ConfirmationType | _ConfirmationWord | Literal[0, 1, 2] = "automatic",
        callback_url: str | None = None,
        callback_cancel_url: str | None = None,
        description: str | None = None,
        items: Iterable[CartItem | _CartItemDict] | None = None,
        location_id: str | None = None,
        register_id: str | None = None,
    ) -> Cart:
        """Ask a customer to pay; returns the Cart.

        `amount` is in whole krónur: an int, text or a Decimal without a fraction. Sent once: what may
        have reached the server is never sent again, and OutcomeUnknownError says so.

        `reference` is the shop's order id, without control characters. `customer_id` is a mobile
        number, a kennitala (10 digits) or an app code, in any usual spelling. With V2 it is a mobile
        number; in its place, `access_code` (10 digits) or `barcode`, as a till scans it, pays at once.
        `confirmation_type` says who creates the payment once the customer has accepted; "server_callback"
        needs a `callback_url`. What V2 does not have, such as items, is refused by its name. Raises InvalidRequestError before anything is sent, ConnectError when nothing
        could be sent, ApiError when the server clearly says no: nobody was asked, and the order is
        free.

        What breaks the call off, such as CancelledError, has what is known of it as its
        `__cause__`: an OutcomeUnknownError when the customer may have been asked, which a note says
        as well (Python 3.11 on), and else an error whose `request_sent` is "no".

        Args:
            amount: Whole krónur.
            reference: The shop's name of the order.
            customer_id: A mobile number, a kennitala or an app code; with V2 a mobile number.
            access_code: With V2, in place of `customer_id`: the code that a customer reads out.
            barcode: With V2, in place of `customer_id`: the code that a till scans.
            confirmation_type: Who creates the payment: `"automatic"`, `"server_callback"` or
                `"manual"`.
            callback_url: Where Netgíró reports that the customer has accepted.
            callback_cancel_url: Where Netgíró reports that the customer has canceled.
            description: A text about the order.
            items: The lines that the customer sees.
            location_id: The shop's own name for the place of sale.
            register_id: The shop's own name for the till.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
            ConnectError: Not one byte was sent.
            ApiError: Netgíró said no: nobody was asked.
            OutcomeUnknownError: The customer may have been asked: do not insert again.
        """

    async def check_cart(self, transaction_id: _CartArgument) -> CartState:
        """Ask where a cart stands; returns a CartState, with what the server says: `canceled` may also mean that it
        has no such cart, or does not have it yet. To wait is to be sure.

        Raises MismatchError when a Cart is given and the answer is about another amount or
        reference, and ProtocolError when the answer contradicts itself.

        Args:
            transaction_id: The `Cart`, so that amount and reference are compared; or its id, a
                `CartState` or a `CartPoll`.

        Raises:
            MismatchError: The answer is about another amount or reference than the Cart's.
            ProtocolError: The answer contradicts itself.
            NetgiroError: What else the request failed with.
        """

    async def cancel_cart(self, transaction_id: _CartArgument) -> CartState:
        """Cancel a cart and read the answer; returns a CartState: `canceled`, or `confirmed` when
        the customer was first. With V2, whose cancel would also undo a payment, the cart is checked
        first, and a paid one is left as it is.

        That it is paid is believed of CheckCart alone, which is asked once then, and whose answer or
        error this gives: also `pending`, say. Where CheckCart says that the cart ended unpaid, the two
        contradict each other, which is a ProtocolError: ask again.

        Args:
            transaction_id: The `Cart`, so that amount and reference are compared; or its id, a
                `CartState` or a `CartPoll`.

        Raises:
            ProtocolError: Two answers contradict each other: check the cart again.
            NetgiroError: What else the request failed with.
        """

    async def confirm_cart(
        self, transaction_id: _CartArgument, identifier: str | None = None
    ) -> CartState:
        """Confirm a reserved cart, or send the customer's SMS code as `identifier`; returns a
        CartState. V2 has no such code.

        Raises ApiError when the server says no; the cart is then as it was.

        Args:
            transaction_id: The `Cart`, so that amount and reference are compared; or its id, a
                `CartState` or a `CartPoll`.
            identifier: The customer's SMS code, where the cart needs one.

        Raises:
            ApiError: Netgíró said no; the cart is as it was.
            NetgiroError: What else the request failed with.
        """

    async def capture_cart(self, cart: _CartArgument, amount: _Amount | None = None) -> CartState:
        """Capture what is held of a reserved cart, all of it or an `amount` of it in krónur; returns a CartState:
        `confirmed`. What was captured before is not captured again.

        Of V2. With `api` "v1" it does what `confirm_cart` does, and refuses an amount. Raises ApiError when the server
        says no: the cart is then as it was.

        Args:
            cart: The cart, or its id.
            amount: What to take of what is held, in whole krónur; None for all of it.

        Raises:
            ApiError: Netgíró said no; the cart is as it was.
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    async def void_cart(self, cart: _CartArgument) -> CartState:
        """Cancel a payment that is made; returns a CartState: `canceled`, and the customer pays nothing. To give back a part,
        refund it.

        Of V2, where `cancel_cart` leaves a paid cart as it is. Raises InvalidRequestError for a cart that is not paid, and
        ApiError when the server says no.

        Args:
            cart: The cart, or its id.

        Raises:
            InvalidRequestError: The cart is not paid.
            ApiError: Netgíró said no.
            NetgiroError: What else the request failed with.
        """

    async def wait_for_cart(
        self,
        cart: _CartArgument,
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
        on_update: Callable[[CartState], object] | None = None,
    ) -> CartState:
        """Wait until polling alone cannot change the cart any more; returns its CartState.

        `on_update` is called with a CartState for each change, and awaited where it is a coroutine function;
        what it raises ends the wait. Raises WaitTimeoutError after
        `timeout` seconds; the cart is then still open.

        Args:
            cart: The `Cart`, so that amount and reference are compared; or its id, a `CartState` or
                a `CartPoll`.
            timeout: How long to wait, in seconds.
            policy: How often to check; by default as often as Netgíró wants.
            on_update: Called with the `CartState` of each change.

        Raises:
            WaitTimeoutError: The cart is still open after `timeout`.
            NetgiroError: What else the request failed with.
        """

    async def settle_cart(
        self,
        cart: _CartArgument,
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
        on_update: Callable[[CartState], object] | None = None,
    ) -> CartState:
        """Wait, and cancel after `timeout` seconds; returns a CartState that says whether the
        customer was first.

        Never reports `canceled` for a cart that was paid: raises UnresolvedError when the
        truth cannot be learnt within another minute.

        Args:
            cart: The `Cart`, so that amount and reference are compared; or its id, a `CartState` or
                a `CartPoll`.
            timeout: How long to wait, in seconds.
            policy: How often to check; by default as often as Netgíró wants.
            on_update: Called with the `CartState` of each change.

        Raises:
            UnresolvedError: The cart was being canceled, and its outcome is not known.
            NetgiroError: What else the request failed with.
        """

    def watch_cart(
        self,
        cart: _CartArgument,
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
    ) -> AsyncResultIterator[CartState]:
        """Iterate over the changes of a cart, a CartState each, until polling alone cannot change
        it any more.

        Raises WaitTimeoutError after `timeout` seconds. Checks keep to their schedule whatever
        is done between two items.

        Args:
            cart: The `Cart`, so that amount and reference are compared; or its id, a `CartState` or
                a `CartPoll`.
            timeout: How long to wait, in seconds.
            policy: How often to check; by default as often as Netgíró wants.

        Raises:
            WaitTimeoutError: The cart is still open after `timeout`.
            NetgiroError: What else the request failed with.
        """

    async def check_many(
        self,
        ids: Iterable[_CartArgument],
        *,
        concurrency: int = 32,
        rate: float | None = None,
        retry_for: float = 30.0,
        resume: Iterable[CheckResult] | str | os.PathLike[str] | None = None,
        on_progress: Callable[[int, int], object] | None = None,
        progress: bool | None = None,
    ) -> CheckResults:
        """Check many carts, `concurrency` at a time; returns CheckResults: a CheckResult for each, in
        order, and a table as well.

        At most `rate` checks are sent a second, fewer where the server says that it is too much. A
        check that fails in a way that may pass is made again for `retry_for` seconds; what a check
        fails with in the end is its cart's result. Three refusals of the keys in a row end it all,
        as does an outage of `retry_for`: the carts that were not checked say so.

        What `resume`, earlier CheckResults or the path of a file they were saved in, knows a state
        of is not asked again. When the call is interrupted, what is done is in `unfinished`.
        `on_progress(done, total)` is called for each that is done. `progress` shows a bar: by
        default in notebooks and interactive sessions that have tqdm.

        Args:
            ids: The carts, or their ids.
            concurrency: How many checks are in flight at most.
            rate: How many checks are sent in a second at most; None for no limit.
            retry_for: How long a check that fails is made again, in seconds.
            resume: Earlier results, or the path of their file: what they know is not asked again.
            on_progress: Called with how many are done and how many there are.
            progress: Whether to show a bar; None for what fits the place.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def check_each(
        self,
        ids: Iterable[_CartArgument],
        *,
        concurrency: int = 32,
        rate: float | None = None,
        retry_for: float = 30.0,
        resume: Iterable[CheckResult] | str | os.PathLike[str] | None = None,
        on_progress: Callable[[int, int], object] | None = None,
        progress: bool | None = None,
    ) -> AsyncResultIterator[CheckResult]:
        """Check many carts as `check_many` does; iterates over a CheckResult for each, as it comes,
        those first that `resume` knows.

        Args:
            ids: The carts, or their ids.
            concurrency: How many checks are in flight at most.
            rate: How many checks are sent in a second at most; None for no limit.
            retry_for: How long a check that fails is made again, in seconds.
            resume: Earlier results, or the path of their file: what they know is not asked again.
            on_progress: Called with how many are done and how many there are.
            progress: Whether to show a bar; None for what fits the place.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    @property
    def unfinished(self) -> CheckResults | None:
        """The results, as far as they came, of the last `check_many` when it was interrupted; None
        when it was not. While one is in flight: what it has so far.
        """

    def wait_many(
        self,
        carts: Iterable[_CartArgument],
        *,
        timeout: float = 180.0,
        policy: PollPolicy | None = None,
        concurrency: int | None = None,
        rate: float | None = None,
        resume: Iterable[CheckResult] | str | os.PathLike[str] | None = None,
        on_progress: Callable[[int, int], object] | None = None,
        progress: bool | None = None,
    ) -> AsyncResultIterator[CheckResult]:
        """Wait for many carts, at most `concurrency` checks at a time and `rate` a second; iterates
        over a CheckResult for each, as it settles.

        A cart that is not decided after `timeout` seconds comes with a WaitTimeoutError as its
        `error`. What `resume`, earlier CheckResults or the path of a file, knows to be settled
        comes first, unasked; what timed out there goes on from its poll. `on_progress(done, total)`
        is called for each that is done; `progress` shows a bar, as for `check_many`.

        Args:
            carts: The carts, or their ids.
            timeout: How long to wait for each cart, in seconds.
            policy: How often to check; by default as often as Netgíró wants.
            concurrency: How many checks are in flight at most; None for 32, and for up to 256 where
                the carts need more to be checked in time.
            rate: How many checks are sent in a second at most; None for no limit.
            resume: Earlier results, or the path of their file: what they know is not asked again.
            on_progress: Called with how many are done and how many there are.
            progress: Whether to show a bar; None for what fits the place.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    async def poll_step(self, poll: CartPoll | str) -> CartPoll:
        """Take a CartPoll, or its JSON, one check further; returns the CartPoll to keep.

        Sends nothing when the check is not due yet or the poll is done. The poll it returns is on
        this machine's clock, also where it was kept by a machine whose clock differs. Raises
        WaitTimeoutError at the deadline, and any error that waiting cannot mend.

        Args:
            poll: The poll, or its JSON.

        Raises:
            WaitTimeoutError: The deadline was reached, and the cart is still open.
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    async def find_by_reference(self, reference: str, *, amount: _Amount) -> Cart | None:
        """Look for the cart of an `insert_cart` whose outcome is unknown, by the order's reference; returns a Cart or
        None. A Cart may be the one, with the order's amount and reference: go on as if `insert_cart` had returned
        it, and check it. Only a check says where it stands.

        Netgíró last documented this look-up in 2020, so it may not exist any more, and may not see a cart that the
        customer has not accepted yet. None means that the server says that it has no such cart. It does not mean
        that nobody was asked to pay: do not insert the order again on its account before the customer can no longer
        accept.

        Raises MismatchError when the answer names another reference or another amount, ApiError when Netgíró
        refuses or does not have the look-up, and ProtocolError or ServerError for an answer that cannot be read.

        Args:
            reference: The order's reference, as given to `insert_cart`.
            amount: The order's amount, in whole krónur.

        Raises:
            MismatchError: The answer names another reference or another amount.
            ApiError: Netgíró refuses, or does not have the look-up.
            NetgiroError: What else the request failed with.
        """

    async def refund_cart(
        self,
        cart: _CartArgument,
        amount: _Amount,
        *,
        idempotency_key: str,
        description: str | None = None,
    ) -> Refund:
        """Refund a payment, in full or in part; returns the Refund: the customer gets `amount` krónur back. For carts
        of V1 too.

        Netgíró processes one refund for each `idempotency_key`, so what may have been lost is sent again with it.
        Raises OutcomeUnknownError, which has the key, when the refund may have been made although no sound answer
        came: make the same call again. Raises ApiError when Netgíró says no, and MismatchError when the key belongs to
        another refund. A refund changes no status: a paid cart stays paid, and how much was refunded is the shop's to
        store.

        Asked of the API's V2, whose answers are not signed.

        What breaks the call off, such as CancelledError, has what is known of it as its `__cause__`: an
        OutcomeUnknownError when the refund may have been made, which a note says as well (Python 3.11 on).
        Make the same call again with the same key then.

        Args:
            cart: The cart whose payment is refunded, or its id.
            amount: What the customer gets back, in whole krónur.
            idempotency_key: The shop's own name of this refund, made of what it is.
            description: Shown in Netgíró's merchant portal.

        Raises:
            OutcomeUnknownError: The refund may have been made: make the same call again.
            ApiError: Netgíró said no.
            MismatchError: The key belongs to another refund.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    async def get_transaction(self, cart: _CartArgument) -> Transaction:
        """Ask what Netgíró holds about a cart's payment; returns a Transaction: whether it can be refunded, and when
        the money goes to the shop.

        Asked of the API's V2, whose answers are not signed: `check_cart` alone says whether a cart is paid.

        Args:
            cart: The cart, or its id.

        Raises:
            ApiError: Netgíró said no.
            NetgiroError: What else the request failed with.
        """

    async def create_checkout(
        self,
        *,
        amount: _Amount,
        reference: str,
        success_url: str,
        cancel_url: str,
        callback_url: str | None = None,
        manual_capture: bool = False,
    ) -> Checkout:
        """Create a hosted checkout; returns the Checkout: a page of Netgíró's, to whose `checkout_url` the customer's
        browser is sent. Nobody is asked to pay before that.

        `amount` is in whole krónur: an int, text or a Decimal without a fraction. `reference` is the shop's order
        id, without control characters. The customer's browser goes to `success_url` after paying, and to `cancel_url`
        after canceling. With a `callback_url` the 2xx of that URL makes the payment; with `manual_capture` the money
        is held until the shop captures it. All three are absolute URLs.

        Sent once: raises OutcomeUnknownError, which has the reference, when the checkout may have been created
        although no sound answer came. Raises InvalidRequestError before anything is sent, ConnectError when nothing
        could be sent, and ApiError when Netgíró says no. The Checkout has no transaction id: that comes with the
        redirect and the callback.

        What breaks the call off, such as KeyboardInterrupt, has what is known of it as its `__cause__`: an
        OutcomeUnknownError when the checkout may have been created, which a note says as well (Python 3.11 on).

        Args:
            amount: What the customer is asked to pay, in whole krónur.
            reference: The shop's order id.
            success_url: Where the customer's browser goes after paying, an absolute URL.
            cancel_url: Where the customer's browser goes after canceling, an absolute URL.
            callback_url: Where Netgíró reports that the customer paid; its 2xx makes the payment.
            manual_capture: Whether the money is held until the shop captures it.

        Raises:
            OutcomeUnknownError: The checkout may have been created; nobody can have paid on its page.
            ApiError: Netgíró said no.
            ConnectError: Nothing was sent.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    def verify_redirect(
        self, url: str, *, amount: _Amount | None = None, reference: str | None = None
    ) -> Redirect:
        """Verify the URL with which a customer comes back from Netgíró's page, and read it; returns a Redirect. Not
        awaited.

        For display alone: whoever has the URL can open it again, so deliver after a callback and a check. `url` is
        the whole URL, or its query; `amount`, in whole krónur, and `reference` are the order's. Raises
        SignatureError when it does not verify, and MismatchError when it is about another amount or reference.

        Args:
            url: The URL as the browser requested it, or its query.
            amount: The order's amount, in whole krónur.
            reference: The order's reference.

        Raises:
            SignatureError: It does not verify.
            MismatchError: It is about another amount or reference.
            InvalidRequestError: An argument cannot be used.
        """

    async def settlements(
        self, date_from: _Day, date_to: _Day, *, settlement_number: str | None = None
    ) -> list[Settlement]:
        """Ask for the settlements from one day to another, or for one of them; returns a list of
        Settlement.

        Days are dates, datetimes or text such as "2026-01-31". The answer is not signed:
        `response_verification` says nothing of it.

        Args:
            date_from: The first day.
            date_to: The last day.
            settlement_number: The number of the one settlement to ask for.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    async def settlement_items(self, number: str) -> list[SettlementItem]:
        """Ask for the sales in a settlement; returns a list of SettlementItem.

        Args:
            number: The settlement's `number`.

        Raises:
            InvalidRequestError: An argument cannot be used; nothing was sent.
            NetgiroError: What else the request failed with.
        """

    def verify_callback(
        self,
        *,
        url: str,
        headers: _Headers,
        body: _Body,
        replay_guard: ReplayGuard | None = None,
    ) -> Callback:
        """Verify a callback and read it; returns a Callback, or raises SignatureError. Not awaited.

        `url` is the one given to `insert_cart`; `headers` a mapping, a WSGI environ or pairs;
        `body` the bytes as received. A `replay_guard` is asked last, and refuses a callback
        that was accepted before.

        Args:
            url: The URL as it was given to `insert_cart`.
            headers: All headers of the request: a mapping, a WSGI environ or pairs.
            body: The bytes as received.
            replay_guard: Refuses a callback that was accepted before.

        Raises:
            SignatureError: It does not verify: answer 400.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    async def verify_callback_once(
        self,
        *,
        url: str,
        headers: _Headers,
        body: _Body,
        replay_guard: ReplayGuard | AsyncReplayGuard,
    ) -> Callback:
        """Verify a callback as `verify_callback` does, with a replay guard.

        Awaited on AsyncClient, where `is_first` may be a coroutine function: one that asks a database
        or Redis.

        Args:
            url: The URL as it was given to `insert_cart`.
            headers: All headers of the request: a mapping, a WSGI environ or pairs.
            body: The bytes as received.
            replay_guard: Refuses a callback that was accepted before.

        Raises:
            SignatureError: It does not verify, or was accepted before.
            InvalidRequestError: An argument cannot be used; nothing was sent.
        """

    async def close(self) -> None:
        """Close the connections. Calls in flight end by themselves; later ones raise
        ConfigurationError.
        """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...

def command(arguments: Sequence[str], program: Sequence[str]) -> int:
    """Carry out a command from its arguments, without the program's name; return its exit code.

    `program` are the words that start the same program, for one in the background.

    An exception of a signal's handler, such as KeyboardInterrupt, makes it stop; a second one does not wait
    for it, unless it has yet to say what became of a call in flight.
    """

def check_new_cart(
    *,
    amount: _Amount,
    reference: str,
    customer_id: str | None = None,
    access_code: str | None = None,
    barcode: str | None = None,
    confirmation_type: ConfirmationType | _ConfirmationWord | Literal[0, 1, 2] | None = None,
    callback_url: str | None = None,
    callback_cancel_url: str | None = None,
    description: str | None = None,
    items: Iterable[CartItem | _CartItemDict] | None = None,
    location_id: str | None = None,
    register_id: str | None = None,
    api: Literal["v1", "v2"] | None = None,
) -> None:
    """Check the arguments of `insert_cart`; raises what `insert_cart` of a client with this `api` would raise for them before
    anything is sent.
    """

def csv_cell(text: str) -> str:
    """Return a text as a cell of a CSV file that no spreadsheet takes for a formula."""

def customer_message(
    of: NetgiroError | CartState | CartStatus | _StatusWord,
    lang: str = "is",
    *,
    timed_out: bool = False,
) -> str:
    """Return what a customer may read about an error, a cart's state, or a status: whole sentences.

    In Icelandic, or with another `lang` than `"is"` (a tag such as `"is-IS"` counts) in English. They say that
    nothing was charged only where that is known, and hold no developer's words, codes or numbers. `timed_out`
    says of a canceled cart that the customer did not answer in time, which Netgíró's answers do not tell.
    Raises `InvalidRequestError` for anything else.

    Args:
        of: The error, the state or the status.
        lang: The language: `"is"`, or another for English.
        timed_out: Whether a canceled cart is one that was not answered in time.

    Raises:
        InvalidRequestError: `of` is none of them.
    """

def error_customer_message(error: NetgiroError, lang: str) -> str:
    """Return what a customer may read about an error, by its facts."""

def icelandic_number(value: Decimal | int) -> str:
    """Return a number as in Iceland: `1.234.567,5`."""

def is_json_mode(mode: object) -> bool:
    """Return whether values are asked for as what JSON holds, rather than as they are."""

def mask_customer_id(text: str) -> str:
    """Return a customer's number, of whatever spelling, with all but its last two characters masked."""

def mask_customer_ids(text: str) -> str:
    """Return a text with the phone numbers, kennitölur and app codes in it masked."""

def reconcile_columns(
    orders: tuple[list[Any], ...],
    checks: Iterable[Any],
    refunds: list[Any] | None,
    taken_back: list[tuple[Any, Decimal]],
    *,
    tolerance: int | Decimal,
    since: int | None,
    until: int | None,
    now: int,
) -> tuple[dict[str, list[Any]], dict[str, dict[str, Any]], int]:
    """Classify orders and payments; `netgiro.reconcile` reads its inputs for it.

    `orders` are references, transaction ids, amounts, whether each is a refund, amounts refunded, words and
    microseconds; `checks` CheckResults, CartStates or tuples; `refunds` Refunds or tuples, None if they are not known; `taken_back`
    what settlements take back, by what names the cart. Returns the columns of the rows, the totals, and how many orders the window
    left out.
    """

def reconcile_settlements(
    settlements: list[tuple[str | None, Decimal | None, list[tuple[Any, ...]]]],
    checks: Iterable[Any],
    orders: tuple[list[Any], ...],
    refunds: list[Any] | None,
    *,
    since: int | None,
    until: int | None,
    days: tuple[int, int] | None,
    now: int,
) -> tuple[
    list[tuple[Any, ...]],
    list[tuple[str | None, int, Decimal, Decimal | None]],
    list[tuple[str, tuple[Any, ...]]],
    int,
]:
    """Put every paid cart and every item in one class; `netgiro.reconcile` reads its inputs for it, `orders` and
    `refunds` as for `reconcile_columns`.

    Returns the rows, the transfers and the totals as tuples, and how many rows the window left out.
    """

def backoff(first: float, failures: int, longest: float) -> float:
    """Return the delay in seconds after so many failures in a row: the core's `backoff`."""

def poll_dated(
    poll: CartPoll, now: datetime.datetime, server_now: datetime.datetime | None
) -> CartPoll:
    """Return a poll that knows what the server's clock said at `now`: the core's `dated`."""

def poll_delay(poll: CartPoll, now: datetime.datetime | None = None) -> float:
    """Return how long to wait before the next step of a poll, in seconds: the core's `delay`."""

def poll_on_clock(
    poll: CartPoll, now: datetime.datetime, server_now: datetime.datetime | None = None
) -> CartPoll:
    """Return a poll on the clock of whoever takes its next step: the core's `on_clock`."""

def server_now(client: Client | AsyncClient) -> datetime.datetime | None:
    """Return what the server's clock says now, by the answers that a client has had; None before the first."""

@final
class DoctorCheck:
    """One thing that `doctor` has looked at."""

    @property
    def name(self) -> str:
        """Its name, such as "clock" or "callback_signature"."""

    @property
    def ok(self) -> bool | None:
        """Whether it is as it should be; None where it could not be looked at, or need not be."""

    @property
    def detail(self) -> str:
        """What was found."""

    @property
    def remedy(self) -> str | None:
        """What to do about it; None where nothing is wrong."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class DoctorReport:
    """What `doctor` has found; as text a line for each check."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""

    @property
    def checks(self) -> list[DoctorCheck]:
        """What was looked at, in order: a list of `DoctorCheck`."""

    @property
    def text(self) -> str:
        """The report for people, with a remedy below what is wrong."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what JSON holds,
        which is the same here.
        """

    def __eq__(self, other: object, /) -> bool: ...

def doctor(
    *,
    callback: str | None = None,
    registered_url: str | None = None,
    timeout: float = 5.0,
    app_key: str | None = None,
    secret_key: str | None = None,
    environment: str | None = None,
    api: Literal["v1", "v2"] | None = None,
    base_url: str | None = None,
    ca_file: str | os.PathLike[str] | None = None,
) -> DoctorReport:
    """Look at a shop's set-up, and return what is wrong and what mends it, as a `DoctorReport`.

    Keys that are not given are read from the environment, as `from_env` does. CheckCart is sent for a
    cart that does not exist. With `callback`, the URL of the shop's callback route, test callbacks about
    such a cart are posted there, rightly signed and forged; they change nothing in a sound shop.
    `registered_url` is the callback URL as InsertCart gets it, where it is another one; `timeout` is how
    long the shop may take to answer, in seconds.

    Raises InvalidRequestError or ConfigurationError for arguments of its own that cannot be used;
    whatever else is wrong is in the report.

    Args:
        callback: The URL of the shop's callback route, to be looked at as well.
        registered_url: The URL that is given to `insert_cart`, where it differs from `callback`.
        timeout: How long the route may take, in seconds.
        app_key: The ApplicationId; by default the environment's.
        secret_key: The SecretKey; by default the environment's.
        environment: Which Netgíró; by default the environment's.
        api: `"v1"` or `"v2"`; by default the environment's.
        base_url: Another base URL; by default the environment's.
        ca_file: The path of a PEM file with certificate authorities to trust as well.

    Raises:
        InvalidRequestError: An argument cannot be used.
    """

def sign(secret_key: str, nonce: str, url: str, body: _Body) -> str:
    """Sign as the API does: lowercase hex of SHA-256 over secret key, nonce, URL and body.

    `url` is the whole absolute URL as sent; `body` the exact bytes sent, or text sent as UTF-8.

    Args:
        secret_key: The SecretKey.
        nonce: The value of the header `netgiro_nonce`.
        url: The whole URL, as sent.
        body: The body, as sent.
    """

@final
class Simulator:
    """A local Netgíró for tests: carts, customers, callbacks, faults and a clock that can be advanced.

    Listens on a loopback port, on a thread of its own, from when it is made until it is closed. The
    customer is you: `confirm`, `decline` and `expire` say what happens on the phone.
    """

    def __new__(
        cls,
        seed: int = 0,
        *,
        port: int = 0,
        app_key: str | None = None,
        secret_key: str | None = None,
        lifetime: float = 180.0,
        check_interval: float | None = 3.0,
        decimals: Literal[0, 1, 2] = 0,
        response_signatures: Literal["valid", "omit", "corrupt", "replay"] = "valid",
        unknown_cart_code: Literal[10201, 10424] = 10201,
        reject_repeated_nonce: bool = False,
        minimum_amount: int = 1,
        reaction: float = 0.0,
        callback_retry_delay: float = 5.0,
        callback_timeout: float = 5.0,
        history: int = 100000,
        latency: float = 0.0,
        public_url: str | None = None,
        shop: str = "Prufuverslun",
        tls: bool | tuple[str, str] = False,
        callback_hosts: Sequence[str] = (),
        settlement_cost: int = 195,
        require_confirmation_type: bool = False,
        require_json_numbers: bool = False,
        omit_payment_info: bool = False,
        stale_reads: int = 0,
        v2_refusal_status: Literal[200, 400] = 400,
        unknown_transaction_is_404: bool = False,
        repeated_refund: Literal["repeat", "refuse"] = "repeat",
        repeated_capture: Literal["repeat", "refuse"] = "refuse",
        repeated_cancel: Literal["repeat", "refuse"] = "refuse",
        hold_lifetime: float = 604800.0,
        poll_interval: float | None = 2.0,
        callback_signature_decimals: Literal[0, 1, 2] = 0,
        refuse_settled_refunds: bool = False,
        hosted_callback_as_form: bool = False,
        reference_lookup: Literal["carts", "payments", "off"] = "carts",
        form_callback_as_get: bool = False,
    ) -> Self:
        """Start a simulator; raises InvalidRequestError for an option that cannot be used.

        `seed` decides every id, nonce and SMS code. `port` 0 takes a free one. The keys are by default
        the published test account's. `lifetime` is how long a cart waits for its customer,
        `check_interval` the poll hint that InsertCart gives (None is sent as null, zero and negative
        numbers as they are), `reaction` how long the customers 8111111 and 8222222 take to answer,
        all in seconds. `decimals` is how many response amounts have.

        `latency` holds every answer of the API back, in seconds of real time. `public_url` is where
        others reach it through a tunnel or a proxy: `url` is below it then, and requests signed for it
        are let in whatever host they arrive with. `shop` is the name that the customer's phone shows.
        `tls` serves https: True with a certificate made up for it (see `ca_file`), or with your own,
        `(certificate, key)`, both as PEM text. Callbacks go to this machine, and to `callback_hosts`
        beside it, names or addresses without a port. `settlement_cost` is what Netgíró keeps of a sale,
        in hundredths of a percent.

        InsertCart without ConfirmationType counts as automatic, and a number written as JSON text is
        read; `require_confirmation_type` and `require_json_numbers` refuse them. `omit_payment_info`
        leaves PaymentInfo out of answers, as in 2019; callbacks keep theirs. `stale_reads` is how many
        CheckCarts after each change of a cart still answer what was true before it, as a replica that
        lags behind does: of a cart just inserted that there is none.

        `v2_refusal_status` is the HTTP status with which V2 refuses what a transaction does not allow;
        requests that are incomplete or malformed always get 400. `unknown_transaction_is_404` answers
        404 for a transaction that it does not know. `repeated_refund` says what a refund with a key, an
        amount and a transaction that were processed before gets: the first answer again, or a refusal.
        `repeated_capture` and `repeated_cancel` say the same of what is captured or canceled already.
        `refuse_settled_refunds` refuses to refund a sale whose settlement is made up.

        Of V2's checkout, `hold_lifetime` is how long money is held that is not captured, in seconds,
        `poll_interval` the poll hint of pending sales, and `callback_signature_decimals` how many decimals
        the amount has in what the signature of a callback covers. `hosted_callback_as_form` sends the hosted
        checkout's callbacks as a form with a signature in it; by default they are V2's JSON.

        `reference_lookup` says what V1's `payment/GetByReference` sees: every cart, those whose customer has
        accepted ("payments"), or nothing, since the API no longer has it ("off"). `form_callback_as_get` sends
        the callbacks of a checkout that a form opened with GET; by default they are posted.

        Args:
            seed: Decides every id, nonce and SMS code.
            port: The port; 0 for a free one.
            app_key: The application key; by default the published test account's.
            secret_key: The secret key; by default the published test account's.
            lifetime: How long a cart waits for its customer, in seconds.
            check_interval: The poll hint of InsertCart, in seconds; None for null.
            decimals: How many decimals the amounts of answers have.
            response_signatures: How answers are signed.
            unknown_cart_code: The result code for a cart that is not there.
            reject_repeated_nonce: Whether a nonce is accepted only once.
            minimum_amount: The least amount of a cart, in krónur.
            reaction: How long the customers 8111111 and 8222222 take to answer, in seconds.
            callback_retry_delay: The time until a callback is sent once more, in seconds.
            callback_timeout: How long a callback waits for its answer, in seconds.
            history: How many requests and callbacks are kept.
            latency: How long every answer is held back, in seconds of real time.
            public_url: Where others reach it through a tunnel or a proxy.
            shop: The shop's name on the customer's phone.
            tls: Whether to serve https; or a certificate and its key, as PEM text.
            callback_hosts: Hosts that callbacks may be sent to, beside this machine.
            settlement_cost: What Netgíró keeps of a sale, in hundredths of a percent.
            require_confirmation_type: Whether an InsertCart without ConfirmationType is refused.
            require_json_numbers: Whether numbers written as text are refused.
            omit_payment_info: Whether answers have no PaymentInfo.
            stale_reads: How many CheckCarts after a change answer what was true before it.
            reference_lookup: What V1's look-up by reference sees: "carts", "payments" or, where it is gone, "off".
            form_callback_as_get: Whether the callbacks of a checkout that a form opened are sent with GET.
            v2_refusal_status: The HTTP status of V2's refusals.
            unknown_transaction_is_404: Whether V2 answers 404 for a transaction that is not there.
            repeated_refund: What a refund gets that was made before.
            repeated_capture: What a capture gets that was made before.
            repeated_cancel: What a cancel gets that was made before.
            hold_lifetime: How long V2 holds money that is not captured, in seconds.
            poll_interval: The poll hint of V2, in seconds; None for none.
            callback_signature_decimals: How many decimals the signed amount of V2's callbacks has.
            refuse_settled_refunds: Whether a settled sale cannot be refunded.
            hosted_callback_as_form: Whether the hosted checkout's callbacks are forms.

        Raises:
            InvalidRequestError: An option cannot be used.
        """

    @property
    def url(self) -> str:
        """The base URL for a client: `http://127.0.0.1:PORT/v1/`, or below `public_url`."""

    @property
    def page_url(self) -> str:
        """The page for people: the customer's phone beside the shop. `#phone` after it shows the
        phone alone.
        """

    @property
    def local_url(self) -> str:
        """The base URL on this machine, whatever `public_url` says: where a proxy passes requests to."""

    @property
    def ca_file(self) -> str | None:
        """The path of a PEM file with the authority to trust, where `tls=True` made one up; otherwise
        None. The file goes when the simulator is closed.
        """

    @property
    def app_key(self) -> str:
        """The application key that is let in."""

    @property
    def secret_key(self) -> str:
        """The secret key of both sides."""

    def client(
        self,
        *,
        environment: Environment | _EnvironmentWord = "test",
        api: Literal["v1", "v2"] = "v1",
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        response_verification: ResponseVerification | _VerificationWord = "if_present",
        payment_info: PaymentInfoPolicy | _PaymentInfoWord = "if_present",
        ca_file: _Path | None = None,
        previous_secret_keys: Iterable[str] = (),
        proxy: str | None = None,
    ) -> Client:
        """Make a Client for this simulator, with the options of Client; `ca_file` is the simulator's own
        when none is given.

        Args:
            environment: `"test"` or `"production"`.
            api: Which API carts are inserted and followed by, `"v1"` or `"v2"`.
            timeout: How long one call may take, its repeats included, in seconds.
            connect_timeout: How long connecting may take, in seconds.
            response_verification: What to do about the signatures of answers: `"required"`,
                `"if_present"` or `"off"`.
            payment_info: What to do about an answer that says "paid" and not what was paid:
                `"required"` refuses it.
            ca_file: The path of a PEM file with certificate authorities to trust as well.
            previous_secret_keys: Secret keys that are being replaced: callbacks signed with them
                are still accepted.
            proxy: The http or https URL of a proxy, rather than the environment's.

        Raises:
            ConfigurationError: An option cannot be used.
        """

    def async_client(
        self,
        *,
        environment: Environment | _EnvironmentWord = "test",
        api: Literal["v1", "v2"] = "v1",
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        response_verification: ResponseVerification | _VerificationWord = "if_present",
        payment_info: PaymentInfoPolicy | _PaymentInfoWord = "if_present",
        ca_file: _Path | None = None,
        previous_secret_keys: Iterable[str] = (),
        proxy: str | None = None,
    ) -> AsyncClient:
        """Make an AsyncClient for this simulator, with the options of AsyncClient; `ca_file` is the
        simulator's own when none is given.

        Args:
            environment: `"test"` or `"production"`.
            api: Which API carts are inserted and followed by, `"v1"` or `"v2"`.
            timeout: How long one call may take, its repeats included, in seconds.
            connect_timeout: How long connecting may take, in seconds.
            response_verification: What to do about the signatures of answers: `"required"`,
                `"if_present"` or `"off"`.
            payment_info: What to do about an answer that says "paid" and not what was paid:
                `"required"` refuses it.
            ca_file: The path of a PEM file with certificate authorities to trust as well.
            previous_secret_keys: Secret keys that are being replaced: callbacks signed with them
                are still accepted.
            proxy: The http or https URL of a proxy, rather than the environment's.

        Raises:
            ConfigurationError: An option cannot be used.
        """

    def confirm(self, transaction_id: _CartArgument) -> None:
        """Let the customer accept. A callback is sent meanwhile; this does not wait for its answer.

        Raises InvalidRequestError when the customer has decided already or the time is over.

        Args:
            transaction_id: The cart, or its id.

        Raises:
            InvalidRequestError: The customer has decided already, or the time is over.
        """

    def decline(self, transaction_id: _CartArgument) -> None:
        """Let the customer decline.

        Raises InvalidRequestError when the customer has decided already or the time is over.

        Args:
            transaction_id: The cart, or its id.

        Raises:
            InvalidRequestError: The customer has decided already, or the time is over.
        """

    def expire(self, transaction_id: _CartArgument) -> None:
        """End a cart as if its time were over.

        Raises InvalidRequestError for a cart that cannot change any more.

        Args:
            transaction_id: The cart, or its id.

        Raises:
            InvalidRequestError: The cart cannot change any more.
        """

    def withhold(self, transaction_id: _CartArgument) -> None:
        """Leave a paid cart out of its settlement, as if Netgíró had forgotten it.

        Raises InvalidRequestError for a cart that is not paid.

        Args:
            transaction_id: The cart, or its id.

        Raises:
            InvalidRequestError: The cart is not paid.
        """

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once on the simulator's clock.

        Raises InvalidRequestError for more than ten years in all, and for less than none.

        Args:
            seconds: How many seconds pass.

        Raises:
            InvalidRequestError: They are less than none, or more than ten years in all.
        """

    def now(self) -> datetime.datetime:
        """Return the simulator's time, an aware `datetime` in UTC: real time, plus what it was
        advanced by.
        """

    def carts(self) -> list[SimulatedCart]:
        """Return all carts as a list of SimulatedCart, in the order in which they were inserted."""

    def cart(self, transaction_id: _CartArgument) -> SimulatedCart | None:
        """Return one cart as a SimulatedCart; None when there is none.

        Args:
            transaction_id: The cart, or its id.
        """

    def requests(self) -> list[SimulatedRequest]:
        """Return every request as a list of SimulatedRequest, in the order of arrival."""

    def callbacks(self) -> list[SimulatedCallback]:
        """Return every attempt at a callback as a list of SimulatedCallback, in order."""

    def add_fault(
        self,
        endpoint: _EndpointWord | Literal["*"],
        *,
        count: int = 1,
        refuse: float | None = None,
        confirm_during: bool = False,
        processed: bool | None = None,
        delay: float | None = None,
        drop: Literal["unread", "before", "after", "within", "answered"] | None = None,
        drop_by: Literal["close", "reset", "silence"] = "close",
        status: int | None = None,
        result_code: int | None = None,
        retry_after: float | str | None = None,
        headers: Mapping[str, str] | None = None,
        header_bytes: int | None = None,
        body: _Body | None = None,
        body_as: _SpoiltWord | None = None,
        padding: int | None = None,
        drip: float | None = None,
        signature: _SignatureWord | None = None,
    ) -> None:
        """Let something go wrong with the next `count` requests to an endpoint, or to any for `"*"`.

        Members may be combined; times are in seconds of real time. `refuse` stands alone: for so
        long it refuses connections, whatever they are for, and it cuts those that are open.

        `drop` says where the exchange breaks off, and `drop_by` how. `confirm_during` lets the
        customer confirm just before the request is processed, and `processed` says whether it is:
        by default not with `drop` "unread" or "before", nor where `status` from 300 or `result_code`
        stand in for the answer. `delay` holds the answer back; `drip` sends its body a byte at a
        time. `status`, `result_code`, `retry_after`, `headers`, `body` and `signature` change the
        answer, `header_bytes` and `padding` make it long, `body_as` spoils it.

        Args:
            endpoint: Which requests it strikes, or `"*"` for all.
            count: How many requests it strikes.
            refuse: For how long connections are refused, in seconds; it stands alone.
            confirm_during: Whether the customer confirms just before the request is processed.
            processed: Whether the request is processed; None for what fits the fault.
            delay: How long the answer is held back, in seconds.
            drop: Where the exchange breaks off.
            drop_by: How it breaks off.
            status: The answer's HTTP status.
            result_code: The answer's result code.
            retry_after: The answer's Retry-After header: seconds, or text.
            headers: Headers of the answer.
            header_bytes: How many bytes of headers to add.
            body: The answer's body.
            body_as: How the body is spoiled.
            padding: How many blanks to send after the body.
            drip: The time between two bytes of the body, in seconds.
            signature: How the answer is signed.

        Raises:
            InvalidRequestError: The members cannot be combined, or cannot be used.
        """

    def storm(self, seed: int = 0, *, failure_rate: float = 0.3, reaction: float = 0.3) -> None:
        """Let a storm break loose, in place of one that blows already: a share of all calls fails, each
        in a way of its own, and customers confirm, decline, ignore the request, or confirm just as the
        merchant cancels.

        What happens to an order depends on the seed, its reference and how often its calls were made,
        and not on the orders beside it. `reaction` is how long a customer takes at the most, in seconds
        of the simulator's clock. Scripted faults go first; `clear_faults` ends it.

        Args:
            seed: Decides everything.
            failure_rate: The share of calls that fails, from 0 to 1.
            reaction: How long a customer takes at the most, in seconds.

        Raises:
            InvalidRequestError: An argument cannot be used.
        """

    def clear_faults(self) -> None:
        """Forget the faults that have not struck yet, let connections in again, and let a storm's calls
        through: its customers still do what they meant to.
        """

    def close(self) -> None:
        """Stop the server. What it has seen stays readable."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
        /,
    ) -> None: ...

@final
class SimulatedCart:
    """A cart as the simulator holds it."""

    @property
    def transaction_id(self) -> uuid.UUID:
        """Its id, a `uuid.UUID`."""

    @property
    def reference(self) -> str:
        """The shop's order id."""

    @property
    def amount(self) -> int:
        """The amount in krónur."""

    @property
    def customer_id(self) -> str:
        """Who is asked to pay."""

    @property
    def status(self) -> CartStatus:
        """Where it stands, a `CartStatus`."""

    @property
    def is_paid(self) -> bool:
        """Whether it is paid."""

    @property
    def is_timed_out(self) -> bool:
        """Whether it is canceled because its time ran out; Netgíró's answers say "canceled" alone."""

    @property
    def result_code(self) -> int:
        """The result code that CheckCart answers."""

    @property
    def confirmation_type(self) -> ConfirmationType:
        """Who turns the customer's yes into a payment, a `ConfirmationType`."""

    @property
    def created(self) -> datetime.datetime:
        """When it was inserted, an aware `datetime` in UTC on the simulator's clock."""

    @property
    def expires_at(self) -> datetime.datetime:
        """Until when it waits for its customer, an aware `datetime` in UTC."""

    @property
    def sms_code(self) -> str | None:
        """The code in the customer's SMS; None unless the customer was named by kennitala."""

    @property
    def checks(self) -> int:
        """How often CheckCart, or V2's Status, asked for it."""

    @property
    def captured(self) -> int | None:
        """What was captured over V2, in krónur; None if nothing was."""

    @property
    def refunds(self) -> list[SimulatedRefund]:
        """Its refunds, a list of SimulatedRefund, in the order in which they were made."""

    @property
    def refunded(self) -> int:
        """The sum of its refunds, in krónur."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class SimulatedRefund:
    """A refund of a part or all of a payment."""

    @property
    def amount(self) -> int:
        """The amount in krónur."""

    @property
    def idempotency_key(self) -> str:
        """The shop's key, under which a refund is made once."""

    @property
    def description(self) -> str | None:
        """The shop's description."""

    @property
    def refunded_at(self) -> datetime.datetime:
        """When it was made, an aware `datetime` in UTC on the simulator's clock."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class SimulatedRequest:
    """A request as the simulator received it, and what became of it."""

    @property
    def endpoint(self) -> _EndpointWord | None:
        """What was called, such as "CheckCart"; None for a path the API does not have."""

    @property
    def transaction_id(self) -> uuid.UUID | None:
        """The cart it names, a `uuid.UUID`; None if it makes one, and for settlements."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def path(self) -> str:
        """The path as received, with its query."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers as a dict; names are in lower case."""

    @property
    def body(self) -> str:
        """The body as text."""

    @property
    def nonce(self) -> str | None:
        """The nonce it was signed with."""

    @property
    def signature_ok(self) -> bool:
        """Whether its application key and signature were right; with V2, the key."""

    @property
    def status(self) -> int | None:
        """The HTTP status answered; None while it is being answered, or when it never was."""

    @property
    def answer(self) -> str | None:
        """The body answered; None while it is being answered, or when it never was."""

    @property
    def at(self) -> datetime.datetime:
        """When it arrived, an aware `datetime` in UTC on the simulator's clock."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class SimulatedCallback:
    """An attempt of the simulator at a callback."""

    @property
    def transaction_id(self) -> uuid.UUID:
        """The cart it is about, a `uuid.UUID`."""

    @property
    def url(self) -> str:
        """Where it was sent: the URL given to `insert_cart`."""

    @property
    def attempt(self) -> int:
        """1, or 2 for the repetition."""

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer; None when there was none, or not yet."""

    @property
    def is_done(self) -> bool:
        """Whether this attempt is over."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers sent, as a dict."""

    @property
    def body(self) -> str:
        """The body sent, as text."""

    @property
    def at(self) -> datetime.datetime:
        """When it was sent, an aware `datetime` in UTC on the simulator's clock."""

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; with `mode="json"` as what
        JSON holds: amounts as numbers, instants as ISO 8601 text, ids and words as text.
        """

    def __iter__(self) -> Iterator[tuple[str, Any]]: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any: ...
    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]: ...
    def __eq__(self, other: object, /) -> bool: ...

def callback_answer(status: int) -> tuple[str, tuple[str, str] | None]:
    """Return the text that a callback is answered with by the status, and a header's name and value or None."""

def replay_key(callback: Callback) -> tuple[str, str] | None:
    """Return what a replay guard is asked about a callback: its nonce and its signature; None for one of V2, about which
    no guard is asked.

    Raises ValueError for a Callback of V1 that no client has verified.
    """

def replayed(callback: Callback) -> NetgiroError:
    """Return the error for a callback that its guard has seen before."""

@final
class CallbackRoute:
    """A callback route: what its requests share."""

    def __new__(cls, *, has_guard: bool) -> Self: ...
    def request(self, method: str = "POST") -> CallbackRequest:
        """Return a request to the route, which has yet to be answered."""

@final
class CallbackRequest:
    """A request to a callback route: `action` is what to do next, and a method reports the outcome."""

    @property
    def action(self) -> str:
        """What is to be done next."""

    @property
    def status(self) -> int:
        """The status of the answer; 0 before."""

    @property
    def reason(self) -> str:
        """Why it is that, for the log alone."""

    def body(self, size: int) -> str:
        """Tell that the body has so many bytes; gives the next action, as each of these methods does."""

    def verified(
        self,
        transaction_id: _TransactionId,
        amount: Decimal | SupportsIndex | str | None,
        reference: str | None,
        signature: str | None,
    ) -> str:
        """Tell that the callback verifies, and what it says."""

    def rejected(self, reason: str) -> str:
        """Tell that the callback does not verify."""

    def order(self, cart: Cart | None) -> str:
        """Tell the shop's order, as the cart that it is about; None where it has no such order."""

    def not_kronur(self, reason: str) -> str:
        """Tell that the order is about a number that is not whole krónur."""

    def first(self, is_first: bool) -> str:
        """Tell whether the guard has not seen the callback before."""

    def done(self) -> str:
        """Tell that the callback is recorded, or forgotten."""

    def failed(self, reason: str) -> str:
        """Tell that whoever was asked has failed."""

    def unusable(self, reason: str) -> str:
        """Tell that what was given cannot be used."""

    def refused(self, status: int, reason: str) -> str:
        """Tell that the shop refuses the callback by itself."""

    def canceled(self) -> str:
        """Tell that the request is canceled."""

@final
class FollowUp:
    """A cart that is followed to its end: `action` is what to do next, and a method reports the outcome.

    After a callback it has a ledger, and an hour's patience; `in_messages` it has neither.
    """

    def __new__(
        cls,
        cart: Cart | CartState | CartPoll | _TransactionId,
        *,
        now: datetime.datetime | None = None,
    ) -> Self: ...
    @staticmethod
    def in_messages(poll: CartPoll, failures: int = 0) -> FollowUp:
        """Go on with a poll that was kept in a message, after so many failures in a row.

        Whatever whole number they are, since they were kept in somebody else's queue.
        """

    @property
    def action(self) -> str:
        """What is to be done next."""

    @property
    def delay(self) -> float | None:
        """How long to wait, in seconds, where that is to be done."""

    @property
    def poll(self) -> CartPoll:
        """The poll, and in it the cart's state."""

    @property
    def failures(self) -> int:
        """How many failures in a row there were."""

    def claimed(self, is_claimed: bool) -> str:
        """Tell whether the cart is claimed; gives the next action, as each of these methods does."""

    def checked(self, poll: CartPoll, *, now: datetime.datetime | None = None) -> str:
        """Tell what the poll is after a check."""

    def done(self) -> str:
        """Tell that what was to be done is done."""

    def failed(self, error: BaseException, *, elapsed: float = 0.0) -> str:
        """Tell that it raised an exception, when the cart had been followed for so many seconds."""

    def stopped(self) -> str:
        """Tell that the program ends, so that others go on with the cart."""
