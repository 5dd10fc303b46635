"""Five checkouts against the simulator, as a timeline.

Writes their outcomes to the file it is given.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from netgiro import Cart, CartState, Client, PollPolicy, SignatureError, Simulator

STARTED = time.monotonic()
QUICK = PollPolicy(min_interval=0.2, default_interval=0.2, max_interval=0.2)


def tell(who: str, what: str) -> None:
    print(f"  {time.monotonic() - STARTED:6.2f} s  {who:9} {what}", flush=True)


def kronur(amount: int) -> str:
    return f"{amount:,} kr.".replace(",", ".")


def on_update(state: CartState) -> None:
    tell("Netgíró", f"{state.status} (result code {state.result_code})")


class Shop:
    """A shop with a customer: the client on one side, the simulator's controls on the other."""

    def __init__(self, simulator: Simulator, client: Client) -> None:
        self.simulator = simulator
        self.client = client

    def insert(self, reference: str, **options: Any) -> Cart:
        cart = self.client.insert_cart(
            amount=4990, reference=reference, customer_id="822-3281", **options
        )
        tell("shop", f"asks the customer for {kronur(cart.amount)} for {reference}")
        return cart

    def customer(self, cart: Cart, verb: str, act: Callable[[Any], None]) -> threading.Thread:
        """A customer who waits until the shop has checked twice, and then acts."""

        def decide() -> None:
            while self.simulator.cart(cart.transaction_id).checks < 2:
                time.sleep(0.01)
            tell("customer", verb)
            act(cart.transaction_id)

        thread = threading.Thread(target=decide)
        thread.start()
        return thread

    def wait(self, cart: Cart) -> CartState:
        return self.client.wait_for_cart(cart, timeout=20, policy=QUICK, on_update=on_update)

    def settle(self, cart: Cart) -> CartState:
        return self.client.settle_cart(cart, timeout=1, policy=QUICK, on_update=on_update)


def accepted(shop: Shop) -> CartState:
    cart = shop.insert("order-1")
    customer = shop.customer(cart, "accepts", shop.simulator.confirm)
    state = shop.wait(cart)
    customer.join()
    return state


def declined(shop: Shop) -> CartState:
    cart = shop.insert("order-2")
    customer = shop.customer(cart, "declines", shop.simulator.decline)
    state = shop.wait(cart)
    customer.join()
    return state


def nobody_answers(shop: Shop) -> CartState:
    cart = shop.insert("order-3")
    tell("shop", "settles: waits a second, then cancels")
    return shop.settle(cart)


def paid_late(shop: Shop) -> CartState:
    cart = shop.insert("order-4")
    shop.simulator.add_fault("CancelCart", confirm_during=True)
    tell("shop", "settles: waits a second, then cancels")
    state = shop.settle(cart)
    tell("shop", "learns that the customer accepted during the cancel: paid late")
    return state


def server_callback(shop: Shop) -> CartState:
    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                callback = shop.client.verify_callback(
                    url=url, headers=self.headers.items(), body=body
                )
                matches = callback.matches(4990, "order-5")
            except SignatureError as error:
                tell("shop", f"refuses a callback: {error}")
                matches = False
            if matches:
                tell("shop", "verified the callback, recorded it, answers 200")
            self.send_response(200 if matches else 400)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """The timeline says enough."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        url = f"http://127.0.0.1:{server.server_port}/netgiro/callback?order=5"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cart = shop.insert("order-5", confirmation_type="server_callback", callback_url=url)
        customer = shop.customer(cart, "accepts", shop.simulator.confirm)
        state = shop.wait(cart)
        customer.join()
        server.shutdown()
    return state


CHECKOUTS = {
    "accepted after two checks": accepted,
    "declined": declined,
    "nobody answers": nobody_answers,
    "accepted during the cancel": paid_late,
    "server callback": server_callback,
}


def main(path: str) -> None:
    outcomes = []
    with Simulator(check_interval=0.2) as simulator, simulator.client() as client:
        shop = Shop(simulator, client)
        for name, checkout in CHECKOUTS.items():
            print(f"\n{name}")
            state = checkout(shop)
            held = simulator.cart(state.transaction_id)
            outcomes.append(
                {
                    "checkout": name,
                    "status": str(state.status),
                    "is_paid": state.is_paid,
                    "held_paid": held.is_paid,
                }
            )
    Path(path).write_text(json.dumps(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
