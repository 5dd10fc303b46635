"""Values as JSON: by their own methods, through pydantic, and from endpoints of FastAPI."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import fastapi
import pydantic
import pytest
from fastapi.testclient import TestClient

import netgiro
from checkout.test_values import AT, CART, PAYMENT, POLL, STATE, VALUES
from harness import PHONE, SOME_ID

SETTLED = [
    netgiro.Settlement(
        number="100000-000069", created=AT, amount=Decimal("4970.50"), number_of_sales=1
    ),
    netgiro.SettlementItem(Decimal("4990.00"), None, AT, "L-7"),
]
RESULTS = netgiro.CheckResults(
    [
        netgiro.CheckResult(SOME_ID, state=STATE),
        netgiro.CheckResult(SOME_ID, error=netgiro.ServerError("down")),
    ]
)
ERRORS = [
    netgiro.WaitTimeoutError("too late", state=STATE, poll=POLL),
    netgiro.RateLimitedError("slowly", retry_after=1.5),
    netgiro.OutcomeUnknownError("who knows", reference="order-1"),
]
each = pytest.mark.parametrize(
    "value", [*VALUES, *SETTLED, *ERRORS], ids=lambda value: type(value).__name__
)


def is_json(value) -> bool:
    if isinstance(value, dict):
        return all(type(name) is str and is_json(member) for name, member in value.items())
    if isinstance(value, list):
        return all(map(is_json, value))
    return type(value) in {str, int, float, bool, type(None)}


def simulated():
    with netgiro.Simulator() as simulator, simulator.client() as shop:
        cart = shop.insert_cart(
            amount=4990,
            reference="order-1",
            customer_id=PHONE,
            callback_url=simulator.local_url + "nowhere",
        )
        simulator.confirm(cart)
        shop.check_cart(cart)
        shop.refund_cart(cart, 1000, idempotency_key="order-1-line-1")
        refunds = simulator.cart(cart).refunds
        return [*simulator.carts(), *refunds, *simulator.requests(), *simulator.callbacks()]


@each
def test_to_dict_has_a_mode_for_json(value):
    plain = value.to_dict(mode="json")
    assert is_json(plain)
    assert json.loads(json.dumps(plain)) == plain
    assert list(plain) == list(value.to_dict())
    assert value.to_dict(mode="python") == value.to_dict()
    if not isinstance(value, netgiro.CartPoll):  # whose to_json is what it goes on from
        assert json.loads(value.to_json()) == plain


def test_what_the_simulator_saw_is_json_too():
    for value in simulated():
        assert json.loads(value.to_json()) == value.to_dict(mode="json")
        assert dict(value) == value.to_dict()


@pytest.mark.parametrize("mode", ["yaml", None, 1, "JSON", b"json", ["json"]], ids=repr)
def test_no_other_mode(mode):
    for value in (STATE, SETTLED[0], ERRORS[0]):
        if mode is None and value is STATE:
            continue
        with pytest.raises(
            netgiro.InvalidRequestError, match='mode must be "python" or "json"; got '
        ):
            value.to_dict(mode=mode)


def test_members_as_json_holds_them():
    plain = STATE.to_dict(mode="json")
    assert plain["transaction_id"] == SOME_ID
    assert plain["status"] == "confirmed"
    assert type(plain["status"]) is str
    assert plain["checked_at"] == "2026-01-02T03:04:05.678901+00:00"
    assert dt.datetime.fromisoformat(plain["checked_at"]) == STATE.checked_at
    assert plain["is_paid"] is True
    assert plain["payment"]["total_amount"] == 1000
    assert type(plain["payment"]["total_amount"]) is int
    assert netgiro.CartItem("x", 800, "0.5").to_dict(mode="json")["quantity"] == 0.5
    assert SETTLED[0].to_dict(mode="json")["amount"] == 4970.5
    assert json.loads(RESULTS.to_json()) == [result.to_dict(mode="json") for result in RESULTS]
    failed = RESULTS[1].to_dict(mode="json")["error"]
    assert failed["code"] == "server"
    assert "Netgíró" in netgiro.Settlement(provider_name="Netgíró").to_json()


@each
def test_reprs_show_members_as_they_are(value):
    if isinstance(value, netgiro.NetgiroError):
        return
    members = dict(value.to_dict())
    for name in members:
        member = getattr(value, name)
        shown = f"{name}={member!r}"
        is_left_out = member is None or name in {"is_final", "is_paid"}
        assert is_left_out or shown in repr(value)


def test_a_repr_can_be_evaluated():
    names = {name: getattr(netgiro, name) for name in netgiro.__all__}
    names |= {"UUID": UUID, "Decimal": Decimal, "datetime": dt}
    for value in (CART, STATE, PAYMENT, VALUES[3], SETTLED[0], netgiro.PollPolicy()):
        assert eval(repr(value), names) == value
    assert repr(netgiro.CartStatus.CONFIRMED) == "CartStatus.CONFIRMED"
    assert f"{netgiro.CartStatus.CONFIRMED}" == "confirmed"


# --- pydantic


@each
def test_pydantic_writes_what_to_dict_gives(value):
    adapter = pydantic.TypeAdapter(type(value))
    assert adapter.validate_python(value) is value
    plain = value.to_dict(mode="json")
    assert adapter.dump_python(value, mode="json") == plain
    assert adapter.dump_python(value) == value.to_dict()
    assert json.loads(adapter.dump_json(value)) == plain
    for mode in ("validation", "serialization"):
        schema = adapter.json_schema(mode=mode)
        assert schema["type"] == "object"
        assert schema["title"] == type(value).__name__
        assert list(schema.get("properties", plain)) == list(plain)


def test_the_schema_says_what_members_are():
    schema = pydantic.TypeAdapter(netgiro.CartState).json_schema(mode="serialization")
    members = schema["properties"]
    assert members["transaction_id"] == {"type": "string", "format": "uuid"}
    assert members["status"]["enum"] == [str(status) for status in netgiro.CartStatus]
    assert members["checked_at"] == {"type": "string", "format": "date-time"}
    payment, nothing = members["payment"]["anyOf"]
    assert nothing == {"type": "null"}
    assert payment["properties"]["total_amount"]["anyOf"][0] == {"type": "number"}
    assert set(schema["required"]) == set(members)


def test_models_hold_them():
    class Order(pydantic.BaseModel):
        cart: netgiro.Cart
        state: netgiro.CartState | None = None
        results: netgiro.CheckResults
        settlements: list[netgiro.Settlement] = []
        status: netgiro.CartStatus = netgiro.CartStatus.PENDING

    order = Order(cart=CART, state=STATE, results=RESULTS, settlements=[SETTLED[0]])
    assert order.state is STATE
    plain = json.loads(order.model_dump_json())
    assert plain == order.model_dump(mode="json")
    assert plain["state"] == STATE.to_dict(mode="json")
    assert plain["results"] == json.loads(RESULTS.to_json())
    assert order.model_dump()["cart"] == CART.to_dict()
    assert Order.model_json_schema()["properties"]["results"]["type"] == "array"


def test_nobody_makes_a_paid_state_of_json():
    paid = STATE.to_dict(mode="json")
    adapter = pydantic.TypeAdapter(netgiro.CartState)
    with pytest.raises(pydantic.ValidationError, match="CartState"):
        adapter.validate_python(paid)
    with pytest.raises(pydantic.ValidationError):
        adapter.validate_json(json.dumps(paid))
    with pytest.raises(pydantic.ValidationError):
        pydantic.TypeAdapter(netgiro.Cart).validate_python(STATE)


def test_pydantic_is_not_imported_before_it_asks():
    program = (
        "import sys, netgiro; netgiro.CartItem('x', 1).to_json(); netgiro.Settlement().to_json();"
        "assert not {'pydantic', 'pydantic_core'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# --- FastAPI

APP = fastapi.FastAPI()


@APP.get("/state")
def state() -> netgiro.CartState:
    return STATE


@APP.get("/cart", response_model=netgiro.Cart)
async def cart():
    return CART


@APP.get("/results")
def results() -> list[netgiro.CheckResult]:
    return list(RESULTS)


@APP.get("/table")
def table() -> netgiro.CheckResults:
    return RESULTS


@APP.get("/settlements")
def settlements() -> list[netgiro.Settlement]:
    return [SETTLED[0]]


@APP.get("/plain")
def plain():
    return STATE


@APP.get("/within")
def within():
    return {"cart": CART, "states": [STATE], "settlement": SETTLED[0], "status": STATE.status}


@APP.get("/none")
def none() -> netgiro.CartState | None:
    return None


def test_endpoints_return_them():
    with TestClient(APP) as client:
        assert client.get("/state").json() == STATE.to_dict(mode="json")
        assert client.get("/cart").json() == CART.to_dict(mode="json")
        assert client.get("/results").json() == json.loads(RESULTS.to_json())
        assert client.get("/table").json() == json.loads(RESULTS.to_json())
        assert client.get("/settlements").json() == [SETTLED[0].to_dict(mode="json")]
        assert client.get("/none").json() is None
        shown = client.get("/plain").json()
        assert shown.pop("payment")["total_amount"] == 1000
        assert shown["transaction_id"] == SOME_ID
        assert shown["is_paid"] is True
        together = client.get("/within").json()
        assert together["cart"]["amount"] == 1000
        assert together["states"][0]["status"] == "confirmed"
        assert together["status"] == "confirmed"


def test_openapi_describes_them():
    with TestClient(APP) as client:
        paths = client.get("/openapi.json").json()["paths"]
    content = paths["/state"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert content["title"].startswith(("CartState", "Response State"))
    assert content["properties"]["status"]["type"] == "string"
    assert (
        "items"
        in paths["/results"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    )


# --- the page about it

ROOT = next(
    folder
    for folder in Path(__file__).parents
    if (folder / "docs" / "payments" / "values.md").exists()
)
PAGE = (ROOT / "docs" / "payments" / "values.md").read_text(encoding="utf-8")


def run(code: str, names: dict) -> None:
    """Run code as in a file of its own, which has no `from __future__` unless it says so."""
    exec(compile(code, "values.md", "exec", dont_inherit=True), names)


def test_the_page_runs_as_printed(monkeypatch):
    endpoints, subclass = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict = {"__name__": "page"}
    with netgiro.Simulator() as simulator:
        monkeypatch.setenv("NETGIRO_APP_KEY", simulator.app_key)
        monkeypatch.setenv("NETGIRO_SECRET_KEY", simulator.secret_key)
        monkeypatch.setenv("NETGIRO_BASE_URL", simulator.url)
        run(endpoints, names)
        with TestClient(names["app"]) as client:
            receipt = client.post("/receipts/order-1").json()
            assert receipt["cart"]["amount"] == 4990
            assert receipt["state"]["status"] in {"pending", "confirmed"}
            again = client.get(f"/states/{receipt['cart']['transaction_id']}").json()
            assert again["transaction_id"] == receipt["cart"]["transaction_id"]
        run(subclass, names)
        keys = {"north": (simulator.app_key, simulator.secret_key)}
        assert names["Shop"]("north", keys).name == "north"
        assert type(names["Shop"].from_env()) is names["Shop"]
    shown = re.search(r"^Cart\(.*$", PAGE, re.MULTILINE)[0]
    assert repr(netgiro.Cart(SOME_ID, reference="order-1001", amount=4990)) == shown
