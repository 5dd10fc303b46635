"""The same with V2, by the option alone: what a queue can lose, and what workers that die leave behind."""

from __future__ import annotations

import pytest
from test_celery import (  # noqa: F401 - pytest finds them here
    calm,
    test_a_cart_is_followed_to_its_end,
    test_a_function_that_raises_is_called_again,
    test_a_process_killed_since_the_function_hangs,
    test_a_process_killed_within_the_function,
    test_an_early_message_sends_nothing,
    test_an_outage_around_the_deadline,
    test_the_deadline_cancels,
    test_the_shops_move,
    worker,
)


@pytest.fixture(scope="module")
def api():
    return "v2"


def test_no_call_is_one_of_v1(shop, simulator):
    assert shop.client.api == "v2"
    endpoints = {request.endpoint for request in simulator.requests()}
    assert {"Payment", "Status", "Cancel", "Capture"} <= endpoints
    assert not endpoints & {"InsertCart", "CheckCart", "CancelCart", "ConfirmCart"}
