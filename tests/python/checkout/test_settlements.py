"""Settlements and their items, of both kinds of client, over the simulator's V2."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from decimal import Decimal

import pytest

import netgiro
from harness import APP_KEY, SECRET_KEY

UTC = dt.timezone.utc
DAY = 86_400


@pytest.fixture
def at_noon(simulator):
    """The simulator in the middle of a day, so that none ends in the middle of a test."""
    now = simulator.now()
    noon = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(12), UTC)
    simulator.advance((noon - now).total_seconds())
    return simulator


def sell(simulator, amount, reference="order-1"):
    with simulator.client() as client:
        cart = client.insert_cart(amount=amount, reference=reference, customer_id="8111111")
        return client.check_cart(cart)


def test_a_settlement_is_the_sum_of_its_items(at_noon, shop):
    sold = [sell(at_noon, 4990), sell(at_noon, 1010)]
    day = at_noon.now().date()
    at_noon.advance(DAY)
    settlements = shop.settlements(day, at_noon.now())
    assert [type(settlement) for settlement in settlements] == [netgiro.Settlement]
    (settlement,) = settlements
    assert settlement.total_amount == Decimal(6000)
    assert settlement.amount == settlement.total_amount - settlement.cost_amount
    assert settlement.created == dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), UTC)
    assert settlement.number_of_sales == 2

    items = shop.settlement_items(settlement.number)
    assert [type(item) for item in items] == [netgiro.SettlementItem] * 2
    assert settlement.number.startswith("100000-0")
    assert [item.loan_number for item in items] == [
        f"L-{state.payment.invoice_number}" for state in sold
    ]
    assert [item.total_amount for item in items] == [4990, 1010]
    assert items[0].created == sold[0].payment.created

    for first, last in [
        (day.isoformat(), at_noon.now().date().isoformat()),
        (dt.datetime.combine(day, dt.time()), at_noon.now()),
    ]:
        assert shop.settlements(first, last) == settlements
    number = settlement.number
    assert shop.settlements(day, at_noon.now(), settlement_number=number) == settlements
    assert shop.settlements(day, at_noon.now(), settlement_number="100000-000069") == []
    assert shop.settlements(day, day) == []


def test_a_withheld_cart_is_in_no_settlement(at_noon, shop):
    forgotten = sell(at_noon, 1000)
    at_noon.withhold(forgotten)
    at_noon.advance(DAY)
    assert shop.settlements("2020-01-01", at_noon.now()) == []
    with at_noon.client() as client:
        open_cart = client.insert_cart(amount=1, reference="order-2", customer_id="8223281")
    with pytest.raises(netgiro.InvalidRequestError, match="not paid"):
        at_noon.withhold(open_cart)


def test_what_cannot_be_asked_is_refused(at_noon, shop):
    for first, last in [("2026-02-01", "2026-01-01"), ("1.1.2026", "2026-01-01"), (7, 8)]:
        with pytest.raises(netgiro.InvalidRequestError, match="date_from"):
            shop.settlements(first, last)
    for wrong in ("", " ", ".", "..", "1\n", "\x7f", "1" * 101):
        with pytest.raises(netgiro.InvalidRequestError, match="100000-000069"):
            shop.settlement_items(wrong)
        with pytest.raises(netgiro.InvalidRequestError, match="100000-000069"):
            shop.settlements("2026-01-01", "2026-01-01", settlement_number=wrong)
    for wrong in (7, None, b"7"):
        with pytest.raises(TypeError):
            shop.settlement_items(wrong)
    with pytest.raises(netgiro.ApiError):
        shop.settlement_items("100000-000069")
    assert at_noon.requests()[-1].path == "/v2/settlement/items/100000-000069"
    at_noon.add_fault("SettlementList", body='[{"Amount":"7"}]')
    with pytest.raises(netgiro.ProtocolError, match="Amount"):
        shop.settlements("2026-01-01", "2026-01-01")


def test_the_documented_answers_are_read(at_noon, shop):
    listed = (
        '[{"ProviderName":"Netgíró","Number":"100000-000069","Created":"2026-05-01T00:00:00",'
        '"Amount":150000,"CostAmount":3000,"BankTransferTransactionDate":"2026-05-02T00:00:00",'
        '"NumberOfSales":12,"TotalAmount":153000,"Status":"Paid"},{"Number":69}]'
    )
    at_noon.add_fault("SettlementList", body=listed)
    numbers = [one.number for one in shop.settlements("2026-05-01", "2026-05-31")]
    assert numbers == ["100000-000069", "69"]
    sold = '[{"TotalAmount":153000,"CostAmount":3000,"LoanNumber":"L-123456"},{"LoanNumber":7}]'
    at_noon.add_fault("SettlementItems", status=200, body=sold)
    items = shop.settlement_items(numbers[0])
    assert [item.loan_number for item in items] == ["L-123456", "7"]


def test_v2_is_found_beside_v1_only():
    with (
        netgiro.Client(APP_KEY, SECRET_KEY, base_url="https://test.netgiro.is/api/") as client,
        pytest.raises(netgiro.ConfigurationError, match="/v1/"),
    ):
        client.settlements("2026-01-01", "2026-01-01")


def test_the_records_are_values():
    at = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    item = netgiro.SettlementItem(Decimal("10.50"), None, at, "L-7")
    settlement = netgiro.Settlement(provider_name="Netgíró", number="1", amount=Decimal(10))
    for value in (item, settlement, netgiro.Settlement()):
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value
        assert hash(copy.copy(value)) == hash(value)
    with pytest.raises(AttributeError):
        item.loan_number = "L-8"  # type: ignore[misc]
    assert item.to_dict() == {
        "total_amount": Decimal("10.50"),
        "cost_amount": None,
        "created": at,
        "loan_number": "L-7",
    }
    assert repr(item) == (
        "SettlementItem(total_amount=Decimal('10.50'), created=datetime.datetime(2026, 1, 2, 3, 4, 5, "
        "tzinfo=datetime.timezone.utc), loan_number='L-7')"
    )
