"""Orders whose carts are checked while they are reconciled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import netgiro

PHONE = "8223281"


@pytest.fixture
def simulator() -> Iterator[netgiro.Simulator]:
    with netgiro.Simulator(seed=5) as simulator:
        yield simulator


@pytest.fixture
def carts(simulator: netgiro.Simulator) -> list[netgiro.Cart]:
    """Three carts: paid, declined, and waiting."""
    with simulator.client() as client:
        made = [
            client.insert_cart(amount=4990 + at, reference=f"100{at}", customer_id=PHONE)
            for at in range(3)
        ]
    simulator.confirm(made[0].transaction_id)
    simulator.decline(made[1].transaction_id)
    return made


def orders(carts: list[netgiro.Cart], *states: str) -> list[dict[str, object]]:
    return [
        {
            "reference": cart.reference,
            "transaction_id": cart.transaction_id,
            "amount": cart.amount,
            "status": state,
        }
        for cart, state in zip(carts, states, strict=True)
    ]


def checked(simulator: netgiro.Simulator) -> int:
    return sum(1 for request in simulator.requests() if request.endpoint == "CheckCart")


def test_each_cart_is_checked_once(simulator: netgiro.Simulator, carts: list[netgiro.Cart]) -> None:
    told = []
    given = orders(carts, "paid", "canceled", "open")
    with simulator.client() as client:
        report = netgiro.reconcile(
            [*given, given[0]],
            client=client,
            rate=1000,
            concurrency=2,
            on_progress=lambda done, total: told.append((done, total)),
        )
    assert checked(simulator) == 3
    assert told[-1] == (3, 3)
    assert {row.outcome.value for row in report.rows} == {
        "duplicate_order",
        "matched",
        "still_open",
    }


def test_a_wrong_record_is_found(simulator: netgiro.Simulator, carts: list[netgiro.Cart]) -> None:
    with simulator.client() as client:
        report = netgiro.reconcile(orders(carts, "open", "paid", "canceled"), client=client)
    assert {row.reference: row.outcome.value for row in report.rows} == {
        "1000": "paid_not_recorded",
        "1001": "recorded_not_paid",
        "1002": "still_open",
    }
    [paid] = [row for row in report.rows if row.reference == "1000"]
    assert paid.paid_amount == 4990
    assert paid.paid_at is not None


def test_a_final_cart_is_not_checked_again(
    simulator: netgiro.Simulator, carts: list[netgiro.Cart]
) -> None:
    given = orders(carts, "paid", "canceled", "paid")
    with simulator.client() as client:
        earlier = client.check_many([cart.transaction_id for cart in carts])
        before = checked(simulator)
        simulator.confirm(carts[2].transaction_id)
        report = netgiro.reconcile(given, earlier, client)
        assert checked(simulator) - before == 1
        assert report.is_balanced
        assert netgiro.reconcile(given, earlier.to_polars(), client).is_balanced


def test_a_server_that_fails_leaves_it_open(
    simulator: netgiro.Simulator, carts: list[netgiro.Cart]
) -> None:
    given = orders(carts, "paid", "canceled", "open")
    with simulator.client() as client:
        earlier = client.check_many([cart.transaction_id for cart in carts])
        simulator.close()
        report = netgiro.reconcile(given, client=client, retry_for=0.2)
        assert {row.outcome.value for row in report.rows} == {"unverified"}
        assert report.totals.at_stake == report.totals.order_amount
        # What was settled before stays so; what was open is not known any more.
        report = netgiro.reconcile(given, earlier, client, retry_for=0.2)
    assert {row.reference: row.outcome.value for row in report.exceptions} == {"1002": "unverified"}


def test_orders_outside_the_window_are_not_checked(
    simulator: netgiro.Simulator, carts: list[netgiro.Cart]
) -> None:
    given = [
        row | {"created": f"2026-05-0{at}"}
        for at, row in enumerate(orders(carts, "paid", "canceled", "open"), 1)
    ]
    with simulator.client() as client:
        report = netgiro.reconcile(given, client=client, date_to="2026-05-02")
    assert checked(simulator) == 2
    assert report.is_balanced
    assert report.left_out == 1
